"""Who changed an object last, as CloudTrail tells a caller who may ask; it decides nothing.

CloudTrail keeps management events for 90 days in each region, trail or none, and takes one
attribute a question, twice a second (CloudTrail API reference, LookupEvents). An event may be some
minutes late, and then the actor isn't known yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from cloudsync.tells import Actor

_PAGE: Final = 50
_PAGES: Final = 4
_CHANGES: Final = frozenset(
    {
        "AuthorizeSecurityGroupIngress",
        "ModifyManagedPrefixList",
        "ModifySecurityGroupRules",
        "RestoreManagedPrefixListVersion",
        "RevokeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    }
)

Invoke = Callable[..., dict[str, Any]]
"""``invoke(service, action, **arguments)``; it raises Failed."""


def last_actor(invoke: Invoke, identity: str, since: datetime) -> Actor | None:
    """Who last changed the object called ``identity`` after ``since``, ourselves left out.

    Raises:
        Failed: the caller may not ask, or nobody answers.
    """
    own = invoke("sts", "GetCallerIdentity").get("Arn")
    for event in _events(invoke, identity, since):
        said = json.loads(event.get("CloudTrailEvent", "{}"))
        who = said.get("userIdentity", {})
        name = who.get("arn") or who.get("invokedBy") or event.get("Username")
        if event["EventName"] in _CHANGES and "errorCode" not in said and name and name != own:
            return Actor(name, event["EventName"], event["EventTime"].astimezone(UTC))
    return None


def _events(invoke: Invoke, identity: str, since: datetime) -> Iterator[dict[str, Any]]:
    """The object's events, the youngest first, as far back as a few pages go."""
    token: dict[str, str] = {}
    for _ in range(_PAGES):
        answer = invoke(
            "cloudtrail",
            "LookupEvents",
            LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": identity}],
            StartTime=since,
            MaxResults=_PAGE,
            **token,
        )
        yield from answer.get("Events", ())
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}
