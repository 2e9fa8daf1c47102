"""The part of the hash-locked requirements that some extras need; it asks no index and needs no package."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PIN: Final = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)")
_VIA: Final = re.compile(r"#(?: via)?\s+(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\s.*)?")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked package: its lines in the lock as they stand, and who asks for it."""

    name: str
    version: str
    lines: tuple[str, ...]
    asked_by: frozenset[str]


def pins(text: str) -> dict[str, Pin]:
    """The packages of a lock as `uv pip compile` writes it, by name.

    Its comments say who asks for each (https://docs.astral.sh/uv/reference/cli/, --no-annotate
    leaves them out); those are read here, so that no index has to be.
    """
    found: dict[str, Pin] = {}
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _PIN.match(line):
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
    for block in blocks:
        pin = _PIN.match(block[0])
        assert pin
        comments = [line.strip() for line in block if line.lstrip().startswith("#")]
        lines = tuple(line for line in block if not line.lstrip().startswith("#"))
        asked = {match["name"] for line in comments if (match := _VIA.fullmatch(line))}
        found[pin["name"]] = Pin(pin["name"], pin["version"], lines, frozenset(asked))
    return found


def wanted(project: Mapping[str, Any], extras: Iterable[str]) -> frozenset[str]:
    """The names that pyproject.toml states for the distribution with ``extras``.

    Raises:
        ValueError: there is no such extra.
    """
    known: Mapping[str, list[str]] = project["project"]["optional-dependencies"]
    stated = list(project["project"]["dependencies"])
    for extra in extras:
        if extra not in known:
            raise ValueError(f"{extra}: no extra is called so. Known: {', '.join(sorted(known))}.")
        stated += known[extra]
    return frozenset(_normal(one) for one in stated)


def chosen(locked: Mapping[str, Pin], names: Iterable[str]) -> list[Pin]:
    """The pins of ``names`` and of everything that these ask for, in the lock's order.

    Raises:
        ValueError: the lock lacks one of them.
    """
    names = frozenset(names)
    lacking = sorted(names - locked.keys())
    if lacking:
        raise ValueError(f"the lock lacks {', '.join(lacking)}. Run make lock.")
    needed: set[str] = set(names)
    # Each round adds what those of the last one ask for.
    while more := {n for n, pin in locked.items() if pin.asked_by & needed} - needed:
        needed |= more
    return [pin for name, pin in locked.items() if name in needed]


def subset(extras: Iterable[str], root: Path = ROOT, *, more: Iterable[str] = ()) -> list[Pin]:
    """What is installed for the distribution with ``extras``, each pinned by hash.

    ``more`` names what a platform's entry needs besides; it is locked with the tests' packages.

    Raises:
        ValueError: there is no such extra, or the lock isn't of this pyproject.toml.
    """
    more = frozenset(more)
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    lock = "test.txt" if more else "run.txt"
    locked = pins((root / "requirements" / lock).read_text("utf-8"))
    return chosen(locked, wanted(project, extras) | more)


def as_requirements(found: Iterable[Pin]) -> str:
    """A requirements file for `pip install --require-hashes`."""
    return "".join(f"{line}\n" for pin in found for line in pin.lines)


def marker(pin: Pin) -> str:
    """Where a pin holds, as an environment marker; empty for everywhere."""
    return pin.lines[0].partition(" ; ")[2].removesuffix("\\").strip()


def _normal(requirement: str) -> str:
    match = _NAME.match(requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()
