"""Network firewall policies, global and regional, and hierarchical ones to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cloudsync_gcp.sandbox import schema
from cloudsync_gcp.sandbox.listing import answer, page
from cloudsync_gcp.sandbox.networks import HIERARCHICAL, policies
from cloudsync_gcp.sandbox.operations import Asked, body_of, change
from cloudsync_gcp.sandbox.policy import FIRST_DEFAULT, LAST_PRIORITY, complete, counted
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused, invalid, missing
from cloudsync_gcp.sandbox.world import path_of

FILTERED: Final = frozenset({"creationTimestamp", "description", "id", "name", "selfLink"})


def _place(asked: Asked) -> str:
    return policies(asked.project.id, asked.params.get("region", ""))


def listed(asked: Asked) -> Body:
    """A page of policies."""
    path = _place(asked)
    items, token = page(asked, asked.world.seen(path), fields=FILTERED)
    body = answer("compute#firewallPolicyList", path, items, token)
    del body["selfLink"]  # the description of FirewallPolicyList knows none
    return body


def get(asked: Asked) -> Body:
    """One policy, with its fingerprint."""
    return asked.world.get(_place(asked), asked.params["firewallPolicy"], late=True)


def patch(asked: Asked) -> Body:
    """A policy's own fields, and all its rules if they are given, under its fingerprint."""
    body = body_of(asked)
    schema.check(body, schema.POLICY)
    given = body.get("fingerprint")

    def edit(policy: Body) -> Body:
        # A fingerprint must be given and be the newest: the description of the field, and gh
        # hashicorp/terraform-provider-google#19235 for the text.
        if given != policy["fingerprint"]:
            raise Refused(412, "conditionNotMet", "Invalid fingerprint.")
        if body.get("name", policy["name"]) != policy["name"]:
            raise invalid("resource.name", body["name"], "The name can't be changed.")
        new = dict(policy)
        if "description" in body:
            new["description"] = body["description"] or ""
        if "rules" in body:
            rules = [complete(rule) for rule in body["rules"] or ()]
            numbers = [rule["priority"] for rule in rules]
            if len(set(numbers)) < len(numbers):
                raise _same_priority(next(n for n in numbers if numbers.count(n) > 1))
            if LAST_PRIORITY not in numbers:
                # The description of FirewallPolicy.rules.
                raise invalid("resource.rules", "", f"A rule at {LAST_PRIORITY} must be given.")
            new["rules"] = rules
        return new

    return _edit(asked, "patch", edit)


def add_rule(asked: Asked) -> Body:
    """One more rule; no fingerprint guards it."""
    body = body_of(asked)
    schema.check(body, schema.RULE)
    least, most = asked.number("minPriority"), asked.number("maxPriority")

    def edit(policy: Body) -> Body:
        taken = {rule["priority"] for rule in policy["rules"]}
        said = dict(body)
        if "priority" not in said and (least is not None or most is not None):
            upto = LAST_PRIORITY if most is None else most
            free = next((n for n in range(least or 0, upto + 1) if n not in taken), None)
            if free is None:
                raise invalid("maxPriority", upto, "No priority is free in that range.")
            said["priority"] = free
        rule = complete(said)
        if rule["priority"] in taken:
            raise _same_priority(rule["priority"])
        return {**policy, "rules": [*policy["rules"], rule]}

    return _edit(asked, "addFirewallRuleToFirewallPolicy", edit)


def patch_rule(asked: Asked) -> Body:
    """Some fields of the rule at a priority."""
    body = body_of(asked)
    schema.check(body, schema.RULE)

    def edit(policy: Body) -> Body:
        old = _rule_at(asked, policy)
        new = complete(schema.merged(old, body))
        others = [rule for rule in policy["rules"] if rule is not old]
        if any(rule["priority"] == new["priority"] for rule in others):
            raise _same_priority(new["priority"])
        return {**policy, "rules": [*others, new]}

    return _edit(asked, "patchFirewallRuleInFirewallPolicy", edit)


def remove_rule(asked: Asked) -> Body:
    """The rule at a priority goes; those that every policy has stay."""

    def edit(policy: Body) -> Body:
        gone = _rule_at(asked, policy)
        if gone["priority"] >= FIRST_DEFAULT:
            raise invalid("priority", gone["priority"], "A default rule can't be removed.")
        return {**policy, "rules": [rule for rule in policy["rules"] if rule is not gone]}

    return _edit(asked, "removeFirewallRuleFromFirewallPolicy", edit)


def get_rule(asked: Asked) -> Body:
    """The rule at a priority."""
    return _rule_at(asked, get(asked))


def _rule_at(asked: Asked, policy: Body) -> Body:
    number = asked.number("priority")
    if number is None:
        raise missing("priority")
    rules: list[Body] = policy["rules"]
    for rule in rules:
        if rule["priority"] == number:
            return rule
    # The text is of gh crossplane-contrib/provider-upjet-gcp#836.
    raise invalid(
        "priority", number, f"The firewall policy does not contain a rule at priority {number}."
    )


def _edit(asked: Asked, kind: str, edit: Callable[[Body], Body]) -> Body:
    """Any change of a policy gives it a new fingerprint.

    That a write of one rule does so too is seen in gh hashicorp/terraform-provider-google#19235.
    """
    path, name = _place(asked), asked.params["firewallPolicy"]
    counted(edit(asked.world.get(path, name)), asked.world)

    def apply() -> None:
        asked.world.put(path, name, counted(edit(asked.world.get(path, name)), asked.world))

    return change(asked, f"{path}/{name}", kind, apply)


def _same_priority(number: int) -> Refused:
    return invalid("resource.priority", number, "Cannot have rules with the same priorities.")


# --- hierarchical ones, to read ------------------------------------------------------------------


def hierarchical_listed(asked: Asked) -> Body:
    """The policies of one organization or folder, or a page of all."""
    parent = asked.query.get("parentId", "")
    if not parent:
        raise missing("parentId")
    found = {
        name: policy
        for name, policy in asked.world.seen(HIERARCHICAL).items()
        if policy.get("parent") == parent
    }
    items, token = page(asked, found, fields=FILTERED)
    body = answer("compute#firewallPolicyList", HIERARCHICAL, items, token)
    del body["selfLink"]
    return body


def hierarchical_get(asked: Asked) -> Body:
    """One hierarchical policy."""
    return asked.world.get(HIERARCHICAL, asked.params["firewallPolicy"], late=True)


def hierarchical_rule(asked: Asked) -> Body:
    """One rule of a hierarchical policy."""
    return _rule_at(asked, hierarchical_get(asked))


def hierarchical_associations(asked: Asked) -> Body:
    """The associations of an organization or folder."""
    target = asked.query.get("targetResource", "")
    if not target:
        raise missing("targetResource")
    found = [
        {**association, "firewallPolicyId": policy["name"], "shortName": policy["shortName"]}
        for policy in asked.world.seen(HIERARCHICAL).values()
        for association in policy["associations"]
        if path_of(association["attachmentTarget"]).endswith(target)
    ]
    body: Body = {"kind": "compute#firewallPoliciesListAssociationsResponse"}
    if found:
        body["associations"] = found
    return body
