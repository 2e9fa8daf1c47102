"""Prefix lists as the simulator holds them: the real provider and AWS's SDK over the sandbox itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any, Final

from cloudsync.provider import Provider, Step
from cloudsync_aws.client import Clients
from cloudsync_aws.provider import Provider as AwsProvider
from cloudsync_aws.sandbox import Dialect, Sandbox
from cloudsync_aws.sandbox.values import Group, PrefixList
from cloudsync_aws.sandbox.world import Region
from cloudsync_aws.settings import AwsSettings
from tests.oracle import packets
from tests.oracle.lists import Entry, List, Reference, from_lists
from tests.oracle.packets import Meaning
from tests.simulator.aws_wire import ENDPOINT, Wire
from tests.simulator.clock import Clock
from tests.simulator.pools import ANYWHERE, OURS, PURPOSES, STRANGE_LABELS

REGION: Final = "eu-west-1"
_LATEST: Final = 60.0
"""Seconds of the past that reads may be asked to show."""
_TAGS: Final = {"cloudsync": "smtp"}
_ELSEWHERE: Final = "123456789099"
# Who refers to the first list and to the second: the same groups, others, some of them, nobody.
_SHAPES: Final = (
    ((0, 1), (0, 1)), ((0, 1), (0, 1)), ((0, 1, 2), (0, 1, 2)), ((0,), (0,)),
    ((0,), (1,)), ((0, 1), (1, 2)), ((0, 1, 2), (1,)), ((0, 1), ()), ((), ()),
)  # fmt: skip
_PORTS: Final[tuple[tuple[str, int | None, int | None], ...]] = (
    ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 25, 25), ("tcp", 20, 30), ("tcp", 443, 443),
    ("tcp", 25, 26), ("udp", 25, 25), ("-1", None, None), ("50", None, None),
)  # fmt: skip


class _Unhurried:
    """A pace without waiting: the simulated time is for the product's own waits."""

    def wait(self, *_call: Any) -> bool:
        """At once."""
        return True


class ListCloud:
    """Fulfils ``tests.simulator.cloud.Cloud``. A change that AWS has accepted counts as made."""

    revokes = True
    together = True
    probes: tuple[str, ...] = ()
    names: tuple[dict[str, str], ...] = ()
    meanings: tuple[Meaning, ...] = ({},)

    def __init__(self, clock: Clock, targets: int, random: Random) -> None:
        self._clock = clock
        self.late = 0.0
        self._sandbox = Sandbox(
            regions=(REGION,),
            clock=clock.monotonic,
            dialect=Dialect(
                reads_late=_LATEST,
                prefix_list_counting=random.choice(("net", "gross")),
                lists_settle=random.choice((0.0, 0.0, 3.0, 20.0, 50.0)),
            ),
        )
        self._shared = random.random() < 0.4
        tagged = random.random() < 0.5
        families: tuple[Any, ...] = random.choice(
            (("IPv4", "IPv6"), ("IPv4", "IPv6"), ("IPv4", "IPv4"), ("IPv6", "IPv4"))
        )
        self._lists = [
            self._sandbox.seed_prefix_list(
                region=REGION, name=f"mail{number}", family=family, tags=_TAGS,
                max_entries=random.choice((1, 6, 12, 25, 40)),
                resolver="ipam-res-tgt-1" if random.random() < 0.02 else None,
            )
            for number, family in enumerate(families[:targets])
        ]  # fmt: skip
        shape = random.choice(_SHAPES)
        selected = random.choice((2, 3, 3, 3, 3, 3))
        self._groups = [
            self._sandbox.seed_group(
                region=REGION,
                name=f"mx{number}",
                tags=_TAGS if tagged and number < selected else {},
            )
            for number in range(3)
        ]
        for one, groups in zip(self._lists, shape, strict=False):
            for number in groups:
                ports = random.choice(_PORTS) if random.random() < 0.1 else _PORTS[0]
                self._sandbox.plant(REGION, self._groups[number], [_reference(one, ports)])
        for one in self._groups:
            self._fill(one, random.choice((0, 0, 0, 15, 40, 55)))
        self._selected = frozenset(self._groups[:selected])
        self._select: dict[str, Any] = (
            {"tags": _TAGS} if tagged else {"ids": self._lists, "groups": self._groups[:selected]}
        )
        self._clock.sleep(_LATEST)
        self._scope = f"aws:{self._sandbox.account}/{REGION}"
        self.targets: Sequence[str] = [f"{self._scope}/{one}" for one in self._lists]
        self._previous: dict[str, Mapping[str, str]] = {}
        self._seen: dict[str, tuple[int, packets.World | None]] = {}

    @property
    def form(self) -> str:
        """What its target blocks depend on, but for the settings."""
        return f"{json.dumps(self._select)} {self._shared}"

    def provider(self) -> Provider:
        """The product's provider with AWS's clients, whose wire ends in this sandbox."""
        found: Any = AwsProvider(clock=self._clock.monotonic, sleep=self._clock.sleep)
        inside: Any = self._sandbox
        wire().leads_to(inside._dispatcher, self._asked, self._clock.sleep)
        found._caller.clients, found._caller.pace = clients(), _Unhurried()
        # What was to befall a call that was never made befalls no other process.
        self._sandbox.faults.clear()
        return found  # type: ignore[no-any-return]

    def block(self, settings: dict[str, Any]) -> AwsSettings:
        """A target block over the lists."""
        return AwsSettings.model_validate(
            # Marks of Terraform's lie about here, and must not keep the run from its work.
            {"kind": "prefix-list", "regions": [REGION], "select": self._select,
             "endpoint": ENDPOINT, "managed_by": "cloudsync", "shared": self._shared, **settings}
        )  # fmt: skip

    def truth(self, target: str) -> packets.World | None:
        """Who gets in by the list at the groups that refer to it, as it is."""
        known = self._seen.get(target)
        if known is None or known[0] != self._region.version:
            known = self._seen[target] = self._region.version, self._true(_id(target))
        return known[1]

    def fail(self, kind: str) -> None:
        """The next call ends so, however often it is tried again."""
        faults = self._sandbox.faults
        if kind == "lost":
            # The SDK tries again and meets what its first try has done.
            faults.lost_after("mutating")
        elif kind == "failed":
            faults.lost_after("mutating")
            faults.lost_before("mutating", times=2)
        elif kind == "never arrived":
            faults.lost_before("mutating", times=3)
        elif kind == "throttled":
            faults.throttle("mutating", times=3)
        else:
            faults.denied("mutating", times=1)

    def regard(self, random: Random) -> None:
        """There is one way to guard these targets."""

    def made(self, step: Step) -> bool:
        """Whether the entries that a call names stand, or don't, and the size is what it says."""
        call: Any = step.call
        held = self._held(f"{self._scope}/{call.list}")
        if held is None:
            return False
        entries = {one.cidr: one.description or "" for one in held.entries(held.version) or ()}
        match call.operation:
            case "add":
                return all(entries.get(one.cidr) == one.description for one in call.entries)
            case "remove":
                return not any(one.cidr in entries for one in call.entries)
            case _:
                return bool(held.max_entries == call.size)

    def remember(self, target: str) -> None:
        """Keep what stands in the list, for ``undo``."""
        if self._held(target) is not None:
            self._previous[target] = self._entries(target)

    def undo(self, target: str) -> None:
        """The list holds what it held before the product's last call."""
        if target in self._previous and self._held(target) is not None:
            self._write(target, self._previous[target])

    def delete(self, target: str) -> None:
        """The list is gone, and every rule that refers to it."""
        for group in self._region.groups.values():
            left = tuple(rule for rule in group.rules if rule.peer != _id(target))
            if left != group.rules:
                self._region.put_group(replace(group, rules=left))
        self._region.drop_list(_id(target))

    def edit(self, target: str, kind: str, random: Random) -> str:
        """An entry comes, goes or changes; or a rule that refers to the list does, or its size."""
        held = self._held(target)
        if held is None:
            return ""
        if kind != "copy" and random.random() < 0.15:
            return self._referred(target, held, random)
        entries = dict(self._entries(target))
        if kind in {"plant", "copy"}:
            cidr = random.choice(
                [one for one in ANYWHERE if (":" in one) is (held.family == "IPv6")]
            )
            purposes = PURPOSES if kind == "copy" else ()
            label = random.choice(
                [f"cloudsync/{OURS} {purpose}" for purpose in purposes] or STRANGE_LABELS
            )
            if cidr in entries:
                return ""
            return self._given(target, {**entries, cidr: label}, f"{cidr} ({label}) is planted")
        if not entries:
            return ""
        cidr = random.choice(sorted(entries))
        if kind == "delete":
            label = entries.pop(cidr)
            return self._given(target, entries, f"{cidr} ({label}) is deleted")
        label = random.choice(STRANGE_LABELS)
        return self._given(target, {**entries, cidr: label}, f"{cidr} is called {label!r}")

    # ------------------------------------------------------------------ the sandbox's own state

    @property
    def _region(self) -> Region:
        inside: Any = self._sandbox
        found: Region = inside._region(REGION, None)
        return found

    @contextmanager
    def _asked(self, changes: bool) -> Generator[None]:
        """Inside it a read is as late as it is to be; whatever changes is kept for late reads."""
        world = self._region.world
        self._region.settle_lists()
        if changes:
            yield
            return
        world.dialect = replace(world.dialect, reads_late=self.late)
        try:
            yield
        finally:
            world.dialect = replace(world.dialect, reads_late=_LATEST)

    def _held(self, target: str) -> PrefixList | None:
        """The list as it will be once AWS has made what it accepted; None where it is gone."""
        found = self._region.lists.get(_id(target))
        return found.becomes or found if found else None

    def _entries(self, target: str) -> Mapping[str, str]:
        held = self._held(target)
        assert held is not None
        return {one.cidr: one.description or "" for one in held.entries(held.version) or ()}

    def _given(self, target: str, entries: Mapping[str, str], said: str) -> str:
        """The list with ``entries``, unless AWS refuses them: too many, or it is busy."""
        held, now = self._held(target), self._region.lists[_id(target)]
        assert held is not None
        if len(entries) > held.max_entries or now.becomes is not None or now.resolver:
            return ""
        self._write(target, entries)
        return f"{target}: {said}"

    def _write(self, target: str, entries: Mapping[str, str]) -> None:
        found = self._region.lists[_id(target)]
        if found.becomes is None:
            self._sandbox.write_list(REGION, _id(target), entries)

    def _true(self, identity: str) -> packets.World | None:
        if identity not in self._region.lists:
            return None
        lists = {
            name: List(
                4 if held.family == "IPv4" else 6,
                tuple(Entry(*each) for each in self._entries(f"{self._scope}/{name}").items()),
                held.referrers,
            )
            for name in self._lists
            if (held := self._region.lists.get(name))
        }
        references = [
            Reference(group.id, rule.peer, rule.egress, rule.protocol, rule.first, rule.last)
            for group in self._region.groups.values()
            for rule in group.rules
            if rule.peer in lists
        ]
        rules = {group.id: group.rules for group in self._region.groups.values()}
        return from_lists(
            identity, lists, references,
            selected=self._selected, shared=self._shared, installation=OURS,
            beside=repr(sorted(rules.items())),
        )  # fmt: skip

    # ------------------------------------------------------------------ what people do around it

    def _referred(self, target: str, held: PrefixList, random: Random) -> str:
        """Somebody changes who refers to the list, for what, or how much it may hold."""
        what: Callable[[str, PrefixList, Random], str] = random.choice(
            (self._refer, self._refer, self._refer, self._forsake, self._outside, self._resize,
             self._crowd)
        )  # fmt: skip
        return what(target, held, random)

    def _refer(self, target: str, _held: PrefixList, random: Random) -> str:
        """A group refers to the list for some ports, if EC2 has room for it there."""
        group, ports = random.choice(self._groups), random.choice(_PORTS)
        egress = random.random() < 0.15
        before = self._region.groups[group]
        try:
            self._sandbox.plant(REGION, group, [_reference(_id(target), ports)], egress=egress)
        except ValueError:
            return ""
        if self._region.groups[group] == before:
            return ""
        if self._overfull(group):
            self._region.put_group(before)
            return ""
        return f"{group} refers to {_id(target)} for {ports}{' outbound' if egress else ''}"

    def _forsake(self, target: str, _held: PrefixList, random: Random) -> str:
        """A rule that refers to the list goes."""
        rules = [
            (group, rule)
            for group in self._region.groups.values()
            for rule in group.rules
            if rule.peer == _id(target)
        ]
        if not rules:
            return ""
        group, rule = random.choice(rules)
        left = tuple(one for one in group.rules if one != rule)
        self._region.put_group(replace(group, rules=left))
        return f"{group.id} no longer has {rule}"

    def _outside(self, target: str, _held: PrefixList, random: Random) -> str:
        """A route table, or another account's group, begins or ends to depend on the list."""
        found = self._region.lists[_id(target)]
        if found.becomes is not None:
            return ""
        account = random.choice((_ELSEWHERE, self._sandbox.account))
        others = () if found.referrers else (("rtb-1", account),)
        self._region.put_list(replace(found, referrers=others))
        return f"{_id(target)} also serves {others}"

    def _resize(self, target: str, held: PrefixList, random: Random) -> str:
        """The list may hold another number of entries, if all that refer to it have room."""
        found = self._region.lists[_id(target)]
        if found.becomes is not None:
            return ""
        least = max(1, len(held.entries(held.version) or ()))
        size = least + random.choice((0, 0, 1, 10))
        self._region.put_list(replace(found, max_entries=size, weight=size))
        if any(self._overfull(group) for group in self._groups):
            self._region.put_list(found)
            return ""
        return f"{_id(target)} may hold {size}"

    def _crowd(self, _target: str, _held: PrefixList, random: Random) -> str:
        """A group gets many other rules, or loses those it had."""
        group, many = random.choice(self._groups), random.choice((0, 20, 45))
        return f"{group} has {many} other rules" if self._fill(group, many) else ""

    def _fill(self, group: str, many: int) -> bool:
        """The group with ``many`` rules for another port beside those that refer to lists."""
        held = self._region.groups[group]
        others = [f"192.0.66.{number}/32" for number in range(many)]
        left = tuple(rule for rule in held.rules if rule.kind == "list" or rule.egress)
        self._region.put_group(replace(held, rules=left))
        if others:
            said = [{"CidrIp": one} for one in others]
            self._sandbox.plant(
                REGION, group,
                [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": said}],
            )  # fmt: skip
        if self._overfull(group):
            self._region.put_group(held)
            return False
        return True

    def _overfull(self, group: str) -> bool:
        held = self._region.groups[group]
        return any(
            _counted(self._region, held, egress=egress) > self._region.world.default_quota
            for egress in (False, True)
        )


def _id(target: str) -> str:
    return target.rpartition("/")[2]


def _reference(prefix_list: str, ports: tuple[str, int | None, int | None]) -> dict[str, Any]:
    protocol, first, last = ports
    said = {} if first is None else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **said, "PrefixListIds": [{"PrefixListId": prefix_list}]}


def _counted(region: Region, group: Group, *, egress: bool) -> int:
    """Rules as the quota counts them in the fuller family: a list by all it may hold, in both."""
    rules = [rule for rule in group.rules if rule.egress is egress]
    both = sum(
        region.lists[rule.peer].max_entries if rule.kind == "list" else 1
        for rule in rules
        if rule.kind in {"list", "group"}
    )
    four = sum(rule.kind == "ipv4" for rule in rules)
    return max(four, sum(rule.kind == "ipv6" for rule in rules)) + both


@cache
def wire() -> Wire:
    """The one wire of this process."""
    return Wire()


@cache
def clients() -> Clients:
    """AWS's clients, made once: making them costs more than a run."""
    return wire().clients()
