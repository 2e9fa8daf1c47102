"""Target blocks and where they lead: their scopes, and the one that holds a target; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from cloudsync import intime
from cloudsync.change import accounts, concerns
from cloudsync.config import TargetSettings
from cloudsync.errors import NoCredentials, TargetError, UsageError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.provider import Provider, Scope, Snapshot, Unreadable


@immutable
class Block:
    """One target block: its provider, its scopes, and those that couldn't even be named."""

    settings: TargetSettings
    provider: Provider
    scopes: tuple[Scope, ...]
    unreadable: tuple[Unreadable, ...]


def blocks_of(
    job: Job,
    deadline: float | None = None,
    only: frozenset[str] = frozenset(),
    *,
    apart: bool = False,
) -> list[Block]:
    """The job's target blocks with their scopes; where ``only`` names some, with what is asked for these.

    A provider may have to ask for its scopes, account by account; those that it had no time to
    name before ``deadline`` are not reached. An event of one account asks nothing of the others.
    With ``apart``, a cloud that there are no credentials for is one that can't be read, and those
    of the others are kept right all the same.

    Raises:
        UsageError: a provider is missing, or its credentials: without ``apart`` one cloud's, else all.
    """
    found: list[Block] = []
    refused: list[NoCredentials] = []
    reached = False
    for target in job.config.targets:
        provider = job.provider(target.provider)
        if only and not concerns(only, target.provider):
            found.append(Block(target, provider, (), ()))
            continue
        asked = target.within(partial(concerns, only), accounts(only)) if only else target
        scopes: list[Scope] = []
        blind: list[Unreadable] = []
        try:
            for one in provider.scopes(asked):
                if intime.late(deadline, job.pace.monotonic):
                    blind.append(intime.unreached(target.provider))
                    break
                if isinstance(one, Scope):
                    scopes.append(one)
                else:
                    blind.append(one)
            reached = True
        except NoCredentials as error:
            if not apart:
                raise
            refused.append(error)
            blind.append(Unreadable(target.provider, error.what, error.todo))
        found.append(Block(target, provider, tuple(scopes), tuple(blind)))
    if refused and not reached:
        raise refused[0]
    return found


def narrowed(blocks: Iterable[Block], only: frozenset[str]) -> list[Block]:
    """The blocks with the scopes that ``only`` concerns; all of them where it is empty."""
    return [
        replace(
            block,
            scopes=tuple(one for one in block.scopes if concerns(only, one.name)),
            unreadable=tuple(one for one in block.unreadable if concerns(only, one.scope)),
        )
        for block in blocks
    ]


@immutable
class Located:
    """One target, by the target block that selects it, and what a sweep saw of it."""

    target: str
    settings: TargetSettings
    provider: Provider
    scope: Scope
    snapshot: Snapshot


def locate(job: Job, target: str) -> Located:
    """Find the target that is named so.

    Raises:
        UsageError: no target block selects it.
        TargetError: where it is can't be read.
    """
    cloud = target.partition(":")[0]
    for settings in job.config.targets:
        if settings.provider != cloud:
            continue
        provider = job.provider(cloud)
        for scope in provider.scopes(settings):
            if isinstance(scope, Unreadable):
                if target.startswith(scope.scope):
                    raise TargetError(scope.scope, scope.reason, todo=scope.todo)
                continue
            if not target.startswith(f"{scope.name}/"):
                continue
            for seen in provider.observe(scope):
                if isinstance(seen, Unreadable):
                    raise TargetError(seen.scope, seen.reason, todo=seen.todo)
                if target in seen.targets:
                    return Located(target, settings, provider, scope, seen.of([target]))
    raise UsageError(
        target, "no target block of the configuration selects it",
        todo="Take a name from cloudsync plan.",
    )  # fmt: skip
