"""Bundles: the same bytes each time, compiled, and what is in them said; no index is asked."""

from __future__ import annotations

import json
import marshal
import sys
import zipfile
from pathlib import Path
from types import CodeType

import pytest

from cloudsync.cli.job import block_of
from cloudsync.config import read
from deploy.bundle import __main__ as command
from deploy.bundle.build import KINDS, extras_of
from deploy.bundle.lock import marker, pins, subset
from deploy.bundle.pack import cleaned, compiled, packed
from deploy.bundle.sbom import sbom
from tests.tree import tree

SOURCE = 'WORDS = frozenset({"one", "two", "three", "four"})\n\n\ndef known(word):\n    return word in {"a", "b", "c"}\n'
METADATA = "Metadata-Version: 2.4\nName: One_Two\nVersion: 1\nLicense-Expression: MIT\n"


def staged(folder: Path) -> Path:
    """A bundle as it is before it is packed, in a folder of its own, with what an installer leaves."""
    info = folder / "one_two-1.dist-info"
    for path in (folder / "package", folder / "bin", folder / "package/__pycache__", info):
        path.mkdir(parents=True)
    (folder / "handler.py").write_text(SOURCE, "utf-8")
    (folder / "package/__init__.py").write_text(SOURCE, "utf-8")
    (folder / "package/__pycache__/old.pyc").write_text("old", "utf-8")
    (folder / "bin/script").write_text("#!/here/python", "utf-8")
    (info / "METADATA").write_text(METADATA, "utf-8")
    (info / "direct_url.json").write_text(json.dumps({"url": str(folder)}), "utf-8")
    (info / "RECORD").write_text("", "utf-8")
    return folder


def made(folder: Path) -> Path:
    """A zip of a stage in ``folder``."""
    stage = staged(folder)
    cleaned(stage)
    compiled(stage)
    out = folder.with_suffix(".zip")
    packed(stage, out)
    return out


def test_the_same_folder_makes_the_same_bytes(tmp_path: Path) -> None:
    """Built in two places and at two times, it is one file."""
    one, two = made(tmp_path / "one"), made(tmp_path / "a/longer/way/two")
    assert one.read_bytes() == two.read_bytes()


def test_it_holds_sources_and_byte_code_and_nothing_of_the_machine(tmp_path: Path) -> None:
    """Every source has its byte code, valid by content, that names a path in the bundle alone."""
    with zipfile.ZipFile(made(tmp_path / "one")) as archive:
        names = archive.namelist()
        code = {name: archive.read(name) for name in names if name.endswith(".pyc")}
        modes = {entry.external_attr >> 16 for entry in archive.infolist()}
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    assert names == sorted(names)
    assert [name for name in names if "__pycache__" not in name] == [
        "handler.py", "one_two-1.dist-info/METADATA", "package/__init__.py",
    ]  # fmt: skip
    assert len(code) == 2
    for body in code.values():
        assert int.from_bytes(body[4:8], "little") == 0b01  # by its source's hash, unchecked
        module = marshal.loads(body[16:])
        assert isinstance(module, CodeType)
        assert module.co_filename in {"/handler.py", "/package/__init__.py"}
        assert str(tmp_path).encode() not in body
    assert modes == {0o100644}


def test_the_sbom_names_what_is_in_it_and_no_time(tmp_path: Path) -> None:
    """Name, version, address and licence of each, and the same text each time."""
    found = pins(
        "one-two==1 \\\n    --hash=sha256:00\nthree==3 \\\n    --hash=sha256:01\n"
    ).values()
    text = sbom("0.1.0", found, "3.13", staged(tmp_path / "one"))
    assert text == sbom("0.1.0", reversed([*found]), "3.13", tmp_path / "one")
    said = json.loads(text)
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    assert not {"serialNumber", "timestamp"} & {*said, *said["metadata"]}
    assert said["components"] == [
        {
            "type": "library", "bom-ref": "pkg:pypi/one-two@1", "name": "one-two",
            "version": "1", "purl": "pkg:pypi/one-two@1", "licenses": [{"expression": "MIT"}],
        },
        {
            "type": "library", "bom-ref": "pkg:pypi/three@3", "name": "three",
            "version": "3", "purl": "pkg:pypi/three@3",
        },
    ]  # fmt: skip
    assert said["dependencies"][0]["dependsOn"] == ["pkg:pypi/one-two@1", "pkg:pypi/three@3"]


@pytest.mark.parametrize(
    ("provider", "state", "extras"),
    [
        ("provider: aws, select: {ids: [sg-0abc]}", "s3://state", ("aws", "object-store")),
        ("provider: aws, select: {ids: [sg-0abc]}", "gs://state", ("aws", "gs")),
        ("provider: memory", "postgresql://db/state", ("postgres",)),
        ("provider: memory", "memory://", ()),
    ],
)
def test_a_bundle_holds_what_its_configuration_needs(
    provider: str, state: str, extras: tuple[str, ...]
) -> None:
    """Its clouds, and where its state is."""
    text = f"name: mail\nlist: {{source: x, format: cidr}}\nstate: {state}\ntargets: [{{{provider}, mode: watch}}]\n"
    assert extras_of(read(text, Path("/x.yaml"), providers=block_of)) == extras


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_has_its_entry_and_what_it_imports_is_locked(kind: str) -> None:
    """The folder is there, and the library of the platform has hashes as everything else."""
    folder = tree() / "deploy" / KINDS[kind].folder
    assert [*folder.glob("*.py")]
    more = KINDS[kind].more
    found = subset(["aws"], tree(), more=more)
    assert set(more) <= {pin.name for pin in found}
    assert all("--hash=sha256:" in "".join(pin.lines) for pin in found)


def test_a_marker_is_read_from_the_lock() -> None:
    """What is for Windows alone is in no bundle."""
    locked = pins(
        "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\nb==2 \\\n    --hash=1\n"
    )
    assert [marker(locked[name]) for name in "ab"] == ["sys_platform == 'win32'", ""]


def test_an_unknown_kind_and_a_wrong_configuration_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is installed."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: mail\n", "utf-8")
    assert command.main(["build", "ibm", "-c", str(wrong)]) == 1
    assert capsys.readouterr().err == (
        "deploy.bundle: ibm: no bundle is called so. "
        "Known: aws-lambda, azure-function, gcp-function.\n"
    )
    out = tmp_path / "out.zip"
    assert command.main(["build", "aws-lambda", "-c", str(wrong), "--out", str(out)]) == 1
    assert "list: is missing" in capsys.readouterr().err
    assert not out.exists()


def test_a_bundle_for_another_python_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its byte code and its wheels would be of the Python that builds, and each start would fail."""
    config, out = tmp_path / "cloudsync.yaml", tmp_path / "out.zip"
    config.write_text(
        "name: mail\nlist: {source: bundled, format: article39}\nstate: s3://state/mail\n"
        "targets: [{provider: memory, mode: watch}]\n",
        "utf-8",
    )
    asked = ["build", "aws-lambda", "--python", "3.99", "-c", str(config), "--out", str(out)]
    assert command.main(asked) == 1
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert capsys.readouterr().err == (
        f"deploy.bundle: --python 3.99: this is Python {here}, and a bundle is for the Python that "
        "builds it. No bundle was built. Remove .venv, and make it anew: PYTHON=python3.99 make setup.\n"
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("../lists/appriver.txt", "isn't in the configuration's folder or below it, so a bundle can't hold it"),
        ("FOLDER/lists/appriver.txt", "isn't in the configuration's folder or below it, so a bundle can't hold it"),
        ("gone.txt", "there is no such file"),
    ],
)  # fmt: skip
def test_a_list_that_no_bundle_can_hold_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, what: str
) -> None:
    """Before anything is installed: its function would fail at each pass, and nothing is written beside the bundle."""
    source = source.replace("FOLDER", str(tmp_path))
    for folder in ("lists", "mine"):
        (tmp_path / folder).mkdir()
    (tmp_path / "lists/appriver.txt").write_text("192.0.2.1\n", "utf-8")
    config = tmp_path / "mine/cloudsync.yaml"
    config.write_text(
        f"name: mail\nlist: {{source: {source}, format: cidr}}\nstate: gs://state/mail\n"
        "targets: [{provider: memory, mode: watch}]\n",
        "utf-8",
    )
    out = tmp_path / "out.zip"
    assert command.main(["build", "gcp-function", "-c", str(config), "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        f"deploy.bundle: {config}: list.source: {source}: {what}. No bundle was built. "
        "Put the list beside the configuration, and name it so.\n"
    )
    assert not out.exists()
