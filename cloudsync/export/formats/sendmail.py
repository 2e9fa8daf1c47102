"""Sendmail: lines for the access table, in which the longest part of an address that stands decides.

The table knows whole octets alone, and has no default for those who don't stand in it: each first
octet is refused by a line of its own, and IPv6 as a whole (cf/README, "ACCESS DATABASE"). A zero
inside an IPv6 address may be left out when it is looked up, so a network can't be spelt there
safely, and none is.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.export.fit import OCTETS, Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.notation import read, stem
from cloudsync.export.reading import tried
from cloudsync.export.sheet import filled


def parse(text: str) -> AddressSet:
    """Who is let in: the lines before the first that refuses; those behind it let in the server."""
    found: list[AddressSet] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("Connect:") and line.endswith("REJECT"):
            break
        if entry := re.fullmatch(r"Connect:(\d+(?:\.\d+){0,3})\s+OK\s*", line):
            octets = entry[1].split(".")
            spelt = f"{'.'.join([*octets, *['0'] * (4 - len(octets))])}/{8 * len(octets)}"
            found.append(tried(number, spelt, read))
    return AddressSet.union(found)


def render(sheet: str, made: Material) -> str:
    """The lines that let in, those that refuse every other first octet, and the server itself."""
    taken = {stem(row.network) for row in made.rows}
    refused = "\n".join(f"Connect:{n}\tREJECT" for n in range(256) if str(n) not in taken)
    local = "" if "127.0.0.1" in made.allowed else "Connect:127.0.0.1\tOK"
    return filled(sheet.replace("REFUSED", refused).replace("LOCAL", local), made)


SENDMAIL: Final = Format(
    name="sendmail",
    title="Sendmail",
    fit=Fit(
        "one to four octets of an address",
        ipv4=OCTETS,
        ipv6=(),
        most=65_536,
        because="a network between two octets becomes many lines",
    ),
    sheets={
        "cloudsync.access": """
@head # {line}
@each Connect:{stem}\tOK
REFUSED
Connect:IPv6\tREJECT
Connect:IPv6:::1\tOK
LOCAL
"""
    },
    parse=parse,
    render=render,
    whole=True,
    place="/etc/mail/cloudsync.access",
    help=Help(
        apply=(
            "Once, in `sendmail.mc`: ``FEATURE(`access_db')`` and ``FEATURE(`delay_checks')``, then make `sendmail.cf` and restart. With `delay_checks`, whoever has logged in (on 465 and 587) isn't asked for their address.",
            "Each time: write it with `--out /etc/mail/cloudsync.access`, take your own lines and these together (`cat access.own cloudsync.access > access`), and `makemap hash /etc/mail/access < /etc/mail/access`. Nothing is restarted.",
        ),
        verify=(
            "`cloudsync export sendmail --check /etc/mail/cloudsync.access`.",
            "`echo '/map access Connect:69.20.58.226' | sendmail -bt` says what stands there. `makemap` takes an octet of 326 without a word.",
        ),
        undo=("Make the table again without these lines.",),
        notes=(
            "No line says RELAY: whoever may connect may not relay for that.",
            "IPv6 is refused as a whole. A list with IPv6 networks belongs on a firewall.",
        ),
        advice=(
            "``define(`confPRIVACY_FLAGS', `authwarnings,novrfy,noexpn,restrictqrun')`` turns VRFY and EXPN off.",
            "`confBAD_RCPT_THROTTLE` slows down whoever guesses recipients.",
        ),
    ),
)
