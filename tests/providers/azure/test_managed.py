"""Who else keeps a group, by names; that such a group is only watched is the core's, tried there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.config import TargetSettings
from cloudsync.model import Mode, Note
from cloudsync.plan import make
from cloudsync.provider import Scope
from cloudsync.tells import Managed, TellsManaged, TellsModules
from cloudsync_azure.snapshot import AzureSnapshot, read
from tests.providers.azure.nsgs import ID, RULES, SCOPE, TARGET, rule, snapshot, wanted

SERVICE = Managed(
    "Kubernetes",
    "by its rule k8s-azure-lb_allow_IPv4_556f",
    "Give the list to the Service, as loadBalancerSourceRanges.",
)
ASKED = "SecurityCenter-JITRule-1170687618-8C18"
CLOSED = "SecurityCenter-JITRule_-1105480617_9EF6"


def named(name: str) -> AzureSnapshot:
    """One group of that name, without rules of its own."""
    group: dict[str, Any] = {"id": ID.replace("/mx", f"/{name}"), "name": name, "properties": {}}
    return read(SCOPE, [group])


def told(*rules: Mapping[str, Any]) -> Mapping[str, Managed]:
    """Who keeps the one group with these rules."""
    return RULES.managed(snapshot(*rules))


def test_the_rules_tell_who_keeps_a_group() -> None:
    """The core asks only providers that say that they can tell."""
    assert isinstance(RULES, TellsManaged)


@pytest.mark.parametrize("name", ["aks-agentpool-30022306-nsg", "AKS-AgentPool-1-NSG"])
def test_a_cluster_s_group_is_the_cluster_s(name: str) -> None:
    """AKS makes its node pools' group, whatever stands in it."""
    [who] = RULES.managed(named(name)).values()
    assert who == Managed(
        "Azure Kubernetes Service",
        f"by the group's name, {name}",
        "Give the list to the Service, as loadBalancerSourceRanges.",
    )


@pytest.mark.parametrize("name", ["mx", "aks-agentpool", "my-aks-agentpool-1-nsg", "aks-nsg"])
def test_another_group_is_nobody_s(name: str) -> None:
    """A name that only looks like a cluster's is no sign."""
    assert RULES.managed(named(name)) == {}


def test_a_service_of_kubernetes_keeps_the_port_that_it_serves() -> None:
    """Its rule would be put back within minutes."""
    assert told(rule("k8s-azure-lb_allow_IPv4_556f", 500, "Internet")) == {TARGET: SERVICE}


@pytest.mark.parametrize("name", ["k8s-azure-lb_allow_IPv4_556f", CLOSED])
def test_a_rule_for_another_port_is_no_sign(name: str) -> None:
    """Just-in-time access to a management port, or a web service, leaves SMTP to whom it was."""
    assert told(rule(name, 500, "Internet", destinationPortRange="3389")) == {}


@pytest.mark.parametrize(
    ("names", "sign"),
    [
        ((CLOSED,), f"its rule {CLOSED}"),
        ((ASKED, CLOSED), f"its rules {ASKED}, {CLOSED}"),
        ((ASKED.lower(),), f"its rule {ASKED.lower()}"),
    ],
)
def test_defender_keeps_a_port_that_it_opens_for_a_while(names: tuple[str, ...], sign: str) -> None:
    """What it lets in for hours it takes away by itself, and it closes what it finds open."""
    assert told(*(rule(name, 100 + at) for at, name in enumerate(names))) == {
        TARGET: Managed(
            "Defender for Cloud's just-in-time access",
            f"by {sign}",
            "Take port 25 out of the machines' just-in-time policy.",
        )
    }


def test_the_module_s_mark_is_terraform_s() -> None:
    """The list comes in by the next apply, which would take away what was changed here."""
    assert told(rule("smtp", 200, label="cloudsync-terraform/mail-prod")) == {
        TARGET: Managed(
            "Terraform",
            "what is marked cloudsync-terraform/mail-prod",
            "The list comes in with the module at the next terraform apply.",
        )
    }


def test_who_stands_in_the_modules_rules() -> None:
    """Marked allows for the port, addresses and tags; no deny, no other port, no unmarked rule."""
    mark = "cloudsync-terraform/mail"
    assert isinstance(RULES, TellsModules)
    seen = snapshot(
        rule("a", 200, "192.0.2.1/32", "192.0.2.2/32", label=mark),
        rule("b", 210, "AzureLoadBalancer", label=mark),
        rule("c", 220, "192.0.2.3/32", label=mark, destinationPortRange="443"),
        rule("d", 230, "192.0.2.4/32", label="by hand"),
        rule("e", 240, allow=False, label=mark),
    )
    (found,) = RULES.modules(seen, (25,)).values()
    assert found.addresses == AddressSet.of("192.0.2.1/32", "192.0.2.2/32")
    assert [name.text for name in found.names] == ["AzureLoadBalancer"]
    assert RULES.modules(snapshot(rule("d", 230, "192.0.2.4/32")), (25,)) == {}


def test_the_ports_are_the_target_block_s() -> None:
    """A block that looks after 2525 asks about 2525."""
    settings = TargetSettings(provider="azure", mode="watch", ports=(2525,))
    seen = AzureSnapshot(Scope(SCOPE.name, settings), snapshot(rule(CLOSED, 100)).groups)
    assert RULES.managed(seen) == {}


def test_what_somebody_else_keeps_is_only_watched() -> None:
    """The plan has no step, and says who keeps the group; told to, it has."""
    seen = snapshot(rule(CLOSED, 1000, allow=False))
    (plan,) = make(RULES, seen, {TARGET: wanted(mode=Mode.ENFORCE)}, "sha256:test")
    assert plan.steps == ()
    assert Note.MANAGED_BY in plan.notes
    told_to = wanted(mode=Mode.ENFORCE, managed_by="cloudsync")
    (plan,) = make(RULES, seen, {TARGET: told_to}, "sha256:test")
    assert plan.steps != ()
