"""What takes long with the real aws provider; `make terraform` runs it."""

from __future__ import annotations

from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import World
from tests.terraform.here import Root
from tests.terraform.test_aws import module
from tests.terraform.test_aws import root as root  # noqa: PLC0414 - the fixture


def test_a_prefix_list_holds_the_networks_and_one_rule_names_it(world: World, root: Root) -> None:
    """With style = list the group has a single rule, and a second plan is empty."""
    group = world.group("mail")
    root.write(module(world, group, style="list"))
    root.init()
    root.call("apply", "-input=false", "-auto-approve")
    (named,) = world.networks(group)
    assert named.startswith("pl-")
    assert root.changes() == {}


REFUSED = (
    ({"rules_quota": 20, "other_rules": 6}, "Would need 15 rules beside 6, and the quota is 20."),
    ({"style": "list", "list_room": 61}, "Would need 61 rules beside 0, and the quota is 60."),
    ({"additional_networks": ["0.0.0.0/0"]}, "Wider than /8 (IPv6: /7) is no network of anybody's"),
    ({"additional_networks": ["192.0.2.1/24"]}, "Each is a network in canonical form"),
    ({"style": "reference"}, "prefix_list_ids belongs to style = reference"),
    ({"name": "Mail"}, "Small letters, digits and hyphens"),
)


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
