"""Firewalls of each cloud as a run of an earlier build left them: kept, and put back.

``python -m tests.state.worlds`` has today's build work through a fleet and keeps what it leaves, in
``worlds.json``. It is run at a release, once what it replaces was seen to plan empty.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cloudsync.cli.job import block_of, opened
from cloudsync.config import read
from cloudsync.demo.cast import Fleet
from cloudsync.demo.stage import surroundings
from cloudsync.job import Job
from cloudsync.worker.passes import one_pass
from cloudsync_aws.fleet import Fleet as Aws
from cloudsync_azure.fleet import Fleet as Azure
from cloudsync_gcp.fleet import Fleet as Gcp
from tests.deploy.stage import begun, enforced, told

KEPT: Final = Path(__file__).parent / "worlds.json"
_REGION: Final = "us-east-1"
World = Mapping[str, Any]
"""The rules by what holds them: a group's id, a network security group's name, a project."""


@dataclass(frozen=True)
class Cloud:
    """A fleet, how its rules are read past the API, and how others take their place."""

    fleet: Callable[[], Any]
    kept: Callable[[Any], World]
    put: Callable[[Any, World], None]


def _aws_kept(fleet: Aws) -> World:
    return {key: one["IpPermissions"] for key, one in fleet.cloud.groups(_REGION).items()}


def _aws_put(fleet: Aws, world: World) -> None:
    for key, stood in _aws_kept(fleet).items():
        fleet.cloud.uproot(_REGION, key, stood)
        fleet.cloud.plant(_REGION, key, world[key])


def _azure_kept(fleet: Azure) -> World:
    return {one["name"]: one["properties"]["securityRules"] for one in fleet.cloud.nsgs().values()}


def _azure_put(fleet: Azure, world: World) -> None:
    for name, stood in _azure_kept(fleet).items():
        fleet.cloud.uproot(name, [one["name"] for one in stood])
        fleet.cloud.plant(name, world[name])


def _gcp_kept(fleet: Gcp) -> World:
    projects = [one.target.removeprefix("gcp:").partition("/")[0] for one in fleet.sins]
    return {project: list(fleet.cloud.firewalls(project).values()) for project in projects}


def _gcp_put(fleet: Gcp, world: World) -> None:
    for project, stood in _gcp_kept(fleet).items():
        for one in stood:
            fleet.cloud.uproot(one["name"], project=project)
        for one in world[project]:
            fleet.cloud.plant(one, project=project)


CLOUDS: Final[Mapping[str, Cloud]] = {
    "aws": Cloud(Aws, _aws_kept, _aws_put),
    "azure": Cloud(Azure, _azure_kept, _azure_put),
    "gcp": Cloud(Gcp, _gcp_kept, _gcp_put),
}


@contextmanager
def at_work(fleet: Fleet, *, lost: bool = False) -> Generator[Job]:
    """A worker's job on a fleet, with a list in force and no first enforce to wait for; or with a
    state that was ``lost``.
    """
    with tempfile.TemporaryDirectory() as folder, surroundings((fleet,)):
        state = f"sqlite:///{folder}/cloudsync.db"
        if not lost:
            begun(state)
            enforced(state, fleet)
        text = told(fleet, state, "settle: 2s")
        with opened(read(text, Path(folder) / "cloudsync.yaml", providers=block_of)) as job:
            yield replace(job, attended=False)


def main() -> None:
    """Keep what today's build leaves."""
    worlds: dict[str, World] = {}
    for name, cloud in CLOUDS.items():
        with cloud.fleet() as fleet, at_work(fleet) as job:
            while one_pass(job).report.outcomes:
                pass
            worlds[name] = cloud.kept(fleet)
    KEPT.write_text(_written(worlds), "utf-8")


def _written(worlds: Mapping[str, World]) -> str:
    """JSON with a rule a line."""
    clouds = [
        f" {json.dumps(cloud)}: {{\n" + ",\n".join(
            f"  {json.dumps(key)}: [\n"
            + ",\n".join(f"   {json.dumps(one, sort_keys=True, default=dict)}" for one in rules)
            + "\n  ]"
            for key, rules in sorted(world.items())
        ) + "\n }"
        for cloud, world in worlds.items()
    ]  # fmt: skip
    return "{\n" + ",\n".join(clouds) + "\n}\n"


if __name__ == "__main__":
    main()
