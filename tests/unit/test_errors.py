"""How an error reads, and which exit code ends the program."""

from __future__ import annotations

import pytest

from cloudsync.errors import (
    MEANING,
    CloudsyncError,
    Exit,
    HeldError,
    LeaseError,
    SourceRefused,
    TargetError,
    UsageError,
    first_of,
)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([Exit.DONE], 0),
        ([Exit.PENDING, Exit.DONE], 2),
        ([Exit.PENDING, Exit.HELD], 4),
        ([Exit.HELD, Exit.FAILED], 3),
        ([Exit.FAILED, Exit.LEASE], 6),
        ([Exit.LEASE, Exit.SOURCE], 5),
        ([Exit.SOURCE, Exit.ERROR], 1),
        (list(Exit), 1),
    ],
)
def test_the_first_code_that_holds_ends_the_program(codes: list[Exit], code: int) -> None:
    """Where several hold, the order is 1, 5, 6, 3, 4, 2."""
    assert first_of(codes) == code


def test_every_code_has_its_meaning() -> None:
    """The table that the docs and the help print says something of every code."""
    assert list(MEANING) == list(Exit)
    assert MEANING[Exit.PENDING] == "differences are pending"


def test_an_error_reads_where_what_done_and_what_to_do() -> None:
    """The line has its four parts in order, and one full stop where one is missing."""
    error = CloudsyncError(
        "aws:1/r/sg-1", "would need 75 rules, the quota is 60", todo="Raise the quota."
    )
    assert str(error) == (
        "aws:1/r/sg-1: would need 75 rules, the quota is 60. Nothing was changed. Raise the quota."
    )
    assert str(CloudsyncError("a", "is it?", done="")) == "a: is it?"
    assert (error.where, error.what, error.done, error.todo) == (
        "aws:1/r/sg-1", "would need 75 rules, the quota is 60", "Nothing was changed.",
        "Raise the quota.",
    )  # fmt: skip


def test_each_error_ends_with_its_code() -> None:
    """The tree of errors and the table of exits belong together."""
    kinds = (CloudsyncError, UsageError, TargetError, HeldError, SourceRefused, LeaseError)
    assert [kind.exit_code for kind in kinds] == [1, 1, 3, 4, 5, 6]


def test_a_refused_source_names_code_and_line() -> None:
    """The code stands in the line; the line number stands after the place, if there is one."""
    error = SourceRefused("list.txt", "E_COUNT", "14 entries, 15 promised", line=7, todo="Look.")
    assert str(error) == (
        "list.txt:7: E_COUNT: 14 entries, 15 promised. The list in force is unchanged. Look."
    )
    assert (error.code, error.line) == ("E_COUNT", 7)
    bare = SourceRefused("list.txt", "E_EMPTY", "it is empty")
    assert str(bare) == "list.txt: E_EMPTY: it is empty. The list in force is unchanged."
    assert bare.line is None
