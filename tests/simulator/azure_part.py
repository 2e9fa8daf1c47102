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


_ELSEWHERE4, _ELSEWHERE6 = "10.1.1.9", "fd00:2::9"


def _kind(four: int | str, *groups: str, six: int | str = "", port: int = 40_000) -> Kind:
    """A kind by the last number of its addresses, or by a whole one."""
    last = six or four
    return Kind(
        four if isinstance(four, str) else f"10.1.0.{four}",
        last if isinstance(last, str) else f"fd00:1::{last}",
        frozenset(groups),
        port,
    )


# A rule for some machines speaks of one of the first two, whatever tells them apart.
ONE: Final = _kind(4)
TWO: Final = _kind(5, _RELAYS, port=1_000)
_FAR: Final = _kind(132, _MX)
"""A machine that nothing but a group, or the whole subnet, has in common with the others."""


@dataclass(frozen=True)
class Part:
    """What ``protect`` says, the kinds of machine that it guards, and some that it doesn't.

    Nobody but the oracle knows which address a machine of a group has, and in which group one of
    an address is. So for each way of telling machines apart there is one that it leaves out.

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
        {"addresses": ["10.1.0.4/31"]}, (ONE, TWO, _kind(4, six=_ELSEWHERE6)), (_FAR,), (4,),
        {4: _to("10.1.0.4/31"), 6: _to("*")},
    ),
    Part(
        {"addresses": ["10.1.0.4/31", "fd00:1::4/127"]}, (ONE, TWO), (_FAR,),
        bound={4: _to("10.1.0.4/31"), 6: _to("fd00:1::4/127")},
    ),
    Part(
        {"addresses": ["fd00:1::5"]},
        (TWO, _kind(132, _MX, six=5), _kind(_ELSEWHERE4, six=5)), (ONE, _FAR), (6,),
        {4: _to("*"), 6: _to("fd00:1::5/128")},
    ),
    Part(
        {"asg": [RELAYS]},
        (TWO, _kind(4, _RELAYS, _MX), _kind(_ELSEWHERE4, _RELAYS, six=_ELSEWHERE6)), (ONE, _FAR),
        bound={4: _into(RELAYS), 6: _into(RELAYS)},
    ),
    Part(
        {"asg": [RELAYS, MX]},
        (TWO, _FAR, _kind(_ELSEWHERE4, _RELAYS, _MX, six=_ELSEWHERE6)), (ONE,),
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
