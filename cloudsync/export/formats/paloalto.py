"""Palo Alto: an external dynamic list of addresses.

A line is ADDRESS, ADDRESS/LENGTH or FIRST-LAST, a blank, and a comment; a comment can't stand on a
line of its own, so the header stands behind the first entry (PAN-OS, "Formatting Guidelines for an
External Dynamic List").
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.material import Material
from cloudsync.export.reading import lines


def _render(_sheet: str, made: Material) -> str:
    about = "; ".join(made.header)
    text: list[str] = []
    for number, row in enumerate(made.rows):
        label = "; ".join(part for part in (row.label, "" if number else about) if part)
        text.append(f"{row.network} {label}".rstrip())
    return "".join(f"{line}\n" for line in text)


PALOALTO: Final = Format(
    name="paloalto-edl",
    title="Palo Alto external dynamic list",
    fit=Fit(
        "ADDRESS/LENGTH, one a line",
        most=50_000,
        because="the smallest models' total of listed addresses",
    ),
    sheets={"cloudsync-smtp.txt": ""},
    parse=lines(),
    comment="\0",
    render=_render,
    help=Help(
        apply=(
            "Write it with `--out` into the folder of a web server that the firewall reaches; the file is replaced in one go, so that half a list is never fetched. A list that can't be made isn't written, and the former one stays.",
            "Once: Objects, External Dynamic Lists, type IP List, with that address; then a security rule that allows `smtp` to the mail server from the list, and behind it one that denies `smtp` to it from any.",
            "`request system external-list refresh type ip name NAME` fetches at once.",
        ),
        verify=(
            "`cloudsync export paloalto-edl --check FILE`, or with what `request system external-list show type ip name NAME` prints.",
            "`test security-policy-match protocol 6 source ADDRESS destination MAILSERVER destination-port 25` says what becomes of one address.",
        ),
        undo=("Take the two rules out and commit.",),
        notes=(
            "If the web server is down, the last list goes on. If it asks for a login that fails, the firewall stops enforcing the rule: serve the list without a login, to the firewall alone.",
            "By default the rule is of inbound sessions: mail from the server to outside isn't touched.",
        ),
    ),
)
