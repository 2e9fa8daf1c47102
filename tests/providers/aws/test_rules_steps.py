from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Wanted
from cloudsync.prove import prove
from cloudsync.provider import Proposal, Refusal, Remark, Step
from cloudsync_aws.calls import request
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.snapshot import AwsSnapshot
from tests.providers.aws.fleets import TARGET, own, permission, snapshot, wanted

RULES = AwsRules()
COMMAND = (
    "`aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0abc --ip-permissions "
)


def propose(seen: AwsSnapshot, want: Wanted) -> Proposal:
    """The proposal, proved on the way: no test here may want what breaks a promise."""
    found = RULES.steps(seen, {TARGET: want})
    proved = prove(RULES, seen, found.steps, {TARGET: want})
    assert (proved.refusal, proved.steps) == (None, found.steps)
    assert isinstance(proved.after, AwsSnapshot)
    again = RULES.steps(proved.after, {TARGET: want})
    assert again.steps == (), "a second run has nothing to do"
    return found


def changes(seen: AwsSnapshot, want: Wanted) -> list[tuple[str, bool, tuple[str, ...]]]:
    """What each step would do."""
    return [(one.verb, one.own, one.changes) for one in propose(seen, want).steps]


# --- add ---------------------------------------------------------------------------------------


def test_missing_are_added_in_one_call() -> None:
    """What is missing is added in one call, in the order of the list, both families together."""
    seen = snapshot(own("192.0.2.1/32"), permission("0.0.0.0/0", first=443))
    want = wanted("192.0.2.1/32", "192.0.2.9/32", "2001:db8::/64", also=["10.20.0.0/16"])
    (step,) = propose(seen, want).steps
    assert step == Step(
        "add",
        (TARGET,),
        (
            "+ tcp/25 from 192.0.2.9/32 (cloudsync/mail list)",
            "+ tcp/25 from 2001:db8::/64 (cloudsync/mail list)",
            "+ tcp/25 from 10.20.0.0/16 (cloudsync/mail also)",
        ),
    )
    assert request(step.call) == {
        "GroupId": "sg-0abc",
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 25,
                "ToPort": 25,
                "IpRanges": [
                    {"CidrIp": "192.0.2.9/32", "Description": "cloudsync/mail list"},
                    {"CidrIp": "10.20.0.0/16", "Description": "cloudsync/mail also"},
                ],
                "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64", "Description": "cloudsync/mail list"}],
            }
        ],
    }


@pytest.mark.parametrize(
    "broad",
    [
        permission("0.0.0.0/0"),
        permission("192.0.2.0/24"),
        permission("192.0.2.1/32", first=25, last=26),
        permission("192.0.2.1/32", protocol="-1", first=None),
        permission("192.0.2.1/32", protocol="udp"),
    ],
)
def test_broader_rules_are_no_cover(broad: dict[str, Any]) -> None:
    """Whatever broader rule lets a sender in, it stands in a rule of ours too."""
    assert changes(snapshot(broad), wanted("192.0.2.1/32")) == [
        ("add", True, ("+ tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",))
    ]


@pytest.mark.parametrize("text", ["", "partner", "cloudsync/other list"])
def test_identical_foreign_rule_is_cover(text: str) -> None:
    """EC2 can't hold two rules that differ only by description, so a stranger's is as good."""
    assert changes(snapshot(permission("192.0.2.1/32", text=text)), wanted("192.0.2.1/32")) == []


def test_identical_but_written_otherwise() -> None:
    """A network that EC2 shows with host bits is the network."""
    assert changes(snapshot(permission("192.0.2.77/24")), wanted("192.0.2.0/24")) == []


def test_left_the_list() -> None:
    """Own rules that are no longer wanted go last, in one call; strangers stay."""
    seen = snapshot(own("192.0.2.1/32", "192.0.2.2/32"), permission("192.0.2.3/32"))
    assert changes(seen, wanted("192.0.2.1/32", "192.0.2.4/32")) == [
        ("add", True, ("+ tcp/25 from 192.0.2.4/32 (cloudsync/mail list)",)),
        ("remove", True, ("- tcp/25 from 192.0.2.2/32 (cloudsync/mail list)",)),
    ]


def test_redescribed() -> None:
    """A rule whose purpose changed keeps standing and gets another description."""
    seen = snapshot(own("192.0.2.1/32"), own("192.0.2.2/32", purpose="also"))
    (step,) = propose(seen, wanted("192.0.2.2/32", also=["192.0.2.1/32"])).steps
    assert step == Step(
        "replace",
        (TARGET,),
        (
            "- tcp/25 from 192.0.2.2/32 (cloudsync/mail also)",
            "+ tcp/25 from 192.0.2.2/32 (cloudsync/mail list)",
            "- tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",
            "+ tcp/25 from 192.0.2.1/32 (cloudsync/mail also)",
        ),
    )
    assert step.call.operation == "describe"


def test_listed_and_also_allowed() -> None:
    """What is on the list and also allowed stands once, as listed."""
    want = wanted("192.0.2.1/32", also=["192.0.2.1/32"])
    assert changes(snapshot(), want) == [
        ("add", True, ("+ tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",))
    ]


def test_names() -> None:
    """Groups and prefix lists of also_allow stand by name, another account's with its account."""
    names = [Name("sg-0dd", INTERNAL), Name("pl-1", EVERYONE), Name("999999999999/sg-1", INTERNAL)]
    lists = [PrefixList("pl-1", ("192.0.2.0/24",), 10, by_name=True)]
    text = "cloudsync/mail also"
    pairs = {
        "999999999999/sg-1": {"UserId": "999999999999", "GroupId": "sg-1", "Description": text},
        "sg-0dd": {"UserId": "123456789012", "GroupId": "sg-0dd", "Description": text},
    }
    steps = propose(snapshot(lists=lists), wanted(names=names)).steps
    assert [(one.changes, request(one.call)["IpPermissions"]) for one in steps] == [
        (
            (f"+ tcp/25 from {source} (cloudsync/mail also)",),
            [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 25,
                    "ToPort": 25,
                    **(
                        {"UserIdGroupPairs": [pairs[source]]}
                        if source in pairs
                        else {"PrefixListIds": [{"PrefixListId": source, "Description": text}]}
                    ),
                }
            ],
        )
        for source in ("999999999999/sg-1", "pl-1", "sg-0dd")
    ]


def test_a_name_holds_back_no_address() -> None:
    """AWS takes a call whole or not at all: addresses come first, in a call without any name."""
    names = [Name("sg-0dd", INTERNAL)]
    assert changes(snapshot(), wanted("192.0.2.1/32", names=names)) == [
        ("add", True, ("+ tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",)),
        ("add", True, ("+ tcp/25 from sg-0dd (cloudsync/mail also)",)),
    ]


def test_withdrawn_name_goes() -> None:
    """A name that left also_allow loses its rule, in enforce with internal: keep too."""
    seen = snapshot(own("sg-0dd", purpose="also"))
    for want in (wanted(), wanted(mode=Mode.ENFORCE, internal="keep")):
        assert changes(seen, want) == [
            ("remove", True, ("- tcp/25 from sg-0dd (cloudsync/mail also)",))
        ]


def test_several_ports() -> None:
    """Every guarded port gets the list, in one call; a port that is none any more is left alone."""
    seen = snapshot(own("192.0.2.1/32"), own("192.0.2.1/32", first=2525))
    found = propose(seen, wanted("192.0.2.1/32", ports=(25, 587)))
    assert [one.changes for one in found.steps] == [
        ("+ tcp/587 from 192.0.2.1/32 (cloudsync/mail list)",)
    ]
    assert [remark.note for remark in found.remarks] == [Note.CONTESTED]


def test_batches() -> None:
    """One call adds at most 1,000 rules."""
    networks = [f"198.18.{i // 256}.{i % 256}/32" for i in range(1_001)]
    steps = propose(snapshot(quota=2_000), wanted(*networks)).steps
    assert [len(one.changes) for one in steps] == [1_000, 1]


def test_internal_rules_outlive_enforce() -> None:
    """Own internal rules stay in every mode, until internal: close says that they go."""
    seen = snapshot(own("10.0.0.0/8", purpose="internal"))
    assert changes(seen, wanted()) == []
    assert changes(seen, wanted(internal="keep")) == []
    assert changes(seen, wanted(internal="close")) == [
        ("remove", True, ("- tcp/25 from 10.0.0.0/8 (cloudsync/mail internal)",))
    ]


def test_internal_entry_that_left() -> None:
    """An internal network that left the list keeps getting in where internal senders are kept."""
    want = wanted("192.0.2.1/32", internal="keep")
    seen = snapshot(own("192.0.2.1/32", "10.1.0.0/16"))
    assert changes(seen, want) == [
        (
            "replace",
            True,
            (
                "- tcp/25 from 10.1.0.0/16 (cloudsync/mail list)",
                "+ tcp/25 from 10.1.0.0/16 (cloudsync/mail internal)",
            ),
        )
    ]


def test_withdrawn_internal_network_goes() -> None:
    """An internal network that left also_allow goes, though internal senders are kept."""
    seen = snapshot(own("10.1.0.0/16", purpose="also"))
    assert changes(seen, wanted(mode=Mode.ENFORCE, internal="keep")) == [
        ("remove", True, ("- tcp/25 from 10.1.0.0/16 (cloudsync/mail also)",))
    ]


def test_a_name_with_the_mark_of_the_list() -> None:
    """Rules of the list name networks: one with its mark that names a group is a stranger's."""
    found = propose(snapshot(own("sg-0dd")), wanted(mode=Mode.ENFORCE, internal="keep"))
    assert found.steps == ()
    assert [remark.note for remark in found.remarks] == [Note.CONTESTED]


def test_watch() -> None:
    """A target that is only watched gets no step, whatever is wrong."""
    seen = snapshot(own("192.0.2.7/32"), permission("0.0.0.0/0"))
    assert propose(seen, wanted("192.0.2.1/32", mode=Mode.WATCH)) == Proposal()


def test_a_group_that_nobody_asked_about() -> None:
    """Nothing is proposed for targets that the snapshot doesn't hold, or that nothing is wanted of."""
    assert RULES.steps(snapshot(), {}) == Proposal()
    assert RULES.steps(snapshot(), {"aws:1/us-east-1/sg-2": wanted("192.0.2.1/32")}) == Proposal()


# --- enforce -----------------------------------------------------------------------------------


def test_open_to_the_world_keeping_internal() -> None:
    """The world's rule goes after the list and the internal part stand in rules of ours."""
    seen = snapshot(permission("0.0.0.0/0", text="temp"))
    want = wanted("192.0.2.1/32", mode=Mode.ENFORCE, internal="keep")
    assert changes(seen, want) == [
        (
            "add",
            True,
            (
                "+ tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",
                "+ tcp/25 from 0.0.0.0/8 (cloudsync/mail internal)",
                "+ tcp/25 from 10.0.0.0/8 (cloudsync/mail internal)",
                "+ tcp/25 from 100.64.0.0/10 (cloudsync/mail internal)",
                "+ tcp/25 from 127.0.0.0/8 (cloudsync/mail internal)",
                "+ tcp/25 from 169.254.0.0/16 (cloudsync/mail internal)",
                "+ tcp/25 from 172.16.0.0/12 (cloudsync/mail internal)",
                "+ tcp/25 from 192.168.0.0/16 (cloudsync/mail internal)",
                "+ tcp/25 from 224.0.0.0/3 (cloudsync/mail internal)",
            ),
        ),
        ("remove", False, ("- tcp/25 from 0.0.0.0/0 (temp)",)),
    ]


def test_internal_that_others_let_in() -> None:
    """What another rule that stays lets in needs no rule of ours."""
    seen = snapshot(
        permission("10.0.0.0/7"),
        permission("10.0.0.0/9"),
        permission("10.128.0.0/10", protocol="-1", first=None),
        permission("10.192.0.0/11", protocol="50", first=None),
        own("10.192.0.0/12", purpose="also"),
    )
    want = wanted(mode=Mode.ENFORCE, internal="keep", also=["10.192.0.0/12"])
    assert changes(seen, want) == [
        ("add", True, ("+ tcp/25 from 10.208.0.0/12 (cloudsync/mail internal)",
                       "+ tcp/25 from 10.224.0.0/11 (cloudsync/mail internal)")),
        ("remove", False, ("- tcp/25 from 10.0.0.0/7",)),
    ]  # fmt: skip


def test_open_to_the_world_closing_internal() -> None:
    """With internal: close nothing is kept, and the plan says what becomes of health checks."""
    want = wanted("192.0.2.1/32", mode=Mode.ENFORCE, internal="close")
    found = propose(snapshot(permission("0.0.0.0/0"), own("192.0.2.1/32")), want)
    assert [one.changes for one in found.steps] == [("- tcp/25 from 0.0.0.0/0",)]
    assert found.remarks == (
        Remark(
            TARGET,
            "internal: close stops the health checks of AWS's balancers too, since they come from "
            "private addresses that nothing tells from others. Name those to keep in also_allow.",
        ),
    )


def test_harmless_foreign_rules_stay() -> None:
    """A stranger's rule that lets in only who is wanted or kept stays."""
    seen = snapshot(permission("192.0.2.0/28", "10.1.0.0/16", "fd00::/8"), own("192.0.2.0/24"))
    assert changes(seen, wanted("192.0.2.0/24", mode=Mode.ENFORCE, internal="keep")) == []


def test_own_and_foreign_removals_are_two_calls() -> None:
    """What is taken from others is a step of its own, since it says so."""
    seen = snapshot(
        own("192.0.2.1/32", "192.0.2.2/32"), permission("192.0.2.3/32", "2001:db8::/32")
    )
    assert changes(seen, wanted("192.0.2.1/32", mode=Mode.ENFORCE, internal="keep")) == [
        ("remove", True, ("- tcp/25 from 192.0.2.2/32 (cloudsync/mail list)",)),
        ("remove", False, ("- tcp/25 from 192.0.2.3/32", "- tcp/25 from 2001:db8::/32")),
    ]


def test_prefix_list_is_revoked_when_it_can_be_read() -> None:
    """A stranger's list that lets in somebody else goes; one that is a name stays, and is named."""
    want = wanted(mode=Mode.ENFORCE, internal="keep")
    lists = [PrefixList("pl-1", ("192.0.2.0/24",))]
    assert changes(snapshot(permission("pl-1"), lists=lists), want) == [
        ("remove", False, ("- tcp/25 from pl-1",))
    ]
    found = propose(snapshot(permission("pl-2")), want)
    assert found == Proposal(
        remarks=(
            Remark(
                TARGET,
                "tcp/25 from pl-2 lets in whoever stands behind pl-2, which isn't in also_allow. "
                "A rule that names no addresses is never revoked. To close it: " + COMMAND
                + """'[{"FromPort":25,"IpProtocol":"tcp","PrefixListIds":"""
                """[{"PrefixListId":"pl-2"}],"ToPort":25}]'`""",
            ),
        )
    )  # fmt: skip


def test_references_stay() -> None:
    """A reference to a group is kept with internal: keep, and named with internal: close."""
    seen = snapshot(permission("sg-0dd", text="relays"))
    assert propose(seen, wanted(mode=Mode.ENFORCE, internal="keep")) == Proposal()
    (remark,) = propose(seen, wanted(mode=Mode.ENFORCE, internal="close")).remarks
    assert remark == Remark(
        TARGET,
        "tcp/25 from sg-0dd (relays) lets in whoever stands behind sg-0dd, which isn't in "
        "also_allow. A rule that names no addresses is never revoked. To close it: " + COMMAND
        + """'[{"FromPort":25,"IpProtocol":"tcp","ToPort":25,"UserIdGroupPairs":"""
        """[{"GroupId":"sg-0dd","UserId":"123456789012"}]}]'`""",
    )  # fmt: skip


def test_broader_rules_are_reported_with_the_command() -> None:
    """A rule that opens more than the port stays, with the command a person would run."""
    seen = snapshot(permission("203.0.113.0/28", first=20, last=30, text="it's"))
    found = propose(seen, wanted("203.0.113.0/29", mode=Mode.ENFORCE, internal="keep"))
    assert [one.verb for one in found.steps] == ["add"]
    assert found.remarks == (
        Remark(
            TARGET,
            "tcp/20-30 from 203.0.113.0/28 (it's) lets in 8 IPv4 addresses that aren't wanted, and "
            "opens more than the guarded port, so it is never rewritten. Make rules for what else "
            "needs it, then close it: " + COMMAND
            + """'[{"FromPort":20,"IpProtocol":"tcp","IpRanges":"""
            """[{"CidrIp":"203.0.113.0/28"}],"ToPort":30}]'`""",
        ),
    )  # fmt: skip


def test_broader_rules_that_are_not_reported() -> None:
    """A broader rule that lets in nobody unwanted at the port needs no remark."""
    seen = snapshot(
        permission("0.0.0.0/0", first=80, last=443),
        permission("10.0.0.0/8", protocol="-1", first=None),
    )
    assert propose(seen, wanted(mode=Mode.ENFORCE, internal="keep")) == Proposal()


def test_perhaps() -> None:
    """Of a protocol that perhaps lets somebody in, the remark says perhaps."""
    seen = snapshot(permission("203.0.113.1/32", "::2/128", protocol="50", first=None))
    texts = [one.text for one in propose(seen, wanted(mode=Mode.ENFORCE, internal="keep")).remarks]
    assert [text.partition(", and")[0] for text in texts] == [
        "protocol 50 from 203.0.113.1/32 may let in 1 IPv4 address that aren't wanted",
        "protocol 50 from ::2/128 may let in 1 IPv6 address that aren't wanted",
    ]


# --- other installations -------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode))
def test_another_installation_is_left_alone(mode: Mode) -> None:
    """What another installation opens is contested, and stays in every mode."""
    seen = snapshot(permission("203.0.113.0/24", text="cloudsync-terraform/edge"))
    found = propose(seen, wanted(mode=mode, internal="keep"))
    assert found == Proposal(
        remarks=(
            Remark(
                TARGET,
                "tcp/25 from 203.0.113.0/24 (cloudsync-terraform/edge) belongs to another "
                "installation of cloudsync, and lets in 256 IPv4 addresses that this one doesn't "
                "want. It is left alone. Agree on one list, or one installation.",
                Note.CONTESTED,
            ),
        )
    )


def test_another_installation_that_agrees() -> None:
    """Another installation that lets in nobody else isn't contested."""
    seen = snapshot(permission("203.0.113.0/24", text="cloudsync/edge list"))
    assert propose(seen, wanted("203.0.113.0/24")) == Proposal()


def test_reshaped_rule() -> None:
    """A rule with our mark that somebody reshaped is a stranger's, and its network gets a new one."""
    seen = snapshot(permission("192.0.2.1/32", first=25, last=26, text="cloudsync/mail list"))
    found = propose(seen, wanted("192.0.2.1/32"))
    assert [one.changes for one in found.steps] == [
        ("+ tcp/25 from 192.0.2.1/32 (cloudsync/mail list)",)
    ]
    assert found.remarks == (
        Remark(
            TARGET,
            "tcp/25-26 from 192.0.2.1/32 (cloudsync/mail list) carries this installation's mark, "
            "but not the shape of a rule of its own. It counts as somebody else's and is left "
            "alone. Change its description, or revoke it: " + COMMAND
            + """'[{"FromPort":25,"IpProtocol":"tcp","IpRanges":"""
            """[{"CidrIp":"192.0.2.1/32"}],"ToPort":26}]'`""",
            Note.CONTESTED,
        ),
    )  # fmt: skip


# --- the quota -----------------------------------------------------------------------------------


def networks(count: int) -> Sequence[str]:
    """So many networks."""
    return [f"198.18.0.{number}/32" for number in range(count)]


@pytest.mark.parametrize(("count", "fits"), [(59, True), (60, True), (61, False)])
def test_quota_boundary(count: int, fits: bool) -> None:
    """As many rules as the quota fit, and one more is refused with the numbers and the ways out."""
    found = propose(snapshot(), wanted(*networks(count)))
    refusal = Refusal(
        TARGET,
        f"would need {count} rules, the quota is 60",
        "Raise quota L-0EA8095F, use a prefix list, or set widen: 24.",
    )
    assert found.refusals == (() if fits else (refusal,))
    assert len(found.steps) == (1 if fits else 0)


def test_quota_at_its_peak() -> None:
    """The quota counts the moment when new rules stand and old ones haven't gone."""
    # The old network holds the new ones, so its rule can't be spared before they stand.
    seen = snapshot(own("198.18.0.0/24"))
    found = RULES.steps(seen, {TARGET: wanted(*networks(60))})
    assert [one.what for one in found.refusals] == ["would need 61 rules, the quota is 60"]


def test_families_apart() -> None:
    """Each family has the whole quota."""
    six = [f"2001:db8::{number:x}/128" for number in range(61)]
    assert propose(snapshot(), wanted(*networks(60), *six[:60])).refusals == ()
    (refusal,) = propose(snapshot(), wanted(*networks(60), *six)).refusals
    assert refusal.what == "would need 61 IPv6 rules, the quota is 60"


def test_what_a_reference_counts() -> None:
    """A group counts one in both families, a prefix list as many as it may hold, known or wanted."""
    lists = [PrefixList("pl-1", ("192.0.2.0/24",), 20), PrefixList("pl-2", None, 30, by_name=True)]
    seen = snapshot(permission("pl-1", "sg-0dd", first=443), lists=lists)
    names = [Name("pl-2", EVERYONE)]
    assert propose(seen, wanted(*networks(9), names=names)).refusals == ()
    (refusal,) = propose(seen, wanted(*networks(10), names=names)).refusals
    assert refusal.what == "would need 61 rules, the quota is 60"
    six = [f"2001:db8::{number:x}/128" for number in range(10)]
    (refusal,) = propose(seen, wanted(*six, names=names)).refusals
    assert refusal.what == "would need 61 IPv6 rules, the quota is 60"


def test_quota_that_was_raised() -> None:
    """The account's own number counts; it is asked for only past the default."""
    assert propose(snapshot(quota=61), wanted(*networks(61))).refusals == ()
    assert propose(snapshot(quota=0), wanted(*networks(60))).refusals == ()


def test_past_the_quota_without_adds() -> None:
    """A group that is past the quota already may still lose rules, or gain some of the other family."""
    seen = snapshot(own(*networks(61)))
    assert propose(seen, wanted(*networks(60))).refusals == ()
    assert propose(seen, wanted(*networks(61), "2001:db8::/64")).refusals == ()


def test_no_room_for_closing() -> None:
    """Where only what closing needs doesn't fit, what add would do is done all the same."""
    want = wanted(*networks(55), mode=Mode.ENFORCE, internal="keep")
    found = RULES.steps(snapshot(permission("0.0.0.0/0")), {TARGET: want})
    assert [(one.verb, len(one.changes)) for one in found.steps] == [("add", 55)]
    assert found.refusals == ()
    assert found.remarks == (
        Remark(
            TARGET,
            "to close what is open, it would need 64 rules, the quota is 60. It is left open. "
            "Raise quota L-0EA8095F, use a prefix list, or set widen: 24.",
            Note.NO_ROOM,
        ),
    )


# --- requests ------------------------------------------------------------------------------------


def test_rules_are_named_by_what_they_let_in() -> None:
    """A revoke and a new description name contents: an id may stand for a wanted network by now."""
    seen = snapshot(own("192.0.2.1/32", "192.0.2.2/32"))
    want = wanted(also=["192.0.2.2/32"])
    assert [request(one.call) for one in propose(seen, want).steps] == [
        {"GroupId": "sg-0abc", "IpPermissions": [own("192.0.2.2/32", purpose="also")]},
        {"GroupId": "sg-0abc", "IpPermissions": [own("192.0.2.1/32")]},
    ]


def test_wish_with_v6_in_the_list() -> None:
    """Networks of the list are compared as EC2 writes them."""
    want = wanted(str(ip_network("2001:DB8:0:0::/64")))
    assert changes(snapshot(own("2001:db8::/64")), want) == []
