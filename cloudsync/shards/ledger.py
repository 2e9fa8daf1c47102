"""What the shards of a run have in common and what each has done, as documents; it decides nothing.

``shards/RUN`` is what all of them go by, ``shards/RUN/I`` how far shard I is; below that stand its
lease and its marks: what it saw of a scope, and what it made of some of the targets there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from cloudsync.allowlist import InForce
from cloudsync.basis import Basis
from cloudsync.docket import HOLDS
from cloudsync.errors import Exit
from cloudsync.holds import Hold
from cloudsync.immutable import immutable
from cloudsync.made import Made
from cloudsync.plan import TargetPlan
from cloudsync.preflight.arming import Armed
from cloudsync.preflight.ledger import ARMED
from cloudsync.provider import Outcome, Reversal, Scope, Step, Unreadable
from cloudsync.records.fields import maybe, number, text, time, time_text, truth
from cloudsync.records.kind import Kind
from cloudsync.records.listing import LIST
from cloudsync.records.plans import Reading, Writing
from cloudsync.shards.shard import Shard
from cloudsync.state import Value
from cloudsync.status.tally import Asked
from cloudsync.sweep import Sweep
from cloudsync.vetting.vet import Read, Vetted

SHARDS: Final = "shards/"
"""What the key of everything here begins with."""


@immutable
class Common:
    """What all shards of a run go by.

    ``run`` is what the history calls it, ``at`` the moment that it plans for, ``config`` the digest
    of the configuration by whose blocks the marks are, ``accounts`` that of what the clouds listed,
    or empty where the configuration names all accounts. ``holds`` is the list change that waits.
    ``heard`` are the targets of which somebody heard that they are missing or open. ``gathered`` is the exit code of the run, once its report is made.
    """

    name: str
    run: str
    of: int
    at: datetime
    basis: Basis
    config: str
    holds: tuple[Hold, ...] = ()
    heard: tuple[str, ...] = ()
    gathered: Exit | None = None
    accounts: str = ""


@immutable
class Progress:
    """How far one shard is.

    ``scopes`` are its own by block, ``unreadable`` the accounts by block that couldn't be named.
    ``ended`` is when it was through with all of them; ``failed`` is what kept it from that.
    ``asked`` and ``throttled`` count the clouds' answers.
    """

    began: datetime
    scopes: tuple[tuple[str, ...], ...] = ()
    unreadable: tuple[tuple[Unreadable, ...], ...] = ()
    ended: datetime | None = None
    failed: str = ""
    asked: Mapping[Asked, int] = field(default_factory=dict[Asked, int])
    throttled: Mapping[str, int] = field(default_factory=dict[str, int])


@immutable
class Sight:
    """What a block saw in one of its scopes, before anything was done there.

    ``first`` are targets that would be closed for the first time: how many at once is for the whole
    run to say. ``armed`` is how targets are armed that may be closed.
    """

    block: int
    sweep: Sweep
    first: tuple[str, ...] = ()
    armed: Mapping[str, Armed] = field(default_factory=dict[str, Armed])


def common_key(name: str) -> str:
    """Where what the shards of a run go by stands."""
    return f"{SHARDS}{name}"


def shard_key(name: str, shard: int) -> str:
    """Where the progress of one shard stands."""
    return f"{SHARDS}{name}/{shard:05d}"


def lease_key(name: str, shard: Shard) -> str:
    """Where the lease of one shard stands."""
    return f"{shard_key(name, shard.number)}/lease"


def sight_key(name: str, shard: int, block: int, scope: str) -> str:
    """Where the mark stands of what a block saw in a scope."""
    return f"{shard_key(name, shard)}/seen/{block:05d}/{scope}"


def made_key(name: str, shard: int, block: int, target: str) -> str:
    """Where the mark stands of what was made of some targets, of which ``target`` is the first."""
    return f"{shard_key(name, shard)}/made/{block:05d}/{target}"


def again_key(name: str, shard: int, block: int, scope: str) -> str:
    """Where the mark stands of a second look at a scope."""
    return f"{shard_key(name, shard)}/again/{block:05d}/{scope}"


def _common_value(common: Common) -> Value:
    basis = common.basis
    return {
        "name": common.name,
        "run": common.run,
        "of": common.of,
        "at": time_text(common.at),
        "config": common.config,
        "list": LIST.to_value(basis.listing),
        "in_force": basis.vetted.in_force is not None,
        "known": maybe(LIST.to_value, basis.known),
        "codes": [int(one) for one in basis.vetted.codes],
        "fetched": basis.read.made,
        "recovered": basis.recovered,
        "unsure": basis.unsure,
        "unsettled": basis.unsettled,
        "holds": HOLDS.to_value(common.holds),
        "heard": list(common.heard),
        "gathered": maybe(int, common.gathered),
        "accounts": common.accounts,
    }


def _common(value: Value) -> Common:
    listing: InForce = LIST.from_value(value["list"])
    codes = tuple(Exit(one) for one in value["codes"])
    basis = Basis(
        Read(made=truth(value["fetched"])),
        Vetted(listing if truth(value["in_force"]) else None, standing=codes),
        listing,
        maybe(LIST.from_value, value["known"]),
        truth(value["recovered"]),
        truth(value["unsure"]),
        truth(value["unsettled"]),
    )
    return Common(
        text(value["name"]), text(value["run"]), number(value["of"]), time(value["at"]), basis,
        # What an older build wrote is of no configuration that could be told.
        text(value.get("config", "")), HOLDS.from_value(value["holds"]), tuple(map(text, value["heard"])),
        maybe(Exit, value["gathered"]), text(value.get("accounts", "")),
    )  # fmt: skip


def _progress_value(found: Progress) -> Value:
    return {
        "began": time_text(found.began),
        "scopes": [list(one) for one in found.scopes],
        "unreadable": [[_lost_value(one) for one in block] for block in found.unreadable],
        "ended": maybe(time_text, found.ended),
        "failed": found.failed,
        "asked": [[*what, times] for what, times in sorted(found.asked.items())],
        "throttled": dict(found.throttled),
    }


def _progress(value: Value) -> Progress:
    return Progress(
        time(value["began"]),
        tuple(tuple(map(text, one)) for one in value["scopes"]),
        tuple(tuple(_lost(one) for one in block) for block in value["unreadable"]),
        maybe(time, value["ended"]),
        text(value["failed"]),
        {(text(a), text(b), text(c)): number(times) for a, b, c, times in value["asked"]},
        {text(name): number(times) for name, times in value["throttled"].items()},
    )


def _lost_value(one: Unreadable) -> list[str]:
    return [one.scope, one.reason, one.todo]


def _lost(value: Any) -> Unreadable:
    scope, reason, todo = value
    return Unreadable(text(scope), text(reason), text(todo))


COMMON: Final[Kind[Common]] = Kind("shards", 1, _common_value, _common)
PROGRESS: Final[Kind[Progress]] = Kind("shard", 1, _progress_value, _progress)


def sights(reading: Reading) -> Kind[Sight]:
    """Marks of scopes; what is alike in those that are read is one object."""
    return Kind("shard_seen", 1, _sight_value, lambda value: _sight(value, reading))


def makings(reading: Reading) -> Kind[Made]:
    """Marks of what was made; what is alike in those that are read is one object."""
    return Kind("shard_made", 1, _made_value, lambda value: _made(value, reading))


def _sight_value(sight: Sight) -> Value:
    writing, sweep = Writing(), sight.sweep
    return {
        "block": sight.block,
        "scope": sweep.scope.name,
        "targets": list(sweep.targets),
        "unreadable": [_lost_value(one) for one in sweep.unreadable],
        "holds": HOLDS.to_value(sweep.holds),
        "waits": list(sweep.waits),
        "first": list(sight.first),
        "armed": ARMED.to_value(sight.armed),
        **_plans(writing, sweep.plans),
    }


def _plans(writing: Writing, plans: tuple[TargetPlan, ...], **more: Any) -> Value:
    # The plans first: writing them fills the tables.
    said = [writing.plan(one) for one in plans]
    return writing.value(plans=said, **more)


# Who gathers holds what is said of every scope: one for all that have none.
_NONE: Final[Mapping[str, Any]] = {}


def _sight(value: Value, reading: Reading) -> Sight:
    pages = reading.document(value)
    return Sight(
        number(value["block"]),
        Sweep(
            Scope(reading.same(value["scope"])),
            tuple(pages.plan(one) for one in value["plans"]),
            tuple(reading.same(one) for one in value["targets"]),
            tuple(_lost(one) for one in value["unreadable"]),
            HOLDS.from_value(value["holds"]),
            tuple(map(text, value["waits"])),
            _NONE,
        ),
        tuple(map(text, value["first"])),
        ARMED.from_value(value["armed"]) or _NONE,
    )


def _made_value(made: Made) -> Value:
    writing = Writing()
    outcomes = [
        writing.made(step, outcome, made.reversals.get(step)) for step, outcome in made.outcomes
    ]
    return _plans(writing, made.now, outcomes=outcomes)


def _made(value: Value, reading: Reading) -> Made:
    pages = reading.document(value)
    outcomes: list[tuple[Step, Outcome]] = []
    reversals: dict[Step, Reversal] = {}
    for one in value["outcomes"]:
        step, outcome, reversal = pages.made(one)
        outcomes.append((step, outcome))
        if reversal:
            reversals[step] = reversal
    return Made(tuple(outcomes), reversals, tuple(pages.plan(one) for one in value["plans"]))
