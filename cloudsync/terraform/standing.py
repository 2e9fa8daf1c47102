"""The own rules that stand in the clouds, looked at closely, as Terraform would have them; it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cloudsync.allowlist import InForce
from cloudsync.blocks import Block, blocks_of
from cloudsync.errors import TargetError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.provider import Scope, Snapshot, Unreadable
from cloudsync.tells import Resource, TellsTerraform
from cloudsync.terraform.root import Taken
from cloudsync.wants import choice_of, wanted_of

_AT_ONCE: Final = 200
"""Targets in one close look: more values than that one filter of EC2's doesn't take."""


@immutable
class Standing:
    """The targets to be taken over, those that can't be, a sentence each, and where blocks stand.

    Each block that holds a target to be taken over is there with how many it holds that can't be.
    """

    taken: tuple[Taken, ...]
    left: tuple[str, ...]
    blocks: Mapping[str, int]


def standing(job: Job, in_force: InForce) -> Standing:
    """What the configuration's targets hold of ours.

    Raises:
        TargetError: something couldn't be read, so that a rule might be left out.
        UsageError: a provider or its credentials are missing.
    """
    taken: list[Taken] = []
    left: list[str] = []
    blocks: dict[str, int] = {}
    for block in blocks_of(job):
        for blind in block.unreadable:
            raise TargetError(blind.scope, blind.reason, todo=blind.todo)
        before, stayed = len(taken), len(left)
        for scope in block.scopes:
            names = [target for seen in _seen(block, scope, None) for target in seen.targets]
            for start in range(0, len(names), _AT_ONCE):
                only = frozenset(names[start : start + _AT_ONCE])
                for seen in _seen(block, scope, only):
                    here, not_here = _of(job, in_force, block, seen)
                    taken += here
                    left += not_here
        if len(taken) > before:
            blocks[block.settings.where] = len(left) - stayed
    return Standing(tuple(taken), tuple(left), blocks)


def _seen(block: Block, scope: Scope, only: frozenset[str] | None) -> list[Snapshot]:
    found: list[Snapshot] = []
    for seen in block.provider.observe(scope, only):
        if isinstance(seen, Unreadable):
            raise TargetError(seen.scope, seen.reason, todo=seen.todo)
        found.append(seen)
    return found


def _of(job: Job, in_force: InForce, block: Block, seen: Snapshot) -> tuple[list[Taken], list[str]]:
    settings, rules = block.settings, block.provider.rules
    wanted = wanted_of(job.config, settings, in_force.wanted, job.now())
    known: Mapping[str, Sequence[Resource]] = {}
    if isinstance(rules, TellsTerraform):
        known = rules.resources(seen, job.config.name, settings.ports)
    choice = choice_of(job.config, settings)
    taken: list[Taken] = []
    left: list[str] = []
    for target in seen.targets:
        resources = known.get(target)
        if resources is None:
            left.append(
                f"{target}: it stays with cloudsync, since its rules can't be taken over one by one. "
                "Rules of the team's own can refer to it, with style = reference."
            )
        elif not resources:
            left.append(f"{target}: no rule of this installation stands there. Apply first.")
        else:
            taken.append(Taken(target, resources, wanted.networks, choice.widen, choice.shoreline))
    return taken, left
