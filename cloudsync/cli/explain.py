"""The command that names the rule which lets one address in, or stops it; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from cloudsync import records
from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.blocks import locate
from cloudsync.cli.job import job
from cloudsync.cli.streams import put
from cloudsync.errors import UsageError
from cloudsync.exposure import Decision, Exposure
from cloudsync.job import Job
from cloudsync.report import as_json

Answer = Literal["in", "out", "partly"]


@dataclass(frozen=True, slots=True)
class Why:
    """Whether one address gets in at one port, and every rule that has a say in it."""

    port: int
    answer: Answer
    rules: tuple[Decision, ...]


def explain(path: Path, address: str, target: str, form: str) -> int:
    """``cloudsync explain``."""
    try:
        asked = AddressSet.of(ip_address(address))
    except ValueError as error:
        raise UsageError(
            address, "isn't an address", todo="Give one address, such as 69.20.58.226."
        ) from error
    with job(path) as each:
        listed = _listed(each, asked)
        found = [_why(port, exposure, asked) for port, exposure in _exposures(each, target)]
    if form == "json":
        put(as_json(_document(address, target, found, listed)), None)
    else:
        put("\n".join(_lines(address, target, found, asked, listed)), None)
    return 0


def _exposures(each: Job, target: str) -> Iterator[tuple[int, Exposure]]:
    """The target's exposure per port, from a fresh look.

    Raises:
        UsageError: no target block selects it.
        TargetError: it can't be looked at.
    """
    found = locate(each, target)
    for port in found.settings.ports:
        yield port, found.provider.rules.exposure(found.snapshot, port)[target]


def _why(port: int, exposure: Exposure, asked: AddressSet) -> Why:
    answer: Answer = "out"
    if asked <= exposure.certain:
        answer = "in"
    elif asked <= exposure.possible:
        answer = "partly"
    rules = [one for one in exposure.decisions(asked) if one.part or _may_be(one, asked)]
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


def _lines(
    address: str, target: str, found: list[Why], asked: AddressSet, listed: str
) -> Iterator[str]:
    said = {
        "in": "can reach",
        "out": "can't reach",
        "partly": "can reach, at some of the machines,",
    }
    for why in found:
        yield f"{address} {said[why.answer]} port {why.port} at {target}."
        for one in why.rules:
            yield f"  {_verb(one)} {one.rule} ({one.layer})"
        if why.answer == "out" and not any(not one.allow for one in why.rules):
            yield "  No rule lets it in."
    if listed:
        yield f"It is in the list in force: {listed}."
    else:
        yield "It is not in the list in force."
    if asked <= INTERNAL:
        yield "It is an internal address."
    yield "Other groups or policies on the same machine aren't looked at yet."


def _verb(one: Decision) -> str:
    if not one.part:
        return f"may be let in, as {', '.join(sorted(n.text for n in one.names))}, by"
    return "let in by" if one.allow else "stopped by"


def _document(address: str, target: str, found: list[Why], listed: str) -> dict[str, Any]:
    return {
        "schema": "cloudsync.explain/1",
        "address": address,
        "target": target,
        "listed": listed or None,
        "ports": [
            {
                "port": why.port,
                "answer": why.answer,
                "rules": [
                    {
                        "rule": one.rule,
                        "layer": one.layer,
                        "allow": one.allow,
                        "full": one.full,
                        "certain": bool(one.part),
                        "names": sorted(name.text for name in one.names),
                    }
                    for one in why.rules
                ],
            }
            for why in found
        ],
    }
