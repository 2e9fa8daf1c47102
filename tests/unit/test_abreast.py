from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import pytest

from cloudsync.abreast import Abreast, in_turn
from cloudsync.shards.shard import account

NAMES: Final = tuple(f"aws:{owner}/{region}" for owner in "abcd" for region in ("east", "west"))


def _itself(name: str) -> str:
    return name


class Gate:
    """Scopes that stay under way until somebody lets them go, and the most that ever were."""

    def __init__(self, held: Callable[[str], bool]) -> None:
        self.held = held
        self.open = threading.Event()
        self.done: list[str] = []
        self.most = 0
        self._running = 0
        self._changed = threading.Condition()

    def __call__(self, name: str) -> str:
        """Work on one scope."""
        with self._changed:
            self._running += 1
            self.most = max(self.most, self._running)
            self._changed.notify_all()
        if self.held(name):
            assert self.open.wait(10)
        with self._changed:
            self._running -= 1
            self.done.append(name)
            self._changed.notify_all()
        return name.upper()

    def wait_for(self, finished: int) -> None:
        """Wait until so many scopes are done."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.done) >= finished, 10)


@pytest.mark.parametrize("each", [in_turn, Abreast(1), Abreast(3), Abreast(64)])
def test_answers_come_in_the_order_of_the_items(each: Callable[..., list[str]]) -> None:
    """However many threads there are, what comes out stands in the order of what went in."""
    assert each(str.upper, NAMES, _itself) == [name.upper() for name in NAMES]
    assert each(str.upper, (), _itself) == []


def test_a_single_scope_needs_no_thread() -> None:
    """One scope is worked on where the run is, so a small configuration costs what it did."""
    here = threading.current_thread()
    assert Abreast(16)(lambda _: threading.current_thread() is here, NAMES[:1], _itself) == [True]


def test_no_more_at_once_than_told() -> None:
    """Three threads never work on a fourth scope."""
    gate = Gate(lambda _: False)
    Abreast(3)(gate, NAMES * 5, _itself)
    assert (gate.most <= 3, len(gate.done)) == (True, 40)


def test_a_slow_account_holds_one_thread() -> None:
    """While an account hangs everybody else is served whole, its own next scopes excepted."""
    slow = tuple(f"aws:slow/{number}" for number in range(8))
    gate = Gate(lambda name: account(name) == "aws:slow")
    found: list[list[str]] = []
    run = threading.Thread(
        target=lambda: found.append(Abreast(2)(gate, (*slow, *NAMES), _itself)), daemon=True
    )
    run.start()
    gate.wait_for(len(NAMES))
    assert sorted(gate.done) == sorted(NAMES)
    gate.open.set()
    run.join(10)
    assert found == [[name.upper() for name in (*slow, *NAMES)]]


def test_an_account_alone_may_have_every_thread() -> None:
    """Where nobody else waits, one account's regions go side by side."""
    everybody = threading.Barrier(4, timeout=10)

    def work(_: str) -> bool:
        everybody.wait()
        return True

    assert Abreast(4)(work, [f"aws:a/{number}" for number in range(4)], _itself) == [True] * 4


@pytest.mark.parametrize("each", [in_turn, Abreast(2)])
def test_the_first_error_in_order_is_raised_and_nothing_new_is_begun(
    each: Callable[..., list[str]],
) -> None:
    """An error ends the whole, after what is under way; what waited is never begun."""
    begun: list[str] = []
    both = threading.Barrier(1 if each is in_turn else 2, timeout=10)

    def work(name: str) -> str:
        begun.append(name)
        both.wait()
        raise ValueError(name)

    with pytest.raises(ValueError, match=r"^aws:a/east$"):
        each(work, NAMES, _itself)
    assert len(begun) <= 2


def test_threads_are_shared_by_account() -> None:
    """An account, a subscription and a project are what a scope's name begins with."""
    assert [account(one) for one in ("aws:123/us-east-1", "azure:sub", "gcp:mail-prod")] == [
        "aws:123", "azure:sub", "gcp:mail-prod",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [0, 1, 2])
def test_a_system_without_threads_has_the_work_done_by_those_there_are(
    monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    """Nothing is left undone, and nothing goes on behind the back of a run that gave up."""
    real, left = threading.Thread.start, [given]

    def start(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    assert Abreast(4)(_itself, NAMES, _itself) == list(NAMES)
