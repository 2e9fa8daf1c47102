"""Reading back what stands in an installed file or a device's answer; it knows no device by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from cloudsync.addresses import EVERY_IPV4, AddressSet
from cloudsync.errors import UsageError
from cloudsync.export.notation import NETWORK, read, read_pattern

Parse = Callable[[str], AddressSet]

BARE: Final = rf"\s*['\"]?{NETWORK}['\"]?(?:\s.*)?"
"""A line that begins with a network, quoted or not."""


def lines(pattern: str = BARE, *, start: str = "", end: str = "") -> Parse:
    """A reader of the networks in each line that is ``pattern``; the others are passed by.

    ``pattern`` names a group ``network``, or two groups ``first`` and ``last``, or ``first`` and
    ``mask``. With ``start``, only the lines behind one that it matches count, up to one that
    ``end`` matches.
    """
    whole = re.compile(pattern)

    def parse(text: str) -> AddressSet:
        return AddressSet.union(
            _read(number, found) for number, found in _found(text, whole, start, end)
        )

    return parse


def all_but(parse: Parse) -> Parse:
    """A reader of what may connect, where ``parse`` reads what may not. It speaks of IPv4 alone."""
    return lambda text: EVERY_IPV4 - parse(text)


def patterns_of(pattern: str) -> Parse:
    """A reader of octet patterns: each line that is ``pattern``, with a group ``pattern``."""
    whole = re.compile(pattern)

    def parse(text: str) -> AddressSet:
        return AddressSet.union(
            tried(number, found["pattern"], read_pattern)
            for number, found in _found(text, whole, "", "")
        )

    return parse


def _found(
    text: str, whole: re.Pattern[str], start: str, end: str
) -> Iterator[tuple[int, re.Match[str]]]:
    inside = not start
    for number, line in enumerate(text.splitlines(), 1):
        if inside and end and re.fullmatch(end, line):
            inside = False
        elif start and not inside and re.fullmatch(start, line):
            inside = True
        elif inside and (found := whole.fullmatch(line)):
            yield number, found


def _read(number: int, found: re.Match[str]) -> AddressSet:
    parts = found.groupdict()
    if parts.get("network"):
        return tried(number, parts["network"], read)
    if parts.get("mask"):
        return tried(number, f"{parts['first']}/{parts['mask']}", read)
    return tried(number, f"{parts['first']}-{parts['last']}", read)


def tried(number: int, text: str, how: Parse) -> AddressSet:
    """What ``how`` makes of ``text``, which stands on line ``number``.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return how(text)
    except ValueError as error:
        raise UsageError(
            f"line {number}",
            f"what stands there can't be read: {error}",
            todo="Mend that line, or write the file anew.",
        ) from None
