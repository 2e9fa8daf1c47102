"""What a key of the file may hold, in the protocol by which pydantic learns it; loads no pydantic.

A block of the configuration is a plain dataclass, because what runs needs its values and nothing
else. What its file may say stands beside each field's type as a ``Shape``, which pydantic asks for
the schema when a file is read (docs.pydantic.dev, "Types", `__get_pydantic_core_schema__`), and
not before: a function that starts with values made earlier never loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Step = Callable[[Any, Any], Any]
"""``step(pydantic_core.core_schema, inner)``: a schema around, or in place of, the inner one."""

Said = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


class Shape:
    """One part of what a value has to be; stands in ``Annotated``, the innermost first.

    ``said`` is what the JSON Schema says in place of what follows from ``step``, or gives it.
    """

    __slots__ = ("_said", "_step")

    def __init__(self, step: Step, said: Said | None = None) -> None:
        self._step = step
        self._said = said

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """The schema of ``source``, whose own ``handler`` gives."""
        from pydantic_core import core_schema  # noqa: PLC0415 - only where a file is read

        return self._step(core_schema, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Callable[[Any], Any]) -> Any:
        """What the JSON Schema says."""
        if self._said is None:
            return handler(core)
        return dict(self._said() if callable(self._said) else self._said)


def checked(check: Callable[[Any], Any]) -> Shape:
    """What is right by its type goes through ``check``, which gives the value or refuses it."""
    return Shape(lambda core, inner: core.no_info_after_validator_function(check, inner))


def turned(turn: Callable[[object], object], said: Mapping[str, Any] | None = None) -> Shape:
    """What stands in the file goes through ``turn`` before its type is looked at."""
    return Shape(lambda core, inner: core.no_info_before_validator_function(turn, inner), said)


def made(make: Callable[[object], Any], said: Mapping[str, Any]) -> Shape:
    """``make`` alone makes the value of what stands in the file, or refuses it."""
    return Shape(lambda core, _: core.no_info_plain_validator_function(make), said)


def named(said: Said) -> Shape:
    """The JSON Schema says ``said``; nothing else is asked."""
    return Shape(lambda _, inner: inner, said)


def text(
    pattern: str | None = None,
    *,
    least: int | None = None,
    most: int | None = None,
    stripped: bool | None = None,
) -> Shape:
    """Text of so many characters, that a pattern finds; ``stripped`` of blanks around it first."""
    return Shape(
        lambda core, _: core.str_schema(
            pattern=pattern, min_length=least, max_length=most, strip_whitespace=stripped
        )
    )


def whole(least: int, most: int) -> Shape:
    """A whole number from ``least`` to ``most``, without quotes."""
    return Shape(lambda core, _: core.int_schema(strict=True, ge=least, le=most))


def members(least: int, most: int | None = None) -> Shape:
    """So many members at least, and at most."""

    def step(_core: Any, inner: Any) -> Any:
        more = {} if most is None else {"max_length": most}
        return {**inner, "min_length": least, **more}

    return Shape(step)


FLAG: Final = Shape(lambda core, _: core.bool_schema(strict=True))
"""True or false, without quotes."""
NUMBER: Final = Shape(lambda core, _: core.int_schema(strict=True))
"""A whole number, without quotes."""
