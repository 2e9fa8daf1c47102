"""A plan, or a run, as a page: what holds on the whole, then target by target; it lays nothing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from cloudsync.model import Mode, Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.provider import Outcome, Step
from cloudsync.report.findings import changes, findings, rules_of, steps
from cloudsync.report.listed import Listed
from cloudsync.report.memory import remembered
from cloudsync.report.page import Block, Code, Items, Line, Page, Section, label, quoted
from cloudsync.report.run import RunReport
from cloudsync.report.words import counted, listing, sentence

FOOTER: Final = "Each verdict is of one target: other groups or policies on the same machine are not looked at yet."


def summary(plan: Plan) -> str:
    """One line: how many targets have which verdict, and how many steps there are."""
    if not plan.targets:
        return "No target."
    counts = Counter(target.verdict for target in plan.targets)
    verdicts = [f"{counts[verdict]:,} {label(verdict)}" for verdict in Verdict if counts[verdict]]
    return (
        f"{counted(len(plan.targets), 'target')}: {listing(verdicts)};"
        f" {counted(len(plan.steps), 'step') if plan.steps else 'no step'}."
    )


def plan_page(plan: Plan, listed: Listed | None = None) -> Page:
    """What a plan says."""
    return Page(
        title="cloudsync plan",
        intro=(
            (summary(plan),),
            ("Plan ", Code(plan.digest), "."),
            _list(plan, listed),
            *(remembered(listed) if listed else ()),
        ),
        sections=tuple(
            Section(
                target.target,
                target.mode,
                target.verdict,
                (*findings(target, listed), *steps(target)),
            )
            for target in _in_order(plan)
        ),
        footer=FOOTER,
    )


def run_page(report: RunReport, listed: Listed | None = None) -> Page:
    """What a run says: what was done, what became in sync, what remains and why."""
    done = sum(outcome.kind == "done" for _, outcome in report.outcomes)
    became = report.became_in_sync
    return Page(
        title="cloudsync report",
        intro=(
            (f"{done:,} of {counted(len(report.outcomes), 'step')} done.",),
            ("Became in sync: ", Items(became), ".") if became else ("No target became in sync.",),
            (f"Now: {summary(report.now)}",),
            ("Applied plan ", Code(report.plan.digest), "."),
            *_undo(report),
            _list(report.plan, listed),
            *(remembered(listed) if listed else ()),
        ),
        sections=tuple(
            Section(
                target.target,
                target.mode,
                target.verdict,
                (
                    *_outcomes(report, target.target),
                    *findings(target, listed),
                    *steps(target),
                    *_by_hand(report, target),
                ),
                was=report.was(target.target),
            )
            for target in report.now.targets
        ),
        footer=FOOTER,
    )


def _in_order(plan: Plan) -> list[TargetPlan]:
    return sorted(plan.targets, key=lambda target: target.target)


def _list(plan: Plan, listed: Listed | None) -> Line:
    if listed is None:
        return ("List ", Code(plan.list_digest), ".")
    facts = [counted(len(listed.networks), "network")]
    if listed.published:
        facts.insert(0, f"published {listed.published.isoformat()}")
    if listed.leaving:
        facts.append(f"{listed.leaving:,} of its entries leaving and still wanted")
    if listed.widened:
        facts.append(f"widening lets in {counted(listed.widened, 'address')} that nobody listed")
    return (
        "List ", Code(listed.source), f" ({listed.format}): {', '.join(facts)}; ",
        Code(listed.digest), ".",
    )  # fmt: skip


_HAS: Final = {"add": "Added", "remove": "Removed", "replace": "Rewrote"}
_HAS_NOT: Final = {
    "unknown": "The answer was lost",
    "stale": "Somebody else changed it first",
    "throttled": "Throttled by the cloud",
    "denied": "Denied by the cloud",
    "limit": "A limit of the cloud was met",
    "failed": "Failed",
}


def _undo(report: RunReport) -> Iterator[Line]:
    if report.undoes:
        yield (
            "To open again what this run closed, and pause what it closed: ",
            Code(f"cloudsync undo {report.run} --reason TEXT"), ".",
        )  # fmt: skip


def _by_hand(report: RunReport, target: TargetPlan) -> Iterator[Block]:
    """For whoever stands there without cloudsync; what only lets in needs no taking back."""
    commands = report.by_hand(target.target)
    if commands and target.mode is Mode.ENFORCE:
        yield Block(
            "undo",
            ("To undo this without cloudsync, one after the other:",),
            tuple((Code(command),) for command in commands),
        )


def _outcomes(report: RunReport, target: str) -> Iterator[Block]:
    for step, outcome in report.of(target):
        yield _done(step) if outcome.kind == "done" else _failed(step, outcome)
    if target in report.outbound:
        before, after = report.outbound[target]
        if before == after:
            yield Block("plain", ("Outbound rules are as they were: ", Code(after), "."))
        else:
            yield Block(
                "failed",
                (
                    "Outbound rules differ, though cloudsync never touches them: ",
                    Code(before), " before, ", Code(after), " after. See who changed them.",
                ),
            )  # fmt: skip


def _done(step: Step) -> Block:
    return Block(
        "done",
        (f"{_HAS[step.verb]} {rules_of(step)}:",),
        changes=changes(step),
        whole=not step.own,
    )


def _failed(step: Step, outcome: Outcome) -> Block:
    said = "".join(f" {sentence(part)}" for part in (outcome.message, outcome.todo) if part)
    return Block(
        "failed",
        (
            f"{_HAS_NOT[outcome.kind]}: the step to {step.verb} {rules_of(step)}.",
            *quoted(said),
        ),
        changes=changes(step),
        whole=not step.own,
    )
