"""Whom a target protects on its network, and how a target is named; it calls nothing."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Target(NamedTuple):
    """Every machine with a tag, every machine that runs as an account, or all of a network."""

    kind: Literal["tag", "sa", "all"]
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


class Place(NamedTuple):
    """A target and where it is."""

    project: str
    network: str
    target: Target

    def __str__(self) -> str:
        return f"gcp:{self.project}/{self.network}/{self.target}"


def place_of(text: str) -> Place:
    """The place that ``gcp:PROJECT/NETWORK/tag:T`` names.

    Raises:
        ValueError: it isn't one.
    """
    project, network, target = text.removeprefix("gcp:").split("/")
    kind, _, name = target.partition(":")
    if kind == "tag":
        return Place(project, network, Target("tag", name))
    if kind == "sa":
        return Place(project, network, Target("sa", name))
    if target == "all":
        return Place(project, network, Target("all"))
    raise ValueError(f"{text} is no target on GCP")
