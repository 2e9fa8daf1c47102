"""Whose a rule is, and what an own rule is called: mark and shape decide; it reads no state.

GCP keeps no labels on a rule, so the mark stands in the description, and the name begins as the
description does. Names have at most 63 characters and are unique in a project (reference of the
resource `firewalls`); an installation's has at most 40.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from cloudsync.model import Purpose, mark
from cloudsync.numbering import Slot
from cloudsync_gcp.rule import Protocol, Rule
from cloudsync_gcp.target import Target

_HASH: Final = 6


class Owned(NamedTuple):
    """What an own rule is for."""

    purpose: Purpose
    target: Target
    part: str


@lru_cache(maxsize=64)
def _marks(installation: str) -> Mapping[str, Purpose]:
    return {mark(installation, purpose): purpose for purpose in Purpose}


def prefix(installation: str, purpose: Purpose) -> str:
    """What the name of an own rule begins with."""
    return f"cloudsync-{installation}-{purpose}-"


def owner(rule: Rule, installation: str, ports: tuple[int, ...]) -> Owned | None:
    """What the installation made ``rule`` for, or None where it isn't its own.

    Own is mark and shape: one of ``ports`` alone, for one tag, one account or every machine, and
    from networks of one family or from one name.
    """
    purpose = _marks(installation).get(rule.description)
    if (
        purpose is None
        or rule.disabled
        or rule.narrowed
        or rule.machines
        or not rule.name.startswith(prefix(installation, purpose))
        or rule.action != ("deny" if purpose is Purpose.DENY else "allow")
        or not rule.alone(ports)
        or len(rule.tags) + len(rule.accounts) > 1
    ):
        return None
    first = next(iter(rule.sources), None)
    if first is not None:
        part = first.text
        if rule.ranges or len(rule.sources) > 1 or first.outside:
            return None
    else:
        families = {"ipv6" if ":" in one else "ipv4" for one in rule.ranges}
        if len(families) != 1:
            return None
        part = families.pop()
    return Owned(purpose, protected(rule), part)


def protected(rule: Rule) -> Target:
    """The target that an own rule is for."""
    if rule.tags:
        return Target("tag", rule.tags[0])
    return Target("sa", rule.accounts[0]) if rule.accounts else Target("all")


def slots(rules: Iterable[Rule], installation: str, target: Target, port: int) -> dict[Slot, Rule]:
    """The own rules of ``target`` by slot; ``rules`` come in their order.

    Rules beside the first at the same number hold what one rule can't (``ipv4 #2``). Any other is a
    copy that somebody made: its slot is one that nothing is ever wanted of.
    """
    found: dict[Slot, Rule] = {}
    for rule in rules:
        owned = owner(rule, installation, (port,))
        if owned is None or owned.target != target:
            continue
        slot = Slot(owned.purpose, owned.part)
        if slot in found:
            if rule.number == found[slot].number and rule.ranges:
                slot = next(
                    one for number in range(2, len(found) + 3)
                    if (one := chunk(slot, number)) not in found
                )  # fmt: skip
            else:
                slot = Slot(slot.purpose, f"{slot.part} {rule.name}")
        found[slot] = rule
    return found


def chunk(slot: Slot, number: int) -> Slot:
    """The slot of the ``number``-th rule that holds a part of what one rule can't hold."""
    return slot if number == 1 else Slot(slot.purpose, f"{slot.part} #{number}")


def base(slot: Slot) -> Slot:
    """The slot that ``slot`` holds a part of."""
    return Slot(slot.purpose, slot.part.partition(" #")[0])


def free_name(
    taken: Collection[str], installation: str, network: str, target: Target, slot: Slot, port: int
) -> str:
    """A name for a new own rule; one that something else has already is avoided."""
    begins = prefix(installation, slot.purpose)
    salt = 0
    while True:
        said = f"{network} {target} {port} {slot.part} {salt}"
        name = begins + hashlib.sha256(said.encode()).hexdigest()[:_HASH]
        if name not in taken:
            return name
        salt += 1


def made(
    slot: Slot,
    *,
    name: str,
    number: int,
    installation: str,
    target: Target,
    port: int,
    ranges: tuple[str, ...] = (),
) -> Rule:
    """An own rule without its opaque source, which comes from elsewhere."""
    return Rule(
        name=name,
        number=number,
        action="allow" if slot.allow else "deny",
        protocols=(Protocol("tcp", (str(port),)),),
        ranges=ranges,
        tags=(target.name,) if target.kind == "tag" else (),
        accounts=(target.name,) if target.kind == "sa" else (),
        description=mark(installation, slot.purpose),
    )
