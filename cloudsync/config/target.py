"""What every target block says, whatever its cloud, and what `enforce` demands of it; it calls none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from cloudsync.addresses import Network
from cloudsync.config.document import Document
from cloudsync.config.refusal import refused
from cloudsync.config.settings import Settings
from cloudsync.config.shape import FLAG, checked, members, whole
from cloudsync.config.times import Until, over
from cloudsync.config.values import (
    AddressText,
    Endpoint,
    Group,
    HostName,
    NetworkText,
    Port,
    Widened,
    Words,
    distinct,
    on_loopback,
)
from cloudsync.config.words import KeyPath, dotted
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

Mode = Literal["watch", "add", "enforce"]

MODES: Final[dict[str, str]] = {
    "watch": "looks and reports, changes nothing",
    "add": "lets the list in, closes nothing",
    "enforce": "as add, then closes what else is open",
}

# 10.0.0.0/8 and fc00::/7 are the widest networks that somebody can own inside. Whoever needs more
# than that beside the list has no use for a list.
_WIDEST: Final = {4: 8, 6: 7}


def also_network(found: Network) -> Network:
    """``found`` where it isn't wider than any internal network.

    Raises:
        PydanticCustomError: it is.
    """
    widest = _WIDEST[found.version]
    if found.prefixlen < widest:
        raise refused(
            f"{found} is wider than /{widest}, the widest that may be let in beside the list",
            "Name the networks that send mail here.",
        )
    return found


class AlsoAllow(Settings):
    """A source that is wanted beside the list, who answers for it, why, and until when.

    Exactly one of ``network``, ``group``, ``prefix_list`` and ``tag`` is given.
    """

    network: Annotated[NetworkText, checked(also_network)] | None = None
    """A network or an address."""
    group: Words | None = None
    """A security group, or an application security group, by its cloud's id."""
    prefix_list: Words | None = None
    """A prefix list, by its cloud's id."""
    tag: Words | None = None
    """A service tag, or a source tag."""
    owner: Words
    """Who answers for it."""
    reason: Words
    """Why it is needed."""
    until: Until
    """When it ends: never, a day (which still counts, in UTC), or a moment with its zone."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        given = [key for key in _SOURCES if getattr(self, key) is not None]
        if len(given) == 1:
            return
        what = f"names {len(given)} sources ({', '.join(given)})" if given else "names no source"
        raise refused(what, f"Give exactly one of {', '.join(_SOURCES)}; write one entry for each.")

    @property
    def source(self) -> str:
        """The source as text, whichever kind it is."""
        return next(str(v) for key in _SOURCES if (v := getattr(self, key)) is not None)


_SOURCES: Final = ("network", "group", "prefix_list", "tag")


class AcceptRisk(Settings):
    """Who takes it on themselves that a target is closed without preflight, why, and until when."""

    by: Words
    """The person."""
    reason: Words
    """What makes them sure."""
    until: Until
    """When it ends, as in also_allow."""


class Priority(Settings):
    """The numbers that own rules may take, both ends included, where a cloud has priorities."""

    first: Annotated[int, whole(0, 65_535)] = field(metadata={"alias": "from"})
    """The first number: own allows stand here."""
    last: Annotated[int, whole(0, 65_535)] = field(metadata={"alias": "to"})
    """The last number: own denies stand here."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.first > self.last:
            raise refused(f"from {self.first} to {self.last} holds no number", "Swap the two.")


@immutable
class Place:
    """Where a target block stands: its number, from 0, and the document it is in."""

    index: int = 0
    document: Document | None = field(default=None, compare=False, repr=False)

    def at(self, *keys: str | int) -> str:
        """``FILE:LINE: targets[0].KEY``; without a document, the key alone."""
        path: KeyPath = ("targets", self.index, *keys)
        return dotted(path) if self.document is None else self.document.at(path)


class TargetSettings(Settings):
    """The keys that every provider's target block has. A provider adds its own in a subclass."""

    provider: str
    """The cloud."""
    mode: Mode
    """watch, add or enforce; there is no default."""
    ports: Annotated[tuple[Port, ...], members(1), checked(distinct)] = (25,)
    """The TCP ports to guard."""
    widen: Widened | None = None
    """As in list, for this target alone."""
    shoreline: Annotated[tuple[Group, ...], checked(distinct)] | None = None
    """As in list, for this target alone."""
    also_allow: tuple[AlsoAllow, ...] = ()
    """What is wanted beside the list."""
    internal: Literal["keep", "close"] | None = None
    """Whether internal addresses that get in today keep getting in."""
    path: Literal["direct", "preserved", "proxied"] | None = None
    """How mail comes here: to the machine itself, with the sender's address kept, or proxied."""
    domains: Annotated[tuple[HostName, ...], checked(distinct)] = ()
    """The mail domains that these machines serve, for preflight."""
    own_addresses: Annotated[tuple[AddressText, ...], checked(distinct)] = ()
    """The public addresses of these machines, for preflight."""
    accept_risk: AcceptRisk | None = None
    """Who takes the place of preflight."""
    override_denies: Annotated[bool, FLAG] = False
    """Whether own rules go ahead of a narrow foreign deny."""
    close_opaque: Annotated[bool, FLAG] = False
    """Whether closing may stop outside names that also_allow doesn't list."""
    shared: Annotated[bool, FLAG] = False
    """Whether an object that others use too may be changed."""
    priority: Priority | None = None
    """The numbers that own rules may take."""
    managed_by: Words | None = None
    """Who else keeps these targets, so that they are only watched; cloudsync: it may change them."""
    endpoint: Endpoint | None = None
    """Another address of the cloud's API."""

    _mine: ClassVar[Any] = None  # of one copy, as the next: ``within``
    _alone: ClassVar[frozenset[str] | None] = None
    _known: ClassVar[Any] = None  # of one copy: ``knowing``

    @property
    def place(self) -> Place:
        """Where the block stands, for messages."""
        return self._place if isinstance(self._place, Place) else Place()

    @property
    def index(self) -> int:
        """The block's number in its file, from 0."""
        return self.place.index

    @property
    def where(self) -> str:
        """``FILE:LINE: targets[0]``."""
        return self.place.at()

    def at(self, *keys: str | int) -> str:
        """``FILE:LINE: targets[0].KEY``, the first part of a message about a key of this block."""
        return self.place.at(*keys)

    @property
    def discovers(self) -> bool:
        """Whether the cloud says which scopes there are, so that one may vanish by itself."""
        return False

    def within(self, mine: Callable[[str], bool], alone: frozenset[str] | None = None) -> Self:
        """The block where it is asked for some accounts only: those of which ``mine`` says yes.

        ``alone`` names them all where they are known ahead.
        """
        made = self.but()
        object.__setattr__(made, "_mine", mine)
        object.__setattr__(made, "_alone", alone)
        return made

    @property
    def alone(self) -> frozenset[str] | None:
        """The accounts that it is asked for and no other (``aws:123456789012``), so that none is
        listed to find them; None where nobody knows them ahead.
        """
        return self._alone

    def asks(self, account: str) -> bool:
        """Whether it is asked for ``account`` (``aws:123456789012``); a provider need not heed it.

        What lists accounts asks it for each, so that a process with a share of them asks nothing
        of the others.
        """
        return self._mine is None or bool(self._mine(account))

    def knowing(self, accounts: Any) -> Self:
        """The block where it is known which accounts its cloud lists (``tells.Accounts``)."""
        made = self.but()
        object.__setattr__(made, "_known", accounts)
        return made

    @property
    def known(self) -> Any:
        """The accounts that were listed for it already, or None: then its provider lists them."""
        return self._known

    def expected(self, scope: str) -> tuple[str, ...]:
        """The targets that are known to be asked for in a scope before anything is looked at."""
        del scope
        return ()

    def written(self, scope: str, targets: Mapping[str, str]) -> Iterator[list[str]]:
        """The lines that select exactly ``targets`` of a scope, one list a block.

        ``targets`` gives what is said of each beside it.
        """
        ids = [f"        - {one.rpartition('/')[2]}  # {said}" for one, said in targets.items()]
        yield [f"    regions: [{scope.rpartition('/')[2]}]", "    select:", "      ids:", *ids]

    @property
    def on_loopback(self) -> bool:
        """Whether the endpoint is on this machine, so that it can only be a sandbox."""
        return self.endpoint is not None and on_loopback(self.endpoint)


def active(also: AlsoAllow, now: datetime) -> bool:
    """Whether ``also`` is still wanted at ``now``, which must have a zone."""
    return not over(also.until, now)


def demands(target: TargetSettings) -> list[UsageError]:
    """What is missing before `enforce` may touch ``target``; empty in the other modes.

    Each is an error for the user, to be reported before the first call.
    """
    if target.mode != "enforce":
        return []
    return [*_path(target), *_internal(target), *_preflight(target)]


def _path(target: TargetSettings) -> list[UsageError]:
    if target.path is None:
        what = "enforce needs to know how mail comes here, and it isn't said"
        todo = (
            "Say path: direct where senders connect to these machines, or path: preserved where a "
            "balancer keeps the sender's address."
        )
    elif target.path == "proxied":
        what = (
            "'proxied' says that these machines see the balancer's address in place of the "
            "sender's, so closing by the list would stop all mail"
        )
        todo = "Put the list on the balancer's own firewall, and set mode: watch here."
    else:
        return []
    return [UsageError(target.at("path"), what, todo=todo)]


def _internal(target: TargetSettings) -> list[UsageError]:
    if target.internal is not None:
        return []
    return [
        UsageError(
            target.at("internal"),
            "enforce needs to know what becomes of internal addresses, and it isn't said",
            todo="Say internal: keep to go on letting them in, or internal: close.",
        )
    ]


def _preflight(target: TargetSettings) -> list[UsageError]:
    """Whether either is said at all; whether it holds is asked target by target, in the state."""
    if target.domains or target.accept_risk is not None:
        return []
    return [
        UsageError(
            target.at("domains"),
            "enforce needs the mail domains that preflight tries, or somebody who answers for "
            "closing without it, and names neither",
            todo="Say domains: [DOMAIN, …] and own_addresses: [ADDRESS, …], or accept_risk: "
            "{by: …, reason: …, until: …}, or set mode: add.",
        )
    ]
