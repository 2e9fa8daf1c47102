"""What the clouds would let cloudsync change, target block by target block; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync import intime
from cloudsync.blocks import Block, blocks_of
from cloudsync.job import Job
from cloudsync.preflight.page import Granted
from cloudsync.provider import Unreadable
from cloudsync.tells import Permission, TellsPermissions

MOST = 20
"""Of so many targets in one scope it is asked; they mostly differ by scope, and each costs calls."""


def granted(job: Job) -> Iterator[Granted]:
    """What each block's changes need, where its cloud can be asked.

    Raises:
        UsageError: a provider or its credentials are missing.
    """
    deadline = job.deadline()
    for block in blocks_of(job, deadline):
        if isinstance(block.provider, TellsPermissions):
            yield _of_block(job, block, block.provider, deadline)


def _of_block(
    job: Job, block: Block, provider: TellsPermissions, deadline: float | None
) -> Granted:
    found = [_unknown(one) for one in block.unreadable]
    there = asked = 0
    for scope in block.scopes:
        targets: list[str] = []
        for seen in intime.pages(block.provider, scope, None, deadline, job.pace.monotonic):
            if isinstance(seen, Unreadable):
                found.append(_unknown(seen))
            else:
                targets += seen.targets
        first = targets[:MOST]
        there, asked = there + len(targets), asked + len(first)
        if first:
            found += provider.permissions(scope, first, deadline)
    return Granted(block.settings.where, block.settings.mode, asked, there, tuple(found))


def _unknown(one: Unreadable) -> Permission:
    return Permission(one.scope, "read", None, one.reason)
