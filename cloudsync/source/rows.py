"""The pieces that rows are made of: addresses, networks, masks and names; it knows no layout."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from re import compile as pattern
from typing import Final

from cloudsync.addresses import Address, Network
from cloudsync.errors import SourceRefused
from cloudsync.immutable import immutable
from cloudsync.source.codes import refusal
from cloudsync.source.special import special_use

MAX_NAME: Final = 253

_IPV6_TEXT: Final = pattern(r"[0-9A-Fa-f:.]+")
_LENGTH: Final = pattern(r"0|[1-9][0-9]{0,2}")
_HOST: Final = pattern(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])\.?"
)
_HOST_INSIDE: Final = pattern(r"[A-Za-z0-9-]\.[A-Za-z]{2,}")
_LABEL: Final = pattern(r"[A-Za-z][A-Za-z0-9 .&/'-]*")


@immutable
class Widest:
    """The shortest prefix lengths that a reader takes: anything wider is refused.

    /20 is 4,096 addresses, sixteen times the widest that the vendor has ever listed; /32 is what
    one provider is given in IPv6.
    """

    ipv4: int = 20
    ipv6: int = 32

    def of(self, network: Network) -> int:
        """The limit of the network's family."""
        return self.ipv4 if network.version == 4 else self.ipv6


@immutable
class Place:
    """Where a row stands: the source and the line, for its refusals."""

    source: str
    line: int

    def refusal(self, code: str, what: str) -> SourceRefused:
        """The refusal of this row for ``code``."""
        return refusal(self.source, code, what, line=self.line)


def address(token: str, at: Place) -> Address:
    """The address that ``token`` is, with no zone, no leading zero, and ASCII digits only.

    Raises:
        SourceRefused: ``E_ADDR``.
    """
    try:
        # ipaddress refuses leading zeros and digits that aren't ASCII, and takes a %zone.
        if ":" in token and _IPV6_TEXT.fullmatch(token):
            return IPv6Address(token)
        return IPv4Address(token)
    except ValueError:
        raise at.refusal("E_ADDR", f"{token!a} is no address") from None


def network(token: str, mask: str | None, widest: Widest, at: Place) -> Network:
    """The network ``token`` with ``mask``: a prefix length, or None for one address.

    Raises:
        SourceRefused: ``E_ADDR``, ``E_MASK``, ``E_HOST_BITS``, ``E_NOT_GLOBAL`` or ``E_TOO_WIDE``.
    """
    base = address(token, at)
    length: int = base.max_prefixlen
    if mask is not None:
        if not _LENGTH.fullmatch(mask) or int(mask) > base.max_prefixlen:
            what = f"{mask!a} is no prefix length between 0 and {base.max_prefixlen}"
            raise at.refusal("E_MASK", what)
        length = int(mask)
    return _vetted(base, length, widest, at)


def masked(token: str, mask: str, widest: Widest, at: Place) -> Network:
    """The IPv4 network ``token`` with a dotted ``mask``, such as 255.255.255.0.

    Raises:
        SourceRefused: as ``network``, and ``E_FAMILY``.
    """
    base = address(token, at)
    if base.version != 4:
        raise at.refusal("E_FAMILY", f"{base} is IPv6, and a dotted mask goes with IPv4")
    return _vetted(base, mask_length(mask, at), widest, at)


def mask_length(mask: str, at: Place) -> int:
    """The prefix length of a dotted netmask.

    Raises:
        SourceRefused: ``E_MASK``: not dotted, not contiguous, or a wildcard mask.
    """
    try:
        # ipaddress would take 0.0.0.255 for a host mask, which is the opposite of what it says.
        bits = f"{int(IPv4Address(mask)):032b}"
    except ValueError:
        raise at.refusal("E_MASK", f"{mask!a} is no mask such as 255.255.255.0") from None
    if "01" in bits:
        raise at.refusal("E_MASK", f"{mask} isn't ones followed by zeros")
    return bits.count("1")


def single(one: Address, at: Place) -> Network:
    """``one`` as a network of one, which must be public.

    Raises:
        SourceRefused: ``E_NOT_GLOBAL``.
    """
    return _vetted(one, one.max_prefixlen, Widest(), at)


def name(text: str, suffixes: Iterable[str], at: Place) -> str:
    """The name beside an address: a host under one of ``suffixes``, or a label in words.

    ``suffixes`` are whole labels without the leading dot: ``evil-example.com`` isn't under
    ``example.com``.

    Raises:
        SourceRefused: ``E_NAME`` or ``E_FOREIGN_HOST``.
    """
    if len(text) > MAX_NAME:
        raise at.refusal("E_NAME", f"a name of {len(text)} characters, the limit is {MAX_NAME}")
    if _HOST.fullmatch(text):
        allowed = tuple(suffixes)
        bare = text.removesuffix(".").lower()
        if not bare.endswith(tuple(f".{suffix.lower()}" for suffix in allowed)):
            known = ", ".join(f".{suffix}" for suffix in allowed) or "any known domain"
            raise at.refusal("E_FOREIGN_HOST", f"{text} isn't under {known}")
        return text
    if not _LABEL.fullmatch(text) or _HOST_INSIDE.search(text):
        raise at.refusal("E_NAME", f"{text!a} is neither a host's name nor a label")
    return text


def is_label(text: str) -> bool:
    """Whether ``text`` is a name in words, as ``name`` takes one."""
    return len(text) <= MAX_NAME and _LABEL.fullmatch(text) is not None


def _vetted(base: Address, length: int, widest: Widest, at: Place) -> Network:
    family = IPv4Network if base.version == 4 else IPv6Network
    found = family((int(base), length), strict=False)
    if found.network_address != base:
        what = f"{base}/{length} has bits set beyond its mask; the network is {found}"
        raise at.refusal("E_HOST_BITS", what)
    special = special_use(found)
    # A private /8 is first of all private; everybody's /0 is first of all too wide.
    inside = special is not None and special[0].prefixlen <= length
    if length < widest.of(found) and not inside:
        raise at.refusal("E_TOO_WIDE", f"{found} is wider than /{widest.of(found)}")
    if special is not None:
        block, purpose = special
        verb = "lies in" if inside else "reaches into"
        raise at.refusal("E_NOT_GLOBAL", f"{found} {verb} {block}, {purpose}")
    return found
