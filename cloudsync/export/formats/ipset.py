"""ipset with iptables: two sets that are swapped whole, and a chain that asks them.

Checked with ipset 7.17 and iptables 1.8.9: `ipset restore` isn't a transaction, and a flush followed
by a bad line leaves the live set empty, which stops all mail. So a set of another name is filled
first, and swapped in. Declaring the chain anew flushes that chain alone.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

SETS: Final = ("cloudsync_smtp4", "cloudsync_smtp6")
CHAIN: Final = "CLOUDSYNC_SMTP"
IPSET: Final = "cloudsync-smtp.ipset"
RULES4: Final = "cloudsync-smtp.iptables"
RULES6: Final = "cloudsync-smtp.ip6tables"

_SETS: Final = """
@head # {line}
create cloudsync_smtp4 hash:net family inet maxelem 131072 -exist
create cloudsync_smtp6 hash:net family inet6 maxelem 131072 -exist
create cloudsync_smtp4.new hash:net family inet maxelem 131072 -exist
create cloudsync_smtp6.new hash:net family inet6 maxelem 131072 -exist
flush cloudsync_smtp4.new
flush cloudsync_smtp6.new
@each4 add cloudsync_smtp4.new {plain}
@each6 add cloudsync_smtp6.new {plain}
swap cloudsync_smtp4 cloudsync_smtp4.new
swap cloudsync_smtp6 cloudsync_smtp6.new
destroy cloudsync_smtp4.new
destroy cloudsync_smtp6.new
"""
_RULES: Final = """
@head # {line}
*filter
:CLOUDSYNC_SMTP - [0:0]
-A CLOUDSYNC_SMTP -i lo -j RETURN
-A CLOUDSYNC_SMTP -p tcp -m tcp --dport 25 -m set --match-set cloudsync_smtp{family} src -j ACCEPT
-A CLOUDSYNC_SMTP -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset
COMMIT
"""

IPTABLES: Final = Format(
    name="ipset",
    title="ipset with iptables",
    fit=Fit(
        "ADDRESS or ADDRESS/LENGTH, a set for each family",
        most=131_072,
        because="the size that the sets are made with",
    ),
    sheets={
        IPSET: _SETS,
        RULES4: _RULES.replace("{family}", "4"),
        RULES6: _RULES.replace("{family}", "6"),
    },
    parse=lines(rf"add cloudsync_smtp[46](?:\.new)? {NETWORK}(?: .*)?"),
    whole=True,
    local=True,
    place="/etc/cloudsync",
    help=Help(
        apply=(
            "On the server, as root: `cloudsync export ipset --apply` fills new sets, swaps them in, sets the chain for both families and the jump to it, reads back, and goes back if that differs.",
            "By hand: write the three files with `--out /etc/cloudsync`, then `ipset restore -exist < cloudsync-smtp.ipset`, `iptables-restore --noflush < cloudsync-smtp.iptables`, `ip6tables-restore --noflush < cloudsync-smtp.ip6tables`.",
            "The jump is a rule of its own, and stands once: `iptables -C INPUT -p tcp --dport 25 -j CLOUDSYNC_SMTP || iptables -I INPUT -p tcp --dport 25 -j CLOUDSYNC_SMTP`; the same with `ip6tables`.",
            "So that they outlive a restart, have both files loaded before the network comes up, sets first.",
        ),
        verify=(
            "`cloudsync export ipset --check` reads sets, chains and jumps back; `ipset list` and `iptables -S` show them.",
            "From an address that isn't listed, port 25 refuses; a message through the filter arrives.",
        ),
        undo=(
            "`iptables -D INPUT -p tcp --dport 25 -j CLOUDSYNC_SMTP`, then `iptables -F CLOUDSYNC_SMTP` and `iptables -X CLOUDSYNC_SMTP`; the same with `ip6tables`; then `ipset destroy cloudsync_smtp4` and `ipset destroy cloudsync_smtp6`.",
        ),
        notes=(
            "An empty IPv6 set closes port 25 for IPv6, which iptables alone would leave open.",
            "Connections that the server itself opens aren't touched, and neither are 465 and 587.",
        ),
    ),
)
