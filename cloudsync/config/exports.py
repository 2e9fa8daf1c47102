"""What the configuration says of one mail server or firewall that the list is handed to; it writes none."""

from __future__ import annotations

from difflib import get_close_matches
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated, Literal

from cloudsync.config.refusal import refused, shown
from cloudsync.config.settings import Settings
from cloudsync.config.shape import checked, named
from cloudsync.config.target import also_network
from cloudsync.config.values import NetworkText, Words, distinct


def _formats() -> tuple[str, ...]:
    # All of them are loaded only where somebody names one.
    from cloudsync.export.formats import FORMATS  # noqa: PLC0415

    return tuple(FORMATS)


def format_name(value: str) -> str:
    """``value`` where it is a format.

    Raises:
        PydanticCustomError: it isn't.
    """
    known = _formats()
    if value in known:
        return value
    near = get_close_matches(value, known, n=1)
    todo = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
    raise refused(f"{shown(value)} isn't a format of export", todo)


def socket_text(value: str) -> str:
    """ADDRESS:PORT, spelt in the one way that can be compared.

    Raises:
        PydanticCustomError: it isn't one.
    """
    host, _, port = value.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port) if port.isascii() and port.isdecimal() else 0
    except ValueError:
        address, number = None, 0
    if address is None or not 0 < number < 65_536:
        raise refused(f"{shown(value)} isn't an address and a port", "Write 203.0.113.25:587.")
    return _spelt(address, number)


def _spelt(address: IPv4Address | IPv6Address, number: int) -> str:
    return f"[{address}]:{number}" if address.version == 6 else f"{address}:{number}"


class ExportSettings(Settings):
    """One mail server, or firewall in front of it, that `cloudsync export` makes a list for."""

    format: Annotated[str, checked(format_name), named(lambda: {"enum": sorted(_formats())})]
    """What is made, as `cloudsync export` calls it."""
    relays: Annotated[
        tuple[Annotated[NetworkText, checked(also_network)], ...], checked(distinct)
    ] = ()
    """Networks of relays, scanners and other servers that deliver to this port 25 too."""
    path: Literal["direct", "preserved", "proxied"]
    """How mail comes there: to the machine itself, with the sender's address kept, or proxied."""
    file: Words | None = None
    """The installed file, or the folder of the files; relative to the configuration's folder."""
    listen: Annotated[str, checked(socket_text)] | None = None
    """The address and port that the MX leads to (smartermail)."""
    submission: Annotated[str, checked(socket_text)] | None = None
    """The address and port where users send (smartermail)."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        given = [key for key in ("listen", "submission") if getattr(self, key)]
        if given and self.format != "smartermail":
            raise refused(
                f"has no meaning with format: {self.format}", "Leave it out.", below=(given[0],)
            )
        if self.submission and self.submission == self.listen:
            raise refused(
                f"{self.submission} is where the MX leads to: all inbound mail would need a login "
                "there, and would stop",
                "Name port 587, or another address of the server.",
                below=("submission",),
            )
