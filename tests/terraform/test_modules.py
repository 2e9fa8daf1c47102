from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloudsync.allowlist import Entry, InForce
from cloudsync.source import bundled
from cloudsync.terraform.contents import contents, rendered
from cloudsync.terraform.folder import carried
from tests.needs import need
from tests.terraform.here import MODULES, NAMES, WHY, Root

LISTED = InForce(bundled.SOURCE, "article39", bundled.LISTING.entries, published=date(2009, 9, 18))
PIECES = (
    '${file("/etc/passwd")}', "%{ for x in [1] }", '"', "\\", "\n", "\r\n", "EOT\n", "<<EOT\n",
    "\0", "\x1b[2J", "\x7f", "\x85", "\ufeff", "\uffff", "\u202e", "\u2066", "'", "$${", "`id`", "\t", "</script>", "\u2028", "é", "💌", "#", "*/",
)  # fmt: skip


def test_the_repository_carries_the_bundled_list_and_says_so() -> None:
    """What a stranger gets from the repository is the snapshot, marked with its day."""
    assert carried()["modules/allow-list/list.json"] == rendered(contents(LISTED), (0, 0, 0))


def test_the_modules_are_written_as_terraform_writes() -> None:
    """``terraform fmt`` would change nothing."""
    need("terraform", WHY)
    assert Root(MODULES).call("fmt", "-check", "-recursive") == ""


@pytest.fixture
def allow_list(tmp_path: Path) -> Root:
    """The module that needs no provider, in a folder of its own."""
    need("terraform", WHY)
    shutil.copytree(
        MODULES / "allow-list", tmp_path / "it", ignore=shutil.ignore_patterns(".terraform*")
    )
    return Root(tmp_path / "it")


def test_the_bundled_list_is_refused_until_its_day_is_named(allow_list: Root) -> None:
    """Nobody's firewall gets addresses that the vendor has replaced without having said so."""
    allow_list.call("init", "-input=false")
    said = " ".join(allow_list.call("plan", code=1).split())
    assert 'say accept_bundled = "2009-09-18"' in said
    assert "accept_bundled is null" in said
    allow_list.call("plan", "-var=accept_bundled=2009-09-18")


def outputs(root: Root, *argv: str) -> dict[str, Any]:
    """The module's outputs."""
    root.call("init", "-input=false")
    root.call("apply", "-input=false", "-auto-approve", "-var=accept_bundled=2009-09-18", *argv)
    found = json.loads(root.call("output", "-json"))
    return {name: one["value"] for name, one in found.items()}


def test_a_container_stands_for_what_it_contains(allow_list: Root) -> None:
    """Groups and widening change what applies, and no network stands in another's shadow."""
    found = outputs(allow_list, '-var=shoreline=["EXG3"]')
    assert len(found["ipv4"]) == 14  # two of fifteen lie in EXG3's network, which came
    assert "207.97.230.0/24" in found["ipv4"]
    wide = outputs(allow_list, "-var=widen=24", '-var=additional_networks=["2001:db8::/32"]')
    assert (len(wide["ipv4"]), wide["ipv6"]) == (12, ["2001:db8::/32"])


def test_an_empty_list_is_refused(allow_list: Root) -> None:
    """A module without addresses would take everybody's rules away."""
    path = allow_list.folder / "list.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "entries": []}))
    allow_list.call("init", "-input=false")
    said = allow_list.call("plan", "-var=accept_bundled=2009-09-18", code=1)
    assert "The list is empty: nobody could deliver mail." in said


def hostile() -> tuple[Entry, ...]:
    """A thousand entries, whose labels try whatever a label can try."""
    draw = random.Random(7)
    entry = bundled.LISTING.entries[0]
    network = type(entry.network)
    return tuple(
        replace(
            entry,
            network=network(f"198.18.{number // 250}.{number % 250 + 1}/32"),
            name="".join(draw.choices(PIECES, k=draw.randint(1, 6))) + str(number),
        )
        for number in range(1000)
    )


def test_a_thousand_hostile_labels_are_data(allow_list: Root) -> None:
    """Whatever stands in a label comes out as it went in, and nothing of it is carried out."""
    entries = hostile()
    made = contents(replace(LISTED, entries=entries))
    (allow_list.folder / "list.json").write_text(rendered(made, (1, 0, 0)), encoding="utf-8")
    found = outputs(allow_list)
    # Terraform's strings are NFC; none of these pieces is changed by that.
    assert found["names"] == {str(one.network): one.name for one in entries}


def test_an_old_list_warns_and_blocks_nobody(allow_list: Root) -> None:
    """Age is a warning: it must not stop a team's change to something else."""
    text = (allow_list.folder / "list.json").read_text("utf-8")
    (allow_list.folder / "list.json").write_text(
        text.replace('"verified_at": null', '"verified_at": "2020-01-01T00:00:00Z"'), "utf-8"
    )
    allow_list.call("init", "-input=false")
    accepted = "-var=accept_bundled=2009-09-18"
    said = allow_list.call("plan", accepted, "-var=warn_after=720h")
    assert "Warning: Check block assertion failed" in said
    assert "The list was verified at 2020-01-01T00:00:00Z, longer ago than 720h" in " ".join(said.replace("│", " ").split())  # fmt: skip
    assert "Warning" not in allow_list.call("plan", accepted)


@pytest.mark.parametrize("name", NAMES)
def test_every_input_and_output_is_described(name: str) -> None:
    """Each has a sentence: the README's tables are made of them."""
    for file in ("variables.tf", "outputs.tf"):
        text = (MODULES / name / file).read_text("utf-8")
        blocks = text.count('\nvariable "') + text.count('\noutput "') + (text[0] in "vo")
        assert blocks == text.count("\n  description = ")
