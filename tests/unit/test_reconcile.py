"""One run over the in-memory provider, from the read of the source to the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, ClassVar

import pytest

from cloudsync import records
from cloudsync.abreast import Abreast, Each, in_turn
from cloudsync.addresses import AddressSet
from cloudsync.allowlist import Entry, InForce, Listing
from cloudsync.config import Config
from cloudsync.config.problems import ConfigError
from cloudsync.engine import Pace
from cloudsync.errors import NoCredentials, SourceRefused, UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.memory.provider import WORLDS, Provider
from cloudsync.memory.sandbox import World
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Note, Verdict
from cloudsync.observe import recover
from cloudsync.provider import Outcome, Scope, Snapshot, Step, Unreadable
from cloudsync.reconcile import look, reconcile
from cloudsync.remember import begin_run, forget
from cloudsync.report import RunReport
from cloudsync.state import MemoryStore
from cloudsync.vetting.leaving import begin
from cloudsync.vetting.vet import Read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LISTED = tuple(f"8.0.{number}.1/32" for number in range(1, 9))
ONE, TWO = "memory:run/one", "memory:run/two"
OPEN = Rule(1000, "open")
REFUSED = SourceRefused("./list.txt", "E_EMPTY", "the source is empty")


class Calls:
    """The in-memory provider, which counts its calls and can lose a scope or its loopback."""

    name: ClassVar[str] = "calls"
    settings: ClassVar[type[Any]] = MemorySettings

    def __init__(self) -> None:
        self.inner = Provider()
        self.rules = self.inner.rules
        self.made = 0
        self.loopback = True
        self.found: Iterable[Scope | Unreadable] | None = None
        self.looks: Callable[[], None] = lambda: None

    def on_loopback(self, settings: Any) -> bool:
        """As the test says."""
        del settings
        return self.loopback

    def survey(self, regions: Sequence[str], endpoint: str | None) -> Any:
        """As the provider."""
        return self.inner.survey(regions, endpoint)

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """As the provider, unless the test says which there are."""
        return self.inner.scopes(settings) if self.found is None else self.found

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[Snapshot | Unreadable]:
        """As the provider, once the test has had its word."""
        self.looks()
        return self.inner.observe(scope, only, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """A call, counted."""
        self.made += 1
        return self.inner.apply(step, deadline)


@dataclass
class Scene:
    """A world, a source, a state and a clock, and the runs over them."""

    settings: ClassVar[type[MemorySettings]] = MemorySettings

    firewalls: dict[str, tuple[Rule, ...]]
    blocks: tuple[dict[str, Any], ...] = ({},)
    listed: tuple[str, ...] = LISTED
    listing: dict[str, Any] = field(default_factory=dict[str, Any])
    now: datetime = NOW
    read: Read | None = None
    kept: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    each: Each = in_turn
    limit: float | None = None
    clock: float = 0.0

    def __post_init__(self) -> None:
        self.world = World({name: Firewall(rules) for name, rules in self.firewalls.items()})
        WORLDS["run"] = self.world
        WORLDS.pop("none", None)
        self.provider = Calls()
        self.store = MemoryStore()
        self.in_force(begin(self.offered, NOW, "Ann"))

    @property
    def offered(self) -> Listing:
        """What the source says."""
        entries = tuple(Entry(ip_network(one)) for one in self.listed)
        return Listing("./list.txt", "cidr", entries)

    def in_force(self, value: InForce) -> None:
        """Put a list in force, as an earlier run would have."""
        stored = records.load(self.store, records.LIST_KEY, records.LIST)
        generation = stored.generation if stored else None
        records.save(self.store, records.LIST_KEY, records.LIST, value, generation)

    @property
    def stored(self) -> InForce | None:
        """The list in force, as the state has it."""
        found = records.load(self.store, records.LIST_KEY, records.LIST)
        return found.value if found else None

    @property
    def seen(self) -> dict[str, str]:
        """The targets that the state knows, with their verdicts."""
        found = records.load(self.store, records.SEEN_KEY, records.SEEN)
        return {key: one.verdict for key, one in found.value.items()} if found else {}

    @property
    def job(self) -> Job:
        """The run's job."""
        usual = {"provider": "memory", "world": "run", "mode": "add"}
        config = Config.model_validate(
            {
                "name": "ours",
                "list": {"source": "./list.txt", "format": "cidr", **self.listing},
                "targets": [self.settings.model_validate({**usual, **b}) for b in self.blocks],
            }
        )
        return Job(
            config,
            self.store,
            lambda _name: self.provider,
            lambda _config, _in_force: self.read or Read(self.offered),
            keep=lambda _config, _store, digest, said: self.kept.append((digest, said)),
            now=lambda: self.now,
            pace=Pace(lambda: self.clock, lambda _seconds: None, 0.0),
            each=self.each,
            limit=self.limit,
        )

    def run(self) -> RunReport:
        """One whole run."""
        return reconcile(self.job)

    def forget(self) -> None:
        """The state is lost."""
        self.store = MemoryStore()


def verdicts(report: RunReport) -> dict[str, Verdict]:
    """Each target's verdict at the end."""
    return {plan.target: plan.verdict for plan in report.now.targets}


def kinds(report: RunReport) -> list[str]:
    """How each call ended."""
    return [outcome.kind for _, outcome in report.outcomes]


def test_a_run_makes_it_so_and_the_next_has_nothing_to_do() -> None:
    """What is missing is added and verified; a second run makes no mutating call."""
    scene = Scene({"one": (), "two": (OPEN,)})
    report = scene.run()
    assert verdicts(report) == {ONE: Verdict.IN_SYNC, TWO: Verdict.OPEN}
    assert kinds(report) == ["done", "done"]
    assert scene.seen == {ONE: "in_sync", TWO: "open"}
    calls = scene.provider.made
    again = scene.run()
    assert (scene.provider.made, again.outcomes) == (calls, ())
    assert verdicts(again) == verdicts(report)


def test_a_look_changes_nothing() -> None:
    """Looking plans what would be done, and touches neither the cloud nor the state."""
    scene = Scene({"one": ()})
    scene.forget()
    scene.in_force(begin(scene.offered, NOW, "Ann"))
    found = look(scene.job)
    assert [len(plan.steps) for plan in found.plan.targets] == [1]
    assert (scene.provider.made, scene.seen) == (0, {})
    assert set(found.wanted) == set(found.scopes) == {ONE}


def test_what_a_person_looked_at_is_what_is_done() -> None:
    """A run that is given a look does no more than its plan."""
    scene = Scene({"one": ()})
    found = look(scene.job)
    scene.listed = (*LISTED, "9.0.0.1/32")
    report = reconcile(scene.job, found)
    assert report.plan is found.plan
    (rule,) = scene.world.firewalls["one"].rules
    assert AddressSet.of(*rule.sources) == AddressSet.of(*LISTED)


def test_watch_makes_no_call() -> None:
    """In watch the report says what is missing, and nothing is planned or done."""
    scene = Scene({"one": ()}, ({"mode": "watch"},))
    report = scene.run()
    assert verdicts(report) == {ONE: Verdict.MISSING}
    assert (scene.provider.made, report.plan.steps) == (0, ())


def test_outbound_digests_stand_before_and_after() -> None:
    """Each target's digest of its outbound rules is in the report twice, and is the same."""
    report = Scene({"one": ()}).run()
    assert set(report.outbound) == {ONE}
    before, after = report.outbound[ONE]
    assert before == after != ""


# --------------------------------------------------------------------------------- the list


def test_a_first_list_waits_for_a_person() -> None:
    """Without a list in force nothing is done; what it would mean is planned, and marked held."""
    scene = Scene({"one": ()})
    scene.forget()
    report = scene.run()
    assert (scene.provider.made, scene.stored, report.outcomes) == (0, None, ())
    (plan,) = report.now.targets
    assert (plan.notes, len(plan.steps)) == ((Note.HELD,), 1)


def test_without_any_list_the_refusal_is_the_answer() -> None:
    """A source that is refused, and nothing in force: the refusal is raised as it came."""
    scene = Scene({"one": ()}, read=Read(refused=REFUSED))
    scene.forget()
    with pytest.raises(SourceRefused) as caught:
        scene.run()
    assert caught.value is REFUSED
    assert scene.provider.made == 0


def test_not_modified_without_a_list_is_refused() -> None:
    """A source that says "not modified" to somebody who has no list gives none."""
    scene = Scene({"one": ()}, read=Read())
    scene.forget()
    with pytest.raises(SourceRefused, match="there is no list, on offer or in force"):
        scene.run()


def test_a_refusal_with_a_list_in_force_is_no_outage() -> None:
    """The run goes on with the list in force."""
    scene = Scene({"one": ()}, read=Read(refused=REFUSED))
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC}


def test_a_held_list_changes_nothing_and_every_target_says_so() -> None:
    """A list that shrank by half: the list in force is applied, and each target is noted held."""
    scene = Scene({"one": ()})
    scene.run()
    scene.listed = LISTED[:4]
    report = scene.run()
    assert report.outcomes == ()
    assert [plan.notes for plan in report.now.targets] == [(Note.HELD,)]
    assert scene.stored is not None
    assert {str(entry.network) for entry in scene.stored.entries} == set(LISTED)


def test_a_held_list_is_noted_after_calls_too() -> None:
    """Where the list in force still has something to add, the verified plans are noted as well."""
    scene = Scene({"one": ()})
    scene.listed = LISTED[:4]
    report = scene.run()
    assert kinds(report) == ["done"]
    assert [plan.notes for plan in report.now.targets] == [(Note.HELD,)]


def test_an_addition_counts_at_once_and_a_removal_waits() -> None:
    """A new entry is let in by the same run; one that is gone goes after two reads and a week."""
    scene = Scene({"one": ()})
    scene.run()
    scene.listed = (*LISTED[1:], "9.0.0.1/32")
    for hours in (0, 7, 24 * 6):
        scene.now = NOW + timedelta(hours=hours)
        scene.run()
        (rule,) = scene.world.firewalls["one"].rules
        assert AddressSet.of(*rule.sources) == AddressSet.of(*LISTED, "9.0.0.1/32")
    scene.now = NOW + timedelta(hours=7, days=7)
    scene.run()
    (rule,) = scene.world.firewalls["one"].rules
    assert AddressSet.of(*rule.sources) == AddressSet.of(*LISTED[1:], "9.0.0.1/32")


def test_the_servers_validators_are_kept_with_the_list_they_came_with() -> None:
    """They stand beside the digest of the list in force, and only where nothing is held."""
    scene = Scene({"one": ()})
    scene.read = Read(scene.offered, validators="etag")
    scene.run()
    assert scene.kept == [(scene.offered.digest, "etag")]
    scene.read = Read(replace(scene.offered, entries=scene.offered.entries[:4]), validators="other")
    scene.run()
    assert len(scene.kept) == 1


# ----------------------------------------------------------------------------- a lost state


def test_lost_state_is_as_safe_as_kept_state() -> None:
    """Own rules are the list in force: what they hold and the source lacks waits for its grace."""
    scene = Scene({"one": ()})
    scene.run()
    scene.forget()
    scene.listed = LISTED[1:]
    report = scene.run()
    assert report.outcomes == ()
    assert scene.stored is not None
    assert [str(one.entry.network) for one in scene.stored.leaving] == [LISTED[0]]


def test_enforce_closes_nothing_by_what_only_own_rules_tell() -> None:
    """State lost, and the list on offer held: what is open stays open, since rules may tell less."""
    block = {
        "mode": "enforce", "internal": "close", "path": "direct",
        "accept_risk": {"by": "Ann", "reason": "test", "until": "never"},
    }  # fmt: skip
    scene = Scene({"one": ()}, (block,), LISTED[:2])
    scene.run()
    assert len(scene.world.firewalls["one"].rules) == 3
    for rule in scene.world.firewalls["one"].rules:
        if not rule.allow:
            scene.world.uproot("one", rule.name)
    scene.world.plant("one", OPEN)
    scene.forget()
    scene.listed = LISTED
    report = scene.run()
    (plan,) = report.now.targets
    assert (report.outcomes, plan.mode, plan.notes) == ((), Mode.ADD, (Note.HELD,))


def test_a_source_that_is_down_after_a_lost_state_closes_nothing() -> None:
    """Own rules may tell less than was in force, whatever kept the list from being read."""
    block = {
        "mode": "enforce", "internal": "close", "path": "direct",
        "accept_risk": {"by": "Ann", "reason": "test", "until": "never"},
    }  # fmt: skip
    scene = Scene({"one": ()}, (block,))
    scene.run()
    for rule in scene.world.firewalls["one"].rules:
        if not rule.allow:
            scene.world.uproot("one", rule.name)
    scene.world.plant("one", OPEN)
    scene.forget()
    scene.read = Read(refused=REFUSED)
    report = scene.run()
    (plan,) = report.now.targets
    assert (report.outcomes, plan.mode) == ((), Mode.ADD)
    assert {want.unsure for want in look(scene.job).wanted.values()} == {True}
    scene.read = None
    assert {want.unsure for want in look(scene.job).wanted.values()} == {False}
    assert [plan.mode for plan in scene.run().now.targets] == [Mode.ENFORCE]


def test_own_rules_tell_nothing_where_a_scope_cant_be_read() -> None:
    """With one scope unread nobody knows what stands there: there is no list to compare with."""
    scene = Scene({"one": ()})
    scene.run()
    assert recover(scene.job) is not None
    scene.world.unreadable = "throttled"
    assert recover(scene.job) is None
    scene.world.unreadable = ""
    scene.blocks = ({}, {"world": "none"})
    assert recover(scene.job) is None


# --------------------------------------------------------------------------------- silence


def test_a_scope_that_cant_be_read_is_unreadable_with_all_its_targets() -> None:
    """The scope, and each target that was there, say why, and no other; nothing is called."""
    scene = Scene({"one": (), "two": ()})
    scene.run()
    elsewhere = {"memory:elsewhere/fw": records.Seen(NOW, "in_sync")}
    stored = records.load(scene.store, records.SEEN_KEY, records.SEEN)
    assert stored is not None
    both = {**stored.value, **elsewhere}
    records.save(scene.store, records.SEEN_KEY, records.SEEN, both, stored.generation)
    calls = scene.provider.made
    scene.world.unreadable = "access was denied"
    report = scene.run()
    assert verdicts(report) == dict.fromkeys(("memory:run", ONE, TWO), Verdict.UNREADABLE)
    assert {plan.reason for plan in report.now.targets} == {"access was denied. Repair the world."}
    assert scene.provider.made == calls


def test_a_scope_that_cant_be_named_is_unreadable() -> None:
    """A block whose scope isn't there gets a line of its own; the other block is worked on."""
    scene = Scene({"one": ()}, ({}, {"world": "none"}))
    report = scene.run()
    assert verdicts(report) == {"memory:none": Verdict.UNREADABLE, ONE: Verdict.IN_SYNC}


def test_a_target_that_was_there_and_is_gone_is_said_to_be_gone() -> None:
    """It is missed in every run until somebody says that it may be forgotten."""
    scene = Scene({"one": (), "two": ()})
    scene.run()
    scene.world.edit("two", None)
    for _ in range(2):
        report = scene.run()
        assert verdicts(report) == {ONE: Verdict.IN_SYNC, TWO: Verdict.GONE}
        assert report.now.targets[1].reason == (
            "it was there on 2026-11-24 12:00 UTC and isn't now; if that is right, say "
            "cloudsync forget memory:run/two"
        )
    forget(scene.job, TWO)
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC}
    with pytest.raises(UsageError) as caught:
        forget(scene.job, TWO)
    assert str(caught.value) == (
        "memory:run/two: it isn't remembered. Nothing was changed. "
        "Take a name from cloudsync drift."
    )


def test_a_target_that_is_named_and_was_never_there_is_gone_too() -> None:
    """Where one of the named targets is found, the others are said to be gone."""
    scene = Scene({"one": ()}, ({"select": {"ids": ["one", "never"]}},))
    report = scene.run()
    assert verdicts(report) == {ONE: Verdict.IN_SYNC, "memory:run/never": Verdict.GONE}
    (gone,) = [plan for plan in report.now.targets if plan.verdict is Verdict.GONE]
    assert gone.reason == "it is named in the configuration and isn't in memory:run"


def test_a_target_of_another_block_isnt_missed_by_this_one() -> None:
    """A block that names its targets misses only these."""
    scene = Scene({"one": (), "two": ()}, ({"select": {"ids": ["one", "two"]}},))
    scene.run()
    scene.blocks = ({"select": {"ids": ["one"]}},)
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC}


def test_a_target_that_goes_under_the_run_is_gone() -> None:
    """What was there when the run began and isn't at its end is said to be gone."""
    scene = Scene({"one": ()})

    def deleted(moment: str, step: Step) -> None:
        if moment == "after":
            scene.world.edit("one", None)

    scene.world.at_call = deleted
    report = scene.run()
    (plan,) = report.now.targets
    assert (plan.verdict, plan.reason) == (
        Verdict.GONE, "it was there when the run began and isn't now",
    )  # fmt: skip
    assert (plan.before, report.outbound) == (None, {})


def test_a_scope_that_goes_blind_under_the_run_is_unreadable() -> None:
    """What was done stands in the report; what is so now, nobody can say."""
    scene = Scene({"one": ()})

    def blinded(moment: str, step: Step) -> None:
        if moment == "after":
            scene.world.unreadable = "throttled"

    scene.world.at_call = blinded
    report = scene.run()
    assert kinds(report) == ["done"]
    (plan,) = report.now.targets
    assert (plan.target, plan.verdict, plan.reason) == (
        ONE, Verdict.UNREADABLE, "throttled. Repair the world.",
    )  # fmt: skip


# -------------------------------------------------------------------------- errors in use


def test_a_block_that_matches_nothing_is_an_error() -> None:
    """Where no target was ever found, the block is wrong, and nothing is done anywhere."""
    scene = Scene({"one": ()}, ({}, {"select": {"ids": ["other"]}}))
    with pytest.raises(UsageError) as caught:
        scene.run()
    assert caught.value.what == "no target matched, in memory:run"
    assert scene.provider.made == 0


def test_a_target_in_two_blocks_is_an_error() -> None:
    """Two blocks that select one target could want different things of it."""
    scene = Scene({"one": ()}, ({}, {}))
    with pytest.raises(UsageError) as caught:
        scene.run()
    assert caught.value.what == "memory:run/one is a target of an earlier block too"
    assert caught.value.todo == "Select it in one block only."
    assert scene.provider.made == 0


def test_what_enforce_demands_is_asked_before_the_first_look() -> None:
    """Every unmet demand of every block stands in one error."""
    scene = Scene({"one": ()}, ({"mode": "enforce"},))
    with pytest.raises(ConfigError) as caught:
        scene.run()
    assert [one.where.rpartition(".")[2] for one in caught.value.problems] == [
        "path", "internal", "domains",
    ]  # fmt: skip
    assert scene.provider.made == 0


@pytest.mark.parametrize("mode", ["add", "watch"])
def test_a_real_cloud_is_never_changed_by_the_bundled_list(mode: str) -> None:
    """Off loopback the bundled list serves `watch` alone."""
    scene = Scene(
        {"one": ()}, ({"mode": mode},), listing={"source": "bundled", "format": "article39"}
    )
    scene.provider.loopback = False
    if mode == "watch":
        assert verdicts(scene.run()) == {ONE: Verdict.MISSING}
        return
    with pytest.raises(ConfigError) as caught:
        scene.run()
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert problem.what == (
        "mode: add would change a real cloud by the bundled list, which carries the facts of "
        "2009-09-18"
    )
    assert problem.todo == "Name a source of your own under list:, or set mode: watch."
    assert scene.provider.made == 0


def test_on_loopback_the_bundled_list_may_add() -> None:
    """A sandbox on this machine may be changed by it."""
    scene = Scene({"one": ()}, listing={"source": "bundled", "format": "article39"})
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC}


# ------------------------------------------------------------------ many scopes, and a deadline


class Many(Scene):
    """A second world beside the first, and a block that sees both."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.other = World({"three": Firewall(())})
        WORLDS["other"] = self.other
        self.provider.found = [
            Scope(f"memory:{name}", MemorySettings(mode="add", world=name))
            for name in ("run", "other")
        ]


class Discovered(MemorySettings):
    """A block whose scopes the cloud names."""

    @property
    def discovers(self) -> bool:
        """It does."""
        return True


class Changing(Many):
    """The same, where the cloud says which worlds there are."""

    settings = Discovered


THREE = "memory:other/three"


def test_side_by_side_nothing_comes_out_otherwise() -> None:
    """A run over several scopes at once plans, does and reports what it would do in turn."""
    reports = [Many({"one": (), "two": (OPEN,)}, each=each).run() for each in (in_turn, Abreast(4))]
    assert verdicts(reports[0]) == {
        ONE: Verdict.IN_SYNC, TWO: Verdict.OPEN, THREE: Verdict.IN_SYNC,
    }  # fmt: skip
    assert reports[0] == reports[1]


def test_one_blind_scope_hides_no_other() -> None:
    """What can't be read is said, and the others are kept right."""
    scene = Many({"one": ()}, each=Abreast(4))
    scene.other.unreadable = "access was denied"
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC, "memory:other": Verdict.UNREADABLE}


class Unlet(Calls):
    """Calls that some worlds have no credentials for."""

    def __init__(self, *worlds: str) -> None:
        super().__init__()
        self.worlds = worlds

    def scopes(self, settings: Any) -> Iterable[Scope | Unreadable]:
        """As the provider, where there are credentials."""
        if settings.world in self.worlds:
            raise NoCredentials("provider calls", "no credentials were found", todo="Sign in.")
        return super().scopes(settings)


def test_a_cloud_without_credentials_stops_no_other() -> None:
    """What was known of it is unreadable, and the others are mended; without any, it is an error."""
    scene = Scene({"one": ()}, blocks=({}, {"world": "other"}))
    WORLDS["other"] = World({"three": Firewall(())})
    scene.run()
    scene.world.uproot("one", next(iter(scene.world.firewalls["one"].rules)).name)
    scene.provider = Unlet("other")
    report = scene.run()
    assert {plan.target: (plan.verdict, plan.reason) for plan in report.now.targets} == {
        ONE: (Verdict.IN_SYNC, ""),
        "memory": (Verdict.UNREADABLE, "no credentials were found. Sign in."),
        THREE: (Verdict.UNREADABLE, "no credentials were found. Sign in."),
    }
    scene.provider = Unlet("run", "other")
    with pytest.raises(NoCredentials, match="no credentials were found"):
        scene.run()


def test_what_the_run_had_no_time_for_is_unreadable_and_unchanged() -> None:
    """After the deadline no scope is read, no step begun, and every known target is named."""
    scene = Many({"one": ()}, limit=60.0)
    scene.run()
    made, looks = scene.provider.made, list[float]()
    scene.world.uproot("one", next(iter(scene.world.firewalls["one"].rules)).name)

    def an_hour() -> None:
        looks.append(scene.clock)
        scene.clock += 3_600.0

    scene.provider.looks = an_hour
    report = scene.run()
    reason = "not reached before the deadline. Give the run a later deadline, or fewer targets."
    assert {plan.target: plan.reason for plan in report.now.targets} == dict.fromkeys(
        ["memory:run", ONE, "memory:other", THREE], reason
    )
    assert (scene.provider.made, looks) == (made, [0.0])


NAMES = tuple(f"fleet{number}" for number in range(9))


def fleet(**more: Any) -> Scene:
    """Nine worlds that lack the list, eight seconds to look at each, and a minute for all of them."""
    scene = Scene({"one": ()}, limit=60.0, **more)
    WORLDS.update({name: World({"mx": Firewall(())}) for name in NAMES})
    scene.provider.found = [
        Scope(f"memory:{name}", MemorySettings(mode="add", world=name)) for name in NAMES
    ]

    def slowly() -> None:
        scene.clock += 8.0

    scene.provider.looks = slowly
    return scene


def mended() -> int:
    """In how many of them the list is let in."""
    return sum(bool(WORLDS[name].firewalls["mx"].rules) for name in NAMES)


def passed(scene: Scene, run: str) -> int:
    """A pass of the worker's, under its lease; how many worlds it had no time for."""
    report = reconcile(replace(scene.job, fence=1, attended=False, run=run))
    unread = [plan for plan in report.plan.targets if plan.verdict is Verdict.UNREADABLE]
    return len({plan.target.partition("/")[0] for plan in unread})


@pytest.mark.parametrize("each", [in_turn, Abreast(2)])
def test_a_fleet_that_no_pass_has_time_for_is_mended_by_several(each: Each) -> None:
    """Each mends what it saw, and no two begin at the same ones."""
    scene = fleet(each=each)
    done = [0]
    while done[-1] < len(NAMES) and len(done) < 30:
        assert passed(scene, f"20261125T003411Z-{len(done):06}") > 0
        done.append(mended())
    assert (done, done[-1]) == (sorted(done), len(NAMES))


@pytest.mark.parametrize(("mode", "unread"), [("watch", 2), ("add", 3)])
def test_time_is_kept_for_changes_where_there_are_any(mode: str, unread: int) -> None:
    """A quarter of it; a look that finds nothing to do has all of it."""
    assert passed(fleet(blocks=({"mode": mode},)), "") == unread
    # Two of the six: a world is looked at again before the next one's turn comes.
    assert mended() == (0 if mode == "watch" else 2)


def test_who_only_looks_has_all_of_the_time() -> None:
    """A plan or a drift changes nothing, whatever it finds."""
    found = look(fleet().job).plan.targets
    assert sum(plan.verdict is not Verdict.UNREADABLE for plan in found) == 7


def test_a_person_who_thinks_it_over_takes_no_time_from_the_run() -> None:
    """The deadline counts what the look took, and goes on counting when the run does."""
    scene = Scene({"one": ()}, limit=60.0)
    found = look(scene.job)
    scene.clock = 10_000.0
    assert verdicts(reconcile(scene.job, found)) == {ONE: Verdict.IN_SYNC}
    late = Scene({"one": ()}, limit=60.0)
    report = reconcile(late.job, replace(look(late.job), spent=60.0))
    assert (verdicts(report), kinds(report)) == ({ONE: Verdict.UNREADABLE}, ["throttled"])
    assert late.provider.made == 0


def test_scopes_that_there_was_no_time_to_list_are_unreadable() -> None:
    """Where the deadline comes while scopes are listed, what is known of the rest is named."""
    scene = Changing({"one": ()}, limit=60.0)
    scene.run()
    scopes = scene.provider.found
    assert scopes is not None

    def slowly() -> Iterator[Scope | Unreadable]:
        for scope in scopes:
            yield scope
            scene.clock += 60.0

    scene.provider.found = slowly()
    report = scene.run()
    assert set(verdicts(report).values()) == {Verdict.UNREADABLE}
    assert set(verdicts(report)) == {"memory", "memory:run", ONE, THREE}


def test_what_two_reasons_hide_is_named_once() -> None:
    """Where an account and the whole cloud can't be listed, each known target has one line."""
    scene = Changing({"one": ()})
    scene.run()
    scene.provider.found = [
        Unreadable("memory:other", "nobody may enter"),
        Unreadable("memory", "nobody says what there is"),
    ]
    report = scene.run()
    assert [(plan.target, plan.reason) for plan in report.now.targets] == [
        ("memory", "nobody says what there is."),
        ("memory:other", "nobody may enter."),
        (THREE, "nobody may enter."),
        (ONE, "nobody says what there is."),
    ]


def test_a_scope_that_the_cloud_names_no_more_is_gone_with_its_targets() -> None:
    """An account that left is missed until somebody says otherwise; another cloud's isn't."""
    scene = Changing({"one": ()})
    scene.run()
    assert scene.provider.found is not None
    scene.provider.found = list(scene.provider.found)[:1]
    report = scene.run()
    assert verdicts(report) == {ONE: Verdict.IN_SYNC, THREE: Verdict.GONE}
    assert [plan.reason for plan in report.now.targets if plan.target == THREE] == [
        (
            "it was there on 2026-11-24 12:00 UTC, in an account or region that isn't listed any more; "
            "if that is right, say cloudsync forget memory:other/three"
        )
    ]


def test_a_scope_that_was_left_out_by_hand_isnt_missed() -> None:
    """Where the configuration names the scopes, one that it names no more is the user's choice."""
    scene = Many({"one": ()})
    scene.run()
    assert scene.provider.found is not None
    scene.provider.found = list(scene.provider.found)[:1]
    assert verdicts(scene.run()) == {ONE: Verdict.IN_SYNC}


def unsettled_of(scene: Scene) -> list[bool]:
    """Whether each target's wish says that an earlier run is unsettled."""
    return [want.unsettled for want in look(scene.job).wanted.values()]


def test_a_run_that_died_leaves_the_next_unsettled_for_an_hour() -> None:
    """What it did may not be seen yet, until a look would show it in any case."""
    scene = Scene({"one": (), "two": ()})
    assert unsettled_of(scene) == [False, False]
    begin_run(scene.job, look(scene.job).plan)
    scene.now += timedelta(minutes=59)
    assert unsettled_of(scene) == [True, True]
    scene.now += timedelta(minutes=2)
    assert unsettled_of(scene) == [False, False]


def test_a_run_that_saw_what_it_did_leaves_nothing_unsettled() -> None:
    """The next run may rest on what it sees."""
    scene = Scene({"one": ()})
    scene.run()
    assert unsettled_of(scene) == [False]


def test_lost_state_is_unsettled() -> None:
    """Who doesn't know what ran before doesn't know what to trust, for an hour from then."""
    scene = Scene({"one": ()})
    scene.run()
    scene.forget()
    assert unsettled_of(scene) == [True]
    scene.run()
    assert unsettled_of(scene) == [True]
    scene.now += timedelta(minutes=61)
    assert unsettled_of(scene) == [False]


def test_a_run_that_did_not_see_what_it_did_is_unsettled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is answered and not shown by the run's last look may be shown later."""
    scene = Scene({"one": ()})

    def answers(step: Step, deadline: float | None = None) -> Outcome:
        """Say that it is done, and do nothing."""
        del step, deadline
        return Outcome("done")

    monkeypatch.setattr(scene.provider, "apply", answers)
    scene.run()
    assert unsettled_of(scene) == [True]
