"""What may be changed, asked by dry runs: EC2 checks the caller's permission and changes nothing.

With ``DryRun`` EC2 answers DryRunOperation where the call would be allowed, and
UnauthorizedOperation where it wouldn't (EC2 API reference, "Common query parameters"). Any other
answer says nothing of permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from cloudsync.tells import Permission
from cloudsync_aws.caller import Failed

_ALLOWED: Final = "DryRunOperation"
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# Documentation space (RFC 5737), in case that a dry run ever wasn't one.
_SAMPLE: Final = "192.0.2.1/32"

Invoke = Callable[..., dict[str, Any]]


def asked(invoke: Invoke, targets: Sequence[str]) -> Iterator[Permission]:
    """What changes of groups and prefix lists need, a target after the other."""
    for target in targets:
        name = target.rpartition("/")[2]
        try:
            calls = _list_calls(name) if name.startswith("pl-") else _group_calls(invoke, name)
        except Failed as failed:
            yield Permission(target, f"ec2:{failed.action}", *_answer(failed))
            continue
        for action, arguments in calls:
            yield Permission(target, f"ec2:{action}", *_dry(invoke, action, arguments))


def _group_calls(invoke: Invoke, group: str) -> list[tuple[str, dict[str, Any]]]:
    one = {
        "IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
        "IpRanges": [{"CidrIp": _SAMPLE, "Description": "cloudsync preflight"}],
    }  # fmt: skip
    both = {"GroupId": group, "IpPermissions": [one]}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("AuthorizeSecurityGroupIngress", both),
        ("RevokeSecurityGroupIngress", both),
        ("UpdateSecurityGroupRuleDescriptionsIngress", both),
    ]
    found = invoke(
        "ec2", "DescribeSecurityGroupRules", MaxResults=100,
        Filters=[{"Name": "group-id", "Values": [group]}],
    )  # fmt: skip
    rules = (one for one in found["SecurityGroupRules"] if not one["IsEgress"])
    # A group without any rule has none to rewrite.
    if rule := next(rules, None):
        request = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "CidrIpv4": _SAMPLE}
        changed = {
            "SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": request,
        }  # fmt: skip
        calls.append(
            ("ModifySecurityGroupRules", {"GroupId": group, "SecurityGroupRules": [changed]})
        )
    return calls


def _list_calls(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            "ModifyManagedPrefixList",
            {"PrefixListId": name, "CurrentVersion": 1, "AddEntries": [{"Cidr": _SAMPLE}]},
        ),
        (
            "RestoreManagedPrefixListVersion",
            {"PrefixListId": name, "PreviousVersion": 1, "CurrentVersion": 1},
        ),
    ]


def _dry(invoke: Invoke, action: str, arguments: dict[str, Any]) -> tuple[bool | None, str]:
    try:
        invoke("ec2", action, DryRun=True, **arguments)
    except Failed as failed:
        return _answer(failed)
    return None, "it was answered as if it were no dry run"


def _answer(failed: Failed) -> tuple[bool | None, str]:
    if failed.found.code == _ALLOWED:
        return True, ""
    return (False if failed.found.code in _DENIED else None), failed.found.what
