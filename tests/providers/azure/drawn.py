"""Network security groups of every shape that Azure takes, drawn; it holds no test.

Each goes through the sandbox, so that it has the shape in which Azure answers it, and so that
nothing is tried that Azure would refuse.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cloudsync_azure.sandbox import Sandbox
from tests.oracle.azure import BALANCER, PRIVATE, split
from tests.oracle.packets import Meaning
from tests.strategies import ALSO, LISTED, STRANGERS

ASG = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/mail/providers/"
    "Microsoft.Network/applicationSecurityGroups/{}"
)
ASGS = tuple(ASG.format(name) for name in ("relays", "others"))
OUTSIDE = "AzureCloud"
"""A tag that stands for somebody on the public internet."""

_NETWORKS = tuple(dict.fromkeys((*LISTED, *ALSO, *STRANGERS)))
_IPV4 = tuple(one for one in _NETWORKS if ":" not in one)
_IPV6 = tuple(one for one in _NETWORKS if ":" in one)
_TAGS = ("*", "*", "Internet", "internet", "VirtualNetwork", "AzureLoadBalancer", OUTSIDE)
_PORTS = ("25", "25", "25", "25", "*", "20-30", "443", "24", "25-26", "0-65535")
_PORT_LISTS = (["25", "465", "587"], ["24", "26-30"], ["80", "20-30"])
_PROTOCOLS = ("Tcp", "Tcp", "TCP", "tcp", "*", "Udp", "Icmp")


@st.composite
def rules(draw: st.DrawFn, name: str, priority: int) -> dict[str, Any]:
    """One rule, as the API is given it."""
    family = draw(st.sampled_from((_IPV4, _IPV4, _IPV6)))
    said: dict[str, Any] = {
        "protocol": draw(st.sampled_from(_PROTOCOLS)),
        "access": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        "direction": "Inbound" if draw(st.integers(0, 9)) else "Outbound",
        "priority": priority,
        "sourcePortRange": "*",
        "destinationAddressPrefix": draw(st.sampled_from(("*", "*", "*", "*", "VirtualNetwork"))),
    }
    if draw(st.integers(0, 7)) == 0:
        said["sourcePortRange"] = draw(st.sampled_from(("25", "1024-65535", "0-65535")))
    if draw(st.integers(0, 4)) == 0:
        said["destinationPortRanges"] = draw(st.sampled_from(_PORT_LISTS))
    else:
        said["destinationPortRange"] = draw(st.sampled_from(_PORTS))
    said |= _whence(draw, family)
    if draw(st.integers(0, 5)) == 0:
        _whither(draw, said, family)
    return {"name": name, "properties": said}


def _whence(draw: st.DrawFn, family: tuple[str, ...]) -> dict[str, Any]:
    kind = draw(st.sampled_from(("tag", "one", "one", "many", "many", "group")))
    if kind == "tag":
        return {"sourceAddressPrefix": draw(st.sampled_from(_TAGS))}
    if kind == "group":
        return {"sourceApplicationSecurityGroups": [{"id": draw(st.sampled_from(ASGS))}]}
    if kind == "one":
        return {"sourceAddressPrefix": draw(st.sampled_from(family))}
    several = draw(st.lists(st.sampled_from(family), min_size=1, max_size=3, unique=True))
    return {"sourceAddressPrefixes": several}


def _whither(draw: st.DrawFn, said: dict[str, Any], family: tuple[str, ...]) -> None:
    """A destination of the rule's own: for some of the machines only."""
    del said["destinationAddressPrefix"]
    kind = draw(st.sampled_from(("address", "addresses", "group", "tag")))
    six = family is _IPV6
    if kind == "group":
        said["destinationApplicationSecurityGroups"] = [{"id": draw(st.sampled_from(ASGS))}]
    elif kind == "tag":
        said["destinationAddressPrefix"] = "Internet"
    elif kind == "address":
        said["destinationAddressPrefix"] = "fd00::/64" if six else "10.0.1.4"
    else:
        said["destinationAddressPrefixes"] = (
            ["fd00::/64", "fd00:1::/64"] if six else ["10.0.1.0/24", "10.0.2.4"]
        )


@st.composite
def nsgs(draw: st.DrawFn) -> dict[str, Any]:
    """A whole NSG as Azure answers it."""
    numbers = draw(
        st.lists(
            st.sampled_from((100, 101, 102, 105, 200, 1000, 4095, 4096)), max_size=6, unique=True
        )
    )
    return taken([draw(rules(f"r{number}", number)) for number in numbers])


def taken(found: list[dict[str, Any]]) -> dict[str, Any]:
    """An NSG of these rules as Azure answers it."""
    sandbox = Sandbox(clock=lambda: 0.0)
    for name in ("relays", "others"):
        sandbox.seed_asg(name)
    sandbox.seed_nsg("mx", found)
    return sandbox.nsg("mx")


def meanings() -> tuple[Meaning, ...]:
    """What the tags and groups may stand for, by their names in lower case: nobody, or everybody."""
    inside = (*ASGS, "VirtualNetwork")
    most: dict[str, tuple[str, ...]] = {name.lower(): PRIVATE for name in inside}
    some: dict[str, tuple[str, ...]] = {name.lower(): ("10.20.0.0/16",) for name in inside}
    probes = {"azureloadbalancer": (BALANCER,)}
    cloud = OUTSIDE.lower()
    return (
        split({**dict.fromkeys(most, ()), cloud: (), **probes}),
        split({**most, cloud: ("8.8.8.0/24", "69.20.58.226/32", "2001:4800:10::/48"), **probes}),
        split({**some, cloud: ("8.8.8.8/32",), **probes}),
    )
