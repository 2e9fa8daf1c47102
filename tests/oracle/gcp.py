"""Asks Google's firewalls packet by packet, through the whole enforcement order; it imports nothing of ours.

It is written from Google's documents, so that a mistake in the evaluator isn't repeated here:

* docs.cloud.google.com/firewall/docs/firewall-policies-rule-eval-order: hierarchical policies from
  the organization down, system policies of the region, VPC rules, the global network policy, the
  region's; BEFORE_CLASSIC_FIREWALL puts the VPC rules last. Whoever no rule speaks of is denied.
* The description of ``Firewall``: 0 is asked before 65535 and a deny before an allow of the same
  priority; ``disabled`` is as if it weren't there; tags or accounts choose the machines; sources add
  up; a rule without any source is for 0.0.0.0/0, which is no IPv6 (page on VPC firewall rules).
* The description of ``FirewallPolicyRule``: ``goto_next`` leaves the policy, not the rule.

Rules are what the API answers, as plain dictionaries. What an opaque source stands for is a
``Meaning``: networks by name, where a name is ``tag:web``, ``sa:…``, ``securetag:…``, ``fqdn:…``,
``group:…``, ``region:…`` or ``threat:…``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.oracle.packets import Meaning, Point, Row, World, edges, inside, networks, span

Rule = Mapping[str, Any]
EVERYONE_4 = ("0.0.0.0/0",)
EVERYONE_6 = "ipv6:everyone"
"""Whom else a VPC rule without any source may stand for: of IPv6 that page says nothing."""


@dataclass(frozen=True)
class Machine:
    """A machine as rules see it: its tags, its accounts, its secure tags, its own addresses.

    Today a machine runs as one account; the API's field is a list, so nothing here rests on that.
    """

    tags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    secure: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (*sorted(self.tags), *sorted(self.accounts), *sorted(self.secure), *self.addresses)
        return "+".join(parts) or "plain"


@dataclass(frozen=True)
class Firewalls:
    """What is in force on one network: VPC rules, and policies as the effective calls answer them."""

    classic: tuple[Rule, ...] = ()
    policies: tuple[Rule, ...] = ()
    before_classic: bool = False

    def layers(self) -> Iterator[tuple[str, Sequence[Rule]]]:
        """Every layer in the order in which a packet meets it, and its rules in theirs."""
        of: dict[str, list[Rule]] = {}
        for policy in self.policies:
            of.setdefault(policy["type"], []).append(policy)
        yield from self._policies(of, ("HIERARCHY", "SYSTEM_GLOBAL", "SYSTEM", "SYSTEM_REGIONAL"))
        if not self.before_classic:
            yield "classic", self._classic()
        yield from self._policies(of, ("NETWORK", "NETWORK_REGIONAL"))
        if self.before_classic:
            yield "classic", self._classic()

    def _classic(self) -> list[Rule]:
        return sorted(
            self.classic, key=lambda rule: (rule.get("priority", 1000), "allowed" in rule)
        )

    @staticmethod
    def _policies(
        of: Mapping[str, Sequence[Rule]], kinds: Iterable[str]
    ) -> Iterator[tuple[str, Sequence[Rule]]]:
        for kind in kinds:
            for policy in of.get(kind, ()):
                yield policy["name"], sorted(policy["rules"], key=lambda rule: rule["priority"])


def lets_in(
    world: Firewalls, point: Point, machine: Machine, meaning: Meaning, port: int = 25
) -> bool:
    """Whether a TCP packet from ``point`` to ``port`` of ``machine`` gets in."""
    for _, rules in world.layers():
        for rule in rules:
            if not speaks(rule, port) or not reaches(rule, machine, point[0]):
                continue
            if not comes_from(rule, point, meaning):
                continue
            action = action_of(rule)
            if action == "goto_next":
                break
            return action == "allow"
    return False


def action_of(rule: Rule) -> str:
    """allow, deny or goto_next."""
    if "action" in rule:
        return str(rule["action"])
    return "allow" if rule.get("allowed") else "deny"


def speaks(rule: Rule, port: int) -> bool:
    """Whether a rule says anything of inbound TCP packets to ``port``."""
    if rule.get("disabled") or rule.get("direction", "INGRESS") != "INGRESS":
        return False
    listed = (
        [(one["ipProtocol"], one.get("ports")) for one in rule["match"]["layer4Configs"]]
        if "match" in rule
        else [
            (one["IPProtocol"], one.get("ports"))
            for one in (*rule.get("allowed", ()), *rule.get("denied", ()))
        ]
    )
    for protocol, ports in listed:
        if str(protocol).lower() == "all":
            return True
        if str(protocol).lower() not in {"tcp", "6"}:
            continue
        if not ports:
            return True
        for text in ports:
            first, _, last = str(text).partition("-")
            if int(first) <= port <= int(last or first):
                return True
    return False


def reaches(rule: Rule, machine: Machine, version: int) -> bool:
    """Whether a rule is for this machine, and for the address that the packet is sent to."""
    tags, accounts = rule.get("targetTags"), rule.get("targetServiceAccounts")
    secure = [one["name"] for one in rule.get("targetSecureTags", ())]
    if tags and not machine.tags & set(tags):
        return False
    if accounts and not machine.accounts & set(accounts):
        return False
    if secure and not machine.secure & set(secure):
        return False
    match = rule.get("match", {})
    ranges = rule.get("destinationRanges") or match.get("destIpRanges")
    if not ranges:
        return True
    own = [_point(one) for one in machine.addresses if _point(one)[0] == version]
    return any(inside(one, ranges) for one in own)


def _point(address: str) -> Point:
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


def ranges_of(rule: Rule) -> Sequence[str]:
    """The source ranges, with what a VPC rule without any source stands for."""
    if "match" in rule:
        found: Sequence[str] = rule["match"].get("srcIpRanges", ())
        return found
    given: Sequence[str] = rule.get("sourceRanges", ())
    return given or (() if names_of(rule) else EVERYONE_4)


def names_of(rule: Rule) -> list[str]:
    """The opaque sources."""
    match = rule.get("match", {})
    return [
        *(f"tag:{one}" for one in rule.get("sourceTags", ())),
        *(f"sa:{one}" for one in rule.get("sourceServiceAccounts", ())),
        *(f"securetag:{one['name']}" for one in match.get("srcSecureTags", ())),
        *(f"fqdn:{one}" for one in match.get("srcFqdns", ())),
        *(f"group:{one}" for one in match.get("srcAddressGroups", ())),
        *(f"region:{one}" for one in match.get("srcRegionCodes", ())),
        *(f"threat:{one}" for one in match.get("srcThreatIntelligences", ())),
    ]


def comes_from(rule: Rule, point: Point, meaning: Meaning) -> bool:
    """Whether a rule speaks of a sender: by any of its ranges, or by any of its names."""
    if inside(point, networks(tuple(ranges_of(rule)))):
        return True
    return any(inside(point, meaning.get(name, ())) for name in names_of(rule))


# --- looking at one target -----------------------------------------------------------------------


def machines(world: Firewalls, *, tag: str = "", account: str = "") -> list[Machine]:
    """Every kind of machine that may stand behind a target: with or without each other tag or account.

    A target is whoever carries ``tag``, runs as ``account``, or, without either, the whole network.
    Its address may lie within or beyond any destination range.
    """
    rules = [rule for _, layer in world.layers() for rule in layer]
    tags = {one for rule in rules for one in rule.get("targetTags", ())} - {tag}
    accounts = {one for rule in rules for one in rule.get("targetServiceAccounts", ())} - {account}
    secure = {one["name"] for rule in rules for one in rule.get("targetSecureTags", ())}
    ranges = {
        one
        for rule in rules
        if rule.get("direction", "INGRESS") == "INGRESS"
        for one in (
            *rule.get("destinationRanges", ()),
            *rule.get("match", {}).get("destIpRanges", ()),
        )
    }
    # Where destinations matter, a machine at the start of each range, and one beyond them all.
    homes = {_first(one) for one in ranges - {"0.0.0.0/0", "::/0"}}
    four = sorted({"172.31.255.254", *(one for one in homes if ":" not in one)})
    six = sorted({"fdff:ffff::1", *(one for one in homes if ":" in one)})
    own_tags = frozenset({tag} - {""})
    own_accounts = frozenset({account} - {""})
    return [
        Machine(
            own_tags | carried,
            own_accounts | runs_as,
            bound,
            (four[index % len(four)], six[index % len(six)]),
        )
        for carried in _subsets(tags)
        for bound in _subsets(secure)
        for runs_as in _subsets(accounts)
        for index in range(max(len(four), len(six)))
    ]


def _subsets(names: Iterable[str]) -> Iterator[frozenset[str]]:
    ordered = sorted(names)
    for flags in product((False, True), repeat=len(ordered)):
        yield frozenset(one for one, taken in zip(ordered, flags, strict=True) if taken)


def _first(cidr: str) -> str:
    version, first, _ = span(cidr)
    return str(ipaddress.IPv4Address(first) if version == 4 else ipaddress.IPv6Address(first))


def in_sight(world: Firewalls, *more: Iterable[str]) -> list[Point]:
    """Every edge of every network that a rule mentions, and the ends of both families."""
    cidrs = {"0.0.0.0/0", "::/0"}
    for _, rules in world.layers():
        for rule in rules:
            cidrs.update(ranges_of(rule))
    for one in more:
        cidrs.update(one)
    return sorted(set(edges(cidrs)))


def answers(
    world: Firewalls,
    point: Point,
    behind: Iterable[Machine],
    meanings: Iterable[Meaning],
    port: int = 25,
) -> set[bool]:
    """Every answer that a sender gets, over the machines and the meanings tried."""
    tried = tuple(meanings)
    return {
        lets_in(world, point, machine, meaning, port) for machine in behind for meaning in tried
    }


def might(world: Firewalls, point: Point, behind: Sequence[Machine], port: int = 25) -> bool:
    """Whether a sender may get in, by address, as far as anybody knows who can't see machines.

    A rule that reaches only some machines stops nobody for sure and may let in; a goto_next of that
    kind is both taken and not.
    """
    return _walk(_lists(world, port), point, behind, vague=True)


def sure(world: Firewalls, point: Point, behind: Sequence[Machine], port: int = 25) -> bool:
    """Whether a sender gets in for sure, as far as anybody knows who can't see machines."""
    return _walk(_lists(world, port), point, behind, vague=False)


def _lists(world: Firewalls, port: int) -> list[list[Rule]]:
    return [[one for one in rules if speaks(one, port)] for _, rules in world.layers()]


def _walk(
    layers: Sequence[Sequence[Rule]], point: Point, behind: Sequence[Machine], *, vague: bool
) -> bool:
    """``vague`` is what a rule that reaches some machines alone counts for: to let in, or not."""
    if not layers:
        return False
    for index, rule in enumerate(layers[0]):
        reached = [one for one in behind if reaches(rule, one, point[0])]
        if not reached or not comes_from(rule, point, {}):
            continue
        action = action_of(rule)
        if len(reached) < len(behind):
            if action == "goto_next":
                here = _walk([layers[0][index + 1 :], *layers[1:]], point, behind, vague=vague)
                there = _walk(layers[1:], point, behind, vague=vague)
                return (here or there) if vague else (here and there)
            if (action == "allow") is vague:
                return vague
            continue
        if action == "goto_next":
            break
        return action == "allow"
    return _walk(layers[1:], point, behind, vague=vague)


# --- as rows, for the judge of promises ----------------------------------------------------------


def from_gcp(world: Firewalls, *, tag: str = "", account: str = "", outbound: str = "") -> World:
    """One target as rows, in one order: layer by layer, and by priority within.

    A row for some machines alone names them; one for all of the target's names none.

    Raises:
        ValueError: a goto_next that skips a rule which decides; rows can't say that.
    """
    behind = machines(world, tag=tag, account=account)
    rows: list[Row] = []
    for depth, (layer, rules) in enumerate(world.layers()):
        left = ""
        for rule in rules:
            if rule.get("disabled") or rule.get("direction", "INGRESS") != "INGRESS":
                continue
            if action_of(rule) == "goto_next":
                left = left or str(rule.get("priority"))
                continue
            if left:
                raise ValueError(f"{layer}: the rule at {left} skips the one at {rule['priority']}")
            rows.extend(_rows(rule, layer, depth, behind))
    return World(tuple(rows), tuple(map(str, behind)), outbound)


def _rows(rule: Rule, layer: str, depth: int, behind: Sequence[Machine]) -> Iterator[Row]:
    names, ranges = names_of(rule), networks(tuple(ranges_of(rule)))
    if not names and "match" not in rule and not rule.get("sourceRanges"):
        names = [EVERYONE_6]
    listed = (
        [(one["ipProtocol"], one.get("ports")) for one in rule["match"]["layer4Configs"]]
        if "match" in rule
        else [
            (one["IPProtocol"], one.get("ports"))
            for one in (*rule.get("allowed", ()), *rule.get("denied", ()))
        ]
    )
    for version in (4, 6):
        # A destination range is of one family, so the packet's family decides whom it reaches.
        part = networks(tuple(one for one in ranges if span(one)[0] == version))
        reached = [str(one) for one in behind if reaches(rule, one, version)]
        if not reached or not (part or names):
            continue
        whole = len(reached) == len(behind)
        for protocol, ports in listed:
            kind = {"6": "tcp", "17": "udp"}.get(str(protocol).lower(), str(protocol).lower())
            for text in ports or ["0-65535"]:
                first, _, last = str(text).partition("-")
                yield {
                    "number": (depth << 32) + rule.get("priority", 1000),
                    "allow": action_of(rule) == "allow",
                    "sources": part,
                    "names": tuple(names),
                    "ports": (int(first), int(last or first)),
                    "protocol": kind,
                    "machines": () if whole else tuple(reached),
                    "label": rule.get("description", ""),
                    "id": str(rule.get("name") or f"{layer} {rule.get('priority')}"),
                }
        if not part and not ranges:
            return  # names alone: once is enough, whatever the family
