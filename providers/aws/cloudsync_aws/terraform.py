"""A group's own rules as Terraform's aws provider has them; it calls nothing.

Source: the provider's page on aws_vpc_security_group_ingress_rule: one resource a rule, with one
source in an argument of its kind, imported by the rule's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudsync.tells import Resource
from cloudsync_aws.ingress import rules_of
from cloudsync_aws.marks import owner
from cloudsync_aws.snapshot import Group

TYPE: Final = "aws_vpc_security_group_ingress_rule"


def resources(
    group: Group, region: str, installation: str, ports: tuple[int, ...]
) -> Iterator[Resource]:
    """Each own rule whose id is known."""
    for rule in sorted(rules_of(group.ingress), key=lambda one: one.key):
        purpose = owner(rule, installation, ports)
        if purpose is None or rule.first is None or rule.key not in group.ids:
            continue
        yield Resource(
            TYPE,
            group.ids[rule.key],
            purpose,
            rule.first,
            (rule.source,),
            _argument(rule.source),
            None,
            {
                "security_group_id": group.id,
                "ip_protocol": rule.protocol,
                "from_port": rule.first,
                "to_port": rule.last,
                "description": rule.description,
                "tags": dict(group.tags.get(rule.key, ())),
            },
            {"region": region},
        )


def _argument(source: str) -> str:
    if source.startswith("pl-"):
        return "prefix_list_id"
    if "sg-" in source:
        return "referenced_security_group_id"
    return "cidr_ipv6" if ":" in source else "cidr_ipv4"
