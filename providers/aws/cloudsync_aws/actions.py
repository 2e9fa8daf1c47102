"""What IAM asks for one call: a table of calls and parameters to actions; it calls nothing.

An action isn't a call: a rule that is made with tags needs CreateTags too, which is never called.
The source is the service authorization reference ("Actions, resources, and condition keys" of
Amazon EC2, AWS STS, AWS Organizations, Service Quotas and AWS CloudTrail).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """An action, and the type of resource that it must be allowed on; ``*`` where any will do."""

    action: str
    resource: str = "*"


_GROUP: Final = "security-group"
_RULE: Final = "security-group-rule"
_LIST: Final = "prefix-list"
_ANY: Final = ("*",)

# Reads of EC2 are allowed on everything: a describe can't be bound to resources.
_NEEDS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("cloudtrail", "LookupEvents"): _ANY,
    ("ec2", "AuthorizeSecurityGroupIngress"): (_GROUP,),
    ("ec2", "DescribeManagedPrefixLists"): _ANY,
    ("ec2", "DescribeRegions"): _ANY,
    ("ec2", "DescribeSecurityGroupRules"): _ANY,
    ("ec2", "DescribeSecurityGroups"): _ANY,
    ("ec2", "GetManagedPrefixListAssociations"): _ANY,
    ("ec2", "GetManagedPrefixListEntries"): _ANY,
    ("ec2", "ModifyManagedPrefixList"): (_LIST,),
    ("ec2", "ModifySecurityGroupRules"): (_GROUP, _RULE),
    ("ec2", "RestoreManagedPrefixListVersion"): (_LIST,),
    ("ec2", "RevokeSecurityGroupIngress"): (_GROUP,),
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): (_GROUP,),
    ("organizations", "DescribeAccount"): _ANY,
    ("organizations", "ListAccounts"): _ANY,
    ("organizations", "ListAccountsForParent"): _ANY,
    ("organizations", "ListOrganizationalUnitsForParent"): _ANY,
    ("organizations", "ListParents"): _ANY,
    ("servicequotas", "GetServiceQuota"): _ANY,
    ("sts", "AssumeRole"): ("role",),
    # Nobody can be kept from asking who they are (STS API reference, GetCallerIdentity).
    ("sts", "GetCallerIdentity"): (),
}


def needs(service: str, call: str, parameters: Iterable[str] = ()) -> frozenset[Need]:
    """What a call of ``service`` with these ``parameters`` has to be allowed.

    ``service`` is what requests are signed for. ``parameters`` are names as the SDK has them, or as
    they stand on the wire, where a number follows (``TagSpecification.1.Tag.1.Key``).

    Raises:
        KeyError: cloudsync never makes this call.
    """
    found = {Need(f"{service}:{call}", resource) for resource in _NEEDS[service, call]}
    named = {one.partition(".")[0].removesuffix("s") for one in parameters}
    if call == "AuthorizeSecurityGroupIngress" and "TagSpecification" in named:
        found |= {Need(f"{service}:{call}", _RULE), Need("ec2:CreateTags", _RULE)}
    return frozenset(found)
