"""How long a domain has been clean, and what arms a target, over the in-memory provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Note
from cloudsync.preflight import ledger
from cloudsync.preflight.arming import Armed, Known, Risk, rule, rule_page, wait_of
from cloudsync.preflight.quiet import Memory, after
from cloudsync.preflight.verdict import State
from cloudsync.state import StateError
from tests.unit.test_reconcile import ONE, OPEN, TWO, Scene

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def looks(*states: str, every: timedelta = DAY, ttl: int = 300) -> tuple[Memory, datetime]:
    """What is remembered after these looks, and when the last one was."""
    memory: Memory | None = None
    now = NOW
    for state in states:
        memory = after(memory, State(state), ttl, now)
        now += every
    assert memory is not None
    return memory, now - every


CLEAN_WEEK = ("clean",) * 8


@pytest.mark.parametrize(
    ("states", "wait"),
    [
        (CLEAN_WEEK, ""),
        (CLEAN_WEEK[:-1], "has been clean for 6 d of 7 d"),
        (("clean",), "has been clean for 0 h of 7 d"),
        ((*CLEAN_WEEK, "dirty"), "was not clean on 2026-12-02 12:00 UTC"),
        ((*CLEAN_WEEK, "dirty", "clean"), "has been clean for 0 h of 7 d"),
        (("dirty", *CLEAN_WEEK), ""),
        (("unknown",), "hasn't been seen clean yet"),
        (("clean", "unknown", "clean"), "has been clean for 2 d of 7 d"),
        (("clean", "unknown", "unknown", "clean"), "has been clean for 0 h of 7 d"),
        (("dirty", "unknown"), "was not clean on 2026-11-24 12:00 UTC"),
        ((*CLEAN_WEEK, "unknown"), ""),
        (
            (*CLEAN_WEEK, "unknown", "unknown", "unknown"),
            "was last seen clean on 2026-12-01 12:00 UTC, which isn't within the last 48 hours",
        ),
    ],
)
def test_a_week_counts_from_the_first_clean_look(states: tuple[str, ...], wait: str) -> None:
    """A dirty look begins it anew; an unknown one neither counts nor resets."""
    memory, now = looks(*states)
    assert wait_of(memory, now) == wait


def test_gaps_and_clocks_count_nothing() -> None:
    """Two looks a week apart say nothing of the days between, and a clock that goes back waits."""
    memory, now = looks("clean", "clean", every=timedelta(days=7))
    assert wait_of(memory, now) == "has been clean for 0 h of 7 d"
    memory, now = looks(*CLEAN_WEEK)
    assert not memory.passed(now - timedelta(hours=1))
    back = after(memory, State.CLEAN, 0, now - 365 * DAY)
    assert back.counted == memory.counted
    ahead = after(looks("clean")[0], State.CLEAN, 0, NOW + 365 * DAY)
    assert ahead.counted == timedelta(0)


def test_a_ttl_beyond_a_week_is_waited_for() -> None:
    """A cache may hold the last dirty answer for just as long."""
    memory, now = looks("dirty", *CLEAN_WEEK, ttl=10 * 86_400)
    assert wait_of(memory, now) == "has been clean for 7 d of 10 d"


def test_what_is_remembered_is_read_back_exactly() -> None:
    """Domains and armed targets, through documents; another shape is an error."""
    memory, _ = looks("dirty", "clean", "clean")
    domains = {"a.test": memory, "b.test": Memory(NOW)}
    armed = {ONE: Armed(NOW, "accept_risk", ("a.test",), (Risk("Ann", "sure", "never", NOW),))}
    scene = Scene({"one": ()})
    ledger.keep_domains(scene.store, domains)
    ledger.keep_armed(scene.store, armed)
    assert ledger.known(scene.store) == Known(armed, domains)
    for kind, value in ((ledger.DOMAINS, ledger.DOMAINS.encode(domains)),
                        (ledger.ARMED, ledger.ARMED.encode(armed))):  # fmt: skip
        bad: dict[str, Any] = {**value, next(key for key in value if key != "schema"): {"x": {}}}
        with pytest.raises(StateError):
            kind.decode("key", bad)
    odd = ledger.ARMED.encode(armed)
    odd["targets"][ONE]["way"] = "luck"
    with pytest.raises(StateError):
        ledger.ARMED.decode("armed", odd)
    odd = ledger.DOMAINS.encode(domains)
    odd["domains"]["a.test"]["ttl"] = -1
    with pytest.raises(StateError):
        ledger.DOMAINS.decode("preflight", odd)


# ------------------------------------------------------------------------- through whole runs

ENFORCE = {"mode": "enforce", "internal": "close", "path": "direct"}
BY_DOMAIN = {**ENFORCE, "domains": ["a.test"]}


def risk(until: str) -> dict[str, Any]:
    """A block in enforce by an accepted risk."""
    return {**ENFORCE, "accept_risk": {"by": "Ann", "reason": "sure", "until": until}}


def passed(scene: Scene) -> None:
    """Have the domain clean for a week, up to the scene's now."""
    memory = Memory(scene.now, scene.now - 7 * DAY, scene.now, 7 * DAY)
    ledger.keep_domains(scene.store, {"a.test": memory})


def test_without_preflight_a_target_gets_what_add_does_and_no_more() -> None:
    """Wanted senders get in at once; what is open stays open, held with exit code 4's note."""
    scene = Scene({"one": (OPEN,)}, (BY_DOMAIN,))
    report = scene.run()
    (plan,) = report.now.targets
    assert [step.verb for step, _ in report.outcomes] == ["add"]
    assert OPEN in scene.world.firewalls["one"].rules
    assert all(rule.allow for rule in scene.world.firewalls["one"].rules)
    assert (plan.mode, plan.notes) == (Mode.ADD, (Note.HELD,))
    assert [one.text for one in plan.remarks if one.note is Note.HELD] == [
        (
            "closing is held by preflight: a.test hasn't been looked at. What add would do is done. See "
            "cloudsync preflight, or say accept_risk: {by: …, reason: …, until: …}"
        )
    ]
    assert ledger.known(scene.store).armed == {}


def test_preflight_arms_once_and_what_it_finds_later_stops_nothing() -> None:
    """The domain turns dirty, and additions and repairs go on."""
    scene = Scene({"one": ()}, (BY_DOMAIN,))
    passed(scene)
    scene.run()
    assert ledger.known(scene.store).armed == {ONE: Armed(scene.now, "preflight", ("a.test",))}
    ledger.keep_domains(scene.store, {"a.test": Memory(scene.now, dirty=scene.now)})
    scene.now += 30 * DAY
    for one in scene.world.firewalls["one"].rules:
        scene.world.uproot("one", one.name)
    report = scene.run()
    (plan,) = report.now.targets
    assert (plan.mode, plan.notes) == (Mode.ENFORCE, ())
    assert any(not one.allow for one in scene.world.firewalls["one"].rules)


def test_an_old_pass_arms_nothing() -> None:
    """What was clean three days ago may be anything now."""
    scene = Scene({"one": ()}, (BY_DOMAIN,))
    passed(scene)
    scene.now += 3 * DAY
    (plan,) = scene.run().now.targets
    assert plan.mode is Mode.ADD


def test_an_accepted_risk_is_recorded_at_first_use_and_each_new_one_beside_it() -> None:
    """Who answered for closing stays known after the configuration has forgotten it."""
    scene = Scene({"one": ()}, (risk("never"),))
    first = Risk("Ann", "sure", "never", scene.now)
    scene.run()
    scene.now += DAY
    scene.run()
    assert ledger.known(scene.store).armed == {ONE: Armed(NOW, "accept_risk", risks=(first,))}
    scene.blocks = (risk("2027-01-31"),)
    scene.run()
    later = Risk("Ann", "sure", "2027-01-31", scene.now)
    assert ledger.known(scene.store).armed[ONE].risks == (first, later)


def test_a_risk_that_has_ended_stops_nothing_once_armed_and_arms_nothing_new() -> None:
    """The closed target stays closed and says so; one that comes new beside it is held."""
    scene = Scene({"one": ()}, (risk("2026-11-24"),))
    scene.run()
    scene.now += 2 * DAY
    (plan,) = scene.run().now.targets
    assert (plan.mode, plan.notes) == (Mode.ENFORCE, ())
    assert [one.text for one in plan.remarks] == [
        "what Ann accepted ended with 2026-11-24. The target is armed and stays so; look at it again"
    ]
    fresh = Scene({"one": ()}, (risk("2026-11-23"),))
    (plan,) = fresh.run().now.targets
    assert (plan.mode, plan.notes) == (Mode.ADD, (Note.HELD,))
    assert plan.remarks[0].text.startswith(
        "closing is held by preflight: what Ann accepted ended with 2026-11-23. What add"
    )


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("never", ()),
        ("9999-12-31", ()),
        ("2026-12-09", ()),
        (
            "2026-12-07",
            (
                (
                    "what Ann accepted ends with 2026-12-07, in 13 d 12 h; let preflight pass, or look "
                    "at the target again and set a later until:"
                ),
            ),
        ),
        (
            "2026-11-24T20:00Z",
            (
                (
                    "what Ann accepted ends with 2026-11-24T20:00:00+00:00, in 8 h; let preflight "
                    "pass, or look at the target again and set a later until:"
                ),
            ),
        ),
    ],
)
def test_an_accepted_risk_is_spoken_of_before_it_ends(until: str, said: tuple[str, ...]) -> None:
    """Fourteen days ahead, and not before."""
    settings = MemorySettings.model_validate({"provider": "memory", "world": "run", **risk(until)})
    assert rule(settings, ONE, Known(), NOW).said == said


def test_a_pass_needs_no_person_to_answer() -> None:
    """Where both are said and the domains have passed, preflight is what armed the target."""
    scene = Scene({"one": ()}, ({**risk("never"), "domains": ["a.test"]},))
    passed(scene)
    scene.run()
    scene.run()
    assert ledger.known(scene.store).armed == {ONE: Armed(scene.now, "preflight", ("a.test",))}


def test_a_paused_target_is_not_armed() -> None:
    """Nothing was closed, so nothing was decided either."""
    from cloudsync.orders import pause
    from cloudsync.prepared import Person

    scene = Scene({"one": ()}, (risk("never"),))
    pause(scene.job, ONE, scene.now + DAY, Person("Ann", "night"))
    scene.run()
    assert ledger.known(scene.store).armed == {}


def test_a_lost_state_holds_closing_and_lets_everybody_wanted_in() -> None:
    """The week begins anew; until then nobody who is wanted is locked out, and no deny is taken."""
    scene = Scene({"one": ()}, (BY_DOMAIN,))
    passed(scene)
    scene.run()
    before = set(scene.world.firewalls["one"].rules)
    scene.forget()
    report = scene.run()
    (plan,) = report.now.targets
    assert (plan.mode, plan.notes, report.outcomes) == (Mode.ADD, (Note.HELD,), ())
    assert set(scene.world.firewalls["one"].rules) == before


def test_each_block_waits_for_its_own_domains() -> None:
    """One that passed is closed while the other is held."""
    scene = Scene(
        {"one": (), "two": ()},
        (
            {**BY_DOMAIN, "select": {"ids": ["one"]}},
            {**BY_DOMAIN, "domains": ["b.test"], "select": {"ids": ["two"]}},
        ),
    )
    passed(scene)
    modes = {plan.target: plan.mode for plan in scene.run().now.targets}
    assert modes == {ONE: Mode.ENFORCE, TWO: Mode.ADD}


def test_what_shares_an_object_with_an_armed_target_is_armed_with_it() -> None:
    """Half of an object can't be closed; what shares nothing with an armed target waits."""
    settings = MemorySettings.model_validate({"provider": "memory", "world": "run", **BY_DOMAIN})
    known = Known({ONE: Armed(NOW - DAY, "preflight", ("a.test",))})
    page = ("memory:run/one", TWO, "memory:run/three")
    kin = {ONE: (ONE, TWO), TWO: (ONE, TWO), "memory:run/three": ("memory:run/three",)}
    rulings = rule_page(settings, page, kin.__getitem__, known, NOW)
    assert [(one.may, one.record) for one in rulings.values()] == [
        (True, None), (True, Armed(NOW, "preflight", ("a.test",))), (False, None),
    ]  # fmt: skip
