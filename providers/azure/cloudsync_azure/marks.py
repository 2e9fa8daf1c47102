"""Whose a rule is, and what a new one is called: mark and shape decide; it reads no state.

The mark stands in the description (``cloudsync/NAME PURPOSE``) and begins the name
(``cloudsync-NAME-…``): rules carry no tags of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from cloudsync.model import OUR_MARKS, Purpose, mark
from cloudsync.numbering import Slot
from cloudsync_azure.clauses import Protect
from cloudsync_azure.rule import ANY, Rule, short

LONGEST: Final = 80
"""Characters in a rule's name (Azure documentation, "Network security groups", rule properties)."""

# A name begins with a word character, ends with one or an underscore, and holds these.
_REFUSED: Final = re.compile(r"[^A-Za-z0-9._-]+")


@lru_cache(maxsize=64)
def _marks(installation: str) -> Mapping[str, Purpose]:
    return {mark(installation, purpose): purpose for purpose in Purpose}


def owner(rule: Rule, installation: str, ports: tuple[int, ...]) -> Purpose | None:
    """The purpose for which the installation made ``rule``, or None where it isn't its own.

    The shape: one of ``ports`` alone over TCP, from any source port; addresses of one family, or
    one opaque name; to everything, to addresses, or to groups.
    """
    purpose = _marks(installation).get(rule.description)
    if purpose is None or not rule.name.lower().startswith(f"cloudsync-{installation}-"):
        return None
    shaped = (
        rule.alone(ports)
        and rule.any_source_port
        and rule.allow is (purpose is not Purpose.DENY)
        and _part(rule) is not None
        and _bound_for(rule)
    )
    return purpose if shaped else None


def _bound_for(rule: Rule) -> bool:
    prefixes = rule.destinations == (ANY,) or all("/" in one for one in rule.destinations)
    return prefixes and bool(rule.destinations) != bool(rule.destination_groups)


def _part(rule: Rule) -> str | None:
    """The family or the one opaque name that a rule serves; None where it is neither."""
    if rule.source_groups:
        return rule.source_groups[0] if not rule.sources and len(rule.source_groups) == 1 else None
    families = {("ipv6" if ":" in one else "ipv4") if "/" in one else one for one in rule.sources}
    opaque = families - {"ipv4", "ipv6"}
    if len(families) != 1 or opaque & {ANY, "Internet"}:
        return None
    return families.pop()


def slots(
    rules: Iterable[Rule], installation: str, port: int, protect: Protect
) -> Iterator[tuple[Slot | None, Rule]]:
    """Each rule with its slot, or None for a stranger's.

    A second own rule for a slot, a copy that somebody made, gets a slot that nothing is wanted of.
    """
    seen: set[Slot] = set()
    for rule in rules:
        slot = None
        purpose = owner(rule, installation, (port,))
        if purpose:
            part = _part(rule) or ""
            slot = Slot(purpose, part if part.startswith("ipv") else protect.name(part).text)
        if slot in seen:
            slot = Slot(slot.purpose, f"{slot.part} {rule.name}")
        if slot:
            seen.add(slot)
        yield slot, rule


def free_name(taken: Collection[str], installation: str, slot: Slot, port: int) -> str:
    """A name for a new own rule that nothing in ``taken`` has, whatever its case."""
    part = _REFUSED.sub("-", short(slot.part)).strip(".-") or "name"
    name = f"cloudsync-{installation}-{port}-{slot.purpose}-"
    room = LONGEST - len(name) - 3  # for a number, should the name be taken
    if len(part) > room:
        part = f"{part[: room - 9]}-{hashlib.sha256(slot.part.encode()).hexdigest()[:8]}"
    found, number = name + part, 1
    known = {one.lower() for one in taken}
    while found.lower() in known:
        number += 1
        found = f"{name}{part}-{number}"
    return found


def marked(rule: Rule) -> bool:
    """Whether a rule bears the mark of any installation, or of our Terraform modules."""
    return rule.description.startswith(OUR_MARKS)
