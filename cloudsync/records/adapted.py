"""Dataclasses as JSON and back by their types; what does it is loaded with the first of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


class Adapted(Generic[T]):
    """What makes JSON of ``kind``, a dataclass or something of some, and ``kind`` of JSON.

    pydantic does, and takes as long to load as to start a function otherwise.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        from pydantic import TypeAdapter  # noqa: PLC0415 - the reason of this class

        return TypeAdapter(self._kind)

    def to_value(self, made: T) -> Any:
        """``made`` as JSON."""
        return self._adapter.dump_python(made, mode="json")

    def from_value(self, value: Any) -> T:
        """What ``to_value`` was given.

        Raises:
            ValueError: it isn't what ``to_value`` gave.
        """
        return self._adapter.validate_python(value)
