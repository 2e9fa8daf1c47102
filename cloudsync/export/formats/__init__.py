"""Every format there is, in the order of the documents: the vendor's own first; none does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cloudsync.export.format import Format
from cloudsync.export.formats.cisco_asa import CISCO_ASA
from cloudsync.export.formats.domino import DOMINO
from cloudsync.export.formats.exchange import EXCHANGE
from cloudsync.export.formats.exchange_2003 import EXCHANGE_55, EXCHANGE_2003, IIS_SMTP
from cloudsync.export.formats.exchange_online import EXCHANGE_ONLINE
from cloudsync.export.formats.exim import EXIM
from cloudsync.export.formats.firewalld import FIREWALLD
from cloudsync.export.formats.fortigate import FEED, GROUP
from cloudsync.export.formats.groupwise import BLOCKED, CLASS, FIREWALL
from cloudsync.export.formats.ipset import IPTABLES
from cloudsync.export.formats.nftables import NFTABLES
from cloudsync.export.formats.opensmtpd import OPENSMTPD
from cloudsync.export.formats.paloalto import PALOALTO
from cloudsync.export.formats.pf import PF
from cloudsync.export.formats.plain import CSV, JSON, TEXT
from cloudsync.export.formats.postfix import POSTFIX
from cloudsync.export.formats.sendmail import SENDMAIL
from cloudsync.export.formats.smartermail import SMARTERMAIL
from cloudsync.export.formats.windows_firewall import WINDOWS_FIREWALL

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({
    form.name: form
    for form in (
        EXCHANGE_2003, IIS_SMTP, EXCHANGE, EXCHANGE_55, FIREWALL, BLOCKED, CLASS, SMARTERMAIL,
        DOMINO, EXCHANGE_ONLINE, POSTFIX, EXIM, SENDMAIL, OPENSMTPD, NFTABLES, IPTABLES, FIREWALLD,
        PF, CISCO_ASA, PALOALTO, FEED, GROUP, WINDOWS_FIREWALL, TEXT, CSV, JSON,
    )
})  # fmt: skip
