"""Each cloud is asked what it would let be changed; what it says is what a change then meets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from cloudsync.errors import UsageError
from cloudsync.memory.provider import Provider as MemoryProvider
from cloudsync.preflight.ask import Servers
from cloudsync.preflight.look import Asked, look
from cloudsync.preflight.page import Granted, document, text
from cloudsync.preflight.rights import MOST, granted
from cloudsync.provider import Scope, Unreadable
from cloudsync.tells import Permission
from cloudsync_aws.provider import Provider as Aws
from cloudsync_aws.sandbox import Sandbox as AwsSandbox
from cloudsync_aws.settings import AwsSettings
from cloudsync_azure.client import PLACEHOLDER
from cloudsync_azure.provider import Provider as Azure
from cloudsync_azure.rights import allows
from cloudsync_azure.sandbox import Principal
from cloudsync_azure.sandbox import Sandbox as AzureSandbox
from cloudsync_azure.settings import AzureSettings
from cloudsync_gcp.provider import Provider as Gcp
from cloudsync_gcp.sandbox import Sandbox as GcpSandbox
from cloudsync_gcp.settings import GcpSettings
from tests.providers.aws.fleets import own
from tests.unit.test_reconcile import Scene

REGION = "us-east-1"
WRITE = "Microsoft.Network/networkSecurityGroups/securityRules/write"
DELETE = "Microsoft.Network/networkSecurityGroups/securityRules/delete"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSandbox]:
    """One region of one account."""
    with AwsSandbox(regions=(REGION,)) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        yield found


def asked(
    provider: Aws | Azure | Gcp, settings: AwsSettings | AzureSettings | GcpSettings, *names: str
) -> list[tuple[str, bool | None, str]]:
    """What is answered for targets of the one scope: action, held, why."""
    (scope,) = provider.scopes(settings)  # type: ignore[arg-type]
    assert isinstance(scope, Scope)
    found = list(provider.permissions(scope, [f"{scope}/{name}" for name in names]))
    assert all(one.where.startswith(str(scope)) for one in found)
    return [(one.action, one.held, one.why) for one in found]


def test_ec2_is_asked_by_dry_runs_that_change_nothing(aws: AwsSandbox) -> None:
    """A denial and a group that isn't there are told apart; the group is as it was."""
    group = aws.seed_group(region=REGION, name="mail", permissions=[own("198.18.0.1/32")])
    empty = aws.seed_group(region=REGION, name="new", permissions=[])
    block = AwsSettings.model_validate(
        {"mode": "add", "select": {"tags": {"a": "b"}}, "regions": [REGION]}
    )
    aws.faults.denied("RevokeSecurityGroupIngress")
    before = aws.calls[:]
    found = asked(Aws(), block, group, empty, "sg-0123456789abcdef0", "pl-0123456789abcdef0")
    denied = "You are not authorized to perform this operation (UnauthorizedOperation)"
    gone = "The security group 'sg-0123456789abcdef0' does not exist (InvalidGroup.NotFound)"
    assert found[:11] == [
        ("ec2:AuthorizeSecurityGroupIngress", True, ""),
        ("ec2:RevokeSecurityGroupIngress", False, denied),
        ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", True, ""),
        ("ec2:ModifySecurityGroupRules", True, ""),
        ("ec2:AuthorizeSecurityGroupIngress", True, ""),
        ("ec2:RevokeSecurityGroupIngress", False, denied),
        ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", True, ""),
        ("ec2:AuthorizeSecurityGroupIngress", None, gone),
        ("ec2:RevokeSecurityGroupIngress", False, denied),
        ("ec2:UpdateSecurityGroupRuleDescriptionsIngress", None, gone),
        ("ec2:ModifyManagedPrefixList", None, found[10][2]),
    ]
    assert found[11][:2] == ("ec2:RestoreManagedPrefixListVersion", None)
    assert not any(call.mutating for call in aws.calls[len(before) :])


def test_azure_lists_what_roles_allow_and_take_back() -> None:
    """What is listed is what a change meets; whoever may not ask is told so as unknown."""
    with AzureSandbox() as sandbox:
        sandbox.seed_nsg("mx", [], group="mail")
        block = AzureSettings.model_validate(
            {
                "mode": "add", "endpoint": sandbox.endpoint, "protect": "all",
                "subscriptions": [sandbox.subscription], "select": {"ids": ["mail/mx"]},
            }
        )  # fmt: skip
        lacks = "no role that is held names it"
        read = "Microsoft.Authorization/permissions/read"
        sandbox.seed_principal(PLACEHOLDER, Principal("half", (WRITE.upper(), read)))
        assert asked(Azure(), block, "mail/mx") == [(WRITE, True, ""), (DELETE, False, lacks)]
        sandbox.seed_principal(PLACEHOLDER, Principal("blind", ("Microsoft.Network/*",)))
        assert [one[1] for one in asked(Azure(), block, "mail/mx")] == [None, None]


@pytest.mark.parametrize(
    ("roles", "held"),
    [
        ([], False),
        ([{"actions": ["*"]}], True),
        ([{"actions": ["Microsoft.Network/*/write"], "notActions": None}], True),
        ([{"actions": ["*"], "notActions": ["microsoft.network/networksecuritygroups/*"]}], False),
        ([{"actions": ["*"], "notActions": ["*"]}, {"actions": [WRITE]}], True),
        ([{"actions": ["Microsoft.Network/networkSecurityGroups/write"]}], False),
        ([{"actions": ["MicrosoftxNetwork/networkSecurityGroups/securityRules/write"]}], False),
    ],
)
def test_what_one_role_takes_back_another_may_give(
    roles: list[dict[str, Sequence[str] | None]], held: bool
) -> None:
    """A role's exclusions bind that role alone; dots are dots, and a star is any text."""
    assert allows(roles, WRITE) is held


def test_google_says_which_permissions_are_held() -> None:
    """Once a project, whatever the number of targets; a network policy needs others than a rule."""
    with GcpSandbox() as sandbox:
        block = {
            "mode": "add", "endpoint": sandbox.endpoint, "projects": ["mail-prod"],
            "select": {"network": "default", "all": True},
        }  # fmt: skip
        lacks = "no role that is held grants it"
        sandbox.set_permissions(["compute.firewalls.create", "compute.globalOperations.get"])
        assert asked(Gcp(), GcpSettings.model_validate(block), "default/all", "default/tag:a") == [
            ("compute.firewalls.create", True, ""),
            ("compute.firewalls.delete", False, lacks),
            ("compute.firewalls.update", False, lacks),
            ("compute.globalOperations.get", True, ""),
            ("compute.networks.updatePolicy", False, lacks),
        ]
        policy = GcpSettings.model_validate({**block, "kind": "network-policy"})
        assert asked(Gcp(), policy, "default/all") == [
            ("compute.firewallPolicies.update", False, lacks),
            ("compute.globalOperations.get", True, ""),
        ]
        assert sandbox.calls[-1].operation == "cloudresourcemanager.projects.testIamPermissions"
        lost = GcpSettings.model_validate({**block, "projects": ["not-there"]})
        assert {one[1] for one in asked(Gcp(), lost, "default/all")} == {None}


class Telling(MemoryProvider):
    """An in-memory cloud that says what it would allow."""

    def __init__(self, says: bool | None = True) -> None:
        super().__init__()
        self.says = says

    def permissions(
        self, scope: Scope, targets: Sequence[str], deadline: float | None = None
    ) -> Iterator[Permission]:
        """The same of every target."""
        del scope, deadline
        for target in targets:
            yield Permission(target, "write", self.says, "" if self.says else "because")


def test_few_of_many_targets_are_asked_about_and_that_is_said() -> None:
    """Up to a number a scope; a cloud that can't be asked is left out."""
    scene = Scene({f"t{number}": () for number in range(MOST + 5)})
    assert list(granted(scene.job)) == []
    scene.provider = Telling()  # type: ignore[assignment]
    (one,) = granted(scene.job)
    assert (one.asked, one.there, len(one.permissions), one.lacking) == (MOST, MOST + 5, MOST, ())


@pytest.mark.parametrize(
    ("mode", "says", "held", "word"),
    [("add", False, True, "denied"), ("watch", False, False, "denied"),
     ("enforce", None, False, "unknown")],
)  # fmt: skip
def test_a_denial_holds_where_the_mode_changes_anything(
    mode: str, says: bool | None, held: bool, word: str
) -> None:
    """What nobody says is shown, and isn't taken for a denial; in watch nothing is needed."""
    scene = Scene({"one": ()}, ({"mode": mode},))
    scene.provider = Telling(says)  # type: ignore[assignment]
    page = look(scene.job, Servers(()), Asked(permissions=True))
    assert page.held is held
    assert text(page).splitlines()[-1] == f"  {word:<9} memory:run/one write: because"
    assert document(page)["permissions"][0]["lacking"] == [
        {"where": "memory:run/one", "action": "write", "held": says, "why": "because"}
    ]


def test_a_scope_that_cant_be_read_is_unknown() -> None:
    """It is no denial, and it is said."""
    scene = Scene({"one": ()}, ({"mode": "add"},))

    class Blind(Telling):
        def observe(
            self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
        ) -> Iterator[Unreadable]:
            del only, deadline
            yield Unreadable(scope.name, "access was denied")

    scene.provider = Blind()  # type: ignore[assignment]
    where = scene.job.config.targets[0].where
    lost = Permission("memory:run", "read", None, "access was denied")
    assert list(granted(scene.job)) == [Granted(where, "add", 0, 0, (lost,))]


def test_permissions_alone_are_worth_a_look() -> None:
    """Without domains, a look that is to ask the clouds isn't one at nothing."""
    scene = Scene({"one": ()})
    assert look(scene.job, Servers(()), Asked(permissions=True)).granted == ()
    with pytest.raises(UsageError):
        look(scene.job, Servers(()))
