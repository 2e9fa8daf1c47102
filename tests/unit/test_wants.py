"""What is wanted of a target, from the configuration and the list in force."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.addresses import EVERYONE, INTERNAL
from cloudsync.allowlist import Entry
from cloudsync.config import Config
from cloudsync.exposure import Name
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Wanted
from cloudsync.wants import groups_of, wanted_of, widening_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ENTRIES = (
    Entry(ip_network("8.0.0.1/32")),
    Entry(ip_network("9.0.0.9/32"), group="EXG3"),
    Entry(ip_network("9.0.1.9/32"), group="EXG4"),
)

NOTHING: dict[str, str] = {}


def also(until: str = "never", **source: str) -> dict[str, str]:
    """One entry of also_allow."""
    return {**source, "owner": "mail team", "reason": "relays", "until": until}


def config(*targets: dict[str, Any], **listed: Any) -> Config:
    """A configuration with these target blocks, and more said about the list."""
    blocks = [
        MemorySettings.model_validate({"provider": "memory", "mode": "add", **target})
        for target in targets or ({},)
    ]
    return Config.model_validate(
        {
            "name": "mail",
            "list": {"source": "./list.txt", "format": "article39", **listed},
            "targets": blocks,
        }
    )


def wanted(found: Config, index: int = 0) -> Wanted:
    """What one block wants."""
    return wanted_of(found, found.targets[index], ENTRIES, NOW)


def test_a_plain_target_wants_the_base_entries() -> None:
    """Without more said, the entries that aren't opt-in are wanted, and nothing else."""
    assert wanted(config()) == Wanted("mail", Mode.ADD, networks=(ip_network("8.0.0.1/32"),))


def test_all_that_a_block_says_is_handed_on() -> None:
    """Mode, internal, ports, the switches and the numbers of a block stand in what is wanted."""
    block = {
        "mode": "enforce", "internal": "close", "ports": [25, 587], "override_denies": True,
        "close_opaque": True, "shared": True, "priority": {"from": 100, "to": 199},
    }  # fmt: skip
    assert wanted(config(block)) == Wanted(
        "mail",
        Mode.ENFORCE,
        networks=(ip_network("8.0.0.1/32"),),
        internal="close",
        ports=(25, 587),
        override_denies=True,
        close_opaque=True,
        shared=True,
        priority=(100, 199),
    )


@pytest.mark.parametrize(
    ("of_list", "of_target", "networks"),
    [
        (["EXG3"], None, ("8.0.0.1/32", "9.0.0.9/32")),
        (["EXG3"], ["EXG4"], ("8.0.0.1/32", "9.0.1.9/32")),
        (["EXG3"], [], ("8.0.0.1/32",)),
    ],
    ids=["as the list says", "as the target says", "none at the target"],
)
def test_a_targets_own_groups_take_the_place_of_the_lists(
    of_list: list[str], of_target: list[str] | None, networks: tuple[str, ...]
) -> None:
    """What a target says about Shoreline groups counts there, also where it says: none."""
    block = {} if of_target is None else {"shoreline": of_target}
    found = wanted(config(block, shoreline=of_list))
    assert found.networks == tuple(map(ip_network, networks))


@pytest.mark.parametrize(
    ("of_list", "of_target", "network"),
    [
        ("none", {}, "8.0.0.1/32"),
        ("24", {}, "8.0.0.0/24"),
        ("none", {"widen": "24"}, "8.0.0.0/24"),
        ("24", {"widen": "none"}, "8.0.0.1/32"),
    ],
)
def test_a_targets_own_mask_takes_the_place_of_the_lists(
    of_list: str, of_target: dict[str, str], network: str
) -> None:
    """What a target says about widening counts there, also where it says: none."""
    found = wanted(config(of_target, widen=of_list))
    assert found.networks == (ip_network(network),)


def test_only_what_is_active_is_also_allowed() -> None:
    """An entry of also_allow that has ended is wanted no more; of two alike, one is enough."""
    block = {
        "also_allow": [
            also(network="10.20.0.0/16"),
            also(network="10.20.0.0/16"),
            also(network="9.9.9.9/32"),
            also(network="10.30.0.0/16", until="2026-11-23"),
        ]
    }
    assert wanted(config(block)).also == (ip_network("10.20.0.0/16"), ip_network("9.9.9.9/32"))


def test_a_group_is_inside_and_any_other_name_may_be_anybody() -> None:
    """A referenced group stands for internal addresses; what a tag or a list holds isn't known."""
    block = {"also_allow": [also(group="relays"), also(tag="AzureCloud"), also(prefix_list="pl")]}
    found = wanted(config(block))
    assert {(name.text, name.bound) for name in found.names} == {
        ("relays", INTERNAL),
        ("AzureCloud", EVERYONE),
        ("pl", EVERYONE),
    }
    assert found.names == {
        Name("relays", INTERNAL),
        Name("AzureCloud", EVERYONE),
        Name("pl", EVERYONE),
    }
    assert found.also == ()


def test_the_guard_measures_every_group_that_any_target_chooses() -> None:
    """The groups of the list and of all targets are named once, in order."""
    found = config({"shoreline": ["EXG4", "EXG3"]}, {"shoreline": []}, {}, shoreline=["EXG3"])
    assert groups_of(found) == ("EXG3", "EXG4")
    assert groups_of(config()) == ()


@pytest.mark.parametrize(
    ("of_list", "of_targets", "asked"),
    [
        ("none", (NOTHING, NOTHING), "none"),
        ("24", (NOTHING, NOTHING), "24"),
        ("none", (NOTHING, {"widen": "24"}), "24"),
        ("24", ({"widen": "none"},), "24"),
    ],
)
def test_the_guard_measures_the_widest_mask(
    of_list: str, of_targets: tuple[dict[str, str], ...], asked: str
) -> None:
    """Where the list or any target widens, the guard goes by that."""
    assert widening_of(config(*of_targets, widen=of_list)) == asked
