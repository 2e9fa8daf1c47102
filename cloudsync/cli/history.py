"""What happened: the lists, the runs and their reports, who let what through; it changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from cloudsync.cli.job import job
from cloudsync.cli.output import rendered
from cloudsync.cli.streams import check, put, tell
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.history.chain import Event, lines, verified
from cloudsync.history.past import Past, past, report_of
from cloudsync.history.replay import replay as replayed
from cloudsync.records import APPROVAL, RUN, Approval, RunRecord, time_text
from cloudsync.records.past import CHANGE, REPORTED, SAID, Change, Said
from cloudsync.report import as_json
from cloudsync.report.words import clean, counted

_TIME = "%Y-%m-%d %H:%M"


def show(path: Path, form: str, most: int) -> int:
    """``cloudsync history``: the youngest ``most`` of each, the youngest last."""
    with job(path) as each:
        found = past(each, most)
    put(as_json(_document(found, most)) if form == "json" else "\n".join(_text(found, most)), None)
    return 0


def show_run(path: Path, run: str) -> int:
    """``cloudsync history show``: the report of one run, as JSON."""
    with job(path) as each:
        found = report_of(each, run)
    if found is None:
        raise UsageError(
            run, "no report is kept of a run with this name",
            todo="One is kept of each run that did something or didn't end with 0; "
            "see cloudsync history.",
        )  # fmt: skip
    put(as_json(found.report), None)
    if found.in_sync:
        tell(f"{run}: {counted(found.in_sync, 'target')} in sync before and after, left out.")
    return 0


def export(path: Path, form: Literal["json", "csv"], out: Path | None) -> int:
    """``cloudsync history export``: a line a thing that happened, each bound to the one before."""
    check(out)
    with job(path) as each:
        events = sorted(_events(past(each)), key=lambda one: (one.at, one.kind, one.id))
        name = each.config.name
    body = lines(name, events, form)
    put(body, out)
    tell(
        f"{name}: {counted(len(events), 'thing')} that happened. To know this file again, keep its "
        f"last hash apart from it: {verified(name, body).last}"
    )
    return 0


def verify(file: Path, last: str | None) -> int:
    """``cloudsync history export --verify``: whether a file is as it was written.

    Raises:
        UsageError: it can't be read, a line of it was changed, or its last hash is another.
    """
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            text = opened.read()
    except (OSError, UnicodeDecodeError) as error:
        what = f"can't be read: {getattr(error, 'strerror', None) or error}"
        raise UsageError(str(file), what) from error
    found = verified(str(file), text)
    if last and found.last != last:
        raise UsageError(
            str(file), f"its last hash is {found.last}, not {last}",
            todo="Whoever made this file made another one than the one that was kept.",
        )  # fmt: skip
    tell(
        f"{file}: whole, {counted(found.events, 'thing')} that happened. Its last hash: {found.last}"
    )
    return 0


def replay(path: Path, run: str, form: str, out: Path | None) -> int:
    """``cloudsync history replay``: the plan of a run, made again from what was kept of it.

    Raises:
        CloudsyncError: it is another plan than the run's.
    """
    check(out)
    with job(path) as each:
        found = replayed(each, run)
    plan = found.plan
    put(rendered(plan, None, form), out)
    if not found.same:
        raise CloudsyncError(
            run, f"what was kept gives the plan {plan.digest}, and the run made {found.recorded}",
            todo="Look for what this release plans in another way: see the changes.",
        )  # fmt: skip
    tell(f"{run}: the same plan again, {plan.digest}, {counted(len(plan.steps), 'step')}.")
    return 0


def _text(found: Past, most: int) -> Iterator[str]:
    yield "Lists"
    for change in found.changes[-most:]:
        who = {"": "in its time", "guard": "within the limits"}.get(
            change.by, f"accepted by {change.by}"
        )
        if change.caller:
            who += f" ({change.caller})"
        yield f"  {change.at:{_TIME}}  {clean(change.source)}: {clean(who)}; {_differs(change)}"
    yield from () if found.changes else ("  none is known",)
    yield "Runs"
    for run in found.runs[-most:]:
        ended = "died, or goes on" if run.exit is None else f"exit {run.exit}"
        done = _done(found, run)
        yield f"  {run.started:{_TIME}}  {run.id}  {clean(_ordered(run))}: {ended}; {done}"
    yield from () if found.runs else ("  none is known",)
    yield "Approvals"
    for one in found.approvals[-most:]:
        beside = f" ({one.caller})" if one.caller else ""
        yield f"  {one.at:{_TIME}}  {clean(one.subject)}: {clean(one.by + beside)}: {clean(one.reason)}"
        yield f"    {one.digest}"
    yield from () if found.approvals else ("  none is known",)
    yield "Said"
    for said in found.said[-most:]:
        yield f"  {said.at:{_TIME}}  {clean(said.subject)}: {clean(_worded(said))}"
    yield from () if found.said else ("  nothing is known",)


def _differs(change: Change) -> str:
    parts = (("came", change.came), ("went", change.went), ("leaving", change.leaving))
    said = [f"{word} {', '.join(networks)}" for word, networks in parts if networks]
    return f"{counted(change.entries, 'entry')}; " + ("; ".join(said) or "the same as before")


def _ordered(run: RunRecord) -> str:
    by = f" by {run.by}" if run.by else ""
    beside = f" ({run.caller})" if run.caller else ""
    return f"{run.command}{by}{beside}" + (f": {run.reason}" if run.reason else "")


def _worded(said: Said) -> str:
    until = f" until {said.until:{_TIME}}" if said.until else ""
    by = f" by {said.by}" if said.by else ""
    return f"{said.what}{until}{by} ({said.caller})" + (f": {said.reason}" if said.reason else "")


def _done(found: Past, run: RunRecord) -> str:
    verdicts = Counter((run.targets or {}).values())
    said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
    kept = found.reports.get(run.id)
    steps = len(kept.report["outcomes"]) if kept else 0
    return f"{counted(steps, 'step')}; {said or 'no target'}"


def _document(found: Past, most: int) -> dict[str, Any]:
    return {
        "schema": "cloudsync.history/1",
        "lists": [_plain(CHANGE.encode(one)) for one in found.changes[-most:]],
        "runs": [
            {**_plain(RUN.encode(one)), "reported": one.id in found.reports}
            for one in found.runs[-most:]
        ],
        "said": [_plain(SAID.encode(one)) for one in found.said[-most:]],
        "approvals": [_plain(APPROVAL.encode(one)) for one in found.approvals[-most:]],
    }


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "schema"}


def _events(found: Past) -> Iterator[Event]:
    for change in found.changes:
        yield Event(
            time_text(change.at), "list", change.id, change.by, change.caller,
            subject=change.source, what=_differs(change), detail=_detail(CHANGE.encode(change)),
        )  # fmt: skip
    for run in found.runs:
        kept = found.reports.get(run.id)
        detail = {**RUN.encode(run), "report": REPORTED.encode(kept)["report"] if kept else None}
        yield Event(
            time_text(run.started), "run", run.id, run.by, run.caller, run.reason, run.command,
            _done(found, run), _detail(detail),
        )  # fmt: skip
    for one in found.approvals:
        yield _approved(one)
    for said in found.said:
        yield Event(
            time_text(said.at), "said", said.id, said.by, said.caller, said.reason, said.subject,
            said.what, _detail(SAID.encode(said)),
        )  # fmt: skip


def _approved(one: Approval) -> Event:
    return Event(
        time_text(one.at), "approval", one.digest, one.by, one.caller, one.reason, one.subject,
        one.kind, _detail(APPROVAL.encode(one)),
    )  # fmt: skip


def _detail(document: dict[str, Any]) -> str:
    return json.dumps(_plain(document), separators=(",", ":"), sort_keys=True)
