"""The operations that change an NSG or a rule; every refusal names its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.checking import check_name, properties_of
from cloudsync_azure.sandbox.render import nsg_shape, rule_shape
from cloudsync_azure.sandbox.ruleset import check_rules, read_rules
from cloudsync_azure.sandbox.values import Nsg, Rule, etag_of, guid
from cloudsync_azure.sandbox.wire import Refused, Reply, answer, empty
from cloudsync_azure.sandbox.world import World


def put_rule(asked: Asked) -> Reply:
    """Create or replace one rule, whole; the others stay."""
    nsg, name = asked.nsg(), asked.parts["rule"]
    _may_write(asked, nsg)
    check_name(name)
    old = nsg.rule(name)
    _precondition(asked, nsg, _etags(asked.world, nsg, old), exists=old is not None)
    body = asked.request.document()
    rule = Rule(
        name if old is None else old.name,
        properties_of(
            body.get("properties"), f"{nsg.id}/securityRules/{name}", asked.world.dialect
        ),
        asked.world.serial(),
    )
    rules = [rule if each is old else each for each in nsg.rules]
    if old is None:
        rules.append(rule)
    check_rules(asked.world, nsg, rules)
    written, headers = _written(asked, nsg, rules)
    shown = rule if asked.failure else next(each for each in written.rules if each is rule)
    return answer(
        rule_shape(written, shown, asked.world.dialect), 201 if old is None else 200, headers
    )


def delete_rule(asked: Asked) -> Reply:
    """Delete one rule; 204 where there is none (the vendor's example NetworkSecurityGroupRuleDelete)."""
    nsg, name = asked.nsg(), asked.parts["rule"]
    _may_write(asked, nsg)
    old = nsg.rule(name)
    _precondition(asked, nsg, _etags(asked.world, nsg, old), exists=False)
    if old is None:
        return empty(204)
    _, headers = _written(asked, nsg, [each for each in nsg.rules if each is not old])
    return _deleted(headers)


def put_nsg(asked: Asked) -> Reply:
    """Create or replace a whole NSG: rules that the body doesn't name vanish.

    Source: gh kubernetes-sigs/cluster-api-provider-azure#592.
    """
    world, body = asked.world, asked.request.document()
    group = world.group(asked.subscription, asked.parts["group"])
    old = world.nsgs.get(asked.nsg_key)
    check_name(asked.parts["nsg"])
    location = _location(body, old, asked.parts["nsg"])
    nsg = old or Nsg(
        subscription=world.subscription(asked.subscription).id,
        group=group,
        name=asked.parts["nsg"],
        location=location,
        guid=guid(world.serial()),
    )
    _may_write(asked, nsg)
    _precondition(asked, nsg, {old.etag} if old else set[str](), exists=old is not None)
    tags = read_tags(body.get("tags"))
    properties = body.get("properties")
    given: object = []
    if isinstance(properties, Mapping):
        given = cast("Mapping[str, object]", properties).get("securityRules") or []
    rules = check_rules(world, nsg, read_rules(world, nsg, given))
    written, headers = _written(asked, replace(nsg, tags=tags), rules)
    return answer(nsg_shape(written, world.dialect), 201 if old is None else 200, headers)


def delete_nsg(asked: Asked) -> Reply:
    """Delete an NSG that nothing hangs on; 204 where there is none."""
    asked.world.group(asked.subscription, asked.parts["group"])
    nsg = asked.world.nsgs.get(asked.nsg_key)
    if nsg is None:
        return empty(204)
    _may_write(asked, nsg)
    held = [*nsg.interfaces, *nsg.subnets]
    if held:
        # The code as users record it, gh hashicorp/terraform-provider-azurerm and others.
        raise Refused(
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {nsg.id} cannot be deleted because it is in use by the "
            f"following resources: {', '.join(held)}.",
        )
    asked.world.drop(nsg.key)
    return empty(200)


def patch_tags(asked: Asked) -> Reply:
    """Replace an NSG's tags, and nothing else (the vendor's NetworkSecurityGroupUpdateTags)."""
    nsg = asked.nsg()
    _may_write(asked, nsg)
    tags = read_tags(asked.request.document().get("tags"))
    changed = asked.world.changed(replace(nsg, tags=tags))
    asked.world.put(changed)
    return answer(nsg_shape(changed, asked.world.dialect))


# --- what all of them share ----------------------------------------------------------------


def _location(body: Mapping[str, Any], old: Nsg | None, name: str) -> str:
    given = str(body.get("location") or "").replace(" ", "").lower()
    if not given:
        raise Refused("LocationRequired", "The location property is required for this definition.")
    if old is not None and old.location != given:
        raise Refused(
            "InvalidResourceLocation",
            f"The resource '{name}' already exists in location '{old.location}' in resource group "
            f"'{old.group}'. A resource with the same name cannot be created in location "
            f"'{given}'. Please select a new resource name.",
            409,
        )
    return given


def read_tags(given: object) -> dict[str, str]:
    """Tags as they were sent; nothing for none.

    Raises:
        Refused: InvalidRequestContent.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Refused("InvalidRequestContent", "The tags of the request are not an object.")
    return {str(key): str(value) for key, value in cast("Mapping[str, object]", given).items()}


def _may_write(asked: Asked, nsg: Nsg) -> None:
    """Refuse a write to a subscription that is shut, or to an NSG that is busy with another one.

    Source: azure-docs, request-limits-and-throttling, of Microsoft.Network.
    """
    subscription = asked.world.subscription(asked.subscription)
    if subscription.state != "Enabled":
        raise Refused(
            "ReadOnlyDisabledSubscription",
            f"The subscription '{subscription.id}' is disabled and therefore marked as read only. "
            "You cannot perform any write actions on this subscription until it is re-enabled.",
            409,
        )
    if nsg.operation:
        raise Refused(
            "RetryableErrorDueToAnotherOperation",
            f"Operation on {nsg.id} can't be done now, because of operation {nsg.operation}.",
            429,
        )


def _etags(world: World, nsg: Nsg, rule: Rule | None) -> set[str]:
    """The etags that an If-Match on one rule may name."""
    if world.dialect.if_match == "nsg":
        return {nsg.etag}
    if rule is None:
        return set()
    return {etag_of(serial) for serial in nsg.serials if serial >= rule.serial}


def _precondition(asked: Asked, nsg: Nsg, known: set[str], *, exists: bool) -> None:
    """Refuse a write whose If-Match is stale, or whose If-None-Match finds something.

    Source: gh kubernetes/kubernetes#77210, gh kubernetes-sigs/cloud-provider-azure#9729.
    """
    if asked.world.dialect.if_match == "ignored":
        return
    match, none = (asked.request.headers.get(name) for name in ("if-match", "if-none-match"))
    if match and match != "*" and match not in known:
        raise stale(match, nsg.id, nsg.etag)
    if none == "*" and exists:
        raise stale(none, nsg.id, nsg.etag)


def stale(given: str, resource: str, etag: str) -> Refused:
    """The 412 of an If-Match that doesn't hold."""
    said = (
        f"Etag provided in if-match header {given} does not match etag {etag} of resource "
        f"{resource} in NRP data store."
    )
    return Refused(
        "PreconditionFailed",
        "Precondition failed.",
        412,
        details=[("PreconditionFailedEtagMismatch", said)],
    )


def _written(asked: Asked, nsg: Nsg, rules: Iterable[Rule]) -> tuple[Nsg, dict[str, str]]:
    """Put the rules in force; the NSG as it then is, and the headers of the answer."""
    world = asked.world
    if world.dialect.lro == "done" and not asked.failure:
        changed = world.changed(nsg, rules)
        world.put(changed)
        return changed, {}
    operation = world.begin(nsg, asked.failure)
    changed = world.changed(nsg, nsg.rules if asked.failure else rules, operation=operation.id)
    if not asked.failure or nsg.key in world.nsgs:
        world.put(changed)
    where = (
        f"{asked.request.base}/subscriptions/{nsg.subscription}/providers/Microsoft.Network/"
        f"locations/{nsg.location}"
    )
    version = f"?api-version={asked.request.query['api-version']}"
    return changed, {
        "Azure-AsyncNotification": "Enabled",
        "Azure-AsyncOperation": f"{where}/operations/{operation.id}{version}",
    }


def _deleted(headers: Mapping[str, str]) -> Reply:
    """200 where it is done; 202 with a second place to look where it isn't (recorded traffic)."""
    if not headers:
        return empty(200)
    result = headers["Azure-AsyncOperation"].replace("/operations/", "/operationResults/")
    return empty(202, {**headers, "Location": result})
