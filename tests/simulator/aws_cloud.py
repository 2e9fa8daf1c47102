"""Security groups as the simulator holds them: the real provider over a strict EC2 of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any, Final

from cloudsync.provider import Provider, Step
from cloudsync_aws.provider import Provider as AwsProvider
from cloudsync_aws.settings import AwsSettings
from tests.oracle import packets
from tests.oracle.packets import Meaning
from tests.simulator.clock import Clock
from tests.simulator.ec2 import ACCOUNT, LISTS, QUOTA, REGION, Ec2, Group, SgRule, answered, counted
from tests.simulator.pools import ANYWHERE, OURS, PURPOSES, STRANGE_LABELS

SCOPE: Final = f"aws:{ACCOUNT}/{REGION}"
PARTNER: Final = "sg-0000beef"
UNREAD: Final = "pl-0002"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    PARTNER: ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8"),
    UNREAD: ("8.8.8.0/24", "69.20.58.226/32", "10.20.30.0/24", "2001:4800:10::/48"),
}
_PORTS: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 20, 30),
    ("tcp", 443, 443), ("tcp", 25, 26), ("tcp", 24, 24), ("tcp", 0, 65_535), ("udp", 25, 25),
    ("-1", None, None), ("50", None, None), ("icmp", -1, -1),
)  # fmt: skip
_OWN_PORTS: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 25, 26),
)  # fmt: skip


class _Unhurried:
    """A pace without waiting: the simulated time is for the product's own waits."""

    def wait(self, *_call: Any) -> bool:
        """At once."""
        return True


class AwsCloud:
    """Fulfils ``tests.simulator.cloud.Cloud``."""

    revokes = True
    together = False
    form = ""
    probes: tuple[str, ...] = ()
    names: tuple[dict[str, str], ...] = ({"group": PARTNER}, {"prefix_list": UNREAD})

    def __init__(
        self,
        clock: Clock,
        targets: int,
        random: Random,
        *,
        atomic: bool | None = None,
        full: bool = False,
    ) -> None:
        ids = [f"sg-{index:08x}" for index in range(1, targets + 1)]
        self._clock = clock
        drawn = random.random() < 0.5
        self._ec2 = Ec2(
            clock.monotonic, dict.fromkeys(ids, ()), atomic=drawn if atomic is None else atomic
        )
        self.targets: Sequence[str] = [f"{SCOPE}/{one}" for one in ids]
        self._previous: dict[str, Group] = {}
        for target in self.targets if full else ():
            many = range(QUOTA - random.randint(0, 4))
            self.fill(target, [_spare(number, random) for number in many])
        some = {name: tuple(random.sample(bound, 1)) for name, bound in NAMES.items()}
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(cidrs) for name, cidrs in meaning.items()}
            for meaning in (dict.fromkeys(NAMES, ()), NAMES, some)
        )

    @property
    def late(self) -> float:
        """How late reads are, in seconds."""
        return self._ec2.late

    @late.setter
    def late(self, seconds: float) -> None:
        self._ec2.late = seconds

    def provider(self) -> Provider:
        """The product's provider, with this EC2 in the place of the SDK's clients."""
        found: Any = AwsProvider(clock=self._clock.monotonic, sleep=self._clock.sleep)
        found._caller.clients, found._caller.pace = self._ec2, _Unhurried()
        return found  # type: ignore[no-any-return]

    def block(self, settings: dict[str, Any]) -> AwsSettings:
        """A target block that selects by the tag that all groups carry."""
        select = {"tags": {"cloudsync": "smtp"}}
        return AwsSettings.model_validate(
            # Marks of Terraform's lie about here, and must not keep the run from its work.
            {
                "provider": "aws",
                "regions": [REGION],
                "select": select,
                "managed_by": "cloudsync",
                **settings,
            }
        )

    def truth(self, target: str) -> packets.World | None:
        """The group as it is."""
        rules = self._ec2.groups.get(_id(target))
        return None if rules is None else _true(rules)

    def fail(self, kind: str) -> None:
        """The next call ends so."""
        self._ec2.faults.append(kind)

    def regard(self, random: Random) -> None:
        """There is one way to guard these targets."""

    def made(self, step: Step) -> bool:
        """Not told apart here."""
        del step
        return True

    def remember(self, target: str) -> None:
        """Keep how the group is, for ``undo``."""
        if _id(target) in self._ec2.groups:
            self._previous[target] = self._ec2.groups[_id(target)]

    def undo(self, target: str) -> None:
        """The group as it was before the product's last call."""
        if target in self._previous and _id(target) in self._ec2.groups:
            self._ec2.put(_id(target), self._previous[target])

    def delete(self, target: str) -> None:
        """The group is gone."""
        self._ec2.put(_id(target), None)

    def edit(self, target: str, kind: str, random: Random) -> str:
        """A rule comes, goes or changes in place."""
        group = _id(target)
        rules = self._ec2.groups.get(group)
        if rules is None:
            return ""
        if kind in {"plant", "copy"}:
            if kind == "plant" and random.random() < 0.02:
                crowd = [self._ec2.made(_single(index)) for index in range(random.randint(40, 58))]
                return self._put(target, (*rules, *crowd), f"{len(crowd)} rules are planted")
            new = self._ec2.made(_foreign(random) if kind == "plant" else _marked(random))
            return self._put(target, (*rules, new), f"{new} is planted")
        if not rules:
            return ""
        old = random.choice(rules)
        others = tuple(rule for rule in rules if rule.id != old.id)
        if kind == "delete":
            return self._put(target, others, f"{old} is deleted")
        new = _reshaped(old, random)
        return self._put(target, (*others, new), f"{old} becomes {new}")

    def fill(self, target: str, rules: Sequence[SgRule]) -> None:
        """The group with these rules, however they came there."""
        self._ec2.put(_id(target), tuple(self._ec2.made(rule) for rule in rules))

    def _put(self, target: str, rules: Group, said: str) -> str:
        """The group with ``rules``, unless EC2 would refuse them: too many, or the same twice."""
        if len({rule.key for rule in rules}) < len(rules) or max(counted(rules)) > QUOTA:
            return ""
        self._ec2.put(_id(target), rules)
        return f"{target}: {said}"


def _id(target: str) -> str:
    return target.rpartition("/")[2]


@lru_cache(maxsize=4096)
def _true(rules: Group) -> packets.World:
    world = packets.from_ec2(answered("sg", rules), LISTS)
    # Whether such a protocol carries TCP isn't known: it may let in, and nobody can rely on it.
    return replace(
        world,
        rows=tuple(
            {**row, "machines": world.machines} if row["id"].startswith("50 ") else row
            for row in world.rows
        ),
    )


def _single(index: int) -> SgRule:
    return SgRule("", "tcp", 25, 25, "IpRanges", f"192.0.66.{index}/32", "somebody")


def _spare(index: int, random: Random) -> SgRule:
    """A rule that nobody wants: one of ours that is left over, a stranger's, or of another port."""
    rule = _single(index)
    kind = random.choice(("own", "own", "theirs", "other"))
    if kind == "own":
        return replace(rule, description=f"cloudsync/{OURS} also")
    return rule if kind == "theirs" else replace(rule, first=443, last=443)


def _network(cidr: str) -> tuple[str, str]:
    return ("Ipv6Ranges" if ":" in cidr else "IpRanges"), cidr


def _foreign(random: Random) -> SgRule:
    kind, source = _network(random.choice(ANYWHERE))
    if random.random() < 0.2:
        kind, source = random.choice(
            (
                ("UserIdGroupPairs", PARTNER),
                ("PrefixListIds", UNREAD),
                ("PrefixListIds", next(iter(LISTS))),
            )
        )
    return SgRule("", *random.choice(_PORTS), kind, source, random.choice(STRANGE_LABELS))


def _marked(random: Random) -> SgRule:
    """A rule that bears our mark: as we would make it, a copy, or one that somebody spoilt."""
    label = f"cloudsync/{OURS} {random.choice(PURPOSES)}"
    return SgRule("", *random.choice(_OWN_PORTS), *_network(random.choice(ANYWHERE)), label)


def _reshaped(rule: SgRule, random: Random) -> SgRule:
    """A rule changed in place, as ModifySecurityGroupRules does: its id stays."""
    kind = random.choice(("ports", "source", "label"))
    if kind == "ports":
        protocol, first, last = random.choice(_PORTS)
        return replace(rule, protocol=protocol, first=first, last=last)
    if kind == "source" and rule.kind in {"IpRanges", "Ipv6Ranges"}:
        family = [one for one in ANYWHERE if _network(one)[0] == rule.kind]
        return replace(rule, source=random.choice(family))
    return replace(rule, description=random.choice(STRANGE_LABELS))
