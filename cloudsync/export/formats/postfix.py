"""Postfix: a table for postscreen, or for the clients of the service on port 25 alone.

The first line that matches decides (cidr_table(5)). A line that can't be read is skipped with a
warning while postmap ends with 0, and one that begins with a blank continues the line before it.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

PLACE: Final = "/etc/postfix/cloudsync.cidr"

POSTFIX: Final = Format(
    name="postfix",
    title="Postfix",
    fit=Fit("ADDRESS or ADDRESS/LENGTH, and what to do with it"),
    sheets={
        "cloudsync.cidr": """
@head # {line}
@each {plain} permit
0.0.0.0/0 reject
::/0 reject
"""
    },
    parse=lines(rf"{NETWORK}\s+permit\s*"),
    whole=True,
    local=True,
    place=PLACE,
    help=Help(
        apply=(
            "Once, with postscreen in front of smtpd: `postconf -e 'postscreen_access_list = permit_mynetworks, cidr:/etc/postfix/cloudsync.cidr' 'postscreen_denylist_action = enforce'` (before Postfix 3.6: `postscreen_blacklist_action`). Its default is `ignore`, and then the list has no effect.",
            "Or once, without postscreen: `postconf -P 'smtp/inet/smtpd_client_restrictions=permit_mynetworks,check_client_access,cidr:/etc/postfix/cloudsync.cidr,reject'`. It stands on the service `smtp` alone: as a setting of all services it would cut off the users on 465 and 587.",
            "Each time, as root: `cloudsync export postfix --apply` asks the table about every boundary before and after it is put in place, reloads Postfix, and goes back if an answer is wrong.",
            "By hand: `--out /etc/postfix/cloudsync.cidr`, then `postfix reload`. A table of the type `cidr` isn't compiled.",
        ),
        verify=(
            "`cloudsync export postfix --check`; `postmap -q ADDRESS cidr:/etc/postfix/cloudsync.cidr` says what becomes of one address.",
            "`postmap` and `postfix check` end with 0 where a line is bad: read what they write to stderr.",
        ),
        undo=(
            "Take the setting out again (`postconf -X postscreen_access_list postscreen_denylist_action`, or `postconf -PX smtp/inet/smtpd_client_restrictions`), then `postfix reload`.",
        ),
        notes=(
            "`permit_mynetworks` lets in the server itself and what `mynetworks` names: see that it names no more than that.",
            "Mail that the server sends out isn't touched.",
        ),
        advice=(
            "`postconf -e 'disable_vrfy_command = yes'` turns VRFY off.",
            "`smtpd_hard_error_limit` and `smtpd_error_sleep_time` slow down whoever guesses recipients.",
        ),
    ),
)
