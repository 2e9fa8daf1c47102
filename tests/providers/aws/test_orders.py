"""Taking back at a security group: what was revoked of others' comes back as it was, and no more."""

from __future__ import annotations

import json
import shlex
from typing import Any

from cloudsync.model import Mode
from cloudsync.plan import make
from cloudsync.provider import Order, Refusal, Remark, Step
from cloudsync_aws.calls import Call, request
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.snapshot import AwsSnapshot, Close, read
from tests.providers.aws.fleets import SCOPE, TARGET, own, permission, snapshot, wanted

RULES = AwsRules()
LISTED = "192.0.2.0/24"
WANT = wanted(LISTED, mode=Mode.ENFORCE, internal="close")


def after(before: AwsSnapshot, steps: tuple[Step, ...]) -> AwsSnapshot:
    """The group once the steps are done."""
    for step in steps:
        before = RULES.after(before, step)
    return before


def look_closely(
    *permissions: dict[str, Any], tags: dict[str, tuple[tuple[str, str], ...]]
) -> AwsSnapshot:
    """The group as a close look sees it."""
    group = {"GroupId": "sg-0abc", "IpPermissions": list(permissions), "IpPermissionsEgress": []}
    return read(SCOPE, [group], {}, close={"sg-0abc": Close({}, tags)})


def test_undo_brings_back_description_and_tags() -> None:
    """The record of a revocation, through JSON, makes the very rules again, a call a set of tags."""
    before = look_closely(
        own(LISTED), permission("0.0.0.0/0", text="left by the old team"), permission("::/0"),
        tags={"tcp/25 from ::/0": (("owner", "net"), ("team", "mail"))},
    )  # fmt: skip
    (plan,) = make(RULES, before, {TARGET: WANT}, "d")
    now = after(before, plan.steps)
    assert RULES.exposure(now, 25)[TARGET].possible == WANT.addresses
    records = json.loads(json.dumps([one.record for one in plan.reversals if one.record]))
    order = Order("undo", tuple(records))
    (undo,) = make(RULES, now, {TARGET: wanted(LISTED, mode=Mode.WATCH)}, "d", order)
    assert undo.refusal is None
    assert [request(step.call) for step in undo.steps] == [
        {
            "GroupId": "sg-0abc",
            "IpPermissions": [
                {
                    "IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "left by the old team"}],
                }
            ],
        },
        {
            "GroupId": "sg-0abc",
            "IpPermissions": [
                {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
                 "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
            ],
            "TagSpecifications": [
                {
                    "ResourceType": "security-group-rule",
                    "Tags": [{"Key": "owner", "Value": "net"}, {"Key": "team", "Value": "mail"}],
                }
            ],
        },
    ]  # fmt: skip
    restored = after(now, undo.steps)
    assert RULES.exposure(restored, 25) == RULES.exposure(before, 25)
    assert make(RULES, restored, {TARGET: WANT}, "d", order)[0].steps == ()


def test_undo_refuses_what_the_quota_cannot_hold() -> None:
    """The room that a revocation made may be taken by now."""
    full = snapshot(own(*(f"198.51.100.{n}/32" for n in range(60))))
    record: dict[str, Any] = {
        "rules": [{"protocol": "tcp", "first": 25, "last": 25, "source": "0.0.0.0/0",
                         "description": "", "tags": []}]}  # fmt: skip
    found = RULES.ordered(full, {TARGET: WANT}, Order("undo", (record,)))
    assert (found.steps, found.refusals) == (
        (),
        (
            Refusal(
                TARGET,
                "would need 61 rules, the quota is 60",
                "Raise quota L-0EA8095F, use a prefix list, or set widen: 24.",
            ),
        ),
    )


def test_there_is_nothing_to_relax() -> None:
    """A security group holds no deny."""
    found = RULES.ordered(snapshot(own(LISTED)), {TARGET: WANT}, Order("relax"))
    assert (found.steps, found.remarks) == (
        (),
        (Remark(TARGET, "a security group holds no denies; nothing is to be relaxed"),),
    )


def test_every_step_has_the_vendors_commands() -> None:
    """Each command, read back as a shell reads it, is the call that takes the step back."""
    before = snapshot(own("198.51.100.0/24"), permission(LISTED, text="cloudsync/mail also"),
                      permission("0.0.0.0/0", text="it's; rm -rf $HOME"))  # fmt: skip
    want = wanted(LISTED, "203.0.113.0/24", mode=Mode.ENFORCE, internal="close")
    (plan,) = make(RULES, before, {TARGET: want}, "d")
    said = [shlex.split(line) for one in plan.reversals for line in one.commands]
    assert [
        (words[2], [range_ for one in json.loads(words[8]) for range_ in one["IpRanges"]])
        for words in said
    ] == [
        ("revoke-security-group-ingress", [{"CidrIp": "203.0.113.0/24"}]),
        (
            "update-security-group-rule-descriptions-ingress",
            [{"CidrIp": LISTED, "Description": "cloudsync/mail also"}],
        ),
        (
            "authorize-security-group-ingress",
            [{"CidrIp": "198.51.100.0/24", "Description": "cloudsync/mail list"}],
        ),
        (
            "authorize-security-group-ingress",
            [{"CidrIp": "0.0.0.0/0", "Description": "it's; rm -rf $HOME"}],
        ),
    ]
    assert all(words[:2] == ["aws", "ec2"] and words[3:7] == [
        "--region", "us-east-1", "--group-id", "sg-0abc"] for words in said)  # fmt: skip
    assert [bool(one.record) for one in plan.reversals] == [False, False, False, True]
    assert isinstance(plan.steps[0].call, Call)


def test_tags_are_kept_for_undo_whatever_step_comes_first() -> None:
    """A rule that is revoked after others were added has its tags in the record all the same."""
    before = look_closely(
        permission("0.0.0.0/0"), tags={"tcp/25 from 0.0.0.0/0": (("team", "mail"),)}
    )
    (plan,) = make(RULES, before, {TARGET: WANT}, "d")
    assert [step.verb for step in plan.steps] == ["add", "remove"]
    now = after(before, plan.steps)
    assert now.groups[TARGET].tags == {}
    order = Order("undo", tuple(one.record for one in plan.reversals if one.record))
    (undo,) = make(RULES, now, {TARGET: wanted(LISTED, mode=Mode.WATCH)}, "d", order)
    assert [step.call.tags for step in undo.steps] == [(("team", "mail"),)]
