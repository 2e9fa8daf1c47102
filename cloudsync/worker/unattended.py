"""One run of one tenant with nobody watching: logged, pinged, and never raising; it sets no time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field, replace
from datetime import datetime
from functools import partial
from typing import Literal

from cloudsync import log, otlp, trace, trouble
from cloudsync.conditions import Condition, ConditionKind
from cloudsync.conditions.telling import line
from cloudsync.errors import MEANING, CloudsyncError, Exit, LeaseError
from cloudsync.holds import reminder
from cloudsync.immutable import immutable
from cloudsync.job import Job, utc_now
from cloudsync.plural import counted
from cloudsync.remember import run_id
from cloudsync.report import RunReport, exit_of_run
from cloudsync.status.exposition import hand_over
from cloudsync.vetting.vet import Vetted
from cloudsync.worker.passes import Passed, one_pass
from cloudsync.worker.ping import Missed, Sign, ping
from cloudsync.worker.stop import Stop, heeding

Kind = Literal["fetch", "sweep"]

_NOT_VERIFIED = frozenset({Exit.ERROR, Exit.FAILED, Exit.LEASE})


@immutable
class Ended:
    """How a run ended.

    ``verdicts`` counts the targets that its last look saw, by verdict; ``steps`` the calls that
    were made and those that weren't begun. ``stopped`` says that it was told to end.
    """

    run: str
    kind: Kind
    exit: Exit
    seconds: float
    verdicts: dict[str, int] = field(default_factory=dict[str, int])
    steps: tuple[int, int] = (0, 0)
    stopped: bool = False


def _nothing(_said: object) -> None:
    """Show nobody."""


def run_unattended(
    tenant: str,
    kind: Kind,
    open_job: Callable[[], AbstractContextManager[Job]],
    stop: Stop,
    *,
    url_env: str | None = None,
    beside: Callable[[], Iterable[Condition]] = tuple,
    shown: Callable[[Passed], object] = _nothing,
    failed: Callable[[Exception], object] = _nothing,
    missed: Callable[[Missed], object] = _nothing,
    monotonic: Callable[[], float] = time.monotonic,
    now: Callable[[], datetime] = utc_now,
    work: Callable[[Job], Passed] | None = None,
) -> Ended:
    """Have one pass, and say in the log and to the monitor how it went; raises nothing.

    ``url_env`` names the variable with the monitor's URL; None where nobody is to be told. ``beside``
    gives what else is the matter, as ``one_pass`` has it, in whose place ``work`` may do the pass.
    ``shown`` is given what the pass found and did, ``failed`` what kept it from that, or its metrics
    or its trace from being handed over.
    """
    run = run_id(now())
    with told_of(tenant, run, {"cloudsync.kind": kind}, failed, stop) as whole:
        began = monotonic()
        log.info("run_begun", kind=kind)
        pinged = partial(_pinged, url_env, missed, run)
        pinged("start")
        try:
            with open_job() as job:
                told = replace(heeding(job, stop), attended=False, run=run)
                passed = (
                    work(told) if work else one_pass(told, sweep=kind == "sweep", beside=beside)
                )
                shown(passed)
                for unsent in hand_over(job):
                    failed(unsent)
                    log.warning("metrics", text=str(unsent))
        except LeaseError as error:
            # Another worker keeps this tenant right, and tells the monitor.
            failed(error)
            log.warning("run_left_out", text=str(error))
            return _traced(whole, Ended(run, kind, error.exit_code, monotonic() - began))
        except Exception as error:  # noqa: BLE001 - whatever befalls one run, the next one comes
            if stop():
                log.warning("run_stopped", text=str(error), steps_made=0, steps_left=0)
                left = Ended(run, kind, Exit.DONE, monotonic() - began, stopped=True)
                return _traced(whole, left)
            failed(error)
            lines = trouble.of_error(error)
            for one in lines:
                log.error("run_failed", text=one)
            ended = Ended(run, kind, trouble.code_of(error), monotonic() - began)
            pinged("fail", "\n".join(lines))
        else:
            ended = _told(passed, run, kind, monotonic() - began, stopped=stop())
            if not ended.stopped:
                sign, body = _verified(passed, ended)
                pinged(sign, body)
        log.info(
            "run_ended", kind=kind, exit=int(ended.exit), seconds=round(ended.seconds, 3),
            verdicts=ended.verdicts, steps_made=ended.steps[0], steps_left=ended.steps[1],
        )  # fmt: skip
        return _traced(whole, ended)


@contextmanager
def told_of(
    tenant: str,
    run: str,
    more: Mapping[str, trace.Said],
    failed: Callable[[Exception], object],
    stop: Callable[[], bool],
) -> Generator[trace.Span]:
    """A run, or a process's share of one: its lines in the log name it, and it is one trace.

    ``failed`` is told why that can't be had or handed over.
    """

    def untraced(error: CloudsyncError) -> None:
        failed(error)
        log.warning("traces", text=str(error))

    with log.bound(tenant=tenant, run=run):
        tracer: trace.Tracer | None = None
        try:
            tracer = otlp.tracer()
        except CloudsyncError as error:
            untraced(error)
        said = {"cloudsync.tenant": tenant, "cloudsync.run": run, **more}
        with (
            trace.running(tracer, said, untraced, stop) as whole,
            log.bound(**({"trace": whole.trace} if whole.trace else {})),
        ):
            yield whole


def _traced(whole: trace.Span, ended: Ended) -> Ended:
    """``ended``, once the run's span has it."""
    made, left = ended.steps
    whole.say(
        {
            "cloudsync.exit": int(ended.exit), "cloudsync.stopped": ended.stopped,
            "cloudsync.steps.made": made, "cloudsync.steps.left": left,
            **{f"cloudsync.targets.{verdict}": n for verdict, n in ended.verdicts.items()},
        }
    )  # fmt: skip
    if ended.exit in {Exit.ERROR, Exit.FAILED}:
        whole.fail(ended.exit.name.lower(), MEANING[ended.exit])
    return ended


def _told(passed: Passed, run: str, kind: Kind, seconds: float, *, stopped: bool) -> Ended:
    report = passed.report
    _list(passed.found.vetted)
    for hold in passed.tell:
        log.warning("held", subject=hold.subject, digest=hold.digest, text=reminder(hold))
    for told in passed.turn.tell:
        condition = told.watched.condition
        # What waits for a person has just been said, with its command first.
        if condition.kind is not ConditionKind.HELD:
            log.warning(
                "condition", kind=str(condition.kind), subject=condition.subject, state=told.event,
                severity=str(condition.severity), text=line(told),
            )  # fmt: skip
    for one in () if stopped else trouble.of_run(report):
        log.warning("trouble", subject=one.where, text=str(one))
    for new in passed.published:
        log.info("published", where=new.where, version=new.version, source=new.source)
    if report.unrecorded:
        log.error("unrecorded", text=str(report.unrecorded))
    made, left = _steps(report)
    if stopped:
        log.warning(
            "run_stopped", steps_made=made, steps_left=left,
            text=f"the call under way was finished; {made} made, {left} not begun. The next run goes on",
        )  # fmt: skip
    verdicts = Counter(str(plan.verdict) for plan in report.now.targets if plan.before)
    return Ended(
        run,
        kind,
        exit_of_run(report),
        seconds,
        dict(sorted(verdicts.items())),
        (made, left),
        stopped,
    )


def _steps(report: RunReport) -> tuple[int, int]:
    """How many calls were made, and how many more the plan of the run had asked for."""
    made = sum(outcome.kind in {"done", "unknown"} for _, outcome in report.outcomes)
    return made, max(len(report.plan.steps) - made, 0)


def _list(vetted: Vetted) -> None:
    if vetted.refused:
        log.warning("list_refused", code=vetted.refused.code, text=str(vetted.refused))
    if vetted.held:
        why = "; ".join(reason.message for reason in vetted.held.reasons)
        log.warning("list_held", verdict=vetted.held.verdict, digest=vetted.held.digest, text=why)
    for warning in vetted.offer.warnings if vetted.offer else ():
        log.warning("list_warning", text=str(warning))


def _verified(passed: Passed, ended: Ended) -> tuple[Sign, str]:
    """Whether the targets were seen to be as they are said to be; what the source did is no part.

    A list that is held or refused is told elsewhere, and the list in force goes on. A target that
    is open is verified too: somebody knows.
    """
    seen = sum(ended.verdicts.values())
    counts = ", ".join(f"{number} {verdict}" for verdict, number in ended.verdicts.items())
    of = len(passed.report.now.targets)
    body = f"{seen} of {counted(of, 'target')} verified" + (f": {counts}" if counts else "")
    if passed.found.vetted.in_force is None:
        return "fail", f"there is no list in force; {body}"
    code = exit_of_run(replace(passed.report, listed=()))
    wrong = "\n".join(_lines(passed.report))
    if code in _NOT_VERIFIED or not seen:
        return "fail", f"{body}\n{wrong}" if wrong else body
    return "success", body


def _lines(report: RunReport) -> Iterator[str]:
    yield from (str(one) for one in trouble.of_run(report))
    if report.unrecorded:
        yield str(report.unrecorded)


def _pinged(
    url_env: str | None, said: Callable[[Missed], object], run: str, sign: Sign, body: str = ""
) -> None:
    if missed := ping(url_env, sign, run, body):
        log.warning("ping_failed", sign=sign, text=str(missed))
        said(missed)
