"""What couldn't be looked at, or was there and isn't: each gets a plan that says so, never silence.

It reads nothing: it compares what was seen with what was known and what the configuration names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from cloudsync import records
from cloudsync.blocks import Block
from cloudsync.model import Mode, Verdict
from cloudsync.plan import TargetPlan
from cloudsync.provider import Unreadable


def unread(found: Unreadable, mode: Mode, digest: str, target: str = "") -> TargetPlan:
    """The plan of a target, or of a whole scope, that couldn't be looked at."""
    reason = f"{found.reason}. {found.todo}".rstrip()
    return TargetPlan(target or found.scope, mode, digest, reason=reason)


def unread_scope(
    found: Unreadable,
    known: Mapping[str, records.Seen],
    mode: Mode,
    digest: str,
    read: Collection[str],
) -> Iterator[TargetPlan]:
    """The scope itself, and each target that was there last time and wasn't reached."""
    yield unread(found, mode, digest)
    for target in known:
        if target.startswith(f"{found.scope}/") and target not in read:
            yield unread(found, mode, digest, target)


def unlisted(
    found: Unreadable,
    known: Collection[str],
    mode: Mode,
    digest: str,
    told: Collection[str],
) -> Iterator[TargetPlan]:
    """The targets of last time that are in what couldn't be listed: an account, or a whole cloud."""
    for target in known:
        if target.startswith((f"{found.scope}/", f"{found.scope}:")) and target not in told:
            yield unread(found, mode, digest, target)


def gone(
    blocks: Iterable[Block],
    known: Mapping[str, records.Seen],
    told: Collection[str],
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that were there last time and weren't found, in scopes that were read whole.

    Where the cloud says which scopes there are, one that it doesn't name any more took its targets
    with it.
    """
    told = set(told)
    blocks = tuple(blocks)
    reached = {scope.name for block in blocks for scope in block.scopes}
    for block in blocks:
        ids = frozenset(_ids(block))
        here = {scope.name for scope in block.scopes}
        for target, seen in known.items():
            if target in told or (ids and ids.isdisjoint(_names(target))):
                continue
            where = scope_of(target, here)
            if where is not None:
                if where in told:
                    continue  # it couldn't be read, and that has been said
                what = "it was there on {} and isn't now"
            elif (
                block.settings.discovers
                and target.startswith(f"{block.settings.provider}:")
                and scope_of(target, reached) is None
            ):
                what = "it was there on {}, in an account or region that isn't listed any more"
            else:
                continue
            told.add(target)
            when = what.format(f"{seen.seen_at:%Y-%m-%d %H:%M} UTC")
            yield TargetPlan(
                target, Mode(block.settings.mode), digest, absent=Verdict.GONE,
                reason=f"{when}; if that is right, say cloudsync forget {target}",
            )  # fmt: skip


def absent(
    block: Block,
    read: Collection[str],
    known: Collection[str],
    blind: Collection[TargetPlan],
    mode: Mode,
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that a block names and that nobody has ever seen.

    Where none of the named ones is there, the block matched nothing: an error in use.
    """
    expected = [one for scope in block.scopes for one in block.settings.expected(scope.name)]
    if not blind and any(one in read or one in known for one in expected):
        for target in expected:
            if target not in read and target not in known:
                yield TargetPlan(
                    target, mode, digest, absent=Verdict.GONE,
                    reason="the configuration names it, and it isn't there",
                )  # fmt: skip
    here = {name for target in (*read, *known) for name in _names(target)}
    ids = _ids(block)
    absent = [one for one in ids if one not in here]
    if blind or not block.scopes or len(absent) == len(ids):
        return
    where = ", ".join(scope.name for scope in block.scopes)
    for missing in absent:
        yield TargetPlan(
            f"{block.scopes[0].name}/{missing}", mode, digest, absent=Verdict.GONE,
            reason=f"it is named in the configuration and isn't in {where}",
        )  # fmt: skip


def scope_of(target: str, scopes: Collection[str]) -> str | None:
    """The scope among ``scopes`` that a target is in, by their names."""
    where = target
    while "/" in where:
        where = where.rpartition("/")[0]
        if where in scopes:
            return where
    return None


def _ids(block: Block) -> tuple[str, ...]:
    """The targets that a block names, where it names them."""
    return tuple(getattr(getattr(block.settings, "select", None), "ids", None) or ())


def _names(target: str) -> Iterator[str]:
    """What a block may call ``target``: its end, from any slash on, as some names hold slashes."""
    rest = target
    while "/" in rest:
        rest = rest.partition("/")[2]
        yield rest
