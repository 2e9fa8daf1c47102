"""Which version of the modules a consumer has, and what would mend the code at what Terraform keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.allowlist import Entry, applied
from cloudsync.config import Config
from cloudsync.memory.firewall import Firewall, MemorySnapshot, Rule, name_of
from cloudsync.memory.rules import MemoryRules
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import TERRAFORM_MARK, Mode, Wanted
from cloudsync.plan import Mend, Plan, TargetPlan, make
from cloudsync.provider import Scope, Sources
from cloudsync.report.document import document
from cloudsync.report.findings import findings
from cloudsync.report.page import Block
from cloudsync.tells import Managed
from cloudsync.terraform.contents import Contents
from cloudsync.terraform.mend import Known, again, known_of, mended
from cloudsync.terraform.release import LIST, LOG, release
from cloudsync.terraform.versions import Change, Version, pinned, read_back

TARGET = "memory:m/one"
A, B, C, SIX = (
    Entry(ip_network(text)) for text in ("8.0.0.1/32", "8.0.0.2/32", "8.0.0.3/32", "2600::/48")
)
SHORE = Entry(ip_network("8.0.1.0/24"), group="EXG3")
SOURCE = "git::https://git.example/m.git//modules/MODULE?ref=v1.1.1"
HERE = "git::https://git.example/m.git//modules/memory?ref=v1.1.1"
TAKE = (
    f'Let the module block say `source = "{HERE}"`, then `terraform init -upgrade` and '
    "`terraform apply`."
)
PUBLISH = (
    "Publish the list in force with `cloudsync terraform publish`, which the worker does at the end "
    "of a pass, or write it with `cloudsync terraform write DIR`. Name that version in the module's "
    "source, then `terraform init -upgrade` and `terraform apply`."
)
MODULES = {"modules/aws/main.tf": "locals {}\n"}


def released(*lists: tuple[Entry, ...], days: int = 20) -> dict[str, str]:
    """The files of a release that came after one for each list, a day apart."""
    files: dict[str, str] = {}
    for day, entries in enumerate(lists, days):
        made = release(files, MODULES, Contents("list.txt", entries), date(2026, 11, day))
        files = dict(made.files)
    return files


PAST = released((A, B), (B,), (B, C))
VERSIONS = read_back(PAST, SOURCE)


def test_every_version_is_read_back_from_the_newest() -> None:
    """The log's own lines take the list back, change by change, with the day of each."""
    assert VERSIONS.changes == (
        Change("1.1.1", date(2026, 11, 22), (("8.0.0.3/32", "base"),)),
        Change("1.1.0", date(2026, 11, 21), (), (("8.0.0.1/32", "base"),)),
        Change("1.0.0", date(2026, 11, 20)),
    )
    assert tuple(VERSIONS.each()) == (
        Version("1.1.1", date(2026, 11, 22), (B, C)),
        Version("1.1.0", date(2026, 11, 21), (B,)),
        Version("1.0.0", date(2026, 11, 20), (A, B)),
    )
    assert VERSIONS.newest.number == "1.1.1"


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("", [("1.1.1", None)]),
        ("# Changes\n\n## 1.1.0 (2026-11-21)\n\n- Went: `8.0.0.1/32 base`\n", [("1.1.1", None)]),
        (
            (
                "# Changes\n\n## 1.1.1 (2026-11-22)\n\n- Came: `8.0.0.9/32 base`\n"
                "\n## 1.1.0 (2026-11-21)\n\n- Went: `8.0.0.1/32 base`\n"
            ),
            [("1.1.1", date(2026, 11, 22))],
        ),
        ("## by hand\n\n- Came: `8.0.0.3/32 base`\n", [("1.1.1", None)]),
    ],
)
def test_a_log_that_somebody_wrote_in_tells_no_more_than_the_list(
    log: str, found: list[tuple[str, date | None]]
) -> None:
    """A version that the log doesn't lead to is no version that a consumer could be said to have."""
    versions = read_back({**PAST, LOG: log}, SOURCE)
    assert [(one.number, one.day) for one in versions.each()] == found


def test_what_is_no_network_is_refused_when_it_is_read() -> None:
    """A list in a repository may hold anything: no later comparison must fail on it."""
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 network"):
        read_back({**PAST, LIST: PAST[LIST].replace("8.0.0.3/32", "ten")}, SOURCE)


@pytest.mark.parametrize(
    ("networks", "number"),
    [
        (("8.0.0.2/32", "8.0.0.3/32"), "1.1.1"),
        (("8.0.0.2/32",), "1.1.0"),
        (("8.0.0.1/32", "8.0.0.2/32"), "1.0.0"),
        (("8.0.0.1/32", "8.0.0.2/32", "192.0.2.0/24"), "1.0.0"),
        (("8.0.0.2/32", "192.0.2.0/24"), "1.1.0"),
        (("8.0.0.1/32",), None),
        ((), None),
    ],
)
def test_what_the_rules_hold_tells_the_version(
    networks: tuple[str, ...], number: str | None
) -> None:
    """The version that they hold whole with the least besides; networks of the team's own change nothing."""
    found = pinned(VERSIONS, AddressSet.of(*networks) if networks else NOBODY, applied)
    assert (found.number if found else None) == number


def test_versions_with_one_list_are_told_as_the_newest_of_them() -> None:
    """A release that only changed a description says nothing about who lags."""
    text = release(
        released((A, B)), {"modules/aws/main.tf": "\n"}, Contents("l", (A, B)), date(2026, 11, 22)
    )
    versions = read_back(text.files, SOURCE)
    assert [one.number for one in versions.each()] == ["1.0.1", "1.0.0"]
    found = pinned(versions, AddressSet.of("8.0.0.1/32", "8.0.0.2/32"), applied)
    assert found == versions.newest


def test_a_list_of_another_group_alone_is_no_sign() -> None:
    """Of a version whose list doesn't apply there at all nothing can be said."""
    assert (
        pinned(read_back(released((SHORE,)), SOURCE), AddressSet.of("8.0.0.1/32"), applied) is None
    )


class Kept(MemoryRules):
    """The in-memory firewall, where the rules with the modules' mark are Terraform's."""

    def __init__(self, by: str = "Terraform", *, tells: bool = True) -> None:
        super().__init__()
        self._by, self._tells = by, tells

    def managed(self, snapshot: MemorySnapshot) -> Mapping[str, Managed]:
        """Every firewall."""
        return {target: Managed(self._by, "a sign", "") for target in snapshot.targets}

    def modules(self, snapshot: MemorySnapshot, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who stands in the marked rules."""
        assert ports == (25,)
        found: dict[str, Sources] = {}
        for target, firewall in snapshot.firewalls.items():
            marked = [r for r in firewall.rules if r.description.startswith(TERRAFORM_MARK)]
            if marked and self._tells:
                found[target] = Sources(
                    AddressSet.of(*(one for r in marked for one in r.sources)),
                    frozenset(name_of(one) for r in marked for one in r.names),
                )
        return found


WANT = Wanted("ours", Mode.WATCH, (B.network, C.network))
KNOWN = Known(VERSIONS, applied)


def marked(*sources: str, names: tuple[str, ...] = ()) -> Rule:
    """A rule of the module."""
    return Rule(100, "module", sources=sources, names=names, description=f"{TERRAFORM_MARK}mail")


def plan(
    *rules: Rule, want: Wanted = WANT, known: Known = KNOWN, of: MemoryRules | None = None
) -> TargetPlan:
    """The plan of the one firewall with these rules."""
    kept = of or Kept()
    seen = MemorySnapshot(Scope("memory:m"), {TARGET: Firewall(rules)})
    (found,) = mended(
        kept, seen, make(kept, seen, {TARGET: want}, "sha256:0"), {TARGET: want}, known
    )
    return found


def mend(*rules: Rule, **more: Any) -> Mend:
    """What mends it."""
    found = plan(*rules, **more).mend
    assert found
    return found


def test_who_lags_is_told_the_version_the_networks_and_the_source() -> None:
    """One address came and one went since: what the code gains and loses, and what it then says."""
    found = mend(marked("8.0.0.1/32", "8.0.0.2/32"))
    assert found == Mend(
        "Its module is pinned at 1.0.0; 1.1.1 has been published since 2026-11-22, 1 network missing.",
        f"{TAKE} If it says so already, apply it.",
        ("8.0.0.3/32",), ("8.0.0.1/32",), (), "1.0.0", "1.1.1", HERE,
        Sources(AddressSet.of("8.0.0.1/32", "8.0.0.2/32")),
    )  # fmt: skip
    assert found.changes == ("+ 8.0.0.3/32", "- 8.0.0.1/32")


def test_who_lags_behind_a_removal_alone_misses_nothing() -> None:
    """An address that went is still let in: it is open, and no network is said to be missing."""
    want = replace(WANT, networks=(B.network,))
    known = Known(read_back(released((A, B), (B,)), SOURCE), applied)
    found = mend(marked("8.0.0.1/32", "8.0.0.2/32"), want=want, known=known)
    assert found.why == "Its module is pinned at 1.0.0; 1.1.0 has been published since 2026-11-21."
    assert found.changes == ("- 8.0.0.1/32",)


def test_a_list_that_is_not_published_yet_is_published_first() -> None:
    """No version holds the list in force, or none is known at all: there is nothing to be pinned to yet."""
    known = Known(read_back(released((A, B)), SOURCE), applied)
    found = mend(marked("8.0.0.1/32", "8.0.0.2/32"), known=known)
    assert (found.why, found.todo) == (
        "The newest version published is 1.0.0 since 2026-11-20, which hasn't the list in force yet.",
        PUBLISH,
    )
    none = mend(marked("8.0.0.2/32"), known=Known(None, applied))
    assert (none.why, none.todo, none.source, none.pinned, none.newest) == (
        "No version of the modules is known to be published from here.", PUBLISH, None, None, None,
    )  # fmt: skip
    assert none.changes == ("+ 8.0.0.3/32",)


def test_what_waits_for_a_merge_is_to_be_merged_first() -> None:
    """A proposed version is on a branch: the advice begins there. A day that isn't known isn't told."""
    versions = read_back({**PAST, LOG: ""}, SOURCE, "cloudsync/v1.1.1-abc")
    found = mend(marked("8.0.0.2/32"), known=Known(versions, applied))
    assert (found.why, found.todo) == (
        "Its rules hold no published version whole; the newest is 1.1.1.",
        f"Merge the branch cloudsync/v1.1.1-abc. {TAKE}",
    )


def test_a_module_that_has_the_list_is_right_and_what_stands_beside_it_is_not() -> None:
    """Somebody opened the port by hand: the module needs no version, and the rule is named."""
    opened = Rule(200, "open", sources=("9.0.0.0/24",))
    wide = Rule(300, "range", sources=("9.9.0.0/24",), ports=(20, 30))
    ours = Rule(400, "x", sources=("9.9.9.0/24",), description="cloudsync/other list")
    found = mend(marked("8.0.0.2/32", "8.0.0.3/32"), opened, wide, ours)
    assert (found.why, found.todo) == (
        "Its rules hold the list in force, of version 1.1.1.",
        (
            "What is wrong stands beside the module's rules. Then take away the rules that no module "
            "made, in whatever code made them."
        ),
    )
    assert found.changes == ("- 200 open: allow tcp/25 from 9.0.0.0/24",)


def test_what_is_wanted_besides_the_list_is_an_input_of_the_module() -> None:
    """also_allow isn't of any version: additional_networks takes it."""
    want = replace(WANT, also=(ip_network("9.0.0.1/32"), ip_network("9.0.0.2/32")))
    found = mend(
        marked("8.0.0.2/32", "8.0.0.3/32"), Rule(200, "hand", sources=("9.0.0.2/32",)), want=want
    )
    assert found.todo.endswith(" The module's additional_networks take 9.0.0.1/32.")
    assert found.add == ("9.0.0.1/32",)


def test_a_list_that_the_rules_name_may_be_somebody_elses() -> None:
    """With style = reference no version helps: the sentence says where it is mended then."""
    found = mend(marked("8.0.0.1/32", "8.0.0.2/32", names=("pl-1",)))
    assert found.why.endswith(
        " Its rules name pl-1: where somebody else keeps what stands on it (style = reference), "
        "mend it there."
    )


def test_code_without_a_module_is_told_its_lines() -> None:
    """managed_by: terraform and no mark of ours: the networks to add, and the rule to take away."""
    want = replace(WANT, managed_by="Terraform")
    hand = Rule(100, "hand", sources=("8.0.0.2/32",))
    found = mend(hand, Rule(200, "open", sources=("9.0.0.0/24",)), want=want)
    assert found == Mend(
        "Terraform keeps it by code that has no module of ours.",
        "Change the code by these lines, or let it call the module, then `terraform apply`.",
        ("8.0.0.3/32",), rules=("200 open: allow tcp/25 from 9.0.0.0/24",),
    )  # fmt: skip
    assert mend(hand, of=Kept(tells=False)).add == ("8.0.0.3/32",)


def test_a_root_that_took_rules_over_follows_its_modules() -> None:
    """Own rules that stand at what Terraform keeps are those of `terraform root`."""
    want = replace(WANT, managed_by="opentofu")
    taken = Rule(100, "ours:list", sources=("8.0.0.2/32",), description="cloudsync/ours list")
    found = mend(taken, want=want, of=MemoryRules())
    assert (found.why, found.changes) == (
        "Its rules are those that cloudsync made, kept by a root of Terraform's.",
        ("+ 8.0.0.3/32",),
    )
    assert "`cloudsync terraform write DIR` in the root's folder" in found.todo


@pytest.mark.parametrize(
    ("rules", "want", "of"),
    [
        ((marked("8.0.0.2/32", "8.0.0.3/32"),), WANT, Kept()),
        ((marked("8.0.0.2/32"),), replace(WANT, managed_by="cloudsync"), Kept()),
        ((Rule(1, "hand", sources=("8.0.0.2/32",)),), replace(WANT, managed_by="Bob"), Kept()),
        ((Rule(1, "hand", sources=("8.0.0.2/32",)),), WANT, Kept("a robot")),
        ((Rule(1, "hand", sources=("8.0.0.2/32",)),), WANT, MemoryRules()),
    ],
)
def test_what_is_right_or_somebody_elses_needs_no_change_of_code(
    rules: tuple[Rule, ...], want: Wanted, of: MemoryRules
) -> None:
    """In sync, changed by cloudsync all the same, or kept by who isn't Terraform: nothing is said."""
    assert plan(*rules, want=want, of=of).mend is None


def test_it_is_told_again_when_a_version_was_published() -> None:
    """Who was told to wait for a version is told which one it is, without another look."""
    rules = marked("8.0.0.1/32", "8.0.0.2/32")
    before = plan(rules, known=Known(read_back(released((A, B)), SOURCE), applied))
    assert again(before, WANT, KNOWN).mend == mend(rules)
    code = plan(Rule(1, "x"), want=replace(WANT, managed_by="terraform"), of=MemoryRules())
    assert again(code, WANT, KNOWN) == code
    absent = TargetPlan(TARGET, Mode.ADD, "sha256:0", mend=mend(rules))
    assert again(absent, WANT, KNOWN) == absent
    assert again(plan(of=MemoryRules()), WANT, KNOWN).mend is None


@pytest.mark.parametrize(
    ("under", "block", "found"),
    [
        ({}, {}, ("8.0.0.2/32",)),
        ({"shoreline": ["EXG3"]}, {}, ("8.0.0.2/32", "8.0.1.0/24")),
        ({"shoreline": ["EXG3"], "widen": "24"}, {"shoreline": []}, ("8.0.0.0/24",)),
        ({}, {"widen": "24", "shoreline": ["EXG3"]}, ("8.0.0.0/24", "8.0.1.0/24")),
    ],
)
def test_a_version_is_compared_as_it_applies_at_the_target(
    under: dict[str, Any], block: dict[str, Any], found: tuple[str, ...]
) -> None:
    """Groups and widening are the target's own, or else the list's."""
    settings = MemorySettings.model_validate({"world": "w", "mode": "watch", **block})
    config = Config.model_validate(
        {
            "name": "ours",
            "list": {"source": "./l", "format": "article39", **under},
            "targets": [settings],
        }
    )
    known = known_of(config, settings, None)
    assert tuple(map(str, known.networks_of((B, SHORE)))) == found


def test_a_report_says_it_and_its_data_has_it() -> None:
    """One block with the lines of the change; in JSON each part apart."""
    found = plan(marked("8.0.0.1/32", "8.0.0.2/32"))
    (block,) = (one for one in findings(found) if one.kind == "mend")
    assert isinstance(block, Block)
    assert block.head[0] == (
        "What mends it in Terraform's code: Its module is pinned at 1.0.0; 1.1.1 has been published "
        "since 2026-11-22, 1 network missing. "
    )
    assert block.changes == ("+ 8.0.0.3/32", "- 8.0.0.1/32")
    (target,) = document(Plan("sha256:0", (found,)))["targets"]
    assert target["mend"] == {
        "why": found.mend and found.mend.why,
        "todo": found.mend and found.mend.todo,
        "add": ["8.0.0.3/32"],
        "remove": ["8.0.0.1/32"],
        "rules": [],
        "pinned": "1.0.0",
        "newest": "1.1.1",
        "source": HERE,
    }
