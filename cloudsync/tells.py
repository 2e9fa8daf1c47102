"""What a provider may tell beside the contract, each as it can; it calls no cloud.

Whoever wants to know asks whether a provider, or its rules, can tell, and does without where not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from cloudsync.exposure import Exposure
from cloudsync.immutable import immutable
from cloudsync.model import Purpose
from cloudsync.provider import Scope, Snapshot, Sources, Unreadable


@immutable
class Managed:
    """Who else keeps a target right, and would undo what is changed there.

    ``by`` is their name, ``sign`` what they are known by, ``todo`` a sentence: where the list
    belongs instead.
    """

    by: str
    sign: str
    todo: str


@runtime_checkable
class TellsManaged(Protocol):
    """Rules that know who else keeps a target. Optional: where no others do, a provider lacks it."""

    def managed(self, snapshot: Any) -> Mapping[str, Managed]:
        """Who keeps which target, by the signs that they leave; only targets that have such signs.

        It is asked for each page of a sweep.
        """
        ...


@runtime_checkable
class TellsModules(Protocol):
    """Rules that know who stands in what our Terraform modules keep. Optional, as the modules are."""

    def modules(self, snapshot: Any, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who the rules with the modules' mark let in to one of ``ports``; only targets with such rules.

        A list that a rule names stands in it with its addresses and with its name.
        """
        ...


@immutable
class Accounts:
    """The accounts that a block means as its cloud lists them, and what couldn't be listed.

    ``ids`` are in order, as the cloud writes them.
    """

    ids: tuple[str, ...] = ()
    unlisted: tuple[Unreadable, ...] = ()


@runtime_checkable
class TellsAccounts(Protocol):
    """A provider whose cloud lists accounts. Optional: one that lacks it asks within ``scopes``.

    What is told stands in the block that ``scopes`` gets, as ``settings.known``, and isn't asked
    for again.
    """

    def accounts(self, settings: Any, go_on: Callable[[], None]) -> Accounts | None:
        """The accounts of a block; None where the block names them itself.

        ``go_on`` is asked between two calls: a listing may take long, and what it raises ends it.

        Raises:
            UsageError: there are no credentials.
        """
        ...


@runtime_checkable
class TellsBeside(Protocol):
    """Rules that know of another layer beside the targets' own. Optional: where there is none, no need."""

    def beside(self, snapshot: Any, port: int) -> Mapping[str, Sequence[Exposure]]:
        """Who gets past the other layer to ``port``, one exposure for each kind of machine.

        Only targets some machine of which is behind such a layer. A verdict rests on it and a proof
        doesn't: a step must keep the promises by what is kept here alone.
        """
        ...


@runtime_checkable
class Freezes(Protocol):
    """Rules whose snapshots can be kept as JSON. Optional: a plan of one that can't isn't replayed."""

    def freeze(self, snapshot: Any, /) -> Mapping[str, Any]:
        """``snapshot`` as JSON: what a plan rests on, and nothing by which anybody could act."""
        ...

    def thaw(self, kept: Mapping[str, Any], /) -> Snapshot:
        """The snapshot that ``freeze`` was given, but for what only a call needs.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it isn't what ``freeze`` gave.
        """
        ...


@immutable
class Resource:
    """An own rule as a resource of Terraform's.

    ``id`` is what it is imported by. ``sources`` stand in the argument ``singular`` where there is
    one, in ``plural`` where there are several; one of the two may be missing, since a resource may
    take only the other. A dot leads into a block. ``arguments`` are all others; a mapping is a block.
    ``provider`` is what the provider's own configuration must say for it.
    """

    type: str
    id: str
    purpose: Purpose
    port: int
    sources: tuple[str, ...]
    singular: str | None
    plural: str | None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    provider: Mapping[str, Any] = field(default_factory=dict[str, Any])


@runtime_checkable
class TellsTerraform(Protocol):
    """Rules that know what Terraform calls their own. Optional: a cloud may have no provider there."""

    def resources(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Sequence[Resource]]:
        """The installation's own rules per target, in a snapshot of a close look.

        A target that can't be taken over, as it is no rules that Terraform could keep one by one,
        is left out.
        """
        ...


@immutable
class Actor:
    """Who changed something: their name as the cloud writes it, what they called, and when."""

    name: str
    what: str
    at: datetime


@runtime_checkable
class TellsActors(Protocol):
    """A provider whose cloud keeps a trail of who did what. Optional, as the permission for it is."""

    def actor(self, scope: Scope, target: str, since: datetime) -> Actor | None:
        """Who last changed ``target`` after ``since``, which has a zone, ourselves left out.

        None where nobody did, where the trail doesn't know yet, and where it may not be read. It
        raises nothing: a run goes on without the name.
        """
        ...


@immutable
class Permission:
    """Whether one thing that changes need is allowed, as the cloud itself answers.

    ``where`` is a target, or the scope where the cloud answers for that; ``action`` is the cloud's
    own word. ``held`` is None where nobody says; ``why`` is what was answered instead.
    """

    where: str
    action: str
    held: bool | None
    why: str = ""


@runtime_checkable
class TellsPermissions(Protocol):
    """A provider whose cloud can be asked what it would allow, and changes nothing. Optional."""

    def permissions(
        self, scope: Scope, targets: Sequence[str], deadline: float | None = None
    ) -> Iterator[Permission]:
        """What changes of ``targets`` need, one by one. It raises nothing: no answer is None."""
        ...
