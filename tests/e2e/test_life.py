from __future__ import annotations

from datetime import UTC, datetime

from tests.e2e.world import (
    LIST,
    REGION,
    SCOPE,
    WORLD4,
    WORLD6,
    Clock,
    World,
    block,
    enforce,
    ids,
    tcp,
)

FIRST = "69.20.58.226/32"
NEW = ("8.31.233.1/32", "8.31.233.2/32", "8.31.233.3/32")
ADD = "AuthorizeSecurityGroupIngress"
TAKE = "RevokeSecurityGroupIngress"


def applied(world: World, code: int = 0) -> str:
    """Apply, which ends with ``code``; the report."""
    world.forget()
    ran = world.run("apply", "--yes")
    assert ran.code == code, ran
    return ran.out


# ----------------------------------------------------------------------------- a list's life


def test_from_the_first_list_to_a_quiet_world(world: World) -> None:
    """A first list is held, accepted, planned and applied once; then there is nothing to do."""
    group = world.group("shut")
    world.config()
    world.offer(*LIST)
    assert world.run("apply", "--yes").code == 4
    assert world.mutations == []
    assert world.run("list", "accept", "--yes").code == 0
    assert world.run("plan", "--detailed-exitcode").code == 2
    applied(world)
    assert world.mutations == [ADD]
    assert world.networks(group) == sorted(LIST)
    applied(world)
    assert world.mutations == []
    assert world.run("drift").code == 0
    assert world.run("plan", "--detailed-exitcode").code == 0


def test_additions_count_at_once(world: World) -> None:
    """Entries within the limits are let in by the very run that read them."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    world.offer(*LIST, *NEW)
    applied(world)
    assert world.mutations == [ADD]
    assert world.networks(group) == sorted([*LIST, *NEW])


def test_too_many_additions_are_held(world: World) -> None:
    """Entries beyond the limits open nothing until a person looked."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    more = tuple(f"8.31.233.{host}/32" for host in range(1, 5))
    world.offer(*LIST, *more)
    report = applied(world, code=4)
    assert world.mutations == []
    assert "Not right yet: held." in report
    assert world.run("list", "accept", "--yes").code == 0
    applied(world)
    assert world.networks(group) == sorted([*LIST, *more])


def test_a_removal_waits_for_reads_and_grace(world: World, clock: Clock) -> None:
    """An entry that left is wanted until two reads, six hours apart, and a week have gone by."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    world.offer(*LIST[1:])

    def still_in() -> None:
        report = applied(world)
        assert world.mutations == []
        assert "1 of its entries leaving and still wanted" in " ".join(report.split())
        assert world.networks(group) == sorted(LIST)

    still_in()  # the first read that says so
    clock.pass_(hours=5, minutes=59)
    still_in()  # too early to count
    clock.pass_(minutes=1)
    still_in()  # the second read: grace begins
    clock.pass_(days=6, hours=23, minutes=59)
    still_in()
    clock.pass_(minutes=1)
    applied(world)
    assert world.mutations == [TAKE]
    assert world.networks(group) == sorted(LIST[1:])
    assert world.run("drift").code == 0


def test_an_entry_that_comes_back_stays(world: World, clock: Clock) -> None:
    """A page that lost an entry for a while starts its wait anew when it loses it again."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    for _ in range(3):
        world.offer(*LIST[1:])
        applied(world)
        clock.pass_(days=5)
        applied(world)
        clock.pass_(days=5)
        world.offer(*LIST)
        applied(world)
        assert world.mutations == []
    assert world.networks(group) == sorted(LIST)


def test_many_small_removals_are_no_way_round_a_limit(world: World, clock: Clock) -> None:
    """Removals that are still leaving count: the fourth of fifteen is over a fifth, and held."""
    world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    for gone in (1, 2, 3):
        world.offer(*LIST[gone:])
        applied(world)
        clock.pass_(days=1)
    world.offer(*LIST[4:])
    applied(world, code=4)
    assert world.mutations == []


def test_a_run_while_the_source_is_away_lets_no_grace_begin(world: World, clock: Clock) -> None:
    """Without a read nothing is counted, and a grace that has begun ends all the same."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    path = world.offer(*LIST[1:])
    applied(world)
    path.unlink()
    clock.pass_(days=30)
    applied(world, code=5)
    assert world.networks(group) == sorted(LIST)
    world.offer(*LIST[1:])
    applied(world)
    path.unlink()
    clock.pass_(days=7)
    applied(world, code=5)
    assert world.mutations == [TAKE]
    assert world.networks(group) == sorted(LIST[1:])


def test_the_bundled_list_serves_a_sandbox(world: World) -> None:
    """Where the endpoint is on this machine the bundled list may be added, and needs no person."""
    group = world.group("shut")
    world.config(source="bundled", form="article39")
    applied(world)
    assert world.networks(group) == sorted(LIST)


# ---------------------------------------------------------------------------------- lost state


def test_lost_state_is_as_safe_as_kept_state(world: World, clock: Clock) -> None:
    """Without state own rules are the list in force: nothing to accept, nothing removed at once."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    (world.folder / "cloudsync.db").unlink()
    world.offer(*LIST[1:], NEW[0])
    report = applied(world)
    assert world.mutations == [ADD]
    assert world.networks(group) == sorted([*LIST, NEW[0]])
    assert "1 of its entries leaving and still wanted" in " ".join(report.split())
    clock.pass_(hours=6)
    applied(world)
    clock.pass_(days=7)
    applied(world)
    assert world.mutations == [TAKE]
    assert world.networks(group) == sorted([*LIST[1:], NEW[0]])


def test_lost_state_and_a_list_beyond_the_limits(world: World) -> None:
    """Without state a shrunken list is held all the same, and every own rule stays."""
    group = world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    (world.folder / "cloudsync.db").unlink()
    world.offer(*LIST[:7])
    applied(world, code=4)
    assert world.mutations == []
    assert world.networks(group) == sorted(LIST)


def test_lost_state_and_rules_of_others_only(world: World) -> None:
    """Rules of others are no list in force: without own rules a list is a first list."""
    group = world.group("partner", *tcp(*LIST))
    world.config()
    world.offer(*LIST)
    applied(world, code=4)
    assert world.mutations == []
    assert world.networks(group) == sorted(LIST)


def test_lost_state_where_a_scope_cant_be_read(world: World) -> None:
    """Without state and with a scope unread there is no list in force, and nothing is changed."""
    world.group("shut")
    world.config()
    world.accepted()
    applied(world)
    (world.folder / "cloudsync.db").unlink()
    world.sandbox.faults.denied("DescribeSecurityGroups")
    world.offer(*LIST[1:])
    applied(world, code=3)
    assert world.mutations == []


# ------------------------------------------------------------------------------------- modes


def test_closing_by_hand_loses_no_mail_after_add(world: World) -> None:
    """``add`` lets every entry in by a rule of ours, so that the open rule can go by hand."""
    group = world.group("open", *tcp(WORLD4, WORLD6))
    world.config()
    world.accepted()
    report = applied(world)
    assert "Mode add: what others opened stays open" in report
    world.sandbox.uproot(REGION, group, tcp(WORLD4, WORLD6))
    ran = world.run("drift")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "1 target: 1 in sync; no step.")
    assert world.networks(group) == sorted(LIST)


def test_watch_changes_nothing(world: World) -> None:
    """``watch`` makes no mutating call, whatever there is to say."""
    opened = world.group("open", *tcp(WORLD4))
    stray = world.group("stray", *tcp("8.31.233.9/32", text="cloudsync/mail list"))
    world.config(block("watch"))
    world.accepted()
    for _ in range(2):
        report = applied(world)
        assert world.mutations == []
        assert "Mode watch: it is reported, and nothing is changed." in report
    assert world.run("drift").code == 2
    assert world.networks(opened) == [WORLD4]
    assert world.networks(stray) == ["8.31.233.9/32"]


def test_enforce_closes_what_is_open_and_keeps_what_is_inside(world: World) -> None:
    """``enforce`` revokes the open rules once the list and the inside have rules of their own."""
    https = tcp(WORLD4, port=443)
    opened = world.group("open", *tcp(WORLD4, WORLD6), *https)
    relay = world.group("relay", *tcp("10.20.0.0/16", "8.31.233.9/32"))
    before = world.sandbox.groups(REGION)[opened]["IpPermissionsEgress"]
    world.config(enforce())
    world.accepted()
    applied(world)
    assert world.run("drift").code == 0
    assert {WORLD4, WORLD6} & set(world.networks(opened)) == {WORLD4}  # port 443
    held = world.sandbox.groups(REGION)[opened]
    assert [one["IpRanges"] for one in held["IpPermissions"] if one["FromPort"] == 443] == [
        [{"CidrIp": WORLD4}]
    ]
    assert held["IpPermissionsEgress"] == before
    assert set(LIST) < set(world.networks(opened))
    assert "10.0.0.0/8" in world.networks(opened)
    assert world.networks(relay) == sorted([*LIST, "10.20.0.0/16"])
    for asked, code in (("10.1.2.3", "can reach"), ("8.8.8.8", "can't reach")):
        said = world.run("explain", asked, f"{SCOPE}/{opened}").out
        assert said.startswith(f"{asked} {code} port 25 at {SCOPE}/{opened}.\n")
    # What takes something away comes after all that adds, group by group.
    assert world.mutations[:2] == [ADD, ADD]
    assert set(world.mutations[2:]) == {TAKE}


def test_enforce_closes_the_inside_too_where_it_is_told_to(world: World) -> None:
    """With ``internal: close`` an internal relay that isn't listed loses its rule."""
    group = world.group("relay", *tcp("10.20.0.0/16"))
    world.config(enforce(internal="close"))
    world.accepted()
    applied(world)
    assert world.networks(group) == sorted(LIST)


def test_leaving_enforce_opens_nothing(world: World) -> None:
    """Back in ``add`` own rules for the inside go by what is wanted, and nothing is opened."""
    group = world.group("open", *tcp(WORLD4))
    world.config(enforce())
    world.accepted()
    applied(world)
    world.config(block("add"))
    applied(world)
    assert WORLD4 not in world.networks(group)
    assert set(LIST) <= set(world.networks(group))


def test_two_installations_on_one_group_leave_each_other_alone(world: World) -> None:
    """Rules of another installation are neither taken over nor revoked, in ``enforce`` neither."""
    group = world.group("shared")
    world.config(name="one")
    world.accepted()
    applied(world)
    world.offer(*NEW, file="other.txt")
    world.config(
        enforce(), name="two", source="other.txt", more="state: sqlite:///two.db",
        file="two.yaml",
    )  # fmt: skip
    assert world.run("-c", "two.yaml", "list", "accept", "--yes").code == 0
    ran = world.run("-c", "two.yaml", "apply", "--yes")
    # What the first one lets in is open to the second one's eyes, and stays.
    assert ran.code == 2
    assert "belongs to another installation of cloudsync" in " ".join(ran.out.split())
    assert world.networks(group) == sorted([*LIST, *NEW])
    assert {world.marks(group)[one] for one in LIST} == {"cloudsync/one list"}
    assert {world.marks(group)[one] for one in NEW} == {"cloudsync/two list"}
    applied(world)
    assert world.mutations == []


# ----------------------------------------------------------------------- what is wanted beside


def test_widening_is_named_with_its_cost(world: World) -> None:
    """``widen: 24`` needs fewer rules, and the plan says how many addresses nobody listed."""
    group = world.group("shut")
    world.config(under="widen: 24")
    world.accepted()
    plan = world.run("plan")
    assert "widening lets in 3,057 addresses that nobody listed" in " ".join(plan.out.split())
    applied(world)
    assert world.networks(group) == sorted({f"{one.rpartition('.')[0]}.0/24" for one in LIST})
    assert world.run("drift").code == 0


def test_one_target_may_widen_for_itself(world: World) -> None:
    """A target's own ``widen`` and ``shoreline`` hold there and nowhere else."""
    narrow, wide = world.group("narrow"), world.group("wide")
    world.config(block("add", select=ids(narrow)), block("add", "widen: 24", select=ids(wide)))
    world.accepted()
    applied(world)
    assert world.networks(narrow) == sorted(LIST)
    assert len(world.networks(wide)) == 12


def test_shoreline_groups_apply_where_they_are_chosen(world: World) -> None:
    """A Shoreline network takes the place of the single addresses in it."""
    from tests.unit.source import pages

    plain, shore = world.group("plain"), world.group("shore")
    (world.folder / "article.txt").write_bytes(pages.text(pages.article()))
    world.config(
        block("add", select=ids(plain)),
        block("add", "shoreline: [EXG3, EXG4]", select=ids(shore)),
        source="article.txt",
        form="article39",
    )
    assert world.run("list", "accept", "--yes").code == 0
    applied(world)
    assert world.networks(plain) == sorted(LIST)
    assert world.networks(shore) == sorted(
        [
            *(one for one in LIST if not one.startswith(("207.97.230.", "72.32.253."))),
            "207.97.230.0/24",
            "72.32.253.0/24",
        ]
    )


ALSO = """\
also_allow:
  - {{network: 10.20.0.0/16, owner: mail team, reason: relays, until: never}}
  - {{group: {group}, owner: mail team, reason: web hosts, until: never}}
  - {{prefix_list: {lists}, owner: mail team, reason: partners, until: never}}
  - {{network: 8.31.233.0/24, owner: mail team, reason: a trial, until: 2026-11-30}}"""


def test_what_else_is_wanted_and_for_how_long(world: World, clock: Clock) -> None:
    """Networks, groups and prefix lists stand beside the list; one with an end goes at its end."""
    senders = world.sandbox.seed_group(region=REGION, name="senders")
    partners = world.sandbox.seed_prefix_list(region=REGION, name="p", entries=["5.152.184.0/25"])
    group = world.group("shut")
    world.config(block("add", *ALSO.format(group=senders, lists=partners).splitlines()))
    world.accepted()
    applied(world)
    named = ["10.20.0.0/16", senders, partners]
    assert world.networks(group) == sorted([*LIST, *named, "8.31.233.0/24"])
    assert world.marks(group)["10.20.0.0/16"] == "cloudsync/mail also"
    clock.at = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)  # the day still counts
    applied(world)
    assert world.mutations == []
    clock.pass_(minutes=1)
    applied(world)
    assert world.mutations == [TAKE]
    assert world.networks(group) == sorted([*LIST, *named])


def test_two_ports_are_guarded_each_for_itself(world: World) -> None:
    """With two ports each entry has a rule for each, and the verdict is the worse of the two."""
    group = world.group("half", *tcp(*LIST))
    world.config(block("add", "ports: [25, 587]"))
    world.accepted()
    ran = world.run("plan")
    assert "can't reach one of the ports 25, 587" in " ".join(ran.out.split())
    applied(world)
    assert sorted(
        (one["FromPort"], source["CidrIp"])
        for one in world.sandbox.groups(REGION)[group]["IpPermissions"]
        for source in one["IpRanges"]
    ) == sorted((port, network) for port in (25, 587) for network in LIST)
    assert world.run("drift").code == 0


def test_a_quota_that_is_too_small_refuses_before_the_first_call(world: World) -> None:
    """Where the rules wouldn't fit, the numbers and the ways out are named, and nothing changes."""
    full = world.group("full", *tcp(*(f"10.9.{host}.0/24" for host in range(50))))
    fits = world.group("fits")
    world.config()
    world.accepted()
    world.forget()
    ran = world.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        3,
        (
            f"{SCOPE}/{full}: would need 65 rules, the quota is 60. Nothing was changed. Raise quota "
            "L-0EA8095F, use a prefix list, or set widen: 24.\n"
        ),
    )
    assert len(world.networks(full)) == 50
    assert world.networks(fits) == sorted(LIST)
    assert world.mutations == [ADD]


# ------------------------------------------------------------------------------ a cloud's moods


def test_a_lost_answer_is_settled_by_looking_again(world: World) -> None:
    """A call whose answer was lost is neither repeated blindly nor counted as failed."""
    group = world.group("shut")
    world.config()
    world.accepted()
    world.sandbox.faults.lost_after(ADD, times=1)
    applied(world)
    assert world.networks(group) == sorted(LIST)
    assert world.run("drift").code == 0


def test_one_target_that_fails_stops_no_other(world: World) -> None:
    """A step that a cloud throttles to the end fails its target alone, and the next run does it."""
    first, second = world.group("first"), world.group("second")
    world.config()
    world.accepted()
    world.sandbox.faults.denied(ADD, times=1)
    applied(world, code=3)
    held = [world.networks(one) for one in (first, second)]
    assert sorted(held, key=len) == [[], sorted(LIST)]
    applied(world)
    assert world.mutations == [ADD]
    assert world.networks(first) == world.networks(second) == sorted(LIST)
