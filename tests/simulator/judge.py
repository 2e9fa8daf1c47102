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
from tests.oracle.packets import Meaning, Point, Row, World, deciding, inside, matches
from tests.oracle.promises import INTERNAL, Wish, broken, might, tried
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
        """Somebody else changed the target, and those on the same network: what was is now this."""
        for one in self.cloud.targets:
            if one == target or self.cloud.truth(one) != self._last[one]:
                self._changed(one, None)

    def looks_anew(self) -> None:
        """The operator may have changed whom the targets guard; nobody has changed a rule."""
        self._last = {target: self.cloud.truth(target) for target in self.cloud.targets}

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
            unseen = self._unseen(worker, target, step)
            # Which targets belong together may have changed since the look.
            if target not in step.targets and not (unseen and self.cloud.together):
                self.faults.append(f"{step.changes} changed {target}, which it doesn't name")
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
    """One sender for each way of standing in the networks in sight.

    Whoever stands in the same networks of rules, wishes and meanings is treated the same by all of
    them, so one of them stands for all.
    """
    cidrs = {cidr for world in worlds for row in world.rows for cidr in row["sources"]}
    cidrs.update(("0.0.0.0/0", "::/0"), wish.networks, wish.also, wish.probes, _said(wish))
    if wish.internal == "keep":
        cidrs.update(INTERNAL)
    return list(_told_apart(frozenset(cidrs)))


@lru_cache(maxsize=4096)
def _told_apart(cidrs: frozenset[str]) -> tuple[Point, ...]:
    """The first sender of each stretch, but for those who stand in the same networks as another."""
    # A network comes before those inside it, and two of them never just overlap.
    spans = sorted(
        {packets.span(cidr) for cidr in cidrs}, key=lambda one: (one[0], one[1], -one[2])
    )
    starts = sorted(
        {(version, first) for version, first, _ in spans}
        | {(version, last + 1) for version, _, last in spans if last < packets.LAST[version]}
    )
    found: dict[tuple[packets.Span, ...], Point] = {}
    around: list[packets.Span] = []
    following = 0
    for point in starts:
        around = [one for one in around if one[0] == point[0] and one[2] >= point[1]]
        while following < len(spans) and spans[following][:2] == point:
            around.append(spans[following])
            following += 1
        found.setdefault(tuple(around), point)
    return tuple(found.values())


@lru_cache(maxsize=1024)
def _cidrs(meanings: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple({cidr for cidrs in meanings for cidr in cidrs})


def _said(wish: Wish) -> tuple[str, ...]:
    return _cidrs(tuple(tuple(one) for meaning in wish.meanings for one in meaning.values()))


def _uncertain(fault: str, was: World, now: World, wish: Wish) -> bool:
    """Whether promise 1 speaks of a sender who wasn't known to get in everywhere, and still may.

    The oracle sees through names and machines, which no product can: what it calls lost on one
    machine may have been a mere possibility, and still be one.
    """
    if not fault.startswith(_LOST) or "wanted by name" in fault:
        return False
    address = ip_address(fault.removeprefix(_LOST).partition(" ")[0])
    point = (address.version, int(address))
    ahead, behind = deciding(was, PORT), deciding(now, PORT)
    meanings = tried([*ahead, *behind], wish.meanings)
    return not _known(ahead, point, meanings) and might(behind, point, meanings)


def _known(asked: Sequence[Row], point: Point, meanings: Sequence[Meaning]) -> bool:
    """Whether a sender is certain to get in for anybody who can't see machines or names.

    The mirror of the oracle's ``might``: an allow that may not be meant for all lets nobody in for
    sure, and a deny that may be meant for him leaves him uncertain.
    """
    for row in asked:
        vague = row["machines"] or (row["names"] and not inside(point, row["sources"]))
        if vague and row["allow"]:
            continue
        machines = (*row["machines"], "")
        if any(matches(row, point, one, meaning) for one in machines for meaning in meanings):
            return bool(row["allow"])
    return False


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


def wish_with(wish: Wish, networks: Iterable[str]) -> Wish:
    """``wish`` with another list."""
    return replace(wish, networks=tuple(sorted(networks)))
