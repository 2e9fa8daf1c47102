"""One request and its answer in JSON, whoever carries them; it knows no cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

MARK: Final = "cloudsync-live"
"""Begins the name of all that is made, and is the tag by which it is known to be this kit's own."""


@dataclass(frozen=True)
class Heard:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON; an empty object where it is none."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}

    @property
    def said(self) -> str:
        """``STATUS`` and the error's codes, as Azure (code) and Google (reason) have them."""
        error: Mapping[str, Any] = self.value.get("error") or {}
        details: Sequence[Mapping[str, Any]] = error.get("details") or ()
        errors: Sequence[Mapping[str, Any]] = error.get("errors") or ()
        codes = [error.get("code"), *(one.get("code") for one in details)]
        codes += [one.get("reason") for one in errors]
        return " ".join([str(self.status), *(code for code in codes if isinstance(code, str))])


class Line(Protocol):
    """Whatever carries a request: real HTTP, or a sandbox in this process."""

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """Send one request; ``path`` is path and query."""
        ...
