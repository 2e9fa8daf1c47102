"""One thing and several, as people say them: every count in a message goes through here; pure."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """``1 step``, ``2 steps``, ``0 addresses``, ``2 entries``; of several words the last is counted."""
    return f"{number:,} {noun if number == 1 else _several(noun)}"


def agreeing(number: int, one: str, several: str) -> str:
    """The word that goes with so many: ``is`` or ``are``, ``gets in`` or ``get in``."""
    return one if number == 1 else several


def _several(noun: str) -> str:
    if noun.endswith(("s", "x")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
