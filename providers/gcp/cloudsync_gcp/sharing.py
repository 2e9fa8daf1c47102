"""Whether targets that a machine may belong to at once want the same; it calls nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Final

from cloudsync.model import Wanted

ADVICE: Final = "Give them one target block, or the same settings in each."
_WORDS: Final = {
    "networks": "list",
    "also": "also_allow",
    "names": "also_allow",
    "addresses": "list",
}


def unlike(wants: Mapping[str, Wanted]) -> tuple[str, str] | None:
    """What two targets of a network want differently, and the way out; None where they agree.

    What closes one of them would stop, at a machine of both, what the other lets in.
    """
    (first, want), *others = wants.items()
    for target, other in others:
        keys = [
            _WORDS.get(one.name, one.name)
            for one in fields(Wanted)
            if getattr(want, one.name) != getattr(other, one.name)
        ]
        if keys:
            return _said(first, target, keys), ADVICE
    return None


def _said(first: str, second: str, keys: Iterable[str]) -> str:
    names = ", ".join(dict.fromkeys(keys))
    return f"a machine can belong to {first} and to {second}, and they differ in {names}"
