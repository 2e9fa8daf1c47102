"""The commands that take a sender off the list by hand, and put it back; they change no cloud."""

from __future__ import annotations

from pathlib import Path

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import InForce, Withdrawn
from cloudsync.cli.job import job
from cloudsync.cli.orders import network_of, person_of
from cloudsync.cli.streams import tell
from cloudsync.config import active
from cloudsync.errors import UsageError
from cloudsync.history.past import note_said
from cloudsync.job import Job
from cloudsync.remember import list_in_force, remember_list, standing_orders
from cloudsync.report.words import clean
from cloudsync.vetting.vet import Rules
from cloudsync.vetting.withdraw import restore as take_back
from cloudsync.vetting.withdraw import withdraw


def remove(path: Path, network: str, by: str, reason: str, *, now: bool, anchor: bool) -> int:
    """``cloudsync list remove``."""
    if not now:
        raise UsageError(
            "--now", "without it an entry goes when its source drops it, after reads and a grace",
            todo="For a sender that was broken into, say --now.",
        )  # fmt: skip
    person = person_of(by, reason)
    with job(path) as each:
        known = _known(each)
        one = Withdrawn(network_of(network), person.by, person.reason, each.now())
        new = withdraw(known, one, Rules.of(each.config), anchor=anchor)
        remember_list(each, new, known)
        note_said(each, "taken off the list", str(one.network), person.by, person.reason)
        beside = _let_in_beside(each, one.network)
    tell(
        f"{one.network}: it is off the list in force, taken off by {clean(one.by)}, and stays off "
        "while its source has it. No cloud was changed; the next run shuts it out. "
        f"To let it in again: cloudsync list restore {one.network} --reason TEXT"
    )
    for where in beside:
        tell(f"{where}: it is let in here beside the list, and that stands.")
    return 0


def restore(path: Path, network: str, by: str, reason: str) -> int:
    """``cloudsync list restore``."""
    person = person_of(by, reason)
    with job(path) as each:
        known = _known(each)
        again = network_of(network)
        remember_list(each, take_back(known, again), known)
        note_said(each, "put back on the list", str(again), person.by, person.reason)
    tell(
        f"{again}: {clean(person.by)} put it back on the list in force. No cloud was changed; the "
        "next run lets it in."
    )
    return 0


def _known(each: Job) -> InForce:
    known = list_in_force(each)
    if known is None:
        raise UsageError(
            str(each.config.file), "there is no list in force",
            todo="Accept one with cloudsync list accept.",
        )  # fmt: skip
    return known


def _let_in_beside(each: Job, network: Network) -> list[str]:
    """Where somebody lets it in beside the list: it is no longer for the list that it gets in."""
    taken = AddressSet.of(network)
    blocks = [
        target.at("also_allow")
        for target in each.config.targets
        for also in target.also_allow
        if also.network and active(also, each.now()) and AddressSet.of(also.network) & taken
    ]
    orders = [
        f"{one.target}: allow {one.network}"
        for one in standing_orders(each).allowed
        if AddressSet.of(one.network) & taken
    ]
    return [*dict.fromkeys(blocks), *orders]
