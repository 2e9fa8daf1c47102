"""The fleets that are swept: what stands in the security groups of each; it starts no cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Any, Final

from cloudsync.allowlist import applied
from cloudsync.model import Purpose, mark
from cloudsync.source import bundled

NAME: Final = "bench"
REGION: Final = "us-east-1"
TAG: Final = ("cloudsync", "smtp")

LIST: Final = tuple(str(one) for one in applied(bundled.LISTING.entries, (), "none"))
"""The 15 networks that are in force."""
INCOMING: Final = "8.31.233.17/32"
"""An address that joins the list while the last of ``LIST`` leaves it."""

_MARK: Final = mark(NAME, Purpose.LIST)
_PARTNERS: Final = int(IPv4Address("44.0.0.0"))

Permissions = Sequence[Mapping[str, Any]]


def equal(_number: int) -> Permissions:
    """The 15 rules that are wanted, the same in every group."""
    return _smtp(_listed())


def foreign(number: int) -> Permissions:
    """The 15 that are wanted, and port 25 for a partner whom no other group knows."""
    return _smtp([*_listed(), _range(_partner(number), f"partner {number}")])


def different(number: int) -> Permissions:
    """The 15 that are wanted, but made by hand: every rule reads differently in every group.

    An identical rule of somebody else is as good as one of ours, so the group is in order.
    """
    turn = number % len(LIST)
    return _smtp(
        [_range(one, f"mail {number}") for one in (*LIST[turn:], *LIST[:turn])],
    )


def crowded(number: int) -> Permissions:
    """The 15 that are wanted, and 15 more senders whom no other group knows."""
    strangers = (_partner(number * len(LIST) + one) for one in range(len(LIST)))
    return _smtp([*_listed(), *(_range(one, f"partner {number}") for one in strangers)])


def entries() -> list[tuple[str, str]]:
    """The 15 that are wanted, as a prefix list holds them."""
    return [(one, _MARK) for one in LIST]


def referring(prefix_list: str) -> Permissions:
    """Port 25 for a prefix list."""
    return [
        {
            "IpProtocol": "tcp",
            "FromPort": 25,
            "ToPort": 25,
            "PrefixListIds": [{"PrefixListId": prefix_list}],
        }
    ]


FLEETS: Final[Mapping[str, Callable[[int], Permissions]]] = {
    "equal": equal,
    "foreign": foreign,
    "different": different,
    "crowded": crowded,
}


def _listed() -> list[dict[str, str]]:
    return [_range(one, _MARK) for one in LIST]


def _partner(number: int) -> str:
    return f"{IPv4Address(_PARTNERS + 2 * number)}/32"


def _range(network: str, description: str) -> dict[str, str]:
    return {"CidrIp": network, "Description": description}


def _smtp(ranges: Sequence[Mapping[str, str]]) -> Permissions:
    return [{"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "IpRanges": ranges}]
