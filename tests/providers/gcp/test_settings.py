from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cloudsync_gcp.settings import GcpSettings

GOOD: dict[str, Any] = {
    "mode": "watch",
    "projects": ["mail-prod"],
    "select": {"network": "default", "tags": ["smtp"]},
}
ALSO = {"owner": "mail team", "reason": "relays", "until": "never"}
ACCOUNT = "mx@mail-prod.iam.gserviceaccount.com"


def said(**more: Any) -> str:
    """What is wrong with a block, in the words that a person reads."""
    block = {key: value for key, value in {**GOOD, **more}.items() if value is not None}
    with pytest.raises(ValidationError) as raised:
        GcpSettings.model_validate(block)
    # Of a tuple whose item is refused pydantic also says that it has too few.
    told = raised.value.errors()[0].get("ctx", {})
    return f"{told['what']}. {told['todo']}"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"projects": ["Mail Prod"]},
            (
                "'Mail Prod' isn't a project's id. Write the id, such as mail-prod-1, not the number and "
                "not the display name."
            ),
        ),
        (
            {"projects": ["123456789012"]},
            (
                "'123456789012' isn't a project's id. Write the id, such as mail-prod-1, not the number "
                "and not the display name."
            ),
        ),
        (
            {"projects": None},
            "names no project. Give projects: […], folder: or organization:, one of the three.",
        ),
        (
            {"folder": "1"},
            (
                "looks for projects in two ways. Give projects: […], folder: or organization:, one of "
                "the three."
            ),
        ),
        (
            {"projects": None, "folder": "folders/1"},
            (
                "'folders/1' isn't the number of a folder or an organization. Write the digits alone, in "
                'quotes: "123456789012".'
            ),
        ),
        (
            {"select": {"network": "default"}},
            (
                "says nothing of whom it protects. Give tags: […], service_accounts: […] or all: true, "
                "one of the three."
            ),
        ),
        (
            {"select": {"network": "default", "tags": ["a"], "all": True}},
            (
                "protects in two ways. Give tags: […], service_accounts: […] or all: true, one of the "
                "three."
            ),
        ),
        (
            {"select": {"network": "default", "tags": ["SMTP"]}},
            (
                "'SMTP' can't be a name on GCP. A name has up to 63 small letters, digits and hyphens, "
                "and begins with a letter."
            ),
        ),
        (
            {"select": {"network": "default", "service_accounts": ["mx"]}},
            (
                "'mx' isn't a service account. Write its address, such as "
                "mail@mail-prod-1.iam.gserviceaccount.com."
            ),
        ),
        (
            {"kind": "network-policy"},
            (
                "a firewall policy knows no network tags. Select by service_accounts or all: true, or "
                "leave out kind."
            ),
        ),
        (
            {"also_allow": [{"group": "sg-1", **ALSO}]},
            (
                "GCP knows no group as a source. Name a network, or tag: with a network tag or a service "
                "account."
            ),
        ),
        (
            {"also_allow": [{"tag": ACCOUNT, **ALSO}]},
            (
                "a rule for network tags can't name an account as its source. Name a network tag or "
                "networks, or select by service_accounts."
            ),
        ),
        (
            {
                "also_allow": [{"tag": "relay", **ALSO}],
                "select": {"network": "default", "service_accounts": [ACCOUNT]},
            },
            (
                "a rule for service accounts can't name a tag as its source. Name a service account or "
                "networks, or select by tags."
            ),
        ),
        (
            {
                "also_allow": [{"tag": "relay", **ALSO}],
                "select": {"network": "default", "all": True},
                "kind": "network-policy",
            },
            (
                "'relay' isn't a secure tag, as policies take them. Write its id, such as tagValues/123, "
                "or name networks."
            ),
        ),
        (
            {"priority": {"from": 100, "to": 65_535}},
            (
                "at priority 65535 stand the rules that every network is made with. End at 65534 or "
                "before."
            ),
        ),
    ],
)
def test_bad_input_is_refused_before_any_call(more: dict[str, Any], message: str) -> None:
    """Each mistake is said in one line, with what to write instead."""
    assert said(**more) == message


@pytest.mark.parametrize(
    "more",
    [
        {"projects": ["example.com:mail-prod"]},
        {"projects": None, "organization": "123"},
        {"select": {"network": "default", "service_accounts": [ACCOUNT]}},
        {"also_allow": [{"tag": "relay", **ALSO}]},
        {
            "also_allow": [{"tag": ACCOUNT, **ALSO}],
            "select": {"network": "default", "all": True},
        },
    ],
)
def test_good_input_is_taken(more: dict[str, Any]) -> None:
    """Domain-scoped projects, organizations, accounts and opaque sources of the right kind."""
    block = {key: value for key, value in {**GOOD, **more}.items() if value is not None}
    assert GcpSettings.model_validate(block).mode == "watch"


def test_what_init_writes_selects_the_same_targets() -> None:
    """One block for each network and each way to say whom it protects."""
    settings = GcpSettings.model_validate(GOOD)
    targets = {
        "gcp:mail-prod/default/tag:smtp": "open",
        "gcp:mail-prod/default/tag:mx": "missing",
        "gcp:mail-prod/default/all": "open",
        f"gcp:mail-prod/other/sa:{ACCOUNT}": "in_sync",
    }
    head = ["    projects: [mail-prod]", "    select:"]
    assert list(settings.written("gcp:mail-prod", targets)) == [
        [
            *head, "      network: default", "      tags:", "        - smtp  # open",
            "        - mx  # missing",
        ],
        [*head, "      network: default", "      all: true  # open"],
        [
            *head, "      network: other", "      service_accounts:",
            f"        - {ACCOUNT}  # in_sync",
        ],
    ]  # fmt: skip
