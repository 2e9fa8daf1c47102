"""What a run did: the plan, how each step ended, and what was found afterwards; it applies nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from cloudsync.errors import CloudsyncError, Exit
from cloudsync.immutable import immutable
from cloudsync.model import Verdict
from cloudsync.plan import Plan, TargetPlan
from cloudsync.provider import Outcome, Reversal, Step


@immutable
class RunReport:
    """A run that applied ``plan``.

    ``after`` is the plan made from the fresh observation when the steps were through: its verdicts
    are the verified ones, its steps what is still to do. ``outbound`` has a target's digest of its
    outbound rules before and after, which must be the same. ``unrecorded`` is why the run couldn't
    be written down afterwards. ``run`` is what ``undo`` calls it by, and ``reversals`` say how each
    step that was made is taken back. ``listed`` is what the list alone calls for: it was held or
    refused.
    """

    plan: Plan
    outcomes: tuple[tuple[Step, Outcome], ...]
    after: Plan
    outbound: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    unrecorded: CloudsyncError | None = None
    run: str = field(default="", compare=False)
    reversals: Mapping[Step, Reversal] = field(default_factory=dict[Step, Reversal])
    listed: tuple[Exit, ...] = ()

    def by_hand(self, target: str) -> tuple[str, ...]:
        """The commands that take back what was done at ``target``: the last step first."""
        steps = [step for step, _ in reversed(self.of(target)) if step in self.reversals]
        return tuple(line for step in steps for line in self.reversals[step].commands)

    @property
    def undoes(self) -> bool:
        """Whether the run took something from somebody that ``undo`` can give back."""
        return any(one.record for one in self.reversals.values())

    @property
    def now(self) -> Plan:
        """``after``, and every target of the plan that it doesn't speak of, as unreadable.

        A target must not drop out of a report because nobody looked at it again.
        """
        seen = {one.target for one in self.after.targets}
        unseen = (
            TargetPlan(
                one.target,
                one.mode,
                one.list_digest,
                reason="it was not looked at again after the run",
            )
            for one in self.plan.targets
            if one.target not in seen
        )
        every = sorted((*self.after.targets, *unseen), key=lambda one: one.target)
        return Plan(self.after.list_digest, tuple(every))

    def was(self, target: str) -> Verdict | None:
        """The target's verdict before the run, or None of one that wasn't in the plan."""
        return next((one.verdict for one in self.plan.targets if one.target == target), None)

    def of(self, target: str) -> tuple[tuple[Step, Outcome], ...]:
        """What was done, or tried, at ``target``, in order."""
        return tuple(one for one in self.outcomes if target in one[0].targets)

    @property
    def became_in_sync(self) -> tuple[str, ...]:
        """The targets that weren't in sync before the run and are now."""
        return tuple(
            one.target
            for one in self.now.targets
            if one.verdict is Verdict.IN_SYNC and self.was(one.target) is not Verdict.IN_SYNC
        )

    @property
    def failed(self) -> tuple[str, ...]:
        """The targets at which a step wasn't done and something is still to do.

        A lost answer, or a change that somebody else got in first, may leave nothing to do: then
        the fresh observation has settled it, and the target hasn't failed.
        """
        touched = {
            target
            for step, outcome in self.outcomes
            if outcome.kind != "done"
            for target in step.targets
        }
        settled = {one.target for one in self.after.targets if one.before and not one.steps}
        return tuple(sorted(touched - settled))
