"""The accounts that the clouds list for a run, asked for once and left for all of its shards.

``shards/RUN/accounts`` holds them, and what all shards go by has the digest. An organization tells
20 accounts a call, and all that ask share one limit: shards that each listed 100,000 would take
hours. A listing that came out partial is what all go by too: a shard that listed more by itself
would work on accounts that the others take for unlisted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from cloudsync import records
from cloudsync.job import Job
from cloudsync.provider import Unreadable
from cloudsync.records.fields import maybe, text
from cloudsync.records.kind import Kind
from cloudsync.shards.ledger import Common, common_key
from cloudsync.state import StateError, Value
from cloudsync.tells import Accounts, TellsAccounts

Listed = tuple[Accounts | None, ...]
"""What was listed for each block, in their order; None of one that names its accounts itself."""


def listed(job: Job) -> Listed:
    """The accounts of each block; the lease that ``job`` is under is renewed between two calls.

    Raises:
        UsageError: a provider or its credentials are missing.
        CloudsyncError: the run can't go on.
    """
    return tuple(_of(job, number, job.go_on) for number in range(len(job.config.targets)))


def _of(job: Job, number: int, go_on: Callable[[], None]) -> Accounts | None:
    settings = job.config.targets[number]
    provider = job.provider(settings.provider)
    return provider.accounts(settings, go_on) if isinstance(provider, TellsAccounts) else None


def knowing(job: Job, found: Listed) -> Job:
    """``job``, none of whose blocks asks for the accounts that were ``found``."""
    targets = tuple(
        settings.knowing(one) if one else settings
        for settings, one in zip(job.config.targets, found, strict=True)
    )
    return replace(job, config=job.config.but(targets=targets))


def leave(job: Job, name: str, found: Listed) -> str:
    """Leave what was ``found`` to the run called ``name``; gives its digest, empty of nothing.

    What somebody left who died before the run had begun is replaced.

    Raises:
        StateError: the state can't be written.
    """
    if not any(found):
        return ""
    key = accounts_key(name)
    known = job.store.get(key)
    records.save(job.store, key, ACCOUNTS, found, known.generation if known else None)
    return _digest(found)


def told(job: Job, common: Common) -> Job:
    """``job``, where its blocks know which accounts were listed when the run began.

    With another configuration than the run's it is left as it is: it has other blocks.

    Raises:
        StateError: the state can't be read, or what was left isn't there any more.
    """
    if not common.accounts or common.config != job.config.digest:
        return job
    stored = records.load(job.store, accounts_key(common.name), ACCOUNTS)
    if stored is None or _digest(stored.value) != common.accounts:
        raise StateError(
            f"state {accounts_key(common.name)}",
            "the accounts that the run goes by aren't those that were listed when it began",
            todo="Begin another run under a new name.",
        )  # fmt: skip
    return knowing(job, stored.value)


def accounts_key(name: str) -> str:
    """Where the accounts of a run stand."""
    return f"{common_key(name)}/accounts"


def _digest(found: Listed) -> str:
    said = json.dumps(_value(found), sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"


def _value(found: Listed) -> Value:
    return {"blocks": [maybe(_accounts_value, one) for one in found]}


def _accounts_value(one: Accounts) -> Value:
    return {
        "ids": list(one.ids),
        "unlisted": [[lost.scope, lost.reason, lost.todo] for lost in one.unlisted],
    }


def _listed(value: Value) -> Listed:
    return tuple(maybe(_accounts, one) for one in value["blocks"])


def _accounts(value: Any) -> Accounts:
    return Accounts(
        tuple(map(text, value["ids"])),
        tuple(
            Unreadable(text(scope), text(reason), text(todo))
            for scope, reason, todo in value["unlisted"]
        ),
    )


ACCOUNTS: Final[Kind[Listed]] = Kind("shard_accounts", 1, _value, _listed)
