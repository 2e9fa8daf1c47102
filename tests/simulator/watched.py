"""A provider under whose calls things happen: crashes, strangers, another worker; it decides none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from cloudsync.provider import Outcome, Provider, Rules, Scope, Snapshot, Step, Unreadable
from tests.simulator.cloud import Cloud
from tests.simulator.judge import Judge, Worker
from tests.simulator.timeline import AHEAD, ANSWERS, Event, Moment

Happens = Callable[[Event], None]
Agenda = Callable[[int, Moment], Iterable[Event]]


class Crash(BaseException):
    """The process ends here, and nothing of it runs any more."""


class Watched:
    """Fulfils ``cloudsync.provider.Provider`` for one worker's run."""

    name: ClassVar[str] = "watched"
    settings: ClassVar[type[Any]] = object

    def __init__(
        self, cloud: Cloud, judge: Judge, worker: Worker, agenda: Agenda, happens: Happens
    ) -> None:
        self._cloud = cloud
        self._judge = judge
        self._worker = worker
        self._agenda = agenda
        self._happens = happens
        self._inner: Provider = cloud.provider()
        self.blind = False

    @property
    def rules(self) -> Rules:
        """The rules of the cloud."""
        return self._inner.rules

    def on_loopback(self, settings: Any) -> bool:
        """A simulation is nobody's cloud."""
        del settings
        return True

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """As the cloud has it."""
        return self._inner.survey(regions, endpoint)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """As the cloud has them."""
        return self._inner.scopes(settings)

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """What the cloud shows; the judge notes what that was."""
        if self.blind:
            yield Unreadable(scope.name, "nobody answers", "Wait.")
            return
        for seen in self._inner.observe(scope, only, deadline):
            if not isinstance(seen, Unreadable):
                self._judge.is_looked_at(self._worker, seen)
            yield seen

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """One call, with whatever happens right before and right after it."""
        number = self._worker.calls
        self._worker.calls += 1
        self._befall(number, "before")
        for target in step.targets:
            self._cloud.remember(target)
        outcome = self._inner.apply(step, deadline)
        self._judge.is_called(self._worker, step)
        if outcome.kind == "done" and not self._cloud.made(step):
            self._judge.faults.append(f"{step.changes} is said to be done, and isn't")
        self._befall(number, "after")
        return outcome

    def opens(self) -> None:
        """What happens before the run's first look."""
        self._befall(AHEAD, "before")

    def _befall(self, number: int, moment: Moment) -> None:
        for event in self._agenda(number, moment):
            if event.kind == "crash":
                raise Crash
            if event.kind == "blind":
                self.blind = True
            elif event.kind in ANSWERS:
                self._cloud.fail(event.kind)
            else:
                self._happens(event)
