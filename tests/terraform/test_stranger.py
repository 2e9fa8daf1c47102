"""Consumed as by somebody who knows nothing but an address: a git source at a tag, and the next tag."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dulwich import porcelain
from dulwich.repo import Repo

from cloudsync.model import TERRAFORM_MARK
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, REGION, World, block, tcp
from tests.needs import need
from tests.terraform.here import WHY, Root, aws
from tests.terraform.test_clouds import CALLS

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


@pytest.mark.long
def test_the_next_tag_plans_the_new_address_in_each_cloud_and_nothing_else(
    world: World, url: str, tmp_path: Path, mirror: Path
) -> None:
    """One root, each module by its git source: a rule more on AWS, a rule changed in place elsewhere."""
    source = url.removesuffix("allow-list")

    def at(tag: str) -> Root:
        calls: dict[str, Any] = {
            name: {
                **call,
                "name": "mail",
                "source": f"{source}{call['source'].rpartition('/')[2]}?ref={tag}",
            }
            for name, call in CALLS.items()
        }
        root = Root(tmp_path / "team")
        root.write({"provider": {"azurerm": {"features": {}}}, "module": calls})
        root.init("-upgrade", mirror=mirror)
        return root

    (tmp_path / "team").mkdir()
    at("v1.0.0").call("apply", "-input=false", "-auto-approve")
    world.accepted(*LIST, NEW)
    assert world.run("terraform", "publish").code == 0
    assert at("v1.0.0").changes() == {}
    assert at("v1.0.1").changes() == {
        f'module.aws.aws_vpc_security_group_ingress_rule.network["{NEW} 25"]': "create",
        'module.azure.azurerm_network_security_rule.allow["ipv4"]': "update",
        'module.gcp.google_compute_firewall.allow["ipv4-1"]': "update",
        'module.policy.google_compute_network_firewall_policy_rule.allow["ipv4-1"]': "update",
    }


@pytest.mark.long
def test_what_the_drift_says_is_what_mends_it(world: World, url: str, tmp_path: Path) -> None:
    """A pinned consumer at the sandbox: the source that the drift names, applied, is in sync."""
    group = world.group("mail")
    root = Root(tmp_path / "team")
    root.folder.mkdir()

    def applied(source: str) -> None:
        call = {"source": source, "name": "mail", "security_group_id": group}
        provider = aws(world.sandbox.url, REGION)
        root.write({"provider": {"aws": provider}, "module": {"mail": call}})
        root.init("-upgrade")
        root.call("apply", "-input=false", "-auto-approve")

    applied(f"{url.replace('allow-list', 'aws')}?ref=v1.0.0")
    world.accepted(*LIST, NEW)
    assert world.run("terraform", "publish").code == 0
    looked = world.run("drift", "--format", "json")
    (target,) = json.loads(looked.out)["targets"]
    assert (looked.code, target["verdict"], target["mend"]["add"]) == (2, "missing", [NEW])
    assert (target["mend"]["pinned"], target["mend"]["newest"]) == ("1.0.0", "1.0.1")
    applied(target["mend"]["source"])
    after = world.run("drift", "--format", "json")
    (target,) = json.loads(after.out)["targets"]
    assert (after.code, target["verdict"], target["mend"]) == (0, "in_sync", None)


def test_who_lags_while_an_address_is_missing_loses_mail_and_is_told(
    world: World, tmp_path: Path
) -> None:
    """Nothing is changed; it is mail lost, with both versions, what the code gains, and its source."""
    mark = f"{TERRAFORM_MARK}mail"
    group = world.group("mail", *tcp(*LIST, text=mark))
    with Repo.init_bare(str(tmp_path / "modules.git"), mkdir=True) as bare:
        where = f"file://{bare.path}"
        world.config(block("add"), more=f"terraform:\n  git:\n    url: {where}")
        world.accepted()
        assert world.run("terraform", "publish").code == 0
        world.accepted(*LIST, NEW)
        assert "1.0.0 since" in world.run("drift").out, "the list isn't published yet"
        told = world.run("run", "--once")  # it publishes, and then tells
        day = re.search(r"published since (\d{4}-\d\d-\d\d), ", told.err)
        assert day, told.err
        pinned = (
            f"Its module is pinned at 1.0.0; 1.0.1 has been published since {day[1]}, 1 network "
            "missing."
        )
        source = f"git::{where}//modules/aws?ref=v1.0.1"
        for said in (
            (
                f"page: Mail is lost at aws:123456789012/us-east-1/{group}: 1 IPv4 address, wanted, "
                f"can't reach port 25. {pinned} "
            ),
            (
                "Nothing is changed there, since Terraform keeps it. Let the module block say "
                f'source = "{source}", then terraform init -upgrade and terraform apply. If it says '
                f"so already, apply it. The change: + {NEW}. "
            ),
        ):
            assert said in told.err
        assert "by the rules there" not in told.err, "it was the list that changed"
        found = world.run("drift", "--format", "json")
        (target,) = json.loads(found.out)["targets"]
        assert (found.code, target["verdict"], target["mend"]["source"]) == (2, "missing", source)
        assert f"```diff\n  + {NEW}\n  ```" in world.run("drift", "--format", "markdown").out
        # A state that was lost reads the versions again, those that came meanwhile too: the list was
        # accepted anew, which is one where it was at another second.
        (world.folder / "cloudsync.db").unlink()
        world.accepted(*LIST, NEW)
        assert world.run("run", "--once").code == 2
        (again,) = json.loads(world.run("drift", "--format", "json").out)["targets"]
        newest = max(porcelain.tag_list(str(bare.path)))
        assert newest in {b"v1.0.1", b"v1.0.2"}
        assert (again["mend"]["pinned"], again["mend"]["newest"]) == ("1.0.0", newest[1:].decode())
    assert world.mutations == []
