"""The contract: what holds for every provider, each in its own world, judged after each call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from typing import Any, Protocol

import pytest

from cloudsync.addresses import INTERNAL, NOBODY, AddressSet
from cloudsync.closing import Closing, changes_of, closing_of
from cloudsync.engine import apply
from cloudsync.exposure import Exposure
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.model import Mode, Purpose, Verdict, Wanted
from cloudsync.plan import make
from cloudsync.provider import Order, Provider, Snapshot
from cloudsync_aws.sandbox import Dialect, Sandbox
from cloudsync_gcp.sandbox import Sandbox as GcpSandbox
from tests.contract.azure_case import AzureCase
from tests.contract.driver import Run
from tests.contract.ec2 import MUTATING, Clock, JudgedGroup, permission
from tests.contract.gcp import JudgedNetwork, classic, in_policy, named
from tests.contract.gcp import Kind as GcpKind
from tests.contract.judged import TARGET, Judged

LISTED = ("69.20.58.226/32", "69.20.58.234/32", "2001:4800:10::/48")
EVERYONE = ("0.0.0.0/0", "::/0")
HALVES = ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1")


class Case(Protocol):
    """A world with one target, and hands that reach into it behind the provider's back."""

    target: str
    faults: list[str]

    @property
    def rules(self) -> Provider:
        """The provider."""
        ...

    def plant(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody opens."""
        ...

    def uproot(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody closes."""
        ...

    def look(self) -> Snapshot:
        """What a read shows."""
        ...

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in."""
        ...

    def run(self, wanted: Wanted, *, stop_after: int | None = None) -> Run:
        """One run."""
        ...

    def calls(self) -> int:
        """How many mutating calls there were."""
        ...

    def lose(self, kind: str, call: int) -> None:
        """Let one call go wrong."""
        ...


class MemoryCase:
    """The in-memory world."""

    def __init__(self, *, ties: bool) -> None:
        self._judged = Judged(Firewall(), ({},), ties=ties)
        self._number = 5_000
        self.target = TARGET
        self.faults = self._judged.faults

    @property
    def rules(self) -> Provider:
        """The provider."""
        return self._judged.provider

    def plant(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody opens, behind whatever stands."""
        self._number += 1
        self._judged.world.plant(
            "fw", Rule(self._number, _name(sources, ports), sources=sources, ports=ports)
        )

    def uproot(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody closes."""
        self._judged.world.uproot("fw", _name(sources, ports))

    def look(self) -> Snapshot:
        """What a read shows."""
        return self._judged.look()

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in."""
        return self.rules.rules.exposure(self.look(), port)[TARGET]

    def run(self, wanted: Wanted, *, stop_after: int | None = None) -> Run:
        """One run."""
        return self._judged.run(wanted, stop_after=stop_after)

    def calls(self) -> int:
        """How many mutating calls there were."""
        return len(self._judged.world.calls)

    def lose(self, kind: str, call: int) -> None:
        """Let one call's answer be lost, before or after the write."""
        fault: Any = {"before": "never arrived", "after": "lost"}.get(kind, kind)
        self._judged.world.faults.extend([None] * call + [fault])


class AwsCase:
    """A security group."""

    def __init__(self, sandbox: Sandbox) -> None:
        sandbox.faults.clear()
        self._judged = JudgedGroup(sandbox, [])
        self.target = self._judged.target
        self.faults = self._judged.faults

    @property
    def rules(self) -> Provider:
        """The provider."""
        return self._judged.provider

    def plant(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody opens."""
        self._judged.plant(permission(*sources, ports=ports))

    def uproot(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody closes."""
        self._judged.uproot(permission(*sources, ports=ports))

    def look(self) -> Snapshot:
        """What a read shows."""
        return self._judged.look()

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in."""
        return self._judged.exposure(port)

    def run(self, wanted: Wanted, *, stop_after: int | None = None) -> Run:
        """One run."""
        return self._judged.run(wanted, stop_after=stop_after)

    def calls(self) -> int:
        """How many mutating calls there were."""
        return self._judged.calls

    def lose(self, kind: str, call: int) -> None:
        """Let one call's answer be lost, before or after the write."""
        faults = self._judged.sandbox.faults
        action = MUTATING[min(call, 1)]
        if kind == "before":
            faults.lost_before(action, times=1)
        elif kind == "after":
            faults.lost_after(action, times=1)
        elif kind == "denied":
            faults.denied(action, times=1)
        else:
            faults.throttle(action, times=1)


class GcpCase:
    """A network, with own rules among its rules or in its policy."""

    def __init__(self, sandbox: GcpSandbox, kind: GcpKind) -> None:
        sandbox.faults.clear()
        self._judged = JudgedNetwork(sandbox, kind=kind)
        self._number = 5_000
        self.target = self._judged.target
        self.faults = self._judged.faults

    @property
    def rules(self) -> Provider:
        """The provider."""
        return self._judged.provider

    def plant(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody opens, behind whatever stands; a rule is of one family here."""
        make = in_policy if self._judged.kind == "network-policy" else classic
        for name, family in self._names(sources, ports):
            self._number += 1
            self._judged.plant(make(name, self._number, *family, ports=ports))

    def uproot(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody closes."""
        for name, _ in self._names(sources, ports):
            self._judged.uproot(named(self._judged, name))

    def look(self) -> Snapshot:
        """What a read shows."""
        return self._judged.look()

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in."""
        return self._judged.exposure(port)

    def run(self, wanted: Wanted, *, stop_after: int | None = None) -> Run:
        """One run."""
        return self._judged.run(wanted, stop_after=stop_after)

    def calls(self) -> int:
        """How many mutating calls there were."""
        return self._judged.calls

    def lose(self, kind: str, call: int) -> None:
        """Let one call's answer be lost, before or after the write."""
        faults = self._judged.sandbox.faults
        if kind == "before":
            faults.lost_before(skip=call)
        elif kind == "after":
            faults.lost_after(skip=call)
        elif kind == "denied":
            faults.denied("mutating", times=1, skip=call)
        else:
            faults.rate_limited("mutating", skip=call, times=3)

    def _names(
        self, sources: tuple[str, ...], ports: tuple[int, int]
    ) -> Iterator[tuple[str, list[str]]]:
        said = hashlib.sha256(_name(sources, ports).encode()).hexdigest()[:12]
        for version in (4, 6):
            family = [one for one in sources if ip_network(one).version == version]
            if family:
                yield f"r{version}-{said}", family


def _name(sources: tuple[str, ...], ports: tuple[int, int]) -> str:
    return f"{sources} {ports}"


@pytest.fixture(
    params=[
        "memory, ties",
        "memory, unique",
        "aws, atomic",
        "aws, partial",
        "azure, per group",
        "azure, per rule",
        "azure, ignored",
        "gcp, serialised",
        "gcp, refused",
        "gcp policy, serialised",
    ]
)
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Every provider, and every dialect of its sandbox."""
    kind, _, how = request.param.partition(", ")
    if kind == "memory":
        yield MemoryCase(ties=how == "ties")
    elif kind == "azure":
        nsg: Case = AzureCase(request.getfixturevalue("azure_sandboxes")[how])
        yield nsg
    elif kind.startswith("gcp"):
        sandbox = request.getfixturevalue("gcp_sandboxes")[how]
        yield GcpCase(sandbox, "network-policy" if kind == "gcp policy" else "vpc-firewall")
    else:
        found: Case = AwsCase(request.getfixturevalue("sandboxes")[how])
        yield found


def want(mode: Mode, *listed: str, also: tuple[str, ...] = (), **more: object) -> Wanted:
    """What is wanted, from strings."""
    if mode is Mode.ENFORCE:
        more.setdefault("internal", "keep")
    return Wanted(
        "ours",
        mode,
        networks=tuple(map(ip_network, listed or LISTED)),
        also=tuple(map(ip_network, also)),
        **more,  # type: ignore[arg-type]
    )


def settle(case: Case, wanted: Wanted) -> Run:
    """One run that finishes the work, and a second that makes no mutating call (promise 6)."""
    first = case.run(wanted)
    assert case.faults == []
    calls = case.calls()
    again = case.run(wanted)
    assert (again.done, case.calls()) == ((), calls)
    return first


def own(case: Case, purpose: Purpose) -> AddressSet:
    """Who stands in our rules of one purpose."""
    found = case.rules.rules.own(case.look(), "ours", (25,))[case.target]
    return found[purpose].addresses if purpose in found else NOBODY


def possible(case: Case) -> AddressSet:
    """Who may get in, without the health checks that no case here lets in by address."""
    return case.exposure().possible - case.rules.rules.probes


@pytest.mark.parametrize("opened", [EVERYONE, HALVES], ids=["everyone", "halves"])
def test_the_open_rule_deleted_by_hand_loses_nothing(case: Case, opened: tuple[str, ...]) -> None:
    """Open to the world, then `add`, then the open rule is deleted by hand: nothing is missing."""
    case.plant(*opened)
    settle(case, want(Mode.ADD))
    case.uproot(*opened)
    run = case.run(want(Mode.ADD))
    assert run.done == ()
    assert run.first[0].verdict is Verdict.IN_SYNC
    assert case.exposure().certain == AddressSet.of(*LISTED)
    assert own(case, Purpose.LIST) == AddressSet.of(*LISTED)


@pytest.mark.parametrize("opened", [EVERYONE, HALVES], ids=["everyone", "halves"])
@pytest.mark.parametrize("internal", ["keep", "close"])
def test_enforce_closes_what_is_open(case: Case, opened: tuple[str, ...], internal: str) -> None:
    """What is open is closed; an internal relay gets in before, between and after, if kept."""
    case.plant(*opened)
    case.plant("10.20.0.0/16")
    settle(case, want(Mode.ENFORCE, internal=internal))
    kept = INTERNAL if internal == "keep" else NOBODY
    assert possible(case) == AddressSet.of(*LISTED) | kept
    assert case.run(want(Mode.ENFORCE, internal=internal)).first[0].verdict is Verdict.IN_SYNC


def test_a_relay_that_is_listed_stays_when_internal_is_closed(case: Case) -> None:
    """With `internal: close`, an internal network of `also_allow` gets in throughout."""
    case.plant(*EVERYONE)
    settle(case, want(Mode.ENFORCE, also=("10.20.0.0/16",), internal="close"))
    assert possible(case) == AddressSet.of(*LISTED, "10.20.0.0/16")


def test_two_installations_leave_each_other_alone(case: Case) -> None:
    """Each adds its own rules, neither touches the other's, in `add` and in `enforce`."""
    ours = want(Mode.ADD, "69.20.58.226/32")
    theirs = replace(want(Mode.ADD, "8.8.8.0/24"), installation="theirs")
    settle(case, ours)
    settle(case, theirs)
    settle(case, ours)
    assert possible(case) == AddressSet.of("69.20.58.226/32", "8.8.8.0/24")
    before = case.rules.rules.own(case.look(), "theirs", (25,))[case.target]
    settle(case, replace(ours, mode=Mode.ENFORCE, internal="keep"))
    assert case.rules.rules.own(case.look(), "theirs", (25,))[case.target] == before


def test_a_web_rule_is_untouched(case: Case) -> None:
    """Whoever reached port 443 does so afterwards."""
    case.plant(*EVERYONE)
    case.plant(*EVERYONE, ports=(443, 443))
    before = case.exposure(443)
    settle(case, want(Mode.ENFORCE, internal="close"))
    assert case.exposure(443) == before
    assert possible(case) == AddressSet.of(*LISTED)


@pytest.mark.parametrize("count", [1, 15, 59, 61, 256, 1001])
def test_lists_of_every_size(case: Case, count: int) -> None:
    """One network or a thousand are added, replace an open rule, and then rest."""
    listed = [f"69.{20 + n // 256}.{n % 256}.1/32" for n in range(count)]
    case.plant(*EVERYONE)
    settle(case, want(Mode.ENFORCE, *listed, internal="close"))
    assert possible(case) == AddressSet.of(*listed)


def test_watch_changes_nothing(case: Case) -> None:
    """In `watch` no call is made, whatever is missing or open."""
    case.plant("8.8.8.8/32")
    calls = case.calls()
    run = case.run(want(Mode.WATCH))
    assert (run.done, case.calls(), run.first[0].verdict) == ((), calls, Verdict.MISSING)


@pytest.mark.parametrize("kind", ["before", "after", "throttled", "denied"])
@pytest.mark.parametrize("call", [0, 1])
def test_a_call_that_fails_leaves_the_rest_to_the_next_run(
    case: Case, kind: str, call: int
) -> None:
    """Whichever answer is lost, and however, the promises hold and the next run finishes."""
    case.plant(*EVERYONE)
    case.lose(kind, call)
    case.run(want(Mode.ENFORCE))
    assert case.faults == []
    settle(case, want(Mode.ENFORCE))
    assert possible(case) == AddressSet.of(*LISTED) | INTERNAL


@pytest.mark.parametrize("stop", range(5))
def test_a_crash_after_any_call_is_finished_by_the_next_run(case: Case, stop: int) -> None:
    """Ended after any number of calls, the promises hold, and the next run finishes the work."""
    case.plant(*EVERYONE)
    settle(case, want(Mode.ADD, "69.20.58.226/32", "8.8.8.8/32"))
    wanted = want(Mode.ENFORCE, also=("10.20.0.0/16",))
    case.run(wanted, stop_after=stop)
    assert case.faults == []
    settle(case, wanted)
    assert possible(case) == AddressSet.of(*LISTED) | INTERNAL


def test_the_rest_of_a_first_enforce_is_a_part_of_what_was_approved(case: Case) -> None:
    """Cut short after any of its calls, what is left to close needs no second approval."""
    case.plant(*EVERYONE)
    case.plant("10.20.0.0/16", "8.8.8.0/24")
    settle(case, want(Mode.ADD))
    wanted = want(Mode.ENFORCE)
    whole, rest = _closing(case, wanted), _closing(case, wanted)
    while rest:
        assert whole is not None
        assert whole.covers(rest)
        case.run(wanted, stop_after=1)
        rest = _closing(case, wanted)
    assert case.faults == []
    assert possible(case) == AddressSet.of(*LISTED) | INTERNAL


def _closing(case: Case, wanted: Wanted) -> Closing | None:
    """What enforce would close that add wouldn't, as a first enforce is held by; None of nothing."""
    seen = case.look()
    plan, add = (
        make(case.rules.rules, seen, {case.target: replace(wanted, mode=mode)}, "sha256:test")[0]
        for mode in (Mode.ENFORCE, Mode.ADD)
    )
    return closing_of(plan, add, wanted) if changes_of(plan, add) else None


def test_an_entry_comes_and_another_goes(case: Case) -> None:
    """One address in and one out: the new one is let in before the old one is stopped."""
    settle(case, want(Mode.ADD, "69.20.58.226/32", "69.20.58.234/32"))
    run = settle(case, want(Mode.ADD, "69.20.58.234/32", "69.20.58.235/32"))
    assert len(run.done) <= 2
    assert case.exposure().certain == AddressSet.of("69.20.58.234/32", "69.20.58.235/32")


@pytest.mark.parametrize("mode", [Mode.ADD, Mode.ENFORCE])
def test_an_address_moves_between_list_and_also(case: Case, mode: Mode) -> None:
    """What moves from the list to `also_allow`, or crosses it, gets in throughout."""
    one, two, three = "69.20.58.226/32", "69.20.58.234/32", "69.20.58.240/32"
    settle(case, want(mode, one, two, also=(three,)))
    for wanted in (
        want(mode, two, also=(one, three)),
        want(mode, one, three, also=(two,)),
        want(mode, one, two, three),
    ):
        settle(case, wanted)
        assert own(case, Purpose.LIST) == AddressSet.of(*wanted.networks)
        assert own(case, Purpose.ALSO) == AddressSet.of(*wanted.also)


def test_mode_list_and_internal_change_between_runs(case: Case) -> None:
    """Through watch, add, enforce close and keep and back, with strangers at work, nothing breaks."""
    case.plant(*EVERYONE)
    for wanted in (
        want(Mode.WATCH),
        want(Mode.ADD, also=("10.20.0.0/16",)),
        want(Mode.ENFORCE, internal="keep"),
        want(Mode.ENFORCE, "69.20.58.0/24", internal="close"),
        want(Mode.ADD, "69.20.58.0/24"),
        want(Mode.ENFORCE, internal="keep", also=("203.0.113.7/32",)),
        want(Mode.WATCH),
    ):
        settle(case, wanted)
        if wanted.mode is not Mode.WATCH:
            assert wanted.addresses <= case.exposure().certain
        case.plant("8.8.8.0/24")


def test_a_broader_rule_is_named_and_left(case: Case) -> None:
    """A range around 25 isn't ours to change: its other ports are decided as before."""
    case.plant("8.8.8.0/24", ports=(20, 30))
    before = case.exposure(22)
    settle(case, want(Mode.ENFORCE))
    assert case.exposure(22) == before


def test_lost_state_is_as_safe_as_kept_state(case: Case) -> None:
    """Own rules of purpose `list` are the list in force, by addresses, whoever looks."""
    settle(case, want(Mode.ADD, also=("10.20.0.0/16",)))
    assert own(case, Purpose.LIST) == AddressSet.of(*LISTED)
    assert own(case, Purpose.ALSO) == AddressSet.of("10.20.0.0/16")


@pytest.mark.parametrize("late", [5.0, 60.0, 400.0])
def test_late_reads_on_aws_lose_no_mail(sandboxes: dict[str, Sandbox], late: float) -> None:
    """Where describes lag, a run may end early, no mail is lost, and a later run finishes."""
    clock = Clock()
    with Sandbox(dialect=Dialect(reads_late=late), clock=clock) as sandbox:
        judged = JudgedGroup(sandbox, [permission(*EVERYONE)], clock=clock, forecast=False)
        clock.sleep(2 * late)
        for _ in range(4):
            judged.run(want(Mode.ENFORCE))
            clock.sleep(2 * late)
        assert judged.faults == []
        assert judged.exposure().possible == AddressSet.of(*LISTED) | INTERNAL
        calls = judged.calls
        assert judged.run(want(Mode.ENFORCE)).done == ()
        assert judged.calls == calls


def test_the_quota_is_counted_before_the_first_call(sandboxes: dict[str, Sandbox]) -> None:
    """61 rules where 60 may stand: the target is refused with the numbers, and no call is made."""
    with Sandbox() as sandbox:
        judged = JudgedGroup(sandbox, [permission("8.8.8.8/32")])
        listed = [f"69.20.{n}.1/32" for n in range(60)]
        run = judged.run(want(Mode.ADD, *listed))
        refusal = run.first[0].refusal
        assert refusal is not None
        assert refusal.what == "would need 61 rules, the quota is 60"
        assert judged.calls == 0
        settled = judged.run(want(Mode.ADD, *listed[:59]))
        assert len(settled.done) == 1
        assert judged.faults == []


def obey(case: Case, wanted: Wanted, order: Order) -> None:
    """Carry an order out; obeyed a second time, it asks for nothing."""
    want = {case.target: replace(wanted, mode=Mode.WATCH)}
    rules = case.rules.rules
    plans = make(rules, case.look(), want, "sha256:test", order)
    assert [plan.refusal for plan in plans] == [None]
    done = apply(case.rules, case.look().scope, plans, want, order=order)
    assert [outcome.kind for _, outcome in done.outcomes] == ["done"] * len(done.outcomes)
    assert make(rules, case.look(), want, "sha256:test", order)[0].steps == ()


@pytest.mark.parametrize("internal", ["keep", "close"])
def test_undo_opens_what_a_run_closed(case: Case, internal: str) -> None:
    """By the records alone, as JSON keeps them; who is wanted stays in, and other ports as they are."""
    case.plant(*EVERYONE)
    case.plant(*EVERYONE, ports=(443, 443))
    wanted = want(Mode.ENFORCE, internal=internal)
    rules = case.rules.rules
    (plan,) = make(rules, case.look(), {case.target: wanted}, "sha256:test")
    assert all(one.commands for one in plan.reversals)
    elsewhere = rules.elsewhere(case.look(), (25,))
    settle(case, wanted)
    assert AddressSet.of(*EVERYONE) != case.exposure().possible
    records = json.loads(json.dumps([dict(one.record) for one in plan.reversals if one.record]))
    obey(case, wanted, Order("undo", tuple(records)))
    assert case.exposure().possible == AddressSet.of(*EVERYONE)
    assert own(case, Purpose.LIST) == AddressSet.of(*LISTED)
    assert rules.elsewhere(case.look(), (25,)) == elsewhere


def test_relax_takes_own_denies_away_and_nothing_else(case: Case) -> None:
    """What stands behind them is open again; where a cloud has no denies, nothing changes."""
    case.plant(*EVERYONE)
    wanted = want(Mode.ENFORCE, internal="close")
    settle(case, wanted)
    closed = case.exposure().possible
    denied = own(case, Purpose.DENY)
    obey(case, wanted, Order("relax"))
    assert case.exposure().possible == (AddressSet.of(*EVERYONE) if denied else closed)
    assert own(case, Purpose.LIST) == AddressSet.of(*LISTED)
    assert own(case, Purpose.DENY) == NOBODY
