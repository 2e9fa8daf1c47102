"""A format's text as a sheet: fixed lines, and lines that are repeated for each network; pure.

A line of a sheet is taken as it stands, unless it begins with one of these words:

- ``@head ROW`` is a line for each line of the header, which stands for ``{line}``;
- ``@each ROW``, ``@each4 ROW``, ``@each6 ROW`` is a line for each network (of that family);
- ``@some4 LINE``, ``@some6 LINE`` is a line that stands only where that family has a network;
- ``@blocked ROW`` is a line for each range of IPv4 that may not connect, ``@pattern ROW`` for each
  octet pattern of the same.

In a ROW, ``{plain}``, ``{cidr}``, ``{ends}``, ``{first}``, ``{last}``, ``{mask}``, ``{octets}``,
``{stem}``, ``{length}``, ``{label}``, ``{note}`` (the label behind two blanks and a hash, or
nothing) and ``{pattern}`` stand for what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from cloudsync.export.material import Material, Row
from cloudsync.export.notation import blocked, ends, octets, patterns, plain, stem


def filled(sheet: str, made: Material) -> str:
    """The text that ``sheet`` is of ``made``: ASCII, with LF at the end of each line."""
    lines: list[str] = []
    for line in sheet.strip("\n").splitlines():
        word, _, rest = line.partition(" ")
        if word in _WORDS:
            lines += _WORDS[word](rest, made)
        else:
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _head(row: str, made: Material) -> Iterator[str]:
    for line in made.header:
        yield row.format(line=line)


def _each(row: str, made: Material, version: int = 0) -> Iterator[str]:
    for one in made.rows:
        if version in {0, one.network.version}:
            yield row.format_map(_fields(one)).rstrip()


def _some(line: str, made: Material, version: int) -> Iterator[str]:
    if any(row.network.version == version for row in made.rows):
        yield line


def _blocked(row: str, made: Material) -> Iterator[str]:
    for first, last in blocked(made.allowed):
        yield row.format(first=first, last=last)


def _pattern(row: str, made: Material) -> Iterator[str]:
    for one in patterns(made.allowed):
        yield row.format(pattern=one)


_WORDS: Final[Mapping[str, Callable[[str, Material], Iterator[str]]]] = {
    "@head": _head,
    "@each": _each,
    "@each4": lambda row, made: _each(row, made, 4),
    "@each6": lambda row, made: _each(row, made, 6),
    "@some4": lambda line, made: _some(line, made, 4),
    "@some6": lambda line, made: _some(line, made, 6),
    "@blocked": _blocked,
    "@pattern": _pattern,
}


def _fields(row: Row) -> dict[str, object]:
    network = row.network
    four = network.version == 4
    return {
        "plain": plain(network),
        "cidr": str(network),
        "ends": ends(network),
        "first": network.network_address,
        "last": network.broadcast_address,
        "mask": network.netmask,
        "length": network.prefixlen,
        "octets": octets(network) if four else "",
        "stem": stem(network) if four else "",
        "label": row.label,
        "note": f"  # {row.label}" if row.label else "",
    }
