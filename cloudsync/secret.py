"""Keeping secrets out of what is written for others to read; it writes nothing itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

HIDDEN: Final = "[hidden]"
_SHORTEST: Final = 6
"""A shorter value is a word that stands in innocent text too."""

# Ids and file names are what an operator searches the log for; the values behind these aren't.
_NAMES: Final = re.compile(r"(SECRET|TOKEN|PASSW|PASSPHRASE|PRIVATE|CREDENTIAL)", re.IGNORECASE)
_INNOCENT: Final = re.compile(r"(_FILE|_PATH|_ID|_URI|_ENDPOINT|_EXPIRATION)$", re.IGNORECASE)
_FIELDS: Final = re.compile(
    r"(secret|token|passw|authorization|api_?key|private_?key)", re.IGNORECASE
)
_SHAPES: Final = (
    # User and password of a URL; the user is often enough a token too.
    re.compile(r"(?<=://)[^/\s@]+(?=@)"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
    re.compile(r"(?i)(?<=authorization: basic )[\w+/=]+"),
    # What signs a request, and what it may carry in place of a password.
    re.compile(
        r"(?i)(?<=[?&;])((?:x-amz-(?:signature|credential|security-token)|sig|signature|token"
        r"|access_token|key|api_?key|password|secret)=)[^&\s\"']+"
    ),
    # The bodies of tokens and keys that clouds give out: JSON web tokens, PEM.
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)"),
)


def known(environment: Mapping[str, str] | None = None) -> frozenset[str]:
    """The values in the environment whose names say that they are secrets."""
    found = os.environ if environment is None else environment
    return worth_hiding(
        value for name, value in found.items() if _NAMES.search(name) and not _INNOCENT.search(name)
    )


def worth_hiding(values: Iterable[str]) -> frozenset[str]:
    """``values`` that can be told from other text."""
    return frozenset(value for value in values if len(value) >= _SHORTEST)


def is_secret(field: str) -> bool:
    """Whether what stands under this name is a secret whatever it looks like."""
    return bool(_FIELDS.search(field))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """``text`` without ``secrets`` and without anything that has the shape of one."""
    # The longer first: one may be the beginning of another, whose end would stay.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(lambda found: (found[1] if found.re.groups else "") + HIDDEN, text)
    return text
