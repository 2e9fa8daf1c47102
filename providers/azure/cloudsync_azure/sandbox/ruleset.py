"""What Azure takes as the rules of one NSG together; every refusal names its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from cloudsync_azure.sandbox.checking import check_name, properties_of
from cloudsync_azure.sandbox.values import Nsg, Rule
from cloudsync_azure.sandbox.wire import Refused
from cloudsync_azure.sandbox.world import World


def read_rules(world: World, nsg: Nsg, given: object) -> list[Rule]:
    """The rules of a whole NSG as they were sent; one that stays as it was keeps its number.

    Raises:
        Refused: InvalidRequestFormat where they are no list, and as each rule is refused.
    """
    if not isinstance(given, list):
        # gh pulumi/pulumi-azure-native#3114, gh hashicorp/terraform-provider-azurerm#32505.
        raise Refused("InvalidRequestFormat", "Cannot parse the request.")
    found: list[Rule] = []
    for each in cast("list[object]", given):
        if not isinstance(each, Mapping):
            raise Refused("InvalidRequestFormat", "Cannot parse the request.")
        one = cast("Mapping[str, Any]", each)
        name = str(one.get("name") or "")
        check_name(name)
        properties = properties_of(
            one.get("properties"), f"{nsg.id}/securityRules/{name}", world.dialect
        )
        old = nsg.rule(name)
        if old is not None and old.properties == properties:
            found.append(old)
        else:
            found.append(Rule(old.name if old else name, properties, world.serial()))
    return found


def check_rules(world: World, nsg: Nsg, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules an NSG will have, in the order in which they are answered: as they came.

    Raises:
        Refused: SecurityRuleConflict, a limit that is reached, or an ASG that isn't there.
    """
    names: set[str] = set()
    held: dict[tuple[str, int], str] = {}
    for rule in rules:
        if rule.name.lower() in names:
            # Rules are keyed by name; the code is UNVERIFIED.
            raise Refused("DuplicateResourceName", f"Resource {nsg.id} has two rules {rule.name}.")
        names.add(rule.name.lower())
        place = rule.direction, rule.priority
        if place in held:
            # As users record it; direction and priority together.
            raise Refused(
                "SecurityRuleConflict",
                f"Security rule {rule.name} conflicts with rule {held[place]}. Rules cannot have "
                "the same Priority and Direction.",
            )
        held[place] = rule.name
        _check_asgs(world, nsg, rule)
    if len(rules) > world.limits.rules:
        raise Refused(  # gh Azure/azure-rest-api-specs#3003
            "SecurityRuleCountLimitReached",
            f"A security group cannot have more than {world.limits.rules} security rules.",
        )
    for field in ("SourceAddressPrefixes", "DestinationAddressPrefixes"):
        count = sum(_prefixes(rule, field) for rule in rules)
        if count > world.limits.prefixes:
            raise Refused(  # gh kubernetes-sigs/cloud-provider-azure#2725
                "SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached",
                f"Network security group {nsg.id} has {count} {field}. A security group cannot "
                f"have more than {world.limits.prefixes} {field} as per the limit "
                "MaxSecurityRuleAddressesOrPortsPerSecurityGroup.",
            )
    return tuple(rules)


def _prefixes(rule: Rule, field: str) -> int:
    """How many of the limit's addresses a rule uses: every one that it lists, and one by itself."""
    many = field[0].lower() + field[1:]
    listed: list[str] = rule.properties.get(many, [])
    return len(listed) or int(many.removesuffix("es") in rule.properties)


def _check_asgs(world: World, nsg: Nsg, rule: Rule) -> None:
    for field in ("sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups"):
        named: list[Mapping[str, str]] = rule.properties.get(field, [])
        for each in named:
            if each["id"].lower() not in world.asgs:
                # Resource Manager's word for a reference into nothing.
                raise Refused(
                    "InvalidResourceReference",
                    f"Resource {each['id']} referenced by resource {nsg.id}/securityRules/"
                    f"{rule.name} was not found. Please make sure that the referenced resource "
                    "exists, and that both resources are in the same region.",
                )
