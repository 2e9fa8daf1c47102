"""What rules and references count against a security group's quota; refusing is its callers' part."""

from __future__ import annotations

from cloudsync_aws.sandbox.values import Rule
from cloudsync_aws.sandbox.world import Region


def weight_of(region: Region, list_id: str) -> int:
    """What a reference to a prefix list counts: MaxEntries, or an AWS-managed list's weight.

    A list that this account can't see counts 1.
    """
    prefix_list = region.lists.get(list_id)
    return prefix_list.weight if prefix_list else 1


def used(region: Region, rules: tuple[Rule, ...], *, egress: bool) -> tuple[int, int]:
    """How much of the quota the rules of one direction use, for IPv4 and for IPv6.

    Source: VPC guide, quotas (the families apart); gh jantman/awslimitchecker#447 (references and
    prefix lists in both).
    """
    ipv4 = ipv6 = 0
    for rule in rules:
        if rule.egress != egress:
            continue
        if rule.kind == "ipv4":
            ipv4 += 1
        elif rule.kind == "ipv6":
            ipv6 += 1
        else:
            cost = weight_of(region, rule.peer) if rule.kind == "list" else 1
            ipv4 += cost
            ipv6 += cost
    return ipv4, ipv6
