"""Many scopes at work side by side: bounded, fair between accounts, answers in order; it reads none.

A scope is worked on by one thread from beginning to end, so that within it everything stays in
order. Who gets the next free thread is the account that holds the fewest: one that is slow or
throttled keeps its own scopes waiting, and nobody else's.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from cloudsync.immutable import immutable
from cloudsync.shards.shard import account

T = TypeVar("T")
R = TypeVar("R")


class Each(Protocol):
    """Does ``work`` on every item, and gives what came out in the order of ``items``."""

    def __call__(
        self, work: Callable[[T], R], items: Sequence[T], name: Callable[[T], str]
    ) -> list[R]:
        """``name`` gives an item's scope, whose account shares the threads fairly.

        Raises:
            Exception: what ``work`` raised, for the first item in order; nothing new is begun then.
        """
        ...


def in_turn(work: Callable[[T], R], items: Sequence[T], name: Callable[[T], str]) -> list[R]:
    """One after the other, in this thread."""
    del name
    return [work(item) for item in items]


@immutable
class Abreast:
    """At most ``most`` items at a time, each in a thread. A single item needs none."""

    most: int = 16

    def __call__(
        self, work: Callable[[T], R], items: Sequence[T], name: Callable[[T], str]
    ) -> list[R]:
        """As ``Each`` has it.

        The threads end with the process: whoever interrupts it waits for no cloud. What is under
        way then is one of the states that were proved.
        """
        if len(items) < 2 or self.most < 2:
            return in_turn(work, items, name)
        queue: _Queue[Any] = _Queue((account(name(item)), item) for item in items)
        for number in range(min(self.most, len(items))):
            # What is bound to this run, such as its name in the log, is bound in its threads too.
            thread = threading.Thread(
                target=copy_context().run, args=(queue.run, work), name=f"scope-{number}",
                daemon=True,
            )  # fmt: skip
            try:
                thread.start()
            except RuntimeError:
                # The system gives no more threads: those that there are do it all, or this one.
                if not number:
                    queue.run(work)
                break
        return queue.answers()


@dataclass
class _Queue(Generic[T]):
    """What waits, by account, and what has come out, by the item's number."""

    named: Iterable[tuple[str, T]]
    _waiting: dict[str, deque[tuple[int, T]]] = field(init=False)
    _held: Counter[str] = field(default_factory=Counter[str])
    _found: dict[int, Any] = field(default_factory=dict[int, Any])
    _raised: dict[int, BaseException] = field(default_factory=dict[int, BaseException])
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._waiting = {}
        for number, (owner, item) in enumerate(self.named):
            self._waiting.setdefault(owner, deque()).append((number, item))

    def run(self, work: Callable[[T], Any]) -> None:
        """What one thread does, until nothing waits."""
        while (taken := self._take()) is not None:
            owner, number, item = taken
            try:
                found = work(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where the answers are awaited
                self._done(owner, self._raised, number, error)
            else:
                self._done(owner, self._found, number, found)

    def answers(self) -> list[Any]:
        """Everything that came out, in order, once nothing is under way any more.

        Raises:
            BaseException: what the first item in order raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._held.total())
        for _, error in sorted(self._raised.items()):
            raise error
        return [found for _, found in sorted(self._found.items())]

    def _take(self) -> tuple[str, int, T] | None:
        with self._changed:
            if not self._waiting:
                return None
            # Whoever waits and holds none is found at once: at most as many hold one as run.
            none_held = (owner for owner in self._waiting if not self._held[owner])
            owner = next(none_held, None) or min(self._waiting, key=self._held.__getitem__)
            waiting = self._waiting[owner]
            number, item = waiting.popleft()
            if not waiting:
                del self._waiting[owner]
            self._held[owner] += 1
            return owner, number, item

    def _done(self, owner: str, where: dict[int, Any], number: int, what: Any) -> None:
        with self._changed:
            where[number] = what
            self._held[owner] -= 1
            if where is self._raised:
                self._waiting.clear()
            self._changed.notify_all()
