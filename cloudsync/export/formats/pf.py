"""pf, of OpenBSD and FreeBSD: the file of a table, which pfctl takes over whole.

In such a file `!` would turn an entry round; none is ever written.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.reading import lines

PF: Final = Format(
    name="pf",
    title="pf (OpenBSD, FreeBSD)",
    fit=Fit(
        "ADDRESS or ADDRESS/LENGTH, one a line",
        most=200_000,
        because="the default table-entries limit of pf",
    ),
    sheets={
        "cloudsync-smtp.table": """
@head # {line}
@each {plain}{note}
"""
    },
    parse=lines(),
    place="/etc/pf.cloudsync",
    help=Help(
        apply=(
            'Once, in `/etc/pf.conf`: `table <cloudsync_smtp> persist file "/etc/pf.cloudsync"`, then `block return in quick on egress proto tcp from !<cloudsync_smtp> to any port smtp`, ahead of whatever lets port 25 in. Try it with `pfctl -nf /etc/pf.conf`, load it with `pfctl -f /etc/pf.conf`.',
            "Each time: write it with `--out /etc/pf.cloudsync`, then `pfctl -t cloudsync_smtp -T replace -f /etc/pf.cloudsync`, which takes the table over in one go.",
        ),
        verify=(
            "`pfctl -t cloudsync_smtp -T show > shown.txt`, then `cloudsync export pf --check shown.txt`.",
            "`pfctl -t cloudsync_smtp -T test ADDRESS` says whether one address matches.",
        ),
        undo=("Take the two lines out of `/etc/pf.conf`, then `pfctl -f /etc/pf.conf`.",),
        notes=(
            "`egress` is OpenBSD's group of outside interfaces; on FreeBSD name the interface. The rule is of both families, and of inbound connections alone.",
        ),
    ),
)
