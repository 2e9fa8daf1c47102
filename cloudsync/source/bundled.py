"""The list as it stood on 2009-09-18, so that there is something to look at; it opens no cloud.

The facts are those of AppRiver's article 39 as last modified on that day: addresses, the names
beside them, and the lines they stood on. Whoever uses them on a real cloud uses a list that the
vendor has long replaced: ``add`` and ``enforce`` refuse it.
"""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network
from typing import Final

from cloudsync.allowlist import BASE, Entry, Listing

SOURCE: Final = "bundled"

_ROWS: Final = (
    (38, "69.20.58.226", "server45.appriver.com", BASE),
    (40, "69.20.68.133", "server55.appriver.com", BASE),
    (42, "207.97.224.142", "server75.appriver.com", BASE),
    (44, "207.97.229.125", "server101.appriver.com", BASE),
    (46, "207.97.230.34", "server102.appriver.com", BASE),
    (48, "207.97.230.54", "server105.appriver.com", BASE),
    (50, "207.97.242.51", "server115.appriver.com", BASE),
    (52, "92.52.89.74", "server305.appriver.com", BASE),
    (54, "74.205.4.52", "server120.appriver.com", BASE),
    (56, "72.32.252.16", "server502.appriver.com", BASE),
    (58, "72.32.253.10", "server510.appriver.com", BASE),
    (60, "72.32.252.97", "server520.appriver.com", BASE),
    (62, "120.136.38.138", "server605.appriver.com", BASE),
    (64, "69.20.60.122", "Appriver Load Balancer", BASE),
    (66, "69.20.58.234", "Appriver Backup Server", BASE),
    (78, "207.97.230.0/24", None, "EXG3"),
    (82, "72.32.253.0/24", None, "EXG4"),
)

LISTING: Final = Listing(
    source=SOURCE,
    format="article39",
    entries=tuple(
        Entry(IPv4Network(network), name, group, line) for line, network, name, group in _ROWS
    ),
    article=39,
    created=date(2003, 4, 2),
    published=date(2009, 9, 18),
    minimum=15,
)


def body() -> bytes:
    """The same facts as text, for whoever keeps what was fetched; no reader is given it."""
    head = f"# {SOURCE}: article {LISTING.article}, published {LISTING.published}\n"
    rows = (f"{entry.network}  # {entry.name or entry.group}\n" for entry in LISTING.entries)
    return (head + "".join(rows)).encode()
