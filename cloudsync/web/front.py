"""The first page of a tenant: one line that says how it stands, then what somebody should see; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal

from cloudsync.allowlist import applied
from cloudsync.conditions.condition import ConditionKind, Severity
from cloudsync.conditions.turn import Watched
from cloudsync.errors import MEANING, Exit
from cloudsync.immutable import immutable
from cloudsync.model import Note, Verdict
from cloudsync.plural import agreeing
from cloudsync.report.words import counted, listing
from cloudsync.status.known import Known
from cloudsync.status.overview import Overview, Sight
from cloudsync.web.said import MEANINGS, ORDER, ago, moment

Tone = Literal["good", "bad", "warn", "unknown"]
TONES: Final[dict[Verdict, Tone]] = {
    Verdict.IN_SYNC: "good",
    Verdict.MISSING: "bad",
    Verdict.OPEN: "bad",
    Verdict.UNDETERMINED: "warn",
    Verdict.UNREADABLE: "unknown",
    Verdict.GONE: "unknown",
}


@immutable
class Headline:
    """How it stands: a tone, the shape that stands for it, one line, and what to know besides."""

    tone: Tone
    shape: str
    text: str
    more: tuple[str, ...] = ()


@immutable
class Group:
    """The targets of one verdict, and what that means."""

    verdict: Verdict
    meaning: str
    sights: tuple[Sight, ...]


def headline(known: Known, after: timedelta | None = None) -> Headline:
    """The state of everything in one line; the worse comes before the less bad."""
    overview = known.overview
    if overview is None or overview.looked_at is None:
        return _empty(known)
    waiting = _waiting(known)
    if known.stale(after):
        return Headline(
            "unknown", "stale", f"Not known: nobody has looked for {_since(known)}",
            ("What follows is how it was then", "See whether the worker runs", *waiting),
        )  # fmt: skip
    counts = Counter(one.verdict for one in overview.sights)
    every = len(overview.sights)
    if not every:
        return Headline(
            "unknown", "empty", "Nothing is looked at: the configuration leads to no target",
            ("See `targets:` in it, and what `cloudsync drift` finds", *waiting),
        )  # fmt: skip
    lines = [
        (verdict, text.format(where=_where(counts[verdict], every)))
        for verdict, text in _LINES.items()
        if counts[verdict]
    ]
    failed = sum(Note.FAILED in one.notes for one in overview.sights)
    rest = [f"A change failed at {_where(failed, every)}"] if failed else []
    rest += _run(overview)
    alarms = [one.condition.impact.rstrip(".") for one in matters(known) if _alarms(one)]
    rest = [*alarms[:ALARMS], *rest]
    if len(alarms) > ALARMS:
        rest.append(f"And {len(alarms) - ALARMS:,} more like that, below")
    if not lines:
        if rest or waiting:
            first, *others = [*rest, *waiting]
            shape = "open" if alarms else "held"
            return Headline("warn", shape, first, (_right(overview), *others))
        return Headline("good", "in_sync", _right(overview))
    verdict, text = lines[0]
    return Headline(
        TONES[verdict], verdict, text, (*(line for _, line in lines[1:]), *rest, *waiting)
    )  # fmt: skip


_LINES: Final = {
    Verdict.MISSING: "Mail is being lost at {where}",
    Verdict.OPEN: "Mail can bypass the filter at {where}",
    Verdict.GONE: "Not there any more: {where}",
    Verdict.UNREADABLE: "Not known: {where} couldn't be looked at",
    Verdict.UNDETERMINED: "Unclear who gets in at {where}",
}


def _where(some: int, every: int) -> str:
    return f"{some:,} of {counted(every, 'target')}"


def _right(overview: Overview) -> str:
    every = len(overview.sights)
    where = "the one target" if every == 1 else f"all {every:,} targets"
    # Internal networks that are kept and partners under also_allow get in too, as they should.
    ports = sorted({port for one in overview.sights if one.found for port in one.found.ports})
    said = listing(str(one) for one in ports)
    which = f"ports {said}" if len(ports) > 1 else f"port {said}"
    return f"From outside only wanted senders reach {which} at {where}"


def _since(known: Known) -> str:
    at = known.overview.looked_at if known.overview else None
    return ago(at, known.now).removesuffix(" ago") if at else "ever"


def _empty(known: Known) -> Headline:
    lines = _waiting(known)
    if known.in_force is None:
        lines = (
            *lines,
            "No list is in force yet. A person accepts the first: `cloudsync list accept`",
        )
    return Headline(
        "unknown", "empty", "Nothing is known yet: no run has looked at the targets",
        (*lines, "To look once: `cloudsync run --once`"),
    )  # fmt: skip


def _run(overview: Overview) -> Iterator[str]:
    """What the last run says beyond the targets' verdicts."""
    last = next(
        (one for one in reversed(overview.points) if one.command in {"apply", "run", "look"}), None
    )
    if last and last.exit == Exit.SOURCE:
        yield f"The list {MEANING[Exit.SOURCE].removeprefix('the source ')}; the one in force stands"


def _waiting(known: Known) -> tuple[str, ...]:
    number = len(known.holds)
    if not number:
        return ()
    return (f"{counted(number, 'decision')} {agreeing(number, 'waits', 'wait')} for a person",)


def groups(overview: Overview | None) -> tuple[Group, ...]:
    """The targets by verdict, those that need somebody first."""
    by_verdict: dict[Verdict, list[Sight]] = {}
    for one in overview.sights if overview else ():
        by_verdict.setdefault(one.verdict, []).append(one)
    return tuple(
        Group(verdict, MEANINGS[verdict], tuple(by_verdict[verdict]))
        for verdict in ORDER
        if verdict in by_verdict
    )


@immutable
class Figures:
    """What stands in large type: addresses over all targets and families, networks of the list.

    ``unseen`` are the targets that couldn't be looked at, and are in no sum.
    """

    missing: int
    excess: int
    networks: int
    leaving: int
    unseen: int


def figures(known: Known) -> Figures:
    """The sums of what was seen; what couldn't be looked at isn't in them."""
    sights = known.overview.sights if known.overview else ()
    found = [one.found for one in sights if one.found]
    in_force = known.in_force
    settings = known.config.list
    networks = applied(in_force.wanted, settings.shoreline, settings.widen) if in_force else ()
    return Figures(
        sum(one.missing.ipv4 + one.missing.ipv6 for one in found),
        sum(one.excess.ipv4 + one.excess.ipv6 for one in found),
        len(networks),
        len(in_force.leaving) if in_force else 0,
        len(sights) - len(found),
    )


_SEEN: Final = frozenset(
    {
        ConditionKind.MISSING,
        ConditionKind.OPEN,
        ConditionKind.GONE,
        ConditionKind.UNREADABLE,
        ConditionKind.UNDETERMINED,
        ConditionKind.HELD,
    }
)
"""What the verdicts and what waits say already."""


_ALARMING: Final = frozenset(
    {
        ConditionKind.FAILED,
        ConditionKind.CONTESTED,
        ConditionKind.STALE,
        ConditionKind.PREFLIGHT,
    }
)
"""Beside what wakes somebody: with these standing, not everything is right."""
ALARMS: Final = 2
"""So many of them stand in the lines under the first; all of them stand below."""


def _alarms(one: Watched) -> bool:
    return one.condition.severity is Severity.PAGE or one.condition.kind in _ALARMING


def matters(known: Known) -> tuple[Watched, ...]:
    """What is the matter besides, the gravest first."""
    standing = [one for one in known.watched if one.stands and one.condition.kind not in _SEEN]
    return tuple(sorted(standing, key=lambda one: list(ConditionKind).index(one.condition.kind)))


def looked(known: Known) -> str:
    """When everything was last looked at."""
    at = known.overview.looked_at if known.overview else None
    return f"{moment(at)}, {ago(at, known.now)}" if at else "never"
