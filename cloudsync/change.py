"""A change that a cloud told of, and what of ours it concerns; it calls nothing.

An event only says where to look: it comes late, twice or not at all, and what it says of a rule is
never believed. What it concerns is observed anew, and the scheduled sweep stays the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast, runtime_checkable

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable


@immutable
class Change:
    """What somebody did: ``what`` they called, who they are, and ``where``.

    ``where`` holds names of targets (``aws:123456789012/eu-west-1/sg-0abc``), of scopes where the
    event doesn't say which target (``aws:123456789012/eu-west-1``), or of a whole cloud (``gcp``).
    ``actors`` are all the names that the event gives whoever did it.
    """

    what: str
    where: frozenset[str]
    actors: frozenset[str] = frozenset()


@runtime_checkable
class TellsChanges(Protocol):
    """A provider's class that reads its cloud's events; it needs no SDK for that."""

    def change(self, event: Mapping[str, Any]) -> Change | None:
        """The change that ``event`` tells of; None of one that is of no concern, or failed.

        Raises:
            UsageError: it is no event of this cloud, or lacks what it has to say.
        """
        ...


def malformed(what: str) -> UsageError:
    """The refusal of an event; ``what`` is wrong with it, in our words and never in the event's."""
    return UsageError("event", what, todo="Send what the cloud's own rule or sink delivers.")


def fields(value: Any) -> Mapping[str, Any] | None:
    """``value`` where it is an object, as JSON has it; else None."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else None


def concerns(only: Iterable[str], name: str) -> bool:
    """Whether one of ``only`` is the target or scope ``name``, or in it, or holds it.

    Everything is concerned where ``only`` is empty. No cloud tells two names apart by case alone.
    """
    only = [one.casefold() for one in only]
    name = name.casefold()
    return not only or any(one == name or _holds(one, name) or _holds(name, one) for one in only)


def elsewhere(only: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """Those of ``only`` that concern none of ``names``: scopes that are looked into, and targets."""
    names = tuple(names)
    return frozenset(one for one in only if not any(concerns((one,), name) for name in names))


def accounts(only: Iterable[str]) -> frozenset[str] | None:
    """The accounts that ``only`` names or is in (``aws:123456789012``); None where it is a whole cloud."""
    found = frozenset(one.partition("/")[0] for one in only)
    return found if all(":" in one for one in found) else None


def ours(actors: Iterable[str], own: Iterable[str]) -> bool:
    """Whether one of ``actors`` is one of ``own``, where ``*`` stands for any account's digits.

    ``arn:aws:iam::*:role/cloudsync`` is that role in each account, and no role of another name:
    an organization's accounts aren't known ahead.
    """
    patterns = [re.escape(one).replace(re.escape("*"), "[0-9]{12}") for one in own]
    return any(re.fullmatch(one, actor) for one in patterns for actor in actors)


def _holds(outer: str, inner: str) -> bool:
    return inner.startswith((f"{outer}/", f"{outer}:"))
