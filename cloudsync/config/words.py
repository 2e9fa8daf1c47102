"""Values and keys as a message shows them: on one line, short, harmless; it judges nothing."""

from __future__ import annotations

KeyPath = tuple[str | int, ...]


def printable(text: str, most: int = 60) -> str:
    """``text`` on one line, without control characters, and cut where it is long."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def dotted(path: KeyPath) -> str:
    """``targets[0].also_allow[1].network``: a path as a person would write it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}"
    return text.removeprefix(".")


def a(value: object) -> str:
    """What kind of thing ``value`` is, in a person's words."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | float) else "text"
