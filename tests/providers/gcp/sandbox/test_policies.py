"""Network firewall policies under their fingerprints, and what is in force on a network."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync_gcp.sandbox import Body
from tests.providers.gcp.sandbox.raw import NETWORK, POLICIES, Raw, rule

ONE = f"{POLICIES}/mail"
ALLOW: Body = {
    "priority": 100,
    "action": "allow",
    "direction": "INGRESS",
    "match": {
        "srcIpRanges": ["192.0.2.0/24"],
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["25"]}],
    },
}


def priorities(policy: Body) -> list[int]:
    """The priorities of the rules that somebody made, and whether the four defaults stand behind."""
    found = [one["priority"] for one in policy["rules"]]
    assert found[-4:] == [2147483644, 2147483645, 2147483646, 2147483647]
    return found[:-4]


@pytest.fixture
def policy(raw: Raw) -> Raw:
    """A policy with one rule, on the default network."""
    raw.sandbox.seed_policy("mail", [ALLOW], network="default")
    return raw


def test_get(policy: Raw) -> None:
    """A policy shows its rules by priority, the defaults behind, its network and a fingerprint."""
    found = policy.ask("GET", ONE)
    assert priorities(found) == [100]
    assert [one["attachmentTarget"] for one in found["associations"]] == [NETWORK]
    assert found["ruleTupleCount"] == 3 + 4 * 2
    assert policy.ask("GET", POLICIES)["items"] == [found]
    network = policy.ask("GET", "/compute/v1/projects/mail-prod/global/networks/default")
    assert network["firewallPolicy"] == found["selfLink"]
    assert policy.ask("GET", f"{ONE}/getRule", priority=100)["match"] == ALLOW["match"]


def test_patch_needs_the_newest_fingerprint(policy: Raw) -> None:
    """No fingerprint and an old one are both 412, and nothing is changed; the newest is accepted."""
    before = policy.ask("GET", ONE)
    stale = "412 conditionNotMet: Invalid fingerprint."
    assert policy.refusal("PATCH", ONE, {"description": "x"}) == stale
    policy.done("POST", f"{ONE}/addRule", {**ALLOW, "priority": 7})
    said = {"description": "x", "fingerprint": before["fingerprint"]}
    assert policy.refusal("PATCH", ONE, said) == stale
    now = policy.ask("GET", ONE)
    assert now["fingerprint"] != before["fingerprint"]
    policy.done("PATCH", ONE, {"description": "x", "fingerprint": now["fingerprint"]})
    after = policy.ask("GET", ONE)
    assert (after["description"], priorities(after)) == ("x", [7, 100])


def test_patch_replaces_all_rules(policy: Raw) -> None:
    """Rules in a patch are all the rules, and the last default one must be among them."""
    before = policy.ask("GET", ONE)
    rules = [{**ALLOW, "priority": 5}, *before["rules"][-4:]]
    said = {"rules": rules, "fingerprint": before["fingerprint"]}
    assert policy.refusal("PATCH", ONE, {**said, "rules": rules[:1]}) == (
        "400 invalid: Invalid value for field 'resource.rules': ''. A rule at 2147483647 must be "
        "given."
    )
    policy.done("PATCH", ONE, said)
    assert priorities(policy.ask("GET", ONE)) == [5]


def test_two_patches_from_one_fingerprint(policy: Raw) -> None:
    """Of two writers with one fingerprint the second is refused."""
    said = {"description": "x", "fingerprint": policy.ask("GET", ONE)["fingerprint"]}
    policy.done("PATCH", ONE, said)
    assert policy.refusal("PATCH", ONE, said) == "412 conditionNotMet: Invalid fingerprint."


def test_one_rule_at_a_time(policy: Raw) -> None:
    """addRule, patchRule and removeRule need no fingerprint and speak of a priority."""
    policy.done("POST", f"{ONE}/addRule", {**ALLOW, "priority": 200, "action": "deny"})
    policy.done("POST", f"{ONE}/patchRule", {"match": {"srcIpRanges": ["0.0.0.0/0"]}}, priority=200)
    found = policy.ask("GET", f"{ONE}/getRule", priority=200)
    assert (found["action"], found["match"]) == (
        "deny",
        {**ALLOW["match"], "srcIpRanges": ["0.0.0.0/0"]},
    )
    policy.done("POST", f"{ONE}/removeRule", priority=100)
    assert priorities(policy.ask("GET", ONE)) == [200]


def test_a_free_priority_in_a_range(policy: Raw) -> None:
    """AddRule can choose a number itself, and says so where none is free."""
    said = {key: value for key, value in ALLOW.items() if key != "priority"}
    policy.done("POST", f"{ONE}/addRule", said, minPriority=100, maxPriority=101)
    assert priorities(policy.ask("GET", ONE)) == [100, 101]
    assert policy.refusal(
        "POST", f"{ONE}/addRule", said, minPriority=100, maxPriority=101
    ).endswith("'maxPriority': '101'. No priority is free in that range.")


REFUSED: list[tuple[str, Body | None, dict[str, Any], str]] = [
    ("addRule", ALLOW, {}, ("400 invalid: Invalid value for field 'resource.priority': '100'. Cannot "
     "have rules with the same priorities.")),
    ("addRule", {**ALLOW, "priority": -1}, {}, ("400 invalid: Invalid value for field "
     "'resource.priority': '-1'. Must be between 0 and 2147483647, inclusive.")),
    ("addRule", {**ALLOW, "action": "permit"}, {}, ("400 invalid: Invalid value for field "
     "'resource.action': 'permit'. Must be one of allow, apply_security_profile_group, deny, "
     "goto_next.")),
    ("addRule", {**ALLOW, "match": {}}, {}, ("400 required: Required field "
     "'resource.match.layer4Configs' not specified")),
    ("addRule", {**ALLOW, "match": {"layer4Configs": [{"ipProtocol": "tcp"}]}, "priority": 1}, {},
     "400 required: Required field 'resource.match.srcIpRanges' not specified"),
    ("addRule", {**ALLOW, "match": {**ALLOW["match"], "srcIpRanges": ["192.0.2.1/24"]}}, {},
     ("400 invalid: Invalid value for field 'resource.match.srcIpRanges[0]': '192.0.2.1/24'. Must be "
     "a valid CIDR address range.")),
    ("addRule", {**ALLOW, "sourceTags": ["web"]}, {}, ("400 badRequest: Invalid JSON payload "
     "received. Unknown name \"sourceTags\" at 'resource': Cannot find field.")),
    ("patchRule", {}, {"priority": 328}, ("400 invalid: Invalid value for field 'priority': '328'. "
     "The firewall policy does not contain a rule at priority 328.")),
    ("patchRule", {}, {}, "400 required: Required field 'priority' not specified"),
    ("removeRule", None, {"priority": 2147483647}, ("400 invalid: Invalid value for field 'priority': "
     "'2147483647'. A default rule can't be removed.")),
]  # fmt: skip


@pytest.mark.parametrize(("call", "body", "query", "refusal"), REFUSED)
def test_refusals(
    policy: Raw, call: str, body: Body | None, query: dict[str, Any], refusal: str
) -> None:
    """What a policy can't hold is refused, and its fingerprint stays."""
    before = policy.ask("GET", ONE)
    assert policy.refusal("POST", f"{ONE}/{call}", body, **query) == refusal
    assert policy.ask("GET", ONE) == before


def test_what_is_in_force(raw: Raw) -> None:
    """Hierarchy from the organization down, then the network's policy; the region's only there."""
    sandbox = raw.sandbox
    sandbox.seed_project("shop", folders=("folders/1", "folders/2"), organization="organizations/9")
    sandbox.seed_network("other", project="shop")
    for target in ("folders/2", "organizations/9", "folders/1", "folders/3"):
        sandbox.seed_hierarchical_policy(target.replace("/", "-"), [ALLOW], target=target)
    sandbox.seed_policy("mail", [ALLOW], network="default", project="shop")
    sandbox.seed_policy("elsewhere", [ALLOW], network="other", project="shop")
    for name, system in (("europe", False), ("google", True)):
        sandbox.seed_policy(
            name, [ALLOW], network="default", project="shop", region="europe-west1", system=system
        )
    sandbox.seed_firewall(rule("a"), project="shop")
    sandbox.seed_firewall(rule("b", network="global/networks/other"), project="shop")
    base = "/compute/v1/projects/shop"
    found = raw.ask("GET", f"{base}/global/networks/default/getEffectiveFirewalls")
    assert [one["name"] for one in found["firewalls"]] == ["a"]
    assert [
        (one["type"], one.get("shortName", one["name"])) for one in found["firewallPolicys"]
    ] == [
        ("HIERARCHY", "organizations-9"),
        ("HIERARCHY", "folders-1"),
        ("HIERARCHY", "folders-2"),
        ("NETWORK", "mail"),
    ]
    regional = raw.ask(
        "GET",
        f"{base}/regions/europe-west1/firewallPolicies/getEffectiveFirewalls",
        network="global/networks/default",
    )
    assert [(one["type"], one["name"]) for one in regional["firewallPolicys"][3:]] == [
        ("SYSTEM_REGIONAL", "google"),
        ("NETWORK", "mail"),
        ("NETWORK_REGIONAL", "europe"),
    ]
    assert [
        one["name"]
        for one in raw.ask("GET", f"{base}/regions/europe-west1/firewallPolicies")["items"]
    ] == ["europe", "google"]
    scopes = raw.ask("GET", f"{base}/aggregated/firewallPolicies")["items"]
    assert {
        scope: [one["name"] for one in held.get("firewallPolicies", ())]
        for scope, held in scopes.items()
    } == {"global": ["elsewhere", "mail"], "regions/europe-west1": ["europe", "google"]}


def test_a_hierarchical_rule_for_another_network(raw: Raw) -> None:
    """A rule with target networks is in force on these alone."""
    raw.sandbox.seed_project("shop", organization="organizations/9")
    raw.sandbox.seed_network("other", project="shop")
    target = "https://www.googleapis.com/compute/v1/projects/shop/global/networks/other"
    raw.sandbox.seed_hierarchical_policy(
        "org", [{**ALLOW, "targetResources": [target]}], target="organizations/9"
    )
    found: dict[str, list[int]] = {}
    for name in ("default", "other"):
        path = f"/compute/v1/projects/shop/global/networks/{name}/getEffectiveFirewalls"
        (policy,) = raw.ask("GET", path)["firewallPolicys"]
        found[name] = priorities(policy)
    assert found == {"default": [], "other": [100]}


def test_hierarchical_policies_are_read(raw: Raw) -> None:
    """Listed under their parent, read by number, rule by rule, and by what they are attached to."""
    name = raw.sandbox.seed_hierarchical_policy("org", [ALLOW], target="organizations/9")
    base = "/compute/v1/locations/global/firewallPolicies"
    found = raw.ask("GET", base, parentId="organizations/9")["items"]
    assert [one["shortName"] for one in found] == ["org"]
    assert raw.ask("GET", f"{base}/{name}") == found[0]
    assert raw.ask("GET", f"{base}/{name}/getRule", priority=100)["action"] == "allow"
    attached = raw.ask("GET", f"{base}/listAssociations", targetResource="organizations/9")
    assert [one["firewallPolicyId"] for one in attached["associations"]] == [name]
    assert raw.refusal("GET", base) == "400 required: Required field 'parentId' not specified"


def test_the_order_of_enforcement(raw: Raw) -> None:
    """A network says whether its policies are asked after the VPC rules, as usual, or before."""
    raw.sandbox.seed_network("early", before_classic=True)
    found = raw.ask("GET", "/compute/v1/projects/mail-prod/global/networks")["items"]
    assert {one["name"]: one["networkFirewallPolicyEnforcementOrder"] for one in found} == {
        "default": "AFTER_CLASSIC_FIREWALL",
        "early": "BEFORE_CLASSIC_FIREWALL",
    }


def test_somebody_rewrites_a_policy(policy: Raw) -> None:
    """A stranger's rules stand at once and change the fingerprint."""
    before = policy.ask("GET", ONE)
    policy.sandbox.replant_policy("mail", [{**ALLOW, "priority": 1}])
    after = policy.sandbox.policy("mail")
    assert (priorities(after), after["fingerprint"] == before["fingerprint"]) == ([1], False)
    assert after["associations"] == before["associations"]
