"""What the sandbox answers about callers, subscriptions, permissions and Resource Graph; and its faults."""

from __future__ import annotations

import json
from http.client import RemoteDisconnected
from typing import Any

import pytest

from cloudsync_azure.sandbox import Principal, Sandbox
from tests.providers.azure.sandbox.wire import (
    GROUP,
    NSG,
    RULES,
    SUBSCRIPTION,
    ask,
    names,
    properties,
    put,
)

OTHER = "00000000-0000-0000-0000-000000000002"
LIST_ALL = "/subscriptions/{}/providers/Microsoft.Network/networkSecurityGroups"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
NSGS = "Resources | where type =~ 'Microsoft.Network/networkSecurityGroups'"
READ = "Microsoft.Network/networkSecurityGroups/read"


def query(sandbox: Sandbox, text: str, *, token: str = "anybody", **more: Any) -> Any:
    """The answer of Resource Graph to one query."""
    answer = ask(sandbox, "POST", GRAPH, {"query": text, **more}, token=token, version="2021-03-01")
    return answer.value if answer.status == 200 else answer.code


def test_who_does_not_say_who_he_is_is_refused(sandbox: Sandbox) -> None:
    """A request needs a bearer token and an api-version, in that order."""
    found = [
        ask(sandbox, "GET", NSG, token=None, version=None).code,
        ask(sandbox, "GET", NSG, token=None, headers={"Authorization": "Basic x"}).code,
        ask(sandbox, "GET", NSG, version=None).code,
        ask(sandbox, "GET", NSG, version="latest").code,
        ask(sandbox, "GET", NSG).code,
    ]
    assert found == [
        "401 AuthenticationFailed",
        "401 AuthenticationFailedInvalidHeader",
        "400 MissingApiVersionParameter",
        "400 InvalidApiVersionParameter",
        "200",
    ]


def test_a_caller_may_what_his_role_names(sandbox: Sandbox) -> None:
    """A role's actions, wildcards and scopes decide; what they don't name is AuthorizationFailed."""
    reader = Principal("reader", actions=("Microsoft.Network/*/read",), scopes=(GROUP,))
    sandbox.seed_principal("r", reader)
    sandbox.seed_nsg("hidden", group="others")
    assert ask(sandbox, "GET", NSG, token="r").status == 200
    refused = ask(sandbox, "PUT", f"{RULES}/one", {"properties": properties()}, token="r")
    assert refused.refusal == (
        "403 AuthorizationFailed: The client 'reader' with object id 'reader' does not have "
        "authorization to perform action "
        f"'Microsoft.Network/networkSecurityGroups/securityRules/write' over scope '{RULES}/one' or "
        "the scope is invalid. If access was recently granted, please refresh your credentials."
    )
    listed = ask(sandbox, "GET", LIST_ALL.format(SUBSCRIPTION), token="r").value["value"]
    assert [each["name"] for each in listed] == ["mx"]
    call = sandbox.calls[-1]
    assert (call.operation, call.action, call.principal, call.outcome, call.mutating) == (
        "NetworkSecurityGroups_ListAll", READ, "reader", "ok", False,
    )  # fmt: skip


def test_nobody_sees_what_he_may_not(sandbox: Sandbox) -> None:
    """Subscriptions without a role aren't listed, and a list in them is refused."""
    sandbox.seed_subscription(OTHER)
    sandbox.seed_principal("o", Principal("one", scopes=(f"/subscriptions/{OTHER}",)))
    seen = ask(sandbox, "GET", "/subscriptions", token="o", version="2022-12-01").value["value"]
    assert [each["subscriptionId"] for each in seen] == [OTHER]
    hidden = f"/subscriptions/{SUBSCRIPTION}"
    assert ask(sandbox, "GET", hidden, token="o").code == "404 SubscriptionNotFound"
    refused = ask(sandbox, "GET", LIST_ALL.format(SUBSCRIPTION), token="o")
    assert refused.code == "403 AuthorizationFailed"


def test_permissions_can_be_asked(sandbox: Sandbox) -> None:
    """Whose role says so may ask what he may where it holds, and which roles there are."""
    asking = "Microsoft.Authorization/permissions/read"
    sandbox.seed_principal("r", Principal("reader", actions=(READ, asking), scopes=(GROUP,)))
    sandbox.seed_principal("n", Principal("never", actions=(READ,), scopes=(GROUP,)))
    path = f"{GROUP}/providers/Microsoft.Authorization/permissions"
    assert ask(sandbox, "GET", path, token="r").value == {
        "value": [
            {
                "actions": [READ, asking], "notActions": [], "dataActions": [],
                "notDataActions": [],
            }
        ]
    }  # fmt: skip
    assert ask(sandbox, "GET", path, token="n").code == "403 AuthorizationFailed"
    above = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions"
    assert ask(sandbox, "GET", above, token="r").code == "403 AuthorizationFailed"
    roles = ask(sandbox, "GET", path.replace("permissions", "roleDefinitions")).value["value"]
    assert [each["properties"]["roleName"] for each in roles] == ["owner", "reader", "never"]


def test_a_disabled_subscription_is_read_only(sandbox: Sandbox) -> None:
    """A subscription that is shut can be read and not written."""
    sandbox.seed_subscription(SUBSCRIPTION, state="Disabled")
    assert ask(sandbox, "GET", NSG).status == 200
    assert put(sandbox).code == "409 ReadOnlyDisabledSubscription"


def test_management_groups_have_descendants(sandbox: Sandbox) -> None:
    """Below a management group stand its groups and subscriptions, however deep."""
    sandbox.seed_management_group("mail")
    sandbox.seed_management_group("eu", parent="mail")
    sandbox.seed_subscription(OTHER, name="mail eu", parent="eu")
    base = "/providers/Microsoft.Management/managementGroups"
    below = ask(sandbox, "GET", f"{base}/MAIL/descendants").value["value"]
    assert [each["name"] for each in below] == ["eu", OTHER]
    assert len(ask(sandbox, "GET", base).value["value"]) == 3
    assert ask(sandbox, "GET", f"{base}/none/descendants").code == "404 NotFound"


def test_asgs_are_listed(sandbox: Sandbox) -> None:
    """Application security groups come by subscription, by group and one by one."""
    identity = sandbox.seed_asg("front")
    kind = "/providers/Microsoft.Network/applicationSecurityGroups"
    for path in (f"/subscriptions/{SUBSCRIPTION}{kind}", f"{GROUP}{kind}"):
        assert [each["id"] for each in ask(sandbox, "GET", path).value["value"]] == [identity]
    assert ask(sandbox, "GET", identity).value["name"] == "front"


# --- Resource Graph ---------------------------------------------------------------------------


def test_resource_graph_finds_nsgs(sandbox: Sandbox) -> None:
    """A query filters, projects and pages over what the caller may read, and no word of the rest."""
    sandbox.seed_subscription(OTHER)
    sandbox.seed_nsg("tagged", tags={"cloudsync": "SMTP"})
    sandbox.seed_nsg("far", tags={"cloudsync": "smtp"}, subscription=OTHER)
    found = query(sandbox, f"{NSGS} and tags['cloudsync'] =~ 'smtp' | project name | order by name")
    assert found["data"] == [{"name": "tagged"}, {"name": "far"}]
    only = query(sandbox, f"{NSGS} | distinct subscriptionId", subscriptions=[OTHER.upper()])
    assert only["data"] == [{"subscriptionId": OTHER}]
    sandbox.seed_principal("o", Principal("one", scopes=(f"/subscriptions/{OTHER}",)))
    assert query(sandbox, f"{NSGS} | project name", token="o")["data"] == [{"name": "far"}]
    sandbox.seed_principal("n", Principal("nobody", scopes=()))
    assert query(sandbox, NSGS, token="n") == "403 AuthorizationFailed"
    first = query(sandbox, f"{NSGS} | project name", options={"$top": 2})
    assert (first["totalRecords"], first["count"]) == (3, 2)
    token = first["$skipToken"]
    rest = query(sandbox, f"{NSGS} | project name", options={"$top": 2, "$skipToken": token})
    assert rest["data"] == [{"name": "far"}]
    assert "$skipToken" not in rest


def test_resource_graph_finds_subscriptions_of_a_group(sandbox: Sandbox) -> None:
    """ResourceContainers, asked by management group, gives the subscriptions below it."""
    sandbox.seed_management_group("mail")
    sandbox.seed_subscription(OTHER, parent="mail")
    text = "ResourceContainers | where type == 'microsoft.resources/subscriptions' | project subscriptionId"
    assert query(sandbox, text, managementGroups=["mail"])["data"] == [{"subscriptionId": OTHER}]


@pytest.mark.parametrize(
    "text",
    [
        "Nothing",
        "Resources | join kind=inner (Resources) on id",
        "Resources | where name matches regex '.*'",
        "Resources | where name == 'a' or name == 'b'",
        "Resources | summarize count()",
        "Resources | project a-b",
    ],
)
def test_a_query_beyond_the_sandbox_is_refused(sandbox: Sandbox, text: str) -> None:
    """A query that isn't understood whole is refused: half an answer would be a lie."""
    assert query(sandbox, text) == "400 BadRequest"


def test_resource_graph_has_a_quota(sandbox: Sandbox) -> None:
    """Fifteen queries in five seconds, and the next is 429 with what is left in its headers."""
    body = {"query": NSGS}
    found = [ask(sandbox, "POST", GRAPH, body, version="2021-03-01") for _ in range(16)]
    assert [each.headers["x-ms-user-quota-remaining"] for each in found[-3:]] == ["1", "0", "0"]
    assert found[-1].code == "429 RateLimiting"


# --- faults -----------------------------------------------------------------------------------


def test_a_lost_answer_leaves_the_write(sandbox: Sandbox) -> None:
    """Lost after: the rule is there and the socket closed; lost before: nothing is there."""
    sandbox.faults.lost_before("SecurityRules_CreateOrUpdate")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        put(sandbox)
    assert names(sandbox) == []
    sandbox.faults.lost_after("mutating")
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        put(sandbox)
    assert names(sandbox) == ["one"]
    assert [(call.outcome, call.answered) for call in sandbox.calls] == [
        ("lost", False),
        ("ok", False),
    ]
    assert put(sandbox).status == 200


def test_errors_come_to_order(sandbox: Sandbox) -> None:
    """Each ordered error is answered as often as ordered, with its headers, and nothing changed."""
    faults = sandbox.faults
    faults.throttle("SecurityRules_CreateOrUpdate", retry_after=7)
    throttled = put(sandbox)
    faults.busy()
    busy = put(sandbox)
    faults.stale()
    stale = put(sandbox)
    faults.denied("SecurityRules_CreateOrUpdate", times=1)
    denied = put(sandbox)
    faults.refuse(503, "ServiceUnavailable", "Try again.", skip=1)
    assert (throttled.code, throttled.headers["retry-after"]) == ("429 TooManyRequests", "7")
    assert busy.code == "429 RetryableErrorDueToAnotherOperation"
    assert stale.code == "412 PreconditionFailed"
    assert denied.code == "403 AuthorizationFailed"
    assert names(sandbox) == []
    assert [put(sandbox).code for _ in range(3)] == ["201", "503 ServiceUnavailable", "200"]
    assert faults.met == 5


def test_garbage_slowness_and_silence(sandbox: Sandbox) -> None:
    """A proxy's page comes instead of the answer, an answer comes late, or the door is shut."""
    sandbox.faults.garbage("SecurityRules_CreateOrUpdate")
    answer = put(sandbox)
    assert (answer.status, answer.text[:6], names(sandbox)) == (200, "<html>", ["one"])
    sandbox.faults.latency(0.01, "NetworkSecurityGroups_Get", times=1)
    assert ask(sandbox, "GET", NSG).status == 200
    sandbox.faults.down(times=1)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        ask(sandbox, "GET", NSG)
    sandbox.faults.down()
    sandbox.faults.clear()
    assert ask(sandbox, "GET", NSG).status == 200


def test_it_answers_without_a_server() -> None:
    """In this thread, on a clock of one's own, the same request has the same answer, every time."""

    def once() -> list[Any]:
        sandbox = Sandbox(clock=lambda: 0.0)
        sandbox.seed_nsg("mx")
        said = {"Authorization": "Bearer x"}
        body = json.dumps({"properties": properties()}).encode()
        made = sandbox.respond("PUT", f"{RULES}/one?api-version=2024-05-01", said, body)
        sandbox.faults.lost_after()
        lost = sandbox.respond("GET", f"{NSG}?api-version=2024-05-01", said)
        return [made, lost, sandbox.nsg("mx"), sandbox.calls]

    first, second = once(), once()
    assert first == second
    assert first[0].status == 201
    assert first[1] is None


def test_whoever_watches_sees_each_call(sandbox: Sandbox) -> None:
    """A watcher is called after each request, before its answer goes out."""
    seen: list[str] = []
    sandbox.after_call(lambda call: seen.append(call.operation))
    put(sandbox)
    sandbox.after_call(None)
    ask(sandbox, "GET", NSG)
    assert seen == ["SecurityRules_CreateOrUpdate"]
    assert sandbox.mutations() == ["SecurityRules_CreateOrUpdate"]


def test_it_must_run_to_have_an_address() -> None:
    """A sandbox that doesn't run has no address, says so, and starts again at another time."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError) as raised:
        _ = sandbox.url
    assert str(raised.value) == (
        "the sandbox isn't running: use it as a context manager, or call start()"
    )
    with sandbox:
        first = sandbox.endpoint
    with sandbox:
        assert ask(sandbox, "GET", "/subscriptions").status == 200
    assert first.startswith("http://127.0.0.1:")


def test_a_resource_group_comes_and_goes(sandbox: Sandbox) -> None:
    """A resource group is made with its tags, and takes all that is in it with it."""
    path = GROUP.replace("/mail", "/own")
    assert ask(sandbox, "GET", path).code == "404 ResourceGroupNotFound"
    body = {"location": "West Europe", "tags": {"a": "b"}}
    assert [ask(sandbox, "PUT", path, body).status for _ in range(2)] == [201, 200]
    assert ask(sandbox, "GET", path.upper()).value == {
        "id": path, "name": "own", "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope", "tags": {"a": "b"},
        "properties": {"provisioningState": "Succeeded"},
    }  # fmt: skip
    assert ask(sandbox, "PUT", path, {}).code == "400 LocationRequired"
    sandbox.seed_nsg("inside", group="own")
    sandbox.seed_asg("inside", group="own")
    assert ask(sandbox, "DELETE", path).status == 202
    assert [name.rpartition("/")[2] for name in sandbox.nsgs()] == ["mx"]
    assert ask(sandbox, "DELETE", path).code == "404 ResourceGroupNotFound"
