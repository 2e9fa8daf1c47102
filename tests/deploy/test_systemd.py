"""The units, judged by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.needs import need
from tests.tree import tree

UNITS = ("cloudsync.service", "cloudsync.timer")


@pytest.fixture
def analyze() -> str:
    """Systemd's own judge; .ci/system-tools installs it."""
    return need("systemd-analyze", "systemd itself judges the units")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that is here in the place of the one that gets installed."""
    for name in UNITS:
        text = (tree() / "deploy/systemd" / name).read_text("utf-8")
        text = text.replace("/opt/cloudsync/bin/cloudsync", shutil.which("true") or sys.executable)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def unit(name: str) -> ConfigParser:
    """A unit's sections; of a key that stands twice the last."""
    parsed = ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign] # ConfigParser's own way
    parsed.read(tree() / "deploy/systemd" / name, "utf-8")
    return parsed


def test_systemd_takes_the_units_without_a_word(analyze: str, units: Path) -> None:
    """No key is unknown, no value is wrong, and the timer finds its service."""
    said = subprocess.run(
        [analyze, "verify", "--man=no", *(str(units / name) for name in UNITS)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_a_misspelt_key_would_be_seen(analyze: str, units: Path) -> None:
    """The check above can fail."""
    service = units / "cloudsync.service"
    service.write_text(service.read_text("utf-8").replace("ProtectHome=", "ProtectHoem="), "utf-8")
    said = subprocess.run(
        [analyze, "verify", "--man=no", str(service)], check=False, capture_output=True, text=True
    )
    assert "ProtectHoem" in said.stderr


def test_systemd_finds_little_to_harden(analyze: str) -> None:
    """An exposure of 1.2 of 10, as the README says; a tenth more is a failure."""
    service = tree() / "deploy/systemd/cloudsync.service"
    said = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", "--threshold=12", str(service)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    level = re.search(r"exposure level for cloudsync.service: ([0-9.]+)", said.stdout)
    assert level
    assert said.returncode == 0, level[0]
    assert f"exposure {level[1]} of 10" in (tree() / "deploy/systemd/README.md").read_text("utf-8")


def test_a_pass_that_was_missed_is_made() -> None:
    """The timer goes by the clock, in UTC, since Persistent= has no meaning for another."""
    timer = unit("cloudsync.timer")["Timer"]
    assert timer["Persistent"] == "true"
    assert timer["OnCalendar"].endswith(" UTC")
    assert not {"OnBootSec", "OnUnitActiveSec", "OnUnitInactiveSec"} & set(timer)


def test_the_service_writes_its_state_and_nothing_else() -> None:
    """One directory is its own, the rest of the machine can't be written to."""
    service = unit("cloudsync.service")["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "cloudsync"
    assert not {"ReadWritePaths", "BindPaths", "CacheDirectory"} & set(service)
    assert "sqlite:////var/lib/cloudsync/cloudsync.db" in (
        tree() / "deploy/systemd/README.md"
    ).read_text("utf-8")
