"""The signs by which a group tells who else keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.model import Mode, Note
from cloudsync.plan import make
from cloudsync.provider import Scope, Sources, Unreadable
from cloudsync.tells import Managed, TellsManaged, TellsModules
from cloudsync_aws.provider import Provider
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.sandbox import Sandbox
from cloudsync_aws.snapshot import AwsSnapshot, read
from tests.providers.aws.fleets import SCOPE, TARGET, own, permission, wanted
from tests.providers.aws.test_provider import settings

RULES = AwsRules()
CONTROLLER = Managed(
    "the AWS load balancer controller",
    "the tag elbv2.k8s.aws/cluster: mail",
    "Write the list into the Service, as spec.loadBalancerSourceRanges.",
)
MANAGER = Managed(
    "AWS Firewall Manager",
    "the name FMManagedSecurityGroup53ece283-sg-0abc",
    "Write the list into the primary group of its policy, in the administrator's account.",
)
TERRAFORM = Managed(
    "Terraform",
    "what is marked cloudsync-terraform/mail",
    "The list comes in with the module at the next terraform apply.",
)


def group(*permissions: dict[str, Any], **more: Any) -> AwsSnapshot:
    """One group as AWS shows it."""
    found = {"GroupId": "sg-0abc", "IpPermissions": list(permissions), "IpPermissionsEgress": []}
    return read(SCOPE, [{**found, **more}], {})


@pytest.mark.parametrize(
    ("seen", "managed"),
    [
        (group(Tags=[{"Key": "a", "Value": "b"},
                     {"Key": "elbv2.k8s.aws/cluster", "Value": "mail"}]), CONTROLLER),
        (group(GroupName="FMManagedSecurityGroup53ece283-sg-0abc"), MANAGER),
        (group(permission("192.0.2.1/32", text="cloudsync-terraform/mail")), TERRAFORM),
        (group(permission("::/0", text="cloudsync-terraform/mail"),
               permission("pl-0a", first=443, text="cloudsync-terraform/web")), TERRAFORM),
        (group(own("192.0.2.1/32"), Tags=[{"Key": "elbv2.k8s.aws", "Value": "cluster"}],
               GroupName="our-FMManaged-copy"), None),
        (group(permission("192.0.2.1/32", text="not cloudsync-terraform/mail")), None),
    ],
)  # fmt: skip
def test_each_keeper_leaves_a_sign(seen: AwsSnapshot, managed: Managed | None) -> None:
    """A tag of the controller's, a name of Firewall Manager's, the mark of our modules; no other."""
    assert RULES.managed(seen) == ({TARGET: managed} if managed else {})


def test_who_stands_in_the_modules_rules() -> None:
    """Marked rules for the port alone; a list they name stands in it with its addresses and its name."""
    mark = "cloudsync-terraform/mail"
    found = {
        "GroupId": "sg-0abc",
        "IpPermissions": [
            permission("192.0.2.1/32", "2001:db8::/64", "pl-1", "pl-2", text=mark),
            permission("192.0.2.2/32", first=443, text=mark),
            permission("192.0.2.3/32", text="by hand"),
        ],
        "IpPermissionsEgress": [],
    }
    known = PrefixList("pl-1", ("198.51.100.0/24",))
    seen = read(SCOPE, [found], {"pl-1": known})
    addresses = AddressSet.of("192.0.2.1/32", "2001:db8::/64", "198.51.100.0/24")
    names = frozenset({known.name, PrefixList("pl-2").name})
    assert RULES.modules(seen, (25,)) == {TARGET: Sources(addresses, names)}
    assert RULES.modules(group(permission("192.0.2.3/32", text="by hand")), (25,)) == {}


def test_what_is_kept_elsewhere_is_watched_until_a_person_says_otherwise() -> None:
    """A group of the controller's that is open and lacks the list is reported, and not changed."""
    seen = group(permission("0.0.0.0/0"), Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": "mail"}])
    want = wanted("192.0.2.0/24", mode=Mode.ENFORCE, internal="keep")
    (plan,) = make(RULES, seen, {TARGET: want}, "d")
    assert (plan.steps, plan.notes, plan.verdict.value) == ((), (Note.MANAGED_BY,), "open")
    (plan,) = make(RULES, seen, {TARGET: replace(want, managed_by="cloudsync")}, "d")
    assert [step.verb for step in plan.steps] == ["add", "remove"]
    assert plan.notes == ()


def test_the_provider_tells_it_of_what_it_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a sweep on: the tag of a group, the mark in a rule and in a list's entry, and no other."""
    with Sandbox(regions=("us-east-1",)) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        mine = {"cloudsync": "smtp"}
        kept = sandbox.seed_group(
            region="us-east-1", name="kept", tags={**mine, "elbv2.k8s.aws/cluster": "mail"}
        )
        marked = sandbox.seed_group(
            region="us-east-1", name="marked", tags=mine,
            permissions=[permission("192.0.2.1/32", text="cloudsync-terraform/mail")],
        )  # fmt: skip
        sandbox.seed_group(region="us-east-1", name="free", tags=mine)
        listed = sandbox.seed_prefix_list(
            region="us-east-1", name="l", tags=mine,
            entries=[("192.0.2.0/24", "cloudsync-terraform/mail")],
        )  # fmt: skip
        sandbox.seed_prefix_list(region="us-east-1", name="m", tags=mine, max_entries=5)
        provider = Provider()
        assert isinstance(provider.rules, TellsManaged)
        found: dict[str, Managed] = {}
        stands: dict[str, Sources] = {}
        for kind in ("security-group", "prefix-list"):
            block = settings(kind=kind)
            for scope in provider.scopes(block):
                assert isinstance(scope, Scope)
                for seen in provider.observe(scope):
                    assert not isinstance(seen, Unreadable)
                    found |= provider.rules.managed(seen)
                    assert isinstance(provider.rules, TellsModules)
                    stands |= provider.rules.modules(seen, (25,))
    assert found == {
        f"{SCOPE.name}/{kept}": CONTROLLER,
        f"{SCOPE.name}/{marked}": TERRAFORM,
        f"{SCOPE.name}/{listed}": TERRAFORM,
    }
    assert stands == {
        f"{SCOPE.name}/{marked}": Sources(AddressSet.of("192.0.2.1/32")),
        f"{SCOPE.name}/{listed}": Sources(AddressSet.of("192.0.2.0/24")),
    }
