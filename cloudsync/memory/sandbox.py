"""The world that the in-memory provider looks at and changes, with its faults; it checks nothing.

Reads can be late by a time on the world's clock, answers can be lost before or after the write,
and whoever holds the world can do in it what strangers do: edit any firewall at any moment.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from cloudsync.memory.firewall import Firewall, Rule, changed
from cloudsync.provider import Kind, Outcome, Step

Fault = Literal["lost", "never arrived", "throttled", "denied", "stale", "failed"]
REFUSALS: Final[dict[str | None, Kind]] = {
    "throttled": "throttled",
    "denied": "denied",
    "stale": "stale",
    "failed": "failed",
}
"""The faults that are an answer of their own, and change nothing."""
Moment = Literal["before", "after"]


def _never(_moment: Moment, _step: Step) -> None:
    """Nothing happens at a call."""


@dataclass
class World:
    """Firewalls by name, and how badly the way to them behaves.

    ``late`` is in seconds on ``clock``. ``faults`` are taken one a mutating call, None for a call
    that goes well. ``at_call`` is called before and after the write of each mutating call; what
    it raises passes through, which is how a crash is played.
    """

    firewalls: dict[str, Firewall] = field(default_factory=dict[str, Firewall])
    late: float = 0.0
    clock: Callable[[], float] = time.monotonic
    unreadable: str = ""
    faults: deque[Fault | None] = field(default_factory=deque[Fault | None])
    at_call: Callable[[Moment, Step], None] = _never
    calls: list[Step] = field(default_factory=list[Step])
    _past: list[tuple[float, dict[str, Firewall]]] = field(
        default_factory=list[tuple[float, dict[str, Firewall]]]
    )

    def __post_init__(self) -> None:
        self._past.append((self.clock(), dict(self.firewalls)))

    def seen(self) -> Mapping[str, Firewall]:
        """The firewalls as a read shows them now."""
        then = self.clock() - self.late
        past = [firewalls for moment, firewalls in self._past if moment <= then]
        return past[-1] if past else self._past[0][1]

    def edit(self, name: str, firewall: Firewall | None) -> None:
        """Somebody's change: a firewall as it now is, or None for one that is deleted."""
        self.firewalls = {key: value for key, value in self.firewalls.items() if key != name}
        if firewall is not None:
            self.firewalls[name] = firewall
        self._past.append((self.clock(), dict(self.firewalls)))

    def plant(self, name: str, *rules: Rule) -> None:
        """Somebody adds rules."""
        firewall = self.firewalls[name]
        self.edit(name, replace(firewall, rules=(*firewall.rules, *rules)))

    def uproot(self, name: str, rule_name: str) -> None:
        """Somebody takes a rule away."""
        firewall = self.firewalls[name]
        self.edit(
            name,
            replace(firewall, rules=tuple(r for r in firewall.rules if r.name != rule_name)),
        )

    def write(self, name: str, step: Step, rule: Rule) -> Outcome:
        """One mutating call."""
        self.calls.append(step)
        fault = self.faults.popleft() if self.faults else None
        self.at_call("before", step)
        if fault in REFUSALS:
            return Outcome(REFUSALS[fault], f"{name}: {fault}, as the world was told")
        if fault == "never arrived":
            return Outcome("unknown", f"{name}: the answer was lost")
        outcome = self._written(name, step, rule)
        self.at_call("after", step)
        if fault == "lost":
            return Outcome("unknown", f"{name}: the answer was lost")
        return outcome

    def _written(self, name: str, step: Step, rule: Rule) -> Outcome:
        firewall = self.firewalls.get(name)
        if firewall is None:
            return Outcome("stale", f"{name} is gone")
        stands = any(other.name == rule.name for other in firewall.rules)
        if stands is (step.verb == "add"):
            return Outcome("stale", f"{name}: {rule.name} is {'' if stands else 'not '}there")
        self.edit(name, changed(firewall, step.verb, rule))
        return Outcome("done")
