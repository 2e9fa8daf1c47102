"""Who else keeps a security group, by the signs that they leave on it; it asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.model import TERRAFORM_MARK
from cloudsync.provider import Sources
from cloudsync.tells import Managed
from cloudsync_aws.ingress import Ingress, descriptions, lets_in, marked, rules_of
from cloudsync_aws.rule import REMEMBERED

# The controller tags what it makes, and puts its rules right at each change of its objects
# (kubernetes-sigs/aws-load-balancer-controller, "Security groups" and its own IAM policy).
_CLUSTER: Final = "elbv2.k8s.aws/cluster"
# A common policy's replicas carry the policy's and the primary group's id behind this, and keep
# their primary's rules (AWS WAF developer guide, "Using common security group policies"). The
# guide doesn't tell the name: it is what Terraform configurations in public repositories look for.
_REPLICA: Final = "FMManaged"


def keeper(group: Mapping[str, Any]) -> Managed | None:
    """Who keeps ``group``, as boto3's ``describe_security_groups`` shows it; its rules apart."""
    for tag in group.get("Tags", ()):
        if tag["Key"] == _CLUSTER:
            return Managed(
                "the AWS load balancer controller",
                f"the tag {_CLUSTER}: {tag['Value']}",
                "Write the list into the Service, as spec.loadBalancerSourceRanges.",
            )
    name: str = group.get("GroupName", "")
    if name.startswith(_REPLICA):
        return Managed(
            "AWS Firewall Manager",
            f"the name {name}",
            "Write the list into the primary group of its policy, in the administrator's account.",
        )
    return None


@lru_cache(maxsize=REMEMBERED)
def by_terraform(group: Ingress) -> Managed | None:
    """Our Terraform modules, where a rule of ``group`` carries their mark."""
    return by_marks(descriptions(group)) if marked(group) else None


def by_marks(texts: Iterable[str]) -> Managed | None:
    """Our Terraform modules, where one of ``texts``, of rules or entries, is their mark."""
    marks = sorted(text for text in texts if text.startswith(TERRAFORM_MARK))
    if not marks:
        return None
    return Managed(
        "Terraform",
        f"what is marked {marks[0]}",
        "The list comes in with the module at the next terraform apply.",
    )


def by_modules(group: Ingress, ports: tuple[int, ...]) -> Sources:
    """Who the rules of ``group`` with our modules' mark let in to one of ``ports``.

    A prefix list stands in it with its name too, for somebody else may keep what is on it.
    """
    rules = [
        rule
        for rule in rules_of(group)
        if rule.description.startswith(TERRAFORM_MARK)
        and any(rule.cover(port) == "full" for port in ports)
    ]
    return Sources(
        AddressSet.union([NOBODY, *(lets_in(group, rule.source)[0] for rule in rules)]),
        frozenset(
            group.prefix_list(rule.source).name for rule in rules if rule.source.startswith("pl-")
        ),
    )
