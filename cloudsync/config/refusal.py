"""How a value of the configuration is refused: what is wrong and what to do; it knows no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudsync.config.words import KeyPath, a, printable

if TYPE_CHECKING:
    from pydantic_core import PydanticCustomError

REFUSED: Final = "cloudsync"
"""The type of the errors that carry a whole message of ours."""


def refused(what: str, todo: str = "", *, below: KeyPath = ()) -> PydanticCustomError:
    """The error for a value: what is wrong, what to do, and where below the value it stands."""
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - only where something is wrong

    return PydanticCustomError(REFUSED, "{what}", {"what": what, "todo": todo, "below": below})


def shown(value: object) -> str:
    """``value`` as a message quotes it."""
    return f"'{printable(value)}'" if isinstance(value, str) else printable(str(value))


def text_of(value: object, expected: str, todo: str) -> str:
    """``value`` where it is text.

    Raises:
        PydanticCustomError: it isn't.
    """
    if isinstance(value, str):
        return value
    quoted = shown(value) if isinstance(value, int | float) else a(value)
    raise refused(f"{quoted} isn't {expected}", todo)
