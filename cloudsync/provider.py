"""The contract between the core and a cloud; who fulfils it is looked up in ``registry``.

A provider has two halves. ``rules`` is pure: it turns a snapshot into exposure, and what is wanted
into steps. The rest only calls, and decides nothing. ``tests/contract`` is the contract as a suite.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar, Literal, Protocol

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Exposure, Name
from cloudsync.immutable import immutable
from cloudsync.model import Note, Purpose, Wanted


@immutable
class Scope:
    """What is read, rate-limited and sharded as one: an account's region, a subscription.

    ``name`` prints as ``aws:123456789012/eu-west-1``. ``settings`` is the configuration's target
    block that asked for it, for the provider alone.
    """

    name: str
    settings: Any = field(repr=False, compare=False, default=None)

    def __str__(self) -> str:
        return self.name


@immutable
class Unreadable:
    """A scope, or the rest of one, that couldn't be read; never silence and never in sync."""

    scope: str
    reason: str
    todo: str = ""


class Snapshot(Protocol):
    """What one observation saw of some targets. Opaque to the core but for these."""

    @property
    def scope(self) -> Scope:
        """Where it was taken."""
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets in it, as they print everywhere."""
        ...

    @property
    def version(self) -> str:
        """What the cloud calls this state, where it has a word for it; else empty."""
        ...

    def outbound(self, target: str) -> str:
        """A digest of the target's outbound rules, which are never touched."""
        ...

    def of(self, targets: Iterable[str]) -> Snapshot:
        """Cut down to the smallest group of targets that share an object with these."""
        ...


Verb = Literal["add", "remove", "replace"]


@immutable
class Step:
    """One mutating call. It only adds, only removes, or rewrites one object as a whole.

    ``changes`` says what, one line a rule, ``+`` for a rule that will stand and ``-`` for one that
    will not; they are the step's identity, its digest and its proof of approval. ``own`` is False
    where a rule of somebody else is changed. ``narrows`` marks a ``replace`` that only takes away.
    ``call`` is the provider's own.
    """

    verb: Verb
    targets: tuple[str, ...]
    changes: tuple[str, ...]
    own: bool = True
    narrows: bool = False
    call: Any = field(default=None, compare=False, repr=False)

    @property
    def later(self) -> bool:
        """Whether it only takes away, and so waits until what was added has been seen."""
        return self.verb == "remove" or self.narrows


@immutable
class Remark:
    """What a person should know of a target: a rule that stays and the command for it, a limit."""

    target: str
    text: str
    note: Note | None = None


@immutable
class Refusal:
    """A target that can't be made right: what stands in the way, with numbers, and the ways out."""

    target: str
    what: str
    todo: str = ""
    witness: str | None = None


@immutable
class Proposal:
    """The steps that would make a snapshot right, in order, and what has to be said about it."""

    steps: tuple[Step, ...] = ()
    remarks: tuple[Remark, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@immutable
class Reversal:
    """How one step is taken back.

    ``commands`` are lines for a POSIX shell with the vendor's own command line, in order, for
    whoever stands there without cloudsync. ``record`` is JSON: what the step took from somebody
    else, or closed, so that ``undo`` can give it back; empty where it only let in or tidied up.
    """

    commands: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])


@immutable
class Order:
    """What a person ordered at a target by name, though it lets in somebody who isn't wanted.

    ``undo`` gives back what ``records`` say that a run took or closed; ``relax`` takes away own
    denies. These are the stated exceptions to promise 2, and to no other.
    """

    verb: Literal["undo", "relax"]
    records: tuple[Mapping[str, Any], ...] = ()


@immutable
class Sources:
    """Who stands in some rules: addresses, and opaque names."""

    addresses: AddressSet = NOBODY
    names: frozenset[Name] = frozenset()


@immutable
class Foreign:
    """A rule that isn't ours: who it lets in, and whether it decides the port and nothing else.

    ``addresses`` is NOBODY for a rule that denies or names only an opaque source. ``untouchable``
    marks a rule of another installation of ours: enforce leaves it.
    """

    text: str
    addresses: AddressSet
    alone: bool
    untouchable: bool = False


class Rules(Protocol):
    """The pure half of a provider.

    A snapshot is always one of the provider's own, which only it can look into: to the type
    checkers it is Any here.
    """

    @property
    def probes(self) -> AddressSet:
        """The platform's health-check sources."""
        ...

    def exposure(self, snapshot: Any, port: int) -> Mapping[str, Exposure]:
        """Who can reach ``port``, per target."""
        ...

    def steps(self, snapshot: Any, wanted: Mapping[str, Wanted]) -> Proposal:
        """The steps for the targets in ``wanted``, adds and replaces before removals."""
        ...

    def ordered(self, snapshot: Any, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
        """The steps that carry out ``order`` at the targets in ``wanted``; none where it is done."""
        ...

    def reversal(self, snapshot: Any, step: Step) -> Reversal:
        """How ``step``, made at ``snapshot``, is taken back."""
        ...

    def after(self, snapshot: Any, step: Step) -> Snapshot:
        """The snapshot as it will be once ``step`` is done."""
        ...

    def own(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's rules, per target and purpose."""
        ...

    def foreign(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The other rules that decide a port of ``ports``, per target, by a key.

        The key stays the same while the rule does, and says all of it that decides anything.
        """
        ...

    def elsewhere(self, snapshot: Any, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest per target of whatever decides any other port, in order."""
        ...


Kind = Literal["done", "unknown", "stale", "throttled", "denied", "limit", "failed"]


@immutable
class Outcome:
    """How one step ended. ``unknown`` means that the answer was lost: observing again settles it."""

    kind: Kind
    message: str = ""
    todo: str = ""


class Provider(Protocol):
    """One cloud. Its constructor raises UsageError where its SDK isn't installed."""

    name: ClassVar[str]
    settings: ClassVar[type[Any]]
    """The pydantic model of its target block; a ``cloudsync.config.TargetSettings``."""

    @property
    def rules(self) -> Rules:
        """The pure half."""
        ...

    def on_loopback(self, settings: Any) -> bool:
        """Whether the calls for a target block end on this machine: a sandbox, no real cloud."""
        ...

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """A target block in ``watch`` that selects everything in reach, for ``cloudsync init``."""
        ...

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """The scopes that one target block asks for."""
        ...

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """List the scope's targets, page by page; ``only`` some of them, closely, before a change.

        ``deadline`` is on ``time.monotonic``. A target of ``only`` that isn't found is left out.
        """
        ...

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make one mutating call. Translates every error of the cloud; raises none."""
        ...
