"""FortiGate: a feed that it fetches, or address objects and a group that takes them over whole.

A feed is an address, range or subnet a line (FortiOS, "IP address threat feed"); nothing is said of
comments, so none is written. A group's members are replaced as a whole by `set member`; an object
in use can't be deleted, so the old ones go last.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.errors import UsageError
from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.notation import read
from cloudsync.export.reading import lines, tried

FEED: Final = Format(
    name="fortigate-feed",
    title="FortiGate threat feed",
    fit=Fit(
        "ADDRESS or ADDRESS/LENGTH, one a line",
        most=131_072,
        because="FortiOS before 7.4.4 reads no more of a feed; later ones differ by model",
    ),
    sheets={"cloudsync-smtp.txt": "@each {plain}"},
    parse=lines(),
    comment="\0",
    help=Help(
        apply=(
            "Write it with `--out` into the folder of a web server that the FortiGate reaches; it is replaced in one go.",
            'Once: `config system external-resource`, `edit "cloudsync-smtp"`, `set type address`, `set resource "https://…"`, `set refresh-rate 15`, `end`; then a policy that accepts SMTP to the mail server from the feed, and behind it one that denies SMTP to it from all.',
        ),
        verify=(
            "`cloudsync export fortigate-feed --check FILE`; in the FortiGate, View Entries shows what was read, and lines it didn't understand.",
        ),
        undo=("Put the former policy back in front, and delete the two.",),
        notes=(
            "If the web server can't be reached, the last copy goes on.",
            "As a source of a local-in policy a feed needs FortiOS 7.2.4 or 7.4.0; of a firewall policy, 6.2.",
            "The header stands beside it, in `FILE.about`.",
        ),
    ),
)


def _name(network: Network) -> str:
    # A colon in a name is taken by FortiOS, and a slash isn't.
    return f"cloudsync-{network.network_address}-{network.prefixlen}"


def _objects(networks: list[Network]) -> list[str]:
    text: list[str] = []
    for version, kind in ((4, "address"), (6, "address6")):
        mine = [one for one in networks if one.version == version]
        if not mine:
            continue
        text.append(f"config firewall {kind}")
        for one in mine:
            value = f"subnet {one.network_address} {one.netmask}" if version == 4 else f"ip6 {one}"
            text += [f'    edit "{_name(one)}"', f"        set {value}", "    next"]
        text.append("end")
    return text


def _groups(made: Material) -> list[str]:
    text: list[str] = []
    for version, kind in ((4, "addrgrp"), (6, "addrgrp6")):
        names = [f'"{_name(row.network)}"' for row in made.rows if row.network.version == version]
        if names:
            text += [
                f"config firewall {kind}",
                '    edit "cloudsync-smtp"',
                f"        set member {' '.join(names)}",
                "    next",
                "end",
            ]
    return text


def _render(_sheet: str, made: Material) -> str:
    head = [f"# {line}" for line in made.header]
    lines_ = [*head, *_objects([row.network for row in made.rows]), *_groups(made)]
    return "".join(f"{line}\n" for line in lines_)


_EDIT: Final = re.compile(r'\s*edit "?(cloudsync-[^"]+)"?\s*')
_VALUE: Final = re.compile(r"\s*set (?:subnet ([0-9.]+) ([0-9.]+)|ip6 (\S+))\s*")
_MEMBER: Final = re.compile(r"\s*set member (.+)")


def parse(text: str) -> AddressSet:
    """Who is a member of the group, in the artifact or in what `show firewall` prints."""
    objects: dict[str, AddressSet] = {}
    members: list[tuple[int, str]] = []
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if edit := _EDIT.fullmatch(line):
            current = edit[1]
        elif value := _VALUE.fullmatch(line):
            spelt = value[3] or f"{value[1]}/{value[2]}"
            objects[current] = tried(number, spelt, read)
        elif current == "cloudsync-smtp" and (member := _MEMBER.fullmatch(line)):
            members += [(number, name) for name in re.findall(r'"([^"]+)"', member[1])]
    unknown = [(number, name) for number, name in members if name not in objects]
    if unknown:
        number, name = unknown[0]
        raise UsageError(
            f"line {number}",
            f"the group has a member {name!r} whose address isn't printed here",
            todo="Print the addresses too: show firewall address, show firewall address6.",
        )
    return AddressSet.union(objects[name] for _, name in members)


def change(made: Material, found: str) -> str:
    """The commands from what is printed to the new group; objects that nobody uses go last."""
    mine = {_name(row.network) for row in made.rows}
    stale = sorted({one[1] for line in found.splitlines() if (one := _EDIT.fullmatch(line))} - mine)
    text = [*_objects([row.network for row in made.rows]), *_groups(made)]
    for six in (False, True):
        gone = [one for one in stale if (":" in one) is six and one != "cloudsync-smtp"]
        if gone:
            kind = "address6" if six else "address"
            text += [f"config firewall {kind}", *(f'    delete "{one}"' for one in gone), "end"]
    return "".join(f"{line}\n" for line in text)


GROUP: Final = Format(
    name="fortigate",
    title="FortiGate address group",
    fit=Fit(
        "an address object a network, IPv4 with its mask",
        most=300,
        because="models differ in what a group takes; more belong in the feed",
    ),
    sheets={"cloudsync-smtp.conf": ""},
    parse=parse,
    change=change,
    render=_render,
    help=Help(
        apply=(
            "Paste it, or load it as a script. Objects are made first; then the group takes its members over in one go.",
            "Once: a policy that accepts SMTP to the mail server from `cloudsync-smtp`, and behind it one that denies SMTP to it from all; the same for IPv6 where the mail server has it.",
            "`cloudsync export fortigate --diff FILE` adds the deletion of objects that are no longer used, last, since one in use can't be deleted.",
        ),
        verify=(
            "Save what `show firewall address`, `show firewall address6`, `show firewall addrgrp cloudsync-smtp` and `show firewall addrgrp6 cloudsync-smtp` print, then `cloudsync export fortigate --check FILE`.",
        ),
        undo=(
            "Put the former policy back in front, and delete the two; then the group, then the objects.",
        ),
        notes=("More networks than a group takes: use the feed.",),
    ),
)
