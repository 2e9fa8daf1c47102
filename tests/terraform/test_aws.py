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


@pytest.mark.long
def test_a_prefix_list_holds_the_networks_and_one_rule_names_it(world: World, root: Root) -> None:
    """With style = list the group has a single rule, and a second plan is empty."""
    group = world.group("mail")
    root.write(module(world, group, style="list"))
    root.init()
    root.call("apply", "-input=false", "-auto-approve")
    (named,) = world.networks(group)
    assert named.startswith("pl-")
    assert root.changes() == {}


@pytest.mark.long
def test_an_input_that_changes_stops_no_mail_on_the_way(world: World, root: Root) -> None:
    """Every new rule is made before an old one is taken away: of another width, another style, and back."""
    group = world.group("mail")
    root.write(module(world, group))
    root.init()
    root.call("apply", "-input=false", "-auto-approve")
    for inputs in ({"widen": "24"}, {"style": "list"}, {}):
        world.forget()
        root.write(module(world, group, **inputs))
        root.call("apply", "-input=false", "-auto-approve")
        made = [one for one in world.mutations if one.endswith("SecurityGroupIngress")]
        opened = made.count("AuthorizeSecurityGroupIngress")
        assert 0 < opened < len(made)
        assert set(made[:opened]) == {"AuthorizeSecurityGroupIngress"}


REFUSED = (
    ({"rules_quota": 20, "other_rules": 6}, "Would need 15 rules beside 6, and the quota is 20."),
    ({"style": "list", "list_room": 61}, "Would need 61 rules beside 0, and the quota is 60."),
    ({"additional_networks": ["0.0.0.0/0"]}, "Wider than /8 (IPv6: /7) is no network of anybody's"),
    ({"additional_networks": ["192.0.2.1/24"]}, "Each is a network in canonical form"),
    ({"style": "reference"}, "prefix_list_ids belongs to style = reference"),
    ({"name": "Mail"}, "Small letters, digits and hyphens"),
)


@pytest.mark.long
def test_what_cannot_be_right_is_refused_before_a_call(world: World, root: Root) -> None:
    """A quota that is too small, everybody as a network, and half a choice: nothing is changed."""
    group = world.group("mail")
    root.write(module(world, group))
    root.init()  # once: starting the provider is what takes the time
    world.forget()
    for inputs, said in REFUSED:
        root.write(module(world, group, **inputs))
        found = root.call("apply", "-input=false", "-auto-approve", code=1)
        assert said in " ".join(found.replace("│", " ").split())
    assert world.mutations == []
