"""Lotus Notes and Domino: the members of a group, to which the inbound-connection field points.

Addresses stand in brackets, without them an entry is a host name that reverse DNS decides. A group's
name has no dot (Domino 8.5 administrator help, "Restricting SMTP inbound routing"). No setting of
notes.ini holds the list.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import OCTETS, Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.reading import patterns_of

DOMINO: Final = Format(
    name="domino",
    title="Lotus Notes and Domino",
    fit=Fit(
        "an address, or whole octets of one, in brackets",
        ipv4=OCTETS,
        ipv6=(),
        most=1_500,
        because="a field of names holds 32 KB",
    ),
    sheets={"CloudsyncSMTP.txt": "@each [{octets}]"},
    parse=patterns_of(r"\s*\[(?P<pattern>[0-9*-]+(?:\.[0-9*-]+){3})\]\s*"),
    comment="\0",
    help=Help(
        apply=(
            "Once: make a group `CloudsyncSMTP` of the type Mail only in the Domino Directory. Paste the lines as its members and save: one save, so that no half list ever counts.",
            "Once, after that: Configuration Settings of the server, Router/SMTP, Restrictions and Controls, SMTP Inbound Controls, Allow connections only from the following SMTP internet hostnames/IP addresses: `CloudsyncSMTP`.",
            "`tell smtp update config` on the console, or `restart task smtp`, after each change.",
        ),
        verify=(
            "Copy the members of the group into a file, then `cloudsync export domino --check FILE`.",
            "From an address that isn't listed, port 25 refuses; a message through the filter arrives.",
        ),
        undo=("Empty the field, not the group; then `tell smtp update config`.",),
        notes=(
            "CERT advisory CA-2003-11 is the reason why the vendor asks this of Notes and Domino servers above all.",
            "An empty list is never written.",
            "The header stands beside it, in `FILE.about`: in the group it would be a member.",
        ),
        advice=(
            "SMTP Inbound Controls: verify that local domain recipients exist in the Domino Directory. Router/SMTP, Advanced, Commands and Extensions: VRFY command disabled.",
        ),
    ),
)
