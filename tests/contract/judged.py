"""A run in the in-memory world with the oracle beside it: every mutation is judged as it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from cloudsync.exposure import Exposure
from cloudsync.memory.firewall import PROBES, Firewall
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Wanted
from cloudsync.provider import Scope, Snapshot, Step
from tests.contract.driver import Run, look, run, same
from tests.oracle import packets
from tests.oracle.packets import Meaning
from tests.oracle.promises import INTERNAL, Wish, broken, misjudged

TARGET = "memory:drawn/fw"


def wish_of(
    wanted: Wanted, meanings: tuple[Meaning, ...], probes: tuple[str, ...], *, revokes: bool
) -> Wish:
    """What was wanted, in the oracle's own words."""
    return Wish(
        installation=wanted.installation,
        mode=wanted.mode.value,
        networks=tuple(map(str, wanted.networks)),
        also=tuple(map(str, wanted.also)),
        names=tuple(sorted(name.text for name in wanted.names)),
        internal=wanted.internal,
        ports=wanted.ports,
        probes=probes,
        meanings=meanings,
        revokes=revokes,
    )


def points(worlds: Sequence[packets.World], wish: Wish) -> list[packets.Point]:
    """Every edge of every network in sight of a run."""
    named = [cidr for meaning in wish.meanings for cidrs in meaning.values() for cidr in cidrs]
    return packets.in_sight(worlds, wish.networks, wish.also, INTERNAL, wish.probes, named)


def misread(exposure: Exposure, truth: packets.World, wish: Wish, port: int = 25) -> list[str]:
    """Where the evaluator and the packets differ."""
    return misjudged(
        truth,
        port,
        points([truth], wish),
        wish.meanings,
        lambda address: address in exposure.certain,
        lambda address: address in exposure.possible,
        [name.text for name in exposure.names],
    )


class Judged:
    """One firewall in memory, and the judge of whatever is done to it."""

    def __init__(
        self,
        firewall: Firewall,
        meanings: Sequence[Mapping[str, Sequence[str]]],
        *,
        ties: bool = True,
    ) -> None:
        self.world = World({"fw": firewall})
        WORLDS["drawn"] = self.world
        self.provider = Provider(ties=ties)
        self.scope = Scope("memory:drawn", MemorySettings(mode="watch", world="drawn"))
        self.meanings: tuple[Meaning, ...] = tuple(
            {name: packets.networks(tuple(cidrs)) for name, cidrs in meaning.items()}
            for meaning in meanings
        )
        self.faults: list[str] = []

    @property
    def firewall(self) -> Firewall:
        """What is really there."""
        return self.world.firewalls["fw"]

    def truth(self) -> packets.World:
        """The world as the oracle sees it."""
        return packets.from_memory(asdict(self.firewall))

    def look(self) -> Snapshot:
        """What a read shows."""
        return look(self.provider, self.scope)

    def exposure(self) -> Exposure:
        """Who gets in, as the evaluator says."""
        return self.provider.rules.exposure(self.look(), 25)[TARGET]

    def run(
        self,
        wanted: Wanted,
        *,
        stop_after: int | None = None,
        forecast: bool = True,
        sleep: Callable[[float], None] = lambda _seconds: None,
        monotonic: Callable[[], float] | None = None,
    ) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``.

        Without ``forecast`` reads are late, so they show neither a step's end nor the truth.
        """
        wish = wish_of(wanted, self.meanings, tuple(PROBES.cidrs()), revokes=False)
        last = self.truth()
        if forecast:
            self.faults += misread(self.exposure(), last, wish)

        def watcher(step: Step, before: Snapshot) -> None:
            nonlocal last
            was, last = last, self.truth()
            if was == last:
                return
            found = broken(was, last, wish, points([was, last], wish))
            self.faults += [f"{step.changes}: {one}" for one in found]
            if forecast:
                after, seen = self.provider.rules.after(before, step), self.look()
                self.faults += same(self.provider.rules, after, seen, wanted.installation)
                exposure = self.provider.rules.exposure(seen, 25)[TARGET]
                self.faults += misread(exposure, last, wish)

        return run(
            self.provider,
            self.scope,
            {TARGET: wanted},
            watcher=watcher,
            stop_after=stop_after,
            sleep=sleep,
            monotonic=monotonic,
        )
