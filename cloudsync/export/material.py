"""What an export is made of: the networks that may connect, their labels, where they come from; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import InForce, Widen, applied, cost_of_widening, digest_of, outermost
from cloudsync.immutable import immutable
from cloudsync.report.words import counted

MARK: Final = "Made by cloudsync"
"""The first words of every header: by them a file of ours is known."""

# What is left of a stranger's label: no quote, bracket, backslash, comment sign or line end of any
# of the languages that exports are written in, and no two hyphens, which would end an XML comment.
_ODD: Final = re.compile(r"[^A-Za-z0-9 ._:/@-]")
_HYPHENS: Final = re.compile(r"-{2,}")
_LONGEST: Final = 80


@immutable
class Row:
    """One network that may connect, and what is known of it, harmless in any comment."""

    network: Network
    label: str = ""


@immutable
class Material:
    """Everything a format is rendered from. Equal materials make equal files, byte for byte.

    ``rows`` are in address order and disjoint; siblings aren't merged. ``listed`` and ``relays``
    count the networks of either, ``widened`` the addresses that the list's widening adds.
    """

    source: str
    digest: str
    rows: tuple[Row, ...]
    listed: int
    relays: int
    widened: int = 0

    @property
    def allowed(self) -> AddressSet:
        """Who may connect."""
        return AddressSet.of(*(row.network for row in self.rows))

    @property
    def header(self) -> tuple[str, ...]:
        """Source, digest and count, a line each; no time, so that what is unchanged stays equal."""
        of = f"{self.listed:,} of the list, {self.relays:,} of relays"
        lines = (
            f"{MARK} from {self.source}",
            f"list {self.digest}",
            f"{counted(len(self.rows), 'network')}: {of}",
        )
        if not self.widened:
            return lines
        return *lines, f"widened to /24: {counted(self.widened, 'address')} that nobody listed"


def material(
    listing: InForce, relays: Iterable[Network], shoreline: Iterable[str], widen: Widen
) -> Material:
    """The list in force, entries that are leaving included, and the relays beside it."""
    chosen = tuple(shoreline)
    listed = applied(listing.wanted, chosen, widen)
    beside = outermost(relays)
    names = {entry.network: entry.name for entry in listing.wanted if entry.name}
    known = {network: names.get(network, "") or "" for network in listed}
    rows = tuple(
        Row(network, harmless(known[network]) if network in known else "relay")
        for network in outermost((*listed, *beside))
    )
    return Material(
        harmless(listing.source),
        digest_of(listing.wanted),
        rows,
        len(listed),
        len(beside),
        cost_of_widening(listing.wanted, chosen) if widen == "24" else 0,
    )


def harmless(text: str) -> str:
    """``text`` with whatever could end a comment or a quotation in some format made a question mark."""
    plain = _HYPHENS.sub("-", _ODD.sub("?", text))
    plain = re.sub(r"\?{2,}", "??", plain)
    return plain[:_LONGEST].strip()
