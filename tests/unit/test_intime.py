from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudsync.intime import first, late, looked_enough, pages
from cloudsync.memory.provider import Provider
from cloudsync.provider import Scope, Unreadable

SCOPE = Scope("memory:run")
UNREACHED = Unreadable(
    "memory:run", "not reached before the deadline",
    "Give the run a later deadline, or fewer targets.",
)  # fmt: skip


class Pages(Provider):
    """A provider of three pages, which takes a second for each and heeds no deadline."""

    def __init__(self, *more: Unreadable) -> None:
        super().__init__()
        self.now = 0.0
        self.told: list[float | None] = []
        self.more = more

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Any]:
        """The pages, each by its number."""
        self.told.append(deadline)
        for number in range(3):
            self.now += 1
            yield number
        yield from self.more

    def seen(self, deadline: float | None) -> list[Any]:
        """What is seen of them in time."""
        return list(pages(self, SCOPE, None, deadline, lambda: self.now))


def test_without_a_deadline_nothing_is_late() -> None:
    """A run without a deadline sees every page, however long it takes."""
    provider = Pages()
    assert (provider.seen(None), provider.told) == ([0, 1, 2], [None])
    assert not late(None, lambda: 1e9)


def test_a_scope_whose_turn_comes_after_the_deadline_is_never_asked() -> None:
    """At the deadline itself no further scope is begun, and it is named as not reached."""
    provider = Pages()
    provider.now = 5.0
    assert (provider.seen(5.0), provider.told) == ([UNREACHED], [])


def test_what_a_provider_reads_past_the_deadline_counts_as_not_reached() -> None:
    """Pages in time are used; the rest of the scope is said to be unread, not taken for empty."""
    provider = Pages()
    assert (provider.seen(2.5), provider.told) == ([0, 1, UNREACHED], [2.5])


def test_a_scope_that_ends_with_the_deadline_was_read_whole() -> None:
    """When its last page came in time, nothing of it is missing."""
    assert Pages().seen(3.5) == [0, 1, 2]


def test_a_reason_of_the_providers_own_is_kept() -> None:
    """A provider that says itself that the time ran out isn't spoken over."""
    own = Unreadable("memory:run", "the time ran out")
    provider = Pages(own)
    assert provider.seen(3.5)[-1] == own


def test_the_last_quarter_is_for_the_changes() -> None:
    """Of a run that has a deadline."""
    assert looked_enough(1_060.0, 60.0) == 1_045.0
    assert looked_enough(None, 60.0) is looked_enough(1_060.0, None) is None


def test_runs_begin_at_different_scopes_and_each_where_its_name_says() -> None:
    """Every scope's turn comes; a run without a name begins at the first, and so does one without scopes."""
    names = [f"20261125T{number:06}Z-5a9014" for number in range(200)]
    assert {first(name, 17) for name in names} == set(range(17))
    assert [first(name, 17) for name in names] == [first(name, 17) for name in names]
    assert (first("", 17), first(names[0], 0), first(names[0], 1)) == (0, 0, 0)
