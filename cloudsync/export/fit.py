"""What a format can hold, and a list cut to it exactly, or refused with numbers; it widens nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cloudsync.addresses import INTERNAL, AddressSet, Network
from cloudsync.errors import UsageError
from cloudsync.export.material import Material, Row
from cloudsync.immutable import immutable
from cloudsync.plural import agreeing
from cloudsync.report.words import counted

ANY4: Final = tuple(range(1, 33))
ANY6: Final = tuple(range(1, 129))
OCTETS: Final = (8, 16, 24, 32)

# Whatever takes no number of its own stops here: a list this long is somebody's mistake.
_MANY: Final = 100_000


@immutable
class Fit:
    """What a format can hold.

    ``ipv4`` and ``ipv6`` are the prefix lengths it can spell, none for a family it hasn't.
    ``most`` is how many entries it takes, ``because`` who says so. ``public``: it takes public
    addresses alone. ``notation`` is how an entry is spelt, for people.
    """

    notation: str
    ipv4: tuple[int, ...] = ANY4
    ipv6: tuple[int, ...] = ANY6
    most: int = _MANY
    because: str = "no list is this long"
    public: bool = False

    @property
    def families(self) -> str:
        """The families it takes, for people."""
        return "IPv4 and IPv6" if self.ipv6 else "IPv4"

    def lengths(self, network: Network) -> tuple[int, ...]:
        """The lengths that a network of this family may have."""
        return self.ipv4 if network.version == 4 else self.ipv6


def fitted(made: Material, fit: Fit, name: str) -> Material:
    """The same addresses in rows that the format can spell; a network may be split, never widened.

    Raises:
        UsageError: the list is empty, holds what the format can't, or is too long for it.
    """
    where = f"export {name}"
    done = "Nothing was written."
    if not made.rows:
        raise UsageError(
            where,
            "the list holds no network, and an empty list would stop all mail",
            done=done,
            todo="Look at it with cloudsync list.",
        )
    other = [row.network for row in made.rows if not fit.lengths(row.network)]
    if other:
        raise UsageError(
            where,
            f"{counted(len(other), 'network')} of {len(made.rows):,} "
            f"{agreeing(len(other), 'is', 'are')} IPv{other[0].version}, the first {other[0]}; "
            f"this format takes {fit.families} alone",
            done=done,
            todo="Put the list on a firewall that takes both, such as nftables.",
        )
    if fit.public:
        _only_public(made, where, done)
    number = sum(_pieces(row.network, fit.lengths(row.network), where, done) for row in made.rows)
    if number > fit.most:
        split = "" if number == len(made.rows) else f" make {counted(number, 'entry')} here, and"
        raise UsageError(
            where,
            f"the list's {counted(len(made.rows), 'network')}{split or ' are too many:'} "
            f"the most is {fit.most:,} ({fit.because})",
            done=done,
            todo="Put the list on a firewall that takes it, such as nftables.",
        )
    rows = tuple(
        Row(piece, row.label)
        for row in made.rows
        for piece in _split(row.network, fit.lengths(row.network))
    )
    return replace(made, rows=rows)


def splitting(before: Material, after: Material) -> str:
    """What ``fitted`` split, for people; empty where it split nothing."""
    more = len(after.rows) - len(before.rows)
    if not more:
        return ""
    kept = {row.network for row in after.rows}
    split = sum(1 for row in before.rows if row.network not in kept)
    return (
        f"{counted(split, 'network')} {agreeing(split, 'is', 'are')} written as "
        f"{counted(more + split, 'entry')} of the same addresses"
    )


def _only_public(made: Material, where: str, done: str) -> None:
    inside = [row.network for row in made.rows if AddressSet.of(row.network) & INTERNAL]
    if inside:
        raise UsageError(
            where,
            f"{counted(len(inside), 'network')} of {len(made.rows):,} "
            f"{agreeing(len(inside), 'is', 'are')} internal, the first {inside[0]}; "
            "this service sees public addresses alone",
            done=done,
            todo="Name the public addresses of the relays, or say --no-relays.",
        )


def _length(network: Network, lengths: tuple[int, ...]) -> int | None:
    """The shortest length that spells the network, or a part of it."""
    return next((one for one in lengths if one >= network.prefixlen), None)


def _pieces(network: Network, lengths: tuple[int, ...], where: str, done: str) -> int:
    length = _length(network, lengths)
    if length is None:
        raise UsageError(
            where,
            f"{network} is narrower than /{lengths[-1]}, the narrowest here; "
            "widening it would let in whom nobody listed",
            done=done,
            todo="Put the list on a firewall that takes it, such as nftables.",
        )
    return 1 << (length - network.prefixlen)


def _split(network: Network, lengths: tuple[int, ...]) -> tuple[Network, ...]:
    length = _length(network, lengths)
    assert length is not None
    return tuple(network.subnets(new_prefix=length))
