"""The reader of AppRiver's knowledge-base article 39: all of its list, or a refusal; never a part.

The article is prose with addresses all over it, examples of what to block among them. Only the
lines between two headings are the list, and each of these lines must be a row of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from re import compile as pattern
from typing import Final

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, Listing
from cloudsync.plural import counted
from cloudsync.source import rows
from cloudsync.source.anchors import Anchor, locate
from cloudsync.source.codes import refusal, warning
from cloudsync.source.text import MAX_ROWS, Line, refuse_tricks

ARTICLE: Final = 39
SUFFIXES: Final = ("appriver.com",)

TITLE: Final = "Limiting inbound smtp traffic except from AppRiver's Servers"
START: Final = Anchor.of("IP's to allow for inbound SMTP:")
MASK: Final = Anchor(
    "You can use the subnet mask of 255.255.255.0 if required.",
    pattern(r"you can use the subnet mask of (.+) if required\."),
)
SHORELINE: Final = Anchor(
    "*For Shoreline customers only (…) that use split domain routing:",
    pattern(r"\*for shoreline customers only \(.*\) that use split domain routing:"),
)
MINIMUM: Final = Anchor(
    "*** Just to double check *** You should now have a minimum of N IP addresses …",
    pattern(
        r"\*\*\* just to double check \*\*\* "
        r"you should now have a minimum of (.+?) ip address(?:es)?\b.*"
    ),
)
END: Final = Anchor.of("Mail Servers")

# The fallback mask is stated by the article, and `widen: 24` stands on it.
_MASK: Final = "255.255.255.0"
# A whole /24 is the widest that the article lists; its own text offers no wider.
_SHORELINE_WIDEST: Final = rows.Widest(ipv4=24)
_GROUP: Final = pattern(r"hosted exchange customers on (exg[0-9]+) ?\(shoreline\)")
_DATED: Final = pattern(r"(modified|created on) ?:? ?([0-9].*)")
_NUMBERED: Final = pattern(r"article id ?:? ?([0-9]{1,9})")
_US_DATE: Final = pattern(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_COUNT: Final = pattern(r"[0-9]{1,4}")


def _said(entry: Entry) -> str:
    """A name as DNS takes it: upper and lower case are one, and so is a dot at the end."""
    return (entry.name or "").casefold().removesuffix(".")


def recognises(lines: Sequence[Line]) -> bool:
    """Whether the title or a heading of the article stands among ``lines``, whole or not."""
    title = TITLE.casefold()
    return any(
        title in line.key
        or any(anchor.shape.fullmatch(line.key) for anchor in (START, SHORELINE, MINIMUM))
        for line in lines
    )


def read(lines: Sequence[Line], source: str) -> Listing:
    """The article's list: its senders as base entries, its Shoreline networks in their groups.

    Raises:
        SourceRefused: with any code of ``codes.REFUSALS`` that speaks of anchors, rows or counts.
    """
    if not any(TITLE.casefold() in line.key for line in lines):
        raise refusal(source, "E_NOT_THE_ARTICLE", f"no line holds {TITLE!r}")
    start, mask, shoreline, minimum, _ = locate(
        (START, MASK, SHORELINE, MINIMUM), END, lines, source
    )
    if mask.match[1] != _MASK:
        what = f"the fallback mask is {mask.match[1]!a}, the article's is {_MASK}"
        raise refusal(source, "E_MASK", what, line=mask.line.number)
    senders, warnings = _senders(lines[start.index + 1 : mask.index], source)
    groups, more = _groups(lines[shoreline.index + 1 : minimum.index], source)
    promised = _promised(minimum.match[1], minimum.line, source)
    if len(senders) < promised:
        what = (
            f"{counted(len(senders), 'unique address')}, the article promises at least {promised}"
        )
        raise refusal(source, "E_COUNT", what, line=minimum.line.number)
    head = [line for line in lines[: start.index] if not line.hidden]
    published = _dated("modified", head, source)
    number = _number(head)
    if published is None:
        more.append(warning("W_NO_DATE", "the article doesn't say when it was modified"))
    if number not in {None, ARTICLE}:
        more.append(warning("W_ARTICLE", f"the page calls itself article {number}, not {ARTICLE}"))
    return Listing(
        source=source,
        format="article39",
        entries=(*senders, *groups),
        article=number,
        created=_dated("created on", head, source),
        published=published,
        minimum=promised,
        warnings=(*warnings, *more),
    )


def _senders(lines: Sequence[Line], source: str) -> tuple[list[Entry], list[str]]:
    entries: dict[Network, Entry] = {}
    holders: dict[str, Entry] = {}
    warnings: list[str] = []
    filled = [line for line in lines if line.text]
    for line in filled:
        entry = _sender(line, source)
        if len(entries) == MAX_ROWS and entry.network not in entries:
            what = f"more than {MAX_ROWS} rows"
            raise refusal(source, "E_TOO_MANY", what, line=line.number)
        known = entries.setdefault(entry.network, entry)
        address = entry.network.network_address
        if _said(known) != _said(entry):
            what = f"{address} is {known.name} on line {known.line}, and {entry.name} here"
            raise refusal(source, "E_CONFLICT", what, line=line.number)
        if known is not entry:
            seen = f"line {line.number} repeats {address} of line {known.line}"
            warnings.append(warning("W_DUPLICATE", seen))
            continue
        holder = holders.setdefault(str(entry.name).casefold(), entry)
        if holder is not entry:
            seen = f"{entry.name} stands on lines {holder.line} and {line.number}"
            warnings.append(warning("W_SHARED_NAME", seen))
    return list(entries.values()), warnings


def _sender(line: Line, source: str) -> Entry:
    refuse_tricks(line, source)
    at = rows.Place(source, line.number)
    token, _, beside = line.text.partition(" ")
    bare, slash, _ = token.partition("/")
    address = rows.address(bare, at)
    if address.version != 4:
        raise at.refusal("E_FAMILY", f"{address} is IPv6, the article lists IPv4")
    if slash or beside.startswith("/"):
        raise at.refusal("E_UNEXPECTED_PREFIX", f"{line.text!a}: single addresses have no prefix")
    network = rows.single(address, at)
    if not beside:
        raise at.refusal("E_NO_NAME", f"{address} stands alone")
    return Entry(network, rows.name(beside, SUFFIXES, at), line=line.number)


def _groups(lines: Sequence[Line], source: str) -> tuple[list[Entry], list[str]]:
    entries: dict[Network, Entry] = {}
    warnings: list[str] = []
    filled = iter([line for line in lines if line.text])
    for heading in filled:
        refuse_tricks(heading, source)
        named = _GROUP.fullmatch(heading.key)
        if named is None:
            what = f"{heading.text!a} is no heading of a Shoreline group"
            raise refusal(source, "E_GROUP", what, line=heading.number)
        group = named[1].upper()
        line = next(filled, None)
        if line is None:
            what = f"{group} has no network"
            raise refusal(source, "E_GROUP", what, line=heading.number)
        entry = Entry(_group_network(line, group, source), group=group, line=line.number)
        related = (
            one for one in entries.values() if group == one.group or entry.network == one.network
        )
        known = next(related, entry)
        if known.key != entry.key:
            what = (
                f"{entry.network} for {group}, "
                f"but {known.network} for {known.group} on line {known.line}"
            )
            raise refusal(source, "E_CONFLICT", what, line=line.number)
        if known is not entry:
            seen = f"line {line.number} repeats {entry.network} of line {known.line}"
            warnings.append(warning("W_DUPLICATE", seen))
        entries.setdefault(entry.network, entry)
    return list(entries.values()), warnings


def _group_network(line: Line, group: str, source: str) -> Network:
    refuse_tricks(line, source)
    if _GROUP.fullmatch(line.key):
        raise refusal(source, "E_GROUP", f"{group} has no network", line=line.number)
    at = rows.Place(source, line.number)
    base, slash, mask = (part.strip() for part in line.text.partition("/"))
    if not slash:
        base = str(rows.address(base, at))
        raise at.refusal("E_MASK", f"{base} has no mask")
    return rows.masked(base, mask, _SHORELINE_WIDEST, at)


def _promised(count: str, line: Line, source: str) -> int:
    if not _COUNT.fullmatch(count) or int(count) < 1:
        what = f"the promised minimum is {count!a}, not a number from 1"
        raise refusal(source, "E_COUNT", what, line=line.number)
    return int(count)


def _dated(word: str, lines: Sequence[Line], source: str) -> date | None:
    found: dict[date, Line] = {}
    for line in lines:
        match = _DATED.fullmatch(line.key)
        if match is None or match[1] != word:
            continue
        try:
            found[_us_date(match[2])] = line
        except ValueError:
            what = f"{line.text!a} holds no date as month/day/year"
            raise refusal(source, "E_DATE", what, line=line.number) from None
    if len(found) > 1:
        first, *_, last = sorted(found)
        what = f"{word} both {first} and {last}"
        raise refusal(source, "E_DATE", what, line=found[last].number)
    return next(iter(found), None)


def _us_date(text: str) -> date:
    parts = _US_DATE.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    month, day, year = (int(part) for part in parts.groups())
    return date(year, month, day)


def _number(lines: Sequence[Line]) -> int | None:
    matches = (_NUMBERED.fullmatch(line.key) for line in lines)
    return next((int(match[1]) for match in matches if match), None)
