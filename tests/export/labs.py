"""A server in a namespace of its own with one export in its configuration, as a test drives it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cloudsync.cli import main
from tests.needs import namespace, need

TOOLS = {
    "nftables": ("nft",),
    "ipset": ("ipset", "iptables", "ip6tables"),
    "firewalld": ("firewalld", "firewall-offline-cmd", "dbus-daemon", "nft"),
    "postfix": ("postfix", "postmap"),
}
OPEN = {
    "listed": "220",
    "beside the listed": "220",
    "relay": "220",
    "stranger": "220",
    "listed IPv6": "220",
    "stranger IPv6": "220",
    "stranger on 587": "220",
    "the server itself": "220",
    "outbound": "220",
}
CLOSED = OPEN | {"beside the listed": "refused", "stranger": "refused", "stranger IPv6": "refused"}

# A zone in which port 25 stands open, as it does on a mail server.
ZONE = """\
<?xml version="1.0" encoding="utf-8"?>
<zone><short>Public</short><service name="smtp"/><port port="587" protocol="tcp"/></zone>
"""
CONFIG = """\
name: mail
list: {{source: list.txt, format: cidr, limits: {{shrink_percent: 100}}}}
exports:
  - {{format: {form}, relays: [10.20.0.0/16, "2001:db8:1::/48"], path: direct, file: {file}}}
"""
APPLIED = "{}: applied and read back, {} networks.\n"


class Lab:
    """A folder with a configuration, and a server in a namespace of its own."""

    def __init__(self, folder: Path, form: str) -> None:
        self.start = namespace("the export is tried on a kernel's own firewall")
        for tool in ("ip", "nsenter", *TOOLS[form]):
            need(tool, "the export is tried with it")
        self.folder = folder
        self.form = form
        several = form in {"ipset", "firewalld"}
        self.file = folder / ("installed" if several else "cloudsync.table")
        if several:
            self.file.mkdir()
        if form == "firewalld":
            shutil.copy("/etc/firewalld/firewalld.conf", self.file)
            (self.file / "zones").mkdir()
            (self.file / "zones" / "public.xml").write_text(ZONE, "utf-8")
        (folder / "cloudsync.yaml").write_text(CONFIG.format(form=form, file=self.file), "utf-8")
        self.offer("69.20.58.226", "92.52.89.74")
        self.env = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
        assert main(self.program("list", "accept", "--yes")[1:]) == 0

    def offer(self, *networks: str) -> None:
        """Write the list."""
        (self.folder / "list.txt").write_text("".join(f"{one}\n" for one in networks), "utf-8")

    def program(self, *words: str) -> list[str]:
        """The step that runs cloudsync with this configuration."""
        return ["cloudsync", "-c", str(self.folder / "cloudsync.yaml"), *words]

    @property
    def apply(self) -> list[str]:
        """The step that applies."""
        return self.program("export", self.form, "--apply")

    @property
    def check(self) -> list[str]:
        """The step that checks."""
        return self.program("export", self.form, "--check")

    def disturb(self, tool: str, script: str) -> None:
        """Put a program of that name before the real one; ``REAL`` in the script is that one."""
        place = self.folder / "bin" / tool
        place.parent.mkdir(exist_ok=True)
        real = need(tool, "the export is tried with it")
        place.write_text(f"#!/bin/sh\n{script.replace('REAL', real)}\n", "utf-8")
        place.chmod(0o755)

    def run(self, *steps: list[str]) -> list[Any]:
        """What came of each step."""
        first = [["firewalld", str(self.file)]] if self.form == "firewalld" else []
        first += [] if self.form == "postfix" else [["greet"]]
        done = subprocess.run(
            [*self.start, sys.executable, "-m", "tests.export.lab", json.dumps([*first, *steps])],
            cwd=Path(__file__).parents[2],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        results: list[Any] = json.loads(done.stdout)
        assert results[: len(first)] == ["running", "greeting"][-len(first) or 2 :]
        return results[len(first) :]
