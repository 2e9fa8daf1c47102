"""A plan made again from what its run had before it; it calls no cloud and changes nothing."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cloudsync import records
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.model import Mode, Wanted
from cloudsync.plan import Plan, TargetPlan, make
from cloudsync.provider import Order, Rules, Snapshot
from cloudsync.records.inputs import INPUTS, Inputs, Part, inputs_key
from cloudsync.state import StateError
from cloudsync.state.store import RESTORE
from cloudsync.tells import Freezes

# What packs small at once, and is unpacked by whoever has to: a page of a fleet repeats itself.
_EFFORT: Final = 1


@immutable
class Frozen:
    """A snapshot that a plan was made from, packed, and the targets in it."""

    provider: str
    packed: str
    targets: tuple[str, ...]
    order: Order | None = None


@immutable
class Replayed:
    """The plan that the stored inputs give, and the digest of the one that the run made."""

    plan: Plan
    recorded: str | None

    @property
    def same(self) -> bool:
        """Whether they are one."""
        return self.plan.digest == self.recorded


def frozen(
    provider: str,
    rules: Rules,
    seen: Snapshot,
    plans: Iterable[TargetPlan],
    order: Order | None = None,
) -> Frozen | None:
    """What has to be kept of ``seen`` to make those of ``plans`` again that have steps.

    None where there is nothing to keep, or a provider of another's doesn't say how.
    """
    targets = [plan.target for plan in plans if plan.steps]
    if not targets or not isinstance(rules, Freezes):
        return None
    part = seen.of(targets)
    text = json.dumps(rules.freeze(part), separators=(",", ":"))
    small = base64.b64encode(zlib.compress(text.encode(), _EFFORT)).decode()
    return Frozen(provider, small, part.targets, order)


def note_inputs(
    job: Job, run: str, plan: Plan, wanted: Mapping[str, Wanted], kept: Iterable[Frozen]
) -> None:
    """Write down what ``plan`` was made from, where it has steps.

    Raises:
        StateError: the state can't be written.
    """
    kept = tuple(kept)
    if not kept:
        return
    told = {target for one in kept for target in one.targets}
    if any(target.steps and target.target not in told for target in plan.targets):
        return  # a part of it would make another plan
    wants: dict[Wanted, int] = {}
    parts = tuple(
        Part(
            one.provider,
            one.packed,
            {target: wants.setdefault(wanted[target], len(wants)) for target in one.targets},
            one.order,
        )
        for one in kept
    )
    rest: dict[Mode, list[str]] = {}
    for target in plan.targets:
        if target.target not in told:
            rest.setdefault(target.mode, []).append(target.target)
    inputs = Inputs(
        run, plan.list_digest, tuple(wants), parts,
        {mode: tuple(targets) for mode, targets in rest.items()},
    )  # fmt: skip
    records.save(job.store, inputs_key(run), INPUTS, inputs, None)


def replay(job: Job, run: str) -> Replayed:
    """The plan of a run, made again from what was kept of it.

    Raises:
        UsageError: nothing was kept of it, or a provider of its isn't installed.
        StateError: what was kept isn't what was written.
    """
    stored = records.load(job.store, inputs_key(run), INPUTS)
    record = records.load(job.store, records.run_key(run), records.RUN)
    if stored is None or record is None:
        raise UsageError(
            run, "nothing is kept to make the plan of a run with this name again",
            todo="It is kept of each run that had steps to make; see cloudsync history.",
        )  # fmt: skip
    inputs = stored.value
    plans = [
        TargetPlan(target, mode, inputs.list_digest)
        for mode, targets in inputs.rest.items()
        for target in targets
    ]
    for part in inputs.parts:
        wanted = {target: inputs.wants[place] for target, place in part.wanted.items()}
        rules = job.provider(part.provider).rules
        snapshot = _thawed(rules, part, run)
        plans += make(rules, snapshot, wanted, inputs.list_digest, part.order)
    plans.sort(key=lambda plan: plan.target)
    return Replayed(Plan(inputs.list_digest, tuple(plans)), record.value.plan_digest)


def _thawed(rules: Rules, part: Part, run: str) -> Snapshot:
    if not isinstance(rules, Freezes):
        raise UsageError(
            f"provider {part.provider}", "it can't read again what was kept of a run",
            todo="Install the release of it that the run was made with.",
        )  # fmt: skip
    try:
        kept: Any = json.loads(zlib.decompress(base64.b64decode(part.packed)))
        return rules.thaw(kept)
    except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise StateError(
            f"state {inputs_key(run)}",
            f"what was kept of a snapshot can't be read ({type(error).__name__}: {error})",
            todo=RESTORE,
        ) from error
