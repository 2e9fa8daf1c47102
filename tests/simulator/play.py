"""Plays one schedule with the product's own run, and says what went against the promises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from random import Random
from typing import Any, Final

from cloudsync import records
from cloudsync.allowlist import Entry, InForce, Listing
from cloudsync.config import Config
from cloudsync.engine import Pace
from cloudsync.errors import CloudsyncError, SourceRefused
from cloudsync.job import Job
from cloudsync.looked import Look
from cloudsync.model import Verdict
from cloudsync.reconcile import look, reconcile
from cloudsync.report import RunReport
from cloudsync.state import MemoryStore
from cloudsync.vetting.leaving import begin
from cloudsync.vetting.vet import Read, Rules, accept
from tests.oracle.promises import Wish
from tests.simulator.aws_cloud import AwsCloud
from tests.simulator.azure_cloud import AzureCloud
from tests.simulator.azure_part import PARTS
from tests.simulator.clock import Clock
from tests.simulator.cloud import Cloud
from tests.simulator.end import owed
from tests.simulator.expected import Expected
from tests.simulator.gcp_cloud import GcpCloud
from tests.simulator.judge import Judge, Worker, wish_with
from tests.simulator.list_cloud import ListCloud
from tests.simulator.memory_cloud import MemoryCloud
from tests.simulator.pools import ALSO, OURS, PASSING, STAYING
from tests.simulator.timeline import AHEAD, EDITS, Event, Moment, Schedule
from tests.simulator.watched import Crash, Watched

MINUTE: Final = 60.0
HOUR: Final = 3_600.0
# Runs that the work may take once nothing goes wrong any more; one more must have nothing to do.
RUNS_TO_END: Final = 4


@dataclass(frozen=True)
class Result:
    """What one schedule showed: what went wrong, what happened in words, and how much of what."""

    faults: tuple[str, ...]
    trace: tuple[str, ...]
    counted: Mapping[str, int]


def play(schedule: Schedule) -> Result:
    """Everything that happens in ``schedule``, judged."""
    simulation = _Simulation(schedule)
    simulation.play()
    return Result(
        tuple(simulation.judge.faults),
        tuple(simulation.trace),
        dict(simulation.judge.counted),
    )


@dataclass
class _Settings:
    """What the operator's file says of the targets."""

    mode: str = "add"
    internal: str | None = "keep"
    also: tuple[str, ...] = ()
    names: tuple[str, ...] = ()  # as JSON, so that a configuration can be kept by its settings
    more: tuple[tuple[str, Any], ...] = ()

    @staticmethod
    def drawn(random: Random, cloud: Cloud, world: str) -> _Settings:
        more: list[tuple[str, Any]] = []
        if not world.startswith("aws"):
            if random.random() < 0.2:
                more.append(("override_denies", True))
            if random.random() < 0.6:
                more.append(("close_opaque", True))
            if random.random() < 0.3:
                first, last = random.choice(
                    ((100, 110), (101, 102), (1000, 1010))
                    if world.startswith("azure")
                    else ((100, 110), (1, 50), (101, 102))
                )
                more.append(("priority", json.dumps({"from": first, "to": last})))
        elif random.random() < 0.2:
            more.append(("close_opaque", True))
        mode = random.choice(("add", "add", "enforce", "enforce", "enforce", "watch"))
        internal = random.choice(("keep", "keep", "close"))
        names = [json.dumps(one) for one in cloud.names if random.random() < 0.15]
        return _Settings(
            mode, internal, tuple(random.sample(ALSO, random.choice((0, 0, 1, 2)))),
            tuple(names), tuple(more),
        )  # fmt: skip


class _Simulation:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.clock = Clock()
        random = Random(schedule.seed)
        self.cloud = _cloud(schedule, self.clock, random)
        self.judge = Judge(self.cloud, self.clock)
        self.trace: list[str] = []
        self.settings = _Settings()
        self.store = MemoryStore()
        # The list that the source shows, and what the next reads show in its place.
        self.source = {*STAYING, *random.sample(PASSING, 3)}
        self.bad: tuple[str, frozenset[str]] | None = None
        self.refused = False
        self.expected = Expected()
        self.expected.begins(self.source)
        self._keep(begin(_listing(self.source), self.clock.now(), "a person"))

    # ------------------------------------------------------------------ the schedule

    def play(self) -> None:
        """All runs, and then the end, when nothing goes wrong any more."""
        for number in range(self.schedule.runs):
            self.cloud.late = 0.0
            self.clock.sleep(10 * MINUTE)
            self.bad, self.refused = None, False
            self._run(f"run {number}", number)
            if self.judge.faults:
                return
        self._end()

    def _end(self) -> None:
        self.cloud.late = 0.0
        self.bad, self.refused = None, False
        # After an hour a run that crashed is settled, whatever a read showed until then.
        self.clock.sleep(HOUR + 10 * MINUTE)
        report: RunReport | None = None
        seen = frozenset[str]()
        for number in range(RUNS_TO_END + 1):
            seen = self._seen()
            worker = self._worker(f"last run {number}")
            watched = self._watched(worker, None)
            report = self._carried(worker, watched, approve=True)
            if self.judge.faults:
                return
            if not worker.calls:
                break
            # What the cloud accepted it has made by the next run.
            self.clock.sleep(10 * MINUTE)
        else:
            self.judge.faults.append(
                f"after {RUNS_TO_END} runs without any fault there is still something to do"
            )
        if report is not None:
            self.judge.faults += owed(self.cloud, report, self._wish(), seen, self.judge.counted)

    def _run(self, name: str, number: int) -> Worker:
        worker = self._worker(name)
        watched = self._watched(worker, number)
        watched.opens()
        if not watched.blind and self._lost_list():
            # What a late read shows of own rules isn't what a lost list is to be taken from.
            self.cloud.late = 0.0
        self._carried(worker, watched)
        return worker

    def _agenda(self, run: int | None, call: int, moment: Moment) -> Iterable[Event]:
        return () if run is None else self.schedule.at(run, call, moment)

    def _watched(self, worker: Worker, run: int | None) -> Watched:
        return Watched(
            self.cloud,
            self.judge,
            worker,
            lambda call, moment: self._agenda(run, call, moment),
            self._happens,
        )

    def _worker(self, name: str) -> Worker:
        return Worker(name, self._wish())

    # ------------------------------------------------------------------ one run

    def _carried(
        self, worker: Worker, watched: Watched, *, approve: bool = False
    ) -> RunReport | None:
        job = self._job(watched)
        lost = self._lost_list()
        own = self._own_list() if lost else ()
        report: RunReport | None = None
        # Another worker that comes by later may find neither state nor list; this run has its own.
        listed = False
        try:
            found = look(job)
            if approve and found.vetted.held:
                self.trace.append(f"{worker.name}: a person accepts the list")
                self._approve(found)
                found = look(job)
            if lost:
                self.expected.is_lost(() if watched.blind else own)
            self._vetted(found)
            worker.wish, listed = self._wish(), self.expected.known
            report = reconcile(job, found)
            self._reported(report, watched, worker)
        except Crash:
            self.trace.append(f"{worker.name}: crash")
        except SourceRefused as error:
            # Without a list nothing can be looked at; with one, a refusal is no outage.
            if self.expected.known and not lost:
                self.judge.faults.append(f"{worker.name}: refused with a list in force: {error}")
        except CloudsyncError as error:
            self.judge.faults.append(f"{worker.name}: {error}")
        self.trace.append(f"{worker.name}: {worker.calls} calls, mode {self.settings.mode}")
        if worker.calls and not listed:
            self.judge.faults.append(f"{worker.name}: calls were made without a list")
        return report

    def _vetted(self, found: Look) -> None:
        """Reckon the list as it should be; what is bad must have changed nothing."""
        now = self.clock.now()
        vetted = found.vetted
        if self.bad and vetted.held is None and vetted.refused is None:
            self.judge.faults.append(f"a bad list was let through ({self.bad[0]})")
        if vetted.held and vetted.held.verdict == "hold" and vetted.in_force:
            ahead = {str(entry.network) for entry in vetted.in_force.ahead}
            if self.bad and not ahead <= {*self.expected.leaving, *self.expected.ahead}:
                self.judge.faults.append(f"of a bad list {sorted(ahead)} came ahead")
            shown = self.bad[1] if self.bad else self.source
            if wrong := self.expected.is_held(shown, ahead, now):
                self.judge.faults.append(wrong)
        elif self.refused or self.bad or vetted.held:
            self.expected.passes(now)
        elif not self.expected.known:
            self.expected.begins(self.source)
        else:
            self.expected.is_read(self.source, now)

    def _reported(self, report: RunReport, watched: Watched, worker: Worker) -> None:
        """A scope that can't be read, or a target that is gone, is never silence."""
        self.judge.counted["reports"] += 1
        said = {plan.target: plan.verdict for plan in report.now.targets}
        for target in self.cloud.targets:
            if watched.blind:
                continue
            if self.cloud.truth(target) is None and said.get(target) not in {Verdict.GONE, None}:
                if self.cloud.late == 0 and not worker.calls:
                    self.judge.faults.append(f"{target} is gone and called {said[target]}")
            elif self.cloud.truth(target) is not None and target not in said:
                self.judge.faults.append(f"{target} isn't in the report")
        if watched.blind and not worker.calls and Verdict.UNREADABLE not in said.values():
            self.judge.faults.append(f"nothing could be read, and the report says {said}")

    def _approve(self, found: Look) -> None:
        """What ``list accept`` does."""
        vetted = found.vetted
        assert vetted.offer is not None
        rules = Rules.of(self._config())
        self._keep(accept(vetted.offer, vetted.in_force, rules, self.clock.now(), "a person"))

    # ------------------------------------------------------------------ what happens

    def _happens(self, event: Event) -> None:
        random = Random(event.seed)
        said = self._befallen(event, random)
        if said:
            self.trace.append(f"{event}: {said}")

    def _befallen(self, event: Event, random: Random) -> str:
        kind = event.kind
        if kind in EDITS or kind == "undone":
            target = random.choice(list(self.cloud.targets))
            return self._edited(target, kind, random)
        if kind == "worker":
            if event.call == AHEAD:
                return ""
            worker = self._worker("other worker")
            self._carried(worker, self._watched(worker, None))
            return "another worker ran"
        if kind == "forget":
            self._forget()
            return "the state is lost"
        if kind == "group goes":
            if len(self.cloud.targets) < 2 or self.cloud.truth(self.cloud.targets[1]) is None:
                return ""
            self.cloud.delete(self.cloud.targets[1])
            self.judge.is_edited(self.cloud.targets[1])
            return f"{self.cloud.targets[1]} is deleted"
        if kind == "settings":
            self.cloud.regard(random)
            self.judge.looks_anew()
            self.settings = _Settings.drawn(random, self.cloud, self.schedule.world)
            return str(self.settings)
        if kind == "late":
            self.cloud.late = float(random.randint(1, 60))
            return f"reads are {self.cloud.late:.0f} s late"
        if kind == "wait":
            hours = random.choice((1, 7, 7, 100, 8 * 24))
            self.clock.sleep(hours * HOUR)
            return f"{hours} h pass"
        return self._listed(kind, random)

    def _edited(self, target: str, kind: str, random: Random) -> str:
        if self.cloud.truth(target) is None:
            return ""
        if kind == "undone":
            self.cloud.undo(target)
            said = f"{target} is put back as it was"
        else:
            said = self.cloud.edit(target, kind, random)
        if said:
            self.judge.is_edited(target)
        return said

    def _listed(self, kind: str, random: Random) -> str:
        """What the vendor does to the list."""
        if kind == "list grows":
            new = sorted(set(PASSING) - self.source)
            if new:
                self.source = self.source | {random.choice(new)}
            return f"the list is {sorted(self.source)}"
        if kind == "list shrinks":
            old = sorted(self.source & set(PASSING))
            if old:
                self.source = self.source - {random.choice(old)}
            return f"the list is {sorted(self.source)}"
        if kind == "no list":
            self.refused = True
            return "the source is refused"
        self.bad = _spoilt(self.source, random)
        return f"the list on offer is bad: {self.bad}"

    # ------------------------------------------------------------------ the product's own values

    def _job(self, watched: Watched) -> Job:
        return Job(
            config=self._config(),
            store=self.store,
            provider=lambda _name: watched,
            read=self._read,
            now=self.clock.now,
            pace=Pace(self.clock.monotonic, self.clock.sleep),
        )

    def _config(self) -> Config:
        settings = self.settings
        return _config(
            (type(self.cloud), self.cloud.form), self.cloud.block, settings.mode, settings.internal, settings.also,
            settings.names, settings.more,
        )  # fmt: skip

    def _read(self, _config: Config, _in_force: InForce | None) -> Read:
        if self.refused:
            return Read(refused=SourceRefused("./list.txt", "E_READ", "the source is refused"))
        return Read(listing=_listing(self.bad[1] if self.bad else self.source))

    def _wish(self) -> Wish:
        settings = self.settings
        names = tuple(next(iter(json.loads(one).values())) for one in settings.names)
        wish = Wish(
            installation=OURS, mode=settings.mode, also=settings.also, names=names,
            internal=settings.internal, probes=self.cloud.probes,
            meanings=self.cloud.meanings, revokes=self.cloud.revokes,
        )  # fmt: skip
        return wish_with(wish, self.expected.wanted)

    def _forget(self) -> None:
        """Every document goes; whoever has the store open goes on with it."""
        held = self.store.keys()
        for key in held:
            document = self.store.get(key)
            if document is not None:
                self.store.delete(key, document.generation)

    def _seen(self) -> frozenset[str]:
        """The targets that the state knows."""
        stored = records.load(self.store, records.SEEN_KEY, records.SEEN)
        return frozenset(stored.value) if stored else frozenset()

    def _lost_list(self) -> bool:
        return self.store.get(records.LIST_KEY) is None

    def _own_list(self) -> set[str]:
        """What stands in own rules of purpose ``list``, in all targets."""
        found: set[str] = set()
        for target in self.cloud.targets:
            truth = self.cloud.truth(target)
            for row in truth.rows if truth else ():
                own = row["label"] == f"cloudsync/{OURS} list" and row["allow"]
                alone = row["protocol"] == "tcp" and tuple(row["ports"]) == (25, 25)
                if own and alone and (not row["machines"] or row.get("entry") or row.get("beside")):
                    found.update(row["sources"])
        return found

    def _keep(self, in_force: InForce) -> None:
        stored = records.load(self.store, records.LIST_KEY, records.LIST)
        generation = stored.generation if stored else None
        records.save(self.store, records.LIST_KEY, records.LIST, in_force, generation)


def _cloud(schedule: Schedule, clock: Clock, random: Random) -> Cloud:
    """The world that ``schedule`` is played in."""
    targets = schedule.targets
    match schedule.world:
        case "aws":
            return AwsCloud(clock, targets, random)
        case "aws-full":
            return AwsCloud(clock, targets, random, full=True)
        case "aws-lists":
            return ListCloud(clock, targets, random)
        case "azure":
            return AzureCloud(clock, targets, random)
        case "azure-part":
            return AzureCloud(clock, targets, random, parts=PARTS)
        case "gcp":
            return GcpCloud(clock, targets, random, kind="vpc-firewall")
        case "gcp-policy":
            return GcpCloud(clock, targets, random, kind="network-policy")
        case "ties" | "unique":
            return MemoryCloud(clock, targets, random, ties=schedule.world == "ties")


def _spoilt(source: Iterable[str], random: Random) -> tuple[str, frozenset[str]]:
    """A list that must change nothing, and what is wrong with it."""
    kind = random.choice(("empty", "short", "foreign", "wide", "special", "grown"))
    listed = sorted(source)
    bad = {
        "empty": [],
        "short": listed[:1],
        "foreign": ["192.0.66.0/28", "192.0.67.1/32"],
        "wide": [*listed, "64.0.0.0/4"],
        "special": [*listed, "10.0.0.0/8"],
        "grown": [*listed, *(f"64.34.{n}.0/24" for n in range(9))],
    }
    return kind, frozenset(bad[kind])


@lru_cache(maxsize=4096)
def _entry(network: str) -> Entry:
    return Entry(ip_network(network))


def _listing(networks: Iterable[str]) -> Listing:
    return Listing("./list.txt", "cidr", tuple(_entry(one) for one in sorted(networks)))


_CONFIGS: dict[tuple[Any, ...], Config] = {}


def _config(
    cloud: tuple[type[Any], str],
    block: Any,
    mode: str,
    internal: str | None,
    also: tuple[str, ...],
    names: tuple[str, ...],
    more: tuple[tuple[str, Any], ...],
) -> Config:
    key = (cloud, mode, internal, also, names, more)
    found = _CONFIGS.get(key)
    if found is None:
        person = {"owner": "somebody", "reason": "a test", "until": "never"}
        settings: dict[str, Any] = {
            "mode": mode,
            "internal": internal,
            "path": "direct",
            "accept_risk": {"by": "somebody", "reason": "a test", "until": "never"},
            "also_allow": [
                *({"network": one, **person} for one in also),
                *({**json.loads(one), **person} for one in names),
            ],
            **{
                name: json.loads(value) if isinstance(value, str) else value for name, value in more
            },
        }
        found = _CONFIGS[key] = Config.model_validate(
            {
                "name": OURS,
                "list": {"source": "./list.txt", "format": "cidr"},
                "state": "memory://",
                "targets": [block(settings)],
            }
        )
    return found
