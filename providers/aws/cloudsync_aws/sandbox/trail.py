"""CloudTrail's LookupEvents over the sandbox's own log of calls; it holds no other event.

Source: CloudTrail API reference, LookupEvents: one attribute a question, 1 to 50 events a page, the
youngest first, two questions a second, account and region.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from cloudsync_aws.sandbox.faults import Call
from cloudsync_aws.sandbox.identity import json_reply
from cloudsync_aws.sandbox.wire import Refused, Reply

_KEYS = frozenset(
    {
        "AccessKeyId", "EventId", "EventName", "EventSource", "ReadOnly", "ResourceName",
        "ResourceType", "Username",
    }
)  # fmt: skip
_PAGE = 50
_A_SECOND = 2
_NAMED = {"GroupId": "AWS::EC2::SecurityGroup", "PrefixListId": "AWS::EC2::PrefixList"}


def lookup(
    log: Sequence[Call], account: str, region: str, body: Mapping[str, Any], now: float
) -> Reply:
    """LookupEvents.

    Raises:
        Refused: for what CloudTrail refuses.
    """
    here = [call for call in log if (call.account, call.region) == (account, region)]
    asked = [call for call in here if call.action == "LookupEvents" and call.at > now - 1]
    if len(asked) >= _A_SECOND:
        raise Refused("ThrottlingException", "Rate exceeded", 400)
    key, value = _attribute(body.get("LookupAttributes", []))
    size = body.get("MaxResults", _PAGE)
    if not 1 <= size <= _PAGE:
        raise Refused("InvalidMaxResultsException", "MaxResults must be between 1 and 50.")
    start, end = body.get("StartTime", 0.0), body.get("EndTime", float("inf"))
    if start > end:
        raise Refused("InvalidTimeRangeException", "The start time is after the end time.")
    token = body.get("NextToken", "0")
    if not token.isdecimal():
        raise Refused("InvalidNextTokenException", "The token isn't one that was given out.")
    events = [
        _event(call)
        for call in reversed(here)
        if call.service == "ec2" and call.mutating and start <= call.when.timestamp() <= end
    ]
    found = [one for one in events if key is None or value in _values(one, key)]
    first = int(token)
    answer: dict[str, Any] = {"Events": found[first : first + size]}
    if first + size < len(found):
        answer["NextToken"] = str(first + size)
    return json_reply(200, answer)


def _attribute(attributes: Sequence[Mapping[str, str]]) -> tuple[str | None, str]:
    if not attributes:
        return None, ""
    if len(attributes) > 1 or attributes[0].get("AttributeKey") not in _KEYS:
        raise Refused("InvalidLookupAttributesException", "The attributes can't be looked up.")
    return attributes[0]["AttributeKey"], attributes[0].get("AttributeValue", "")


def _values(event: Mapping[str, Any], key: str) -> list[str]:
    if key in {"ResourceName", "ResourceType"}:
        return [one[key] for one in event["Resources"]]
    return [event[key]]


def _event(call: Call) -> dict[str, Any]:
    session = call.by.rpartition("/")[2]
    detail = {
        "eventVersion": "1.08",
        "userIdentity": {"arn": call.by, "accountId": call.account},
        "eventTime": f"{call.when:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "ec2.amazonaws.com",
        "eventName": call.action,
        "awsRegion": call.region,
        "recipientAccountId": call.account,
        **({} if call.outcome == "ok" else {"errorCode": f"Client.{call.outcome}"}),
    }
    return {
        "EventId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.at} {call.when} {call.action}")),
        "EventName": call.action,
        "ReadOnly": "false",
        "AccessKeyId": call.key,
        "EventTime": call.when.timestamp(),
        "EventSource": "ec2.amazonaws.com",
        "Username": session,
        "Resources": [
            {"ResourceType": kind, "ResourceName": call.params[name]}
            for name, kind in _NAMED.items()
            if name in call.params
        ],
        "CloudTrailEvent": json.dumps(detail),
    }
