"""What EventBridge delivers of CloudTrail, read for where to look; it calls nothing.

Shapes: an event is ``{"source", "detail-type", "account", "region", "detail": RECORD}``
(docs.aws.amazon.com/eventbridge, "AWS service events delivered via AWS CloudTrail"); a record has
``eventName``, ``awsRegion``, ``recipientAccountId``, ``requestParameters``, ``responseElements``,
``userIdentity`` and, where it failed, ``errorCode`` (CloudTrail's "record contents"). EC2 writes
parameters in two ways: ``groupId`` at the top, and ``ModifySecurityGroupRulesRequest.GroupId``, in
which one rule is an object and several are a list. So ids are looked for wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudsync.change import Change, fields, malformed

RULES: Final = frozenset(
    {
        "AuthorizeSecurityGroupIngress",
        "CreateSecurityGroup",
        "DeleteSecurityGroup",
        "ModifySecurityGroupRules",
        "RevokeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    }
)
LISTS: Final = frozenset({"ModifyManagedPrefixList", "RestoreManagedPrefixListVersion"})
TAGS: Final = frozenset({"CreateTags", "DeleteTags"})
ASSOCIATIONS: Final = frozenset(
    {"ModifyInstanceAttribute", "ModifyNetworkInterfaceAttribute", "RunInstances"}
)
NAMES: Final = RULES | LISTS | TAGS | ASSOCIATIONS
"""Every event that may change who gets in; the rule in deploy/aws-lambda lets through these."""

_ACCOUNT: Final = re.compile(r"\d{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_GROUP: Final = re.compile(r"sg-[0-9a-f]{1,32}")
_LIST: Final = re.compile(r"pl-[0-9a-f]{1,32}")
_DEEP: Final = 20


def change(event: Mapping[str, Any]) -> Change | None:
    """See ``TellsChanges.change``.

    Raises:
        UsageError: it is no CloudTrail event, or lacks its account, its region or its name.
    """
    record = fields(event.get("detail"))
    if record is None:
        raise malformed("it has no detail, which EventBridge gives every event")
    name = record.get("eventName")
    if not isinstance(name, str):
        raise malformed("its detail has no eventName, so CloudTrail didn't write it")
    if record.get("eventSource", "ec2.amazonaws.com") != "ec2.amazonaws.com" or name not in NAMES:
        return None
    if record.get("errorCode"):
        return None
    account = record.get("recipientAccountId") or event.get("account")
    region = record.get("awsRegion") or event.get("region")
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        raise malformed("it names no account of 12 digits")
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        raise malformed("it names no region")
    scope = f"aws:{account}/{region}"
    said = [record.get("requestParameters"), record.get("responseElements")]
    ids = {text for part in said for text in _texts(part)}
    groups = {f"{scope}/{one}" for one in ids if _GROUP.fullmatch(one)}
    lists = any(_LIST.fullmatch(one) for one in ids)
    if name in TAGS | ASSOCIATIONS and not groups and not lists:
        return None  # of another resource, or of an interface whose groups stayed
    # Which groups name a list isn't said, nor which group a default VPC's name means.
    where = groups if groups and not (name in LISTS or (name in TAGS and lists)) else {scope}
    return Change(name, frozenset(where), frozenset(_actors(record.get("userIdentity"))))


def _texts(part: Any, depth: int = 0) -> Iterator[str]:
    if depth > _DEEP:
        raise malformed(f"it is nested more than {_DEEP} deep")
    if isinstance(part, str):
        yield part
        return
    inner = fields(part)
    values: Any = inner.values() if inner else part
    if inner or isinstance(part, list):
        for value in values:
            yield from _texts(value, depth + 1)


def _actors(identity: Any) -> Iterator[str]:
    """The caller, and the role that the caller took, which stays the same from session to session."""
    caller = fields(identity) or {}
    context = fields(caller.get("sessionContext")) or {}
    for one in (caller, fields(context.get("sessionIssuer")) or {}):
        if isinstance(one.get("arn"), str):
            yield one["arn"]
