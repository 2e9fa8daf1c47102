"""Writes as operations: running, done, failed inside, repeated, in each other's way, read late."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync_gcp.sandbox import Dialect, Reply
from cloudsync_gcp.sandbox.wire import Refused
from tests.providers.gcp.sandbox.conftest import Start
from tests.providers.gcp.sandbox.raw import FIREWALLS, Raw, rule

ONE = f"{FIREWALLS}/smtp"
OPERATIONS = "/compute/v1/projects/mail-prod/global/operations"


@pytest.mark.parametrize(("answers", "status"), [("running", "RUNNING"), ("done", "DONE")])
def test_an_operation_is_answered_and_found_again(start: Start, answers: Any, status: str) -> None:
    """A write answers an operation with a decimal id, which get and wait show as done."""
    raw = start(Dialect(answers=answers))
    operation = raw.ask("POST", FIREWALLS, rule())
    assert operation["id"].isdigit()
    assert (operation["status"], operation["operationType"]) == (status, "insert")
    assert operation["targetLink"].endswith("/projects/mail-prod/global/firewalls/smtp")
    for name in (operation["name"], operation["id"]):
        assert raw.ask("GET", f"{OPERATIONS}/{name}")["status"] == "DONE"
        assert raw.ask("POST", f"{OPERATIONS}/{name}/wait")["progress"] == 100
    assert [one["name"] for one in raw.ask("GET", OPERATIONS)["items"]] == [operation["name"]]


def test_an_operation_of_another_project(raw: Raw) -> None:
    """An operation is found in its own project alone."""
    raw.sandbox.seed_project("other")
    name = raw.ask("POST", FIREWALLS, rule())["name"]
    assert raw.refusal("GET", f"/compute/v1/projects/other/global/operations/{name}") == (
        f"404 notFound: The resource 'projects/other/global/operations/{name}' was not found"
    )


def test_a_write_takes_its_time(start: Start) -> None:
    """Until the operation is done the world is as it was; wait waits for it."""
    raw = start(Dialect(operations_take=5))
    operation = raw.ask("POST", FIREWALLS, rule())
    assert raw.names() == []
    raw.wait(4)
    assert raw.ask("GET", f"{OPERATIONS}/{operation['name']}")["status"] == "RUNNING"
    assert raw.ask("POST", f"{OPERATIONS}/{operation['name']}/wait")["status"] == "DONE"
    assert (raw.now, raw.names()) == (5, ["smtp"])


def test_a_second_write_waits_its_turn(start: Start) -> None:
    """Serialised: the second one starts when the first is done, from what the first one left."""
    raw = start(Dialect(operations_take=5))
    raw.sandbox.seed_firewall(rule())
    raw.ask("PATCH", ONE, {"priority": 1})
    second = raw.ask("PATCH", ONE, {"description": "second"})
    raw.wait(5)
    assert (raw.ask("GET", ONE)["priority"], raw.ask("GET", ONE).get("description")) == (1, None)
    raw.ask("POST", f"{OPERATIONS}/{second['name']}/wait")
    stored = raw.ask("GET", ONE)
    assert (raw.now, stored["priority"], stored["description"]) == (10, 1, "second")


def test_a_second_write_is_refused(start: Start) -> None:
    """Or the resource isn't ready until the first operation is done."""
    raw = start(Dialect(concurrent="refused", operations_take=5))
    raw.sandbox.seed_firewall(rule())
    raw.ask("PATCH", ONE, {"priority": 1})
    assert raw.refusal("PATCH", ONE, {"priority": 2}) == (
        "400 resourceNotReady: The resource 'projects/mail-prod/global/firewalls/smtp' is not ready"
    )
    raw.wait(5)
    raw.done("PATCH", ONE, {"priority": 2})
    assert raw.ask("GET", ONE)["priority"] == 2


def test_a_write_that_fails_when_its_turn_comes(start: Start) -> None:
    """Two inserts of one name, both accepted: the second ends in the error it would have got."""
    raw = start(Dialect(operations_take=5))
    raw.ask("POST", FIREWALLS, rule(priority=1))
    ended = raw.done("POST", FIREWALLS, rule(priority=2))
    assert (ended["httpErrorStatusCode"], ended["error"]["errors"][0]["code"]) == (
        409,
        "ALREADY_EXISTS",
    )
    assert raw.ask("GET", ONE)["priority"] == 1


def test_a_fault_inside(raw: Raw) -> None:
    """A write that is answered with 200 and fails inside changes nothing."""
    raw.sandbox.faults.fails_inside(
        refusal=Refused(400, "resourceNotReady", "The resource is not ready")
    )
    ended = raw.done("POST", FIREWALLS, rule())
    assert (ended["httpErrorStatusCode"], ended["httpErrorMessage"], ended["error"]) == (
        400,
        "BAD REQUEST",
        {"errors": [{"code": "RESOURCE_NOT_READY", "message": "The resource is not ready"}]},
    )
    assert raw.names() == []


def test_late_reads(start: Start) -> None:
    """Lists, gets and effective firewalls lag behind; the write itself sees what stands."""
    raw = start(Dialect(reads_late=30))
    effective = "/compute/v1/projects/mail-prod/global/networks/default/getEffectiveFirewalls"
    raw.done("POST", FIREWALLS, rule())
    assert (raw.names(), raw.ask("GET", effective)) == ([], {})
    assert raw.refusal("GET", ONE).startswith("404 notFound")
    assert raw.refusal("POST", FIREWALLS, rule()).startswith("409 alreadyExists")
    raw.wait(10)
    raw.done("PATCH", ONE, {"priority": 1})
    raw.wait(20)
    assert raw.ask("GET", ONE)["priority"] == 1000
    raw.wait(10)
    assert raw.ask("GET", ONE)["priority"] == 1
    assert [one["name"] for one in raw.ask("GET", effective)["firewalls"]] == ["smtp"]


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("rate_limited", {}, ("403 rateLimitExceeded: Quota exceeded for quota group 'MutateGroup' and "
     "limit 'Mutate requests per minute' of service 'compute.googleapis.com'.")),
    ("denied", {"project": "mail-prod"}, ("403 forbidden: Required 'compute.firewalls.update' "
     "permission for 'projects/mail-prod'")),
    ("stale", {}, "412 conditionNotMet: Invalid fingerprint."),
    ("not_ready", {"project": "mail-prod"}, ("400 resourceNotReady: The resource "
     "'projects/mail-prod' is not ready")),
    ("unavailable", {}, "503 backendError: The service is currently unavailable."),
    ("unavailable", {"status": 500}, "500 backendError: The service is currently unavailable."),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "said", "refusal"), FAULTS)
def test_faults(raw: Raw, fault: str, said: dict[str, Any], refusal: str) -> None:
    """Each refusal to order comes as often as ordered, with the state untouched."""
    getattr(raw.sandbox.faults, fault)("compute.firewalls.insert", times=1, **said)
    assert raw.refusal("POST", FIREWALLS, rule()) == refusal
    assert raw.names() == []
    raw.done("POST", FIREWALLS, rule())
    assert [one.outcome for one in raw.sandbox.calls if one.mutating] == [
        refusal.split()[1].rstrip(":"),
        "ok",
    ]


def test_a_disabled_api(raw: Raw) -> None:
    """A project where the API isn't enabled is told apart by reason and ErrorInfo."""
    raw.sandbox.change_project("mail-prod", enabled=False)
    refusal = raw.refusal("GET", FIREWALLS)
    assert refusal.startswith(
        "403 accessNotConfigured: Compute Engine API has not been used in project 100000000000 "
        "before or it is disabled."
    )


def test_an_unknown_project(raw: Raw) -> None:
    """A project that nobody has is 404, one that may not be seen 403."""
    raw.sandbox.seed_project("secret")
    raw.sandbox.change_project("secret", visible=False)
    assert raw.refusal("GET", "/compute/v1/projects/none/global/firewalls") == (
        "404 notFound: Failed to find project none"
    )
    assert raw.refusal("GET", "/compute/v1/projects/secret/global/firewalls") == (
        "403 forbidden: Required 'compute.projects.get' permission for 'projects/secret'"
    )


def test_lost_answers(raw: Raw) -> None:
    """Lost before: nothing stands. Lost after: the write stands, and the log says which."""
    raw.sandbox.faults.lost_before()
    assert raw.reply("POST", FIREWALLS, rule()) is None
    assert raw.names() == []
    raw.sandbox.faults.lost_after()
    assert raw.reply("POST", FIREWALLS, rule()) is None
    assert raw.names() == ["smtp"]
    assert [(one.outcome, one.answered) for one in raw.sandbox.calls if one.mutating] == [
        ("lost", False),
        ("ok", False),
    ]


def test_garbage(raw: Raw) -> None:
    """A proxy's page, and half of an answer, both with 200."""
    raw.sandbox.faults.garbage()
    page = raw.reply("GET", FIREWALLS)
    assert page is not None
    assert (page.status, page.content_type) == (200, "text/html; charset=UTF-8")
    raw.sandbox.faults.cut()
    half = raw.reply("GET", FIREWALLS)
    whole = raw.reply("GET", FIREWALLS)
    assert isinstance(half, Reply)
    assert isinstance(whole, Reply)
    assert half.body == whole.body[: len(whole.body) // 2]


def test_latency_on_its_own_clock(raw: Raw) -> None:
    """What is slow takes time on the sandbox's clock and nobody else's."""
    raw.sandbox.faults.latency(60)
    raw.names()
    assert raw.now == 60
    raw.sandbox.faults.clear()
    raw.names()
    assert raw.now == 60


def test_a_token_where_one_is_asked_for(start: Start) -> None:
    """A sandbox with a token refuses whoever has another."""
    raw = start(token="right")
    assert raw.refusal("GET", FIREWALLS) == "401 authError: Invalid Credentials"


def test_what_the_sandbox_does_not_know(raw: Raw) -> None:
    """An unknown path is said to be unknown, and a body that is no JSON refused."""
    assert raw.refusal("GET", "/compute/v1/projects/mail-prod/global/routes") == (
        "404 notFound: The sandbox has no GET /compute/v1/projects/mail-prod/global/routes"
    )
    answer = raw.sandbox.cloud.respond("POST", FIREWALLS, b"{")
    assert answer is not None
    assert answer.status == 400


def test_frozen_answers(raw: Raw) -> None:
    """Frozen answers are the same bytes until something changes."""
    raw.sandbox.seed_firewall(rule())
    raw.sandbox.freeze()
    first, second = raw.reply("GET", FIREWALLS), raw.reply("GET", FIREWALLS)
    assert first is second
    raw.done("PATCH", ONE, {"priority": 1})
    assert raw.ask("GET", FIREWALLS)["items"][0]["priority"] == 1
    raw.sandbox.thaw()
    assert raw.reply("GET", FIREWALLS) is not raw.reply("GET", FIREWALLS)
