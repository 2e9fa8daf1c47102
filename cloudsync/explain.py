"""Which rule lets one address in at a target, or stops it, from a fresh look; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Literal

from cloudsync import records
from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.blocks import locate
from cloudsync.errors import UsageError
from cloudsync.exposure import Decision, Exposure
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.tells import TellsBeside

Answer = Literal["in", "out", "partly"]


@immutable
class Why:
    """Whether one address gets in at one port, and every rule that has a say in it."""

    port: int
    answer: Answer
    rules: tuple[Decision, ...]


@immutable
class Explained:
    """What holds of an address at a target, per port; ``listed`` is the entry that holds it."""

    address: str
    target: str
    ports: tuple[Why, ...]
    listed: str
    internal: bool


def explained(job: Job, address: str, target: str) -> Explained:
    """What holds of ``address`` at ``target``.

    Raises:
        UsageError: it isn't an address, or no target block selects the target.
        TargetError: it can't be looked at.
    """
    try:
        asked = AddressSet.of(ip_address(address))
    except ValueError as error:
        raise UsageError(
            address, "isn't an address", todo="Give one address, such as 69.20.58.226."
        ) from error
    listed = _listed(job, asked)
    ports = tuple(_why(port, several, asked) for port, several in _exposures(job, target))
    return Explained(address, target, ports, listed, asked <= INTERNAL)


def _exposures(each: Job, target: str) -> Iterator[tuple[int, tuple[Exposure, ...]]]:
    """The target's exposure per port, and those of a layer beside it, from a fresh look.

    Raises:
        UsageError: no target block selects it.
        TargetError: it can't be looked at.
    """
    found = locate(each, target)
    rules = found.provider.rules
    for port in found.settings.ports:
        beside: Mapping[str, Sequence[Exposure]] = {}
        if isinstance(rules, TellsBeside):
            beside = rules.beside(found.snapshot, port)
        yield port, (rules.exposure(found.snapshot, port)[target], *beside.get(target, ()))


def _why(port: int, several: Sequence[Exposure], asked: AddressSet) -> Why:
    exposure, *beside = several
    answer: Answer = "out"
    if all(asked <= one.certain for one in several):
        answer = "in"
    elif asked <= exposure.possible and (
        not beside or any(asked <= one.possible for one in beside)
    ):
        answer = "partly"
    rules = [
        one
        for layer in several
        for one in layer.decisions(asked)
        if one.part or _may_be(one, asked)
    ]
    return Why(port, answer, tuple(rules))


def _may_be(decision: Decision, asked: AddressSet) -> bool:
    """Whether a name that nobody can resolve may stand for the address."""
    return any(asked <= name.bound for name in decision.names)


def _listed(each: Job, asked: AddressSet) -> str:
    """The entry of the list in force that holds the address, as text, or nothing."""
    stored = records.load(each.store, records.LIST_KEY, records.LIST)
    for entry in stored.value.wanted if stored else ():
        if asked <= AddressSet.of(entry.network):
            return f"{entry.network} {entry.name or ''}".strip()
    return ""


def lines(found: Explained) -> Iterator[str]:
    """The answer for a person, a line each; what belongs to the line before it is set in."""
    said = {
        "in": "can reach",
        "out": "can't reach",
        "partly": "can reach, at some of the machines,",
    }
    for why in found.ports:
        yield f"{found.address} {said[why.answer]} port {why.port} at {found.target}."
        for one in why.rules:
            yield f"  {_verb(one)} {one.rule} ({one.layer})"
        if why.answer == "out" and not any(not one.allow for one in why.rules):
            yield "  No rule lets it in."
    if found.listed:
        yield f"It is in the list in force: {found.listed}."
    else:
        yield "It is not in the list in force."
    if found.internal:
        yield "It is an internal address."
    yield "Other groups or policies on the same machine aren't looked at yet."


def _verb(one: Decision) -> str:
    if not one.part:
        return f"may be let in, as {', '.join(sorted(n.text for n in one.names))}, by"
    return "let in by" if one.allow else "stopped by"
