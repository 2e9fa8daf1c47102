"""How much a list may change before a person has to look, and why so much; it judges none."""

from __future__ import annotations

from dataclasses import fields

from cloudsync.immutable import immutable


@immutable
class Limits:
    """How much a list may change before a person has to look; at a limit is still within it.

    Numbers and percentages hold together, whichever is passed first. Percentages speak on short
    lists, where they are never switched off; numbers speak on long ones. ``ipv4`` and ``ipv6``
    are addresses, ``widest_*`` prefix lengths, percentages are of the list in force.

    Raises:
        ValueError: a limit is negative, or a prefix length longer than its family has bits.
    """

    # An addition opens port 25. The vendor's list went from 13 entries to 16 in one step (23%).
    grow_entries: int = 8
    grow_entries_percent: int = 25
    # Four /24s at most; of the vendor's 2,324 addresses of today 25% are two.
    grow_ipv4: int = 1024
    # One site in IPv6 is a /48 (RFC 6177); a list that had no IPv6 is always held for its first.
    grow_ipv6: int = 2**80
    grow_percent: int = 25
    # A removal loses mail if it is wrong, and is waited for if it is right: a fifth, as three of
    # fifteen. Losing a quarter of the entries can be nearly half of the addresses.
    shrink_entries: int = 8
    shrink_entries_percent: int = 20
    shrink_ipv4: int = 1024
    shrink_ipv6: int = 2**80
    shrink_percent: int = 20
    # No filter publishes more than a /20 in one row; an IPv6 /32 is a whole provider.
    widest_ipv4: int = 20
    widest_ipv6: int = 32
    # As many rows as a page may have, and three and a half times the addresses of today.
    total_entries: int = 256
    total_ipv4: int = 8192
    total_ipv6: int = 2**96

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 0:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}; the least is 0")
        for name, value, bits in (
            ("widest_ipv4", self.widest_ipv4, 32),
            ("widest_ipv6", self.widest_ipv6, 128),
        ):
            if value > bits:
                raise ValueError(f"{name} is {value}; the most is {bits}")
