"""Asks a real cloud what its documents leave open, within a budget, and leaves nothing behind.

A cloud brings a ``Trial``: what it makes for itself, the questions, and how it takes everything away
again. The same questions are put to that cloud's sandbox, so that the answers stand side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


class Spent(Exception):
    """The budget of calls or of seconds is used up."""


@dataclass
class Budget:
    """How many calls and seconds a trial may use; the end may use as many again."""

    calls: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    used: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.began = self.clock()

    def spend(self) -> None:
        """Count one call.

        Raises:
            Spent: there is nothing left.
        """
        if self.used >= self.calls:
            raise Spent(f"{self.calls} calls are used up")
        if self.clock() - self.began > self.seconds:
            raise Spent(f"{self.seconds:.0f} seconds are used up")
        self.used += 1

    def again(self) -> None:
        """Begin anew, for taking away what was made: that must not fail for want of budget."""
        self.used = 0
        self.began = self.clock()


@dataclass(frozen=True)
class Question:
    """Something that the documents leave open; ``ask`` gives what was seen, in a few words."""

    name: str
    asks: str
    ask: Callable[[], str]


class Trial(Protocol):
    """One cloud's part."""

    @property
    def name(self) -> str:
        """The cloud."""
        ...

    @property
    def plan(self) -> Sequence[str]:
        """What it will make, what that costs, and what it will take away, in plain sentences."""
        ...

    @property
    def budget(self) -> Budget:
        """What it may use."""
        ...

    def begin(self) -> None:
        """Make what the questions need; refuse to touch anything that was there before."""
        ...

    @property
    def questions(self) -> Sequence[Question]:
        """The questions, in order."""
        ...

    def end(self) -> Sequence[str]:
        """Take away all that was made; what couldn't be, in words that name it."""
        ...


@dataclass
class Seen:
    """What came of a trial: an answer to each question that was asked, and what was left behind."""

    cloud: str
    at: datetime
    answers: dict[str, str] = field(default_factory=dict[str, str])
    stopped: str = ""
    left: Sequence[str] = ()
    calls: int = 0


def hold(trial: Trial, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Seen:
    """Begin, ask everything, and end, whatever happens in between.

    A question that goes wrong is answered with what went wrong; the others are asked all the same.
    """
    seen = Seen(trial.name, now())
    try:
        trial.begin()
        for question in trial.questions:
            try:
                seen.answers[question.name] = question.ask()
            except Spent:
                raise
            except Exception as error:  # noqa: BLE001 - a surprise is an answer too
                seen.answers[question.name] = f"went wrong: {type(error).__name__}: {error}"
    except Spent as spent:
        seen.stopped = str(spent)
    except Exception as error:  # noqa: BLE001 - what was made must go, whatever went wrong
        seen.stopped = f"{type(error).__name__}: {error}"
    finally:
        seen.calls = trial.budget.used
        trial.budget.again()
        seen.left = trial.end()
        seen.calls += trial.budget.used
    return seen


def report(trial: Trial, live: Seen, sandbox: Seen) -> str:
    """Both sets of answers in Markdown, dated; a row that differs is marked."""
    lines = [
        f"# {live.cloud}, asked on {live.at:%Y-%m-%d}",
        "",
        f"{live.calls} calls. " + (f"Stopped early: {live.stopped}. " if live.stopped else "")
        + ("Nothing was left behind." if not live.left else "LEFT BEHIND: " + "; ".join(live.left)),
        "",
        "| | question | seen | the sandbox says |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for question in trial.questions:
        found = live.answers.get(question.name, "not asked")
        said = sandbox.answers.get(question.name, "not asked")
        mark = "" if found == said else "**differs**"
        lines.append(f"| {mark} | {question.asks} | {_cell(found)} | {_cell(said)} |")
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
