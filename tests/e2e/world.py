"""What the end-to-end tests share: one cloud on loopback, one folder, and the command run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cloudsync.cli import main
from cloudsync.registry import installed
from cloudsync.source import bundled
from cloudsync_aws.sandbox import Sandbox

REGION: Final = "us-east-1"
SCOPE: Final = f"aws:123456789012/{REGION}"
# In the wheel run a provider of another distribution stands beside ours.
PROVIDERS: Final = ", ".join(sorted(installed()))
GUARDED: Final = {"cloudsync": "smtp"}
LIST: Final = tuple(str(entry.network) for entry in bundled.LISTING.entries if "/24" not in
                    str(entry.network))  # fmt: skip
"""Fifteen single addresses of the public internet."""
WORLD4: Final = "0.0.0.0/0"
WORLD6: Final = "::/0"


@dataclass(frozen=True, slots=True)
class Ran:
    """How one command ended: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str


def tcp(*networks: str, port: int = 25, text: str = "") -> list[dict[str, Any]]:
    """A permission for one TCP port, with these networks."""
    described = {"Description": text} if text else {}
    return [
        {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "IpRanges": [{"CidrIp": one, **described} for one in networks if ":" not in one],
            "Ipv6Ranges": [{"CidrIpv6": one, **described} for one in networks if ":" in one],
        }
    ]


@dataclass
class World:
    """A sandbox, a folder that is the working directory, and the commands that are run in it."""

    sandbox: Sandbox
    folder: Path
    capsys: pytest.CaptureFixture[str]
    before: int = field(default=0)

    def run(self, *argv: str) -> Ran:
        """Run ``cloudsync ARGV`` in this process."""
        self.capsys.readouterr()
        code = main(list(argv))
        said = self.capsys.readouterr()
        return Ran(code, said.out, said.err)

    def start(
        self, *argv: str, also: Mapping[str, str] | None = None, code: str = "", stdin: str = ""
    ) -> Ran:
        """Run ``cloudsync ARGV`` as a program of its own; ``code`` is run before it, in Python."""
        begin: Sequence[str] = ["-m", "cloudsync"]
        if code:
            begin = ["-c", f"{code}\nimport sys\nfrom cloudsync.cli import main\nsys.exit(main())"]
        ended = subprocess.run(
            [sys.executable, *begin, *argv],
            cwd=self.folder,
            env={**os.environ, **(also or {})},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def config(
        self,
        *targets: str,
        name: str = "mail",
        source: str = "list.txt",
        form: str = "cidr",
        more: str = "",
        under: str = "",
        file: str = "cloudsync.yaml",
    ) -> Path:
        """Write a configuration; each target is the block's own lines after its cloud."""
        lines = [f"name: {name}", "list:", f"  source: {source}", f"  format: {form}"]
        lines += [f"  {line}" for line in under.splitlines()]
        lines += [*more.splitlines(), "targets:"]
        for target in targets or (block("add"),):
            first, *rest = f"provider: aws\n{target}".splitlines()
            lines += [f"  - {first}", *(f"    {line}" for line in rest)]
        path = self.folder / file
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def offer(self, *networks: str, file: str = "list.txt") -> Path:
        """Write the list that the configuration names."""
        path = self.folder / file
        path.write_text("".join(f"{one}\n" for one in networks), encoding="utf-8")
        return path

    def group(self, name: str, *permissions: Any, **more: Any) -> str:
        """A security group that the configuration guards; its id."""
        return self.sandbox.seed_group(
            region=REGION, name=name, tags=GUARDED, permissions=list(permissions), **more
        )

    @property
    def guarded(self) -> list[str]:
        """The ids of the groups that are guarded, in the order in which they came to be."""
        held = self.sandbox.groups(REGION)
        return [group for group, shape in held.items() if shape.get("Tags")]

    def accepted(self, *networks: str) -> None:
        """Write the list, and have it accepted."""
        self.offer(*(networks or LIST))
        done = self.run("list", "accept", "--yes", "--by", "ann")
        assert done.code == 0, done
        self.forget()

    def networks(self, group: str) -> list[str]:
        """Who stands in the inbound rules of a group, in order, opaque sources included."""
        found: list[str] = []
        for one in self.sandbox.groups(REGION)[group]["IpPermissions"]:
            found += [source["CidrIp"] for source in one["IpRanges"]]
            found += [source["CidrIpv6"] for source in one["Ipv6Ranges"]]
            found += [source["PrefixListId"] for source in one["PrefixListIds"]]
            found += [source["GroupId"] for source in one["UserIdGroupPairs"]]
        return sorted(found)

    def marks(self, group: str) -> dict[str, str]:
        """The description of each address rule of a group, by its network."""
        return {
            source.get("CidrIp") or source["CidrIpv6"]: source.get("Description", "")
            for one in self.sandbox.groups(REGION)[group]["IpPermissions"]
            for source in (*one["IpRanges"], *one["Ipv6Ranges"])
        }

    def forget(self) -> None:
        """Count mutating calls from here on."""
        self.before = len(self.sandbox.calls)

    @property
    def mutations(self) -> list[str]:
        """The mutating calls since ``forget``, or since the beginning, in order."""
        return [call.action for call in self.sandbox.calls[self.before :] if call.mutating]


def block(mode: str, *lines: str, select: str = "tags: {cloudsync: smtp}") -> str:
    """The lines of a target block in the sandbox's region."""
    return "\n".join([f"mode: {mode}", f"regions: [{REGION}]", f"select: {{{select}}}", *lines])


def enforce(*lines: str, internal: str = "keep", select: str = "tags: {cloudsync: smtp}") -> str:
    """A target block in enforce, with all that it demands."""
    return block(
        "enforce",
        "path: direct",
        f"internal: {internal}",
        "accept_risk: {by: ann, reason: a test, until: never}",
        *lines,
        select=select,
    )


def ids(*groups: str) -> str:
    """A selection by ids."""
    return f"ids: [{', '.join(groups)}]"


def refused(world: World, ran: Ran, code: int, message: str) -> None:
    """The command ended with this code and message alone, and no cloud was changed."""
    assert ran == Ran(code, "", f"{message}\n")
    assert world.mutations == []


@dataclass
class Clock:
    """The time that the commands are told."""

    at: datetime = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Now."""
        return self.at

    def pass_(self, **time: float) -> None:
        """Let time go by."""
        self.at += timedelta(**time)
