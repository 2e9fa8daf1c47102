"""Values: whatever the standard library's frozen dataclass says of one, ours says too."""

import copy
import pickle
import subprocess
import sys
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.immutable import immutable


def _declared() -> tuple[type[Any], type[Any]]:
    """One class, made by the standard library and by us."""

    def body() -> type[Any]:
        class Part:
            """A part."""

            name: str
            size: int = 0
            told: tuple[str, ...] = field(default=(), compare=False)
            kept: list[int] = field(
                default_factory=list[int], hash=False, compare=False, repr=False
            )

        return Part

    return dataclass(frozen=True, slots=True)(body()), immutable(body())


Theirs, Ours = _declared()
PARTS = st.tuples(st.sampled_from("ab"), st.integers(0, 1), st.sampled_from([(), ("x",)]))


@given(PARTS, PARTS)
def test_equality_hash_and_repr_are_those_of_a_frozen_dataclass(
    one: tuple[str, int, Any], two: tuple[str, int, Any]
) -> None:
    """What compares and shows is no less than the standard library's, fields left out included."""
    assert (Ours(*one) == Ours(*two)) is (Theirs(*one) == Theirs(*two))
    assert (Ours(*one) != Ours(*two)) is (Theirs(*one) != Theirs(*two))
    assert hash(Ours(*one)) == hash(Theirs(*one))
    assert repr(Ours(*one)) == repr(Theirs(*one))


def test_another_class_is_never_equal_though_its_fields_are() -> None:
    """As in the standard library: a subclass isn't equal to its parent either."""
    more = type("More", (Ours,), {})
    assert Ours("a") != Theirs("a")
    assert Ours("a") != more("a")
    assert more("a") == more("a")
    assert Ours("a").__eq__("a") is NotImplemented


def test_what_reads_a_dataclass_reads_ours() -> None:
    """`fields`, `replace`, a pattern, pickle and a deep copy; there is no room for another attribute."""
    told = Ours("a", 1, ("x",))
    assert [one.name for one in fields(told)] == [one.name for one in fields(Theirs("a"))]
    assert replace(told, size=2) == Ours("a", 2)
    assert pickle.loads(pickle.dumps(Kept("a", 3))) == Kept("a", 3)
    assert copy.deepcopy(told) == told
    match Kept("a", 3):
        case Kept(name, size):
            assert (name, size) == ("a", 3)
    with pytest.raises(AttributeError):
        told.other = 1
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Ours()


@immutable
class Kept:
    """Where pickle finds it."""

    name: str
    size: int


@immutable
class Empty:
    """Nothing."""


@immutable
class Alike:
    """Equal to whatever has the same number, and told in a word."""

    number: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alike) and self.number % 10 == other.number % 10

    def __hash__(self) -> int:
        return self.number % 10

    def __repr__(self) -> str:
        return f"<{self.number}>"


def test_a_class_without_fields_is_equal_to_its_like_alone() -> None:
    """Its hash and its text are there too."""
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert Empty() not in [(), Kept("a", 1)]
    assert repr(Empty()) == "Empty()"


def test_what_a_class_defines_itself_stays() -> None:
    """Nothing is written over."""
    assert Alike(1) == Alike(11)
    assert len({Alike(1), Alike(11)}) == 1
    assert repr(Alike(1)) == "<1>"


def test_in_development_mode_python_itself_refuses_an_assignment() -> None:
    """A test that runs there notices who changes a value."""
    code = (
        "from dataclasses import FrozenInstanceError\n"
        "from cloudsync.provider import Scope\n"
        "try:\n    Scope('a').name = 'b'\n"
        "except FrozenInstanceError:\n    print('refused')"
    )
    told = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout == "refused\n"


@pytest.mark.parametrize("world", ["memory", "aws"])
def test_no_schedule_changes_a_value(world: str) -> None:
    """Played in development mode, where it would end with an error; crashes and restarts included."""
    played = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-m", "tests.simulator",
         "--world", world, "--schedules", "6", "--seed", "1", "--workers", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (played.returncode, "6 of 6 schedules" in played.stdout) == (0, True), played.stderr
