"""What the sandbox's tests share: clients, permissions and refusals; it holds no test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from http.client import HTTPConnection
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from cloudsync_aws.sandbox import Sandbox

REGION = "us-east-1"
# botocore would keep what EC2 refuses from reaching the sandbox.
ONCE = Config(
    retries={"total_max_attempts": 1, "mode": "standard"},
    read_timeout=10,
    parameter_validation=False,
)


@cache
def _session() -> boto3.Session:
    # One session for all tests: parsing EC2's model anew costs more than any test here.
    return boto3.Session(botocore_session=botocore.session.Session())


def client(
    sandbox: Sandbox, service: str = "ec2", *, region: str = REGION, key: str = "AKIASANDBOX"
) -> Any:
    """A client that tries once."""
    made: Any = _session()
    return made.client(
        service,
        region_name=region,
        endpoint_url=sandbox.url,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        config=ONCE,
    )


def tcp25(*networks: str, text: str | None = None, port: int = 25) -> list[dict[str, Any]]:
    """One permission for port 25 with these IPv4 and IPv6 networks."""
    extra = {} if text is None else {"Description": text}
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    ipv4 = [{"CidrIp": each, **extra} for each in networks if ":" not in each]
    ipv6 = [{"CidrIpv6": each, **extra} for each in networks if ":" in each]
    if ipv4:
        permission["IpRanges"] = ipv4
    if ipv6:
        permission["Ipv6Ranges"] = ipv6
    return [permission]


def networks(sandbox: Sandbox, group: str, *, region: str = REGION) -> list[str]:
    """The networks of a group's inbound rules as they truly are, in order."""
    return [
        source["CidrIp"] if "CidrIp" in source else source["CidrIpv6"]
        for permission in sandbox.groups(region)[group]["IpPermissions"]
        for source in (*permission["IpRanges"], *permission["Ipv6Ranges"])
    ]


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    """`CODE (STATUS): MESSAGE` of a call that must be refused."""
    try:
        call(**arguments)
    except ClientError as error:
        answer: Any = error.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        return f"{answer['Error']['Code']} ({status}): {answer['Error']['Message']}"
    message = "the call was answered"
    raise AssertionError(message)


def post(sandbox: Sandbox, body: str, *, service: str = "ec2", region: str = REGION) -> str:
    """`STATUS BODY` of one request without any SDK; an empty service sends no credentials."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if service:
        scope = f"AKIASANDBOX/20261124/{region}/{service}/aws4_request"
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=none"
    connection = HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    finally:
        connection.close()
