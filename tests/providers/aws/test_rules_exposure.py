from __future__ import annotations

from typing import Any

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Decision, Exposure, Name
from cloudsync.model import Purpose
from cloudsync.provider import Foreign, Sources
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.rules import AwsRules
from tests.providers.aws.fleets import TARGET, own, permission, snapshot

RULES = AwsRules()
A = AddressSet.of


def exposure(*permissions: Any, port: int = 25, lists: Any = ()) -> Exposure:
    """Who gets in to a group with these rules."""
    return RULES.exposure(snapshot(*permissions, lists=lists), port)[TARGET]


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [
        ("tcp", 25, 25),
        ("6", 25, 25),
        ("tcp", 20, 30),
        ("tcp", 25, 30),
        ("tcp", 20, 25),
        ("tcp", 0, 65535),
        ("tcp", -1, -1),
        ("tcp", None, None),
        ("-1", None, None),
        ("-1", 80, 80),
    ],
)
def test_lets_in(protocol: str, first: int | None, last: int | None) -> None:
    """Every range that holds the port, and all traffic, let a sender in for certain."""
    seen = exposure(permission("192.0.2.0/24", protocol=protocol, first=first, last=last))
    assert seen == Exposure(A("192.0.2.0/24"), A("192.0.2.0/24"))


@pytest.mark.parametrize(
    ("protocol", "first", "last"),
    [
        ("tcp", 24, 24),
        ("tcp", 26, 30),
        ("tcp", 0, 24),
        ("udp", 25, 25),
        ("17", 0, 65535),
        ("icmp", -1, -1),
        ("1", 8, 0),
        ("icmpv6", None, None),
        ("58", None, None),
    ],
)
def test_stays_out(protocol: str, first: int | None, last: int | None) -> None:
    """Other ports, UDP and ICMP let no TCP connection in."""
    seen = exposure(permission("0.0.0.0/0", protocol=protocol, first=first, last=last))
    assert seen == Exposure(NOBODY, NOBODY)


def test_other_protocol() -> None:
    """A protocol of which AWS says only that it opens all ports may let a sender in."""
    seen = exposure(permission("192.0.2.0/24", protocol="50", first=None))
    assert seen == Exposure(NOBODY, A("192.0.2.0/24"))
    assert seen.grants() == (
        Decision(
            "protocol 50 from 192.0.2.0/24", "security group", True, A("192.0.2.0/24"), full=False
        ),
    )


def test_union_of_everything() -> None:
    """Families, ranges and single ports add up, and each rule is named with what it lets in."""
    seen = exposure(
        permission("0.0.0.0/1", "128.0.0.0/1", "::/0", text="two halves"),
        permission("10.0.0.0/8", protocol="-1", first=None),
        permission("192.0.2.0/24", first=20, last=30, text="ftp"),
    )
    assert seen == Exposure(EVERYONE, EVERYONE)
    assert [(one.rule, str(one.part)) for one in seen.grants(A("192.0.2.7", "10.0.0.1"))] == [
        ("all traffic from 10.0.0.0/8", "10.0.0.1/32"),
        ("tcp/20-30 from 192.0.2.0/24 (ftp)", "192.0.2.7/32"),
        ("tcp/25 from 0.0.0.0/1 (two halves)", "10.0.0.1/32"),
        ("tcp/25 from 128.0.0.0/1 (two halves)", "192.0.2.7/32"),
    ]


def test_another_port() -> None:
    """The exposure is that of the port which is asked about."""
    group = [permission("192.0.2.0/24"), permission("198.51.100.0/24", first=587)]
    assert exposure(*group, port=587) == Exposure(A("198.51.100.0/24"), A("198.51.100.0/24"))


def test_group_reference() -> None:
    """A referenced group is an internal name; another account's is named with the account."""
    seen = exposure(permission("sg-0dd", "999999999999/sg-0ee"))
    names = frozenset({Name("sg-0dd", INTERNAL), Name("999999999999/sg-0ee", INTERNAL)})
    assert seen == Exposure(NOBODY, NOBODY, names)
    assert {one.text: one.bound for one in seen.names} == {
        "sg-0dd": INTERNAL,
        "999999999999/sg-0ee": INTERNAL,
    }


def test_prefix_list_resolved() -> None:
    """A list that could be read lets its addresses in, whatever the shape of the rule."""
    lists = [PrefixList("pl-1", ("192.0.2.0/25", "2001:db8::/64"), 10)]
    seen = exposure(permission("pl-1", protocol="-1", first=None), lists=lists)
    both = A("192.0.2.0/25", "2001:db8::/64")
    assert seen == Exposure(both, both)


def test_prefix_list_unread() -> None:
    """A list that couldn't be read may stand for anybody, so it counts as outside."""
    seen = exposure(permission("pl-1", "192.0.2.1/32"))
    assert seen == Exposure(A("192.0.2.1"), A("192.0.2.1"), frozenset({Name("pl-1", EVERYONE)}))
    assert [name.bound for name in seen.names] == [EVERYONE]


def test_prefix_list_by_name() -> None:
    """A list that the configuration wants as such is a name, bound by what is on it."""
    seen = exposure(
        permission("pl-1"), lists=[PrefixList("pl-1", ("10.1.0.0/16",), 5, by_name=True)]
    )
    assert seen == Exposure(NOBODY, NOBODY, frozenset({Name("pl-1", A("10.1.0.0/16"))}))
    assert [name.outside for name in seen.names] == [False]


def test_equal_groups_share() -> None:
    """Groups with the same rules have one exposure, not equal ones."""
    first = exposure(permission("192.0.2.0/24"))
    assert exposure(permission("192.0.2.0/24")) is first
    assert exposure(permission("192.0.2.0/24", text="other")) is not first


def test_lists_decide_too() -> None:
    """Groups with the same rules and lists that hold other addresses differ."""
    group = permission("pl-1")
    one = exposure(group, lists=[PrefixList("pl-1", ("192.0.2.1/32",))])
    two = exposure(group, lists=[PrefixList("pl-1", ("192.0.2.2/32",))])
    assert (one.possible, two.possible) == (A("192.0.2.1"), A("192.0.2.2"))


def test_own_by_mark_and_shape() -> None:
    """Own is the exact mark on one guarded port alone; lists name networks, also_allow names too."""
    seen = snapshot(
        own("192.0.2.1/32"),
        own("192.0.2.2/32", "sg-0dd", purpose="also"),
        own("sg-0ee"),
        permission("192.0.2.3/32", text="cloudsync/mail list "),
        permission("192.0.2.4/32", text="cloudsync/other list"),
        permission("192.0.2.5/32", text="cloudsync-terraform/mail"),
        permission("192.0.2.6/32", first=25, last=26, text="cloudsync/mail list"),
        own("192.0.2.7/32", first=587),
    )
    assert RULES.own(seen, "mail", (25,))[TARGET] == {
        Purpose.LIST: Sources(A("192.0.2.1")),
        Purpose.ALSO: Sources(A("192.0.2.2"), frozenset({Name("sg-0dd", INTERNAL)})),
    }


def test_foreign() -> None:
    """The other rules that decide the port say what they open, and whether that is all."""
    seen = snapshot(
        own("192.0.2.1/32"),
        permission("192.0.2.2/32", text="partner"),
        permission("192.0.2.4/32", text="cloudsync/other list"),
        permission("0.0.0.0/0", first=20, last=30),
        permission("sg-0dd", protocol="-1", first=None),
        permission("0.0.0.0/0", first=443),
        permission("::/0", protocol="47", first=None),
    )
    assert RULES.foreign(seen, "mail", (25,))[TARGET] == {
        "tcp/25 from 192.0.2.2/32": Foreign(
            "tcp/25 from 192.0.2.2/32 (partner)", A("192.0.2.2"), alone=True
        ),
        "tcp/25 from 192.0.2.4/32": Foreign(
            "tcp/25 from 192.0.2.4/32 (cloudsync/other list)",
            A("192.0.2.4"),
            alone=True,
            untouchable=True,
        ),
        "tcp/20-30 from 0.0.0.0/0": Foreign(
            "tcp/20-30 from 0.0.0.0/0", A("0.0.0.0/0"), alone=False
        ),
        "all traffic from sg-0dd": Foreign("all traffic from sg-0dd", NOBODY, alone=False),
        "protocol 47 from ::/0": Foreign("protocol 47 from ::/0", A("::/0"), alone=False),
    }


def test_elsewhere_sees_other_ports_alone() -> None:
    """What decides other ports has one digest, in whatever order and however it is described."""
    https, range_ = permission("0.0.0.0/0", first=443), permission("::/0", first=20, last=30)
    before = RULES.elsewhere(snapshot(https, range_, own("192.0.2.1/32")), (25,))
    same = RULES.elsewhere(snapshot(range_, {**https, "IpRanges": [
        {"CidrIp": "0.0.0.0/0", "Description": "web"}]}), (25,))  # fmt: skip
    other = RULES.elsewhere(snapshot(https, permission("::/0", first=20, last=31)), (25,))
    assert before == same
    assert before != other


def test_outbound() -> None:
    """The digest of outbound rules is that of the rules, in any order, and of nothing else."""
    one, two = permission("0.0.0.0/0", protocol="-1", first=None), permission("::/0", first=443)
    digest = snapshot(own("192.0.2.1/32"), egress=[one, two]).outbound(TARGET)
    assert snapshot(egress=[two, one]).outbound(TARGET) == digest
    assert snapshot(egress=[one]).outbound(TARGET) != digest


def test_host_bits() -> None:
    """A network with host bits reads as the network that EC2 keeps."""
    seen = exposure(permission("192.0.2.77/24"))
    assert [one.rule for one in seen.grants()] == ["tcp/25 from 192.0.2.0/24"]
