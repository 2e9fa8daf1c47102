"""Compares the evaluator with the packets, address by address; it holds no test."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Exposure
from cloudsync.provider import Scope
from cloudsync_azure.clauses import Protect
from cloudsync_azure.rules import AzureRules
from cloudsync_azure.snapshot import read
from tests.oracle.azure import PRIVATE, from_nsg, machines
from tests.oracle.packets import Meaning, Point, Row, deciding, gets_in, in_sight, inside, text
from tests.providers.azure.drawn import ASGS, OUTSIDE, meanings

Guarded = tuple[tuple[str, ...], tuple[str, ...]]
"""Whom a target guards: networks, or application security groups; neither for everybody."""

EVERYBODY: Guarded = ((), ())
GUARDED: tuple[Guarded, ...] = (
    EVERYBODY,
    (("10.0.1.0/24",), ()),
    (("10.0.1.4/32", "fd00::/64"), ()),
    ((), (ASGS[0].lower(),)),
)
_KINDS = 8
_POINTS = 80


def misread(nsg: dict[str, Any], guarded: Guarded, random: Random, port: int = 25) -> list[str]:
    """Where the evaluator is too sure, blind, or inexact for no reason, at some of the addresses."""
    addresses, groups = guarded
    scope = Scope("azure:00000000-0000-0000-0000-000000000001")
    protect = Protect(AddressSet.of(*addresses), groups)
    [exposure] = AzureRules().exposure(read(scope, [nsg], protect), port).values()
    kinds = machines([nsg], addresses, groups)
    world = from_nsg(nsg, kinds)
    asked = deciding(world, port)
    chosen = [str(kind) for kind in random.sample(kinds, min(_KINDS, len(kinds)))]
    points = in_sight([world], *(cidrs for meaning in meanings() for cidrs in meaning.values()))
    return [
        fault
        for point in random.sample(points, min(_POINTS, len(points)))
        for fault in _judged(asked, point, chosen, exposure)
    ]


def _judged(
    asked: Sequence[Row], point: Point, chosen: Sequence[str], exposure: Exposure
) -> list[str]:
    said = text(point)
    got = [gets_in(asked, point, kind, meaning) for kind in chosen for meaning in meanings()]
    certain, possible = said in exposure.certain, said in exposure.possible
    found: list[str] = []
    if certain and not all(got):
        found.append(f"{said} is said to be certain, and is not")
    named = any(
        inside(point, meaning.get(name.text.lower(), ()))
        for meaning in meanings()
        for name in exposure.names
    )
    if any(got) and not possible and not named:
        found.append(f"{said} may get in, and is said not to")
    if _plain(asked, point) and not certain == possible == all(got):
        found.append(f"{said} is misjudged though nothing is partial or opaque")
    return found


def _plain(asked: Sequence[Row], point: Point) -> bool:
    """Whether the first row that may speak of a sender does so for every machine, by address."""
    for row in asked:
        by_name = any(_may_be(name, point) for name in row["names"])
        by_address = inside(point, row["sources"])
        if by_address or by_name:
            return by_address and not row["machines"]
    return True


def _may_be(name: str, point: Point) -> bool:
    """Whether a name can stand for a sender: a service's tag for anybody outside."""
    if name.partition("#")[0] == OUTSIDE.lower():
        return not inside(point, PRIVATE)
    every: tuple[Meaning, ...] = meanings()
    return any(inside(point, meaning.get(name, ())) for meaning in every)
