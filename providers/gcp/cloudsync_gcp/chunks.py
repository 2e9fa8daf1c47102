"""An own rule that holds more networks than one rule may, as several; it decides nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.numbering import Numbered, Placed, Slot
from cloudsync_gcp.marks import chunk

MOST: Final = 5_000
"""Source ranges in one rule (VPC quotas, "Per rule"; it can't be raised)."""


def chunked(
    placed: Placed, standing: Mapping[Slot, Numbered], most: int = MOST
) -> Iterator[Placed]:
    """``placed`` in parts of at most ``most`` networks.

    A network stays in the part that it stands in, so that one that comes or goes changes one part.
    """
    networks = placed.source.cidrs()
    if len(networks) <= most and not any(slot != placed.slot for slot in standing):
        yield placed
        return
    parts: dict[Slot, list[str]] = {}
    left: list[str] = []
    for network in networks:
        alone = AddressSet.of(network)
        for slot, rule in standing.items():
            if alone <= rule.clause.source and len(parts.get(slot, ())) < most:
                parts.setdefault(slot, []).append(network)
                break
        else:
            left.append(network)
    number = 1
    while left or number == 1:
        part = parts.setdefault(chunk(placed.slot, number), [])
        room = most - len(part)
        part += left[:room]
        left = left[room:]
        number += 1
    for slot, held in parts.items():
        if held:
            yield replace(placed, slot=slot, source=AddressSet.of(*held))
