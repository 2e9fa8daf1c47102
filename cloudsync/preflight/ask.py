"""Asks name servers what a look at a domain needs; it judges nothing, and no answer is no "none".

Each server is asked by itself, with dnspython's messages: a resolver that tries the next server,
keeps answers or searches suffixes would hide just what is looked for. The domain's own servers are
asked without recursion and have to answer with authority (RFC 1034 section 4.2.1); a UDP answer
that was cut off is asked for again over TCP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from ipaddress import ip_address
from typing import Final, Literal, cast

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.resolver
import dns.reversename

from cloudsync.addresses import Address
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.preflight.seen import Answer, Exchange, Name, Seen

HINTS: Final = ("mail", "smtp", "mx")
MOST: Final = 32
"""The most exchanges, or name servers, that are looked at for one domain."""

_LATE: Final = "no answer in time"

Kind = Literal["records", "none", "missing", "unknown"]


@immutable
class Reply:
    """What one server answered one question: records as text, and whether by way of an alias."""

    kind: Kind
    records: tuple[str, ...] = ()
    ttl: int = 0
    alias: bool = False
    reason: str = ""


@immutable
class Servers:
    """The name servers to ask, as ``(address, port)``.

    ``port`` is where a domain's own servers answer; ``timeout`` is in seconds, for each of
    ``tries``. ``late`` counts the questions in a row that a server didn't answer in time; after
    two it isn't asked again, so that one that is down doesn't cost minutes.
    """

    recursive: tuple[tuple[str, int], ...]
    port: int = 53
    timeout: float = 3.0
    tries: int = 2
    late: dict[tuple[str, int], int] = field(
        default_factory=dict[tuple[str, int], int], compare=False, repr=False
    )

    def look(self, domain: str) -> Seen:
        """One look at ``domain``."""
        answers = (*self._of_authorities(domain), *self._of_recursive(domain))
        exchanges = {one.name for answer in answers for one in answer.exchanges if one.name}
        return Seen(
            domain,
            answers,
            {name: self.name(name) for name in sorted(exchanges)},
            self.name(domain) if any(one.said == "none" for one in answers) else Name(domain),
            tuple(self.name(f"{hint}.{domain}") for hint in HINTS),
            self.name(f"{domain.replace('.', '-')}.mail.protection.outlook.com"),
            self.name(f"autodiscover.{domain}"),
        )

    def name(self, name: str) -> Name:
        """Where ``name`` leads, as every server asked says together."""
        if _address(name):
            return Name(name)
        addresses: set[Address] = set()
        unknown: list[str] = []
        alias, ttl = False, 0
        for server in self.recursive:
            for kind in ("A", "AAAA"):
                reply = self.ask(server, name, kind)
                if reply.kind == "unknown":
                    unknown.append(f"{written(server)}: {reply.reason}")
                    continue
                addresses.update(ip_address(one) for one in reply.records)
                alias, ttl = alias or reply.alias, max(ttl, reply.ttl)
        return Name(name, frozenset(addresses), alias, "; ".join(dict.fromkeys(unknown)), ttl)

    def reverse(self, address: Address) -> tuple[str, ...] | None:
        """The names of ``address`` (PTR); None where nobody says."""
        question = dns.reversename.from_address(str(address)).to_text()
        reply = self._first(question, "PTR")
        if reply.kind == "unknown":
            return None
        return tuple(sorted(one.lower().rstrip(".") for one in reply.records))

    def _of_recursive(self, domain: str) -> Iterator[Answer]:
        for server in self.recursive:
            yield _answer(written(server), self.ask(server, domain, "MX"), authority=False)

    def _of_authorities(self, domain: str) -> Iterator[Answer]:
        """What each of the domain's own name servers says."""
        zone = domain
        while (found := self._first(zone, "NS")).kind in {"none", "missing"} and "." in zone:
            zone = zone.partition(".")[2]
        if found.kind != "records":
            reason = found.reason or "nobody says which they are"
            yield Answer("its own name servers", authority=True, said="unknown", reason=reason)
            return
        for host in sorted(one.lower().rstrip(".") for one in found.records)[:MOST]:
            yield self._of_authority(host, domain)

    def _of_authority(self, host: str, domain: str) -> Answer:
        """What the name server ``host`` says, at the first of its addresses that answers."""
        where = self.name(host)
        reply = Reply("unknown", reason=where.unknown or "its name leads nowhere")
        for address in sorted(where.addresses, key=lambda one: (one.version, int(one))):
            reply = self.ask((str(address), self.port), domain, "MX", authority=True)
            if reply.kind != "unknown":
                break
        return _answer(host, reply, authority=True)

    def _first(self, name: str, kind: str) -> Reply:
        """The first answer that says anything."""
        reply = Reply("unknown", reason="there is no name server to ask")
        for server in self.recursive:
            reply = self.ask(server, name, kind)
            if reply.kind != "unknown":
                break
        return reply

    def ask(
        self, server: tuple[str, int], name: str, kind: str, *, authority: bool = False
    ) -> Reply:
        """What one server answers one question; whatever goes wrong is unknown, with the reason."""
        try:
            question = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        except (dns.exception.DNSException, ValueError) as error:
            return Reply("unknown", reason=f"{name} can't be asked for ({error})")
        if authority:
            question.flags &= ~dns.flags.RD
        if self.late.get(server, 0) >= 2:
            return Reply("unknown", reason=_LATE)
        reason = ""
        for _ in range(self.tries):
            try:
                message, _tcp = dns.query.udp_with_fallback(
                    question, server[0], self.timeout, server[1], ignore_unexpected=True,
                    ignore_errors=True,
                )  # fmt: skip
            except (dns.exception.DNSException, OSError, ValueError, EOFError) as error:
                reason = _reason(error)
                continue
            self.late.pop(server, None)
            return _read(message, kind, authority=authority)
        if reason == _LATE:
            self.late[server] = self.late.get(server, 0) + 1
        return Reply("unknown", reason=reason)


def servers(nameservers: Iterable[str], *, port: int = 53) -> Servers:
    """The servers that ``preflight.nameservers`` names, or the machine's own.

    Raises:
        UsageError: the machine has none.
    """
    named = tuple(_split(one) for one in nameservers)
    if not named:
        try:
            own = cast("list[object]", dns.resolver.Resolver().nameservers)
        except dns.exception.DNSException:
            own = []
        named = tuple((one, 53) for one in own if isinstance(one, str))
    if not named:
        raise UsageError(
            "preflight.nameservers", "isn't said, and this machine has no name server",
            todo="Name some, such as preflight: {nameservers: [9.9.9.9, 1.1.1.1]}.",
        )  # fmt: skip
    return Servers(named, port)


def written(server: tuple[str, int]) -> str:
    """A server as the configuration writes it."""
    host, port = server
    if port == 53:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(value: str) -> tuple[str, int]:
    if value.startswith("["):
        host, _, port = value[1:].partition("]")
        return host, int(port[1:] or 53)
    if value.count(":") == 1:
        host, _, port = value.partition(":")
        return host, int(port)
    return value, 53


def _answer(server: str, reply: Reply, *, authority: bool) -> Answer:
    exchanges: set[Exchange] = set()
    for record in reply.records:
        preference, _, name = record.partition(" ")
        exchanges.add(Exchange(int(preference), name.lower().rstrip(".")))
    if len(exchanges) > MOST:
        reason = f"it names {len(exchanges)} exchanges, more than the {MOST} that are looked at"
        return Answer(server, authority, "unknown", reason=reason)
    return Answer(server, authority, reply.kind, frozenset(exchanges), reply.ttl, reply.reason)


def _read(message: dns.message.Message, kind: str, *, authority: bool) -> Reply:
    """The reply that ``message`` is."""
    rcode = message.rcode()
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return Reply("unknown", reason=dns.rcode.to_text(rcode))
    if authority and not message.flags & dns.flags.AA:
        return Reply("unknown", reason="it doesn't answer with authority")
    try:
        chain = cast("dns.message.QueryMessage", message).resolve_chaining()
    except dns.exception.DNSException as error:
        return Reply("unknown", reason=_reason(error))
    alias = bool(chain.cnames)
    if chain.answer is None:
        # A name that is an alias of one that doesn't exist is there itself.
        missing = rcode == dns.rcode.NXDOMAIN and not alias
        return Reply("missing" if missing else "none", ttl=chain.minimum_ttl, alias=alias)
    records = tuple(
        sorted(one.to_text() for one in cast("Iterable[dns.rdata.Rdata]", chain.answer))
    )
    wanted = dns.rdatatype.from_text(kind)
    if chain.answer.rdtype != wanted:
        return Reply("unknown", reason="it answers another question")
    return Reply("records", records, chain.minimum_ttl, alias)


def _reason(error: Exception) -> str:
    match error:
        case dns.exception.Timeout():
            return _LATE
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return f"no answer that can be read ({type(error).__name__})"


def _address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
