"""One HTTP request to one answer: who asks, which service, which fault, which action."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudsync_aws.sandbox import (
    edits,
    groups,
    list_reading,
    lists,
    organizations,
    reading,
    tagging,
)
from cloudsync_aws.sandbox.faults import Call, Faults, Kind
from cloudsync_aws.sandbox.identity import (
    STS_ACTIONS,
    caller,
    json_refusal,
    json_reply,
    service_quotas,
    sts_refusal,
)
from cloudsync_aws.sandbox.request import Action, Request
from cloudsync_aws.sandbox.rest import Rest
from cloudsync_aws.sandbox.trail import lookup
from cloudsync_aws.sandbox.wire import Params, Refused, Reply, answer, flatten, refusal
from cloudsync_aws.sandbox.world import World

_log = logging.getLogger(__name__)
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_READS = (
    "Describe",
    "Get",
    "List",
    "Assume",
    "Search",
    "Validate",
    "Lookup",
    "Head",
    "GET ",
    "HEAD ",
)
EC2_ACTIONS: dict[str, Action] = {
    **groups.ACTIONS,
    **edits.ACTIONS,
    **lists.ACTIONS,
    **list_reading.ACTIONS,
    **reading.ACTIONS,
    **tagging.ACTIONS,
}
# What the SDKs classify by code, service by service: [SDK] botocore's _retry and error shapes.
_THROTTLES = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "sts": ("Throttling", "Rate exceeded", 400),
}
_DENIALS = {
    "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request, read."""

    service: str
    action: str
    account: str
    region: str
    key: str
    params: Mapping[str, str]
    body: bytes
    environ: dict[str, Any]

    @property
    def mutating(self) -> bool:
        """Whether an answered "ok" means that something changed."""
        dry = self.params.get("DryRun", self.params.get("dryRun", "false")) == "true"
        return not dry and not self.action.startswith(_READS)


class Dispatcher:
    """Answers requests from one world."""

    def __init__(
        self, world: World, faults: Faults, log: list[Call], pause: Callable[[float], object]
    ) -> None:
        self._world = world
        self._faults = faults
        self._calls = log
        self._pause = pause
        self._rest = Rest()
        self._frozen: dict[tuple[str, str, bytes], tuple[int, Reply]] | None = None
        self.after_call: Callable[[Call], None] | None = None

    def freeze(self, *, on: bool) -> None:
        """Whether answers of DescribeSecurityGroups are kept until the next change."""
        self._frozen = {} if on else None

    def respond(self, body: bytes, environ: dict[str, Any]) -> Reply | None:
        """The answer to one request, or None where the socket is to be closed instead."""
        asked = self._read(body, environ)
        met = self._faults.take(
            asked.action, mutating=asked.mutating, account=asked.account, region=asked.region
        )
        if "down" in met:
            return None
        if "latency" in met:
            self._pause(met["latency"])
        if "lost_before" in met:
            self._record(asked, "lost", answered=False)
            return None
        reply, outcome = self._handle(asked, met)
        self._record(asked, outcome, answered="lost_after" not in met)
        return None if "lost_after" in met else reply

    def _read(self, body: bytes, environ: dict[str, Any]) -> Asked:
        scope = _SCOPE.search(str(environ.get("HTTP_AUTHORIZATION", "")))
        key, region, service = scope.groups() if scope else ("", "", "")
        account = caller(self._world, key)[0]
        target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
        params: Mapping[str, str] = {}
        if target:
            action = target.rpartition(".")[2]
        else:
            form = "x-www-form-urlencoded" in str(environ.get("CONTENT_TYPE", ""))
            raw = body if form else str(environ.get("QUERY_STRING", "")).encode()
            params = flatten(raw)
            action = params.get("Action", "")
        if not action:
            action = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
        return Asked(service, action, account, region, key, params, body, environ)

    def _record(self, asked: Asked, outcome: str, *, answered: bool) -> None:
        call = Call(
            at=self._world.clock(),
            service=asked.service,
            action=asked.action,
            account=asked.account,
            region=asked.region,
            params=asked.params,
            mutating=asked.mutating,
            outcome=outcome,
            answered=answered,
            by=caller(self._world, asked.key)[1],
            key=asked.key,
            when=datetime.now(UTC),
        )
        self._calls.append(call)
        if self.after_call is not None:
            self.after_call(call)

    def _handle(self, asked: Asked, met: Mapping[Kind, float]) -> tuple[Reply, str]:
        try:
            if not asked.service:
                # EC2 API reference, "Common client error codes".
                raise Refused(
                    "MissingAuthenticationToken", "Request is missing authentication", 403
                )
            if "denied" in met:
                raise _denied(asked)
            if "throttle" in met:
                raise Refused(
                    *_THROTTLES.get(asked.service, ("TooManyRequestsException", "Slow down.", 429))
                )
            reply = self._act(asked)
        except Refused as refused:
            return self._refusal(asked, refused), refused.code
        except Exception:  # noqa: BLE001 - a defect of the sandbox must not look like a lost answer
            _log.exception("%s failed in the sandbox", asked.action)
            failure = Refused("InternalError", "An internal error has occurred", 500)
            return self._refusal(asked, failure), failure.code
        if reply.status < 400:
            return reply, "ok"
        code = re.search(rb"<Code>([^<]+)|\"__type\": ?\"([^\"]+)", reply.body)
        return reply, (code[1] or code[2]).decode() if code else str(reply.status)

    def _refusal(self, asked: Asked, refused: Refused) -> Reply:
        if "HTTP_X_AMZ_TARGET" in asked.environ:
            return json_refusal(refused)
        return sts_refusal(refused) if asked.service == "sts" else refusal(refused)

    def _act(self, asked: Asked) -> Reply:
        world = self._world
        if asked.service == "ec2" and asked.action in EC2_ACTIONS:
            return self._ec2(asked)
        if asked.service == "sts" and asked.action in STS_ACTIONS:
            with world.lock:
                return STS_ACTIONS[asked.action](world, asked.key, asked.params)
        if (asked.service, asked.action) == ("cloudtrail", "LookupEvents"):
            body = json.loads(asked.body or b"{}")
            return lookup(self._calls, asked.account, asked.region, body, world.clock())
        if asked.service == "servicequotas":
            body = json.loads(asked.body or b"{}")
            return service_quotas(world, asked.account, asked.region, asked.action, body)
        held = world.organization
        if asked.service == "organizations" and (held.members or held.gone):
            with world.lock:
                if asked.action in organizations.ACTIONS:
                    body = json.loads(asked.body or b"{}")
                    return json_reply(200, held.answer(asked.account, asked.action, body))
        reply = self._rest.ask(asked.environ, asked.body, asked.account)
        if reply.status >= 500:
            # moto breaks off where it doesn't know an action or a filter; the vendor never does.
            if b"filter" in reply.body.lower():
                raise Refused("InvalidParameterValue", "A filter of the request is invalid")
            raise Refused("InvalidAction", f"The action {asked.action} is not valid here.")
        if asked.action in {"CreateVpc", "DeleteVpc"} and reply.status == 200:
            self._mirror_vpc(asked, reply)
        return reply

    def _mirror_vpc(self, asked: Asked, reply: Reply) -> None:
        """Keep the VPCs that moto made or deleted, since groups are kept here."""
        with self._world.lock:
            region = self._world.region(asked.account, asked.region)
            if asked.action == "DeleteVpc":
                region.drop_vpc(asked.params.get("VpcId", ""))
            elif made := re.search(rb"<vpcId>(vpc-\w+)</vpcId>", reply.body):
                region.add_vpc(asked.params.get("CidrBlock", ""), vpc_id=made[1].decode())

    def _ec2(self, asked: Asked) -> Reply:
        world = self._world
        frozen = self._frozen if asked.action == "DescribeSecurityGroups" else None
        place = (asked.account, asked.region, asked.body)
        with world.lock:
            if frozen is not None and place in frozen and frozen[place][0] == world.version:
                return frozen[place][1]
            region = world.region(asked.account, asked.region)
            if asked.params.get("DryRun", asked.params.get("dryRun")) == "true":
                # SDK, DryRun. That what isn't there is said first is UNVERIFIED.
                if group := asked.params.get("GroupId"):
                    region.group(group)
                if named := asked.params.get("PrefixListId"):
                    lists.find_list(region.lists, named)
                raise Refused(
                    "DryRunOperation",
                    "Request would have succeeded, but DryRun flag is set.",
                    412,
                )
            query = "&".join(
                f"{name}={value}"
                for name, value in sorted(asked.params.items())
                if name not in {"NextToken", "MaxResults"}
            )
            request = Request(world, region, asked.action, Params.parse(asked.params), query)
            reply = answer(asked.action, EC2_ACTIONS[asked.action](request))
            if frozen is not None and not region.lagging:
                frozen[place] = (world.version, reply)
            return reply


def _denied(asked: Asked) -> Refused:
    if asked.service == "ec2":
        return Refused(*_DENIALS["ec2"])
    message = f"User is not authorized to perform: {asked.service}:{asked.action}"
    if asked.service == "sts":
        return Refused("AccessDenied", message, 403)
    return Refused("AccessDeniedException", message, 400)
