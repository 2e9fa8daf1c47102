"""Cases that must hold in the in-memory world, by name; each mutation is judged by the oracle too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network

import pytest

from cloudsync.addresses import INTERNAL, NOBODY, AddressSet
from cloudsync.memory.firewall import PROBES, Firewall, Rule, name_of
from cloudsync.model import Mode, Note, Purpose, Verdict, Wanted, mark
from tests.contract.judged import TARGET, Judged

Meanings = Sequence[Mapping[str, tuple[str, ...]]]
NOBODY_KNOWS: Meanings = ({},)
LISTED = ("69.20.58.226/32", "69.20.58.234/32", "2001:4800:10::/48")
TIES = pytest.mark.parametrize("ties", [True, False], ids=["ties", "unique numbers"])


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


def allow(number: int, name: str, *sources: str, **more: object) -> Rule:
    """A foreign rule that lets in."""
    return Rule(number, name, sources=sources, **more)  # type: ignore[arg-type]


def deny(number: int, name: str, *sources: str, **more: object) -> Rule:
    """A foreign rule that stops."""
    return Rule(number, name, allow=False, sources=sources, **more)  # type: ignore[arg-type]


def world(*rules: Rule, ties: bool = True, meanings: Meanings = ({},)) -> Judged:
    """A judged world with one firewall."""
    return Judged(Firewall(rules), meanings, ties=ties)


def exposed(judged: Judged) -> AddressSet:
    """Who may get in now."""
    seen = judged.look()
    return judged.provider.rules.exposure(seen, 25)[TARGET].possible


def settle(judged: Judged, wanted: Wanted) -> None:
    """Run until nothing is left to do, which takes one run, and see that the next does nothing."""
    judged.run(wanted)
    calls = len(judged.world.calls)
    again = judged.run(wanted)
    assert judged.faults == []
    assert again.done == ()
    assert len(judged.world.calls) == calls


@TIES
def test_the_open_rule_deleted_by_hand_loses_nothing(ties: bool) -> None:
    """After `add` beside a rule that is open to the world, that rule can be deleted by hand."""
    judged = world(allow(1000, "open"), ties=ties)
    settle(judged, want(Mode.ADD))
    judged.world.uproot("fw", "open")
    run = judged.run(want(Mode.ADD))
    state = run.first[0].before
    assert state is not None
    assert state.differences[25].missing == NOBODY
    assert exposed(judged) == AddressSet.of(*LISTED)
    assert run.done == ()
    assert judged.faults == []


@TIES
@pytest.mark.parametrize("internal", ["keep", "close"])
def test_a_probe_and_an_internal_relay_get_in_throughout(ties: bool, internal: str) -> None:
    """In `enforce` the health check gets in at every moment, and a relay unless it is closed."""
    judged = world(allow(500, "open"), allow(400, "relay", "10.20.0.0/16"), ties=ties)
    settle(judged, want(Mode.ENFORCE, internal=internal))
    kept = INTERNAL if internal == "keep" else NOBODY
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES | kept


@TIES
def test_two_installations_leave_each_other_alone(ties: bool) -> None:
    """Each adds its own rules, neither touches the other's, and both come to rest."""
    judged = world(ties=ties)
    settle(judged, want(Mode.ADD, "69.20.58.226/32"))
    ours = set(judged.firewall.rules)
    theirs = replace(want(Mode.ADD, "8.8.8.0/24"), installation="theirs")
    settle(judged, theirs)
    assert ours < set(judged.firewall.rules)
    assert exposed(judged) == AddressSet.of("69.20.58.226/32", "8.8.8.0/24")
    settle(judged, want(Mode.ADD, "69.20.58.226/32"))
    settle(judged, theirs)


@TIES
def test_a_web_rule_is_untouched(ties: bool) -> None:
    """What decides port 443 stands as it stood, whatever is closed for port 25."""
    web = allow(200, "web", ports=(443, 443))
    judged = world(web, allow(300, "open"), ties=ties)
    settle(judged, want(Mode.ENFORCE, internal="close"))
    assert web in judged.firewall.rules
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES


@TIES
@pytest.mark.parametrize("count", [1, 15, 59, 61, 256, 1001])
def test_lists_of_every_size(ties: bool, count: int) -> None:
    """One network or a thousand: one rule a family, and the second run does nothing."""
    listed = [f"69.{20 + n // 256}.{n % 256}.1/32" for n in range(count)]
    judged = world(allow(1000, "open"), ties=ties)
    settle(judged, want(Mode.ENFORCE, *listed, internal="close"))
    assert exposed(judged) == AddressSet.of(*listed) | PROBES


@TIES
def test_watch_changes_nothing(ties: bool) -> None:
    """In `watch` no call is made, whatever is missing or open."""
    judged = world(allow(1000, "open", "8.8.8.8/32"), ties=ties)
    run = judged.run(want(Mode.WATCH))
    assert run.done == ()
    assert judged.world.calls == []
    assert run.first[0].verdict is Verdict.MISSING


@pytest.mark.parametrize(
    "fault", ["lost", "never arrived", "throttled", "denied", "stale", "failed"]
)
@pytest.mark.parametrize("call", [0, 1, 2, 3])
def test_a_call_that_fails_leaves_the_rest_to_the_next_run(fault: str, call: int) -> None:
    """Whichever call goes wrong, and however, the promises hold and the next run finishes."""
    judged = world(allow(1000, "open"))
    judged.world.faults.extend([None] * call + [fault])  # type: ignore[list-item]
    judged.run(want(Mode.ENFORCE))
    settle(judged, want(Mode.ENFORCE))
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES | INTERNAL


@pytest.mark.parametrize("late", [5.0, 60.0, 400.0])
def test_late_reads_lose_no_mail(late: float) -> None:
    """Where reads lag behind, a run may end early, but no mail is lost and a later run finishes."""
    now = [1000.0]
    judged = world(allow(1000, "open"), deny(50, "old", "8.8.8.8/32"))
    judged.world.clock = lambda: now[0]
    judged.world.late = late

    def sleep(seconds: float) -> None:
        now[0] += seconds

    for _ in range(4):
        judged.run(want(Mode.ENFORCE), forecast=False, sleep=sleep, monotonic=lambda: now[0])
        now[0] += late
    judged.world.late = 0.0
    settle(judged, want(Mode.ENFORCE))
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES | INTERNAL


@TIES
def test_a_narrow_foreign_deny_blocks(ties: bool) -> None:
    """A stranger's deny for one wanted address is a decision: it is reported, and it stands."""
    judged = world(deny(10, "no", "69.20.58.226/32"), allow(20, "open"), ties=ties)
    run = judged.run(want(Mode.ENFORCE))
    assert run.first[0].notes == (Note.BLOCKED,)
    assert exposed(judged) == AddressSet.of(*LISTED[1:]) | PROBES | INTERNAL
    settle(judged, want(Mode.ENFORCE))


@TIES
def test_override_denies_goes_ahead_of_a_narrow_deny(ties: bool) -> None:
    """With `override_denies` the own allow stands ahead of the stranger's deny."""
    judged = world(deny(10, "no", "69.20.58.226/32"), ties=ties)
    settle(judged, want(Mode.ADD, override_denies=True))
    assert exposed(judged) == AddressSet.of(*LISTED)


@TIES
@pytest.mark.parametrize("source", [("0.0.0.0/0", "::/0"), ()])
def test_a_default_deny_is_overtaken(ties: bool, source: tuple[str, ...]) -> None:
    """A deny from everyone is a default: own allows go ahead of it."""
    judged = world(deny(10, "all", *source), ties=ties)
    settle(judged, want(Mode.ADD))
    assert exposed(judged) == AddressSet.of(*LISTED)


@TIES
@pytest.mark.parametrize("number", [0, 40_000])
def test_a_deny_planted_beside_a_standing_allow(ties: bool, number: int) -> None:
    """Planted behind it overtakes nothing; planted ahead it blocks, and is reported."""
    judged = world(ties=ties)
    wanted = want(Mode.ADD, priority=(100, 200))
    settle(judged, wanted)
    judged.world.plant("fw", deny(number, "planted", "69.20.58.226/32"))
    run = judged.run(wanted)
    assert judged.faults == []
    assert run.done == ()
    stopped = number == 0
    assert run.first[0].notes == ((Note.BLOCKED,) if stopped else ())
    assert ("69.20.58.226" in exposed(judged)) is not stopped


@TIES
def test_no_room_to_close_still_adds(ties: bool) -> None:
    """Where the closing finds no number, what `add` would do is done all the same."""
    judged = world(allow(100, "open"), ties=ties)
    run = judged.run(want(Mode.ENFORCE, "69.20.58.226/32", priority=(100, 300)))
    if not ties:
        assert run.first[0].notes == (Note.NO_ROOM,)
        own = judged.provider.rules.own(judged.look(), "ours", (25,))[TARGET]
        assert own[Purpose.LIST].addresses == AddressSet.of("69.20.58.226")
    settle(judged, want(Mode.ENFORCE, "69.20.58.226/32", priority=(100, 300)))


@TIES
def test_no_room_for_allows_ahead_of_a_default_deny(ties: bool) -> None:
    """Own allows that find no number ahead of a deny stand behind it, and the plan says so."""
    judged = world(deny(100, "all"), ties=ties)
    run = judged.run(want(Mode.ADD, priority=(100, 300)))
    assert [step.verb for step in run.done] == ["add", "add"]
    assert run.first[0].notes == (Note.NO_ROOM,)
    assert [remark.text for remark in run.first[0].remarks] == [
        "; ".join(
            f"the own rule for list {family} needs a number from 100 on, ahead of the deny at 100, "
            "and none is free"
            for family in ("ipv4", "ipv6")
        )
        + "; set priority, or move the rules"
    ]


@TIES
@pytest.mark.parametrize(
    "later", [allow(30_000, "later"), allow(30_000, "later", names=("outside:partner",)),
              allow(30_000, "later", "2001:db8::/32")],
)  # fmt: skip
def test_what_is_opened_tomorrow_is_harmless(ties: bool, later: Rule) -> None:
    """In `enforce` the own deny stands also where nothing is open, ahead of tomorrow's allow."""
    judged = world(ties=ties)
    wanted = want(Mode.ENFORCE, internal="close", priority=(100, 200))
    settle(judged, wanted)
    judged.world.plant("fw", later)
    assert exposed(judged) == AddressSet.of(*LISTED)
    settle(judged, wanted)


@TIES
def test_a_family_or_a_name_that_comes_tomorrow_finds_its_place(ties: bool) -> None:
    """IPv6 and a name that are wanted tomorrow find numbers ahead of the own deny of today."""
    means = ({"tag-web": ()}, {"tag-web": ("10.0.0.0/8",)})
    judged = world(allow(5000, "open"), ties=ties, meanings=means)
    settle(judged, want(Mode.ENFORCE, "69.20.58.226/32", internal="close"))
    tomorrow = want(Mode.ENFORCE, *LISTED, internal="close", names=frozenset([name_of("tag-web")]))
    settle(judged, tomorrow)
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES
    seen = judged.provider.rules.exposure(judged.look(), 25)[TARGET]
    assert seen.names == frozenset([name_of("tag-web")])


@TIES
@pytest.mark.parametrize("mode", [Mode.ADD, Mode.WATCH])
def test_the_own_deny_outlives_enforce(ties: bool, mode: Mode) -> None:
    """Leaving `enforce` opens nothing: the own deny stands and is reported until it is relaxed."""
    judged = world(allow(5000, "open"), ties=ties)
    settle(judged, want(Mode.ENFORCE, internal="close"))
    run = judged.run(want(mode))
    assert run.done == ()
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES
    assert [remark.text for remark in run.first[0].remarks] == [
        f"own denies still stand; `cloudsync relax {TARGET}` takes them away"
    ]


@TIES
def test_close_then_keep_opens_nothing(ties: bool) -> None:
    """Going from close to keep leaves the own deny as wide as it stands, and says so."""
    judged = world(allow(5000, "open"), ties=ties)
    settle(judged, want(Mode.ENFORCE, internal="close"))
    run = judged.run(want(Mode.ENFORCE, internal="keep"))
    assert judged.faults == []
    assert run.done == ()
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES
    assert [remark.text for remark in run.first[0].remarks] == [
        f"own denies still stand; `cloudsync relax {TARGET}` takes them away"
    ]


@TIES
def test_close_then_keep_then_a_planted_group(ties: bool) -> None:
    """A group planted ahead of a left-over deny keeps getting in when the deny has to move."""
    means = ({"tag-web": ()}, {"tag-web": ("10.0.0.0/8", "fd00::/8")})
    judged = world(allow(5000, "open"), ties=ties, meanings=means)
    settle(judged, want(Mode.ENFORCE, internal="close", priority=(100, 4000)))
    judged.world.plant("fw", allow(2000, "group", "8.8.8.8/32", names=("tag-web",)))
    settle(judged, want(Mode.ENFORCE, internal="keep", priority=(100, 4000)))


@TIES
@pytest.mark.parametrize(
    "meaning", [(), ("198.51.100.128/28",), ("198.51.100.128/28", "2001:db8:ffff::/64")]
)
@pytest.mark.parametrize("close_opaque", [False, True])
def test_a_probe_by_name_keeps_getting_in(
    ties: bool, meaning: tuple[str, ...], close_opaque: bool
) -> None:
    """A health check that is let in by its name stops no closing, and is not stopped by it."""
    judged = world(
        allow(4000, "probe", names=("probe:balancer",)), allow(5000, "open", "8.8.8.8/32"),
        ties=ties, meanings=({"probe:balancer": meaning},),
    )  # fmt: skip
    wanted = want(Mode.ENFORCE, close_opaque=close_opaque)
    settle(judged, wanted)
    assert "8.8.8.8" not in exposed(judged)
    last = judged.run(wanted).last[0]
    assert last.verdict is Verdict.IN_SYNC


@TIES
@pytest.mark.parametrize("mode", [Mode.ADD, Mode.ENFORCE])
def test_an_address_moves_between_list_and_also(ties: bool, mode: Mode) -> None:
    """What moves from the list to `also_allow`, or crosses it, gets in throughout."""
    judged = world(ties=ties)
    one, two, three = "69.20.58.226/32", "69.20.58.234/32", "69.20.58.240/32"
    settle(judged, want(mode, one, two, also=(three,)))
    for wanted in (
        want(mode, two, also=(one, three)),
        want(mode, one, three, also=(two,)),
        want(mode, one, two, three),
    ):
        settle(judged, wanted)
        own = judged.provider.rules.own(judged.look(), "ours", (25,))[TARGET]
        assert own[Purpose.LIST].addresses == AddressSet.of(*wanted.networks)
        assert own.get(Purpose.ALSO) is None or own[Purpose.ALSO].addresses == AddressSet.of(
            *wanted.also
        )


@TIES
def test_an_outside_name_holds_the_closing(ties: bool) -> None:
    """Closing that would stop an unlisted outside name is refused, unless `close_opaque` is set."""
    means = ({"outside:partner": ("8.8.8.8/32",)},)
    judged = world(allow(5000, "partner", "9.9.9.9/32", names=("outside:partner",)), ties=ties,
                   meanings=means)  # fmt: skip
    run = judged.run(want(Mode.ENFORCE))
    assert [remark.text for remark in run.first[0].remarks] == [
        "closing would stop outside:partner; list it in also_allow, or set close_opaque: true"
    ]
    assert exposed(judged) == AddressSet.of(*LISTED, "9.9.9.9")
    settle(judged, want(Mode.ENFORCE, close_opaque=True))
    assert exposed(judged) == AddressSet.of(*LISTED)


@TIES
def test_a_partial_rule_is_seen_and_closed(ties: bool) -> None:
    """A rule for one machine only is possible, not certain, and is closed as any other."""
    judged = world(allow(5000, "one", "8.8.8.8/32", machines=("a",)), ties=ties)
    seen = judged.provider.rules.exposure(judged.look(), 25)[TARGET]
    assert (seen.certain, seen.possible) == (NOBODY, AddressSet.of("8.8.8.8"))
    settle(judged, want(Mode.ENFORCE))
    assert exposed(judged) == AddressSet.of(*LISTED)


@TIES
def test_a_withdrawn_also_allow_goes_and_the_rest_of_internal_stays(ties: bool) -> None:
    """With `internal: keep` what an own `also` rule let in goes when it is withdrawn."""
    judged = world(ties=ties)
    settle(judged, want(Mode.ENFORCE, also=("10.20.0.0/16",)))
    settle(judged, want(Mode.ENFORCE))
    assert exposed(judged) == AddressSet.of(*LISTED)


@TIES
def test_lost_state_is_as_safe_as_kept_state(ties: bool) -> None:
    """Own rules are found by mark and shape alone: another process goes on where this one was."""
    first = world(allow(5000, "open"), ties=ties)
    settle(first, want(Mode.ENFORCE))
    second = Judged(first.firewall, NOBODY_KNOWS, ties=ties)
    assert second.run(want(Mode.ENFORCE)).done == ()
    own = second.provider.rules.own(second.look(), "ours", (25,))[TARGET]
    assert own[Purpose.LIST].addresses == AddressSet.of(*LISTED)


@TIES
def test_a_reshaped_own_rule_is_foreign_and_contested(ties: bool) -> None:
    """A marked rule that somebody made broader is left alone, and an own one stands beside it."""
    reshaped = Rule(
        300, "cloudsync:ours:25:list:ipv4", sources=("0.0.0.0/0",), ports=(20, 30),
        description=mark("ours", Purpose.LIST),
    )  # fmt: skip
    judged = world(reshaped, ties=ties)
    run = judged.run(want(Mode.ADD))
    assert reshaped in judged.firewall.rules
    assert run.first[0].notes == (Note.CONTESTED,)
    assert run.last[0].after is not None
    settle(judged, want(Mode.ADD))


@TIES
@pytest.mark.parametrize("stop", range(6))
def test_a_crash_after_any_call_is_finished_by_the_next_run(ties: bool, stop: int) -> None:
    """Stopped after any number of calls, the promises hold, and the next run finishes the work."""
    judged = world(
        allow(5000, "open"), deny(10, "no", "69.20.58.234/32"),
        Rule(400, "cloudsync:ours:25:list:ipv4", sources=("8.8.8.8/32", "69.20.58.226/32"),
             description=mark("ours", Purpose.LIST)),
        ties=ties,
    )  # fmt: skip
    judged.run(want(Mode.ENFORCE, also=("10.20.0.0/16",)), stop_after=stop)
    settle(judged, want(Mode.ENFORCE, also=("10.20.0.0/16",)))


@TIES
@pytest.mark.parametrize("mode", [Mode.ADD, Mode.ENFORCE])
def test_a_refused_removal_holds_back_no_add(ties: bool, mode: Mode) -> None:
    """Where a removal would stop kept internal space and is refused, what is missing is added."""
    judged = world(
        Rule(200, "cloudsync:ours:25:list:ipv4", sources=("10.1.2.3/32",),
             description=mark("ours", Purpose.LIST)),
        ties=ties,
    )  # fmt: skip
    judged.run(want(mode, "69.20.58.226/32", internal="keep"))
    judged.run(want(mode, "69.20.58.226/32", internal="keep"))
    assert judged.faults == []
    assert AddressSet.of("69.20.58.226") <= exposed(judged)


@TIES
def test_a_withdrawn_outside_name_holds_no_closing(ties: bool) -> None:
    """An outside name that only our own rule still lets in is gone in the run that closes."""
    means = ({"outside:partner": ("8.8.8.8/32",)},)
    judged = world(allow(5000, "open"), ties=ties, meanings=means)
    partner = frozenset([name_of("outside:partner")])
    settle(judged, want(Mode.ADD, names=partner))
    settle(judged, want(Mode.ENFORCE))
    assert exposed(judged) == AddressSet.of(*LISTED) | PROBES | INTERNAL


@TIES
@pytest.mark.parametrize("machines", [(), ("a",)])
def test_a_rule_that_moves_overtakes_no_narrow_deny(ties: bool, machines: tuple[str, ...]) -> None:
    """A blocked address stays with the foreign deny also when our rule has to move ahead of it."""
    judged = world(
        deny(140, "no", "69.20.58.226/32", machines=machines), deny(145, "all"),
        Rule(150, "cloudsync:ours:25:list:ipv4", sources=("69.20.58.226/32", "69.20.58.234/32"),
             description=mark("ours", Purpose.LIST)),
        ties=ties,
    )  # fmt: skip
    wanted = want(Mode.ADD, "69.20.58.226/32", "69.20.58.234/32", priority=(100, 200))
    run = judged.run(wanted)
    assert judged.faults == []
    assert run.first[0].notes == (Note.BLOCKED,)
    assert run.first[0].refusal is None
    assert exposed(judged) == AddressSet.of("69.20.58.234/32")
