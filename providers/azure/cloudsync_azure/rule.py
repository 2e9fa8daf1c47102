"""A security rule of a network security group, read from ARM's JSON and written back; it judges none.

Plural and singular fields mean the same and are united here (the service writes a plural of one as
the singular); what is written follows the service's own form, so that it reads back unchanged.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from cloudsync.addresses import spelled
from cloudsync.immutable import immutable

REMEMBERED: Final = 4_096

ANY: Final = "*"
"""Every address, port or protocol."""
_ANYTHING: Final = frozenset({"*", "any"})
_EVERY_PORT: Final = (0, 65_535)

DEFAULTS: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "name": name,
        "properties": {
            "priority": priority, "direction": "Inbound", "access": access, "protocol": "*",
            "sourceAddressPrefix": source, "sourcePortRange": "*",
            "destinationAddressPrefix": destination, "destinationPortRange": "*",
        },
    }
    for name, priority, access, source, destination in (
        ("AllowVnetInBound", 65_000, "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowAzureLoadBalancerInBound", 65_001, "Allow", "AzureLoadBalancer", "*"),
        ("DenyAllInBound", 65_500, "Deny", "*", "*"),
    )
)  # fmt: skip
"""The default inbound rules, for an answer that leaves them out; no group is without them."""


@immutable
class Rule:
    """One inbound rule.

    ``sources`` and ``destinations`` hold CIDRs, service tags and ``*``; the groups are application
    security groups by their ARM ids. ``ports`` and ``source_ports`` are ranges, both ends included.
    """

    name: str
    priority: int
    allow: bool
    protocol: str
    sources: tuple[str, ...] = ()
    source_groups: tuple[str, ...] = ()
    destinations: tuple[str, ...] = (ANY,)
    destination_groups: tuple[str, ...] = ()
    ports: tuple[tuple[int, int], ...] = (_EVERY_PORT,)
    source_ports: tuple[tuple[int, int], ...] = (_EVERY_PORT,)
    description: str = ""

    @property
    def tcp(self) -> bool:
        """Whether it says anything of TCP."""
        return self.protocol in {"tcp", ANY}

    def decides(self, port: int) -> bool:
        """Whether it says anything of TCP connections to ``port``."""
        return self.tcp and any(first <= port <= last for first, last in self.ports)

    def alone(self, ports: tuple[int, ...]) -> bool:
        """Whether it speaks of one of ``ports`` over TCP, and of nothing else."""
        return self.protocol == "tcp" and any(self.ports == ((port, port),) for port in ports)

    @property
    def any_source_port(self) -> bool:
        """Whether it holds from whatever port the client sends."""
        return any(first <= 0 and last >= 65_535 for first, last in self.source_ports)

    def __str__(self) -> str:
        kind = "allow" if self.allow else "deny"
        ports = ",".join(ranges(self.ports))
        traffic = ports if self.protocol == "*" else f"{self.protocol}/{ports}"
        sources = ", ".join((*self.sources, *map(short, self.source_groups))) or "nobody"
        targets = (*self.destinations, *map(short, self.destination_groups))
        to = "" if targets == (ANY,) else f" to {', '.join(targets)}"
        by = "" if self.any_source_port else (
            f" from source ports {','.join(ranges(self.source_ports))}"
        )  # fmt: skip
        text = f" ({self.description})" if self.description else ""
        return f"{self.priority} {self.name}: {kind} {traffic} from {sources}{to}{by}{text}"


def short(group: str) -> str:
    """An application security group by the last part of its ARM id, for people."""
    return group.rpartition("/")[2]


def ranges(found: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Port ranges as Azure writes them: ``*``, ``25``, ``20-30``."""
    return tuple(_range(*one) for one in found)


def _range(first: int, last: int) -> str:
    if (first, last) == _EVERY_PORT:
        return "*"
    return str(first) if first == last else f"{first}-{last}"


def rule(name: str, properties: Mapping[str, Any]) -> Rule:
    """The rule ``name`` as ARM tells it.

    Raises:
        KeyError, ValueError: the answer isn't a security rule's.
    """
    protocol = str(properties["protocol"]).lower()
    return Rule(
        name=name,
        priority=int(properties["priority"]),
        allow=str(properties["access"]).lower() == "allow",
        protocol=ANY if protocol in _ANYTHING else protocol,
        sources=_prefixes(properties, "sourceAddressPrefix", "sourceAddressPrefixes"),
        source_groups=_groups(properties, "sourceApplicationSecurityGroups"),
        destinations=_prefixes(
            properties, "destinationAddressPrefix", "destinationAddressPrefixes"
        ),
        destination_groups=_groups(properties, "destinationApplicationSecurityGroups"),
        ports=_ports(properties, "destinationPortRange", "destinationPortRanges"),
        source_ports=_ports(properties, "sourcePortRange", "sourcePortRanges"),
        description=properties.get("description") or "",
    )


def inbound(properties: Mapping[str, Any]) -> bool:
    """Whether a rule is for what comes in."""
    return str(properties["direction"]).lower() == "inbound"


def _united(properties: Mapping[str, Any], one: str, many: str) -> Iterable[str]:
    single = properties.get(one)
    return {*([single] if single else ()), *(properties.get(many) or ())}


def _prefixes(properties: Mapping[str, Any], one: str, many: str) -> tuple[str, ...]:
    return tuple(sorted(map(prefix, _united(properties, one, many))))


@lru_cache(maxsize=65_536)
def prefix(text: str) -> str:
    """A CIDR in its one spelling (a bare address is a network of one); a tag as it is."""
    text = text.strip()
    if text.lower() in _ANYTHING:
        return ANY
    if not any(character in text for character in ".:") or text[0] not in "0123456789abcdefABCDEF:":
        return text
    try:
        return spelled(text)
    except ValueError:
        return text  # a tag with a region: Storage.WestUS


def _groups(properties: Mapping[str, Any], key: str) -> tuple[str, ...]:
    # ARM ids are the same whatever their case.
    return tuple(sorted(str(one["id"]).lower() for one in properties.get(key) or ()))


def _ports(properties: Mapping[str, Any], one: str, many: str) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(map(_ends, _united(properties, one, many))))


@lru_cache(maxsize=REMEMBERED)
def _ends(text: str) -> tuple[int, int]:
    if text.strip().lower() in _ANYTHING:
        return _EVERY_PORT
    first, dash, last = text.partition("-")
    return int(first), int(last if dash else first)


def properties_of(rule: Rule) -> dict[str, Any]:
    """The properties that ARM is sent for ``rule``, as it would itself answer them.

    The singular field for one value, the plural for several: a plural of one comes back as the
    singular (terraform-provider-azurerm #23674), and both at once would be refused.
    """
    found: dict[str, Any] = {
        "description": rule.description,
        "protocol": {"tcp": "Tcp", "*": "*"}.get(rule.protocol, rule.protocol),
        "access": "Allow" if rule.allow else "Deny",
        "priority": rule.priority,
        "direction": "Inbound",
    }
    for values, groups, one, many, grouped in (
        (rule.sources, rule.source_groups, "sourceAddressPrefix", "sourceAddressPrefixes",
         "sourceApplicationSecurityGroups"),
        (rule.destinations, rule.destination_groups, "destinationAddressPrefix",
         "destinationAddressPrefixes", "destinationApplicationSecurityGroups"),
    ):  # fmt: skip
        if len(values) == 1:
            found[one] = values[0]
        elif values:
            found[many] = list(values)
        if groups:
            found[grouped] = [{"id": group} for group in groups]
    for spans, one, many in (
        (rule.source_ports, "sourcePortRange", "sourcePortRanges"),
        (rule.ports, "destinationPortRange", "destinationPortRanges"),
    ):
        texts = list(ranges(spans))
        if len(texts) == 1:
            found[one] = texts[0]
        else:
            found[many] = texts
    return found


Packed = bytes
"""The rules of one direction as bytes: fleets repeat themselves, and bytes are soon compared."""

_SAID_OF_THE_READ: Final = frozenset({"provisioningState", "direction"})


def packed(rules: Iterable[tuple[str, Mapping[str, Any]]]) -> Packed:
    """``rules``, names and properties, in a form that equal groups share."""
    return marshal.dumps(
        [
            (name, {key: each for key, each in one.items() if key not in _SAID_OF_THE_READ})
            for name, one in rules
        ],
        2,  # later versions write what is the same object differently from what is equal
    )


def unpacked(rules: Packed) -> list[tuple[str, dict[str, Any]]]:
    """What ``packed`` was given, but for what changes without the rule changing."""
    # The bytes were written by ``packed``, from nowhere else.
    found: list[tuple[str, dict[str, Any]]] = marshal.loads(rules)  # noqa: S302
    return found


@lru_cache(maxsize=REMEMBERED)
def rules_of(rules: Packed) -> tuple[Rule, ...]:
    """The inbound rules in the order in which they are asked."""
    found = [rule(name, properties) for name, properties in unpacked(rules)]
    return tuple(sorted(found, key=lambda one: one.priority))
