"""The story: the real job, looked at step by step, and each promise checked; it opens nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from cloudsync.addresses import INTERNAL
from cloudsync.allowlist import BASE, Entry
from cloudsync.demo.cast import LEFT, Fleet
from cloudsync.demo.scenes import laid, scenes
from cloudsync.demo.telling import Check, Telling, certain
from cloudsync.demo.voice import Voice
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Verdict
from cloudsync.reconcile import look, reconcile
from cloudsync.report import RunReport, summary
from cloudsync.report.compose import plan_page, run_page
from cloudsync.report.page import Kind, label
from cloudsync.source import bundled

_TODAY: Final[frozenset[Kind]] = frozenset(
    {"absent", "exposure", "missing", "open", "undetermined", "plain"}
)
_COMING: Final[frozenset[Kind]] = frozenset({"step", "after", "remains"})
_STAYING: Final[frozenset[Kind]] = frozenset({"absent", "plain", "remark", "refusal", "failed"})


def tell(job: Job, fleets: Sequence[Fleet], voice: Voice) -> tuple[Check, ...]:
    """Tell the story of ``job`` on ``fleets``; gives each promise, and whether it was kept.

    Raises:
        CloudsyncError: nothing could be planned.
    """
    telling = Telling(job, fleets, voice)
    _the_list(telling)
    found = look(job)
    _today(telling, found)
    _the_plan(telling, found)
    report = _the_run(telling, found)
    _what_stays(telling, found, report)
    _by_hand(telling)
    _once_more(telling)
    return tuple(telling.checks)


def _the_list(telling: Telling) -> None:
    voice, listing = telling.voice, bundled.LISTING
    base = [entry for entry in listing.entries if entry.group == BASE]
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


def _today(telling: Telling, found: Look) -> None:
    telling.voice.heading("Who can reach port 25 today")
    telling.voice.say(summary(found.plan))
    page = plan_page(found.plan, found.listed)
    for sin, section in scenes(page, telling.sins):
        telling.voice.title(sin.name, sin.what)
        telling.voice.report(laid(section, _TODAY))
    read = sorted(one.target for one in found.plan.targets if one.before)
    telling.check(
        f"All {len(telling.sins)} targets were found and read.", held=read == sorted(telling.sins)
    )


def _the_plan(telling: Telling, found: Look) -> None:
    voice = telling.voice
    voice.heading("The plan, with before and after")
    voice.say(
        "Each step is one call. In every moment between them, whoever is wanted still gets in: this "
        "is proved before the first call. Rules are added first; what they replace goes when they "
        "have been seen. With internal: keep, whoever gets in from private and reserved space "
        f"({INTERNAL.count().ipv4:,} IPv4 addresses in all) keeps getting in."
    )
    idle: list[str] = []
    for sin, section in scenes(plan_page(found.plan, found.listed), telling.sins):
        if any(block.kind == "step" for block in section.blocks):
            voice.title(sin.name)
            voice.report(laid(section, _COMING)[1:])
        else:
            idle.append(sin.name)
    voice.title("Nothing to do", ", ".join(idle))


def _the_run(telling: Telling, found: Look) -> RunReport:
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
    voice.report(
        f"{label(section.verdict).upper()}  {sin.name}  (mode {section.mode}{section.formerly})"
        for sin, section in scenes(run_page(report, found.listed), telling.sins)
    )
    steps = len(found.plan.steps)
    telling.check(
        f"Each of the {steps} planned steps was done, by one call each.",
        held=0 < steps == done == calls == len(report.outcomes),
    )
    telling.check(
        "Every listed address is certain to get in, wherever something may be changed.",
        held=certain(report.now, found),
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


def _what_stays(telling: Telling, found: Look, report: RunReport) -> None:
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
    for sin, section in scenes(page, telling.sins):
        spoken_of = any(block.kind in {"remark", "refusal"} for block in section.blocks)
        if section.verdict is not Verdict.IN_SYNC or sin.target in by_name or spoken_of:
            voice.title(sin.name, f"{label(section.verdict)}; {sin.what}")
            voice.report(laid(section, _STAYING)[1:])
    voice.title("A word of care", page.footer)


def _by_hand(telling: Telling) -> None:
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
    for sin, section in scenes(page, telling.sins):
        if sin.target in broken:
            voice.report(laid(section, _TODAY | _COMING))
    drifted = {
        sin.target for sin, section in scenes(page, telling.sins) if section.verdict is not sin.ends
    }
    report = reconcile(telling.job, drift)
    voice.title("The next run repairs it")
    for sin, section in scenes(run_page(report, drift.listed), telling.sins):
        if sin.target in broken:
            voice.report(laid(section, {"failed"}))
    telling.check(
        "The rule that was broken by hand was found, named and repaired, and nothing else touched.",
        held=drifted == broken
        and {target for step, _ in report.outcomes for target in step.targets} == broken
        and telling.as_told(report.now)
        and certain(report.now, drift),
    )


def _once_more(telling: Telling) -> None:
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
