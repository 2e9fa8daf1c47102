from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from cloudsync.addresses import AddressSet
from cloudsync.model import Mode, Note, Wanted
from cloudsync.prove import prove
from cloudsync.provider import Order, Proposal
from cloudsync_aws.ingress import ingress
from cloudsync_aws.list_calls import list_request
from cloudsync_aws.list_rules import ListRules
from cloudsync_aws.lists import Entry, ListSnapshot, ManagedList, Referrer
from cloudsync_aws.settings import AwsSettings
from tests.providers.aws.fleets import SCOPE, permission, wanted

RULES = ListRules()
TARGET, SIXTH = f"{SCOPE.name}/pl-4", f"{SCOPE.name}/pl-6"
OURS = "cloudsync/mail list"


def managed(
    *cidrs: str, identity: str = "pl-4", text: str = OURS, size: int = 10, **more: Any
) -> ManagedList:
    """A list of the account's own at version 7."""
    family: Literal["IPv4", "IPv6"] = "IPv6" if identity == "pl-6" else "IPv4"
    entries = tuple(Entry(cidr, text) for cidr in cidrs)
    return replace(ManagedList(identity, family, "123456789012", 7, size, entries), **more)


def group(
    *inbound: Mapping[str, Any], identity: str = "sg-1", out: Sequence[Mapping[str, Any]] = (),
    selected: bool = True,
) -> Referrer:  # fmt: skip
    """A group that refers to lists."""
    account = "123456789012"
    return Referrer(
        identity, ingress(inbound, account, {}), ingress(out, account, {}), selected=selected
    )


def snapshot(*found: ManagedList | Referrer, quota: int = 60) -> ListSnapshot:
    """Lists, and the groups that refer to them."""
    lists = {f"{SCOPE.name}/{one.id}": one for one in found if isinstance(one, ManagedList)}
    groups = tuple(one for one in found if isinstance(one, Referrer))
    return ListSnapshot(SCOPE, lists, groups, quota=lambda: quota)


def propose(seen: ListSnapshot, want: Wanted) -> Proposal:
    """The proposal, proved on the way."""
    every = dict.fromkeys(seen.targets, want)
    found = RULES.steps(seen, every)
    proved = prove(RULES, seen, found.steps, every)
    assert (proved.refusal, proved.steps) == (None, found.steps)
    assert isinstance(proved.after, ListSnapshot)
    assert RULES.steps(proved.after, every).steps == (), "a second run has nothing to do"
    return found


FOR_MAIL = group(permission("pl-4"))


@pytest.mark.parametrize(
    ("found", "what"),
    [
        ([managed(owner="AWS"), FOR_MAIL], "is a list of AWS's own"),
        (
            [managed(owner="999999999999"), FOR_MAIL],
            "belongs to account 999999999999, which alone may change it",
        ),
        (
            [managed(by_ipam=True), FOR_MAIL],
            "is written by the VPC IP address manager, which would undo every change",
        ),
        ([managed(state="delete-failed"), FOR_MAIL], "is being deleted (delete-failed)"),
        (
            [managed(), group(permission("pl-4"), selected=False)],
            "is shared with sg-1, which isn't selected",
        ),
        (
            [managed(), group(permission("pl-4"), permission("pl-4", first=443))],
            "is shared with sg-1 for tcp/443",
        ),
        ([managed(), group(permission("pl-4", first=587))], "is shared with sg-1 for tcp/587"),
        (
            [managed(), group(permission("pl-4"), out=[permission("pl-4")])],
            "is shared with sg-1 for what goes out",
        ),
        ([managed(others=("rtb-1",)), FOR_MAIL], "is shared with rtb-1"),
    ],
)
def test_a_list_that_is_not_ours_to_change(found: list[ManagedList | Referrer], what: str) -> None:
    """Whatever else depends on a list, or writes it, is named and the list left alone."""
    proposal = propose(snapshot(*found), wanted("192.0.2.1/32"))
    assert (proposal.steps, [one.what for one in proposal.refusals]) == ((), [what])


def test_shared_by_name() -> None:
    """With `shared: true` the list is written all the same, and who follows is said."""
    seen = snapshot(managed(), group(permission("pl-4"), selected=False))
    proposal = propose(seen, replace(wanted("192.0.2.1/32"), shared=True))
    (step,) = proposal.steps
    assert list_request(step.call) == {
        "PrefixListId": "pl-4",
        "CurrentVersion": 7,
        "AddEntries": [{"Cidr": "192.0.2.1/32", "Description": OURS}],
    }
    assert [(one.text, one.note) for one in proposal.remarks] == [
        ("pl-4 also serves sg-1, which isn't selected", Note.SHARED),
        ("each change reaches sg-1 at once", None),
    ]


def test_exposure_is_asked_of_the_groups() -> None:
    """Two lists of the same groups are one exposure; what only some refer to is possible."""
    four, six = managed("192.0.2.0/24"), managed("2001:db8::/64", identity="pl-6")
    both = group(permission("pl-4", "pl-6"))
    only = group(permission("pl-4"), identity="sg-2")
    exposure = RULES.exposure(snapshot(four, six, both), 25)
    assert exposure[TARGET].certain == exposure[SIXTH].certain
    assert exposure[TARGET].certain == AddressSet.of("192.0.2.0/24", "2001:db8::/64")
    partly = RULES.exposure(snapshot(four, six, both, only), 25)[TARGET]
    assert partly.certain == AddressSet.of("192.0.2.0/24")
    assert partly.possible == AddressSet.of("192.0.2.0/24", "2001:db8::/64")
    assert RULES.exposure(snapshot(four), 25)[TARGET].possible == AddressSet()
    assert RULES.exposure(snapshot(four, both), 443)[TARGET].possible == AddressSet()


def test_each_list_takes_its_family() -> None:
    """A second list takes the other family; without one the rest is done, and the gap is refused."""
    want = wanted("192.0.2.1/32", "2001:db8::/64", "2001:db8:1::/64")
    both = group(permission("pl-4", "pl-6"))
    found = propose(snapshot(managed(), managed(identity="pl-6"), both), want)
    assert (len(found.steps), found.refusals) == (2, ())
    assert all(step.targets == (TARGET, SIXTH) for step in found.steps)
    alone = propose(snapshot(managed(), FOR_MAIL), want)
    assert len(alone.steps) == 1
    assert [one.what for one in alone.refusals] == [
        "holds IPv4, and 2 of 3 wanted networks are IPv6, beginning with 2001:db8::/64"
    ]


@pytest.mark.parametrize("port", [443, 587])
def test_a_list_that_serves_another_port_takes_no_mail(port: int) -> None:
    """Whom the other family's list can't let in to the port is homeless, whoever refers to it."""
    both = group(permission("pl-4"), permission("pl-6", first=port))
    want = replace(wanted("192.0.2.1/32", "2001:db8::/64"), shared=True)
    found = propose(snapshot(managed(), managed(identity="pl-6"), both), want)
    assert [(one.target, one.what) for one in found.refusals] == [
        (
            TARGET,
            "holds IPv4, and 1 of 2 wanted networks is IPv6, beginning with 2001:db8::/64",
        )
    ]


def test_a_list_that_only_may_let_in_takes_no_mail() -> None:
    """A rule for another protocol may let TCP in and may not: nobody is at home behind it."""
    both = group(permission("pl-4"), permission("pl-6", protocol="50"))
    want = replace(wanted("192.0.2.1/32", "2001:db8::/64"), shared=True)
    found = RULES.steps(snapshot(managed(), managed(identity="pl-6"), both), {TARGET: want})
    assert [one.what for one in found.refusals] == [
        "holds IPv4, and 1 of 2 wanted networks is IPv6, beginning with 2001:db8::/64"
    ]


def test_every_list_adds_before_any_takes_away() -> None:
    """A removal that can't be proved stops what comes after it, which is no other list's mail."""
    four, six = managed("203.0.113.0/24"), managed(identity="pl-6")
    want = wanted("192.0.2.1/32", "2001:db8::/64")
    found = propose(snapshot(four, six, group(permission("pl-4", "pl-6"))), want)
    assert [(step.verb, step.call.list) for step in found.steps] == [
        ("add", "pl-4"), ("add", "pl-6"), ("remove", "pl-4"),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [999, 1_000])
def test_a_list_at_its_largest(size: int) -> None:
    """1,000 entries are AWS's limit; one more is refused, and what nobody wants goes."""
    standing = [f"69.{n // 250}.{n % 250}.1/32" for n in range(size)]
    seen = snapshot(managed(*standing, size=size), FOR_MAIL, quota=1_000)
    want = wanted(*standing[1:], "192.0.2.1/32")
    found = RULES.steps(seen, {TARGET: want})
    if size == 999:
        assert [one.verb for one in found.steps] == ["replace", "add", "remove"]
        assert found.steps[0].call.size == 1_000
        return
    assert [one.what for one in found.refusals] == [
        "would need 1,001 entries, a prefix list holds 1,000 at most"
    ]
    assert [one.changes for one in found.steps] == [(f"- pl-4 {standing[0]} ({OURS})",)]


def test_a_purpose_is_never_rewritten() -> None:
    """The API would take the entry away for a moment: what is wanted stays as it was written."""
    seen = snapshot(managed("10.9.0.0/16", text="cloudsync/mail also"), FOR_MAIL)
    assert propose(seen, wanted("10.9.0.0/16")).steps == ()


def test_a_purpose_that_an_entry_may_have_outgrown_keeps_it() -> None:
    """It was also allowed once. Own rules alone don't say that it isn't on the list by now."""
    seen = snapshot(managed("9.0.0.0/24", text="cloudsync/mail also"), FOR_MAIL)
    want = replace(wanted(), unsure=True)
    found = propose(seen, want)
    assert found.steps == ()
    (said,) = found.remarks
    assert said.note is Note.HELD
    assert said.text == (
        "9.0.0.0/24 (cloudsync/mail also) in pl-4 was written for also_allow, which has it no more. "
        "The list may by now, and hasn't been read since the state was lost, so it stays until then."
    )
    (step,) = propose(seen, wanted()).steps
    assert step.changes == ("- pl-4 9.0.0.0/24 (cloudsync/mail also)",)
    listed = snapshot(managed("9.0.0.0/24", text="cloudsync/mail list"), FOR_MAIL)
    assert len(propose(listed, want).steps) == 1


def test_enforce_takes_what_others_opened() -> None:
    """A stranger's entry goes last; another installation's stays, and is reported."""
    theirs = Entry("8.8.8.0/24", "cloudsync/other list")
    one = managed("0.0.0.0/0", text="all")
    seen = snapshot(replace(one, entries=(*one.entries, theirs)), FOR_MAIL)
    want = wanted("192.0.2.1/32", mode=Mode.ENFORCE, internal="close")
    found = propose(seen, want)
    assert [(step.verb, step.own, step.changes) for step in found.steps] == [
        ("add", True, (f"+ pl-4 192.0.2.1/32 ({OURS})",)),
        ("remove", False, ("- pl-4 0.0.0.0/0 (all)",)),
    ]
    assert [remark.note for remark in found.remarks] == [Note.CONTESTED, None]


def test_a_list_that_decides_more_keeps_what_others_wrote() -> None:
    """With `shared: true` a stranger's entry of a list for other ports stays, with the command."""
    other_port = group(permission("pl-4"), permission("pl-4", first=443))
    seen = snapshot(managed("8.8.8.0/24", text="partner"), other_port)
    want = replace(wanted(mode=Mode.ENFORCE, internal="close"), shared=True)
    found = propose(seen, want)
    assert found.steps == ()
    assert [remark.text for remark in found.remarks] == [
        "pl-4 also serves sg-1 for tcp/443",
        (
            "8.8.8.0/24 (partner) in pl-4 lets in 256 IPv4 addresses that aren't wanted, and the "
            "list decides more than the guarded port, so it is left. Once nothing else needs it, "
            "close it: `aws ec2 modify-managed-prefix-list --region us-east-1 --prefix-list-id pl-4 "
            '--current-version "$(aws ec2 describe-managed-prefix-lists --region us-east-1 '
            "--prefix-list-ids pl-4 --query 'PrefixLists[0].Version' --output text)\" "
            '--remove-entries \'[{"Cidr":"8.8.8.0/24"}]\'`'
        ),
    ]


def test_growth_counts_every_rule_of_every_group() -> None:
    """Two rules that name a list count it twice; what doesn't fit the tightest group is refused."""
    twice = group(permission("pl-4"), permission("pl-4", first=443), identity="sg-2")
    seen = snapshot(managed(size=1), FOR_MAIL, twice)
    networks = [f"198.18.0.{number}/32" for number in range(31)]
    want = replace(wanted(*networks), shared=True)
    (refusal,) = RULES.steps(seen, {TARGET: want}).refusals
    assert refusal.what == (
        "would need MaxEntries 31 for its entries, and sg-2 would count 62 rules with it, the "
        "quota is 60"
    )
    less = replace(wanted(*networks[:30]), shared=True)
    assert [step.changes[1] for step in propose(seen, less).steps if step.verb == "replace"] == [
        "+ pl-4 MaxEntries 30"
    ]


def test_undo_restores_the_version_that_was() -> None:
    """Where nobody has written since, one restore; else the entries come back one by one."""
    seen = snapshot(managed("192.0.2.1/32"), FOR_MAIL)
    one = seen.lists[TARGET]
    before = replace(seen, lists={TARGET: replace(one, entries=(*one.entries, Entry("0.0.0.0/0")))})
    want = wanted("192.0.2.1/32", mode=Mode.ENFORCE, internal="close")
    (revoke,) = RULES.steps(before, {TARGET: want}).steps
    back = RULES.reversal(before, revoke)
    assert back.record == {
        "list": "pl-4", "version": 7, "entries": [{"cidr": "0.0.0.0/0", "description": ""}]
    }  # fmt: skip
    after = RULES.after(before, revoke)
    order = Order("undo", (back.record,))
    (restore,) = RULES.ordered(after, {TARGET: want}, order).steps
    assert list_request(restore.call) == {
        "PrefixListId": "pl-4", "CurrentVersion": 8, "PreviousVersion": 7
    }  # fmt: skip
    assert RULES.after(after, restore).lists[TARGET].entries == before.lists[TARGET].entries
    later = replace(after, lists={TARGET: replace(after.lists[TARGET], version=9)})
    (add,) = RULES.ordered(later, {TARGET: want}, order).steps
    assert list_request(add.call)["AddEntries"] == [{"Cidr": "0.0.0.0/0"}]
    assert RULES.ordered(before, {TARGET: want}, order).steps == ()


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ({"select": {"ids": ["sg-0abc"]}}, "'sg-0abc' is no prefix list"),
        (
            {"kind": "security-group", "select": {"ids": ["pl-0abc"]}},
            "'pl-0abc' is no security group",
        ),
        (
            {"select": {"ids": ["pl-0abc"]}, "also_allow": [
                {"group": "sg-0abc", "owner": "o", "reason": "r", "until": "never"}]},
            "a prefix list holds networks and no names",
        ),
        (
            {"kind": "security-group", "select": {"ids": ["sg-0abc"], "groups": ["sg-0abd"]}},
            "groups are named that refer to a list, and the targets are groups",
        ),
    ],
)  # fmt: skip
def test_kinds_that_do_not_fit(block: dict[str, Any], what: str) -> None:
    """A block has targets of one kind, and a list no names."""
    with pytest.raises(ValidationError) as caught:
        AwsSettings.model_validate({"mode": "watch", "kind": "prefix-list", **block})
    assert what in str(caught.value)
