"""Preflight's questions against name servers on loopback: each row of the table, and each lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.preflight.ask import Servers
from cloudsync.preflight.judge import judge
from cloudsync.preflight.verdict import Ground, State
from tests.preflight.nameserver import Lie, Zone, serving

DOMAIN = "shop.test"
OWN = "198.51.100.25"
FILTERS = ["10 shop.test.1.0001.arsmtp.com.", "20 shop.test.2.0001.arsmtp.com."]
GROUND = Ground(
    ("arsmtp.com",), frozenset([ip_address(OWN)]), AddressSet.of("203.0.113.0/28"), ("EXG3",)
)


def records(*mx: str) -> dict[tuple[str, str], list[str]]:
    """A world in which ``mx`` are the domain's, and both of the filter's exchanges lead to it."""
    return {
        (DOMAIN, "NS"): ["ns1.test."],
        ("ns1.test", "A"): ["127.0.0.1"],
        **({(DOMAIN, "MX"): list(mx)} if mx else {(DOMAIN, "TXT"): ["x"]}),
        ("shop.test.1.0001.arsmtp.com", "A"): ["203.0.114.1"],
        ("shop.test.2.0001.arsmtp.com", "A"): ["203.0.114.2"],
        ("own.shop.test", "A"): [OWN],
        ("isp.test", "A"): ["192.0.2.77"],
        ("alias.test", "CNAME"): ["isp.test."],
        ("vanity.test", "A"): ["203.0.113.3"],
        ("inside.test", "A"): ["10.0.0.1"],
        ("shop-test.mail.protection.outlook.com", "TXT"): ["x"],
        ("masked.arsmtp.com", "A"): [OWN],
        ("tenant.mail.protection.outlook.com", "A"): ["192.0.2.80"],
    }


@dataclass
class World:
    """Name servers on one port, so that the domain's own are where they are asked."""

    stack: ExitStack
    zone: Zone = field(default_factory=lambda: Zone(records(*FILTERS)))
    timeout: float = 0.3

    def servers(self) -> Servers:
        """The one server, which is also the domain's own."""
        where = self.stack.enter_context(serving(self.zone))
        return Servers((where,), where[1], self.timeout, 1)

    def found(self) -> tuple[State, list[str]]:
        """The look's state, and the codes of what was found."""
        verdict = judge(self.servers().look(DOMAIN), GROUND)
        return verdict.state, [one.code for one in verdict.findings]


@pytest.fixture
def world() -> Iterator[World]:
    """A world in which mail comes through the filter alone."""
    with ExitStack() as stack:
        yield World(stack)


def test_mail_through_the_filter_alone_is_clean(world: World) -> None:
    """Both exchanges at the filter, and nothing else, leave nothing to say."""
    assert world.found() == (State.CLEAN, [])


@pytest.mark.parametrize(
    ("mx", "state", "codes"),
    [
        ([*FILTERS, "30 own.shop.test."], "dirty", ["BACKUP_MX_DIRECT"]),
        (["5 own.shop.test.", *FILTERS], "dirty", ["BACKUP_MX_DIRECT"]),
        ([FILTERS[0], "15 own.shop.test.", FILTERS[1]], "dirty", ["BACKUP_MX_DIRECT"]),
        (["10 own.shop.test."], "dirty", ["NOT_ON_FILTER"]),
        ([FILTERS[0], "20 masked.arsmtp.com."], "dirty", ["BACKUP_MX_DIRECT"]),
        ([*FILTERS, "30 isp.test."], "dirty", ["MX_ELSEWHERE"]),
        ([*FILTERS, "30 alias.test."], "dirty", ["MX_ELSEWHERE", "MX_IS_CNAME"]),
        ([*FILTERS, "30 192.0.2.9."], "dirty", ["MX_IS_ADDRESS"]),
        ([*FILTERS, "30 nowhere.test."], "dirty", ["MX_DANGLING"]),
        ([*FILTERS, "30 inside.test."], "dirty", ["MX_NOT_PUBLIC"]),
        ([*FILTERS, "30 x.arsmtp.com.evil.test."], "dirty", ["MX_DANGLING"]),
        (["10 tenant.mail.protection.outlook.com."], "dirty", ["MX_MICROSOFT"]),
        (["10 vanity.test."], "unknown", ["FILTER_ALIAS_ONLY"]),
        (["0 ."], "clean", ["NULL_MX"]),
        (["0 .", *FILTERS], "dirty", ["NULL_MX_MIXED"]),
        (FILTERS[:1], "clean", ["FILTER_MX_COUNT"]),
    ],
)
def test_each_set_of_mx_has_its_verdict(
    world: World, mx: list[str], state: str, codes: list[str]
) -> None:
    """Any record past the filter counts, of whatever preference and under whatever name."""
    world.zone.records = records(*mx)
    assert world.found() == (state, codes)


def test_without_mx_the_address_takes_the_mail(world: World) -> None:
    """The implicit MX, no MX at all, and no such domain are told apart."""
    world.zone.records = records()
    assert world.found() == (State.DIRTY, ["NO_MX"])
    world.zone.records[DOMAIN, "A"] = [OWN]
    assert world.found() == (State.DIRTY, ["IMPLICIT_MX"])
    world.zone.records = {("test", "NS"): ["ns1.test."], ("ns1.test", "A"): ["127.0.0.1"]}
    assert world.found() == (State.DIRTY, ["DOMAIN_MISSING"])


@pytest.mark.parametrize("lie", ["servfail", "silent", "garbage", "refused", "lame"])
def test_no_answer_is_never_no_backup_mx(world: World, lie: Lie) -> None:
    """Whatever a name server does but answer, the domain is unknown: neither clean nor dirty."""
    world.zone.lies = {DOMAIN: lie}
    assert world.found() == (State.UNKNOWN, ["DNS_UNAVAILABLE"])


@pytest.mark.parametrize("lie", ["servfail", "silent"])
def test_an_exchange_nobody_can_resolve_is_unknown(world: World, lie: Lie) -> None:
    """It may lead to the own server."""
    world.zone.lies = {"shop.test.2.0001.arsmtp.com": lie}
    assert world.found() == (State.UNKNOWN, ["DNS_UNAVAILABLE"])


def test_an_answer_cut_off_is_asked_for_over_tcp(world: World) -> None:
    """Else the backup MX at its end would be missed."""
    world.zone.records = records(*FILTERS, "30 own.shop.test.")
    world.zone.lies = {DOMAIN: "truncate"}
    assert world.found() == (State.DIRTY, ["BACKUP_MX_DIRECT"])
    assert world.zone.asked["tcp"] > 0


def test_nobody_at_the_port_is_unknown() -> None:
    """A name server that isn't there says nothing."""
    seen = Servers((("127.0.0.1", 1),), 1, 0.2, 1).look(DOMAIN)
    assert judge(seen, GROUND).state is State.UNKNOWN


def test_own_name_servers_that_disagree_are_dirty(world: World) -> None:
    """Who asks the other one still finds the backup MX."""
    world.zone.records[DOMAIN, "NS"] = ["ns1.test.", "ns2.test."]
    world.zone.records["ns2.test", "A"] = ["127.0.0.2"]
    servers = world.servers()
    other = Zone(records(*FILTERS, "30 own.shop.test."))
    world.stack.enter_context(serving(other, "127.0.0.2", servers.port))
    verdict = judge(servers.look(DOMAIN), GROUND)
    assert [one.code for one in verdict.findings] == ["BACKUP_MX_DIRECT", "NS_DISAGREE"]


def test_one_own_name_server_that_is_down_leaves_it_unknown(world: World) -> None:
    """What it tells others isn't known."""
    world.zone.records[DOMAIN, "NS"] = ["ns1.test.", "ns2.test."]
    world.zone.records["ns2.test", "A"] = ["127.0.0.3"]
    assert world.found() == (State.UNKNOWN, ["DNS_UNAVAILABLE"])


def test_what_a_cache_still_holds_counts(world: World) -> None:
    """The zone is right already, and senders behind that cache go past the filter."""
    servers = world.servers()
    cache = Zone({**records(*FILTERS, "30 own.shop.test.")}, ttl=86_400)
    where = world.stack.enter_context(serving(cache))
    both = Servers((*servers.recursive, where), servers.port, 0.3, 1)
    verdict = judge(both.look(DOMAIN), GROUND)
    assert (verdict.state, [one.code for one in verdict.findings], verdict.ttl) == (
        State.DIRTY, ["BACKUP_MX_DIRECT", "CACHE_DIFFERS"], 86_400,
    )  # fmt: skip


def test_what_stands_beside_is_told_and_holds_nothing_up(world: World) -> None:
    """Guessable names at the own server, a Microsoft tenant and mailboxes elsewhere are warnings."""
    world.zone.records |= {
        ("mail.shop.test", "A"): [OWN],
        ("shop-test.mail.protection.outlook.com", "A"): ["192.0.2.80"],
        ("autodiscover.shop.test", "A"): ["192.0.2.81"],
    }
    assert world.found() == (State.CLEAN, ["HYBRID_M365", "OLD_NAME", "SPLIT_DOMAIN"])


def test_without_own_addresses_a_masked_server_cant_be_seen(world: World) -> None:
    """The look is no proof until somebody says which addresses are the servers'."""
    verdict = judge(world.servers().look(DOMAIN), Ground(("arsmtp.com",)))
    assert (verdict.state, [one.code for one in verdict.findings]) == (
        State.UNKNOWN, ["OWN_UNKNOWN"],
    )  # fmt: skip


def test_too_many_exchanges_are_not_looked_at(world: World) -> None:
    """An endless answer is refused as unknown, with its number."""
    world.zone.records[DOMAIN, "MX"] = [f"{n} h{n}.test." for n in range(40)]
    seen = world.servers().look(DOMAIN)
    assert {one.reason for one in seen.answers} == {
        "it names 40 exchanges, more than the 32 that are looked at"
    }


def test_the_names_of_an_address_are_asked_for(world: World) -> None:
    """Reverse DNS, and silence told apart from no name."""
    world.zone.records["1.113.0.203.in-addr.arpa", "PTR"] = ["Server45.appriver.com."]
    world.zone.lies = {"2.113.0.203.in-addr.arpa": "silent"}
    servers = world.servers()
    assert [servers.reverse(ip_address(f"203.0.113.{n}")) for n in (1, 2, 3)] == [
        ("server45.appriver.com",), None, (),
    ]  # fmt: skip
