"""One pass as a cloud function makes it: within the platform's time, told in one JSON result.

Each entry in ``deploy/`` is a few lines around ``answer``: the platform calls it, and is told of a
failure in the one way that every platform knows, by an exception, once the result was printed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cloudsync import __version__, docket, log, otlp, trouble
from cloudsync.change import Change, TellsChanges, fields, malformed, ours
from cloudsync.cli.job import opened
from cloudsync.config import Config
from cloudsync.environment import ACTORS, configuration, form_of_log, seconds
from cloudsync.errors import MEANING, Exit, LeaseError, UsageError
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.model import Verdict
from cloudsync.registry import find
from cloudsync.report import RunReport
from cloudsync.report.words import clean
from cloudsync.state import StateError
from cloudsync.status.exposition import GATEWAY, PUSH_SECONDS
from cloudsync.status.known import Known
from cloudsync.status.logbook import overview
from cloudsync.worker.passes import Passed
from cloudsync.worker.ping import SECONDS, TRIES
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import run_unattended

SCHEMA: Final = "cloudsync/pass/1"
RESERVE: Final = 20.0
"""Seconds before the platform's end in which nothing is begun: a call under way may still end."""
SHOWN: Final = 50
"""Targets that a result names at most; the report in the state has them all."""
FAILURES: Final = frozenset({Exit.ERROR, Exit.FAILED, Exit.SOURCE})
"""What the platform is to count as a failure: not what waits for a person, nor another's lease.

A lease is one where nobody has looked for long: a pass that died leaves its own, and the next one
would count as a success, so that the alarm for silence never went off.
"""


class PassFailed(Exception):
    """A pass ended with a code that somebody has to look at; its text is the result."""


def _nothing() -> None:
    """The platform has put everything in place already."""


def answer(
    remaining: float | None,
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    first: Callable[[], object] = _nothing,
) -> dict[str, Any]:
    """Make one pass, print its result as one line of JSON on stdout, and give it.

    ``remaining`` is how many seconds the platform leaves; None where it doesn't say, and then
    ``CLOUDSYNC_TIMEOUT`` does. ``folder`` is the bundle's. ``first`` puts into the environment what
    the platform leaves to us; where it can't, nothing is looked at, and the result says why.

    Raises:
        PassFailed: the pass ended with one of ``FAILURES``, or another has the lease and nobody has
            looked for long. It was printed before.
    """
    result = outcome(remaining, folder, environment, first=first)
    return _told(result, FAILURES | {Exit.LEASE} if "unseen" in result else FAILURES)


def answer_change(
    cloud: str,
    event: Any,
    remaining: float | None,
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    first: Callable[[], object] = _nothing,
) -> dict[str, Any]:
    """Look at what an event of ``cloud`` concerns and put it right; otherwise as ``answer``.

    ``CLOUDSYNC_ACTORS`` names, with commas between, who this installation is to the cloud: what
    they did is ignored; ``*`` in a role's ARN is any account. An event that can't be read, or is of
    an account, subscription, project or region that the configuration doesn't look into, is refused
    in the result, and isn't a failure: sending it again would help nobody.

    Raises:
        PassFailed: as ``answer``, and where another pass is at work: the platform sends it again.
    """
    try:
        found = _change(cloud, event)
    except UsageError as error:
        return _told({**_head(), "exit": int(error.exit_code), "errors": [clean(str(error))]}, ())
    own = {one.strip() for one in environment.get(ACTORS, "").split(",")} - {""}
    why = "it is of no concern here" if found is None else "we made it ourselves"
    if found is None or ours(found.actors, own):
        return _told({**_head(), "exit": int(Exit.DONE), "ignored": why}, ())
    result = outcome(remaining, folder, environment, found.where, first=first)
    result["change"] = {"what": found.what, "where": sorted(found.where)}
    if result.get("elsewhere") and result["exit"] == Exit.DONE:
        result |= {"exit": int(Exit.ERROR), "means": MEANING[Exit.ERROR]}
        result["errors"] += [clean(str(_elsewhere(one))) for one in result["elsewhere"]]
        return _told(result, ())
    return _told(result, FAILURES | {Exit.LEASE})


def _elsewhere(where: str) -> UsageError:
    return UsageError(
        where, "it was changed, and no target block looks into its account, subscription or project, or its region",
        todo="Add it to the configuration, or have its events sent here no more.",
    )  # fmt: skip


def _change(cloud: str, event: Any) -> Change | None:
    """What an event tells of.

    Raises:
        UsageError: it can't be read, or nobody here reads that cloud's events.
    """
    provider = find(cloud)
    if not isinstance(provider, TellsChanges):
        raise UsageError(f"provider {cloud}", "it reads no events", todo="Rely on the schedule.")
    said = fields(event)
    if said is None:
        raise malformed("it is no object")
    return provider.change(said)


def _head() -> dict[str, Any]:
    return {"schema": SCHEMA, "version": __version__}


def _told(result: dict[str, Any], failures: Collection[Exit]) -> dict[str, Any]:
    """Print the result, and give it.

    Raises:
        PassFailed: its exit is one of ``failures``.
    """
    said = json.dumps(result, ensure_ascii=True, separators=(",", ":"))
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()
    if Exit(result["exit"]) in failures:
        raise PassFailed(said)
    return result


def outcome(
    remaining: float | None,
    folder: Path,
    environment: Mapping[str, str],
    only: frozenset[str] = frozenset(),
    *,
    first: Callable[[], object] = _nothing,
) -> dict[str, Any]:
    """The result of one pass, over ``only`` some targets or scopes, as JSON values. It raises nothing: what went wrong is in it.

    Keys: ``schema``, ``version``, ``name`` of the installation, ``exit`` and what it ``means``,
    ``run`` as the log calls it, ``targets`` by verdict, ``done`` steps, ``look_at`` (at most ``SHOWN`` targets that
    aren't in sync), ``left_out`` (how many more), ``waits`` (commands), ``errors``, ``seconds``;
    ``elsewhere`` where ``only`` names what the configuration doesn't look into; and ``unseen`` where
    another pass has the lease and the last look is too old to be believed: when that was, or null.
    """
    began = time.monotonic()
    result = _head()
    try:
        first()
        config = configuration(folder, environment)
        result["name"] = config.name
        result |= _run(config, remaining, began, environment, only)
    except Exception as error:  # noqa: BLE001 - whatever it is, the platform gets one result
        result["exit"] = int(trouble.code_of(error))
        result["errors"] = [clean(one) for one in trouble.of_error(error)]
    result["means"] = MEANING[Exit(result["exit"])]
    result["seconds"] = round(time.monotonic() - began, 3)
    return result


def _run(
    config: Config,
    remaining: float | None,
    began: float,
    environment: Mapping[str, str],
    only: frozenset[str],
) -> dict[str, Any]:
    """What one pass found and did, once the monitor and whoever takes metrics were told."""
    passes: list[Passed] = []
    errors: list[Exception] = []
    waiting: list[Hold] = []
    unseen: dict[str, str | None] = {}

    @contextmanager
    def within() -> Generator[Job]:
        said = seconds(environment) if remaining is None else remaining
        with opened(config) as job:
            limit = bounded(
                job.limit, said, spent=time.monotonic() - began, after=telling(config, environment)
            )  # fmt: skip
            try:
                yield replace(job, limit=limit, only=only)
            except LeaseError:
                unseen.update(_unseen(job))
                raise
            # Who was told before isn't told again, but each result is read alone.
            with suppress(StateError):
                waiting.extend(docket.holds(job))

    with log.kept(form_of_log(environment)):
        ended = run_unattended(
            config.name,
            # What a change concerns is put right by the list in force: no source is asked.
            "sweep" if only else "fetch", within, Stop(),
            # A look at what changed says nothing of the targets that the monitor waits for.
            url_env=config.ping.url_env if config.ping and not only else None,
            shown=passes.append, failed=errors.append,
        )  # fmt: skip
    result: dict[str, Any] = _of_pass(passes[0], waiting) if passes else {"errors": []}
    result["errors"] += [clean(line) for error in errors for line in trouble.of_error(error)]
    return {**result, **unseen, "exit": int(ended.exit), "run": ended.run}


def _unseen(job: Job) -> dict[str, str | None]:
    """``unseen``, where nobody has looked at every target for long, or the state can't say."""
    with suppress(StateError):
        seen = Known(job.config, job.now(), overview(job.store))
        if not seen.stale():
            return {}
        if seen.overview and seen.overview.looked_at:
            return {"unseen": seen.overview.looked_at.isoformat()}
    return {"unseen": None}


def telling(config: Config, environment: Mapping[str, str]) -> float:
    """How many seconds it may take at most, after a pass, to tell whoever is to hear of it."""
    ping = SECONDS * TRIES if config.ping else 0.0
    push = PUSH_SECONDS if environment.get(GATEWAY) else 0.0
    return ping + push + otlp.waits(environment)


def bounded(
    limit: float | None, remaining: float | None, *, spent: float = 0.0, after: float = 0.0
) -> float | None:
    """How long a pass may take, in seconds, of which ``spent`` of the platform's are gone.

    What it doesn't reach by then is reported, and is left to the next pass. ``after`` is what comes
    after the pass, and is kept in reserve too; where the platform leaves little, half of it is.
    """
    if remaining is None:
        return limit
    left = max(0.0, remaining - spent)
    ours = left - min(RESERVE + after, left / 2)
    return ours if limit is None else min(limit, ours)


def _of_pass(passed: Passed, waiting: Iterable[Hold]) -> dict[str, Any]:
    report: RunReport = passed.report
    targets = report.now.targets
    wrong = [one for one in targets if one.verdict is not Verdict.IN_SYNC or one.notes]
    errors = [str(one) for one in (passed.found.vetted.refused, report.unrecorded) if one]
    strange = {"elsewhere": sorted(passed.found.elsewhere)} if passed.found.elsewhere else {}
    return strange | {
        "targets": dict(Counter(one.verdict.value for one in targets)),
        "done": sum(found.kind == "done" for _, found in report.outcomes),
        "look_at": [
            {
                "target": clean(one.target),
                "verdict": one.verdict.value,
                "notes": [note.value for note in one.notes],
                "why": clean(str(one.refusal.what) if one.refusal else one.reason),
            }
            for one in wrong[:SHOWN]
        ],
        "left_out": max(0, len(wrong) - SHOWN),
        "waits": [*dict.fromkeys(hold.command for hold in (*passed.tell, *waiting))],
        "errors": [clean(one) for one in errors],
    }
