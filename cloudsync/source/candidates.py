"""What looks like an address in a document that no reader takes; it lists nothing.

It is shown to a person who has to find out what became of the page, and never used for anything
else: an article's examples and its neighbours' addresses look just like senders.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_network
from typing import Final

from cloudsync.addresses import Network
from cloudsync.errors import SourceRefused
from cloudsync.source.special import special_use
from cloudsync.source.text import decode, lines_of

MOST: Final = 256
"""As many as a page may have rows: a person reads no more."""

_IPV4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_IPV6: Final = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}"
_SEEN: Final = re.compile(rf"(?<![\w.:])(?:{_IPV4}|{_IPV6})(?:/[0-9]{{1,3}})?(?![\w:]|\.\w)")


def candidates(body: bytes, content_type: str | None = None) -> tuple[Network, ...]:
    """The networks of the public internet in ``body``, in its order, each once, at most ``MOST``."""
    try:
        lines = [line.text for line in lines_of(decode(body, content_type, ""), "")]
    except SourceRefused:
        lines = body.decode("utf-8", "replace").splitlines()
    found: dict[Network, None] = {}
    for line in lines:
        for match in _SEEN.finditer(line):
            with suppress(ValueError):
                network = ip_network(match[0], strict=False)
                if not special_use(network):
                    found.setdefault(network)
            if len(found) == MOST:
                return tuple(found)
    return tuple(found)
