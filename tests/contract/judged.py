"""A run in the in-memory world with the oracle beside it: every mutation is judged as it is made."""

from __future__ import annotations

from dataclasses import asdict

from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.rules import PROBES, Firewall
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Wanted
from cloudsync.provider import Scope, Snapshot, Step
from tests.contract.driver import Run, observe, run, same
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


class Judged:
    """One firewall in memory, and the judge of whatever is done to it."""

    def __init__(
        self, firewall: Firewall, meanings: tuple[Meaning, ...], *, ties: bool = True
    ) -> None:
        self.world = World({"fw": firewall})
        WORLDS["drawn"] = self.world
        self.provider = Provider(ties=ties)
        self.scope = Scope("memory:drawn", MemorySettings.model_construct(world="drawn"))
        self.meanings = meanings
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
        return observe(self.provider, self.scope)

    def run(self, wanted: Wanted, *, stop_after: int | None = None, forecast: bool = True) -> Run:
        """One run, judged after every mutation; what was broken stands in ``faults``.

        Without ``forecast`` reads are late, so they show neither a step's end nor the truth.
        """
        wish = wish_of(wanted, self.meanings, tuple(PROBES.cidrs()), revokes=False)
        last = self.truth()
        if forecast:
            self.check_exposure(wish)

        def watcher(step: Step, before: Snapshot, fresh: Snapshot) -> None:
            nonlocal last
            now = self.truth()
            points = self._points([last, now], wish)
            self.faults += [f"{step.changes}: {one}" for one in broken(last, now, wish, points)]
            was, last = last, now
            if forecast and now != was:
                after = self.provider.rules.after(before, step)
                self.faults += same(self.provider.rules, after, fresh, wanted.installation)
            if forecast:
                self.check_exposure(wish)

        return run(
            self.provider, self.scope, {TARGET: wanted}, watcher=watcher, stop_after=stop_after
        )

    def check_exposure(self, wish: Wish) -> None:
        """Compare what the evaluator says with what the packets do."""
        seen = observe(self.provider, self.scope)
        exposure = self.provider.rules.exposure(seen, 25)[TARGET]
        truth = self.truth()
        self.faults += misjudged(
            truth,
            25,
            self._points([truth], wish),
            self.meanings,
            lambda address: address in exposure.certain,
            lambda address: address in exposure.possible,
            [name.text for name in exposure.names],
        )

    def _points(self, worlds: list[packets.World], wish: Wish) -> list[packets.Point]:
        named = [cidr for meaning in self.meanings for name in meaning for cidr in meaning[name]]
        return packets.in_sight(worlds, wish.networks, wish.also, INTERNAL, wish.probes, named)
