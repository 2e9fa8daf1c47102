"""The part of the lock that some extras need: nothing too little, and no other cloud's SDK."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.bundle import __main__ as command
from deploy.bundle.lock import as_requirements, chosen, pins, subset
from tests.tree import tree

LOCK = """\
# made
a==1 \\
    --hash=sha256:00
    # via
    #   -c other.txt
    #   b
b==2 ; sys_platform == 'win32' \\
    --hash=sha256:01
    # via cloudsync-smtp (pyproject.toml)
c==3 \\
    --hash=sha256:02
    # via
    #   a
    #   d
d==4 \\
    --hash=sha256:03
    # via cloudsync-smtp (pyproject.toml)
"""


def names(extras: str) -> set[str]:
    """The packages that are chosen for some extras."""
    return {pin.name for pin in subset(extras.split(), tree())}


def test_what_is_asked_for_brings_what_it_asks_for() -> None:
    """Through two steps, with markers and hashes as they stand, and nobody else's."""
    locked = pins(LOCK)
    assert as_requirements(chosen(locked, ["b"])) == (
        "a==1 \\\n    --hash=sha256:00\n"
        "b==2 ; sys_platform == 'win32' \\\n    --hash=sha256:01\n"
        "c==3 \\\n    --hash=sha256:02\n"
    )
    assert [pin.name for pin in chosen(locked, ["d"])] == ["c", "d"]
    assert locked["b"].version == "2"


@pytest.mark.parametrize(
    "extras", ["", "aws object-store", "azure object-store", "gcp gs", "serve", "metrics traces"]
)
def test_it_is_whole(extras: str) -> None:
    """What each chosen package says that it needs here is chosen too."""
    here = names(extras)
    lacking: list[str] = []
    for name in here:
        try:
            needs = distribution(name).requires or []
        except ModuleNotFoundError:
            continue  # of another system alone
        for text in needs:
            one = Requirement(text)
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                other = canonicalize_name(one.name)
                lacking += [f"{name}: {other}"] if other not in here else []
    assert lacking == []


def test_each_cloud_brings_its_own_sdk_alone() -> None:
    """A function for one cloud carries no other's."""
    signs = {"aws": {"boto3"}, "azure": {"azure-mgmt-network"}, "gcp": {"google-cloud-compute"}}
    every = set[str]().union(*signs.values())
    for cloud, own in signs.items():
        assert names(cloud) & every == own


def test_everything_is_the_whole_lock() -> None:
    """Every extra together is the lock as it stands."""
    whole = (tree() / "requirements/run.txt").read_text("utf-8")
    assert names("all") == set(re.findall(r"^([a-z0-9-]+)==", whole, re.MULTILINE))


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    """What pip installs by hash; an unknown extra is refused with those there are."""
    assert command.main(["lock", "--extras", "aws"]) == 0
    printed = capsys.readouterr().out
    assert set(pins(printed)) == names("aws")
    assert printed.count("--hash=sha256:") > len(names("aws"))
    assert command.main(["lock", "--extras", "oracle"]) == 1
    assert capsys.readouterr().err.startswith(
        "deploy.bundle: oracle: no extra is called so. Known: alerts, all, aws, "
    )


def test_a_list_of_what_is_installed_names_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each package of the lock that is there, with its licence; none that is for another platform."""
    here = tmp_path / "typing_extensions-4.dist-info"
    here.mkdir()
    (here / "METADATA").write_text(
        "Name: typing_extensions\nLicense-Expression: PSF-2.0\n\n", "utf-8"
    )
    assert command.main(["sbom", "--extras", "aws", "--packages", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    (one,) = document["components"]
    assert (one["name"], one["licenses"]) == ("typing-extensions", [{"expression": "PSF-2.0"}])
    assert command.main(["sbom", "--extras", "aws"]) == 0
    named = {one["name"] for one in json.loads(capsys.readouterr().out)["components"]}
    assert named == names("aws")
