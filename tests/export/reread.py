"""What each artifact lets in, read again from the vendors' documents; the standard library alone.

Each reader gives the spans ``(version, first, last)`` that may connect, and asserts what the format
needs so that nobody else can: a last rule that refuses, or a default that does.
"""

from __future__ import annotations

import csv as tables
import io
import json as objects
import re
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_interface, ip_network

Span = tuple[int, int, int]


class Gate:
    """The spans that may connect; asked about one address at a time."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans)

    def lets_in(self, text: str) -> bool:
        """Whether the address may connect."""
        of, number = numbered(text)
        at = bisect_right(self.spans, (of, number, 1 << 129)) - 1
        if at < 0:
            return False
        version, first, last = self.spans[at]
        return version == of and first <= number <= last


# Every format is asked of the same addresses and read back to the same networks.
@lru_cache(maxsize=65_536)
def numbered(text: str) -> tuple[int, int]:
    """An address as its version and its number."""
    address = ip_address(text)
    return address.version, int(address)


@lru_cache(maxsize=65_536)
def span(text: str) -> Span:
    """An address, ADDRESS/LENGTH, ADDRESS/MASK without host bits, or FIRST-LAST."""
    if "-" in text:
        first, last = (ip_address(part.strip()) for part in text.split("-"))
        assert first.version == last.version
        assert int(first) <= int(last)
        return first.version, int(first), int(last)
    network = ip_interface(text).network
    assert ip_interface(text).ip == network.network_address, f"host bits: {text}"
    return network.version, int(network.network_address), int(network.broadcast_address)


def uncommented(text: str, sign: str) -> list[str]:
    """The lines that mean something, without what stands behind the comment sign."""
    lines = [line.split(f" {sign}")[0].rstrip() for line in text.splitlines()]
    return [line for line in lines if line.strip() and not line.lstrip().startswith(sign)]


def one_a_line(text: str, sign: str = "#") -> list[Span]:
    """A file with one network a line."""
    return [span(line.strip().strip('"')) for line in uncommented(text, sign)]


def nftables(files: Mapping[str, str]) -> list[Span]:
    """The table is made anew, its chain lets in both sets and then refuses port 25."""
    (text,) = files.values()
    words = " ".join(re.sub(r"#.*", "", line) for line in text.splitlines()).split()
    flat = " ".join(words)
    head = (
        "table inet cloudsync_smtp { } delete table inet cloudsync_smtp table inet cloudsync_smtp {"
    )
    assert flat.startswith(head)
    assert flat.endswith(
        'chain input { type filter hook input priority filter - 5; policy accept; iifname "lo" accept '
        "tcp dport 25 ip saddr @filter4 counter accept tcp dport 25 ip6 saddr @filter6 counter accept "
        "tcp dport 25 counter reject with tcp reset } }"
    )
    sets = re.findall(
        r"set (filter[46]) \{ type (ipv[46]_addr) flags interval (?:elements = \{ ([^}]*)\} )?\}",
        flat,
    )
    assert [one[:2] for one in sets] == [("filter4", "ipv4_addr"), ("filter6", "ipv6_addr")]
    spans = [span(item.strip()) for one in sets for item in one[2].split(",") if item.strip()]
    assert {one[0] for one in spans} <= {4, 6}
    return spans


def ipset(files: Mapping[str, str]) -> list[Span]:
    """Sets are filled beside the live ones and swapped in; both chains refuse whoever isn't in one."""
    sets, four, six = files.values()
    for rules, name in ((four, "cloudsync_smtp4"), (six, "cloudsync_smtp6")):
        assert uncommented(rules, "#") == [
            "*filter",
            ":CLOUDSYNC_SMTP - [0:0]",
            "-A CLOUDSYNC_SMTP -i lo -j RETURN",
            f"-A CLOUDSYNC_SMTP -p tcp -m tcp --dport 25 -m set --match-set {name} src -j ACCEPT",
            "-A CLOUDSYNC_SMTP -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset",
            "COMMIT",
        ]
    held: dict[str, list[Span]] = {}
    for line in uncommented(sets, "#"):
        word, name, *rest = line.split()
        match word:
            case "create":
                held.setdefault(name, [])
            case "flush":
                held[name].clear()
            case "add":
                assert name.endswith(".new"), "the live set is never filled"
                held[name].append(span(rest[0]))
            case "swap":
                held[name], held[rest[0]] = held[rest[0]], held[name]
            case _:
                assert word == "destroy"
                del held[name]
    assert sorted(held) == ["cloudsync_smtp4", "cloudsync_smtp6"]
    assert {one[0] for one in held["cloudsync_smtp4"]} <= {4}
    assert {one[0] for one in held["cloudsync_smtp6"]} <= {6}
    return [one for spans in held.values() for one in spans]


def firewalld(files: Mapping[str, str]) -> list[Span]:
    """A policy before the zones lets in both sets and then refuses port 25 for both families."""
    four, six, policy = (ET.fromstring(text) for text in files.values())
    rules: list[tuple[int, str, str, str]] = []
    for rule in policy.findall("rule"):
        source, port = rule.find("source"), rule.find("port")
        assert port is not None
        assert port.attrib == {"port": "25", "protocol": "tcp"}
        name = "" if source is None else source.attrib["ipset"]
        verdict = "accept" if rule.find("accept") is not None else "reject"
        rules.append((int(rule.attrib["priority"]), rule.attrib["family"], name, verdict))
    assert sorted(rules) == [
        (-20, "ipv4", "cloudsync-smtp4", "accept"),
        (-20, "ipv6", "cloudsync-smtp6", "accept"),
        (-10, "ipv4", "", "reject"),
        (-10, "ipv6", "", "reject"),
    ]
    assert int(policy.attrib["priority"]) < 0
    spans: list[Span] = []
    for root, family, version in ((four, "inet", 4), (six, "inet6", 6)):
        options = {one.attrib["name"]: one.attrib["value"] for one in root.findall("option")}
        assert options["family"] == family
        mine = [span(entry.text or "") for entry in root.findall("entry")]
        assert {one[0] for one in mine} <= {version}
        assert len(mine) <= int(options["maxelem"])
        spans += mine
    return spans


def postfix(files: Mapping[str, str]) -> list[Span]:
    """The first line that fits decides: networks are permitted, then everybody is refused."""
    (text,) = files.values()
    assert not any(line.startswith((" ", "\t")) for line in text.splitlines()), "a continued line"
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    assert rows[-2:] == [["0.0.0.0/0", "reject"], ["::/0", "reject"]]
    assert {row[1] for row in rows[:-2]} == {"permit"}
    return [span(row[0]) for row in rows[:-2]]


def exim(files: Mapping[str, str]) -> list[Span]:
    """One key a line; one with colons stands in quotes, or it would end at the first of them."""
    (text,) = files.values()
    for line in uncommented(text, "#"):
        assert (":" in line) == line.startswith('"')
    return one_a_line(text)


def sendmail(files: Mapping[str, str]) -> list[Span]:
    """The longest key that begins an address decides; none may stand twice; every octet has one."""
    (text,) = files.values()
    rows: dict[str, str] = {}
    for line in uncommented(text, "#"):
        key, verdict = line.split("\t")
        assert key not in rows, f"{key} stands twice"
        rows[key] = verdict
    assert rows.pop("Connect:IPv6") == "REJECT"
    assert rows.pop("Connect:IPv6:::1") == "OK"
    local = rows.pop("Connect:127.0.0.1", "OK")
    assert local == "OK"
    stems = {key.removeprefix("Connect:"): verdict for key, verdict in rows.items()}
    assert {stem for stem in stems if "." not in stem} == {str(octet) for octet in range(256)}
    spans: list[Span] = []
    for stem, verdict in stems.items():
        assert verdict == "OK" or "." not in stem
        octets = stem.split(".")
        if verdict == "OK":
            whole = ".".join([*octets, *["0"] * (4 - len(octets))])
            spans.append(span(f"{whole}/{8 * len(octets)}"))
    return spans


def cisco_asa(files: Mapping[str, str]) -> list[Span]:
    """The members of the one group."""
    (text,) = files.values()
    head, *members = uncommented(text, "!")
    assert head == "object-group network CLOUDSYNC-SMTP"
    spans: list[Span] = []
    for line in members:
        word, *rest = line.split()
        assert word == "network-object"
        spans.append(span(rest[1] if rest[0] == "host" else "/".join(rest)))
    return spans


def paloalto(files: Mapping[str, str]) -> list[Span]:
    """Each line begins with an entry; a blank ends it, and a comment has no line of its own."""
    (text,) = files.values()
    return [span(line.split(" ", 1)[0]) for line in text.splitlines()]


def fortigate(files: Mapping[str, str]) -> list[Span]:
    """Objects are made before the group that takes them over; only its members count."""
    (text,) = files.values()
    made: dict[str, Span] = {}
    spans: list[Span] = []
    section = name = ""
    for line in uncommented(text, "#"):
        words = re.findall(r'"[^"]*"|\S+', line.strip())
        match words:
            case ["config", *rest]:
                section = " ".join(rest)
            case ["edit", quoted]:
                name = quoted.strip('"')
            case ["set", "subnet", address, mask]:
                assert section == "firewall address"
                made[name] = span(f"{address}/{mask}")
            case ["set", "ip6", prefix]:
                assert section == "firewall address6"
                made[name] = span(prefix)
            case ["set", "member", *members]:
                assert section in {"firewall addrgrp", "firewall addrgrp6"}
                assert name == "cloudsync-smtp"
                spans += [made[one.strip('"')] for one in members]
            case _:
                assert words in (["next"], ["end"])
    return spans


def powershell(files: Mapping[str, str]) -> list[Span]:
    """What stands in the one array, each in single quotes; nothing happens without -Commit."""
    (text,) = files.values()
    assert "if (-not $Commit) { $WhatIfPreference = $true }" in text
    array = re.search(r"^\$want = @\(\n(.*?)^\)$", text, re.DOTALL | re.MULTILINE)
    assert array
    spans: list[Span] = []
    for line in array[1].splitlines():
        quoted = re.fullmatch(r"    '([0-9A-Fa-f.:/-]+)'", line)
        assert quoted, line
        spans.append(span(quoted[1]))
    return spans


def iis(files: Mapping[str, str]) -> list[Span]:
    """A grant list, which counts only while everybody else is refused: both are set at once."""
    (text,) = files.values()
    lines = uncommented(text, "'")
    order = [lines.index(line) for line in (
        "security.GrantByDefault = wasOpen",
        "If Not wasOpen Then security.IPGrant = grants",
        "server.IPSecurity = security",
        "server.SetInfo",
    )]  # fmt: skip
    assert order == sorted(order)
    assert "    wasOpen = False" in lines
    pairs = [re.fullmatch(r'    Grant "([0-9.]+)", "([0-9.]+)"', line) for line in lines]
    return [span(f"{pair[1]}/{pair[2]}") for pair in pairs if pair]


def exchange_2003(files: Mapping[str, str]) -> list[Span]:
    """A line a box of the dialog: address and mask."""
    (text,) = files.values()
    rows = [line.split()[2:4] for line in uncommented(text, "#")]
    return [span("/".join(row)) for row in rows]


def exchange_55(files: Mapping[str, str]) -> list[Span]:
    """A table of address, mask and action; no row rejects."""
    (text,) = files.values()
    rows = list(tables.reader(uncommented(text, "#")))
    assert rows[0] == ["address", "mask", "action"]
    assert {row[2] for row in rows[1:]} == {"Accept"}
    return [span(f"{row[0]}/{row[1]}") for row in rows[1:]]


def groupwise_firewall(files: Mapping[str, str]) -> list[Span]:
    """Rules in order: these are let in, then everybody is refused."""
    (text,) = files.values()
    *rules, last = uncommented(text, "#")
    assert last == "deny tcp from any to PUBLIC-ADDRESS port 25"
    found = [
        re.fullmatch(r"allow tcp from (\S+) to PUBLIC-ADDRESS port 25", rule) for rule in rules
    ]
    assert all(found)
    return [span(one[1]) for one in found if one]


def octets(pattern: str) -> list[Span]:
    """A pattern of four octets, as the spans it stands for."""
    spans = [(0, 0)]
    for part in pattern.split("."):
        low, high = (0, 255) if part == "*" else (int(part.split("-")[0]), int(part.split("-")[-1]))
        assert 0 <= low <= high <= 255
        if (low, high) == (0, 255):
            spans = [(first * 256, last * 256 + 255) for first, last in spans]
        else:
            spans = [
                (head * 256 + low, head * 256 + high)
                for first, last in spans
                for head in range(first, last + 1)
            ]
    assert pattern.count(".") == 3
    return [(4, first, last) for first, last in spans]


def opposite(spans: Iterable[Span]) -> list[Span]:
    """All of IPv4 but ``spans``, which must be disjoint."""
    free = 0
    found: list[Span] = []
    for _, first, last in sorted(spans):
        assert first >= free, "an address is in two of them"
        if first > free:
            found.append((4, free, first - 1))
        free = last + 1
    if free < 1 << 32:
        found.append((4, free, (1 << 32) - 1))
    return found


def groupwise_blocked(files: Mapping[str, str]) -> list[Span]:
    """Whoever fits a pattern is refused; an address fits one at most."""
    (text,) = files.values()
    return opposite(one for line in text.splitlines() for one in octets(line))


def groupwise_class(files: Mapping[str, str]) -> list[Span]:
    """The article's four kinds of exception; the hosts are those that are octets."""
    (text,) = files.values()
    lines = [line.removeprefix("[ ] ") for line in uncommented(text, "#")]
    assert lines[0] == "*@*.*"
    assert lines[-2:] == [
        "the host name of each, where a name stands beside its address",
        "Blank-Sender-User-ID",
    ]
    return [one for line in lines[1:-2] for one in octets(line)]


def smartermail(files: Mapping[str, str]) -> list[Span]:
    """Whoever is in a range is refused; ranges are sorted, apart, and begin at 0.0.0.0."""
    (text,) = files.values()
    rows = list(tables.reader(uncommented(text, "#")))
    assert rows[0] == ["first", "last", "protocol"]
    assert {row[2] for row in rows[1:]} == {"SMTP"}
    spans = [span(f"{row[0]}-{row[1]}") for row in rows[1:]]
    assert spans == sorted(spans)
    return opposite(spans)


def domino(files: Mapping[str, str]) -> list[Span]:
    """Brackets, or an entry would be a host name that reverse DNS decides."""
    (text,) = files.values()
    spans: list[Span] = []
    for line in text.splitlines():
        assert line[0] + line[-1] == "[]"
        spans += octets(line[1:-1])
    return spans


def plain_text(files: Mapping[str, str]) -> list[Span]:
    """One network a line, a hash begins a comment."""
    (text,) = files.values()
    return one_a_line(text)


def csv(files: Mapping[str, str]) -> list[Span]:
    """A table whose columns agree with each other."""
    (text,) = files.values()
    spans: list[Span] = []
    for row in tables.DictReader(io.StringIO(text)):
        network = ip_network(row["network"])
        assert (str(network[0]), str(network[-1])) == (row["first"], row["last"])
        assert row["length"] == str(network.prefixlen)
        assert None not in row
        spans.append(span(row["network"]))
    return spans


def json(files: Mapping[str, str]) -> list[Span]:
    """An object with networks."""
    (text,) = files.values()
    return [span(row["network"]) for row in objects.loads(text)["networks"]]


READERS = {
    "exchange-2003": exchange_2003,
    "iis-smtp": iis,
    "exchange": powershell,
    "exchange-55": exchange_55,
    "groupwise-firewall": groupwise_firewall,
    "groupwise-blocked": groupwise_blocked,
    "groupwise-class": groupwise_class,
    "smartermail": smartermail,
    "domino": domino,
    "exchange-online": powershell,
    "postfix": postfix,
    "exim": exim,
    "sendmail": sendmail,
    "opensmtpd": plain_text,
    "nftables": nftables,
    "ipset": ipset,
    "firewalld": firewalld,
    "pf": plain_text,
    "cisco-asa": cisco_asa,
    "paloalto-edl": paloalto,
    "fortigate-feed": plain_text,
    "fortigate": fortigate,
    "windows-firewall": powershell,
    "text": plain_text,
    "csv": csv,
    "json": json,
}
