"""From the SDK's answers to values; it sends nothing.

The raw messages are read, not their wrappers: these cost more than all the rest of a sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cloudsync_gcp.layers import Kind, Layer
from cloudsync_gcp.rule import Action, Protocol, Rule, Source, canonical

_ACTIONS: Final[Mapping[str, Action]] = {"allow": "allow", "deny": "deny", "goto_next": "next"}
# Lists that only Google can look into, and whether they may stand for somebody outside.
_LISTS: Final = ("src_address_groups", "src_fqdns", "src_region_codes", "src_threat_intelligences")
# A further condition on the connection, each a field of the matcher.
_CONDITIONS: Final = (
    "dest_address_groups", "dest_fqdns", "dest_ip_ranges", "dest_region_codes",
    "dest_threat_intelligences", "src_networks",
)  # fmt: skip
_SINGLE: Final = (
    "dest_network_context", "dest_network_type", "src_network_context", "src_network_type",
)  # fmt: skip


def classic(answers: Iterable[Any]) -> tuple[tuple[Rule, ...], tuple[str, ...], frozenset[str]]:
    """Inbound rules, outbound rules as lines, and every name that is taken."""
    inbound: list[Rule] = []
    outbound: list[str] = []
    names: set[str] = set()
    for wrapped in answers:
        raw = raw_of(wrapped)
        names.add(raw.name)
        rule = _classic(raw)
        if raw.direction == "EGRESS":
            to = ", ".join(sorted(raw.destination_ranges))
            outbound.append(f"{rule} to {to}")
        else:
            inbound.append(rule)
    return tuple(inbound), tuple(sorted(outbound)), frozenset(names)


def _classic(raw: Any) -> Rule:
    denied = len(raw.denied) > 0
    return Rule(
        name=raw.name,
        # Left out, it is 1000 (reference of the resource).
        number=raw.priority if raw.HasField("priority") else 1_000,
        action="deny" if denied else "allow",
        protocols=_protocols(raw.denied if denied else raw.allowed, "I_p_protocol"),
        ranges=_ranges(raw.source_ranges),
        sources=tuple(
            Source(one) for one in sorted((*raw.source_tags, *raw.source_service_accounts))
        ),
        tags=tuple(sorted(raw.target_tags)),
        accounts=tuple(sorted(raw.target_service_accounts)),
        narrowed=_to(raw.destination_ranges) if raw.direction != "EGRESS" else (),
        disabled=raw.disabled,
        description=raw.description,
    )


def _to(destinations: Iterable[str]) -> tuple[str, ...]:
    listed = ", ".join(sorted(destinations))
    return (f"to {listed}",) if listed else ()


def _protocols(entries: Iterable[Any], key: str) -> tuple[Protocol, ...]:
    return tuple(Protocol(getattr(one, key).lower(), tuple(one.ports)) for one in entries)


def _ranges(networks: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(canonical, networks)))


def policy_rules(
    answers: Iterable[Any], network: str, layer: str, *, regional: bool = False
) -> tuple[tuple[Rule, ...], tuple[str, ...], frozenset[int]]:
    """Inbound rules of a policy for one network, outbound ones as lines, and all their numbers.

    ``network`` is ``projects/P/global/networks/N``. A rule whose target resources are other
    networks isn't asked here.
    """
    inbound: list[Rule] = []
    outbound: list[str] = []
    numbers: set[int] = set()
    for wrapped in answers:
        raw = raw_of(wrapped)
        if raw.target_resources and not any(
            one.endswith(f"/{network}") or one == network for one in raw.target_resources
        ):
            continue
        rule = _policy_rule(raw, layer, regional=regional)
        if raw.direction == "EGRESS":
            outbound.append(str(rule))
            numbers.add(rule.number)
        else:
            inbound.append(rule)
    return tuple(inbound), tuple(sorted(outbound)), frozenset(numbers)


def _policy_rule(raw: Any, layer: str, *, regional: bool) -> Rule:
    match = raw.match
    sources = [Source(tag.name) for tag in match.src_secure_tags]
    sources += [Source(one, outside=True) for key in _LISTS for one in getattr(match, key)]
    narrowed = [
        f"{key} {', '.join(sorted(getattr(match, key)))}"
        for key in _CONDITIONS
        if len(getattr(match, key))
    ]
    narrowed += [f"{key} {getattr(match, key)}" for key in _SINGLE if getattr(match, key, "")]
    machines = [f"secure tag {tag.name}" for tag in raw.target_secure_tags]
    machines += [f"forwarding rule {one}" for one in raw.target_forwarding_rules]
    if raw.target_type not in {"", "INSTANCES"}:
        machines.append(f"targets {raw.target_type}")
    if regional:
        machines.append("machines of its region")
    return Rule(
        name=raw.rule_name,
        number=raw.priority,
        action=_ACTIONS.get(raw.action, "unknown"),
        protocols=_protocols(match.layer4_configs, "ip_protocol") or (Protocol("all"),),
        ranges=_ranges(match.src_ip_ranges),
        sources=tuple(sorted(sources, key=lambda one: one.text)),
        accounts=tuple(sorted(raw.target_service_accounts)),
        machines=tuple(machines),
        narrowed=tuple(narrowed),
        disabled=raw.disabled,
        description=raw.description,
        layer=layer,
    )


_KINDS: Final[Mapping[str, Kind]] = {
    "HIERARCHY": "hierarchy",
    "NETWORK": "global",
    "NETWORK_REGIONAL": "regional",
}
_SAID: Final[Mapping[Kind, str]] = {
    "hierarchy": "hierarchical policy",
    "system": "policy of a service",
    "global": "network policy",
    "regional": "regional policy",
}


def policies(
    answers: Iterable[Any], network: str, region: str = ""
) -> Iterator[tuple[Layer, tuple[str, ...]]]:
    """The policies in force on a network, each with its outbound rules, as they were answered.

    With a region, only those that are of that region alone: the others were answered before.
    """
    for wrapped in answers:
        raw = raw_of(wrapped)
        kind: Kind = _KINDS.get(raw.type_, "system")
        own = kind == "regional" or raw.type_ == "SYSTEM_REGIONAL"
        if bool(region) is not own:
            continue
        called = getattr(raw, "short_name", "") or raw.display_name or raw.name
        name = f"{_SAID[kind]} {called}" + (f" of {region}" if region else "")
        inbound, outbound, numbers = policy_rules(raw.rules, network, name, regional=own)
        yield Layer(kind, inbound, name, raw.name, numbers), outbound


def in_order(layers: Sequence[Layer], own: Layer, *, classic_first: bool) -> tuple[Layer, ...]:
    """All layers as they are asked; those of a kind stay in the order in which they came."""
    turns: dict[Kind, int] = {"hierarchy": 0, "system": 1, "classic": 2, "global": 3, "regional": 4}
    if not classic_first:
        turns["classic"] = 5
    return tuple(sorted((*layers, own), key=lambda layer: turns[layer.kind]))


def raw_of(wrapped: Any) -> Any:
    """The protobuf message inside a wrapper of the SDK's, or the message itself."""
    return getattr(wrapped, "_pb", wrapped)
