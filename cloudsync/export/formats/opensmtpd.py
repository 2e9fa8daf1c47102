"""OpenSMTPD: the file of a table that `match from src` asks.

`smtpd -n` checks the configuration and not the table's lines. It refuses at RCPT, not at connection.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.reading import lines

OPENSMTPD: Final = Format(
    name="opensmtpd",
    title="OpenSMTPD",
    fit=Fit("ADDRESS or ADDRESS/LENGTH, one a line"),
    sheets={
        "cloudsync": """
@head # {line}
@each {plain}
"""
    },
    parse=lines(),
    place="/etc/mail/cloudsync",
    help=Help(
        apply=(
            'Once, in `smtpd.conf`: `table csfilter file:/etc/mail/cloudsync`, and in each rule for mail from outside `match from src <csfilter> for domain "example.com" action "local_mail"` in place of `match from any …`. Try it with `smtpd -n`.',
            "Each time: write it with `--out /etc/mail/cloudsync`, then `smtpctl update table csfilter`.",
        ),
        verify=(
            "`cloudsync export opensmtpd --check /etc/mail/cloudsync`. `smtpd -n` doesn't look into the table.",
            "From an address that isn't listed, RCPT is refused with 550; a message through the filter arrives.",
        ),
        undo=("Put `match from any` back and restart smtpd.",),
        notes=(
            "`filter` and `local` are words of the configuration: a table can't be called so without quotes.",
            "Rules of your own users (`match auth from any`, on 587) stay as they are.",
        ),
        advice=(
            "OpenSMTPD doesn't answer VRFY or EXPN.",
            "`limit session max-rcpt` bounds how many recipients can be tried at once.",
        ),
    ),
)
