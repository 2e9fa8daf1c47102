"""The story: the real job, looked at step by step, and each promise checked; it opens nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

from cloudsync.addresses import INTERNAL
from cloudsync.allowlist import Entry
from cloudsync.demo.cast import LEFT, Fleet, Sin
from cloudsync.demo.voice import Voice
from cloudsync.errors import CloudsyncError
from cloudsync.model import Mode, Verdict
from cloudsync.plan import Plan
from cloudsync.reconcile import Job, Look, look, reconcile
from cloudsync.report import RunReport, summary
from cloudsync.report.compose import plan_page, run_page
from cloudsync.report.page import Block, Kind, Page, Section, label
from cloudsync.report.text import lay_text
from cloudsync.source import bundled

Check = tuple[str, bool]

_TODAY: Final[frozenset[Kind]] = frozenset(
    {"absent", "exposure", "missing", "open", "undetermined", "plain"}
)
_COMING: Final[frozenset[Kind]] = frozenset({"step", "after", "remains"})
_STAYING: Final[frozenset[Kind]] = frozenset({"absent", "plain", "remark", "refusal", "failed"})
# Of the lines of a step: what is one of fifteen alike says it as well as all of them.
_SHOWN: Final = 2


@dataclass
class _Telling:
    """One telling: the job, the clouds it works on, and what has been checked so far."""

    job: Job
    fleets: Sequence[Fleet]
    voice: Voice
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def sins(self) -> Mapping[str, Sin]:
        return {sin.target: sin for fleet in self.fleets for sin in fleet.sins}

    @property
    def mutations(self) -> int:
        """How many mutating calls the clouds have answered."""
        return sum(len(fleet.mutations()) for fleet in self.fleets)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """All that no run may change."""
        return tuple(fleet.elsewhere() for fleet in self.fleets)

    def as_told(self, plan: Plan) -> bool:
        """Whether each target is there, once, with the verdict that the story ends with."""
        found = sorted((one.target, one.verdict) for one in plan.targets)
        return found == sorted((sin.target, sin.ends) for sin in self.sins.values())

    def check(self, what: str, *, held: bool) -> None:
        self.checks.append((what, held))


def tell(job: Job, fleets: Sequence[Fleet], voice: Voice) -> tuple[Check, ...]:
    """Tell the story of ``job`` on ``fleets``; gives each promise, and whether it was kept.

    Raises:
        CloudsyncError: nothing could be planned.
    """
    telling = _Telling(job, fleets, voice)
    _the_list(telling)
    found = look(job)
    _today(telling, found)
    _the_plan(telling, found)
    report = _the_run(telling, found)
    _what_stays(telling, found, report)
    _by_hand(telling)
    _once_more(telling)
    return tuple(telling.checks)


def _the_list(telling: _Telling) -> None:
    voice, listing = telling.voice, bundled.LISTING
    base = [entry for entry in listing.entries if entry.group == "base"]
    voice.heading("The list")
    voice.say(
        f"A mail filter keeps spam out only if nobody can go round it. These {len(base)} networks are "
        "those that it delivers from; nobody else outside should reach port 25. "
        f"Source: article {listing.article} of AppRiver's knowledge base as of {listing.published}, "
        "the snapshot that comes with the program. It is used on this machine only."
    )
    half = (len(base) + 1) // 2
    named = [f"{_address(entry):<17}{entry.name}" for entry in base]
    voice.report(
        f"{left:<48}{right}"
        for left, right in zip_longest(named[:half], named[half:], fillvalue="")
    )
    left = " and ".join(_address(entry) for entry in LEFT)
    voice.say(f"{left} left the list a month ago: their grace is over, and their rules may go.")
    telling.check(f"The list has {len(base)} networks.", held=len(base) == listing.minimum)


def _address(entry: Entry) -> str:
    return str(entry.network).removesuffix("/32")


def _today(telling: _Telling, found: Look) -> None:
    telling.voice.heading("Who can reach port 25 today")
    telling.voice.say(summary(found.plan))
    page = plan_page(found.plan, found.listed)
    for sin, section in _cast(telling, page):
        telling.voice.title(sin.name, sin.what)
        telling.voice.report(_laid(section, _TODAY))
    read = sorted(one.target for one in found.plan.targets if one.before)
    telling.check(
        f"All {len(telling.sins)} targets were found and read.", held=read == sorted(telling.sins)
    )


def _the_plan(telling: _Telling, found: Look) -> None:
    voice = telling.voice
    voice.heading("The plan, with before and after")
    voice.say(
        "Each step is one call. In every moment between them, whoever is wanted still gets in: this "
        "is proved before the first call. Rules are added first; what they replace goes when they "
        "have been seen. With internal: keep, whoever gets in from private and reserved space "
        f"({INTERNAL.count().ipv4:,} IPv4 addresses in all) keeps getting in."
    )
    idle: list[str] = []
    for sin, section in _cast(telling, plan_page(found.plan, found.listed)):
        if any(block.kind == "step" for block in section.blocks):
            voice.title(sin.name)
            voice.report(_laid(section, _COMING)[1:])
        else:
            idle.append(sin.name)
    voice.title("Nothing to do", ", ".join(idle))


def _the_run(telling: _Telling, found: Look) -> RunReport:
    voice = telling.voice
    before, elsewhere = telling.mutations, telling.elsewhere
    report = reconcile(telling.job, found)
    calls = telling.mutations - before
    done = sum(outcome.kind == "done" for _, outcome in report.outcomes)
    voice.heading("It is done")
    voice.say(
        f"{done} of {len(found.plan.steps)} steps are done, by {calls} mutating calls. Looked at "
        "afresh:"
    )
    rows = [
        (one.target, one.mode, report.was(one.target), one.verdict) for one in report.now.targets
    ]
    names = telling.sins
    order = list(names)
    voice.report(
        f"{label(now).upper()}  {names[target].name}, mode {mode}"
        + ("" if was is None or was is now else f", was {label(was)}")
        for target, mode, was, now in sorted(rows, key=lambda row: order.index(row[0]))
    )
    steps = len(found.plan.steps)
    telling.check(
        f"Each of the {steps} planned steps was done, by one call each.",
        held=0 < steps == done == calls == len(report.outcomes),
    )
    telling.check(
        "Every listed address is certain to get in, wherever something may be changed.",
        held=_certain(report.now, found),
    )
    telling.check(
        "What became in sync, and what stays open, is what the story said.",
        held=telling.as_told(report.now),
    )
    telling.check(
        "Every other port, and all that goes out, is as it was.",
        held=telling.elsewhere == elsewhere,
    )
    return report


def _what_stays(telling: _Telling, found: Look, report: RunReport) -> None:
    voice = telling.voice
    voice.heading("What it doesn't touch, and why")
    voice.say(
        "A rule of somebody else is taken away only in enforce, and only if it is for port 25 alone "
        "and names addresses: a broader one may carry something else, and who stands behind a name "
        "can't be seen from here."
    )
    by_name = {
        one.target
        for one in report.now.targets
        if one.before and any(exposure.names for exposure in one.before.exposures.values())
    }
    page = run_page(report, found.listed)
    for sin, section in _cast(telling, page):
        spoken_of = any(block.kind in {"remark", "refusal"} for block in section.blocks)
        if section.verdict is not Verdict.IN_SYNC or sin.target in by_name or spoken_of:
            voice.title(sin.name, f"{label(section.verdict)}; {sin.what}")
            voice.report(_laid(section, _STAYING)[1:])
    voice.title("A word of care", page.footer)


def _by_hand(telling: _Telling) -> None:
    """Somebody breaks a target in each cloud; it must be found, named and repaired, and no other."""
    voice = telling.voice
    voice.heading("Somebody breaks a rule by hand")
    mishaps = [fleet.break_by_hand() for fleet in telling.fleets]
    for mishap in mishaps:
        voice.say(mishap.what)
    broken = {mishap.target for mishap in mishaps}
    drift = look(telling.job)
    voice.title("The next look finds it")
    page = plan_page(drift.plan, drift.listed)
    for sin, section in _cast(telling, page):
        if sin.target in broken:
            voice.report(_laid(section, _TODAY | _COMING))
    drifted = {
        one.target for one in drift.plan.targets if one.verdict is not telling.sins[one.target].ends
    }
    report = reconcile(telling.job, drift)
    now = {one.target: one.verdict for one in report.now.targets}
    voice.title(
        "The next run repairs it",
        ", ".join(f"{telling.sins[one].name} is {label(now[one])}" for one in sorted(broken)),
    )
    telling.check(
        "The rule that was broken by hand was found, named and repaired, and nothing else touched.",
        held=drifted == broken
        and {target for step, _ in report.outcomes for target in step.targets} == broken
        and telling.as_told(report.now)
        and _certain(report.now, drift),
    )


def _once_more(telling: _Telling) -> None:
    before = telling.mutations
    report = reconcile(telling.job)
    calls = telling.mutations - before
    telling.voice.heading("And once more")
    telling.voice.say(
        f"The same job on an unchanged world: {calls} mutating calls. {summary(report.now)}"
    )
    telling.check(
        "A run on an unchanged world makes no mutating call.",
        held=calls == 0 and not report.outcomes and telling.as_told(report.now),
    )


def _certain(plan: Plan, found: Look) -> bool:
    """Whether all that is wanted is certain to get in, at each target that may be changed."""
    return all(
        target.before is not None
        and all(
            found.wanted[target.target].addresses <= exposure.certain
            for exposure in target.before.exposures.values()
        )
        for target in plan.targets
        if target.mode is not Mode.WATCH
    )


def _cast(telling: _Telling, page: Page) -> list[tuple[Sin, Section]]:
    """The sections of a page, in the order of the story.

    Raises:
        CloudsyncError: a target is spoken of that no fleet has.
    """
    sections = {section.target: section for section in page.sections}
    strange = Counter(sections.keys() - telling.sins.keys())
    if strange:
        raise CloudsyncError(
            "demo", f"{', '.join(sorted(strange))} belongs to no cloud of the demo",
            todo="Please report it: the demo must reach nothing but its own clouds.",
        )  # fmt: skip
    return [(sin, sections[sin.target]) for sin in telling.sins.values() if sin.target in sections]


def _laid(section: Section, kinds: Iterable[Kind]) -> list[str]:
    """The section as the report lays it out: its header, and the blocks of these kinds."""
    chosen = frozenset(kinds)
    blocks = tuple(_short(block) for block in section.blocks if block.kind in chosen)
    page = Page("", (), (replace(section, blocks=blocks),), "")
    return lay_text(page).strip("\n").split("\n")


def _short(block: Block) -> Block:
    """The block with the first of its changes; somebody else's rules are all named."""
    more = len(block.changes) - _SHOWN
    if block.whole or more <= 1:
        return block
    return replace(block, changes=(*block.changes[:_SHOWN], f"and {more} more like these"))
