"""Numbers, ports and strangers' labels as people read them; it knows no plan and no format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cloudsync.addresses import Count
from cloudsync.plural import agreeing, counted

__all__ = [
    "amount",
    "clean",
    "counted",
    "listing",
    "natural",
    "port",
    "sentence",
    "share",
    "size",
]

_ALL4: Final = 1 << 32
_ALL6: Final = 1 << 128


def amount(number: int) -> str:
    """A number of addresses: exact as far as IPv4 goes, as a power of two beyond it."""
    if number <= _ALL4:
        return f"{number:,}"
    power = number.bit_length() - 1
    return f"2^{power}" if number == 1 << power else f"more than 2^{power}"


def size(count: Count) -> str:
    """How many addresses, per family: ``15 IPv4 addresses and all of IPv6``, or ``no address``."""
    parts: list[str] = []
    if count.ipv4:
        parts.append(f"{amount(count.ipv4)} IPv4 {_addresses(count.ipv4)}")
    if count.ipv6 == _ALL6:
        parts.append("all of IPv6")
    elif count.ipv6:
        parts.append(f"{amount(count.ipv6)} IPv6 {_addresses(count.ipv6)}")
    return " and ".join(parts) or "no address"


def share(part: Count, whole: Count) -> str:
    """How many of the listed addresses, per family: ``7 of 15 listed IPv4 addresses``."""
    return " and ".join(
        (f"all {amount(of)}" if some == of > 1 else f"{amount(some)} of {amount(of)}")
        + f" listed {family} {_addresses(of)}"
        for some, of, family in zip(part, whole, ("IPv4", "IPv6"), strict=True)
        if some
    )


def port(ports: Sequence[int]) -> str:
    """What a difference over several ports speaks of: it holds of at least one of them."""
    numbers = ", ".join(str(one) for one in sorted(ports))
    return f"port {numbers}" if len(ports) == 1 else f"one of the ports {numbers}"


def listing(words: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last


def few(words: Sequence[str], most: int) -> tuple[str, ...]:
    """The first ``most`` of ``words``, and last how many more there are: ``3 more``."""
    more = len(words) - most
    return (*words[:most], *([f"{more:,} more"] if more > 0 else ()))


def sentence(text: str) -> str:
    """``text`` with a full stop, unless it ends with a mark of its own."""
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def clean(text: str) -> str:
    """``text`` with everything that doesn't print written as an escape.

    Labels are written by whoever may edit a rule: an ANSI escape could repaint a verdict on the
    terminal of the person who approves it, a newline could forge a line of the report, and a
    bidirectional override could turn an address round.
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def natural(text: str) -> bytes:
    """A key that sorts numbers in ``text`` by their value, and before words: 9.0.0.0 before 10.0.0.0.

    One short string: a fleet's keys are held all at once while it is sorted.
    """
    return b"".join(map(_part, re.split(r"(\d+)", text, flags=re.ASCII)))


def _part(part: str) -> bytes:
    if part.isascii() and part.isdecimal():
        digits = part.lstrip("0").encode()
        return b"\x00" + len(digits).to_bytes(4) + digits
    return b"\x01" + part.encode("utf-8", "surrogatepass") if part else b""


def _addresses(number: int) -> str:
    return agreeing(number, "address", "addresses")
