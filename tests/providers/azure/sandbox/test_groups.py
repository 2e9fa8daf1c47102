"""What the sandbox's Azure does with whole NSGs, etags and long-running operations."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync_azure.sandbox import Dialect, Sandbox
from tests.providers.azure.sandbox.wire import (
    GROUP,
    NSG,
    RULES,
    SUBSCRIPTION,
    Answer,
    ask,
    etag,
    names,
    properties,
    put,
    rule,
)

LIST_ALL = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkSecurityGroups"
DEFAULTS = [
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
]


def whole(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a whole NSG."""
    return {"location": "westeurope", "properties": {"securityRules": list(rules)}, **more}


def put_whole(sandbox: Sandbox, *rules: dict[str, Any], match: str = "") -> Answer:
    """PUT a whole NSG."""
    return ask(sandbox, "PUT", NSG, whole(*rules), headers={"If-Match": match} if match else {})


def test_every_nsg_has_six_rules_of_its_own(sandbox: Sandbox) -> None:
    """The default rules stand in every NSG, carry its etag, and can't be taken away."""
    found = ask(sandbox, "GET", NSG).value["properties"]["defaultSecurityRules"]
    said = [each["properties"] for each in found]
    assert [
        (
            each["name"], one["priority"], one["direction"], one["access"],
            one["sourceAddressPrefix"], one["destinationAddressPrefix"],
        )
        for each, one in zip(found, said, strict=True)
    ] == DEFAULTS  # fmt: skip
    assert {each["etag"] for each in found} == {etag(sandbox)}
    gone = ask(sandbox, "DELETE", f"{NSG}/defaultSecurityRules/DenyAllInBound")
    assert gone.code == "404 InvalidResourceType"


def test_a_whole_put_replaces_every_rule(sandbox: Sandbox) -> None:
    """Rules that the body doesn't name vanish, all of them where it names none."""
    put(sandbox, "one")
    assert put_whole(sandbox, rule("two", 200), rule("three", 300)).status == 200
    assert names(sandbox) == ["two", "three"]
    assert ask(sandbox, "PUT", NSG, {"location": "West Europe"}).status == 200
    assert names(sandbox) == []


def test_several_rules_move_at_once(sandbox: Sandbox) -> None:
    """A whole PUT may exchange two priorities, which no rule-level PUT could."""
    put_whole(sandbox, rule("one", 100), rule("two", 101))
    assert put(sandbox, "one", 101).code == "400 SecurityRuleConflict"
    assert put_whole(sandbox, rule("one", 101), rule("two", 100)).status == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (whole(rule("a", 100), rule("b", 100)), "400 SecurityRuleConflict"),
        (whole(rule("a", 100), rule("A", 101)), "400 DuplicateResourceName"),
        (whole(rule("a", 1)), "400 SecurityRuleInvalidPriority"),
        (
            {"location": "westeurope", "properties": {"securityRules": {"a": 1}}},
            "400 InvalidRequestFormat",
        ),
        (whole(rule("", 100)), "400 InvalidResourceName"),
        ({"properties": {}}, "400 LocationRequired"),
        ({"location": "northeurope"}, "409 InvalidResourceLocation"),
        (b"[", "400 InvalidRequestContent"),
        (b"[]", "400 InvalidRequestContent"),
    ],
)
def test_a_whole_put_that_can_not_be_is_refused(
    sandbox: Sandbox, body: object, expected: str
) -> None:
    """One bad rule, or a body that is none, refuses the whole NSG and changes nothing."""
    put(sandbox, "kept")
    before = sandbox.nsg("mx")
    assert ask(sandbox, "PUT", NSG, body).code == expected
    assert sandbox.nsg("mx") == before


def test_an_nsg_is_made_in_a_group_that_is_there(sandbox: Sandbox) -> None:
    """A new NSG is answered 201; its resource group must exist."""
    made = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/new"
    assert ask(sandbox, "PUT", made, whole(tags={"a": "b"})).code == "201"
    assert ask(sandbox, "GET", made.upper()).value["tags"] == {"a": "b"}
    nowhere = made.replace("/mail/", "/nowhere/")
    assert ask(sandbox, "PUT", nowhere, whole()).code == "404 ResourceGroupNotFound"


def test_an_nsg_in_use_stays(sandbox: Sandbox) -> None:
    """An NSG that a subnet uses can't be deleted; another one can, and twice."""
    sandbox.seed_nsg("used", subnets=["/subscriptions/s/subnets/a"])
    used = NSG.replace("/mx", "/used")
    found = [ask(sandbox, "DELETE", each).code for each in (used, NSG, NSG)]
    assert found == ["400 InUseNetworkSecurityGroupCannotBeDeleted", "200", "204"]


def test_tags_are_replaced(sandbox: Sandbox) -> None:
    """PATCH replaces the tags, changes the etag and leaves the rules alone."""
    put(sandbox)
    before = etag(sandbox)
    answer = ask(sandbox, "PATCH", NSG, {"tags": {"cloudsync": "smtp"}})
    assert (answer.status, answer.value["tags"]) == (200, {"cloudsync": "smtp"})
    assert names(sandbox) == ["one"]
    assert etag(sandbox) != before


def test_lists_go_page_by_page() -> None:
    """list_all answers a page and the link to the next one; each NSG comes once."""
    with Sandbox(dialect=Dialect(page_size=2)) as sandbox:
        for index in range(5):
            sandbox.seed_nsg(f"n{index}", group="a" if index % 2 else "b")
        found: list[list[str]] = []
        link = LIST_ALL
        while link:
            page = ask(sandbox, "GET", link).value
            found.append([each["name"] for each in page["value"]])
            link = page.get("nextLink", "")
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/A"
        inside = ask(sandbox, "GET", f"{group}/providers/Microsoft.Network/networkSecurityGroups")
    assert found == [["n1", "n3"], ["n0", "n2"], ["n4"]]
    assert [each["name"] for each in inside.value["value"]] == ["n1", "n3"]


def test_what_hangs_on_an_nsg_is_named(sandbox: Sandbox) -> None:
    """Subnets and interfaces come back as ids; a PUT can't change them."""
    sandbox.seed_nsg("mx", subnets=["/s/a"], interfaces=["/n/b"])
    put_whole(sandbox)
    said = ask(sandbox, "GET", NSG).value["properties"]
    assert (said["subnets"], said["networkInterfaces"]) == ([{"id": "/s/a"}], [{"id": "/n/b"}])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (NSG + "x", "404 ResourceNotFound"),
        (f"{RULES}/none", "404 NotFound"),
        (f"{NSG}x/securityRules", "404 ResourceNotFound"),
        (NSG.replace("/mail/", "/nowhere/"), "404 ResourceGroupNotFound"),
        (NSG.replace("000001", "000002"), "404 SubscriptionNotFound"),
        (
            f"{GROUP}/providers/Microsoft.Network/applicationSecurityGroups/x",
            "404 ResourceNotFound",
        ),
        ("/nothing", "404 InvalidResourceType"),
    ],
)
def test_what_is_not_there_is_not_found(sandbox: Sandbox, path: str, expected: str) -> None:
    """Each kind of thing that isn't there has its own code."""
    assert ask(sandbox, "GET", path).code == expected


def test_rules_are_read_one_by_one(sandbox: Sandbox) -> None:
    """A rule, the list of them and a default rule are answered by their own paths."""
    put(sandbox)
    assert ask(sandbox, "GET", f"{RULES}/ONE").value["properties"]["priority"] == 100
    assert [each["name"] for each in ask(sandbox, "GET", RULES).value["value"]] == ["one"]
    deny = ask(sandbox, "GET", f"{NSG}/defaultSecurityRules/denyallinbound")
    assert deny.value["name"] == "DenyAllInBound"
    assert len(ask(sandbox, "GET", f"{NSG}/defaultSecurityRules").value["value"]) == 6


def test_a_rule_is_deleted_once(sandbox: Sandbox) -> None:
    """DELETE is answered 200, and 204 where there is no such rule."""
    put(sandbox)
    assert [ask(sandbox, "DELETE", f"{RULES}/one").code for _ in range(2)] == ["200", "204"]


# --- etags -----------------------------------------------------------------------------------


def outcomes(dialect: Dialect) -> dict[str, str]:
    """How writes with an If-Match fare after another rule changed, and after this one did."""
    with Sandbox(dialect=dialect) as sandbox:
        sandbox.seed_nsg("mx", [rule("mine", 100), rule("other", 200)])
        old = etag(sandbox)
        found = {"at once": put(sandbox, "mine", 101, match=old).code}
        old = etag(sandbox)
        sandbox.plant("mx", [rule("other", 201)])
        found["other changed"] = put(sandbox, "mine", 102, match=old).code
        old = etag(sandbox)
        sandbox.plant("mx", [rule("mine", 103)])
        found["mine changed"] = put(sandbox, "mine", 104, match=old).code
        found["new rule"] = put(sandbox, "new", 300, match=etag(sandbox)).code
        old = etag(sandbox)
        sandbox.plant("mx", [rule("other", 202)])
        found["delete"] = ask(
            sandbox, "DELETE", f"{RULES}/mine", headers={"If-Match": old}
        ).code  # fmt: skip
        old = etag(sandbox)
        sandbox.plant("mx", [rule("other", 203)])
        found["whole"] = put_whole(sandbox, match=old).code
        return found


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (
            Dialect(if_match="nsg"),
            {
                "at once": "200", "other changed": "412 PreconditionFailed",
                "mine changed": "412 PreconditionFailed", "new rule": "201",
                "delete": "412 PreconditionFailed", "whole": "412 PreconditionFailed",
            },
        ),
        (
            Dialect(if_match="rule"),
            {
                "at once": "200", "other changed": "200",
                "mine changed": "412 PreconditionFailed",
                "new rule": "412 PreconditionFailed",
                "delete": "200", "whole": "412 PreconditionFailed",
            },
        ),
        (
            Dialect(if_match="ignored"),
            {
                "at once": "200", "other changed": "200", "mine changed": "200",
                "new rule": "201", "delete": "200", "whole": "200",
            },
        ),
    ],
)  # fmt: skip
def test_if_match_guards_what_the_dialect_says(dialect: Dialect, expected: dict[str, str]) -> None:
    """A stale etag is refused by NSG, by rule, or not at all."""
    assert outcomes(dialect) == expected


def test_a_stale_write_says_which_etag_holds(sandbox: Sandbox) -> None:
    """412 names PreconditionFailedEtagMismatch and changes nothing; If-None-Match guards likewise."""
    put(sandbox)
    before = sandbox.nsg("mx")
    answer = put(sandbox, "two", 200, match='W/"old"')
    assert answer.value["error"] == {
        "code": "PreconditionFailed",
        "message": "Precondition failed.",
        "details": [
            {
                "code": "PreconditionFailedEtagMismatch",
                "message": 'Etag provided in if-match header W/"old" does not match etag '
                f"{before['etag']} of resource {NSG} in NRP data store.",
            }
        ],
    }
    anew = ask(
        sandbox, "PUT", f"{RULES}/one", {"properties": properties()}, headers={"If-None-Match": "*"}
    )
    assert anew.code == "412 PreconditionFailed"
    assert sandbox.nsg("mx") == before


def test_every_write_changes_every_etag(sandbox: Sandbox) -> None:
    """One rule's write gives the NSG, and each rule in it, the same new etag."""
    sandbox.seed_nsg("mx", [rule("a", 200)])
    seen = {etag(sandbox)}
    for number in (100, 101, 100):
        put(sandbox, "b", number)
        said = sandbox.nsg("mx")
        inside = said["properties"]["securityRules"] + said["properties"]["defaultSecurityRules"]
        assert {each["etag"] for each in inside} == {said["etag"]}
        seen.add(said["etag"])
    assert len(seen) == 4


# --- long-running operations, late reads ------------------------------------------------------


class Clock:
    """A clock that somebody else turns."""

    now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_write_is_taken_on_and_ends() -> None:
    """In the async dialect a write is answered at once, polled, and gives a further etag at its end."""
    clock = Clock()
    with Sandbox(dialect=Dialect(lro="async", lro_seconds=5), clock=clock) as sandbox:
        sandbox.seed_nsg("mx")
        taken = put(sandbox)
        poll = taken.headers["azure-asyncoperation"]
        assert (taken.status, taken.value["properties"]["provisioningState"]) == (201, "Updating")
        assert "location" not in taken.headers
        assert ask(sandbox, "GET", poll).value == {"status": "InProgress"}
        busy = put(sandbox, "two", 200)
        assert busy.code == "429 RetryableErrorDueToAnotherOperation"
        clock.now += 5
        assert ask(sandbox, "GET", poll).value == {"status": "Succeeded"}
        done = ask(sandbox, "GET", f"{RULES}/one").value
        assert done["properties"]["provisioningState"] == "Succeeded"
        assert done["etag"] != taken.value["etag"]
        gone = ask(sandbox, "DELETE", f"{RULES}/one")
        assert gone.status == 202
        assert ask(sandbox, "GET", gone.headers["location"]).status == 202
        clock.now += 5
        assert ask(sandbox, "GET", gone.headers["location"]).status == 204
        assert names(sandbox) == []


def test_an_operation_can_end_badly() -> None:
    """A write that was taken on may end as Failed, with nothing changed."""
    with Sandbox(dialect=Dialect(lro="async")) as sandbox:
        sandbox.seed_nsg("mx")
        sandbox.faults.ends_badly()
        poll = put(sandbox).headers["azure-asyncoperation"]
        assert ask(sandbox, "GET", poll).value == {
            "status": "Failed",
            "error": {
                "code": "InternalServerError",
                "message": "An error occurred.",
                "details": [],
            },
        }
        assert names(sandbox) == []
        assert put(sandbox).status == 201


def test_reads_can_be_late() -> None:
    """In the late dialect a read shows the state of some seconds ago; a write meets the present one."""
    clock = Clock()
    with Sandbox(dialect=Dialect(reads_late=30), clock=clock) as sandbox:
        sandbox.seed_nsg("mx")
        put(sandbox)
        assert ask(sandbox, "GET", RULES).value["value"] == []
        assert put(sandbox, "two").code == "400 SecurityRuleConflict"
        clock.now += 29
        assert ask(sandbox, "GET", RULES).value["value"] == []
        clock.now += 1
        assert [each["name"] for each in ask(sandbox, "GET", RULES).value["value"]] == ["one"]
