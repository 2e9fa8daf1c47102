"""Which share of the accounts a process has, by what it is told or its platform says; pure.

Each platform numbers its processes from 0; here, as people count, shards are 1 to N.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

RUN: Final = "CLOUDSYNC_RUN"
"""The variable that names the run which all shards share, where the platform has none of its own."""
MOST: Final = 10_000
"""As many as any of the platforms starts at once (AWS Batch: 10,000 in an array)."""
_GIVEN: Final = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")
_AUTO: Final = re.compile(r"auto(?:/([0-9]{1,5}))?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@immutable
class Platform:
    """What an engine tells each of its processes: its index from 0, how many, and their run."""

    name: str
    index: str
    count: str | None
    run: str | None


PLATFORMS: Final = (
    # docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html. A child's id is PARENT:INDEX.
    Platform(
        "AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", "AWS_BATCH_JOB_ID"
    ),
    # cloud.google.com/run/docs/container-contract, "Environment variables for jobs".
    Platform("Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", "CLOUD_RUN_EXECUTION"),
    # kubernetes.io/docs/concepts/workloads/controllers/job, "Completion mode": how many is untold.
    Platform("Kubernetes", "JOB_COMPLETION_INDEX", None, None),
)


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Share ``number`` of ``of``, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"shard {self.number} of {self.of}"

    def has(self, scope: str) -> bool:
        """Whether the account that ``scope`` is in, or names, is one of this share."""
        return self.of == 1 or number_of(scope, self.of) == self.number


def account(scope: str) -> str:
    """The part of a scope's name that rate limits are shared by: ``aws:123456789012``."""
    return scope.partition("/")[0]


def number_of(scope: str, of: int) -> int:
    """The shard of ``of`` that has the account of ``scope``, from 1.

    By the account alone, so that one process knows how fast it may be asked. A plain remainder is
    enough: how many shards there are is the same all through a run, and from one run to the next
    nothing is kept that belongs to a shard.
    """
    # No cloud tells two accounts apart by case alone.
    name = account(scope).casefold().encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8]) % of + 1


def shard(said: str, environment: Mapping[str, str]) -> Shard:
    """The shard that ``said`` names: ``I/N``, or ``auto`` or ``auto/N`` by what the platform says.

    Raises:
        UsageError: it is neither, or the platform's variables aren't there, or say something else.
    """
    if found := _GIVEN.fullmatch(said):
        return _within(int(found[1]), int(found[2]), said)
    auto = _AUTO.fullmatch(said)
    if auto is None:
        raise UsageError(
            "--shard", f"{said!r} is no share of a run",
            todo="Write 1/4, 2/4 and so on, or auto where the platform numbers its processes.",
        )  # fmt: skip
    platform = _platform(environment)
    index = _number(environment, platform.index)
    if platform.count is None:
        if auto[1] is None:
            raise UsageError(
                "--shard", f"{platform.name} doesn't say how many processes there are",
                todo="Write auto/N, with the same N as completions: has.",
            )  # fmt: skip
        return _within(index + 1, int(auto[1]), f"auto, {platform.index}={index}")
    count = _number(environment, platform.count)
    if auto[1] is not None and int(auto[1]) != count:
        raise UsageError(
            "--shard", f"says {auto[1]} shards, and {platform.count} says {count}",
            todo="Write auto.",
        )  # fmt: skip
    return _within(index + 1, count, f"auto, {platform.index}={index}, {platform.count}={count}")


def run_name(said: str | None, environment: Mapping[str, str]) -> str:
    """What all shards call their run: as ``said``, or as the platform or ``CLOUDSYNC_RUN`` says.

    Raises:
        UsageError: nobody says, or it is no name.
    """
    told = said or environment.get(RUN)
    if not told:
        known = (one for one in PLATFORMS if one.run and one.index in environment)
        told = next((environment.get(one.run or "", "") for one in known), "").partition(":")[0]
    if not told:
        raise UsageError(
            "--run", "isn't given, and no platform says which run the shards share",
            todo=f"Give all of them one name: --run NAME, or {RUN}=NAME; a new one each time.",
        )  # fmt: skip
    if _NAME.fullmatch(told) is None:
        raise UsageError(
            "--run", f"{told[:120]!r} is no name of a run",
            todo="Use at most 100 letters, digits, dots, dashes and underscores.",
        )  # fmt: skip
    return told


def _platform(environment: Mapping[str, str]) -> Platform:
    for one in PLATFORMS:
        if one.index in environment:
            return one
    known = ", ".join(f"{one.index} ({one.name})" for one in PLATFORMS)
    raise UsageError(
        "--shard", f"auto needs what a platform says, and none of these is set: {known}",
        todo="Write --shard I/N.",
    )  # fmt: skip


def _number(environment: Mapping[str, str], name: str) -> int:
    told = environment.get(name, "")
    if not (told.isascii() and told.isdecimal() and len(told) <= 5):
        raise UsageError("--shard", f"{name} is {told[:40]!r}, and no number", todo="Write I/N.")
    return int(told)


def _within(number: int, of: int, said: str) -> Shard:
    if not 1 <= number <= of <= MOST:
        raise UsageError(
            "--shard", f"there is no shard {number} of {of} ({said})",
            todo=f"Shards are 1 to N, and N is at most {MOST:,}.",
        )  # fmt: skip
    return Shard(number, of)
