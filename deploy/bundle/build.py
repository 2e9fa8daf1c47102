"""Builds a function's bundle from its entry, a configuration and the lock; pip asks the index."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from packaging.markers import Marker

from cloudsync import __version__
from cloudsync.cli.job import read_config, text_of
from cloudsync.config import Config
from cloudsync.config.listing import BUNDLED
from cloudsync.config.prebuilt import MODULE, module
from cloudsync.errors import UsageError
from deploy.bundle.lock import ROOT, Pin, as_requirements, marker, subset
from deploy.bundle.pack import cleaned, compiled, packed
from deploy.bundle.sbom import sbom

SBOM: Final = "sbom.cdx.json"
_GLIBC: Final = ("28", "27", "26", "24", "17")
"""Of the manylinux tags: Lambda's, Azure's and Google's images of today have 2.28 or newer."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one platform wants its bundle.

    ``packages`` is the folder for what is installed, relative to the bundle; None where the
    platform installs from ``requirements.txt`` itself. ``more`` is what the entry imports besides.
    """

    folder: str
    packages: str | None
    more: tuple[str, ...] = ()


KINDS: Final = {
    "aws-lambda": Kind("aws-lambda", ""),
    # What a package deployment finds without a build on the platform
    # (learn.microsoft.com/azure/azure-functions/functions-reference-python, Folder structure).
    "azure-function": Kind(
        "azure-function", ".python_packages/lib/site-packages", ("azure-functions",)
    ),
    # Google's buildpack installs, and compiles, what requirements.txt says, hashes and local files
    # included (cloud.google.com/run/docs/runtimes/python-dependencies).
    "gcp-function": Kind("gcp-function", None, ("functions-framework",)),
}


def extras_of(config: Config) -> tuple[str, ...]:
    """The extras that a configuration needs: its clouds, where its state is, and its alerts."""
    clouds = {target.provider for target in config.targets} & {"aws", "azure", "gcp"}
    scheme = config.state.partition("://")[0]
    stores = {"s3": "object-store", "az": "object-store", "gs": "gs", "postgresql": "postgres"}
    more = {stores[scheme]} if scheme in stores else set[str]()
    if config.alerts.channels:
        more.add("alerts")
    return (*sorted(clouds), *sorted(more))


def build(
    kind: Kind, config: Path, out: Path, machine: str = "x86_64", extras: Iterable[str] = ()
) -> str:
    """Build the bundle ``out``, with ``extras`` besides what is configured; gives its sha256.

    It is for the Python that builds it, and for Linux on ``machine`` (x86_64 or aarch64).

    Raises:
        UsageError: the configuration is wrong, or its list is a file that no bundle can hold.
        ValueError: there is no such extra.
        CalledProcessError: pip failed; what it said is on stderr.
    """
    read = read_config(config)
    listed = _listed(read)
    pins = [
        pin
        for pin in subset((*extras_of(read), *extras), more=kind.more)
        if not (said := marker(pin)) or Marker(said).evaluate(_platform(machine))
    ]
    with TemporaryDirectory() as folder:
        stage = Path(folder) / "bundle"
        ignored = shutil.ignore_patterns(
            "__pycache__", "*.md", "*.tf*", ".terraform*", "permissions", "tests"
        )
        shutil.copytree(ROOT / "deploy" / kind.folder, stage, ignore=ignored)
        wheel = _wheel(Path(folder) / "wheel")
        packages = None if kind.packages is None else stage / kind.packages
        if packages is None:
            _for_the_platform(stage, pins, wheel)
        else:
            _installed(packages, pins, wheel, machine)
        (stage / SBOM).write_text(sbom(__version__, pins, _python(), packages), "utf-8")
        (stage / "cloudsync.yaml").write_bytes(config.read_bytes())
        (stage / f"{MODULE}.py").write_text(module(read, text_of(config)), "utf-8")
        if listed:
            (stage / listed).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(read.source, stage / listed)
        compiled(stage)
        out.parent.mkdir(parents=True, exist_ok=True)
        packed(stage, out)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def _listed(config: Config) -> str | None:
    """The list's file as the bundle holds it; None where the source is no file.

    Raises:
        UsageError: it isn't there, or isn't below the configuration's folder.
    """
    given = config.list.source
    if given == BUNDLED or "://" in given:
        return None
    inside = Path(os.path.normpath(given))
    if inside.is_absolute() or ".." in inside.parts:
        what = "isn't in the configuration's folder or below it, so a bundle can't hold it"
    elif not Path(config.source).is_file():
        what = "there is no such file"
    else:
        return str(inside)
    raise UsageError(
        f"{config.file}: list.source", f"{given}: {what}", done="No bundle was built.",
        todo="Put the list beside the configuration, and name it so.",
    )  # fmt: skip


def _wheel(folder: Path) -> Path:
    """This tree as a wheel; hatchling writes the same bytes each time."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _installed(packages: Path, pins: Iterable[Pin], wheel: Path, machine: str) -> None:
    requirements = wheel.parent / "requirements.txt"
    requirements.write_text(as_requirements(pins), "utf-8")
    platforms = [
        part for minor in _GLIBC for part in ("--platform", f"manylinux_2_{minor}_{machine}")
    ]
    _pip(
        "install", "--target", str(packages), "--no-compile", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", *platforms, "--platform", f"manylinux2014_{machine}",
        "--python-version", _python(), "--requirement", str(requirements),
    )  # fmt: skip
    shutil.rmtree(packages / "bin", ignore_errors=True)  # pip would warn that it is there
    _pip(
        "install", "--target", str(packages), "--no-compile", "--no-deps", "--no-index", str(wheel)
    )
    cleaned(packages)


def _for_the_platform(stage: Path, pins: Iterable[Pin], wheel: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    shutil.copyfile(wheel, stage / wheel.name)
    own = f"./{wheel.name} \\\n    --hash=sha256:{digest}\n"
    (stage / "requirements.txt").write_text(as_requirements(pins) + own, "utf-8")


def _pip(*arguments: str) -> None:
    command: Sequence[str] = [
        sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet",
    ]  # fmt: skip
    subprocess.run([*command, *arguments], check=True)  # noqa: S603 - this interpreter's own pip


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _platform(machine: str) -> dict[str, Any]:
    return {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
