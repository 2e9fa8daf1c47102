"""What the property tests draw: worlds of rules of every shape the facts know, and wishes for them.

Addresses come from a small pool, so that rules overlap, nest and repeat far more often than chance
would have it. ``mix`` says what a drawn world shows, and ``Mix`` counts it, so that a suite can
assert that it tried what it claims to try.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Exposure
from cloudsync.memory.firewall import PROBES, Firewall, Rule, name_of
from cloudsync.model import Mode, Purpose, Wanted, mark
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL

FIRE = int(os.environ.get("FIRE", "1"))


def examples(count: int) -> settings:
    """How many examples a property gets: ``count``, times FIRE where more is wanted than `make test`."""
    return settings(max_examples=count * FIRE)


OURS = "ours"
THEIRS = "theirs"
MACHINES = ("a", "b")

LISTED = (
    "69.20.58.226/32", "69.20.58.234/32", "69.20.58.224/28", "199.187.164.0/24",
    "207.97.230.34/32", "2001:4800:10::/48", "2001:4800:10::25/128",
)  # fmt: skip
ALSO = ("10.20.0.0/16", "203.0.113.7/32", "fd00:20::/32", "69.20.58.230/32", "10.0.0.0/8")
STRANGERS = (
    "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "69.0.0.0/8",
    "69.20.58.0/24", "199.187.164.0/23", "199.187.164.128/25", "10.0.0.0/8", "10.20.30.0/24",
    "192.168.0.0/16", "fc00::/7", "198.51.100.0/24", "198.51.100.128/28", "2001:db8:ffff::/64",
    "203.0.113.0/24", "8.8.8.8/32", "240.0.0.0/4", "2000::/3", "255.255.255.255/32",
)  # fmt: skip
NAMES = ("tag-web", "outside:partner", "probe:balancer")

# What an own rule of each purpose may have come to hold: what was listed yesterday, what a person
# wrote into it. Internal space stands only where it may stand by our own doing: the model can't tell
# on which machine a stranger's partial rules meet, so a relay that only a hand-edited own rule lets
# in isn't promised anything.
CONTENTS = {
    Purpose.LIST: (*LISTED, "69.20.58.0/24", "8.8.8.8/32", "2000::/12"),
    Purpose.ALSO: (*ALSO, *LISTED, "8.8.8.8/32"),
    Purpose.INTERNAL: ("10.0.0.0/8", "192.168.0.0/16", "fc00::/7"),
    Purpose.PROBE: ("198.51.100.128/28", "2001:db8:ffff::/64", "8.8.8.8/32"),
    Purpose.DENY: (*LISTED, *ALSO, *STRANGERS),
}

networks = st.lists(st.sampled_from(LISTED), min_size=1, max_size=4, unique=True).map(
    tuple
) | st.just(())
also = st.lists(st.sampled_from(ALSO), max_size=2, unique=True).map(tuple)
anywhere = st.sampled_from((*STRANGERS, *LISTED, *ALSO))


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """A stranger's rule in a world with numbers: from addresses, names, both or everyone."""
    protocol = draw(st.sampled_from(("tcp", "tcp", "tcp", "tcp", "udp", "all")))
    return Rule(
        number=draw(numbers),
        name=name,
        allow=draw(st.sampled_from((True, True, False))),
        sources=tuple(draw(st.lists(anywhere, max_size=3, unique=True))),
        names=tuple(
            draw(st.lists(st.sampled_from(NAMES), max_size=1))
            if draw(st.integers(0, 3)) == 0
            else ()
        ),
        ports=draw(
            st.sampled_from(
                ((25, 25), (25, 25), (25, 25), (20, 30), (443, 443), (25, 26), (24, 24))
            )
        ),
        protocol=protocol,  # type: ignore[arg-type]
        machines=draw(st.sampled_from(((), (), (), ("a",), ("b",)))),
        description=draw(
            st.sampled_from(
                ("", "", "partner", mark(THEIRS, Purpose.LIST), "cloudsync-terraform/x")
            )
        ),
    )


numbers = st.sampled_from((0, 1, 2, 100, 100, 101, 200, 1000, 65_534, 65_535))


@st.composite
def own_rules(draw: st.DrawFn, name: str) -> Rule:
    """A rule that bears our mark: as we would make it, a copy of one, or reshaped by a person."""
    purpose = draw(st.sampled_from(tuple(Purpose)))
    family = draw(st.sampled_from((4, 6)))
    pool = [one for one in CONTENTS[purpose] if ip_network(one).version == family]
    sources = tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True)))
    return Rule(
        number=draw(numbers),
        name=f"cloudsync:{OURS}:{name}",
        allow=purpose is not Purpose.DENY,
        sources=tuple(AddressSet.of(*sources).cidrs()),
        names=(),
        ports=draw(st.sampled_from(((25, 25), (25, 25), (25, 25), (25, 26)))),
        machines=draw(st.sampled_from(((), (), (), ("a",)))),
        description=mark(OURS, purpose),
    )


@st.composite
def firewalls(draw: st.DrawFn, *, ties: bool = True) -> Firewall:
    """A whole target; without ``ties`` every number stands once."""
    count = draw(st.integers(0, 6))
    found = [draw(rules(f"r{index}")) for index in range(count)]
    found += [
        draw(own_rules(f"{25}:{index}")) for index in range(draw(st.sampled_from((0, 0, 1, 2))))
    ]
    if not ties:
        found = list({rule.number: rule for rule in found}.values())
    return Firewall(tuple(found), machines=MACHINES)


@st.composite
def wishes(draw: st.DrawFn, *, modes: Iterable[Mode] = tuple(Mode)) -> Wanted:
    """What somebody may want of a target."""
    mode = draw(st.sampled_from(tuple(modes)))
    return Wanted(
        installation=OURS,
        mode=mode,
        networks=tuple(map(ip_network, draw(networks))),
        also=tuple(map(ip_network, draw(also))),
        names=frozenset(map(name_of, draw(st.lists(st.sampled_from(NAMES[:2]), max_size=1)))),
        internal=draw(
            st.sampled_from(("keep", "keep", "close", None))
            if mode is not Mode.ENFORCE
            else st.sampled_from(("keep", "keep", "close"))
        ),
        override_denies=draw(st.sampled_from((False, False, True))),
        close_opaque=draw(st.booleans()),
        priority=draw(st.sampled_from((None, None, (100, 110), (1, 50), (101, 102)))),
        # Signs of others lie about in these worlds, and what happens with them is tried apart.
        managed_by="cloudsync",
    )


def bound(name: str) -> tuple[str, ...]:
    """The networks that an opaque name of the in-memory world can at most stand for, as drawn."""
    if name.startswith("probe:"):
        return ("198.51.100.128/28", "2001:db8:ffff::/64")
    if name.startswith("outside:"):
        return ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48")
    return ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8")


@st.composite
def meanings(draw: st.DrawFn) -> tuple[Meaning, ...]:
    """What the names stand for: for nobody, for as many as they can, and something in between."""
    nobody: Meaning = dict.fromkeys(NAMES, ())
    full: Meaning = {name: INTERNAL if name == "tag-web" else bound(name) for name in NAMES}
    some: Meaning = {
        name: tuple(draw(st.lists(st.sampled_from(bound(name)), max_size=2, unique=True)))
        for name in NAMES
    }
    return nobody, full, some


@dataclass
class Mix:
    """How often the drawn worlds showed what a suite claims to try."""

    worlds: int = 0
    tangled: int = 0
    both: int = 0
    stepped: int = 0

    def add(self, firewall: Firewall, exposure: Exposure, wanted: Wanted) -> None:
        """Count one world: is anything in it partial, opaque or overlapping, missing and excess?"""
        deciding = [rule for rule in firewall.rules if rule.decides(25)]
        self.worlds += 1
        self.tangled += any(rule.machines or rule.names for rule in deciding) or overlap(deciding)
        missing = wanted.addresses - exposure.possible
        excess = exposure.possible - wanted.addresses - wanted.kept - PROBES
        self.both += bool(missing) and bool(excess)


def overlap(found: Iterable[Rule]) -> bool:
    """Whether two of the rules speak of one address."""
    covered = AddressSet()
    for rule in found:
        source = AddressSet.of(*(rule.sources or ("0.0.0.0/0", "::/0")))
        if source & covered:
            return True
        covered |= source
    return False


LABELS = (
    "", "", "partner", mark(OURS, Purpose.LIST), mark(OURS, Purpose.ALSO),
    mark(OURS, Purpose.INTERNAL), mark(THEIRS, Purpose.LIST), "cloudsync-terraform/x",
)  # fmt: skip
EC2_SOURCES = (*STRANGERS, *LISTED, *ALSO)


@st.composite
def permissions(draw: st.DrawFn, opaque: tuple[str, ...] = ()) -> dict[str, Any]:
    """One inbound permission of a security group: ranges, all protocols, both families, names."""
    protocol, ports = draw(
        st.sampled_from(
            (
                ("tcp", (25, 25)), ("tcp", (25, 25)), ("tcp", (25, 25)), ("tcp", (20, 30)),
                ("tcp", (443, 443)), ("tcp", (0, 65_535)), ("udp", (25, 25)), ("-1", None),
                ("tcp", (24, 24)), ("icmp", (-1, -1)),
            )
        )
    )  # fmt: skip
    found: dict[str, Any] = {"IpProtocol": protocol}
    if ports:
        found |= {"FromPort": ports[0], "ToPort": ports[1]}
    sources = draw(
        st.lists(st.sampled_from((*EC2_SOURCES, *opaque)), min_size=1, max_size=3, unique=True)
    )
    for source in sources:
        label = draw(st.sampled_from(LABELS))
        kind, key = (
            ("UserIdGroupPairs", "GroupId") if source.startswith("sg-")
            else ("PrefixListIds", "PrefixListId") if source.startswith("pl-")
            else ("Ipv6Ranges", "CidrIpv6") if ":" in source
            else ("IpRanges", "CidrIp")
        )  # fmt: skip
        said = {"Description": label} if label else {}
        found.setdefault(kind, []).append({key: source, **said})
    return found


def distinct(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The permissions without any rule that EC2 would refuse as standing there already."""
    seen: set[tuple[object, ...]] = set()
    kept: list[dict[str, Any]] = []
    for one in found:
        ports = (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"))
        left: dict[str, Any] = {
            key: one[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in one
        }
        for kind, key in (
            ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId"), ("UserIdGroupPairs", "GroupId"),
        ):  # fmt: skip
            for said in one.get(kind, ()):
                if (*ports, said[key]) not in seen:
                    seen.add((*ports, said[key]))
                    left.setdefault(kind, []).append(said)
        if len(left) > len(ports) - (one["IpProtocol"] == "-1") * 2:
            kept.append(left)
    return kept


@st.composite
def groups(draw: st.DrawFn, opaque: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The inbound permissions of a whole group."""
    return distinct(draw(st.lists(permissions(opaque), max_size=5)))
