from __future__ import annotations

from pathlib import Path

import pytest

from cloudsync.config import Config, TargetSettings, read
from cloudsync.errors import UsageError
from cloudsync_aws.accounts import Account
from cloudsync_aws.roles import Role
from cloudsync_aws.settings import AwsSelect, AwsSettings

FILE = Path("/etc/cloudsync/mail.yaml")
TOP = "name: x\nlist: {source: a, format: cidr}\ntargets:\n  - provider: aws\n    mode: watch\n"
SELECT = "select: {ids: [sg-0abc]}"
SOURCES = "Name a network, a group by its id, or a prefix list by its id."
WAYS = "Give tags: {KEY: VALUE} or ids: [sg-…], one of the two."


def reading(*lines: str) -> Config:
    """A configuration whose AWS target has these further lines, the first of them on line 6."""

    def provider(name: str) -> type[TargetSettings]:
        assert name == "aws"
        return AwsSettings

    return read(TOP + "".join(f"    {line}\n" for line in lines), FILE, providers=provider)


def refusal(*lines: str) -> str:
    """The message that these lines get, without the file, its line and the block's number."""
    with pytest.raises(UsageError) as caught:
        reading(*lines)
    return "\n".join(
        line.removeprefix(f"{FILE}:").replace(" targets[0].", " ")
        for line in str(caught.value).splitlines()
    )


def test_a_block_is_read() -> None:
    """Account, regions and tags arrive as they stand."""
    (target,) = reading(
        'accounts: [{id: "012345670123"}]',
        "regions: [us-east-1]",
        "select: {tags: {cloudsync: smtp}}",
    ).targets
    assert isinstance(target, AwsSettings)
    assert target.accounts == (Account(id="012345670123"),)
    assert target.regions == ("us-east-1",)
    assert target.select == AwsSelect(tags={"cloudsync": "smtp"})
    assert target.kind == "security-group"


@pytest.mark.parametrize(
    ("lines", "role"),
    [
        ([], None),
        (['accounts: [{id: "012345670123"}]'], None),
        (
            [
                'accounts: [{id: "012345670123", role: team/mail, external_id: x9, session_name: me}]'
            ],
            Role("012345670123", "team/mail", "x9", "me"),
        ),
        (['accounts: [{id: "999999999999", role: mail}]'], None),
        (["organization: true"], Role("012345670123", "cloudsync")),
        (["organization: false"], None),
        (
            ["organization: {role: mail, external_id: x9}"],
            Role("012345670123", "mail", "x9"),
        ),
    ],
)
def test_as_whom_an_account_is_worked_in(lines: list[str], role: Role | None) -> None:
    """The role is the account's own entry's, or the organization's; without either, the caller."""
    (target,) = reading(SELECT, *lines).targets
    assert isinstance(target, AwsSettings)
    assert target.role_in("012345670123") == role


def test_account_and_regions_may_be_left_out() -> None:
    """Without them the block means the caller's account and every enabled region."""
    (target,) = reading(SELECT).targets
    assert isinstance(target, AwsSettings)
    assert (target.accounts, target.regions, target.select.ids) == ((), None, ("sg-0abc",))


def test_sources_of_aws_are_taken() -> None:
    """A group of this or another account and a prefix list may be let in by their ids."""
    entries = (
        "group: sg-0a",
        "group: 123456789012/sg-0a",
        "prefix_list: pl-0a",
        "network: 10.0.0.0/8",
    )
    rows = [f"  - {{owner: o, reason: r, until: never, {entry}}}" for entry in entries]
    (target,) = reading(SELECT, "also_allow:", *rows).targets
    assert [also.source for also in target.also_allow] == [e.partition(": ")[2] for e in entries]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "accounts: [{id: 012345670123}]",
            (
                "accounts[0].id: 012345670123 is read as a number. Nothing was changed. "
                'Quote it: "012345670123".'
            ),
        ),
        (
            'accounts: [{id: "12345"}]',
            (
                "accounts[0].id: '12345' isn't an account id. Nothing was changed. "
                'An id has 12 digits, in quotes: "123456789012".'
            ),
        ),
        (
            'accounts: [{id: "123456789012"}, {id: "123456789012", role: x}]',
            (
                "accounts[1].id: account 123456789012 stands twice. Nothing was changed. "
                "Keep one of the two."
            ),
        ),
        (
            'accounts: [{id: "123456789012", external_id: mail-prod}]',
            (
                "accounts[0].external_id: an external id goes with a role, and none is named. "
                "Nothing was changed. Name the role: to assume there, or leave it out."
            ),
        ),
        (
            'accounts: [{id: "123456789012", role: "arn:aws:iam::123456789012:role/x"}]',
            (
                "accounts[0].role: 'arn:aws:iam::123456789012:role/x' is an ARN, and the account "
                "is known already. Nothing was changed. Write the role's name alone, such as "
                "cloudsync."
            ),
        ),
        (
            'accounts: [{id: "123456789012", role: "a b"}]',
            (
                "accounts[0].role: 'a b' isn't a role's name. Nothing was changed. "
                "Write its name, such as cloudsync."
            ),
        ),
        (
            'accounts: [{id: "123456789012", role: x, external_id: "a b"}]',
            (
                "accounts[0].external_id: 'a b' isn't an external id. Nothing was changed. "
                "It has 2 to 1,224 letters, digits and any of _+=,.@:/-."
            ),
        ),
        (
            'accounts: [{id: "123456789012", role: x, session_name: "a/b"}]',
            (
                "accounts[0].session_name: 'a/b' isn't a session's name. Nothing was changed. "
                "It has 2 to 64 letters, digits and any of _+=,.@-."
            ),
        ),
        (
            "organization: {units: [mail]}",
            (
                "organization.units[0]: 'mail' isn't a unit's id. Nothing was changed. "
                "Write the id, such as ou-a1b2-c3d4e5f6, not the name."
            ),
        ),
        (
            "exclude_regions: [eu-west-1]\n    regions: [us-east-1]",
            (
                "exclude_regions: regions are named, and others excluded. Nothing was changed. "
                "Keep one of the two: what isn't named isn't looked at."
            ),
        ),
        (
            'accounts: [{id: "123456789012"}]\n    organization: true',
            (
                "accounts: accounts are named, and an organization too. Nothing was changed. "
                "Keep one of the two; organization.include names some of its accounts."
            ),
        ),
        (
            "regions: [us-east]",
            (
                "regions[0]: 'us-east' isn't a region. Nothing was changed. "
                "Write its code, such as us-east-1."
            ),
        ),
        ("regions: []", "regions: is empty. Nothing was changed. Name at least one."),
        (
            "regions: [us-east-1, us-east-1]",
            "regions[1]: 'us-east-1' stands twice. Nothing was changed. Keep one of the two.",
        ),
        (
            "kind: listing",
            (
                "kind: 'listing' isn't known here. Nothing was changed. "
                "Say one of: 'security-group' or 'prefix-list'."
            ),
        ),
        (
            "priority: {from: 1, to: 2}",
            "priority: security groups have no priorities. Nothing was changed. Leave it out.",
        ),
        (
            "also_allow: [{tag: t, owner: o, reason: r, until: never}]",
            (
                "also_allow[0].tag: a security group knows no tags as sources. "
                f"Nothing was changed. {SOURCES}"
            ),
        ),
        (
            "also_allow: [{group: web, owner: o, reason: r, until: never}]",
            (
                "also_allow[0].group: 'web' isn't a security group's id. "
                f"Nothing was changed. {SOURCES}"
            ),
        ),
        (
            "also_allow: [{prefix_list: web, owner: o, reason: r, until: never}]",
            (
                "also_allow[0].prefix_list: 'web' isn't a prefix list's id. "
                f"Nothing was changed. {SOURCES}"
            ),
        ),
    ],
)
def test_a_wrong_value_is_refused(line: str, message: str) -> None:
    """Each mistake in an AWS block gets its whole line."""
    assert refusal(line, SELECT) == f"6: {message}"


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("{}", f"select: names no groups. Nothing was changed. {WAYS}"),
        (
            "{ids: [sg-0a], tags: {a: b}}",
            f"select: gives both tags and ids. Nothing was changed. {WAYS}",
        ),
        ("{ids: []}", "select.ids: is empty. Nothing was changed. Name at least one."),
        ("{tags: {}}", "select.tags: is empty. Nothing was changed. Name at least one."),
        (
            "{tags: {a: 25}}",
            'select.tags.a: 25 is read as a number. Nothing was changed. Quote it: "25".',
        ),
        (
            "{ids: [web]}",
            (
                "select.ids[0]: 'web' isn't a security group's id. Nothing was changed. "
                "Write the id, such as sg-0a1b2c3d, not the name."
            ),
        ),
        (
            "{ids: [123456789012/sg-0a]}",
            (
                "select.ids[0]: '123456789012/sg-0a' isn't a security group's id. "
                "Nothing was changed. Write the id, such as sg-0a1b2c3d, not the name."
            ),
        ),
        (
            "{ids: [sg-0a, sg-0a]}",
            "select.ids[1]: 'sg-0a' stands twice. Nothing was changed. Keep one of the two.",
        ),
        (
            "{tags: {'': b}}",
            "select.tags.: is empty. Nothing was changed. Give a value, or leave it out.",
        ),
    ],
)
def test_a_wrong_selection_is_refused(select: str, message: str) -> None:
    """Groups are selected by tags or by ids, by one of the two, and by something."""
    assert refusal(f"select: {select}") == f"6: {message}"


def test_a_selection_has_no_default() -> None:
    """A block that selects nothing doesn't mean every group."""
    assert refusal() == (
        "4: select: is missing. Nothing was changed. Add select: which groups are targets."
    )
