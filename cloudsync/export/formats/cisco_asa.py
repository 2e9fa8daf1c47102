"""Cisco ASA: an object group, and what changes it without ever emptying it.

A group in use can't be removed or emptied, so what is new is added before what is old goes (CLI
Book 2, "Objects for Access Control"). A change within `configure session` counts at its commit.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.addresses import AddressSet, Network
from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.notation import single
from cloudsync.export.reading import lines

_START: Final = r"object-group network CLOUDSYNC-SMTP\s*"
_END: Final = r"(?! )\S.*"

parse: Final = lines(
    r"\s+network-object (?:host (?P<network>\S+)|(?P<first>[0-9.]+) (?P<mask>[0-9.]+))\s*",
    start=_START,
    end=_END,
)
_PARSE6: Final = lines(
    r"\s+network-object (?P<network>[0-9A-Fa-f:]+/\d+)\s*", start=_START, end=_END
)


def _read(text: str) -> AddressSet:
    return parse(text) | _PARSE6(text)


def member(network: Network) -> str:
    """The line of one network in the group."""
    if single(network):
        return f"network-object host {network.network_address}"
    if network.version == 6:
        return f"network-object {network}"
    return f"network-object {network.network_address} {network.netmask}"


def change(made: Material, found: str) -> str:
    """The commands from the printed group to the new one: what is new first, then what is old."""
    there = _members(found)
    wanted = [member(row.network) for row in made.rows]
    commands = [f" {line}" for line in wanted if line not in there]
    commands += [f" no {line}" for line in sorted(there - set(wanted))]
    if not commands:
        return "! no difference\n"
    return "\n".join(["object-group network CLOUDSYNC-SMTP", *commands]) + "\n"


def _members(found: str) -> set[str]:
    """The member lines of the group, out of whatever else was printed with it."""
    members: set[str] = set()
    inside = False
    for line in found.splitlines():
        if not line.startswith(" "):
            inside = bool(re.fullmatch(_START, line))
        elif inside and re.fullmatch(r" network-object [0-9A-Fa-f:./host ]+", line.rstrip()):
            members.add(line.strip())
    return members


def render(sheet: str, made: Material) -> str:
    """The group as `show running-config` prints it."""
    head = "".join(f"! {line}\n" for line in made.header)
    body = "".join(f" {member(row.network)}\n" for row in made.rows)
    return f"{head}{sheet}\n{body}"


CISCO_ASA: Final = Format(
    name="cisco-asa",
    title="Cisco ASA object group",
    fit=Fit("host ADDRESS, ADDRESS MASK, IPv6 ADDRESS/LENGTH"),
    sheets={"cloudsync-smtp.asa": "object-group network CLOUDSYNC-SMTP"},
    parse=_read,
    comment="!",
    change=change,
    render=render,
    help=Help(
        apply=(
            "The first time: paste it in configuration mode, then use the group: `access-list outside_in extended permit tcp object-group CLOUDSYNC-SMTP host MAILSERVER eq smtp`, and behind it `access-list outside_in extended deny tcp any host MAILSERVER eq smtp`.",
            "Each time after: `show running-config object-group id CLOUDSYNC-SMTP`, save what it prints, and paste what `cloudsync export cisco-asa --diff FILE` makes of it: what is new first, then what is old. An artifact alone only ever adds.",
            "Within `configure session` and `commit` the change is compiled before it counts; an object made in a session can't be changed in it.",
        ),
        verify=(
            "Save what `show running-config object-group id CLOUDSYNC-SMTP` prints, then `cloudsync export cisco-asa --check FILE`.",
            "`packet-tracer input outside tcp ADDRESS 1024 MAILSERVER 25` says what becomes of one address.",
        ),
        undo=(
            "Put the former rule for port 25 in front, then `no` the two lines; the group may stay.",
        ),
        notes=(
            "Outbound rules are another access list: mail from the server to outside isn't touched.",
            "`inspect esmtp` on the way turns VRFY and EXPN into nothing; see that it doesn't break STARTTLS.",
        ),
    ),
)
