"""What name servers said of one domain, as values; it asks nobody and judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cloudsync.addresses import Address
from cloudsync.immutable import immutable

Said = Literal["records", "none", "missing", "unknown"]
"""MX records; the name without any; no such name; or no answer that says which."""


@dataclass(frozen=True, slots=True, order=True)
class Exchange:
    """One MX record: ``name`` in lower case without the dot at its end, empty for the root."""

    preference: int
    name: str


@immutable
class Answer:
    """What one name server said of a domain's MX.

    ``authority`` marks a server of the domain's own, ``ttl`` is in seconds; ``reason`` says why
    nothing is known.
    """

    server: str
    authority: bool
    said: Said
    exchanges: frozenset[Exchange] = frozenset()
    ttl: int = 0
    reason: str = ""


@immutable
class Name:
    """Where a name leads: its addresses in both families; ``unknown`` says why that isn't known.

    ``alias`` marks a name that is another's alias (CNAME).
    """

    name: str
    addresses: frozenset[Address] = frozenset()
    alias: bool = False
    unknown: str = ""
    ttl: int = 0


@immutable
class Seen:
    """One look at a domain.

    ``names`` are the exchanges by name, ``apex`` the domain's own addresses, ``hints`` names that
    used to lead to mail servers, ``tenant`` the name that Microsoft 365 gives to its customers'
    domains, ``discovery`` where the domain's mailboxes are looked for.
    """

    domain: str
    answers: tuple[Answer, ...]
    names: Mapping[str, Name] = field(default_factory=dict[str, Name])
    apex: Name = Name("")
    hints: tuple[Name, ...] = ()
    tenant: Name = Name("")
    discovery: Name = Name("")


@immutable
class Egress:
    """How the connection ended.

    ``open``: an SMTP greeting was read. ``silent``: every try timed out, which is how a provider or
    a firewall that stops port 25 looks. ``refused``: somebody said no, which proves nothing.
    """

    host: str
    port: int
    outcome: Literal["open", "silent", "refused", "no_greeting"]
    detail: str = ""
