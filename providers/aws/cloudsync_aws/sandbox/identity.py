"""STS and Service Quotas, as far as a firewall tool asks them; it holds no other service."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from cloudsync_aws.sandbox.wire import Refused, Reply, nest, tag
from cloudsync_aws.sandbox.world import World

_STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_ROLE = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):role/([\w+=,.@/-]+)")
_RULES = "L-0EA8095F"
_DURATION_LOW, _DURATION_HIGH, _HOUR = 900, 43200, 3600


def sts_refusal(refused: Refused) -> Reply:
    """An error answer of STS, whose XML isn't EC2's."""
    body = (
        f'<ErrorResponse xmlns="{_STS_NAMESPACE}"><Error><Type>Sender</Type>'
        f"{tag('Code', refused.code)}{tag('Message', refused.message)}</Error>"
        f"{tag('RequestId', uuid.uuid4())}</ErrorResponse>"
    )
    return Reply(refused.status, body.encode())


def _sts(action: str, inner: str) -> Reply:
    body = (
        f'<{action}Response xmlns="{_STS_NAMESPACE}"><{action}Result>{inner}</{action}Result>'
        f"<ResponseMetadata>{tag('RequestId', uuid.uuid4())}</ResponseMetadata></{action}Response>"
    )
    return Reply(200, body.encode())


def caller(world: World, key: str) -> tuple[str, str]:
    """The account and the ARN behind an access key; a key nobody gave out is the first account's."""
    own = f"arn:{world.partition}:iam::{world.account}:user/sandbox"
    return world.keys.get(key, (world.account, own))


def get_caller_identity(world: World, key: str, _: Mapping[str, str]) -> Reply:
    """GetCallerIdentity."""
    account, arn = caller(world, key)
    return _sts(
        "GetCallerIdentity",
        tag("Arn", arn) + tag("UserId", "AIDA" + account) + tag("Account", account),
    )


def assume_role(world: World, key: str, params: Mapping[str, str]) -> Reply:
    """AssumeRole: a role of the organization's accounts as it trusts, any role of any other account."""
    role = _ROLE.fullmatch(params.get("RoleArn", ""))
    session = params.get("RoleSessionName", "")
    # SDK, AssumeRole: the session's alphabet and the bounds of the duration.
    if not role or not re.fullmatch(r"[\w+=,.@-]{2,64}", session):
        raise Refused("ValidationError", "1 validation error detected: invalid RoleArn or session")
    asked = params.get("DurationSeconds", str(_HOUR))
    seconds = int(asked) if asked.isdecimal() else 0
    if not _DURATION_LOW <= seconds <= _DURATION_HIGH:
        raise Refused("ValidationError", "1 validation error detected: invalid durationSeconds")
    account, name = role.group(1), role.group(2).rsplit("/", 1)[-1]
    partition = params["RoleArn"].split(":")[1]
    trusts = world.organization.lets_in(account, name, params.get("ExternalId"))
    if partition != world.partition or not trusts:
        raise Refused(
            "AccessDenied",
            f"User: {caller(world, key)[1]} is not authorized to perform: sts:AssumeRole on "
            f"resource: {params['RoleArn']}",
            403,
        )
    if world.session_seconds is not None:
        seconds = world.session_seconds
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    arn = f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}"
    lent = f"ASIA{uuid.uuid4().hex[:16].upper()}"
    world.keys[lent] = (account, arn)
    credentials = (
        tag("AccessKeyId", lent)
        + tag("SecretAccessKey", "sandbox-secret")
        + tag("SessionToken", "sandbox-token")
        + tag("Expiration", f"{ends:%Y-%m-%dT%H:%M:%SZ}")
    )
    user = tag("Arn", arn) + tag("AssumedRoleId", f"AROA{account}:{session}")
    return _sts("AssumeRole", nest("Credentials", credentials) + nest("AssumedRoleUser", user))


STS_ACTIONS: dict[str, Callable[[World, str, Mapping[str, str]], Reply]] = {
    "GetCallerIdentity": get_caller_identity,
    "AssumeRole": assume_role,
}


def json_reply(status: int, body: Mapping[str, object]) -> Reply:
    """An answer of a service that speaks JSON 1.1."""
    return Reply(status, json.dumps(body).encode(), "application/x-amz-json-1.1")


def json_refusal(refused: Refused) -> Reply:
    """An error answer of a service that speaks JSON 1.1."""
    return json_reply(
        refused.status,
        {"__type": refused.code, "message": refused.message, "Message": refused.message},
    )


def service_quotas(
    world: World, account: str, region: str, action: str, body: Mapping[str, object]
) -> Reply:
    """Service Quotas: rules per security group (VPC quotas, L-0EA8095F) and nothing else.

    Raises:
        Refused: NoSuchResourceException for any other quota.
    """
    default = action == "GetAWSDefaultServiceQuota"
    quota = {
        "ServiceCode": "vpc",
        "ServiceName": "Amazon Virtual Private Cloud (Amazon VPC)",
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:vpc/{_RULES}",
        "QuotaCode": _RULES,
        "QuotaName": "Inbound or outbound rules per security group",
        "Value": float(60 if default else world.quota(account, region)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
    if body.get("ServiceCode") != "vpc":
        raise Refused("NoSuchResourceException", "The specified service does not exist.")
    if action == "ListServiceQuotas":
        return json_reply(200, {"Quotas": [quota]})
    if action not in {"GetServiceQuota", "GetAWSDefaultServiceQuota"}:
        raise Refused("UnknownOperationException", f"The operation {action} is not known.")
    if body.get("QuotaCode") != _RULES:
        raise Refused("NoSuchResourceException", "The specified quota does not exist.")
    return json_reply(200, {"Quota": quota})
