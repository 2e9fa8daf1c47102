"""The operations that change nothing: lists page by page, single resources, operations under way."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from cloudsync_azure.sandbox.access import check
from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.defaults import DEFAULTS
from cloudsync_azure.sandbox.render import asg_shape, rule_shape
from cloudsync_azure.sandbox.values import Asg, Nsg, Rule
from cloudsync_azure.sandbox.wire import Refused, Reply, answer, empty, raw

READ_NSG = "Microsoft.Network/networkSecurityGroups/read"
READ_ASG = "Microsoft.Network/applicationSecurityGroups/read"


def list_all(asked: Asked) -> Reply:
    """Every NSG of a subscription that the caller may read, rules inline."""
    asked.world.subscription(asked.subscription)
    scope = f"/subscriptions/{asked.subscription}"
    return _nsgs(asked, scope, asked.world.seen().values())


def list_in_group(asked: Asked) -> Reply:
    """The NSGs of a resource group."""
    group = asked.world.group(asked.subscription, asked.parts["group"])
    scope = f"/subscriptions/{asked.subscription}/resourceGroups/{group}"
    inside = (
        nsg for nsg in asked.world.seen().values() if nsg.group.lower() == group.lower()
    )  # fmt: skip
    return _nsgs(asked, scope, inside)


def _nsgs(asked: Asked, scope: str, found: Iterable[Nsg]) -> Reply:
    own = asked.subscription.lower()
    nsgs = sorted(
        (nsg for nsg in found if nsg.subscription.lower() == own), key=lambda nsg: nsg.key
    )
    if not asked.principal.may(READ_NSG, scope):
        # A role further down lists what is there, and says nothing of the rest.
        allowed = [nsg for nsg in nsgs if asked.principal.may(READ_NSG, nsg.id)]
        if not allowed:
            check(asked.principal, READ_NSG, scope)
        nsgs = allowed
    page, link = paged(asked, [nsg.key for nsg in nsgs])
    texts = ",".join(asked.world.rendered.text(nsgs[index]) for index in page)
    more = f',"nextLink":{json.dumps(link)}' if link else ""
    return raw(f'{{"value":[{texts}]{more}}}')


def paged(asked: Asked, keys: Sequence[str]) -> tuple[range, str]:
    """Which of the sorted ``keys`` this page holds, and the link to the next one, or nothing."""
    begun = _begun(asked.request.query.get("$skiptoken", ""))
    first = next((index for index, key in enumerate(keys) if key > begun), len(keys))
    last = min(first + asked.world.dialect.page_size, len(keys))
    if last == len(keys):
        return range(first, last), ""
    token = base64.urlsafe_b64encode(keys[last - 1].encode()).decode()
    query = {"api-version": asked.request.query["api-version"], "$skipToken": token}
    return range(first, last), f"{asked.request.base}{asked.request.path}?{urlencode(query)}"


def _begun(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("InvalidSkipToken", f"The skip token '{token}' is not valid.") from None


def get_nsg(asked: Asked) -> Reply:
    """One NSG. ``$expand`` is taken; what hangs on an NSG is answered as ids all the same."""
    return raw(asked.world.rendered.text(asked.seen_nsg()))


def list_rules(asked: Asked) -> Reply:
    """The rules of an NSG."""
    nsg = asked.seen_nsg()
    return answer({"value": [rule_shape(nsg, each, asked.world.dialect) for each in nsg.rules]})


def get_rule(asked: Asked) -> Reply:
    """One rule of an NSG."""
    nsg = asked.seen_nsg()
    rule = nsg.rule(asked.parts["rule"])
    if rule is None:
        raise no_rule(nsg, asked.parts["rule"])
    return answer(rule_shape(nsg, rule, asked.world.dialect), headers={"ETag": nsg.etag})


def list_defaults(asked: Asked) -> Reply:
    """The default rules of an NSG."""
    nsg = asked.seen_nsg()
    return answer({"value": [_default(asked, nsg, each) for each in DEFAULTS]})


def get_default(asked: Asked) -> Reply:
    """One default rule of an NSG."""
    nsg, name = asked.seen_nsg(), asked.parts["rule"].lower()
    found = next((each for each in DEFAULTS if each.name.lower() == name), None)
    if found is None:
        raise no_rule(nsg, asked.parts["rule"], "defaultSecurityRules")
    return answer(_default(asked, nsg, found))


def _default(asked: Asked, nsg: Nsg, rule: Rule) -> dict[str, object]:
    return rule_shape(nsg, rule, asked.world.dialect, default=True)


def no_rule(nsg: Nsg, name: str, kind: str = "securityRules") -> Refused:
    """The 404 of a part of a resource; recorded with another code than a whole resource's."""
    return Refused("NotFound", f"Resource {nsg.id}/{kind}/{name} not found.", 404)


def list_asgs(asked: Asked) -> Reply:
    """The application security groups of a subscription."""
    asked.world.subscription(asked.subscription)
    return _asgs(asked, asked.world.asgs.values())


def list_asgs_in_group(asked: Asked) -> Reply:
    """The application security groups of a resource group."""
    group = asked.world.group(asked.subscription, asked.parts["group"]).lower()
    return _asgs(asked, (each for each in asked.world.asgs.values() if each.group.lower() == group))


def _asgs(asked: Asked, found: Iterable[Asg]) -> Reply:
    own = asked.subscription.lower()
    asgs = sorted(
        (each for each in found if each.subscription.lower() == own), key=lambda asg: asg.key
    )
    page, link = paged(asked, [asg.key for asg in asgs])
    shapes = [asg_shape(asgs[index]) for index in page]
    return answer({"value": shapes, **({"nextLink": link} if link else {})})


def get_asg(asked: Asked) -> Reply:
    """One application security group."""
    return answer(asg_shape(asked.asg()))


def get_operation(asked: Asked) -> Reply:
    """How a write is getting on: InProgress, Succeeded or Failed (recorded traffic)."""
    operation = asked.world.operations.get(asked.parts["operation"])
    if operation is None:
        raise Refused(
            "OperationNotFound", f"Operation {asked.parts['operation']} is not found.", 404
        )
    if operation.done_at > asked.world.clock():
        return answer({"status": "InProgress"})
    if operation.failure:
        return answer(
            {
                "status": "Failed",
                "error": {
                    "code": operation.failure,
                    "message": "An error occurred.",
                    "details": [],
                },
            }
        )
    return answer({"status": "Succeeded"})


def get_result(asked: Asked) -> Reply:
    """What a delete's Location answers: 202 for as long as it isn't done."""
    operation = asked.world.operations.get(asked.parts["operation"])
    running = operation is not None and operation.done_at > asked.world.clock()
    return empty(202 if running else 204)
