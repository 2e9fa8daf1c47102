"""The evaluator against the packet oracle, on networks of every shape; neither has seen the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Exposure
from cloudsync.provider import Unreadable
from cloudsync_gcp.provider import Provider
from cloudsync_gcp.sandbox import Sandbox
from cloudsync_gcp.settings import GcpSettings
from tests.oracle.gcp import Firewalls, answers, in_sight, machines, might, names_of, sure
from tests.oracle.packets import text
from tests.providers.gcp.drawn import ACCOUNTS, NAMES, Drawn, drawn, meanings
from tests.providers.gcp.inprocess import served
from tests.strategies import examples

FOLDERS = ("organizations/9", "folders/1")
PROJECT = "mail-prod"


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Provider, dict[str, Any]]]:
    """The product's provider, and the sandbox that stands behind the endpoint in turn."""
    held: dict[str, Any] = {}
    sandbox = Sandbox()
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds  # the product paces its calls; nobody waits for that here

    with served(sandbox.cloud) as endpoint:
        held |= {"endpoint": endpoint, "cloud": sandbox.cloud}
        yield Provider(clock=lambda: now[0], sleep=sleep), held


def seeded(cloud: Any, world: Drawn) -> Firewalls:
    """The network in the sandbox, and the same as the oracle sees it: from the sandbox's truth."""
    fresh = Sandbox()
    fresh.seed_project(PROJECT, folders=FOLDERS[1:], organization=FOLDERS[0])
    fresh.seed_network("default", before_classic=world.before_classic)
    for rule in world.classic:
        fresh.seed_firewall(rule)
    for target, rules in zip(FOLDERS, world.hierarchy, strict=False):
        fresh.seed_hierarchical_policy(target.replace("/", "-"), rules, target=target)
    if world.network:
        fresh.seed_policy("own", world.network, network="default")
    cloud.world = fresh.world
    kinds = ["HIERARCHY"] * len(world.hierarchy) + ["NETWORK"]
    return Firewalls(
        tuple(fresh.firewalls().values()),
        tuple(
            {"name": f"p{index}", "type": kind, "rules": list(rules)}
            for index, (kind, rules) in enumerate(
                zip(kinds, (*world.hierarchy, world.network), strict=True)
            )
        ),
        world.before_classic,
    )


def seen(provider: Provider, endpoint: str, select: dict[str, Any]) -> Exposure:
    """What the product makes of the network, through Google's client."""
    block = GcpSettings.model_validate(
        {
            "provider": "gcp",
            "projects": [PROJECT],
            "endpoint": endpoint,
            "mode": "watch",
            "select": {"network": "default", **select},
        }
    )
    for scope in provider.scopes(block):
        assert not isinstance(scope, Unreadable), scope
        for snapshot in provider.observe(scope):
            assert not isinstance(snapshot, Unreadable), snapshot
            found: Exposure
            (found,) = provider.rules.exposure(snapshot, 25).values()
            return found
    message = "nothing was observed"
    raise AssertionError(message)


def to_everything(rule: Any) -> bool:
    """Whether a rule names all of a family as its destination."""
    match = rule.get("match", {})
    found = {*rule.get("destinationRanges", ()), *match.get("destIpRanges", ())}
    return rule["direction"] == "INGRESS" and bool(found & {"0.0.0.0/0", "::/0"})


TARGETS: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
    ({"tags": ["mx"]}, {"tag": "mx"}),
    ({"service_accounts": [ACCOUNTS[0]]}, {"account": ACCOUNTS[0]}),
    ({"all": True}, {}),
)


@pytest.mark.parametrize(("select", "target"), TARGETS, ids=("tag", "account", "all"))
def test_the_evaluator_and_the_oracle_agree(
    asked: tuple[Provider, dict[str, Any]], select: dict[str, Any], target: dict[str, str]
) -> None:
    """Certain gets in everywhere; whoever gets in is possible or named; exact without names."""
    provider, held = asked

    @settings(examples(25), deadline=None)
    @given(drawn(), meanings())
    def agree(world: Drawn, meant: Any) -> None:
        truth = seeded(held["cloud"], world)
        found = seen(provider, held["endpoint"], select)
        behind = machines(truth, **target)
        rules = [rule for _, layer in truth.layers() for rule in layer]
        named = any(map(names_of, rules))
        # A destination of everything counts as a destination, so the evaluator is cautious there.
        exact = not named and not any(map(to_everything, rules))
        bounds = AddressSet.union(one.bound for one in found.names)
        for point in in_sight(truth, *(NAMES.values() if named else ())):
            address = text(point)
            got = answers(truth, point, behind, meant if named else ({},))
            if address in found.certain:
                assert got == {True}, f"{address} is certain, and doesn't get in everywhere"
            if True in got:
                known = address in found.possible or address in bounds
                assert known, f"{address} gets in, and isn't possible"
            if exact:
                assert (address in found.certain) is sure(truth, point, behind), address
                assert (address in found.possible) is might(truth, point, behind), address

    agree()
