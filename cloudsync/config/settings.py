"""What every block of the configuration is: frozen values, and how the file's become them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, fields, replace
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast, dataclass_transform

from cloudsync.config.times import written_duration
from cloudsync.immutable import made_immutable

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_CLOSED: Final = {"extra": "forbid", "hide_input_in_errors": True}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class Settings:
    """A block of the configuration: frozen, and closed to keys it doesn't know.

    A subclass is a dataclass without being told so. ``__post_init__`` checks what takes two keys.
    A field whose key isn't a Python name has it as ``alias`` in its metadata.
    """

    __pydantic_config__: ClassVar[Mapping[str, Any]] = _CLOSED
    _place: ClassVar[Any] = (
        None  # where it stands; no field, since two blocks that say the same are equal
    )

    def __init_subclass__(cls) -> None:
        """Make a dataclass of it."""
        made_immutable(cls, slots=False, kw_only=True)

    @classmethod
    def model_validate(cls, said: Any, *, context: Any = None) -> Self:
        """The block that ``said``, plain values, is; ``context`` says where it stands.

        Raises:
            ValidationError: pydantic's, with all that is wrong with it.
        """
        made: Self = _adapter(cls).validate_python(said)  # type: ignore[arg-type]  # a class is hashable
        return made if context is None else made.placed(context)

    def placed(self, where: object) -> Self:
        """The same block, that knows where it stands. Only whoever has just made it may say."""
        object.__setattr__(self, "_place", where)
        return self

    def states(self, name: str) -> bool:
        """Whether the block ``name`` in it was written, and doesn't stand there for nothing said."""
        return getattr(self, name) is not getattr(type(self), name, None)

    def but(self, **changes: Any) -> Self:
        """The same block in the same place, but for the fields that ``changes`` name."""
        block: Any = self  # every block is a dataclass, which the checkers know of none in general
        made: Self = replace(block, **changes)
        for name, known in vars(self).items():
            if name.startswith("_"):
                object.__setattr__(made, name, known)
        return made


@cache
def _adapter(block: type[Settings]) -> TypeAdapter[Any]:
    """What reads a block: made once, since it takes longer than any file."""
    from pydantic import TypeAdapter  # noqa: PLC0415 - only where a file is read

    return TypeAdapter(block)


def keys(block: type[Settings]) -> dict[str, str]:
    """The name of each field of ``block``, by the key that it has in a file."""
    return {one.metadata.get("alias", one.name): one.name for one in fields(block)}  # type: ignore[arg-type]


def written(value: Any) -> Any:
    """``value``, a block or what stands in one, as JSON that says the same in a file."""
    if isinstance(value, Settings):
        return {key: written(getattr(value, name)) for key, name in keys(type(value)).items()}
    if isinstance(value, dict):
        held = cast("Mapping[str, Any]", value)
        return {key: written(one) for key, one in held.items()}
    if isinstance(value, tuple):
        return [written(one) for one in cast("Sequence[Any]", value)]
    if isinstance(value, timedelta):
        return written_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, IPv4Network | IPv6Network | IPv4Address | IPv6Address):
        return str(value)
    return value
