"""Values that nobody changes: dataclasses with slots, which Python makes in a third of the time.

A function that starts loads some two hundred of them. ``dataclass(frozen=True, slots=True)`` writes
eight methods a class as text and compiles them, two thirds of a millisecond; here the constructor
alone is compiled, and what compares, hashes and shows is shared. That nothing is assigned, mypy and
pyright see to. Python itself refuses it in its development mode (``python -X dev``), where the class
is the standard library's own, and not otherwise: a frozen constructor is the slower one, too.

A class that has an order, or no equality, is a ``dataclass`` as ever.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Final, TypeVar, cast, dataclass_transform

T = TypeVar("T")

_CHECKED: Final = sys.flags.dev_mode


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def immutable(cls: type[T]) -> type[T]:
    """``cls`` as a frozen dataclass with slots: fields, ``replace``, patterns, equality, hash, repr.

    A method that ``cls`` itself defines stays.
    """
    return made_immutable(cls, slots=True)


def made_immutable(cls: type[T], *, slots: bool, kw_only: bool = False) -> type[T]:
    """The same; without ``slots`` it is ``cls`` itself and no class in its place."""
    plain = dataclass(
        frozen=_CHECKED, repr=_CHECKED, eq=_CHECKED, slots=slots, kw_only=kw_only
    )  # fmt: skip
    return plain(cls) if _CHECKED else _shared(plain(cls), cls.__dict__.keys())


def _shared(made: type[T], own: Collection[str]) -> type[T]:
    """``made`` with the methods that it hasn't as its ``own``."""
    parts = fields(cast("Any", made))
    compared = tuple(one.name for one in parts if one.compare)
    methods = {**_equality(compared), "__repr__": _repr([one.name for one in parts if one.repr])}
    for name in methods.keys() - own:
        setattr(made, name, methods[name])
    return made


def _equality(names: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
    """``__eq__`` and ``__hash__`` by the fields ``names``; another class is never equal."""
    of: Callable[[object], object] = attrgetter(*names) if names else type

    def equal(self: object, other: object) -> bool:
        if self is other:
            return True
        return of(self) == of(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(of(self))

    return {"__eq__": equal, "__hash__": hashed}


def _repr(names: list[str]) -> Callable[[object], str]:
    def show(self: object) -> str:
        told = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({told})"

    return show
