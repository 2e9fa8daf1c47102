from __future__ import annotations

import itertools
import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.addresses import EVERY_IPV4, AddressSet, between
from cloudsync.errors import UsageError
from cloudsync.export.compare import as_lines, compare
from cloudsync.export.fit import fitted, splitting
from cloudsync.export.format import artifact
from cloudsync.export.formats import FORMATS
from cloudsync.export.material import Material, material
from cloudsync.export.notation import (
    blocked,
    patterns,
    read,
    read_pattern,
)
from tests.export.lists import LISTS, RELAYS, in_force, made
from tests.export.reread import Gate, octets


def aligned(address: int, length: int) -> IPv4Network:
    """The network of this length that the address is in."""
    return IPv4Network((address >> (32 - length) << (32 - length), length))


NETWORKS = st.lists(
    st.builds(
        aligned,
        st.integers(0, (1 << 32) - 1),
        st.sampled_from((8, 16, 20, 24, 29, 31, 32)),
    ),
    max_size=12,
)


@given(NETWORKS)
def test_what_is_blocked_and_what_is_allowed_are_everybody_once(
    networks: list[IPv4Network],
) -> None:
    """Ranges are sorted and apart, hold nobody who is listed, and with them make up 2^32."""
    allowed = AddressSet.of(*networks)
    ranges = [(int(first), int(last)) for first, last in blocked(allowed)]
    for (_, last), (first, _) in itertools.pairwise(ranges):
        assert last + 1 < first
    assert all(first <= last for first, last in ranges)
    size = sum(last - first + 1 for first, last in ranges)
    assert size + allowed.count().ipv4 == 1 << 32
    for network in networks:
        assert not any(
            first <= int(network[-1]) and last >= int(network[0]) for first, last in ranges
        )


@given(NETWORKS)
def test_patterns_hold_everybody_else_exactly_once(networks: list[IPv4Network]) -> None:
    """No address is in two octet patterns, none that is listed is in one, and nobody is left out."""
    allowed = AddressSet.of(*networks)
    spans = sorted(span for pattern in patterns(allowed) for span in octets(pattern))
    for (_, _, last), (_, first, _) in itertools.pairwise(spans):
        assert last < first
    assert sum(last - first + 1 for _, first, last in spans) + allowed.count().ipv4 == 1 << 32
    gate = Gate(spans)
    for network in networks:
        assert not gate.lets_in(str(network[0]))
        assert not gate.lets_in(str(network[-1]))


def test_the_complements_are_as_long_as_they_were_counted_to_be() -> None:
    """Sixteen ranges and 62 patterns around the fifteen addresses of 2009; Shoreline makes it fewer."""
    plain = material(LISTS["2009"], (), (), "none").allowed
    shoreline = material(LISTS["2009"], (), ("EXG3", "EXG4"), "none").allowed
    widened = material(LISTS["2009"], (), (), "24").allowed
    assert [len(blocked(one)) for one in (plain, shoreline, widened)] == [16, 15, 11]
    assert [len(patterns(one)) for one in (plain, shoreline)] == [62, 57]
    first, _ = blocked(plain)[0]
    assert str(first) == "0.0.0.0"
    left_open = AddressSet.of("0.0.0.0/8", "1.0.0.0/16", "1.1.0.0/24", "1.1.1.0/32")
    assert (EVERY_IPV4 & left_open).count().ipv4 == 16_843_009


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("69.20.58.226/24", "69.20.58.226/24 has host bits set"),
        ("69.20.58.326", "'69.20.58.326' does not appear to be an IPv4 or IPv6 network"),
        ("2.2.2.2-1.1.1.1", "last IP address must be greater than first"),
        ("::2-::1", "last IP address must be greater than first"),
        ("1.1.1.1-::1", "1.1.1.1 and ::1 are of two families"),
    ],
)
def test_what_is_no_network_is_refused(text: str, message: str) -> None:
    """Nothing is cut to size in silence: host bits, octets beyond 255, ranges the wrong way round."""
    with pytest.raises(ValueError) as refused:
        read(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1.2.3", "'1.2.3' isn't four octets"),
        ("1.2.3.x", "'1.2.3.x' isn't four octets"),
        ("1.2.3.256", "'1.2.3.256' has an octet beyond 255, or one that ends first"),
        ("1.2.9-3.*", "'1.2.9-3.*' has an octet beyond 255, or one that ends first"),
    ],
)
def test_what_is_no_pattern_is_refused(text: str, message: str) -> None:
    """A pattern is four octets, each of which ends after it begins."""
    with pytest.raises(ValueError) as refused:
        read_pattern(text)
    assert str(refused.value) == message


def test_ranges_and_patterns_are_read() -> None:
    """IPv6 ranges, masks, and patterns with ranges in the middle mean what they say."""
    assert read("2001:db8::-2001:db8::ffff") == AddressSet.of("2001:db8::/112")
    assert read("10.0.0.0/255.255.0.0") == AddressSet.of("10.0.0.0/16")
    assert read_pattern("10.20-21.*.*") == AddressSet.of("10.20.0.0/15")
    assert read_pattern("1.1.0-1.7") == AddressSet.of("1.1.0.7", "1.1.1.7")
    assert between(IPv4Address("1.1.1.1"), IPv4Address("1.1.1.1")) == AddressSet.of("1.1.1.1")


def refused(form: str, made_of: Material) -> str:
    """What the format says of the material."""
    with pytest.raises(UsageError) as error:
        artifact(FORMATS[form], made_of)
    return str(error.value)


def test_a_list_that_does_not_fit_is_refused_with_numbers() -> None:
    """Families, entries, and addresses that a service can't see: each is said, and nothing is widened."""
    one6 = material(in_force("69.20.58.226", "2001:db8::/32"), (), (), "none")
    assert refused("sendmail", one6) == (
        "export sendmail: 1 network of 2 is IPv6, the first 2001:db8::/32; this format takes IPv4 "
        "alone. Nothing was written. Put the list on a firewall that takes both, such as nftables."
    )
    wide = material(in_force("20.0.0.0/8", "30.0.0.0/11"), (), (), "none")
    assert refused("exchange-online", wide) == (
        "export exchange-online: the list's 2 networks make 73,728 entries here, and the most is "
        "5,000 (no limit is documented; a longer list belongs on a firewall). Nothing was written. "
        "Put the list on a firewall that takes it, such as nftables."
    )
    inside = material(in_force("69.20.58.226"), RELAYS, (), "none")
    assert refused("exchange-online", inside) == (
        "export exchange-online: 1 network of 3 is internal, the first 10.20.0.0/16; this service "
        "sees public addresses alone. Nothing was written. Name the public addresses of the relays, "
        "or say --no-relays."
    )
    coarse = replace(FORMATS["text"], fit=replace(FORMATS["text"].fit, ipv4=(8, 16, 24)))
    with pytest.raises(UsageError) as error:
        artifact(coarse, inside)
    assert str(error.value) == (
        "export text: 69.20.58.226/32 is narrower than /24, the narrowest here; widening it would "
        "let in whom nobody listed. Nothing was written. Put the list on a firewall that takes it, "
        "such as nftables."
    )


def test_a_network_is_split_into_the_same_addresses_and_said() -> None:
    """What a format can't spell in one entry is spelt in several, with not one address more."""
    before = material(in_force("8.8.0.0/23", "9.9.9.9"), (), (), "none")
    after = fitted(before, FORMATS["exchange-online"].fit, "exchange-online")
    assert [str(row.network) for row in after.rows] == ["8.8.0.0/24", "8.8.1.0/24", "9.9.9.9/32"]
    assert after.allowed == before.allowed
    assert splitting(before, after) == "1 network is written as 2 entries of the same addresses"
    assert splitting(before, before) == ""
    both = material(in_force("8.8.0.0/23", "9.9.8.0/23"), (), (), "none")
    assert splitting(both, fitted(both, FORMATS["exchange-online"].fit, "x")) == (
        "2 networks are written as 4 entries of the same addresses"
    )


def test_an_artifact_that_lets_in_somebody_else_never_leaves() -> None:
    """Each artifact is read back before it is given out; a sheet that loses somebody is refused."""
    broken = replace(FORMATS["text"], sheets={"x": "@each4 {cidr}"})
    with pytest.raises(UsageError) as error:
        artifact(broken, material(in_force("9.9.9.9", "2001:db8::/32"), (), (), "none"))
    assert str(error.value) == (
        "export text: what was made doesn't let in whom it should, which is a mistake of cloudsync's "
        "own. Nothing was written. Report it, and use another format."
    )


def test_the_material_is_the_list_and_the_relays() -> None:
    """Shoreline and widening apply as in the list; what the other holds is left out; widening is said."""
    one = material(
        LISTS["2009"], (IPv4Network("69.20.0.0/16"), IPv6Network("fd00::/8")), ("EXG3",), "24"
    )
    assert [str(row.network) for row in one.rows][:3] == [
        "69.20.0.0/16",
        "72.32.252.0/24",
        "72.32.253.0/24",
    ]
    assert {row.label for row in one.rows} == {"relay", ""}
    assert one.header == (
        "Made by cloudsync from bundled",
        f"list {LISTS['2009'].digest}",
        "11 networks: 12 of the list, 2 of relays",
        "widened to /24: 2,803 addresses that nobody listed",
    )


def test_what_is_installed_is_compared_as_addresses() -> None:
    """Missing and excess are named with numbers; a device's print in another order is the same."""
    form = FORMATS["pf"]
    mine = artifact(form, material(in_force("9.9.9.9", "8.8.8.0/24"), (), (), "none"))
    assert not compare(form, mine, "   9.9.9.9\n   8.8.8.0/24\n")
    other = compare(form, mine, "9.9.9.9\n1.1.1.1\n2.2.2.0/24\n")
    assert other.words == (
        "256 IPv4 addresses can't connect (8.8.8.0/24); "
        "257 IPv4 addresses can and should not (1.1.1.1/32 and 1 network more)"
    )
    assert as_lines(other) == "+ 8.8.8.0/24\n- 1.1.1.1/32\n- 2.2.2.0/24\n"
    assert as_lines(compare(form, mine, mine.text)) == "no difference\n"
    with pytest.raises(UsageError) as bad:
        compare(form, mine, "# one\n9.9.9.9\n9.9.9.326\n")
    assert str(bad.value) == (
        "line 3: what stands there can't be read: '9.9.9.326' does not appear to be an IPv4 or IPv6 "
        "network. Nothing was changed. Mend that line, or write the file anew."
    )


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("0.0.0.0/0 reject\n", "", 6),
        ("::/0 reject\n", "::/0 permit\n", 7),
        ("::/0 reject\n", "", 7),
        ("::/0 reject\n", "::/0 reject\n0.0.0.0/0 OK\n", 8),
    ],
)
def test_in_a_file_of_ours_every_line_counts(old: str, new: str, line: int) -> None:
    """A lost or added last rule is a mismatch though the networks match; a comment is none."""
    form = FORMATS["postfix"]
    mine = artifact(form, material(in_force("9.9.9.9", "8.8.8.0/24"), (), (), "none"))
    if "permit" not in new:
        found = compare(form, mine, mine.text.replace(old, new))
        assert (found.words, found.line) == (
            f"the networks match, but line {line} isn't as it is written today",
            line,
        )
        assert as_lines(found) == f"line {line} isn't as it is written today\n"
        assert not compare(form, mine, mine.text.replace(old, new), lines=False)
    else:
        assert compare(form, mine, mine.text.replace(old, new)).excess.count().ipv6 == 1 << 128
    assert not compare(form, mine, f"# a note\n{mine.text}")


def step_by_step(start: set[str], commands: list[str]) -> list[set[str]]:
    """The members of a group after each command."""
    states: list[set[str]] = []
    now = set(start)
    for command in commands:
        if command.startswith("no "):
            now.discard(command.removeprefix("no "))
        else:
            now.add(command)
        states.append(set(now))
    return states


def test_a_cisco_group_is_never_without_who_stays() -> None:
    """What is new is added before what is old goes; other groups in the print are left alone."""
    change = FORMATS["cisco-asa"].change
    assert change
    source = material(
        in_force("9.9.9.9", "8.8.8.0/24", "2001:db8::/32", "2001:db9::1"), (), (), "none"
    )
    printed = (
        "object-group network OTHER\n network-object host 7.7.7.7\n"
        "object-group network CLOUDSYNC-SMTP\n network-object host 9.9.9.9\n"
        " network-object host 1.1.1.1\n description x network-object\n"
    )
    text = change(source, printed)
    assert text == (
        "object-group network CLOUDSYNC-SMTP\n"
        " network-object 8.8.8.0 255.255.255.0\n"
        " network-object 2001:db8::/32\n"
        " network-object host 2001:db9::1\n"
        " no network-object host 1.1.1.1\n"
    )
    old = {"network-object host 9.9.9.9", "network-object host 1.1.1.1"}
    states = step_by_step(old, [line.strip() for line in text.splitlines()[1:]])
    assert all("network-object host 9.9.9.9" in state for state in states)
    mine = artifact(FORMATS["cisco-asa"], source)
    assert change(source, mine.text) == "! no difference\n"
    assert not compare(
        FORMATS["cisco-asa"],
        mine,
        f"{mine.text}object-group network Z\n network-object host 1.1.1.1\n",
        lines=False,
    )


def test_a_blacklist_never_opens_on_its_way() -> None:
    """New ranges are added first: in between only who is in both lists gets in, and they always do."""
    change = FORMATS["smartermail"].change
    assert change
    before = material(in_force("9.9.9.9", "8.8.8.0/24", "5.5.5.5"), (), (), "none")
    after = material(in_force("9.9.9.9", "7.7.7.0/24", "5.5.5.5"), (), (), "none")
    text = change(after, artifact(FORMATS["smartermail"], before).text)
    assert text.splitlines()[-1].startswith("then remove")
    ranges = {f"{a} - {b}" for a, b in blocked(before.allowed)}
    open_now = before.allowed
    for line in text.splitlines():
        found = re.fullmatch(r"(add|then remove) (.+)", line)
        assert found
        (ranges.add if found[1] == "add" else ranges.discard)(found[2])
        open_now = EVERY_IPV4 - AddressSet.union(read(one.replace(" ", "")) for one in ranges)
        assert open_now <= (before.allowed | after.allowed)
        assert before.allowed & after.allowed <= open_now
        assert open_now <= before.allowed or open_now <= after.allowed
    assert open_now == after.allowed
    assert change(after, artifact(FORMATS["smartermail"], after).text) == "no difference\n"


def test_a_fortigate_group_takes_over_before_objects_go() -> None:
    """Objects are made, the group takes over, and only then what nobody uses is deleted, per family."""
    change = FORMATS["fortigate"].change
    assert change
    form = FORMATS["fortigate"]
    before = material(in_force("9.9.9.9", "1.1.1.1", "2001:db8::/32"), (), (), "none")
    after = material(in_force("9.9.9.9", "8.8.8.0/24"), (), (), "none")
    old = artifact(form, before)
    text = change(after, old.text)
    order = [text.index(part) for part in (
        'edit "cloudsync-8.8.8.0-24"', "set member", 'delete "cloudsync-1.1.1.1-32"',
        "config firewall address6", 'delete "cloudsync-2001:db8::-32"',
    )]  # fmt: skip
    assert order == sorted(order)
    assert 'delete "cloudsync-9.9.9.9-32"' not in text
    assert 'delete "cloudsync-smtp"' not in text
    assert "delete" not in change(before, old.text)
    with pytest.raises(UsageError) as error:
        compare(form, old, 'config firewall addrgrp\n edit "cloudsync-smtp"\n  set member "x"\n')
    assert str(error.value) == (
        "line 3: the group has a member 'x' whose address isn't printed here. Nothing was changed. "
        "Print the addresses too: show firewall address, show firewall address6."
    )


@pytest.mark.parametrize(
    "text", ["{", '{"networks": [{}]}', "[]", '{"networks": [{"network": "x"}]}']
)
def test_json_that_is_not_ours_is_refused(text: str) -> None:
    """A file that can't be read is refused, and taken for no list at all."""
    with pytest.raises(UsageError) as error:
        FORMATS["json"].parse(text)
    assert str(error.value).startswith("JSON: it can't be read: ")


def test_the_server_itself_stays_let_in_at_sendmail() -> None:
    """127.0.0.1 has one line, whether a relay names it or not, and a first octet that is let in none more."""
    for relay in ("127.0.0.0/8", "127.0.0.1/32", "10.0.0.0/8"):
        text = artifact(
            FORMATS["sendmail"], material(in_force("9.9.9.9"), [ip_network(relay)], (), "none")
        ).text
        keys = [line.split("\t")[0] for line in text.splitlines() if not line.startswith("#")]
        assert len(keys) == len(set(keys))
        assert "Connect:127.0.0.1\tOK\n" in text or "Connect:127\tOK\n" in text
    assert FORMATS["sendmail"].parse("Connect:9.9.9\tOK\n") == AddressSet.of("9.9.9.0/24")


def test_a_fallback_in_print_is_read() -> None:
    """What PowerShell prints, with masks and ranges, is read as the same addresses."""
    form = FORMATS["windows-firewall"]
    mine = artifact(form, material(in_force("9.9.9.9", "8.8.8.0/24"), (), (), "none"))
    assert not compare(form, mine, "9.9.9.9\r\n8.8.8.0/255.255.255.0\r\n")
    assert compare(form, mine, "LocalSubnet\r\n").missing == mine.allowed
    assert made("today").allowed.count().ipv4 == 2_324 + 65_536 + 1
