"""Which machines behind a group a target guards, for the configuration and for the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.oracle.azure import Kind

_ASGS: Final = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/mail/providers/"
    "Microsoft.Network/applicationSecurityGroups/"
)
RELAYS: Final = _ASGS + "relays"
MX: Final = _ASGS + "mx"
_RELAYS, _MX = RELAYS.lower(), MX.lower()


def _kind(number: int, *groups: str, six: int | None = None, port: int = 40_000) -> Kind:
    last = f"{number if six is None else six:x}"
    return Kind(f"10.1.0.{number}", f"fd00:1::{last}", frozenset(groups), port)


# A rule for some machines speaks of one of the first two, whatever tells them apart.
ONE: Final = _kind(4)
TWO: Final = _kind(5, _RELAYS, port=1_000)
_FAR: Final = _kind(132, _MX)
"""A machine that nothing but a group, or the whole subnet, has in common with the others."""


@dataclass(frozen=True)
class Part:
    """What ``protect`` says, the kinds of machine that it guards, and some that it doesn't.

    ``versions`` are the families in which it tells them apart. ``bound`` is how the rules of ours
    for each of them say whom they are for.
    """

    protect: Any
    kinds: tuple[Kind, ...]
    others: tuple[Kind, ...] = ()
    versions: tuple[int, ...] = (4, 6)
    bound: Mapping[int, Mapping[str, Any]] = field(default_factory=dict[int, Mapping[str, Any]])


def _to(prefix: str) -> Mapping[str, Any]:
    return {"destinationAddressPrefix": prefix}


def _into(*groups: str) -> Mapping[str, Any]:
    return {"destinationApplicationSecurityGroups": [{"id": one} for one in groups]}


ALL: Final = Part("all", (ONE, TWO), bound={4: _to("*"), 6: _to("*")})
PARTS: Final = (
    Part(
        {"addresses": ["10.1.0.4/31"]}, (ONE, TWO, _kind(4, six=132)), (_FAR,), (4,),
        {4: _to("10.1.0.4/31"), 6: _to("*")},
    ),
    Part(
        {"addresses": ["10.1.0.4/31", "fd00:1::4/127"]}, (ONE, TWO), (_FAR,),
        bound={4: _to("10.1.0.4/31"), 6: _to("fd00:1::4/127")},
    ),
    Part(
        {"addresses": ["fd00:1::5"]}, (TWO, _kind(132, _MX, six=5)), (ONE, _FAR), (6,),
        {4: _to("*"), 6: _to("fd00:1::5/128")},
    ),
    Part(
        {"asg": [RELAYS]}, (TWO, _kind(4, _RELAYS, _MX)), (ONE, _FAR),
        bound={4: _into(RELAYS), 6: _into(RELAYS)},
    ),
    Part(
        {"asg": [RELAYS, MX]}, (TWO, _FAR, _kind(4, _RELAYS, _MX)), (ONE,),
        bound={4: _into(RELAYS, MX), 6: _into(RELAYS, MX)},
    ),
    ALL,
)  # fmt: skip


def destination(random: Random, *, six: bool) -> Mapping[str, Any]:
    """Whom a stranger's rule for one family may be for."""
    return random.choice(
        (
            _to("*"), _to("*"), _to("VirtualNetwork"), _into(RELAYS), _into(MX), _into(RELAYS, MX),
            *map(
                _to,
                ("fd00:1::4/128", "fd00:1::5/128", "fd00:1::4/127", "fd00:1::/64")
                if six
                else ("10.1.0.4/32", "10.1.0.5/32", "10.1.0.4/31", "10.1.0.0/24", "10.1.0.132/32"),
            ),
        )
    )  # fmt: skip
