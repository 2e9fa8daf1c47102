"""Asks who gets in by a prefix list, at the groups that refer to it; nothing of ours in it.

Written from the vendor's documents: managed-prefix-lists (a list changes what every rule that
refers to it lets in, in whichever direction, and can serve other accounts and route tables) and the
EC2 API reference (a rule for all protocols opens every port; one for a protocol number other than
TCP's may or may not let TCP in).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.oracle.packets import WITH_PORTS, WITHOUT_TCP, Row, World, networks

PORT = 25


@dataclass(frozen=True)
class Entry:
    """One network of a list, and its description."""

    cidr: str
    label: str


@dataclass(frozen=True)
class List:
    """One list: the family that it holds, what stands in it, and who else refers to it.

    ``others`` are resources beside groups.
    """

    version: int
    entries: tuple[Entry, ...]
    others: tuple[object, ...] = ()


@dataclass(frozen=True)
class Reference:
    """One rule of a group that names a list; ports are None where it has none."""

    group: str
    list: str
    egress: bool
    protocol: str
    first: int | None
    last: int | None

    @property
    def opens(self) -> str:
        """Whether it lets our port in: ``surely``, ``perhaps``, or not, which is empty."""
        if self.egress or self.protocol in WITHOUT_TCP:
            return ""
        if self.protocol == "-1":
            return "surely"
        known = WITH_PORTS.get(self.protocol)
        if known is None:
            return "perhaps"
        held = self.first is not None and self.last is not None and self.first <= PORT <= self.last
        return "surely" if known == "tcp" and held else ""

    @property
    def alone(self) -> bool:
        """Whether it lets our port in, and nothing else."""
        return self.opens == "surely" and self.first == self.last == PORT


def from_lists(
    asked: str,
    lists: Mapping[str, List],
    references: Sequence[Reference],
    *,
    selected: Collection[str],
    shared: bool,
    installation: str,
    beside: str,
) -> World:
    """What the list ``asked`` means for the groups that refer to it, who are the machines.

    ``selected`` are the groups that the operator named; ``shared`` is his word that a list may serve more than those, and port 25.
    Without it whatever such a list holds is part of what may not be touched, as ``beside`` is.
    An entry is the installation's by its mark alone, whoever refers to its list.
    """
    reached = sorted({one.group for one in references if one.list == asked and one.opens})
    rows = [
        row
        for name in sorted(lists)
        for row in _rows(name, lists[name], references, reached, asked=name == asked)
    ]
    told = [beside, *(f"{name} serves {one.others}" for name, one in sorted(lists.items()))]
    serves = [one for one in references if one.list == asked]
    more = any(not one.alone or one.group not in selected for one in serves)
    if (more or lists[asked].others) and not shared:
        told.append(repr(sorted((one.cidr, one.label) for one in lists[asked].entries)))
    found = tuple(
        {**row, "ports": (PORT, PORT)}
        if row["label"].startswith(f"cloudsync/{installation} ")
        else row
        for row in rows
    )
    families = {lists[asked].version} | {
        one.version for name, one in lists.items() if _everywhere(name, references, reached)
    }
    return World(found, tuple(reached), "\n".join(told), tuple(sorted(families)))


def _everywhere(name: str, references: Sequence[Reference], reached: Sequence[str]) -> bool:
    """Whether a list surely lets in at all of the groups ``reached``."""
    at = {one.group for one in references if one.list == name and one.opens == "surely"}
    return bool(reached) and set(reached) <= at


def _rows(
    name: str,
    found: List,
    references: Sequence[Reference],
    reached: Sequence[str],
    *,
    asked: bool,
) -> Iterator[Row]:
    serves = [one for one in references if one.list == name]
    surely = {one.group for one in serves if one.opens == "surely"} & set(reached)
    perhaps = {one.group for one in serves if one.opens == "perhaps"} & set(reached) - surely
    alone = bool(serves) and all(one.alone for one in serves) and not found.others
    covers = [() if surely == set(reached) else tuple(sorted(surely))] if surely else []
    covers += [tuple(sorted(perhaps))] if perhaps else []
    if asked and not covers:
        # It lets nobody in, and what stands in it has an owner all the same.
        covers = [("nobody",)]
    for machines in covers:
        for one in found.entries:
            yield {
                "number": 0, "allow": True, "sources": networks((one.cidr,)), "names": (),
                # What a list decides beside the port is decided by whatever stands in it.
                "ports": (PORT, PORT) if alone else (PORT, PORT + 1),
                "protocol": "tcp", "machines": machines, "label": one.label,
                "id": f"{name} {one.cidr}", "entry": name,
            }  # fmt: skip
