from __future__ import annotations

from dataclasses import replace

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL, NOBODY, AddressSet
from cloudsync.exposure import Name
from cloudsync.model import Mode, Note, Purpose, Verdict
from cloudsync.numbering import Placed, Slot
from cloudsync.plan import make
from cloudsync.provider import Order, Sources
from cloudsync.tells import TellsModules
from cloudsync_gcp.chunks import chunked
from cloudsync_gcp.rule import Source
from cloudsync_gcp.rules import PROBES
from cloudsync_gcp.snapshot import Quota
from cloudsync_gcp.target import Target
from tests.providers.gcp.networks import (
    LISTED,
    MX,
    RULES,
    SCOPE,
    SMTP,
    World,
    everyone,
    exposure,
    network,
    policy,
    rule,
    snapshot,
    want,
)

WANTED = AddressSet.of(*LISTED)
KEPT = WANTED | INTERNAL
TARGET = f"{SCOPE}/default/tag:smtp"


def test_add_makes_one_rule_a_family() -> None:
    """The list stands in two rules of its own, for the target's tag, at the front."""
    world = World(snapshot(network(*everyone(1000))))
    world.settle(want(Mode.ADD))
    assert [str(one) for one in world.own] == [
        (
            "0 cloudsync-ours-list-0b8559 (allow tcp:25) from 2001:4800:10::/48 to tag smtp "
            "[cloudsync/ours list]"
        ),
        (
            "0 cloudsync-ours-list-7e37a6 (allow tcp:25) from 69.20.58.226/32, 69.20.58.234/32 to tag "
            "smtp [cloudsync/ours list]"
        ),
    ]
    assert exposure(world.seen).certain == EVERYONE


@pytest.mark.parametrize("internal", ["keep", "close"])
def test_enforce_closes_in_each_family_and_spares_the_probes(internal: str) -> None:
    """Who was open is shut, health checks that get in go on, internal space as it is told."""
    world = World(snapshot(network(*everyone(1000))))
    world.settle(want(Mode.ENFORCE, internal=internal))
    kept = INTERNAL if internal == "keep" else NOBODY
    assert exposure(world.seen).possible == WANTED | PROBES | kept
    assert {one.number for one in world.own if one.action == "deny"} == {1000}


def test_enforce_closes_also_when_nothing_is_open() -> None:
    """Tomorrow's allow behind the own deny is harmless, in either family."""
    world = World(snapshot(network()))
    world.settle(want(Mode.ENFORCE))
    world.plant(*everyone(65_534, tags=("smtp",)), *everyone(65_535))
    (plan,) = world.plan(want(Mode.ENFORCE))
    assert (plan.verdict, plan.steps) == (Verdict.IN_SYNC, ())


def test_a_foreign_allow_at_1_is_closed_by_a_tie() -> None:
    """The own deny ties with it, which it wins, and the own allows stand at 0."""
    world = World(snapshot(network(*everyone(1))))
    world.settle(want(Mode.ENFORCE))
    assert exposure(world.seen).possible == KEPT | PROBES
    assert [(one.number, one.action) for one in world.own][-2:] == [(1, "deny"), (1, "deny")]


def test_a_foreign_allow_at_0_leaves_no_room() -> None:
    """Nothing can stand ahead of it: closing is refused with the rule, and the adds are done."""
    world = World(snapshot(network(*everyone(0))))
    (plan,) = world.settle(want(Mode.ENFORCE))
    assert plan.notes == (Note.NO_ROOM,)
    assert [remark.text for remark in plan.remarks] == [
        (
            "closing needs 2 numbers from 0 on, ahead of 0, and 0 are free; move 0 four0-allow (allow "
            "tcp:25) to a later priority (gcloud compute firewall-rules update four0-allow "
            "--priority=1000 --project=mail-prod), or set priority"
        )
    ]
    assert exposure(world.seen).possible == EVERYONE
    assert [one.action for one in world.own] == ["allow", "allow"]


def test_a_default_deny_is_overtaken_and_a_narrow_one_is_a_decision() -> None:
    """A deny from everyone is a default; one of a wanted network blocks it, unless told."""
    default = World(snapshot(network(*everyone(100, action="deny"))))
    default.settle(want(Mode.ADD))
    assert exposure(default.seen).certain == WANTED
    narrow = World(snapshot(network(rule(100, "69.20.58.0/24", action="deny"))))
    (plan,) = narrow.settle(want(Mode.ADD))
    assert plan.notes == (Note.BLOCKED,)
    assert [remark.text for remark in plan.remarks] == [
        (
            "69.20.58.226/32, 69.20.58.234/32 is wanted, and 100 r100-deny (deny tcp:25) stops it; set "
            "override_denies: true to go ahead of it"
        )
    ]
    assert exposure(narrow.seen).certain == AddressSet.of("2001:4800:10::/48")
    narrow.settle(want(Mode.ADD, override_denies=True))
    assert exposure(narrow.seen).certain == WANTED


def test_an_own_allow_never_ties_with_a_foreign_deny() -> None:
    """The deny would win: the allow goes to the number before, or where it can't, is told."""
    world = World(snapshot(network(*everyone(1, action="deny"), *everyone(0, action="deny"))))
    (plan,) = world.settle(want(Mode.ADD))
    assert plan.notes == (Note.NO_ROOM,)
    assert {one.number for one in world.own} == {2}
    later = World(snapshot(network(*everyone(1, action="deny"))))
    later.settle(want(Mode.ADD))
    assert exposure(later.seen).certain == WANTED


def test_a_deny_planted_behind_an_own_allow_changes_nothing_and_ahead_blocks() -> None:
    """Behind the standing allow it overtakes nothing; ahead of it, it is a decision."""
    world = World(snapshot(network()))
    wanted = want(Mode.ADD, priority=(10, 60_000))
    world.settle(wanted)
    world.plant(rule(11, "69.20.58.226/32", name="behind", action="deny"))
    (plan,) = world.plan(wanted)
    assert (plan.verdict, plan.steps, plan.notes) == (Verdict.IN_SYNC, (), ())
    world.plant(rule(9, "69.20.58.234/32", name="ahead", action="deny"))
    (plan,) = world.settle(wanted)
    assert (plan.verdict, plan.notes) == (Verdict.MISSING, (Note.BLOCKED,))
    assert exposure(world.seen).certain == AddressSet.of("69.20.58.226/32", "2001:4800:10::/48")


def test_tomorrows_ipv6_and_named_source_find_a_place_ahead_of_the_deny() -> None:
    """What comes after the closing still stands ahead of it."""
    world = World(snapshot(network(*everyone(1000))))
    world.settle(want(Mode.ENFORCE, "69.20.58.226/32", internal="close"))
    more = want(
        Mode.ENFORCE, "69.20.58.226/32", "2001:4800:10::/48", internal="close",
        names=frozenset([Name("relay", EVERYONE)]),
    )  # fmt: skip
    world.settle(more)
    seen = exposure(world.seen)
    assert seen.certain >= AddressSet.of("69.20.58.226/32", "2001:4800:10::/48")
    assert [name.text for name in seen.names] == ["relay"]


@pytest.mark.parametrize("number", [0, 500, 1000, 65_535])
def test_probes_get_in_wherever_their_rule_stands(number: int) -> None:
    """Ahead of, between and behind what is opened: a health check that gets in goes on."""
    probes = rule(number, "35.191.0.0/16", "130.211.0.0/22", name="probes")
    world = World(snapshot(network(probes, rule(500, "8.8.8.0/24"), rule(1000, "9.9.9.0/24"))))
    world.settle(want(Mode.ENFORCE, internal="close"))
    assert exposure(world.seen).possible == WANTED | AddressSet.of(*probes.ranges)


def test_two_targets_that_share_a_machine_are_closed_together() -> None:
    """At a machine with both tags the list gets in throughout, and nobody else at the end."""
    world = World(
        snapshot(network(*everyone(900, tags=("smtp",)), *everyone(7, tags=("mx",))), SMTP, MX)
    )
    world.settle(want(Mode.ENFORCE))
    for target in (SMTP, MX):
        seen = exposure(world.seen, target)
        assert seen.certain >= WANTED
        assert seen.possible == KEPT | PROBES
    allows = [one.number for one in world.own if one.action == "allow"]
    denies = [one.number for one in world.own if one.action == "deny"]
    assert max(allows) < min(denies)


def test_a_target_that_comes_later_joins_the_numbers_of_the_other() -> None:
    """A tag that is added to the block is closed as the first one is, without a gap for either."""
    world = World(snapshot(network(*everyone(900)), SMTP))
    world.settle(want(Mode.ENFORCE))
    world.seen = replace(world.seen, places=snapshot(network(), SMTP, MX).places)
    world.settle(want(Mode.ENFORCE))
    assert exposure(world.seen, MX).certain >= WANTED
    assert exposure(world.seen, MX).possible == KEPT | PROBES


def test_two_targets_that_share_a_machine_must_want_the_same() -> None:
    """What they differ in is named, and neither is touched."""
    world = World(snapshot(network(*everyone(900)), SMTP, MX))
    one, two = want(Mode.ENFORCE), want(Mode.ADD, "8.8.8.8/32")
    plans = world.run(dict(zip(world.seen.targets, (one, two), strict=True)))
    assert [plan.refusal.what for plan in plans if plan.refusal] == [
        (
            f"a machine can belong to {TARGET} and to {SCOPE}/default/tag:mx, and they differ in mode, "
            "list, internal"
        )
    ] * 2
    assert world.done == []


def test_a_policy_ahead_is_refused_with_the_rule_and_where_to_close_it() -> None:
    """What a hierarchical policy lets in can't be closed here; everything else is."""
    above = policy("hierarchy", rule(5, "8.8.8.0/24"), name="hierarchical policy baseline")
    world = World(snapshot(network(*everyone(1000), ahead=[above])))
    (plan,) = world.settle(want(Mode.ENFORCE))
    assert plan.refusal is not None
    assert (plan.refusal.what, plan.refusal.todo, plan.refusal.witness) == (
        (
            "hierarchical policy baseline, rule 5 (allow tcp:25) lets in 256 IPv4 addresses that aren't "
            "wanted, ahead of every rule that can be made here"
        ),
        (
            "Have whoever keeps the organization's policies close it: gcloud compute firewall-policies "
            "rules describe 5 '--firewall-policy=hierarchical policy baseline'"
        ),
        "8.8.8.0",
    )
    assert exposure(world.seen).possible == KEPT | PROBES | AddressSet.of("8.8.8.0/24")


def test_before_classic_a_network_policy_is_refused_with_the_way_out() -> None:
    """With BEFORE_CLASSIC_FIREWALL the policy's allow stands ahead of every classic rule."""
    before = policy("global", *everyone(5), name="network policy open")
    world = World(snapshot(network(ahead=[before])))
    (plan,) = world.settle(want(Mode.ENFORCE))
    assert plan.refusal is not None
    assert plan.refusal.todo == (
        "Close it in that policy, or have classic rules asked first: gcloud compute networks update "
        "default --project=mail-prod "
        "--network-firewall-policy-enforcement-order=AFTER_CLASSIC_FIREWALL"
    )


def test_after_classic_a_network_policy_is_closed_by_classic_rules() -> None:
    """What a policy behind lets in is stopped ahead of it, and its probes go on."""
    behind = policy("global", *everyone(5))
    world = World(snapshot(network(behind=[behind])))
    world.settle(want(Mode.ENFORCE))
    assert exposure(world.seen).possible == KEPT | PROBES


def test_an_opaque_outside_source_holds_the_closing_back() -> None:
    """An address group may stand for anybody: closing waits for close_opaque, the adds don't."""
    group = replace(rule(5), sources=(Source("g", outside=True),))
    world = World(snapshot(network(behind=[policy("global", group)])))
    (plan,) = world.settle(want(Mode.ENFORCE, internal="close"))
    assert [remark.text for remark in plan.remarks] == [
        (
            "closing would stop g, which may stand for anybody; list the networks behind it in "
            "also_allow, or set close_opaque: true"
        )
    ]
    assert {one.action for one in world.own} == {"allow"}
    world.settle(want(Mode.ENFORCE, internal="close", close_opaque=True))
    assert exposure(world.seen).names == frozenset()


def test_the_quota_is_counted_before_the_first_call() -> None:
    """Where closing needs six rules and two may be added: the list's two are, and the rest is told."""
    world = World(snapshot(network(*everyone(1000)), quota=Quota(100, 98)))
    (plan,) = world.run(want(Mode.ENFORCE))
    assert (plan.refusal, plan.notes) == (None, (Note.NO_ROOM,))
    assert [remark.text for remark in plan.remarks] == [
        (
            "closing would add 6 firewall rules to the 98 that project mail-prod holds, and its quota "
            "FIREWALLS is 100. Nothing was closed. Raise the quota, or delete rules that nothing needs."
        )
    ]
    assert [(step.verb, one.description) for step, one in zip(plan.steps, world.own, strict=True)] == [
        ("add", "cloudsync/ours list"), ("add", "cloudsync/ours list"),
    ]  # fmt: skip
    assert exposure(world.seen).certain >= WANTED


def test_a_full_quota_stops_new_rules_alone() -> None:
    """Where not even the list's rules fit, those that stand grow, and nothing is taken away."""
    world = World(snapshot(network(), quota=Quota(100, 99)))
    world.run(want(Mode.ADD, "69.20.58.226/32", "69.20.58.234/32"))
    world.seen = replace(world.seen, quota=lambda: Quota(100, 100))
    for mode in (Mode.ADD, Mode.ENFORCE):
        (plan,) = world.plan(want(mode, "69.20.58.226/32", "64.34.250.1/32", "2001:4800:10::/48"))
        assert plan.refusal is not None
        assert plan.refusal.what == (
            "would add 1 firewall rule to the 100 that project mail-prod holds, and its quota "
            "FIREWALLS is 100"
        )
        assert [(step.verb, step.narrows) for step in plan.steps] == [("replace", False)]


def test_what_another_block_closes_is_no_decision_of_a_strangers() -> None:
    """An own deny for another tag, narrow since it spares a blocked address, blocks nobody here."""
    spared = "69.20.58.234/32"
    decided = rule(500, spared, action="deny", name="somebodys")
    world = World(snapshot(network(decided, *everyone(1000)), MX))
    world.settle(want(Mode.ENFORCE))
    assert any(one.action == "deny" and "0.0.0.0/0" not in one.ranges for one in world.own)
    second = World(snapshot(world.seen.network, SMTP))
    (plan,) = second.settle(want(Mode.ENFORCE))
    blocked = [remark.text for remark in plan.remarks if remark.note is Note.BLOCKED]
    assert len(blocked) == 1
    assert blocked[0].startswith(f"{spared} is wanted, and ")
    assert exposure(second.seen).certain >= WANTED - AddressSet.of(spared)


def test_watch_proposes_nothing() -> None:
    """Whatever is open, a target that is watched has no steps."""
    world = World(snapshot(network(*everyone(1000))))
    assert world.run(want(Mode.WATCH))[0].steps == ()


def test_a_reshaped_rule_of_ours_is_somebody_elses() -> None:
    """A marked rule with another port, tag or source is foreign, contested, and left alone."""
    world = World(snapshot(network()))
    world.settle(want(Mode.ADD))
    layer = world.seen.network.own
    assert layer is not None
    spoilt = replace(world.own[0], tags=("smtp", "web"))
    world.seen = replace(
        world.seen,
        network=world.seen.network.editing(
            replace(
                layer, rules=tuple(spoilt if one == world.own[0] else one for one in layer.rules)
            )
        ),
    )
    (plan,) = world.settle(want(Mode.ADD))
    assert plan.notes == (Note.CONTESTED,)
    assert spoilt in world.own
    assert len({one.name for one in world.own}) == 3
    assert exposure(world.seen).certain == WANTED


def test_a_copy_of_an_own_rule_goes() -> None:
    """Somebody's copy under a name of ours is taken away: one rule a slot is enough."""
    world = World(snapshot(network()))
    world.settle(want(Mode.ADD))
    world.plant(replace(world.own[0], name="cloudsync-ours-list-copied", number=700))
    world.settle(want(Mode.ADD))
    assert [one.number for one in world.own] == [0, 0]


def test_outbound_and_other_ports_stay_byte_for_byte() -> None:
    """The digest of outbound rules, and of what decides other ports, is the same afterwards."""
    world = World(
        snapshot(network(*everyone(1000), rule(9, "0.0.0.0/0", ports=("443",), name="web")))
    )
    before = (world.seen.outbound(TARGET), RULES.elsewhere(world.seen, (25,)))
    world.settle(want(Mode.ENFORCE))
    assert (world.seen.outbound(TARGET), RULES.elsewhere(world.seen, (25,))) == before


def test_leaving_enforce_keeps_the_denies_and_says_so() -> None:
    """Own denies outlive the mode that made them, until relax."""
    world = World(snapshot(network(*everyone(1000))))
    world.settle(want(Mode.ENFORCE))
    (plan,) = world.settle(want(Mode.ADD))
    assert [remark.text for remark in plan.remarks] == [
        f"own denies still stand; `cloudsync relax {TARGET}` takes them away"
    ]
    assert exposure(world.seen).possible == KEPT | PROBES


def test_a_policy_takes_own_rules_at_numbers_of_their_own() -> None:
    """With `kind: network-policy` the rules stand in the policy, where no two share a number."""
    target = Target("sa", "mx@mail-prod.iam.gserviceaccount.com")
    open_policy = policy("global", *(replace(one, number=one.number + i)
                                     for i, one in enumerate(everyone(1000))))  # fmt: skip
    world = World(snapshot(network(behind=[open_policy], edited="global"), target))
    world.settle(want(Mode.ENFORCE))
    seen = exposure(world.seen, target)
    assert seen.possible == KEPT | PROBES
    layer = world.seen.network.own
    assert layer is not None
    numbers = [one.number for one in layer.rules]
    assert len(numbers) == len(set(numbers))


def test_two_accounts_in_a_policy_have_numbers_of_their_own() -> None:
    """No two rules of a policy share a number, whoever they are for; every allow is ahead of a deny."""
    accounts = [Target("sa", f"{one}@mail-prod.iam.gserviceaccount.com") for one in ("mx", "smtp")]
    open_policy = policy("global", *(replace(one, number=one.number + i)
                                     for i, one in enumerate(everyone(1000))))  # fmt: skip
    world = World(snapshot(network(behind=[open_policy], edited="global"), *accounts))
    world.settle(want(Mode.ENFORCE))
    assert [exposure(world.seen, one).possible for one in accounts] == [KEPT | PROBES] * 2
    assert [exposure(world.seen, one).certain for one in accounts] == [KEPT | PROBES] * 2
    layer = world.seen.network.own
    assert layer is not None
    numbers = [one.number for one in layer.rules]
    assert len(numbers) == len(set(numbers))
    allows = [one.number for one in world.own if one.action == "allow"]
    assert max(allows) < min(one.number for one in world.own if one.action == "deny")
    one_more = World(replace(world.seen, places={f"{SCOPE}/default/{accounts[1]}": accounts[1]}))
    assert one_more.run(want(Mode.ENFORCE))[0].steps == ()


def test_who_is_sent_on_by_a_policy_is_closed_ahead_of_it() -> None:
    """A goto_next ahead of what a later layer opens is a hole: the own deny goes before it."""
    target = Target("sa", "mx@mail-prod.iam.gserviceaccount.com")
    policies = [
        policy("global", rule(50, "8.8.8.0/24", action="next"), name="network policy n"),
        policy("regional", rule(1, "8.0.0.0/8", machines=("machines of its region",)), name="r"),
    ]
    world = World(snapshot(network(behind=policies, edited="global"), target))
    world.settle(want(Mode.ENFORCE))
    assert exposure(world.seen, target).possible == WANTED


def test_a_network_without_a_policy_is_refused() -> None:
    """Without a policy to put rules in, nothing is done, and the plan says what to do."""
    world = World(snapshot(network(edited="global")))
    (plan,) = world.run(want(Mode.ADD))
    assert plan.refusal is not None
    assert plan.refusal.what == (
        "the network default has no global firewall policy to put rules in"
    )


def test_what_kubernetes_keeps_is_only_watched() -> None:
    """A rule that GKE made for the target's tag is made again by it: nothing is done, and told."""
    theirs = rule(1000, "0.0.0.0/0", name="k8s-fw-a1b2", tags=("smtp",))
    world = World(snapshot(network(theirs)))
    (plan,) = world.run(want(Mode.ENFORCE))
    assert (plan.notes, plan.steps) == ((Note.MANAGED_BY,), ())
    assert [remark.text for remark in plan.remarks] == [
        (
            "Google Kubernetes Engine keeps it (by its rules k8s-fw-a1b2), and would undo what is "
            "changed here, so it is only watched. Give the list to the Service, as "
            "loadBalancerSourceRanges. To have it changed here all the same, say managed_by: cloudsync."
        )
    ]
    (asked,) = world.run(want(Mode.ENFORCE, managed_by="cloudsync"))
    assert asked.notes == ()
    assert len(asked.steps) == len(asked.reversals) > 0


def test_what_kubernetes_keeps_for_one_tag_is_watched_for_all() -> None:
    """A machine may carry another target's tag as well: the plans of all say who keeps which rule."""
    theirs = rule(1000, "0.0.0.0/0", name="k8s-fw-a1b2", tags=("mx",))
    plans = World(snapshot(network(theirs), SMTP, MX)).run(want(Mode.ENFORCE))
    assert [(plan.target, plan.notes, plan.steps) for plan in plans] == [
        (f"{SCOPE}/default/{one}", (Note.MANAGED_BY,), ()) for one in (SMTP, MX)
    ]
    assert (
        plans[0]
        .remarks[0]
        .text.startswith(
            "Google Kubernetes Engine keeps it (by its rules k8s-fw-a1b2, for "
            "gcp:mail-prod/default/tag:mx, whose machines may be this target's too), and would undo"
        )
    )
    health = rule(1000, "0.0.0.0/0", name="gke-a-vms", ports=("1-24",), tags=("mx",))
    assert World(snapshot(network(health), MX)).run(want(Mode.ADD))[0].notes == ()


def test_what_our_terraform_modules_keep_is_watched_for_all() -> None:
    """A rule with the modules' mark for one tag: a machine may carry another target's tag as well."""
    mark = "cloudsync-terraform/mail"
    theirs = rule(900, "192.0.2.1/32", name="tf", tags=("mx",), description=mark)
    smtp, mx = World(snapshot(network(theirs), SMTP, MX)).run(want(Mode.ADD))
    for plan in (smtp, mx):
        assert (Note.MANAGED_BY in plan.notes, plan.steps) == (True, ())
    assert mx.remarks[0].text.startswith(f"Terraform keeps it (what is marked {mark}), and would ")
    assert smtp.remarks[0].text.startswith(
        f"Terraform keeps it (what is marked {mark}, for gcp:mail-prod/default/tag:mx, whose machines "
        "may be this target's too), and would "
    )
    elsewhere = rule(900, "192.0.2.1/32", name="tf", tags=("web",), description=mark)
    assert (
        Note.MANAGED_BY not in World(snapshot(network(elsewhere), MX)).run(want(Mode.ADD))[0].notes
    )


def test_who_stands_in_the_modules_rules() -> None:
    """Marked allows of a target's own machines, in whichever layer; no deny and no rule that is off."""
    mark = "cloudsync-terraform/mail"
    seen = snapshot(
        network(
            rule(900, "192.0.2.1/32", name="a", tags=("mx",), description=mark),
            rule(901, "192.0.2.2/32", name="b", tags=("mx",), description=mark, disabled=True),
            rule(902, "192.0.2.3/32", name="c", tags=("mx",), description=mark, ports=("443",)),
            rule(903, "192.0.2.4/32", name="d", tags=("mx",)),
            rule(904, name="e", action="deny", tags=("mx",), description=mark),
            ahead=(policy("global", rule(1, "192.0.2.5/32", tags=("mx",), description=mark)),),
        ),
        SMTP, MX,
    )  # fmt: skip
    assert isinstance(RULES, TellsModules)
    expected = Sources(AddressSet.of("192.0.2.1/32", "192.0.2.5/32"))
    assert RULES.modules(seen, (25,)) == {f"{SCOPE}/default/{MX}": expected}
    assert RULES.modules(snapshot(network(rule(903, "192.0.2.4/32"))), (25,)) == {}


def test_undo_and_relax_take_own_denies_alone() -> None:
    """`undo` gives back what a run closed and keeps the list; `relax` takes every own deny."""
    world = World(snapshot(network(*everyone(1000))))
    (plan,) = world.settle(want(Mode.ENFORCE))
    records = tuple(one.record for one in plan.reversals if one.record)
    assert [record["stopped"] for record in records] == [[], []]
    for order in (Order("undo", records), Order("relax")):
        wants = {TARGET: want(Mode.ENFORCE)}
        (ordered,) = make(RULES, world.seen, wants, "sha256:t", order)
        assert [step.verb for step in ordered.steps] == ["remove", "remove"]
        assert ordered.refusal is None
        after = world.seen
        for step in ordered.steps:
            after = RULES.after(after, step)
        assert exposure(after).possible == EVERYONE
        assert exposure(after).certain >= WANTED


def test_every_step_says_how_it_is_taken_back() -> None:
    """The commands are Google's own, quoted for a shell, with all that the rule said."""
    world = World(snapshot(network(rule(900, "8.8.8.0/24"))))
    run = world.run(want(Mode.ADD, "69.20.58.226/32"))
    world.run(want(Mode.ADD, "69.20.58.234/32"))
    (plan,) = world.plan(want(Mode.ADD, "2001:4800:10::/48"))
    assert [one.commands for one in (*run[0].reversals, *plan.reversals)] == [
        ("gcloud compute firewall-rules delete cloudsync-ours-list-7e37a6 --project=mail-prod --quiet",),
        ("gcloud compute firewall-rules delete cloudsync-ours-list-0b8559 --project=mail-prod --quiet",),
        (
            ("gcloud compute firewall-rules create cloudsync-ours-list-7e37a6 --project=mail-prod "
            "--network=default --direction=INGRESS --action=ALLOW --priority=0 --rules=tcp:25 "
            "'--description=cloudsync/ours list' --source-ranges=69.20.58.234/32 "
            "--target-tags=smtp"),
        ),
    ]  # fmt: skip


def test_more_networks_than_a_rule_holds_stand_in_several() -> None:
    """Parts stay as they stand: one more network changes one part, one less another."""
    slot = Slot(Purpose.LIST, "ipv4")
    first = list(chunked(Placed(slot, 0, AddressSet.of(*_hosts(10))), {}, most=4))
    assert [(part.slot.part, len(part.source.cidrs())) for part in first] == [
        ("ipv4", 4), ("ipv4 #2", 4), ("ipv4 #3", 2),
    ]  # fmt: skip
    world = World(snapshot(network()))
    big = want(Mode.ADD, *(f"69.{n // 200}.{n % 200}.1/32" for n in range(5_002)))
    world.settle(big)
    assert sorted(len(one.ranges) for one in world.own) == [2, 5_000]
    run = world.settle(replace(big, networks=big.networks[1:]))
    assert len(run[0].steps) == 1


def _hosts(count: int) -> list[str]:
    return [f"69.20.{n}.1/32" for n in range(count)]
