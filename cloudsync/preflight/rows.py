"""What DNS says of the list's rows, forward and reverse: evidence beside the list, and never a source.

No address is added because DNS says so, and none dropped because DNS is down.
"""

from __future__ import annotations

from typing import Literal

from cloudsync.addresses import Address
from cloudsync.immutable import immutable
from cloudsync.preflight.judge import under
from cloudsync.preflight.seen import Name

Standing = Literal["confirmed", "forward_only", "mismatch", "no_dns", "label", "unknown"]


@immutable
class Row:
    """One row of the list with a single address, and what DNS makes of its name.

    ``confirmed``: the address has the row's name, and the name the address (RFC 8601 section
    2.7.3); ``forward_only``: the name alone leads to it; ``mismatch``: the name leads elsewhere;
    ``no_dns``: nobody has heard of it; ``label``: the row has no host name.
    """

    address: Address
    name: str
    standing: Standing
    names: tuple[str, ...] = ()


def compare(
    address: Address,
    name: str | None,
    reverse: tuple[str, ...] | None,
    forward: Name | None,
    suffixes: tuple[str, ...],
) -> Row:
    """What ``reverse`` (the address's names) and ``forward`` (the name's addresses) make of a row.

    None stands for an answer that nobody gave.
    """
    said = name or ""
    names = reverse or ()
    if forward is None:
        if reverse is None:
            return Row(address, said, "unknown")
        known = any(under(one, suffixes) for one in names)
        return Row(address, said, "label" if known or not names else "mismatch", names)
    if forward.addresses:
        if address not in forward.addresses:
            return Row(address, said, "mismatch", names)
        return Row(address, said, "confirmed" if said.lower() in names else "forward_only", names)
    return Row(address, said, "unknown" if forward.unknown or reverse is None else "no_dns", names)
