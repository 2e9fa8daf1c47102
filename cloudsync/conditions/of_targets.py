"""What is the matter with targets after a run; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from shlex import quote
from typing import Final

from cloudsync.addresses import NOBODY, PUBLIC, AddressSet
from cloudsync.conditions.condition import Cause, Condition, ConditionKind
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Verdict
from cloudsync.plan import Mend, State, TargetPlan
from cloudsync.report.facts import Facts, Share, facts
from cloudsync.report.run import RunReport
from cloudsync.report.words import counted, few, listing, port, sentence, size
from cloudsync.tells import Actor

SHOWN: Final = 5
"""How many lines of a change a message names before it counts the rest."""

RULES_SHOWN: Final = 3
"""The same for the rules that decide a difference."""


@immutable
class Since:
    """What is known of the time since the last pass.

    ``came`` and ``went`` are what the list gained and lost; ``in_sync`` are the targets that were
    right then; ``actors`` are who was last seen to change a target.
    """

    came: AddressSet = NOBODY
    went: AddressSet = NOBODY
    in_sync: Collection[str] = ()
    actors: Mapping[str, Actor] = field(default_factory=dict[str, Actor])


def of_targets(report: RunReport, since: Since) -> Iterator[Condition]:
    """What is the matter with each target of ``report``, and what was mended there.

    Scopes that somebody answers for as ``blind`` are shown in reports, and nobody is woken.
    """
    failed = set(report.failed)
    for plan in report.now.targets:
        if Note.BLIND in plan.notes:
            continue
        if plan.before is None:
            yield _absent(plan)
            continue
        yield from _differences(plan, plan.before, since)
        yield from _contested(plan)
        if plan.target in failed or plan.refusal:
            yield _failed(plan, report)
        elif plan.target in since.in_sync:
            yield from _repaired(report, plan, since)


def unseen(report: RunReport) -> frozenset[str]:
    """The targets that the run couldn't look at: what was the matter with them may still be.

    So it is with one that is gone: whoever takes a tag off an open group has closed nothing.
    """
    return frozenset(plan.target for plan in report.now.targets if plan.before is None)


def _absent(plan: TargetPlan) -> Condition:
    if plan.verdict is Verdict.GONE:
        return Condition(
            ConditionKind.GONE,
            plan.target,
            f"{plan.target} was there and isn't found any more: nobody watches what it guarded.",
            f"cloudsync keeps asking for it{f'; {plan.reason}' if plan.reason else ''}.",
            f"Put it back (its tag, its group), or run cloudsync forget {quote(plan.target)}.",
        )
    return Condition(
        ConditionKind.UNREADABLE,
        plan.target,
        f"{plan.target} can't be read: whether mail gets in, and who else does, isn't known.",
        f"Nothing was changed there{f'; {plan.reason}' if plan.reason else ''}.",
        "Give the identity its permissions back, or say under blind: who answers for it until when.",
    )


def _differences(plan: TargetPlan, state: State, since: Since) -> Iterator[Condition]:
    found = facts(state)
    where = port(found.ports)
    if found.missing or found.missing_names:
        names = (name.text for name in found.missing_names)
        who = " and ".join([*([size(found.missing.count())] if found.missing else ()), *names])
        yield Condition(
            ConditionKind.MISSING,
            plan.target,
            f"Mail is lost at {plan.target}: {who}, wanted, can't reach {where}.{_lag(plan.mend)}",
            _did(plan),
            _todo(plan, found.missing.witness()),
            _rules(found.stops) or "no rule lets it in",
            found.missing.witness() or "",
            # Who lags behind a version misses what the list gained, whenever that was.
            "list" if _lag(plan.mend) else _cause(found.missing, since.came),
        )
    if found.excess:
        witness = (found.excess & PUBLIC).witness() or found.excess.witness()
        yield Condition(
            ConditionKind.OPEN,
            plan.target,
            f"The filter can be bypassed at {plan.target}: {size(found.excess.count())} "
            f"that nobody listed can reach {where}.",
            _did(plan),
            _todo(plan, witness),
            _rules(found.grants),
            witness or "",
            _cause(found.excess, since.went),
        )
    if found.undetermined or found.undetermined_names:
        yield _undetermined(plan, found)


def _undetermined(plan: TargetPlan, found: Facts) -> Condition:
    parts: list[str] = []
    if found.undetermined:
        who = size(found.undetermined.count())
        parts.append(f"{who}, wanted, may reach only some of its machines")
    if found.undetermined_names:
        names = listing(name.text for name in found.undetermined_names)
        parts.append(f"it lets in {names}, which may stand for outside addresses")
    return Condition(
        ConditionKind.UNDETERMINED,
        plan.target,
        f"It can't be told who reaches {port(found.ports)} at {plan.target}: {'; '.join(parts)}.",
        _did(plan),
        _todo(plan, found.undetermined.witness()),
        witness=found.undetermined.witness() or "",
    )


def _contested(plan: TargetPlan) -> Iterator[Condition]:
    said = [_unquoted(remark.text) for remark in plan.remarks if remark.note is Note.CONTESTED]
    shown = quote(plan.target)
    if said:
        yield Condition(
            ConditionKind.CONTESTED,
            plan.target,
            f"Somebody keeps changing {plan.target} back, or keeps rules there under our mark.",
            sentence(said[0]),
            f"cloudsync plan shows it; cloudsync pause {shown} --for 4h --reason TEXT keeps "
            "hands off it.",
        )


def _failed(plan: TargetPlan, report: RunReport) -> Condition:
    if plan.refusal:
        what, todo = plan.refusal.what, plan.refusal.todo
    else:
        outcome = next(one for _, one in reversed(report.of(plan.target)) if one.kind != "done")
        what, todo = f"{outcome.kind}: {outcome.message}", outcome.todo
    return Condition(
        ConditionKind.FAILED,
        plan.target,
        f"cloudsync can't make {plan.target} right.",
        sentence(what),
        sentence(todo),
    )


def _repaired(report: RunReport, plan: TargetPlan, since: Since) -> Iterator[Condition]:
    """A target that was right, then wasn't, though the list is as it was, and is again."""
    was = next((one.before for one in report.plan.targets if one.target == plan.target), None)
    done = sum(outcome.kind == "done" for _, outcome in report.of(plan.target))
    if was is None or not done or plan.verdict is not Verdict.IN_SYNC:
        return
    found = facts(was)
    if _cause(found.missing, since.came) == "list" or _cause(found.excess, since.went) == "list":
        return
    actor = since.actors.get(plan.target)
    by = f" by {actor.name} ({actor.what}, {actor.at:%Y-%m-%d %H:%M} UTC)" if actor else ""
    lost = f"{size(found.missing.count())} couldn't reach it" if found.missing else ""
    let = f"{size(found.excess.count())} could reach it unlisted" if found.excess else ""
    broken = " and ".join(part for part in (lost, let) if part) or "a rule of ours was gone"
    yield Condition(
        ConditionKind.REPAIRED,
        plan.target,
        f"{plan.target} had been changed{by}, and is right again: {broken}.",
        f"cloudsync made {counted(done, 'change')} in run {report.run}.",
        "See that whoever changed it knows what keeps it.",
        _rules(found.stops) or _rules(found.grants),
        found.missing.witness() or found.excess.witness() or "",
        "hand",
    )


def _cause(part: AddressSet, changed: AddressSet) -> Cause | None:
    """The list, where all of ``part`` is what it gained or lost just now."""
    if not part:
        return None
    return "list" if part <= changed else "hand"


def _lag(mend: Mend | None) -> str:
    """That Terraform keeps it with a version behind the published one, where it is so."""
    lags = mend is not None and mend.pinned not in (None, mend.newest)
    return f" {mend.why}" if mend and lags else ""


def _did(plan: TargetPlan) -> str:
    """What cloudsync does about it, or why it doesn't."""
    if plan.mend:
        why = "" if _lag(plan.mend) else f" {plan.mend.why}"
        return f"Nothing is changed there, since Terraform keeps it.{why}"
    if Note.PAUSED in plan.notes:
        said = next(one.text for one in plan.remarks if one.note is Note.PAUSED)
        return sentence(f"Nothing is changed there: {said}")
    if plan.mode is Mode.WATCH:
        return "Mode watch: it is reported, and nothing is changed."
    if plan.refusal:
        return sentence(f"Refused: {plan.refusal.what}")
    if Note.HELD in plan.notes:
        return "What closes it waits for a person; what lets in is done."
    if plan.steps:
        return f"The next run goes on with {counted(len(plan.steps), 'step')}."
    return f"Mode {plan.mode} leaves it as it is."


def _todo(plan: TargetPlan, witness: str | None) -> str:
    if plan.mend:
        lines = "; ".join(few(plan.mend.changes, SHOWN))
        return _unquoted(f"{plan.mend.todo}{f' The change: {lines}.' if lines else ''}")
    explain = f"cloudsync explain {witness} {quote(plan.target)}" if witness else "cloudsync plan"
    return f"{explain} shows the rule that decides."


def _unquoted(text: str) -> str:
    """A report's prose as a letter has it, which marks no command."""
    return text.replace("`", "")


def _rules(shares: tuple[Share, ...]) -> str:
    """The rules that decide it, the first few."""
    return listing(few([one.rule for one in shares], RULES_SHOWN)) if shares else ""
