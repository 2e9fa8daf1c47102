from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, REGION, World, block
from tests.terraform.here import Root, aws

MARK = "cloudsync-terraform/mail"


@pytest.fixture
def root(world: World, tmp_path: Path) -> Root:
    """A team's own root module, beside the modules that cloudsync wrote."""
    world.config(block("watch"))
    world.accepted()
    assert world.run("terraform", "write", "modules").code == 0
    folder = tmp_path / "team"
    folder.mkdir()
    return Root(folder)


def module(world: World, group: str, **inputs: Any) -> dict[str, Any]:
    """A module block for one group."""
    return {
        "provider": {"aws": aws(world.sandbox.url, REGION)},
        "module": {
            "mail": {
                "source": "../modules/modules/aws",
                "name": "mail",
                "security_group_id": group,
                **inputs,
            }
        },
    }


def test_what_terraform_applies_is_left_alone_and_follows_the_list(
    world: World, root: Root
) -> None:
    """A rule a network, with Terraform's mark: drift is done, apply calls nothing, one change is one."""
    group = world.group("mail")
    root.write(module(world, group))
    root.init()
    root.call("apply", "-input=false", "-auto-approve")
    assert world.marks(group) == dict.fromkeys(LIST, MARK)
    world.config(block("add"))
    world.forget()
    looked, applied = world.run("drift"), world.run("apply", "--yes")
    assert (looked.code, applied.code) == (0, 0), (looked, applied)
    assert world.mutations == []
    assert "managed_by" in looked.out
    # One came and one went. Leaving takes days, so the module's own list is what changes here.
    path = world.folder / "modules/modules/allow-list/list.json"
    text = path.read_text("utf-8")
    path.write_text(text.replace(LIST[0], "198.51.100.7/32"), encoding="utf-8")
    where = "module.mail.aws_vpc_security_group_ingress_rule.network"
    assert root.changes() == {
        f'{where}["{LIST[0]} 25"]': "delete",
        f'{where}["198.51.100.7/32 25"]': "create",
    }
