"""What an export does on this machine: writes files whole, and has its own programs take them over.

``INSTALLERS`` are the formats that can be applied here; every other one is applied by a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cloudsync.export.install.firewalld import Firewalld
from cloudsync.export.install.ipset import Ipset
from cloudsync.export.install.live import Installer
from cloudsync.export.install.nft import Nft
from cloudsync.export.install.postfix import Postfix

INSTALLERS: Final[Mapping[str, Installer]] = MappingProxyType(
    {"nftables": Nft(), "ipset": Ipset(), "firewalld": Firewalld(), "postfix": Postfix()}
)
