"""Exim: a file for a host list, asked when somebody connects.

Exim checks nothing in such a file: an octet of 326 is ignored, host bits are cut off. A key with
colons needs quotes (specification, single-key lookups, iplsearch).
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.reading import lines

EXIM: Final = Format(
    name="exim",
    title="Exim",
    fit=Fit("ADDRESS or ADDRESS/LENGTH, one a line, IPv6 in quotes"),
    sheets={
        "cloudsync.hosts": """
@head # {line}
@each4 {plain}
@each6 "{plain}"
"""
    },
    parse=lines(),
    place="/etc/exim4/cloudsync.hosts",
    help=Help(
        apply=(
            "Once, in the main part: `hostlist cloudsync_filter = net-iplsearch;/etc/exim4/cloudsync.hosts` and `acl_smtp_connect = acl_cloudsync`.",
            "Once, in the ACL part: `acl_cloudsync:`, `accept condition = ${if !={$received_port}{25}}`, `accept hosts = : 127.0.0.1 : ::::1`, `accept hosts = +cloudsync_filter`, `drop message = only the mail filter delivers here`. Where there is an `acl_smtp_connect` already, put the last three at its end.",
            "Each time: write it with `--out /etc/exim4/cloudsync.hosts`. It is read anew at each connection; nothing is restarted. After a change of the configuration itself, restart Exim.",
        ),
        verify=(
            "`cloudsync export exim --check /etc/exim4/cloudsync.hosts`.",
            "`exim4 -oMi SERVER.25 -bh ADDRESS` plays a connection from an address to port 25 of the server: with a listed one it greets with 220, with another it says 550. `exim4 -bV` checks the options alone, and not this file.",
        ),
        undo=("Take `acl_smtp_connect` out again and restart Exim.",),
        notes=(
            "The condition on the port leaves 465 and 587 alone. Mail that the server sends out isn't touched.",
        ),
        advice=(
            "Without `acl_smtp_vrfy` and `acl_smtp_expn`, Exim answers neither VRFY nor EXPN: leave them out.",
            "`smtp_max_unknown_commands` and a `delay` in `acl_smtp_rcpt` slow down whoever guesses recipients.",
        ),
    ),
)
