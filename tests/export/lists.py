"""The lists that formats are tried with: of 2009, of today, long ones, with IPv6, with hostile names."""

from __future__ import annotations

import random
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce
from cloudsync.export.material import Material, material
from cloudsync.source import bundled

TODAY = (
    "5.152.184.128/25", "5.152.185.128/26", "5.152.188.0/24", "8.19.118.0/24", "8.31.233.0/24",
    "69.20.58.224/28", "69.25.26.128/26", "74.203.184.184/32", "74.203.184.185/32",
    "74.203.185.12/32", "199.30.235.11/32", "199.187.164.0/24", "199.187.165.0/24",
    "199.187.166.0/24", "199.187.167.0/24", "204.232.250.0/24",
)  # fmt: skip
"""The sixteen prefixes of the 2020s, siblings apart."""

RELAYS = (IPv4Network("10.20.0.0/16"), IPv4Network("192.0.2.25/32"))
RELAYS6 = (IPv6Network("2001:db8:1::/48"), IPv6Network("2001:db8:2::25/128"))

HOSTILE = (
    'a" ; reject #',
    "x\n0.0.0.0/0 permit",
    "y\r\nConnect:0 OK",
    "--> <entry>0.0.0.0/0</entry> <!--",
    "'); Remove-Item C:\\ -Recurse #",
    "`$(reboot)`",
    "*/ } elements = { 0.0.0.0/0 } /*",
    '=HYPERLINK("http://x")',
    "\u202e0.0.0.0/0",
    "$want = @('0.0.0.0')",
    "\\",
    "a, 0.0.0.0/0",
    "; 0.0.0.0/0",
    "next\nend\nconfig",
    "\x1b[2J",
)
"""Names that try to end their comment, their quotation or their line."""


def in_force(*networks: str | Network, names: tuple[str, ...] = ()) -> InForce:
    """A list in force with these entries; names go round."""
    entries = tuple(
        Entry(ip_network(str(one)), names[number % len(names)] if names else None)
        for number, one in enumerate(networks)
    )
    return InForce("list.txt", "cidr", entries)


def many(number: int, *, six: bool = False) -> InForce:
    """As many disjoint networks, of every length that one meets, from the same seed each time."""
    draw = random.Random(number)
    found: list[Network] = []
    base = int(IPv4Network("20.0.0.0/8").network_address)
    for at in range(number):
        length = draw.choice((24, 25, 28, 30, 32))
        if six and at % 2:
            found.append(IPv6Network(((0x2A00 << 112) + (at << 64), draw.choice((64, 96, 128)))))
        else:
            found.append(IPv4Network((base + at * 512, length)))
    return in_force(*found)


LISTS = {
    "2009": InForce(bundled.SOURCE, "article39", bundled.LISTING.entries),
    "today": in_force(*TODAY),
    "500": many(500),
    "5000": many(5_000),
    "today with IPv6": in_force(*TODAY, "2001:db8:ffff::/64", "2001:db8:fffe::1/128"),
    "500 with IPv6": many(500, six=True),
    "5000 with IPv6": many(5_000, six=True),
    "hostile": in_force(*TODAY, names=HOSTILE),
}


@cache
def made(name: str, relays: tuple[Network, ...] = RELAYS) -> Material:
    """One of the lists with its relays, as formats take it."""
    six = RELAYS6 if "IPv6" in name else ()
    return material(LISTS[name], (*relays, *six), (), "none")
