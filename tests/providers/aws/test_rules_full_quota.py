from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from cloudsync.model import Mode, Note
from cloudsync.prove import prove
from cloudsync.provider import Step
from cloudsync_aws.calls import Call, request
from cloudsync_aws.rules import AwsRules
from tests.providers.aws.fleets import TARGET, own, permission, snapshot, wanted
from tests.providers.aws.test_rules_steps import changes, networks, propose

RULES = AwsRules()
OLD = [f"203.0.113.{number}/32" for number in range(60)]


def old(*numbers: int, whose: str = " (cloudsync/mail list)") -> list[str]:
    """What is written of old rules that go."""
    return [f"- tcp/25 from 203.0.113.{number}/32{whose}" for number in numbers]


def new(number: int) -> str:
    """What is written of a new rule."""
    return f"+ tcp/25 from 198.18.0.{number}/32 (cloudsync/mail list)"


def test_what_does_not_fit_takes_the_place_of_what_nobody_wants() -> None:
    """58 unwanted rules and 4 new ones, 60 fit: 2 are added, 2 change in place, the others go."""
    seen = snapshot(own(*OLD[:58]))
    (add, swap, remove) = propose(seen, wanted(*networks(4))).steps
    assert (add.verb, add.changes) == ("add", (new(0), new(1)))
    assert (swap.verb, swap.own, swap.later) == ("replace", True, False)
    assert swap.changes == (old(0)[0], new(2), old(1)[0], new(3))
    assert (remove.verb, len(remove.changes)) == ("remove", 56)


def test_the_request_says_all_of_a_rule() -> None:
    """Contents are sent whole with the id that keeps them, IPv6 too."""
    six = [f"2001:db8:1::{number:x}/128" for number in range(1, 61)]
    seen = snapshot(own(*six))
    ids = {f"tcp/25 from {source}": f"sgr-{number}" for number, source in enumerate(six)}
    swap = propose(seen, wanted("2001:db8::/64")).steps[0]
    call: Call = replace(swap.call, ids=(ids[swap.call.replaced[0].key],))
    assert request(call) == {
        "GroupId": "sg-0abc",
        "SecurityGroupRules": [
            {
                "SecurityGroupRuleId": call.ids[0],
                "SecurityGroupRule": {
                    "IpProtocol": "tcp",
                    "FromPort": 25,
                    "ToPort": 25,
                    "CidrIpv6": "2001:db8::/64",
                    "Description": "cloudsync/mail list",
                },
            }
        ],
    }


def test_a_strangers_rule_is_taken_in_enforce_alone() -> None:
    """In `add` a full group of strangers is refused; in `enforce` theirs for the port alone change."""
    seen = snapshot(permission(*OLD))
    found = propose(seen, wanted(*networks(2)))
    assert (found.steps, found.refusals[0].what) == ((), "would need 62 rules, the quota is 60")
    swap, revoke = propose(seen, wanted(*networks(2), mode=Mode.ENFORCE, internal="keep")).steps
    assert (swap.verb, swap.own) == ("replace", False)
    assert swap.changes == (old(0, whose="")[0], new(0), old(1, whose="")[0], new(1))
    assert (revoke.verb, revoke.own, len(revoke.changes)) == ("remove", False, 58)


def test_what_still_covers_somebody_is_never_taken() -> None:
    """A rule stays in its place while it lets in who is wanted, or kept, or another family."""
    crowd = [f"192.0.2.{number}/32" for number in range(60)]
    # With one rule changed in place each of these would just fit.
    for standing, others in (
        (own("198.18.0.0/16"), crowd[1:]),
        (own("10.0.0.0/8"), crowd[1:]),
        (own("2001:db8::/64"), crowd),
    ):
        seen = snapshot(standing, permission(*others, first=443))
        found = RULES.steps(seen, {TARGET: wanted(*networks(1), internal="keep")})
        assert [one.call.operation for one in found.steps if one.call.operation == "modify"] == []
        assert len(found.refusals) == 1


def test_an_internal_network_that_was_withdrawn_is_taken() -> None:
    """What stood for an `also_allow` that is over is needed by nobody, internal or not."""
    other = permission(*[f"192.0.2.{number}/32" for number in range(59)], first=443)
    seen = snapshot(own("10.9.0.0/16", purpose="also"), other)
    assert changes(seen, wanted(*networks(1), mode=Mode.ENFORCE, internal="keep")) == [
        ("replace", True, ("- tcp/25 from 10.9.0.0/16 (cloudsync/mail also)", new(0)))
    ]


def test_a_name_needs_room_of_its_own() -> None:
    """Where even every swap leaves too many, nothing is added, and what nobody wants goes."""
    seen = snapshot(own(*OLD[:30]), permission(*OLD[30:], first=443))
    found = RULES.steps(seen, {TARGET: wanted(*networks(31))})
    assert [one.what for one in found.refusals] == ["would need 61 rules, the quota is 60"]
    assert [(one.verb, len(one.changes)) for one in found.steps] == [("remove", 30)]


def test_every_part_of_a_swap_keeps_the_promises() -> None:
    """Whichever of its rules a call changes before it breaks off, mail and walls stand."""
    seen = snapshot(
        own("198.18.0.0/32", *OLD[:57]), permission("0.0.0.0/0"), permission("1.1.1.0/24")
    )
    want = wanted("198.18.0.0/32", *networks(5), mode=Mode.ENFORCE, internal="close")
    swaps = [
        one for one in RULES.steps(seen, {TARGET: want}).steps if one.call.operation == "modify"
    ]
    assert [len(one.call.rules) for one in swaps] == [4]
    for step in swaps:
        pairs = list(zip(step.call.replaced, step.call.rules, strict=True))
        for size in range(len(pairs) + 1):
            for some in combinations(pairs, size):
                call = replace(
                    step.call,
                    replaced=tuple(gone for gone, _ in some),
                    rules=tuple(come for _, come in some),
                )
                part = Step("replace", (TARGET,), step.changes, own=step.own, call=call)
                assert prove(RULES, seen, [part], {TARGET: want}).refusal is None


def test_how_a_swap_is_taken_back() -> None:
    """By hand what came goes first; of a stranger's rule `undo` knows all there was."""
    crowd = permission(*OLD[:59], first=443)
    seen = snapshot(crowd, permission("192.0.2.0/24", text="partner"))
    (swap,) = propose(seen, wanted(*networks(1), mode=Mode.ENFORCE, internal="keep")).steps
    back = RULES.reversal(seen, swap)
    assert [line.split()[2] for line in back.commands] == [
        "revoke-security-group-ingress",
        "authorize-security-group-ingress",
    ]
    assert "198.18.0.0/32" in back.commands[0]
    assert back.record == {
        "rules": [
            {
                "protocol": "tcp", "first": 25, "last": 25, "source": "192.0.2.0/24",
                "description": "partner", "tags": [],
            }
        ]
    }  # fmt: skip


def test_nothing_changes_in_place_while_an_earlier_run_is_unsettled() -> None:
    """What an id stands for isn't known then: what doesn't fit waits, and what nobody wants goes."""
    want = replace(wanted(*networks(4)), unsettled=True)
    found = RULES.steps(snapshot(own(*OLD[:58])), {TARGET: want})
    (refusal,) = found.refusals
    assert refusal.what == (
        "would need 62 rules, the quota is 60, and no rule changes in place while an earlier run "
        "is unsettled"
    )
    assert refusal.todo == (
        "The next run looks again: it waits for an hour at most. Or raise the quota."
    )
    assert [(one.verb, len(one.changes)) for one in found.steps] == [("remove", 58)]


def test_while_unsettled_what_add_would_do_is_done_where_it_fits() -> None:
    """A stranger's rule is not displaced then, and what is open stays open and is said."""
    seen = snapshot(permission("172.16.0.0/11", "198.51.100.0/24"), own(*OLD[:58]))
    want = wanted(*OLD[:58], mode=Mode.ENFORCE, internal="keep")
    assert [one.verb for one in propose(seen, want).steps] == ["replace", "remove"]
    found = propose(seen, replace(want, unsettled=True))
    assert (found.steps, found.refusals) == ((), ())
    (left_open,) = [one.text for one in found.remarks if one.note is Note.NO_ROOM]
    assert left_open == (
        "to close what is open, it would need 61 rules, the quota is 60, and no rule changes in "
        "place while an earlier run is unsettled. It is left open. The next run looks again: it "
        "waits for an hour at most. Or raise the quota."
    )


def test_what_fits_is_done_while_an_earlier_run_is_unsettled() -> None:
    """Only a change in place waits."""
    found = propose(snapshot(own(*OLD[:56])), replace(wanted(*networks(4)), unsettled=True))
    assert found.refusals == ()
    assert [one.verb for one in found.steps] == ["add", "remove"]
