"""The kinds of value a configuration holds, each read from text exactly or refused; no models here."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Final, Literal, TypeVar
from urllib.parse import urlsplit

from cloudsync.addresses import Address, AddressSet, Network
from cloudsync.config.refusal import refused, shown, text_of
from cloudsync.config.shape import checked, made, named, text, turned, whole

T = TypeVar("T")

SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
"""How a URL begins, and no file's path."""
_NETWORK: Final = re.compile(r"[0-9a-fA-F:.]+(/[0-9]{1,3})?")
_MAPPED: Final = AddressSet.of("::ffff:0:0/96")


def network(value: object) -> Network:
    """One IPv4 or IPv6 network, or an address, which is a network of one.

    Raises:
        PydanticCustomError: it isn't one, has host bits, or is IPv4 dressed as IPv6.
    """
    if isinstance(value, Network):
        return value
    todo = "Write it as ADDRESS/LENGTH: 10.20.0.0/16."
    text = text_of(value, "a network", todo)
    try:
        found = ip_network(text, strict=False) if _NETWORK.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise refused(f"{shown(text)} isn't a network", todo)
    if found.network_address != ip_address(text.partition("/")[0]):
        raise refused(
            f"{shown(text)} has bits beyond its length",
            f"Write {found}, or the address that was meant with /{found.max_prefixlen}.",
        )
    if AddressSet.of(found) & _MAPPED and found.prefixlen >= 96:
        raise refused(f"{shown(text)} is an IPv4 network in IPv6 form", "Write it as IPv4.")
    return found


def address(value: object) -> Address:
    """One IPv4 or IPv6 address.

    Raises:
        PydanticCustomError: it isn't one.
    """
    if isinstance(value, Address):
        return value
    todo = "Write one address, without a length: 203.0.113.25."
    text = text_of(value, "an address", todo)
    try:
        found = ip_address(text) if _NETWORK.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise refused(f"{shown(text)} isn't an address", todo)
    if AddressSet.of(found) <= _MAPPED:
        raise refused(f"{shown(text)} is an IPv4 address in IPv6 form", "Write it as IPv4.")
    return found


def host_name(value: str) -> str:
    """A domain name in lower case, without the dot at its end.

    Raises:
        PydanticCustomError: it isn't one.
    """
    name = value.lower().removesuffix(".")
    labels = name.split(".")
    good = all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels)
    if not good or len(labels) < 2 or len(name) > 253 or labels[-1].isdigit():
        raise refused(
            f"{shown(value)} isn't a domain name",
            "Write it in ASCII, as it stands in DNS: example.com.",
        )
    return name


def on_loopback(url: str) -> bool:
    """Whether ``url`` names this very machine, where only sandboxes live."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def endpoint(value: str) -> str:
    """The URL of an API: https, or http on loopback.

    Raises:
        PydanticCustomError: it is another URL, or one with a user, a query or a fragment.
    """
    try:
        parts = urlsplit(value)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        raise refused(
            f"{shown(value)} isn't a URL", "Write https://HOST or https://HOST:PORT."
        ) from None
    if not parts.hostname or not port_is_one or parts.scheme not in {"https", "http"}:
        raise refused(f"{shown(value)} isn't a URL", "Write https://HOST or https://HOST:PORT.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        # What stands before the @ may be a password, so the value isn't repeated.
        raise refused(
            "the URL holds more than a host, a port and a path",
            "Write https://HOST:PORT; a secret never stands in this file.",
        )
    if parts.scheme == "http" and not on_loopback(value):
        raise refused(f"{shown(value)} isn't encrypted", "Use https; http is for loopback only.")
    return value


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """``values`` where each stands once.

    Raises:
        PydanticCustomError: one stands twice.
    """
    for number, value in enumerate(values):
        if value in values[:number]:
            raise refused(f"{shown(value)} stands twice", "Keep one of the two.", below=(number,))
    return values


def _as_text(value: object) -> object:
    # `widen: 24` is a number in YAML, and the natural way to write it.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


NetworkText = Annotated[
    Network, made(network, {"type": "string", "pattern": "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$"})
]
AddressText = Annotated[Address, made(address, {"type": "string", "pattern": "^[0-9a-fA-F:.]+$"})]
HostName = Annotated[str, checked(host_name)]
Endpoint = Annotated[str, checked(endpoint), named({"type": "string", "format": "uri"})]
Words = Annotated[str, text(least=1, most=200, stripped=True)]
"""A name or a reason, for people."""
Port = Annotated[int, whole(1, 65_535)]
Group = Annotated[str, text(r"^EXG[0-9]{1,2}$")]
Widened = Annotated[Literal["none", "24"], turned(_as_text, {"enum": ["none", "24", 24]})]
Width4 = Annotated[int, whole(8, 32)]
Width6 = Annotated[int, whole(16, 128)]
