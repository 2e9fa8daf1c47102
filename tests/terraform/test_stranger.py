"""Consumed as by somebody who knows nothing but an address: a git source at a tag, and the next tag."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dulwich.repo import Repo

from cloudsync.model import TERRAFORM_MARK
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, World, block, tcp
from tests.needs import need
from tests.terraform.here import WHY, Root

NEW = "69.20.58.240/32"


@pytest.fixture
def url(world: World, tmp_path: Path) -> Iterator[str]:
    """A repository that the modules are published to, with the first version in it."""
    need("git", "Terraform takes git sources by it")
    need("terraform", WHY)
    with Repo.init_bare(str(tmp_path / "modules.git"), mkdir=True) as bare:
        world.config(block("watch"), more=f"terraform:\n  git:\n    url: file://{bare.path}")
        world.accepted()
        assert world.run("terraform", "publish").code == 0
        yield f"git::file://{bare.path}//modules/allow-list"


def let_in(root: Root, source: str) -> set[str]:
    """Who is let in by a root module in an empty folder that names ``source``, after an apply."""
    output = {"value": "${module.list.ipv4}"}
    root.write({"module": {"list": {"source": source}}, "output": {"ipv4": output}})
    root.call("init", "-input=false", "-upgrade")
    root.call("apply", "-input=false", "-auto-approve")
    return set(json.loads(root.call("output", "-json", "ipv4")))


def test_a_stranger_takes_a_tag_and_the_next_one_and_who_is_pinned_lags(
    world: World, url: str, tmp_path: Path
) -> None:
    """The list in force comes without accept_bundled; a new address with the next tag, and not before."""
    roots = [Root(tmp_path / name) for name in ("upgrades", "pinned")]
    for root in roots:
        root.folder.mkdir()
        assert let_in(root, f"{url}?ref=v1.0.0") == set(LIST)
    world.accepted(*LIST, NEW)
    assert world.run("terraform", "publish").code == 0
    assert let_in(roots[0], f"{url}?ref=v1.0.1") == {*LIST, NEW}
    assert let_in(roots[1], f"{url}?ref=v1.0.0") == set(LIST)


def test_who_lags_while_an_address_is_missing_loses_mail_and_is_told(world: World) -> None:
    """Rules with Terraform's mark that lack an address: nothing is changed, and it is mail lost."""
    mark = f"{TERRAFORM_MARK}mail"
    world.group("mail", *tcp(*LIST, text=mark))
    world.config(block("add"))
    world.accepted(*LIST, NEW)
    world.forget()
    found = world.run("drift")
    assert found.code == 2
    assert "1 missing" in found.out
    assert f"Terraform keeps it (what is marked {mark})" in f"{found.out}{found.err}"
    told = world.run("run", "--once")
    assert told.code in {0, 2}
    assert "page: Mail is lost at aws:" in told.err
    assert world.mutations == []
