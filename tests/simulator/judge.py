"""Watches every change of a world and asks the oracle about it; it forgives only what nobody saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from cloudsync.provider import Snapshot, Step
from tests.oracle import packets
from tests.oracle.packets import Point, World, deciding
from tests.oracle.promises import INTERNAL, Wish, answers, broken, might, tried
from tests.simulator.clock import Clock
from tests.simulator.cloud import Cloud
from tests.simulator.pools import PORT

_LOST: Final = "promise 1: "
_BARE: Final = "stands in no row of ours"


@dataclass(eq=False)
class Worker:
    """One run of one process: what it wants, and how much of the world's changes it has seen."""

    name: str
    wish: Wish
    calls: int = 0
    unlooked: int = 0
    """Additions since its last look."""
    seen: dict[str, int] = field(default_factory=dict[str, int])


@dataclass
class Judge:
    """The world as it was last, target by target, and every change since the beginning."""

    cloud: Cloud
    clock: Clock
    faults: list[str] = field(default_factory=list[str])
    counted: Counter[str] = field(default_factory=Counter[str])
    _log: list[tuple[float, str, Worker | None]] = field(
        default_factory=list[tuple[float, str, "Worker | None"]]
    )
    _last: dict[str, World | None] = field(default_factory=dict[str, "World | None"])

    def __post_init__(self) -> None:
        self._last = {target: self.cloud.truth(target) for target in self.cloud.targets}

    def is_edited(self, target: str) -> None:
        """Somebody else changed the target: what was before is now this."""
        self._changed(target, None)

    def is_looked_at(self, worker: Worker, snapshot: Snapshot) -> None:
        """A worker has seen the world as it was ``late`` ago."""
        then = self.clock.monotonic() - self.cloud.late
        bound = len(self._log)
        while bound and self._log[bound - 1][0] > then:
            bound -= 1
        for target in snapshot.targets:
            worker.seen[target] = bound
        worker.unlooked = 0

    def is_called(self, worker: Worker, step: Step) -> None:
        """A mutating call has come to its end, whatever became of it."""
        for target in self.cloud.targets:
            was, now = self._last[target], self.cloud.truth(target)
            if was == now:
                continue
            self.counted["mutations"] += 1
            if target not in step.targets:
                self.faults.append(f"{step.changes} changed {target}, which it doesn't name")
            unseen = self._unseen(worker, target, step)
            self._changed(target, worker)
            if was is None or now is None:
                self.faults.append(f"{step.changes} made or unmade {target}")
            elif unseen:
                self.counted["unseen"] += 1
            else:
                self.faults += [
                    f"{worker.name}: {step.verb} {', '.join(step.changes)}: {one}"
                    for one in self._broken(worker, was, now)
                ]
        if not step.later:
            worker.unlooked += 1

    def _broken(self, worker: Worker, was: World, now: World) -> list[str]:
        """Nobody who must get in is stopped, nobody who may not is let in, and so on."""
        wish = worker.wish
        where = points((was, now), wish)
        found = [
            one for one in broken(was, now, wish, where) if not _uncertain(one, was, now, wish)
        ]
        if not wish.revokes or not any(_BARE in one for one in found):
            return found
        # EC2 can't hold the same rule twice, so a stranger's that is the same stands for ours.
        again = broken(_as_ours(was, wish), _as_ours(now, wish), wish, where)
        return [one for one in found if _BARE not in one] + [one for one in again if _BARE in one]

    def _unseen(self, worker: Worker, target: str, step: Step) -> bool:
        """Whether a stranger changed the target after the look that the call had to rest on.

        No control plane can be asked and told in one breath. But what takes away must rest on a
        look that is younger than what was added, so without one nothing is forgiven.
        """
        if step.later and worker.unlooked:
            return False
        since = self._log[worker.seen.get(target, 0) :]
        return any(one == target and who is not worker for _, one, who in since)

    def _changed(self, target: str, worker: Worker | None) -> None:
        self._last[target] = self.cloud.truth(target)
        self._log.append((self.clock.monotonic(), target, worker))


def points(worlds: Sequence[World], wish: Wish) -> list[Point]:
    """One sender for each stretch of addresses that nothing in sight tells apart.

    Every network's first address and the one past its last: between two of these, no rule, wish
    or meaning of a name makes a difference.
    """
    cidrs = {cidr for world in worlds for row in world.rows for cidr in row["sources"]}
    cidrs.update(wish.networks, wish.also)
    if wish.internal == "keep":
        cidrs.update(INTERNAL)
    return sorted({*_always(wish.probes, _said(wish)), *(p for cidr in cidrs for p in _ends(cidr))})


def _uncertain(fault: str, was: World, now: World, wish: Wish) -> bool:
    """Whether promise 1 speaks of a sender who was never certain to get in, and still may.

    The oracle sees through names and machines, which no product can: what it calls lost on one
    machine may have been a mere possibility, and still be one.
    """
    if not fault.startswith(_LOST) or "wanted by name" in fault:
        return False
    address = ip_address(fault.removeprefix(_LOST).partition(" ")[0])
    point = (address.version, int(address))
    ahead, behind = deciding(was, PORT), deciding(now, PORT)
    meanings = tried([*ahead, *behind], wish.meanings)
    certain = answers(ahead, point, was.machines, meanings) == {True}
    return not certain and might(behind, point, meanings)


def _as_ours(world: World, wish: Wish) -> World:
    """The world with every rule for one wanted network, at our port alone, under our mark."""
    alike = {(cidr,) for cidr in (*wish.networks, *wish.also)}
    label = f"cloudsync/{wish.installation} list"
    return replace(
        world,
        rows=tuple(
            {**row, "label": label}
            if row["protocol"] == "tcp"
            and row["ports"] == (PORT, PORT)
            and tuple(row["sources"]) in alike
            else row
            for row in world.rows
        ),
    )


def _said(wish: Wish) -> tuple[str, ...]:
    return tuple(cidr for meaning in wish.meanings for cidrs in meaning.values() for cidr in cidrs)


@lru_cache(maxsize=1024)
def _always(probes: tuple[str, ...], said: tuple[str, ...]) -> frozenset[Point]:
    return frozenset(
        point for cidr in ("0.0.0.0/0", "::/0", *probes, *said) for point in _ends(cidr)
    )


@lru_cache(maxsize=4096)
def _ends(cidr: str) -> tuple[Point, ...]:
    version, first, last = packets.span(cidr)
    if last == packets.LAST[version]:
        return ((version, first),)
    return (version, first), (version, last + 1)


def wish_with(wish: Wish, networks: Iterable[str]) -> Wish:
    """``wish`` with another list."""
    return replace(wish, networks=tuple(sorted(networks)))
