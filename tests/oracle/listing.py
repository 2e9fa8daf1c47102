"""Which senders count after a history of reads and orders, reckoned from the words of the promise.

Senders are single addresses, as texts, so that counting entries and counting addresses is one.
It shares no code with what it judges, and knows its words only: what is added counts at once, what
is taken away waits, what is too much is held, and what a person takes off stays off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

APART = timedelta(hours=6)
GRACE = timedelta(days=7)
READS = 2
MOST = 8

Verdict = Literal["used", "held", "refused"]


@dataclass
class Gone:
    """A sender that reads stopped showing: how many did, when the last did, since when it is sure."""

    last: datetime
    reads: int = 1
    sure: datetime | None = None


@dataclass
class Memory:
    """The senders that count. ``anchor`` is one that no list may lack."""

    anchor: str
    accepted: set[str]
    ahead: set[str] = field(default_factory=set[str])
    gone: dict[str, Gone] = field(default_factory=dict[str, Gone])
    off: set[str] = field(default_factory=set[str])

    @property
    def known(self) -> set[str]:
        """Every sender that a list brought and that hasn't left."""
        return self.accepted | self.ahead | set(self.gone)

    @property
    def wanted(self) -> set[str]:
        """Every sender that counts."""
        return self.known - self.off

    def is_read(self, listed: Iterable[str], now: datetime, *, approved: bool = False) -> Verdict:
        """A read shows ``listed``; ``approved`` is whether a person let exactly that through."""
        shown = set(listed)
        before = self.accepted | set(self.gone)
        if self.anchor not in shown:
            self.passes(now)
            return "refused"
        too_many = not _within(len(shown - before), len(before), 25)
        too_few = bool(self.accepted - shown) and not _within(len(before - shown), len(before), 20)
        if (too_many or too_few) and not approved:
            new = shown - self.accepted
            counts = new & self.known if too_many else new
            for sender in self.ahead - shown:
                self.gone[sender] = Gone(now)
            for sender in counts:
                self.gone.pop(sender, None)
            self.ahead = counts
            self.passes(now)
            return "held"
        self._used(shown, now)
        return "used"

    def is_accepted(self, listed: Iterable[str], now: datetime) -> None:
        """A person accepts the whole list."""
        self._used(set(listed), now)
        self.off = set()

    def is_unchanged(self, now: datetime) -> None:
        """The server says that the page of what was accepted stands as it was."""
        for one in self.gone.values():
            _agrees(one, now)
        for sender in self.ahead:
            self.gone[sender] = Gone(now)
        self.ahead = set()
        self.passes(now)

    def passes(self, now: datetime) -> None:
        """Time goes by without a read that counts."""
        self.gone = {
            sender: one
            for sender, one in self.gone.items()
            if one.sure is None or now - one.sure < GRACE
        }
        self.off &= self.known

    def may_take_off(self, sender: str) -> bool:
        """Whether a person may take it off: it counts, isn't the last, and is no anchor."""
        return sender in self.wanted and sender != self.anchor and self.wanted != {sender}

    def _used(self, shown: set[str], now: datetime) -> None:
        for one in self.gone.values():
            _agrees(one, now)
        for sender in (self.accepted | self.ahead) - shown:
            self.gone.setdefault(sender, Gone(now))
        self.gone = {sender: one for sender, one in self.gone.items() if sender not in shown}
        self.accepted, self.ahead = shown, set()
        self.passes(now)


def _agrees(one: Gone, now: datetime) -> None:
    if one.sure is None and now - one.last >= APART:
        one.reads, one.last = one.reads + 1, now
        one.sure = now if one.reads >= READS else None


def _within(count: int, of: int, percent: int) -> bool:
    return count <= MOST and count * 100 <= of * percent
