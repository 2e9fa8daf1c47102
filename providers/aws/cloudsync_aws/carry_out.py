"""Making the one mutating call on a security group, and telling how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cloudsync.plural import agreeing, counted
from cloudsync.provider import Outcome, Scope
from cloudsync_aws.caller import Caller, Failed, Late
from cloudsync_aws.calls import ACTION, Call, request
from cloudsync_aws.failures import kind_of, outcome
from cloudsync_aws.reading import PAGE, closely
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.snapshot import read

_KINDS: Final = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")


def carry_out(caller: Caller, call: Call, deadline: float | None) -> Outcome:
    """Make ``call``; where it found things changed already, a fresh look decides if it is done."""
    action = ACTION[call.operation]
    try:
        if call.operation == "modify":
            call = _identified(caller, call, deadline)
            if gone := len(call.replaced) - len(call.ids):
                if _stands(caller, call, deadline):
                    return Outcome("done")
                return Outcome(
                    "stale",
                    f"{action}: {gone} of {counted(len(call.replaced), 'rule')} that were to change "
                    f"{agreeing(gone, 'is', 'are')} gone",
                    "The group changed meanwhile; the next run looks again.",
                )
        answer = caller.invoke(
            call.account, call.region, call.endpoint, deadline, "ec2", action, **request(call)
        )
    except Late as found:
        return late(found.action)
    except Failed as failed:
        ended = outcome(failed.found, failed.action)
        if kind_of(failed.found) != "stale":
            return ended
        return Outcome("done") if _stands(caller, call, deadline) else ended
    # In a default VPC a revoke that hits nothing is no error: EC2 names what it didn't know.
    if answer.get("UnknownIpPermissions") and not _stands(caller, call, deadline):
        count = sum(
            len(one.get(kind, ())) for one in answer["UnknownIpPermissions"] for kind in _KINDS
        )
        return Outcome(
            "stale",
            f"{action}: AWS didn't know {count} of {counted(len(call.rules), 'rule')}",
            "The group changed meanwhile; the next run looks again.",
        )
    return Outcome("done")


def _identified(caller: Caller, call: Call, deadline: float | None) -> Call:
    """``call`` with the ids that its rules have now: a sweep asks for none, and ids are kept.

    Raises:
        Failed: they couldn't be read.
    """

    def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
        return caller.invoke(
            call.account, call.region, call.endpoint, deadline, service, action, **arguments
        )

    ids = closely(invoke, [call.group], call.account)[call.group].ids
    return replace(call, ids=tuple(ids[rule.key] for rule in call.replaced if rule.key in ids))


def late(action: str) -> Outcome:
    """How a step ended whose call the deadline forbade."""
    return Outcome(
        "throttled",
        f"the time ran out before {action} could be called",
        "Run again, with more time or fewer targets.",
    )


def _stands(caller: Caller, call: Call, deadline: float | None) -> bool:
    """Whether a fresh look at the group shows what ``call`` was to bring about."""
    filters = [{"Name": "group-id", "Values": [call.group]}]
    try:
        answer = caller.invoke(
            call.account, call.region, call.endpoint, deadline, "ec2", "DescribeSecurityGroups",
            Filters=filters, MaxResults=PAGE,
        )  # fmt: skip
    except Failed:
        return False
    scope = Scope(f"aws:{call.account}/{call.region}")
    return AwsRules().shows(read(scope, answer.get("SecurityGroups", []), {}), call)
