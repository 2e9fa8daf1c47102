"""``python -m bench``: every measure, in one run of a few minutes; exit 1 where one missed."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench.budget import schedules
from bench.cloud import Cloud, cloud, serving
from bench.colds import cold_starts
from bench.gcp_cloud import PROJECTS, RULES
from bench.process import run
from bench.table import Row, markdown

FLEETS = (
    ("equal", "all groups equal", 1.15),
    ("foreign", "one foreign rule each", 1.25),
    ("different", "all groups different", 1.40),
)
GCP_FLEETS = (("equal", "all rules alike"), ("different", "no network in two rules"))
GROUPS, MANY = 1_000, 10_000
ACCOUNTS, FEW = 200, 50


def main() -> int:
    """Measure, print the table, and say by the exit code whether every target was met."""
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--pairs", type=int, default=7, help="sweeps of each kind, for a ratio")
    pairs: int = asked.parse_args().pairs
    rows: list[Row] = []
    for found in _rows(pairs):
        rows.append(found)
        sys.stderr.write(f"{found.measure}: {found.verdict}\n")
    sys.stdout.write(markdown(rows) + "\n")
    return int(any(row.missed for row in rows))


def _rows(pairs: int) -> Iterator[Row]:
    for fleet, words, most in FLEETS:
        with cloud(fleet, GROUPS) as made:
            if fleet == "equal":
                yield _listing(made, GROUPS)
            yield _sweep(made, words, most, pairs)
    yield from _large()
    yield from _accounts(pairs)
    yield from _gcp(pairs)
    yield _change()
    yield _change_of_a_list()
    yield _proof()
    yield from cold_starts(pairs)
    yield schedules()


def _listing(made: Cloud, groups: int) -> Row:
    """How many listings a sweep of ``groups`` needs: one a page of 1,000, and one to get ready."""
    made.calls()
    run("bench.sweep", {"by": "cloudsync"}, made.environment)
    actions = made.calls()["actions"]
    asked = actions.pop("DescribeSecurityGroups") - 1
    actions.pop("GetCallerIdentity")
    return Row(
        f"DescribeSecurityGroups for {groups:,} groups in sync", asked + sum(actions.values()),
        math.ceil(groups / 1_000),
        f"other calls but the identity's: {sum(actions.values())}",
    )  # fmt: skip


def _sweep(made: Cloud, words: str, most: float, pairs: int) -> Row:
    """CPU of a whole look over that of the bare paginator, each pair side by side."""
    ratios: list[float] = []
    for number in range(pairs):
        order = ("boto3", "cloudsync") if number % 2 else ("cloudsync", "boto3")
        spent = {by: run("bench.sweep", {"by": by}, made.environment) for by in order}
        assert spent["cloudsync"]["targets"] == spent["boto3"]["targets"] == GROUPS
        assert spent["cloudsync"]["steps"] == 0
        ratios.append(spent["cloudsync"]["cpu"] / spent["boto3"]["cpu"])
    return Row(
        f"CPU of a sweep over boto3's paginator, {words}", round(median(ratios), 2), most,
        f"{pairs} pairs, {min(ratios):.2f} to {max(ratios):.2f}",
    )  # fmt: skip


def _large() -> Iterator[Row]:
    """Listings and memory of a fleet of 10,000."""
    for fleet, words, _ in FLEETS:
        peaks: list[int] = []
        for groups in (GROUPS, MANY):
            with cloud(fleet, groups) as made:
                peaks.append(run("bench.sweep", {"by": "cloudsync"}, made.environment)["peak"])
                if fleet == "equal" and groups == MANY:
                    yield _listing(made, groups)
        yield Row(
            f"peak memory at {MANY:,} groups over that at {GROUPS:,}, {words}",
            round(peaks[1] / peaks[0], 2), 1.3,
        )  # fmt: skip


def _accounts(pairs: int) -> Iterator[Row]:
    """Many accounts at 50 ms an answer: the rate of calls, and memory in their number."""
    with serving("bench.stub") as made:

        def swept(by: str, accounts: int) -> dict[str, Any]:
            made.calls()
            case = {"by": by, "accounts": accounts}
            found = run("bench.accounts", case, made.environment)
            calls = made.calls()
            assert calls["AssumeRole"] == accounts + 1
            assert calls["DescribeSecurityGroups"] == 3 * (accounts + 1)
            assert found["targets"] == 60 * accounts
            return found

        ratios: list[float] = []
        seconds: list[float] = []
        for number in range(min(pairs, 3)):
            order = ("boto3", "cloudsync") if number % 2 else ("cloudsync", "boto3")
            took = {by: swept(by, ACCOUNTS)["seconds"] for by in order}
            ratios.append(took["cloudsync"] / took["boto3"])
            seconds.append(took["cloudsync"])
        yield Row(
            f"time of a sweep of {ACCOUNTS} accounts, 3 regions, 20 groups, over bare boto3's in "
            "as many threads", round(median(ratios), 2), 1.11,
            f"{len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}; "
            f"{4 * ACCOUNTS / median(seconds):,.0f} calls a second",
        )  # fmt: skip
        peaks = [swept("cloudsync", accounts)["peak"] for accounts in (FEW, ACCOUNTS)]
        yield Row(
            f"peak memory at {ACCOUNTS} accounts over that at {FEW}",
            round(peaks[1] / peaks[0], 2), 1.3,
        )  # fmt: skip


def _gcp(pairs: int) -> Iterator[Row]:
    """Pages and CPU of a whole look at GCP projects, over Google's SDK that makes the same calls."""
    projects = len(PROJECTS)
    for fleet, words in GCP_FLEETS:
        with serving("bench.gcp_cloud", fleet) as made:
            case = {"endpoint": made.environment["endpoint"]}
            ratios: list[float] = []
            asked: dict[str, Any] = {}
            for number in range(min(pairs, 5)):
                spent: dict[str, dict[str, Any]] = {}
                for by in ("sdk", "cloudsync") if number % 2 else ("cloudsync", "sdk"):
                    made.calls()
                    spent[by] = run("bench.gcp_sweep", {**case, "by": by}, made.environment)
                    asked[by] = made.calls()
                assert spent["sdk"]["rules"] == projects * RULES
                assert spent["cloudsync"]["targets"] == projects
                assert spent["cloudsync"]["steps"] == 0
                ratios.append(spent["cloudsync"]["cpu"] / spent["sdk"]["cpu"])
        if fleet == "equal":
            # The empty project was asked once, to get ready, its quota too.
            found = {action: number - 1 for action, number in asked["cloudsync"].items()}
            pages = found.pop("firewalls.list")
            yield Row(
                f"firewalls.list for {projects} projects of {RULES} rules", pages,
                projects * math.ceil(RULES / 500),
                f"other calls a project: {sum(found.values()) / projects:g}",
            )  # fmt: skip
        yield Row(
            f"CPU of a sweep over the GCP SDK's same calls, {words}", round(median(ratios), 2), 1.25,
            f"{len(ratios)} pairs, {min(ratios):.2f} to {max(ratios):.2f}",
        )  # fmt: skip


def _change() -> Row:
    """One address in and one out, everywhere."""
    with cloud("equal", GROUPS) as made:
        done = run("bench.change", {}, made.environment)
        calls = made.calls()
    changed, most = calls["changed"], calls["most"]
    whole = changed == GROUPS and done["verdicts"] == ["in_sync"] and done["done"] == done["steps"]
    return Row(
        "changes of one group, for one address in and one out", most if whole else None, 2,
        f"{changed:,} groups changed; then {', '.join(done['verdicts'])}",
    )  # fmt: skip


def _change_of_a_list() -> Row:
    """One address comes, in every group of a region that refers to one prefix list."""
    with cloud("listed", GROUPS) as made:
        done = run("bench.change", {"listed": True}, made.environment)
        actions = made.calls()["actions"]
    changes = sum(count for action, count in actions.items() if action.startswith("Modify"))
    whole = done["verdicts"] == ["in_sync"] and done["done"] == done["steps"]
    return Row(
        f"changes for one address in, where {GROUPS:,} groups refer to a prefix list",
        changes if whole else None, 1, f"then {', '.join(done['verdicts'])}",
    )  # fmt: skip


def _proof() -> Row:
    """What a network costs in a long list, over what it costs in a shorter one."""
    case = {"networks": (15, 150, 1_500), "turns": 7}
    seconds = run("bench.proof", case, {})["seconds"]
    return Row(
        "proof, CPU a network at 1,500 networks over that at 150",
        round(seconds["1500"] / seconds["150"], 2), 1.3,
        f"at 15 over 150: {seconds['15'] / seconds['150']:.2f}",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
