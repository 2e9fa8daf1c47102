from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudsync.cli.job import block_of
from cloudsync.config import Config, prebuilt, read
from cloudsync.config.prebuilt import MODULE, module, read_prebuilt

TEXT = """\
# Everything that has a type of its own.
name: mail-prod
list:
  source: ./list.txt
  format: cidr
  limits: {total_entries: 400}
  anchors: ["5.152.184.0/21", "2001:db8::/32"]
removals: {apart: 90m, grace: 7d}
deadline: 8m
state: s3://state/mail
alerts: {channels: [{name: team, url_env: TEAM, severities: [page]}], again: 12h}
blind: [{scope: "aws:123456789012/eu-west-1", owner: ops, reason: 'a "quoted" \\ word', until: 2027-01-31}]
exports: [{format: postfix, path: direct, relays: [10.0.0.0/8]}]
targets:
  - provider: aws
    mode: enforce
    accounts: [{id: "123456789012", role: cloudsync}]
    regions: [us-east-1]
    select: {tags: {cloudsync: smtp}}
    path: direct
    internal: keep
    domains: [example.com]
    own_addresses: [203.0.113.25, "2001:db8::25"]
    also_allow:
      - {network: 10.20.0.0/16, owner: mail team, reason: relays, until: never}
      - {network: 203.0.113.7, owner: mail team, reason: partner, until: "2026-12-31T18:00+02:00"}
  - provider: azure
    mode: add
    subscriptions: ["00000000-0000-0000-0000-000000000001"]
    select: {ids: [mail/mx]}
    protect: {addresses: [10.0.0.4]}
    priority: {from: 200, to: 300}
  - provider: gcp
    mode: watch
    projects: [mail-prod]
    select: {network: default, tags: [mx]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a bundle, whose modules are found."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    sys.modules.pop(MODULE, None)
    yield tmp_path
    sys.modules.pop(MODULE, None)


def built(folder: Path, text: str = TEXT) -> Config:
    """The configuration as a bundle's build reads it, with what it writes for the function."""
    path = folder / "cloudsync.yaml"
    path.write_text(text, "utf-8")
    config = read(text, Path("/where/it/was/built/cloudsync.yaml"), providers=block_of)
    (folder / f"{MODULE}.py").write_text(module(config, text), "utf-8")
    importlib.invalidate_caches()
    return config


def test_what_was_read_prebuilt_is_what_reading_gives(folder: Path) -> None:
    """Every value, its type, where it stands and what the whole says are the same."""
    built(folder)
    path = folder / "cloudsync.yaml"
    usual = read(TEXT, path, providers=block_of)

    found = read_prebuilt(TEXT, path)

    assert found is not None
    assert found == usual
    assert [type(one) for one in found.targets] == [type(one) for one in usual.targets]
    assert (found.digest, found.source, found.file) == (usual.digest, usual.source, usual.file)
    assert found.states("alerts")
    assert not found.states("schedule")
    keys = ("mode", "path", "also_allow", "priority", "nothing")
    assert [one.at(key) for one in found.targets for key in keys] == [
        one.at(key) for one in usual.targets for key in keys
    ]


def test_another_text_is_read_anew(folder: Path) -> None:
    """One letter more in the file, be it in a comment, and what was made ahead doesn't count."""
    built(folder)
    assert read_prebuilt(TEXT + "#", folder / "cloudsync.yaml") is None


def test_another_release_reads_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another release made doesn't count: its defaults may have been others."""
    built(folder)
    monkeypatch.setattr(prebuilt, "__version__", "0.0.0")
    assert read_prebuilt(TEXT, folder / "cloudsync.yaml") is None


def test_where_nothing_was_made_ahead_the_file_is_read(folder: Path) -> None:
    """A function that was copied by hand has no such module."""
    assert read_prebuilt(TEXT, folder / "cloudsync.yaml") is None


def test_the_module_is_the_same_each_time_and_names_no_folder(tmp_path: Path) -> None:
    """Two builds in two places write the same bytes."""
    one, two = tmp_path / "one", tmp_path / "two"
    texts = [
        module(read(TEXT, where / "cloudsync.yaml", providers=block_of), TEXT)
        for where in (one, two)
    ]
    assert texts[0] == texts[1]
    assert str(tmp_path) not in texts[0]


def test_a_value_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    """What can't be written exactly isn't written at all."""
    config = read(TEXT, tmp_path / "cloudsync.yaml", providers=block_of)
    object.__setattr__(config.targets[0], "managed_by", 1.5)
    with pytest.raises(TypeError, match=r"^float can't be written ahead of time$"):
        module(config, TEXT)


def test_a_function_starts_without_what_reads_a_file(folder: Path) -> None:
    """With its values made ahead it loads no parser of YAML and no pydantic; without, it does."""
    built(folder)
    code = (
        "import sys, json, pathlib, cloudsync.function\n"
        "from cloudsync.environment import configuration\n"
        f"configuration(pathlib.Path({str(folder)!r}), {{}})\n"
        "print(json.dumps([n for n in ('pydantic', 'pydantic_core', 'ruamel.yaml') if n in sys.modules]))\n"
    )
    loaded = {
        where: json.loads(
            subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True,
                env={"PYTHONPATH": where},
            ).stdout
        )
        for where in (str(folder), "")
    }  # fmt: skip
    assert loaded == {str(folder): [], "": ["pydantic", "pydantic_core", "ruamel.yaml"]}
