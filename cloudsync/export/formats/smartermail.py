"""SmarterMail: a blacklist of everybody else, as ranges from 0.0.0.0 on.

The vendor's example begins at 1.1.1.1 and so leaves 16,843,009 addresses open. New ranges are added
before old ones are taken away: in between only whoever is in both lists gets in, so it never opens.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.notation import blocked
from cloudsync.export.reading import all_but, lines

_ROW: Final = re.compile(r"([0-9.]+),([0-9.]+),SMTP")


def change(made: Material, found: str) -> str:
    """What to add and then to take away, a range a line, in the order that never opens."""
    there = [(row[1], row[2]) for line in found.splitlines() if (row := _ROW.fullmatch(line))]
    wanted = [(str(first), str(last)) for first, last in blocked(made.allowed)]
    text = [f"add {a} - {b}" for a, b in wanted if (a, b) not in there]
    text += [f"then remove {a} - {b}" for a, b in there if (a, b) not in wanted]
    return "".join(f"{line}\n" for line in text) or "no difference\n"


SMARTERMAIL: Final = Format(
    name="smartermail",
    title="SmarterMail 3 and newer",
    fit=Fit(
        "ranges of everybody else, FIRST and LAST",
        ipv6=(),
        most=499,
        because="a person types the 500 ranges around them",
    ),
    sheets={
        "cloudsync-smartermail.csv": """
@head # {line}
# Add every range first, for SMTP alone; only then remove old ones.
first,last,protocol
@blocked {first},{last},SMTP
"""
    },
    parse=all_but(lines(r"(?P<first>[0-9.]+),(?P<last>[0-9.]+),SMTP")),
    change=change,
    help=Help(
        apply=(
            "First let your users keep sending. As the system administrator: Settings, Protocol Settings, SMTP In, Submission IP:Port on an address of the server with port 587.",
            "If 587 can't be used and it must be 25, take another address of the server for it, and make an A record for that one, such as smtp.example.com. The submission port goes before the blacklist, so the blacklist doesn't stop your users there.",
            "Never take the address and port that the MX leads to: from then on all inbound mail would need a login, and would stop. Say `listen:` and `submission:` in the configuration, and the export refuses that.",
            "Then Security, Blacklist: add each range, for SMTP alone. POP, IMAP and webmail stay as they are.",
            "Later: `cloudsync export smartermail --diff FILE` says what to add and then to remove, FILE being what was installed last. In that order it never opens.",
            "Nothing is restarted.",
        ),
        verify=(
            "`cloudsync export smartermail --check FILE`, with the ranges of the blacklist, a line each (`FIRST,LAST,SMTP`).",
            "From an address that isn't listed, port 25 refuses; a message through the filter arrives.",
        ),
        undo=("Remove the ranges from the blacklist; the submission port may stay.",),
        notes=(
            "The blacklist speaks of IPv4: see that the server has no AAAA record and listens on no IPv6 address.",
            "It warns of ranges wider than /24; these are meant to be.",
            "If the page doesn't take 0.0.0.0, begin at 1.0.0.0, and never at 1.1.1.1: from 1.0.0.0 to 1.1.1.0 there are 65,793 addresses in use.",
        ),
        advice=(
            "Under Security, Abuse Detection, add a rule for harvesting: so many unknown recipients in so many minutes block an address. Where the version has a switch for VRFY or EXPN, leave it off.",
        ),
    ),
)
