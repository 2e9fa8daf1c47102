"""GroupWise: the Internet Agent (GWIA) knows octet patterns, and has two lists and a better way.

The vendor's article calls the firewall in front the better solution, so it comes first everywhere.
`blocked.txt` is the Prevent list of the default class of service: hand-editable, without comments,
without a limit (GroupWise 6.5 administration guide). `gwac.db` is a database, and not ours to write.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import OCTETS, Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import all_but, lines, patterns_of

_FIRST: Final = "The firewall in front is the better way (`cloudsync export groupwise-firewall`): there nobody else can even connect."
_RESTART: Final = "Exit the GWIA and start it again."

FIREWALL: Final = Format(
    name="groupwise-firewall",
    title="GroupWise, by the firewall in front (the better way)",
    fit=Fit(
        "ADDRESS/LENGTH, a filter rule a line", ipv6=(), most=500, because="a person types them"
    ),
    sheets={
        "cloudsync-groupwise-firewall.txt": """
@head # {line}
#
# 1. GWIA, Access Control, default class of service: SMTP Incoming allows incoming messages.
# 2. The GWIA gets a private address; the firewall translates its public address to that one.
# 3. Filter rules on the firewall for the public address, in this order:
@each allow tcp from {cidr} to PUBLIC-ADDRESS port 25{note}
deny tcp from any to PUBLIC-ADDRESS port 25
"""
    },
    parse=lines(rf"allow tcp from {NETWORK} to PUBLIC-ADDRESS port 25(?: .*)?"),
    help=Help(
        apply=(
            "Turn on incoming messages for SMTP Incoming, in the default class of service of the GWIA's Access Control.",
            "Put the GWIA behind the firewall with a private address, and translate a public address to it, keeping the senders' addresses.",
            "Let in port 25 of that public address from these networks alone. Where the firewall has a format of its own here, use that one for the list.",
            _RESTART,
        ),
        verify=(
            "`cloudsync export groupwise-firewall --check FILE` compares these lines; for the firewall itself use its own format.",
            "From an address that isn't listed, port 25 answers no more; a message through the filter arrives.",
        ),
        undo=("Take the filter rules out again.",),
        notes=(
            "Mail that the GWIA sends out leaves through the same translation, and needs no rule of these.",
        ),
    ),
)

BLOCKED: Final = Format(
    name="groupwise-blocked",
    title="GroupWise, blocked.txt",
    fit=Fit(
        "patterns of four octets for everybody else: a number, FROM-TO, or an asterisk",
        ipv6=(),
    ),
    sheets={"blocked.txt": "@pattern {pattern}"},
    parse=all_but(patterns_of(r"(?P<pattern>[0-9*-]+(?:\.[0-9*-]+){3})\s*")),
    comment="\0",
    help=Help(
        apply=(
            _FIRST,
            "Write it with `--out` as `blocked.txt` into the GWIA's folder, with the GWIA stopped. Keep what stands there already: put your own lines behind these.",
            _RESTART,
        ),
        verify=(
            "`cloudsync export groupwise-blocked --check blocked.txt`.",
            "From an address that isn't listed, a message is refused; one through the filter arrives.",
        ),
        undo=("Put the former `blocked.txt` back, and restart the GWIA.",),
        notes=(
            "Every IPv4 address that isn't listed is in exactly one pattern, and no listed one is in any.",
            "The header stands beside it, in `FILE.about`, since nothing is said of comments in this file.",
        ),
    ),
)

CLASS: Final = Format(
    name="groupwise-class",
    title="GroupWise, class of service",
    fit=Fit(
        "an address, or a pattern of whole octets",
        ipv4=OCTETS,
        ipv6=(),
        most=500,
        because="a person types them",
    ),
    sheets={
        "cloudsync-groupwise-class.txt": """
@head # {line}
#
# ConsoleOne: the GWIA, Access Control, Settings: a new class of service with SMTP Incoming set to
# prevent incoming messages, and these exceptions under Allow Messages From:
[ ] *@*.*
@each [ ] {octets}{note}
[ ] the host name of each, where a name stands beside its address
[ ] Blank-Sender-User-ID
# Then exit the GWIA and start it again. *@*.* is a pattern of senders, not of hosts: send a message
# from a host that isn't listed, and see that it is refused.
"""
    },
    parse=patterns_of(r"\[.\] (?P<pattern>[0-9*-]+(?:\.[0-9*-]+){3})(?: .*)?"),
    help=Help(
        apply=(
            _FIRST,
            "In the Access Control of the GWIA make a class of service that prevents incoming messages, and give it four kinds of exception: `*@*.*`, the address of each host, its DNS host name, and `Blank-Sender-User-ID`, without which bounces are lost.",
            _RESTART,
        ),
        verify=(
            "Tick each line in the file, then `cloudsync export groupwise-class --check FILE`.",
            "Send a message from a host that isn't listed: `*@*.*` is a pattern of senders, and it is documented nowhere whether it lets one in beside the hosts. If it does, use blocked.txt or the firewall.",
        ),
        undo=("Delete the class of service, and restart the GWIA.",),
        notes=("The database that holds it (`gwac.db`) isn't written by anything but GroupWise.",),
    ),
)
