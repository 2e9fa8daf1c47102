"""nftables: one table of its own with two sets, replaced whole in one transaction.

Checked with nft 1.0.6: `nft -c` resolves a host name and cuts host bits off without a word, so only
spelt addresses without host bits are written. `elements = { }` is a syntax error, hence no line for
an empty family. `auto-merge` would hide an overlap of ours. The table's last rule closes IPv6 too,
which a table of the family `ip` would leave open.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import read
from cloudsync.export.reading import tried

TABLE: Final = "cloudsync_smtp"

_SHEET: Final = """
@head # {line}
table inet cloudsync_smtp {
}
delete table inet cloudsync_smtp
table inet cloudsync_smtp {
    set filter4 {
        type ipv4_addr
        flags interval
@some4         elements = {
@each4             {plain},{note}
@some4         }
    }
    set filter6 {
        type ipv6_addr
        flags interval
@some6         elements = {
@each6             {plain},{note}
@some6         }
    }
    chain input {
        type filter hook input priority filter - 5; policy accept;
        iifname "lo" accept
        tcp dport 25 ip saddr @filter4 counter accept
        tcp dport 25 ip6 saddr @filter6 counter accept
        tcp dport 25 counter reject with tcp reset
    }
}
"""

_SET: Final = re.compile(
    r"set filter[46] \{(?P<inside>.*?)\n\s*\}\n?\s*(?=set |chain |\})", re.DOTALL
)
_ELEMENTS: Final = re.compile(r"elements = \{(?P<all>[^}]*)\}")


def parse(text: str) -> AddressSet:
    """Who stands in the two sets, in the file or in what `nft list table` prints."""
    bare = re.sub(r"#.*", "", text)
    found: list[AddressSet] = []
    for one in _ELEMENTS.finditer(bare):
        number = bare.count("\n", 0, one.start()) + 1
        items = one["all"].replace("\n", " ").split(",")
        found += [tried(number, item.strip(), read) for item in items if item.strip()]
    return AddressSet.union(found)


NFTABLES: Final = Format(
    name="nftables",
    title="nftables",
    fit=Fit("ADDRESS or ADDRESS/LENGTH, a set for each family"),
    sheets={"cloudsync-smtp.nft": _SHEET},
    parse=parse,
    whole=True,
    local=True,
    place="/etc/nftables.d/cloudsync-smtp.nft",
    help=Help(
        apply=(
            "On the server, as root: `cloudsync export nftables --apply` checks, loads in one transaction, reads back, and goes back if that differs.",
            "By hand: write it with `--out /etc/nftables.d/cloudsync-smtp.nft`, try it with `nft -c -f FILE`, load it with `nft -f FILE`.",
            'So that it outlives a restart, add `include "/etc/nftables.d/*.nft"` to `/etc/nftables.conf` and enable the service `nftables`.',
        ),
        verify=(
            "`cloudsync export nftables --check` reads the kernel's sets and rules back; `nft list table inet cloudsync_smtp` shows them with their counters.",
            "From an address that isn't listed, port 25 refuses; a message through the filter arrives.",
        ),
        undo=("`nft delete table inet cloudsync_smtp`, and delete the file.",),
        notes=(
            "It is a table of its own, hooked before the others. Accepting here only means going on to them: a table that drops port 25 still drops it.",
            "Connections that the server itself opens, to whatever port 25, aren't touched, and neither are 465 and 587.",
            "Docker and other forwarding go past the input hook: a mail server in a container needs the list on its host's forward hook, or in front.",
        ),
    ),
)
