"""Lists: pages, orders and filters, as the descriptions of their parameters have them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.gcp.sandbox.raw import FIREWALLS, NETWORK, Raw, rule


@pytest.fixture
def rules(raw: Raw) -> Raw:
    """Five rules, one made a second, on two networks."""
    raw.sandbox.seed_network("dmz")
    for index, name in enumerate(("e", "d", "c", "b", "a")):
        network = "global/networks/dmz" if name in "ab" else "global/networks/default"
        raw.sandbox.seed_firewall(rule(name, network=network, priority=index, disabled=name == "e"))
        raw.wait(1)
    return raw


def test_pages(rules: Raw) -> None:
    """Pages hold as many as asked for, in the order of names, until no token comes."""
    pages: list[list[str]] = []
    query: dict[str, Any] = {"maxResults": 2}
    while True:
        page = rules.ask("GET", FIREWALLS, **query)
        pages.append([one["name"] for one in page["items"]])
        if "nextPageToken" not in page:
            break
        query["pageToken"] = page["nextPageToken"]
    assert pages == [["a", "b"], ["c", "d"], ["e"]]


def test_a_page_goes_on_where_the_last_ended(rules: Raw) -> None:
    """What is deleted or made between two pages neither hides nor repeats another rule."""
    first = rules.ask("GET", FIREWALLS, maxResults=2)
    rules.sandbox.uproot("a")
    rules.sandbox.plant(rule("aa"))
    rest = rules.ask("GET", FIREWALLS, maxResults=3, pageToken=first["nextPageToken"])
    assert [one["name"] for one in rest["items"]] == ["c", "d", "e"]


def test_an_empty_list_has_no_items(raw: Raw) -> None:
    """No rule at all is a list without the field."""
    assert raw.ask("GET", FIREWALLS) == {
        "kind": "compute#firewallList",
        "id": "projects/mail-prod/global/firewalls",
        "selfLink": "https://www.googleapis.com/compute/v1/projects/mail-prod/global/firewalls",
    }


def test_newest_first(rules: Raw) -> None:
    """The other order is by creation, newest first, and pages hold there too."""
    page = rules.ask("GET", FIREWALLS, orderBy="creationTimestamp desc", maxResults=3)
    assert [one["name"] for one in page["items"]] == ["a", "b", "c"]
    rest = rules.names(orderBy="creationTimestamp desc", pageToken=page["nextPageToken"])
    assert rest == ["d", "e"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (f'network="{NETWORK}"', "cde"),
        (f'(network="{NETWORK}")', "cde"),
        (f'network != "{NETWORK}"', "ab"),
        (f"network eq {NETWORK}", "cde"),
        ("name = a*", "a"),
        ("name eq [a-c]", "abc"),
        ("name ne 'a|b'", "cde"),
        ("priority >= 3", "ab"),
        ("(priority > 0) (priority < 4)", "bcd"),
        ("priority > 0 AND name != b", "acd"),
        ("name = a OR name = e", "ae"),
        ("name = a OR name = e AND disabled = true", "e"),
        ("disabled = true", "e"),
        ("direction = INGRESS", "abcde"),
        ("description:*", ""),
    ],
)
def test_filters(rules: Raw, said: str, expected: str) -> None:
    """Both kinds of filter expressions, on any scalar field."""
    assert "".join(rules.names(filter=said)) == expected


@pytest.mark.parametrize(
    "said",
    [
        "sourceTags=web",  # a list: gh googleapis/google-api-go-client#1019
        "status eq RUNNING AND name eq a",  # gh googleapis/nodejs-compute#48
        "name",
        "name ~ a",
        "(name = a",
        "name = a)",
        "name eq a priority = 1",
        "name eq [",
        "name = ",
    ],
)
def test_other_filters_are_refused(rules: Raw, said: str) -> None:
    """What the API doesn't understand it refuses; it never answers everything instead."""
    assert rules.refusal("GET", FIREWALLS, filter=said) == (
        f"400 invalid: Invalid value for field 'filter': '{said}'. Invalid list filter expression."
    )


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({"maxResults": 501}, "'maxResults': '501'. Must be between 0 and 500, inclusive."),
        ({"maxResults": "x"}, "'maxResults': 'x'. Must be a number."),
        (
            {"orderBy": "priority"},
            "'orderBy': 'priority'. Only 'name' and 'creationTimestamp desc' are supported.",
        ),
        ({"pageToken": "x"}, "'pageToken': 'x'. Invalid page token."),
    ],
)
def test_bad_parameters(rules: Raw, query: dict[str, Any], refusal: str) -> None:
    """Too many results, another order and a foreign token are refused."""
    assert rules.refusal("GET", FIREWALLS, **query) == (
        f"400 invalid: Invalid value for field {refusal}"
    )


def test_a_token_belongs_to_its_question(rules: Raw) -> None:
    """A token of one filter can't be used with another."""
    token = rules.ask("GET", FIREWALLS, maxResults=1)["nextPageToken"]
    assert "Invalid page token." in rules.refusal(
        "GET", FIREWALLS, pageToken=token, filter="name != a"
    )


def test_zero_is_the_default(rules: Raw) -> None:
    """MaxResults may be 0, and means nothing then."""
    assert len(rules.names(maxResults=0)) == 5
