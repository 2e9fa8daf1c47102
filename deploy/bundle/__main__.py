"""``python -m deploy.bundle``: ``build`` makes a function's bundle, ``lock`` prints requirements, ``sbom`` what they are."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.bundle import lock


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bundle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("lock", help="print the locked requirements of some extras")
    one.add_argument("--extras", default="", help="as in pyproject.toml, with spaces between")
    three = commands.add_parser(
        "sbom", help="print what some extras bring, as a CycloneDX document"
    )
    three.add_argument("--extras", default="", help="as in pyproject.toml, with spaces between")
    three.add_argument("--packages", type=Path, help="where they are installed, for their licences")
    two = commands.add_parser(
        "build", help="build a function's bundle, for the Python that runs this"
    )
    two.add_argument("kind", help="aws-lambda, azure-function or gcp-function")
    two.add_argument("-c", "--config", type=Path, required=True, help="what the function is to do")
    two.add_argument("--out", type=Path, help="left out: dist/KIND.zip")
    two.add_argument(
        "--extras", default="", help="what else is to be in it, such as metrics and traces"
    )
    two.add_argument("--machine", choices=("x86_64", "aarch64"), default="x86_64")
    two.add_argument("--python", help="the platform's Python, such as 3.13; refused by any other")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "lock":
            sys.stdout.write(lock.as_requirements(lock.subset(asked.extras.split())))
        elif asked.command == "sbom":
            sys.stdout.write(_sbom(asked.extras.split(), asked.packages))
        else:
            _by_its_python(asked.python)
            _build(asked.kind, asked.config, asked.out, asked.machine, asked.extras.split())
    except ValueError as error:
        sys.stderr.write(f"deploy.bundle: {error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"deploy.bundle: {error.cmd[2:4]} ended with {error.returncode}.\n")
        return 1
    return 0


def _sbom(extras: Sequence[str], packages: Path | None) -> str:
    from cloudsync import __version__  # noqa: PLC0415 - as below
    from deploy.bundle.sbom import installed, sbom  # noqa: PLC0415

    pins = lock.subset(extras)
    if packages:
        there = installed(packages)
        # Some are for another platform or Python, by their markers.
        pins = [pin for pin in pins if pin.name in there]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return sbom(__version__, pins, python, packages)


def _by_its_python(wanted: str | None) -> None:
    """Refuse to build for another Python: a .venv that is there is kept, whatever make setup is told."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if wanted not in {None, here}:
        raise ValueError(
            f"--python {wanted}: this is Python {here}, and a bundle is for the Python that builds "
            "it. No bundle was built. Remove .venv, and make it anew: "
            f"PYTHON=python{wanted} make setup."
        )


def _build(kind: str, config: Path, out: Path | None, machine: str, extras: Sequence[str]) -> None:
    # The image's recipe asks for a lock where nothing is installed yet.
    from cloudsync.errors import UsageError  # noqa: PLC0415
    from deploy.bundle.build import KINDS, build  # noqa: PLC0415

    if kind not in KINDS:
        raise ValueError(f"{kind}: no bundle is called so. Known: {', '.join(KINDS)}.")
    path = out or Path("dist") / f"{kind}.zip"
    try:
        digest = build(KINDS[kind], config, path, machine, extras)
    except UsageError as error:
        raise ValueError(str(error)) from error
    size = path.stat().st_size / 1e6
    sys.stdout.write(f"{path}: {size:.1f} MB, Python {sys.version_info.major}."
                     f"{sys.version_info.minor}, {machine}, sha256 {digest}\n")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
