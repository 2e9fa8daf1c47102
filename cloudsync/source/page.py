"""The reader of a page whose layout the configuration describes: all of its list or a refusal.

It assumes no number of rows, no width and no family: what ``article39`` knows of one page, the
settings say of any other, so that a new layout needs no release.
"""

from __future__ import annotations

from collections.abc import Sequence
from re import compile as pattern
from typing import Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import Entry, Listing
from cloudsync.immutable import immutable
from cloudsync.plural import counted
from cloudsync.source import rows
from cloudsync.source.anchors import Anchor, locate
from cloudsync.source.codes import refusal, warning
from cloudsync.source.text import MAX_ROWS, Line, refuse_tricks

_WIDEST: Final = rows.Widest()
_BULLET: Final = pattern(r"^[-*\u2022\u00b7\u2013\u2014] ")
# NET, NET/LEN or NET / MASK, and then perhaps words behind a dash, a colon or a space.
_ROW: Final = pattern(
    r"(?P<base>[0-9A-Fa-f.:]*[0-9A-Fa-f:])"
    r"(?: ?/ ?(?P<mask>[^\s\u2013\u2014,;:-]+))?"
    r"(?:(?: ?[\u2013\u2014,;:] ?| -{1,2} | )(?P<beside>.+))?"
)
# Whatever in the words could be meant as an address.
_NUMBERS: Final = pattern(
    r"[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?"
    r"|(?:[0-9A-Fa-f]{1,4})?(?::[0-9A-Fa-f]{0,4}){2,}(?:/[0-9]+)?"
)
_HOST: Final = pattern(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z]{2,}[A-Za-z0-9-]*")


@immutable
class PageSettings:
    """How a page is laid out, and what its list may hold.

    ``start`` and ``end`` are whole lines around the list; ``headings`` are lines that part it,
    each once and in order; ``whole_page`` is a line behind ``end`` that proves the page whole.
    ``widest_*`` are the shortest prefix lengths of a row.
    ``minimum`` and ``maximum`` count unique networks. ``host_suffixes`` are the domains that names
    of hosts must lie in; with none, no name of a host is taken.
    """

    start: str
    end: str
    headings: tuple[str, ...] = ()
    whole_page: str | None = None
    minimum: int = 1
    maximum: int = MAX_ROWS
    widest_ipv4: int = _WIDEST.ipv4
    widest_ipv6: int = _WIDEST.ipv6
    host_suffixes: tuple[str, ...] = ()


def read(lines: Sequence[Line], source: str, settings: PageSettings) -> Listing:
    """The networks between the settings' anchors; every line there is a row or a heading.

    Raises:
        SourceRefused: with any code of ``codes.REFUSALS`` that speaks of anchors, rows or counts.
    """
    texts = (settings.start, *settings.headings, settings.end)
    whole = Anchor.of(settings.whole_page) if settings.whole_page is not None else None
    found = locate([Anchor.of(text) for text in texts], whole, lines, source)
    stop = found[len(texts) - 1]
    headings = {one.index for one in found}
    entries: dict[Network, Entry] = {}
    warnings: list[str] = []
    for index in range(found[0].index + 1, stop.index):
        line = lines[index]
        if not line.text or index in headings:
            continue
        entry = _entry(line, source, settings)
        known = entries.setdefault(entry.network, entry)
        if known is not entry:
            seen = f"line {line.number} repeats {entry.network} of line {known.line}"
            warnings.append(warning("W_DUPLICATE", seen))
        if len(entries) > settings.maximum:
            what = f"more than {settings.maximum} networks"
            raise refusal(source, "E_TOO_MANY", what, line=line.number)
    if len(entries) < settings.minimum or not entries:
        minimum = max(settings.minimum, 1)
        what = f"{counted(len(entries), 'unique network')}, the configured minimum is {minimum}"
        raise refusal(source, "E_COUNT", what, line=stop.line.number)
    return Listing(
        source=source,
        format="page",
        entries=tuple(entries.values()),
        minimum=settings.minimum,
        warnings=tuple(warnings),
    )


def _entry(line: Line, source: str, settings: PageSettings) -> Entry:
    refuse_tricks(line, source)
    at = rows.Place(source, line.number)
    match = _ROW.fullmatch(_BULLET.sub("", line.text))
    if match is None:
        raise at.refusal("E_ADDR", f"{line.text!a} doesn't begin with an address or a network")
    widest = rows.Widest(settings.widest_ipv4, settings.widest_ipv6)
    base, mask = match["base"], match["mask"]
    if mask is not None and "." in mask:
        network = rows.masked(base, mask, widest, at)
    else:
        network = rows.network(base, mask, widest, at)
    words = match["beside"] or ""
    _refuse_others(words, network, at)
    return Entry(network, _name(words, settings, at), line=line.number)


def _refuse_others(words: str, network: Network, at: rows.Place) -> None:
    """Words may say the row again another way; an address of another row must not hide in them."""
    own = {str(network), str(network.netmask)}
    for number in _NUMBERS.findall(words):
        try:
            fits = number in own or AddressSet.of(number) <= AddressSet.of(network)
        except ValueError:
            fits = False
        if not fits:
            raise at.refusal("E_NAME", f"{number} in the words beside {network} isn't part of it")


def _name(words: str, settings: PageSettings, at: rows.Place) -> str | None:
    """The words where they are a name, None where they are a remark; foreign hosts are refused."""
    hosts = _HOST.findall(words)
    for host in hosts:
        rows.name(host, settings.host_suffixes, at)
    return words if rows.is_label(words) or hosts == [words] else None
