"""Classic rules over raw requests: what the API stores, changes and refuses, each from a fact."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from cloudsync_gcp.sandbox import Dialect
from tests.providers.gcp.sandbox.conftest import Start
from tests.providers.gcp.sandbox.raw import FIREWALLS, NETWORK, PORT_25, Raw, rule

ONE = f"{FIREWALLS}/smtp"


def test_insert_stores_the_rule_with_its_defaults(raw: Raw) -> None:
    """A rule reads back with priority 1000, enabled, its network as a whole URL and a decimal id."""
    raw.done("POST", FIREWALLS, rule(description="mail"))
    stored = raw.ask("GET", ONE)
    assert stored.pop("id").isdigit()
    assert stored == {
        "kind": "compute#firewall",
        "creationTimestamp": "2026-01-01T00:00:00.000+00:00",
        "selfLink": "https://www.googleapis.com/compute/v1/projects/mail-prod/global/firewalls/smtp",
        "name": "smtp",
        "description": "mail",
        "network": NETWORK,
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
        "allowed": PORT_25,
        "sourceRanges": ["192.0.2.0/24"],
    }


def test_patch_changes_only_what_is_sent(raw: Raw) -> None:
    """PATCH replaces the whole array that it names and leaves every other field as it was."""
    raw.done("POST", FIREWALLS, rule(priority=5, description="mail", targetTags=["mx"]))
    before = raw.ask("GET", ONE)
    raw.done("PATCH", ONE, {"sourceRanges": ["198.51.100.0/24", "203.0.113.0/24"]})
    assert raw.ask("GET", ONE) == {
        **before,
        "sourceRanges": ["198.51.100.0/24", "203.0.113.0/24"],
    }


def test_patch_without_a_field_changes_nothing(raw: Raw) -> None:
    """An empty body, which is what the SDK sends for an empty array, is a change of nothing."""
    raw.done("POST", FIREWALLS, rule())
    before = raw.ask("GET", ONE)
    raw.done("PATCH", ONE, {})
    assert raw.ask("GET", ONE) == before


def test_put_resets_what_is_left_out(raw: Raw) -> None:
    """PUT writes the rule anew: description, priority and targets are gone when they aren't sent."""
    raw.done("POST", FIREWALLS, rule(priority=5, description="mail", targetTags=["mx"]))
    raw.done("PUT", ONE, rule())
    stored = raw.ask("GET", ONE)
    assert (stored["priority"], stored.get("description"), stored.get("targetTags")) == (
        1000,
        None,
        None,
    )


@pytest.mark.parametrize(("no_source", "stored"), [("stored", ["0.0.0.0/0"]), ("absent", None)])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_rule_without_sources_is_for_everyone(
    start: Start, no_source: Any, stored: Any, method: str
) -> None:
    """Whoever writes a rule without a source lets in all of IPv4, however it reads back."""
    raw = start(Dialect(no_source=no_source))
    if method != "POST":
        raw.done("POST", FIREWALLS, rule())
    body: dict[str, Any] = {"sourceRanges": []} if method == "PATCH" else rule(sourceRanges=None)
    raw.done(method, FIREWALLS if method == "POST" else ONE, body)
    assert raw.ask("GET", ONE).get("sourceRanges") == stored


def test_delete(raw: Raw) -> None:
    """A deleted rule is gone, and can't be deleted again."""
    raw.done("POST", FIREWALLS, rule())
    raw.done("DELETE", ONE)
    gone = "404 notFound: The resource 'projects/mail-prod/global/firewalls/smtp' was not found"
    assert raw.refusal("GET", ONE) == gone
    assert raw.refusal("DELETE", ONE) == gone
    assert raw.refusal("PATCH", ONE, {"priority": 1}) == gone


def test_a_name_is_taken_once(raw: Raw) -> None:
    """A second insert of one name is refused with 409, whatever it says."""
    raw.done("POST", FIREWALLS, rule())
    assert raw.refusal("POST", FIREWALLS, rule(priority=1)) == (
        "409 alreadyExists: The resource 'projects/mail-prod/global/firewalls/smtp' already exists"
    )


def test_the_same_request_twice_is_done_once(raw: Raw) -> None:
    """A request id that was seen answers with its first operation, also when the rule is there."""
    key = str(uuid4())
    first = raw.ask("POST", FIREWALLS, rule(), requestId=key)
    again = raw.ask("POST", FIREWALLS, rule(), requestId=key)
    assert (again["name"], again["clientOperationId"]) == (first["name"], key)
    assert raw.names() == ["smtp"]


def test_the_same_request_after_a_lost_answer(raw: Raw) -> None:
    """A patch whose answer was lost stands, and its retry changes nothing again."""
    raw.done("POST", FIREWALLS, rule())
    key = str(uuid4())
    raw.sandbox.faults.lost_after("compute.firewalls.patch")
    assert raw.reply("PATCH", ONE, {"priority": 7}, requestId=key) is None
    raw.sandbox.plant(rule(priority=9))
    raw.done("PATCH", ONE, {"priority": 7}, requestId=key)
    assert raw.ask("GET", ONE)["priority"] == 9


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000"])
def test_a_request_id_is_a_uuid(raw: Raw, key: str) -> None:
    """A request id that is no UUID, or the zero one, is refused."""
    assert raw.refusal("POST", FIREWALLS, rule(), requestId=key) == (
        f"400 invalid: Invalid value for field 'requestId': '{key}'. "
        "Must be a valid UUID other than zero."
    )


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"name": "Smtp"}, ("400 invalid: Invalid value for field 'resource.name': 'Smtp'. Must be a "
     "match of regex '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'")),
    ({"name": "a" * 64}, (f"400 invalid: Invalid value for field 'resource.name': '{'a' * 64}'. Must "
     "be a match of regex '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'")),
    ({"name": None}, "400 required: Required field 'resource.name' not specified"),
    ({"priority": 65_536}, ("400 invalid: Invalid value for field 'resource.priority': '65536'. Must "
     "be between 0 and 65535, inclusive.")),
    ({"direction": "IN"}, ("400 invalid: Invalid value for field 'resource.direction': 'IN'. Must be "
     "INGRESS or EGRESS.")),
    ({"network": "global/networks/none"}, ("404 notFound: The resource "
     "'projects/mail-prod/global/networks/none' was not found")),
    ({"sourceRanges": ["192.0.2.1/24"]}, ("400 invalid: Invalid value for field "
     "'resource.sourceRanges[0]': '192.0.2.1/24'. Must be a valid CIDR address range.")),
    ({"sourceRanges": ["192.0.2.1"]}, ("400 invalid: Invalid value for field "
     "'resource.sourceRanges[0]': '192.0.2.1'. Must be a valid CIDR address range.")),
    ({"sourceRanges": ["192.0.2.0/24", "2001:db8::/32"]}, ("400 invalid: Invalid value for field "
     "'resource.sourceRanges[1]': '2001:db8::/32'. IPv4 and IPv6 ranges can't be in the same rule.")),
    ({"sourceRanges": [f"10.{i >> 8}.{i & 255}.0/24" for i in range(5001)]}, ("413 fieldSizeTooLarge: "
     "Value for field 'resource.sourceRanges' is too large: maximum size 5000 element(s); actual "
     "size 5001.")),
    ({"allowed": None}, ("400 invalid: Invalid value for field 'resource': ''. Exactly one of "
     "'allowed' and 'denied' must be given.")),
    ({"denied": PORT_25}, ("400 invalid: Invalid value for field 'resource': ''. Exactly one of "
     "'allowed' and 'denied' must be given.")),
    ({"allowed": [{"ports": ["25"]}]}, ("400 required: Required field "
     "'resource.allowed[0].IPProtocol' not specified")),
    ({"allowed": [{"IPProtocol": "smtp"}]}, ("400 invalid: Invalid value for field "
     "'resource.allowed[0].IPProtocol': 'smtp'. Must be a protocol's name or number.")),
    ({"allowed": [{"IPProtocol": "all", "ports": ["25"]}]}, ("400 invalid: Invalid value for field "
     "'resource.allowed[0].ports': '['25']'. Ports may only be given with TCP, UDP or SCTP.")),
    ({"allowed": [{"IPProtocol": "tcp", "ports": ["30-20"]}]}, ("400 invalid: Invalid value for field "
     "'resource.allowed[0].ports[0]': '30-20'. Must be an integer or range of 0 to 65535.")),
    ({"targetTags": ["mx"], "sourceServiceAccounts": ["a@b.c"]}, ("400 invalid: Invalid value for "
     "field 'resource': ''. Tags and service accounts can't be used in the same rule.")),
    ({"targetServiceAccounts": [f"{i}@b.c" for i in range(11)]}, ("413 fieldSizeTooLarge: Value for "
     "field 'resource.targetServiceAccounts' is too large: maximum size 10 element(s); actual size "
     "11.")),
    ({"direction": "EGRESS", "sourceTags": ["web"]}, ("400 invalid: Invalid value for field "
     "'resource': ''. Source tags and accounts can't be used in an EGRESS rule.")),
    ({"destinationRanges": ["fd20::/32"]}, "400 invalid: Invalid value for field 'resource': ''. sourceRanges and destinationRanges must be of one IP version."),
    ({"sourceRanges": None, "destinationRanges": ["fd20::/32"]}, "400 invalid: Invalid value for field 'resource': ''. sourceRanges and destinationRanges must be of one IP version."),
    ({"labels": {}}, ('400 badRequest: Invalid JSON payload received. Unknown name "labels" at '
     "'resource': Cannot find field.")),
    ({"sourceRanges": "192.0.2.0/24"}, ("400 badRequest: Invalid JSON payload received. Invalid value "
     "at 'resource.sourceRanges' (repeated), Expected a list.")),
    ({"disabled": "yes"}, ("400 badRequest: Invalid JSON payload received. Invalid value at "
     "'resource.disabled' (TYPE_BOOLEAN), 'yes'")),
]  # fmt: skip


@pytest.mark.parametrize(("said", "refusal"), REFUSED)
def test_what_an_insert_refuses(raw: Raw, said: dict[str, Any], refusal: str) -> None:
    """A rule that Google's documents exclude is refused with its reason, and nothing is stored."""
    assert raw.refusal("POST", FIREWALLS, rule(**said)) == refusal
    assert raw.names() == []


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"name": "other"}, ("Invalid value for field 'resource.name': 'other'. The name of a rule "
         "can't be changed.")),
        ({"direction": "EGRESS"}, ("Invalid value for field 'resource.direction': 'EGRESS'. The "
         "direction of a rule can't be changed.")),
        ({"allowed": None, "denied": PORT_25}, ("Invalid value for field 'resource': ''. The action "
         "of a rule can't be changed.")),
    ],
)  # fmt: skip
def test_what_no_patch_changes(raw: Raw, said: dict[str, Any], refusal: str) -> None:
    """Name, network, direction and action of a rule stay what they are."""
    raw.done("POST", FIREWALLS, rule())
    before = raw.ask("GET", ONE)
    assert raw.refusal("PATCH", ONE, said) == f"400 invalid: {refusal}"
    assert raw.ask("GET", ONE) == before


def test_the_network_of_another_project(raw: Raw) -> None:
    """A rule can't stand on another project's network: a shared VPC's rules live in its host."""
    raw.sandbox.seed_project("other")
    network = "projects/other/global/networks/default"
    assert raw.refusal("POST", FIREWALLS, rule(network=network)) == (
        f"400 invalid: Invalid value for field 'resource.network': '{network}'. Cross-project "
        "references for this resource type are not allowed."
    )


@pytest.mark.parametrize(("quota", "status"), [("403", "403"), ("413", "413")])
def test_a_full_quota(start: Start, quota: Any, status: str) -> None:
    """The rule beyond the FIREWALLS quota is refused, with one reason and two statuses."""
    raw = start(Dialect(quota=quota), 1)
    raw.done("POST", FIREWALLS, rule())
    assert raw.refusal("POST", FIREWALLS, rule("more")) == (
        f"{status} quotaExceeded: Quota 'FIREWALLS' exceeded.  Limit: 1.0 globally."
    )
    assert raw.names() == ["smtp"]


def test_a_full_quota_said_inside_the_operation(start: Start) -> None:
    """Or it is answered with 200, and the operation ends in the error."""
    raw = start(Dialect(quota="inside"), 1)
    raw.done("POST", FIREWALLS, rule())
    ended = raw.done("POST", FIREWALLS, rule("more"))
    assert (ended["status"], ended["httpErrorStatusCode"], ended["error"]) == (
        "DONE",
        403,
        {
            "errors": [
                {
                    "code": "QUOTA_EXCEEDED",
                    "message": "Quota 'FIREWALLS' exceeded.  Limit: 1.0 globally.",
                }
            ]
        },
    )
    assert raw.names() == ["smtp"]


def test_unknown_parameters_are_refused(raw: Raw) -> None:
    """A query parameter that the method doesn't have is refused."""
    assert raw.refusal("GET", FIREWALLS, pageSize="1") == (
        '400 badRequest: Invalid JSON payload received. Unknown name "pageSize": Cannot bind query '
        "parameter. Field 'pageSize' could not be found in request message."
    )


def test_permissions_asked_for(raw: Raw) -> None:
    """TestIamPermissions answers those that the identity has, and nothing where it has none."""
    raw.done("POST", FIREWALLS, rule())
    asked = {"permissions": ["compute.firewalls.get", "compute.firewalls.update"]}
    path = f"{ONE}/testIamPermissions"
    assert raw.ask("POST", path, asked) == asked
    raw.sandbox.set_permissions(["compute.firewalls.get"])
    assert raw.ask("POST", path, asked) == {"permissions": ["compute.firewalls.get"]}
    raw.sandbox.set_permissions([])
    assert raw.ask("POST", path, asked) == {}
