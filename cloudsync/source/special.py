"""The address space that no sender on the public internet has; it decides about no list.

From the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890 and its updates). It is
wider than ``addresses.INTERNAL``: there, doubt must count as outside so that it is shown; here,
doubt must count as wrong, because a documentation address in a list is somebody's placeholder.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Final

from cloudsync.addresses import EVERY_IPV6, AddressSet, Network

_IPV4: Final = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private use"),
    ("100.64.0.0/10", "shared address space"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private use"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private use"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)
# Of IPv6 only 2000::/3 is given out; these lie inside it.
_IPV6: Final = (
    ("2001::/23", "protocol assignments"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
)
_BLOCKS: Final[tuple[tuple[Network, str], ...]] = (
    *((IPv4Network(block), purpose) for block, purpose in _IPV4),
    *((IPv6Network(block), purpose) for block, purpose in _IPV6),
    *(
        (block, "not global unicast")
        for block in (EVERY_IPV6 - AddressSet.of("2000::/3")).networks()
    ),
)


def special_use(network: Network) -> tuple[Network, str] | None:
    """The first special-use block that shares an address with ``network``, and its purpose."""
    for block, purpose in _BLOCKS:
        if block.version == network.version and block.overlaps(network):
            return block, purpose
    return None
