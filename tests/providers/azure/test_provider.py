from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync.errors import UsageError
from cloudsync.model import Mode, Verdict, Wanted
from cloudsync.plan import make
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync.tells import Accounts
from cloudsync_azure.client import PLACEHOLDER, audience, needs_no_credentials, placeholder
from cloudsync_azure.provider import Provider
from cloudsync_azure.sandbox import Dialect, Principal, Sandbox
from cloudsync_azure.settings import AzureSettings
from cloudsync_azure.snapshot import AzureSnapshot
from tests.providers.azure.nsgs import LISTED, SUBSCRIPTION, rule, wanted

SECOND = SUBSCRIPTION[:-1] + "2"
WRITE = "SecurityRules_CreateOrUpdate"


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass at once."""
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """The clock of sandbox and provider."""
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Provider:
    """A provider on that clock."""
    return Provider(clock=clock, sleep=clock.sleep)


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """Azure on loopback, with one group that is open."""
    with Sandbox(clock=clock) as found:
        found.seed_nsg("mx", [rule("open", 300)], tags={"cloudsync": "smtp"})
        yield found


def block(sandbox: Sandbox, **more: Any) -> AzureSettings:
    """A target block that leads to the sandbox."""
    return AzureSettings.model_validate(
        {
            "provider": "azure", "mode": "watch", "endpoint": sandbox.endpoint, "protect": "all",
            "select": {"tags": {"CloudSync": "smtp"}}, **more,
        }
    )  # fmt: skip


def scope(sandbox: Sandbox, **more: Any) -> Scope:
    """The sandbox's first subscription."""
    return Scope(f"azure:{SUBSCRIPTION}", block(sandbox, **more))


def seen(provider: Provider, where: Scope, *only: str) -> AzureSnapshot:
    """The one page that a look shows."""
    (found,) = provider.observe(where, frozenset(only) or None)
    assert isinstance(found, AzureSnapshot), found
    return found


def planned(provider: Provider, sandbox: Sandbox, want: Wanted) -> tuple[Step, ...]:
    """The proved steps of the one group."""
    snapshot = seen(provider, scope(sandbox))
    (plan,) = make(provider.rules, snapshot, dict.fromkeys(snapshot.targets, want), "sha256:x")
    return plan.steps


def operations(sandbox: Sandbox) -> list[str]:
    """What was called, in order."""
    return [call.operation for call in sandbox.calls]


def test_subscriptions_are_found(provider: Provider, sandbox: Sandbox) -> None:
    """Those that are named, all that the identity sees, or those under a management group."""
    sandbox.seed_management_group("mail")
    sandbox.seed_subscription(SECOND, parent="mail")
    ways: dict[str, dict[str, Any]] = {
        "named": {"subscriptions": [SECOND.upper()]},
        "all": {},
        "under": {"management_group": "mail"},
    }
    found = {
        how: [str(one) for one in provider.scopes(block(sandbox, **more))]
        for how, more in ways.items()
    }
    assert found == {
        "named": [f"azure:{SECOND}"],
        "all": [f"azure:{SUBSCRIPTION}", f"azure:{SECOND}"],
        "under": [f"azure:{SECOND}"],
    }
    assert operations(sandbox) == ["Subscriptions_List", "Resources"]


def test_what_was_listed_for_a_block_is_not_asked_for_again(
    provider: Provider, sandbox: Sandbox
) -> None:
    """The scopes are the same, and Azure hears of it once; a block that names them lists none."""
    sandbox.seed_management_group("mail")
    sandbox.seed_subscription(SECOND, parent="mail")
    ways: tuple[dict[str, Any], ...] = ({}, {"management_group": "mail"})
    for more in ways:
        asked = block(sandbox, **more)
        scopes = list(provider.scopes(asked))
        sandbox.calls.clear()
        kept: list[int] = []
        listed = provider.accounts(asked, lambda kept=kept: kept.append(1))  # type: ignore[misc]
        assert listed
        assert len(kept) == len(operations(sandbox)) == 1
        sandbox.calls.clear()
        assert [str(one) for one in provider.scopes(asked.knowing(listed))] == [*map(str, scopes)]
        lost = Accounts(listed.ids, (Unreadable("azure", "no", "ask"),))
        assert list(provider.scopes(asked.knowing(lost)))[-1] == lost.unlisted[0]
        assert operations(sandbox) == []
    assert provider.accounts(block(sandbox, subscriptions=[SECOND]), lambda: None) is None


def test_only_subscriptions_that_are_asked_for_are_scopes(
    provider: Provider, sandbox: Sandbox
) -> None:
    """A process with a share of them looks at no other, however the block names them."""
    sandbox.seed_management_group("mail")
    sandbox.seed_subscription(SECOND, parent="mail")
    ways: tuple[dict[str, Any], ...] = (
        {"subscriptions": [SUBSCRIPTION, SECOND]}, {}, {"management_group": "mail"},
    )  # fmt: skip
    found = {
        mine: [
            [str(one) for one in provider.scopes(block(sandbox, **more).within(mine.__eq__))]
            for more in ways
        ]
        for mine in (f"azure:{SUBSCRIPTION}", f"azure:{SECOND}")
    }
    assert found == {
        f"azure:{SUBSCRIPTION}": [[f"azure:{SUBSCRIPTION}"], [f"azure:{SUBSCRIPTION}"], []],
        f"azure:{SECOND}": [[f"azure:{SECOND}"]] * 3,
    }


def test_a_sweep_is_the_fewest_pages(provider: Provider, sandbox: Sandbox) -> None:
    """250 groups are three answers of the API's own page, and no group is asked for alone."""
    for number in range(250):
        sandbox.seed_nsg(f"n{number}", [rule("open", 300)], tags={"cloudsync": "smtp"})
    pages = list(provider.observe(scope(sandbox)))
    assert [len(page.targets) for page in pages if isinstance(page, AzureSnapshot)] == [
        100,
        100,
        51,
    ]
    assert set(operations(sandbox)) == {"NetworkSecurityGroups_ListAll"}
    assert len(sandbox.calls) == 3


def test_tags_are_compared_as_azure_does(provider: Provider, sandbox: Sandbox) -> None:
    """A tag's name counts in any case, its value as it stands."""
    sandbox.seed_nsg("other", [], tags={"cloudsync": "SMTP"})
    assert seen(provider, scope(sandbox)).targets == (f"azure:{SUBSCRIPTION}/mail/mx",)


def test_named_groups_are_spelt_as_asked(provider: Provider, sandbox: Sandbox) -> None:
    """Names in another case find their group; one that is gone is left out."""
    where = scope(sandbox, select={"ids": ["MAIL/MX", "mail/gone", "nowhere/gone"]})
    assert seen(provider, where).targets == (f"azure:{SUBSCRIPTION}/MAIL/MX",)
    close = seen(provider, where, f"azure:{SUBSCRIPTION}/MAIL/MX")
    assert close.targets == (f"azure:{SUBSCRIPTION}/MAIL/MX",)


def test_many_named_groups_of_one_resource_group_are_listed(
    provider: Provider, sandbox: Sandbox
) -> None:
    """More than three are one listing of their resource group."""
    ids = [f"mail/n{number}" for number in range(5)]
    for one in ids:
        sandbox.seed_nsg(one.partition("/")[2])
    found = seen(provider, scope(sandbox, select={"ids": ids}))
    assert len(found.targets) == 5
    assert operations(sandbox) == ["NetworkSecurityGroups_List"]


def test_a_change_is_one_mutating_call_a_rule(provider: Provider, sandbox: Sandbox) -> None:
    """Each step reads its rule, writes it once, and the group comes to rest."""
    want = wanted(*LISTED, mode=Mode.ENFORCE)
    steps = planned(provider, sandbox, want)
    assert [provider.apply(step) for step in steps] == [Outcome("done")] * 5
    assert sandbox.mutations() == [WRITE] * 5
    snapshot = seen(provider, scope(sandbox))
    (plan,) = make(provider.rules, snapshot, dict.fromkeys(snapshot.targets, want), "sha256:x")
    assert (plan.steps, plan.verdict) == ((), Verdict.IN_SYNC)


@pytest.mark.parametrize("if_match", ["nsg", "rule", "ignored"])
@pytest.mark.parametrize("lro", ["done", "async"])
def test_every_dialect_of_if_match(if_match: Any, lro: Any, clock: Clock) -> None:
    """A rule that stands is rewritten under a fresh etag, whosever change makes etags stale."""
    dialect = Dialect(if_match=if_match, lro=lro, lro_seconds=3.0 if lro == "async" else 0.0)
    provider = Provider(clock=clock, sleep=clock.sleep)
    with Sandbox(dialect=dialect, clock=clock) as sandbox:
        sandbox.seed_nsg("mx", [], tags={"cloudsync": "smtp"})
        for want in (wanted(*LISTED), wanted(LISTED[0], mode=Mode.ENFORCE)):
            steps = planned(provider, sandbox, want)
            assert {provider.apply(step).kind for step in steps} == {"done"}
        moved = planned(provider, sandbox, wanted("192.0.2.0/24"))
        assert {provider.apply(step).kind for step in moved} == {"done"}
    changes = [call for call in sandbox.calls if call.mutating]
    assert all(bool(call.if_match) for call in changes if call.operation == "SecurityRules_Delete")
    assert {call.outcome for call in changes} == {"ok"}
    if lro == "async":
        assert clock.slept
        assert max(clock.slept) <= 2.0


def test_a_rule_that_changed_meanwhile_is_left(provider: Provider, sandbox: Sandbox) -> None:
    """Between plan and call somebody rewrites our rule: nothing is written over it."""
    for step in planned(provider, sandbox, wanted(*LISTED)):
        provider.apply(step)
    (step,) = planned(provider, sandbox, wanted(LISTED[0]))
    name = step.call.old.name
    theirs = rule(name, 100, "8.8.8.8/32", label="mine now")
    sandbox.plant("mx", [theirs])
    outcome = provider.apply(step)
    assert outcome == Outcome(
        "stale",
        f"Microsoft.Network/networkSecurityGroups/securityRules/write: {name} isn't as it was when "
        "the plan was made",
        "The group changed meanwhile; the next run looks again.",
    )
    assert sandbox.mutations() == [WRITE]


def test_a_412_is_looked_at_again_and_bounded(provider: Provider, sandbox: Sandbox) -> None:
    """An etag that went stale in between is taken anew, once; after that the step is stale."""
    for step in planned(provider, sandbox, wanted(*LISTED)):
        provider.apply(step)
    (step,) = planned(provider, sandbox, wanted(LISTED[0]))
    sandbox.faults.stale(times=1)
    assert provider.apply(step) == Outcome("done")
    (step,) = planned(provider, sandbox, wanted(*LISTED))
    before = len(sandbox.mutations())
    sandbox.faults.stale(times=None)
    assert provider.apply(step).kind == "stale"
    assert len(sandbox.mutations()) - before == 2


@pytest.mark.parametrize(
    ("fault", "told", "kind", "writes"),
    [
        ("lost_after", {"operation": WRITE}, "unknown", 1),
        ("lost_before", {"operation": WRITE}, "unknown", 1),
        ("garbage", {"operation": WRITE}, "unknown", 1),
        ("throttle", {"operation": WRITE, "retry_after": 7}, "done", 2),
        ("throttle", {"operation": WRITE, "retry_after": 90}, "throttled", 1),
        ("busy", {"operation": WRITE}, "done", 2),
        ("busy", {"operation": WRITE, "times": None}, "throttled", 4),
        ("denied", {"operation": WRITE}, "denied", 1),
        ("refuse", {"operation": WRITE, "status": 400, "code": "Odd", "message": ""}, "failed", 1),
        ("refuse", {"operation": WRITE, "status": 503, "code": "", "message": ""}, "unknown", 1),
        ("ends_badly", {}, "unknown", 1),
    ],
)
def test_how_a_write_ends(
    fault: str, told: dict[str, Any], kind: str, writes: int, clock: Clock
) -> None:
    """By its code: what passes is tried again, what was lost never is, and nobody waits for ever."""
    provider = Provider(clock=clock, sleep=clock.sleep)
    with Sandbox(dialect=Dialect(lro="async"), clock=clock) as sandbox:
        sandbox.seed_nsg("mx", [], tags={"cloudsync": "smtp"})
        (step,) = planned(provider, sandbox, wanted(*LISTED))
        getattr(sandbox.faults, fault)(**told)
        outcome = provider.apply(step)
        assert (outcome.kind, len(sandbox.mutations())) == (kind, writes), outcome
        sandbox.faults.clear()
        # Whatever became of it, the next run finishes the work and then rests.
        assert {
            provider.apply(one).kind for one in planned(provider, sandbox, wanted(*LISTED))
        } <= {"done"}
        assert planned(provider, sandbox, wanted(*LISTED)) == ()


def test_retry_after_is_waited_for_within_the_deadline(
    provider: Provider, sandbox: Sandbox, clock: Clock
) -> None:
    """Retry-After is waited for as told; where the run would be over by then, it isn't."""
    (step,) = planned(provider, sandbox, wanted(*LISTED))
    sandbox.faults.throttle(WRITE, retry_after=7, times=None)
    assert provider.apply(step, clock.now + 5).kind == "throttled"
    assert clock.slept == []
    sandbox.faults.clear()
    sandbox.faults.throttle(WRITE, retry_after=7, times=1)
    assert provider.apply(step, clock.now + 60) == Outcome("done")
    assert clock.slept == [7.0]


def test_after_the_deadline_nothing_is_called(
    provider: Provider, sandbox: Sandbox, clock: Clock
) -> None:
    """A look and a step whose time is over call nothing and say so."""
    (step,) = planned(provider, sandbox, wanted(*LISTED))
    before = len(sandbox.calls)
    assert provider.apply(step, clock.now).kind == "throttled"
    (unread,) = provider.observe(scope(sandbox), None, clock.now)
    assert isinstance(unread, Unreadable)
    assert unread.reason.startswith("the time ran out before ")
    assert len(sandbox.calls) == before


def test_an_operation_that_outlives_the_deadline_is_unknown(clock: Clock) -> None:
    """What was begun goes on without us; the next look tells."""
    provider = Provider(clock=clock, sleep=clock.sleep)
    with Sandbox(dialect=Dialect(lro="async", lro_seconds=30.0), clock=clock) as sandbox:
        sandbox.seed_nsg("mx", [], tags={"cloudsync": "smtp"})
        (step,) = planned(provider, sandbox, wanted(*LISTED))
        assert provider.apply(step, clock.now + 5) == Outcome(
            "unknown",
            "the answer to Microsoft.Network/networkSecurityGroups/securityRules/write was lost: "
            "the time ran out before it was done",
        )


def test_a_subscription_that_cannot_be_read_says_why(provider: Provider, sandbox: Sandbox) -> None:
    """Denied, missing or out of reach: the scope is unreadable, with the reason and a way out."""
    sandbox.seed_subscription(SECOND)
    sandbox.faults.denied("NetworkSecurityGroups_ListAll", subscription=SUBSCRIPTION)
    (denied,) = provider.observe(scope(sandbox))
    assert denied == Unreadable(
        f"azure:{SUBSCRIPTION}",
        "access to Microsoft.Network/networkSecurityGroups/read was denied (AuthorizationFailed)",
        "Allow Microsoft.Network/networkSecurityGroups/read; the role in "
        "providers/azure/permissions/watch.json holds all that is needed.",
    )
    absent = Scope("azure:" + "9" * 8 + SUBSCRIPTION[8:], block(sandbox))
    (missing,) = provider.observe(absent)
    assert isinstance(missing, Unreadable)
    assert "SubscriptionNotFound" in missing.reason
    sandbox.stop()
    (away,) = provider.observe(Scope(f"azure:{SUBSCRIPTION}", absent.settings))
    assert isinstance(away, Unreadable)
    assert away.reason.endswith("can't be reached")
    sandbox.start()


def test_a_page_that_fails_leaves_the_rest_unreadable(
    provider: Provider, sandbox: Sandbox, clock: Clock
) -> None:
    """An answer that is lost is asked for again; where that doesn't help, the rest is unread."""
    sandbox.faults.lost_before("NetworkSecurityGroups_ListAll", times=2)
    assert seen(provider, scope(sandbox)).targets == (f"azure:{SUBSCRIPTION}/mail/mx",)
    assert clock.slept == [1.0, 2.0]
    for number in range(150):
        sandbox.seed_nsg(f"n{number}", [], tags={"cloudsync": "smtp"})
    sandbox.faults.throttle("NetworkSecurityGroups_ListAll", skip=1, times=None)
    pages = list(provider.observe(scope(sandbox)))
    assert isinstance(pages[0], AzureSnapshot)
    assert isinstance(pages[1], Unreadable)


def test_rules_that_cannot_be_read_are_never_in_sync(provider: Provider, sandbox: Sandbox) -> None:
    """An answer that isn't a security rule's makes the scope unreadable, not empty."""
    sandbox.faults.garbage("NetworkSecurityGroups_ListAll", times=None)
    (found,) = provider.observe(scope(sandbox))
    assert isinstance(found, Unreadable)


def test_the_placeholder_goes_to_this_machine_alone() -> None:
    """A stand-in that leads elsewhere is refused, and sees no token."""
    from azure.core.pipeline import PipelineContext, PipelineRequest
    from azure.core.rest import HttpRequest

    def asked(url: str) -> Any:
        request: Any = PipelineRequest(HttpRequest("GET", url), PipelineContext(None))
        placeholder().on_request(request)
        return request.http_request.headers

    assert asked("http://127.0.0.1:1/x")["Authorization"] == f"Bearer {PLACEHOLDER}"
    for url in ("https://management.azure.com/x", "http://192.0.2.1/x", "https://127.0.0.1/x"):
        with pytest.raises(UsageError, match="a stand-in on this machine leads to"):
            asked(url)
    assert not needs_no_credentials("http://example.com")
    assert not needs_no_credentials(None)


@pytest.mark.parametrize(
    ("endpoint", "whose"),
    [
        (None, "https://management.azure.com"),
        ("https://arm.example.com", "https://management.azure.com"),
        ("https://management.usgovcloudapi.net", "https://management.usgovcloudapi.net"),
        ("https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
    ],
)
def test_whose_token_an_endpoint_takes(endpoint: str | None, whose: str) -> None:
    """A sovereign cloud has tokens of its own; any other endpoint is a way to the public one."""
    assert audience(endpoint) == whose


def test_without_credentials_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity that can't be found is an error in use, with the ways to one."""
    from azure.core.exceptions import ClientAuthenticationError

    def nobody(*_found: Any) -> None:
        raise ClientAuthenticationError(message="no credential in this chain\nprovided a token")

    monkeypatch.setattr("cloudsync_azure.client.Clients.signed_in", nobody)
    settings = AzureSettings.model_validate(
        {"provider": "azure", "mode": "watch", "select": {"ids": ["a/b"]}, "protect": "all"}
    )
    with pytest.raises(UsageError) as caught:
        list(Provider().scopes(settings))
    assert str(caught.value) == (
        "provider azure: no credentials were found (no credential in this chain provided a token). "
        "Nothing was changed. Run where a managed or workload identity is attached, set "
        "AZURE_CLIENT_ID, AZURE_TENANT_ID and the like, or sign in with az login."
    )


def test_a_tenant_is_asked_for_its_own_token() -> None:
    """With tenant: the token is that tenant's, whichever the identity's own is."""
    from cloudsync_azure.client import OfTenant

    class Inner:
        def get_token(self, *scopes: str, **options: Any) -> Any:
            return scopes, options

    assert OfTenant(Inner(), "t").get_token("s", claims=None) == (
        ("s",), {"claims": None, "tenant_id": "t"},
    )  # fmt: skip


def test_the_sdk_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the provider says which extra to install."""
    find = importlib.util.find_spec

    def found(module: str) -> object:
        return None if "graph" in module else find(module)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    with pytest.raises(UsageError) as caught:
        Provider()
    assert str(caught.value) == (
        "provider azure: azure.mgmt.resourcegraph isn't installed. Nothing was changed. "
        "Install cloudsync-smtp[azure]."
    )


def test_only_this_clouds_sdk_is_loaded() -> None:
    """Looking at Azure loads neither boto3 nor Google's SDK, and making a provider loads no SDK."""
    program = """
import sys
from cloudsync.registry import find
made = find("azure")()
before = [name for name in sys.modules if name.startswith("azure.core")]
from cloudsync_azure.sandbox import Sandbox
with Sandbox() as sandbox:
    sandbox.seed_nsg("mx")
    block = made.settings.model_validate({"provider": "azure", "mode": "watch", "protect": "all",
        "endpoint": sandbox.endpoint, "select": {"ids": ["mail/mx"]}})
    for scope in made.scopes(block):
        assert [one.targets for one in made.observe(scope)]
loaded = set(sys.modules) - {"google", "google.cloud"}  # some package's path file makes these two
others = [name for name in loaded if name.split(".")[0] in {"boto3", "botocore", "google"}]
print(before, others)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[] []\n"


def test_a_reader_may_look_and_not_change(clock: Clock) -> None:
    """Who may only read sees everything; a change is denied with the action that it needs."""
    provider = Provider(clock=clock, sleep=clock.sleep)
    with Sandbox(clock=clock) as sandbox:
        sandbox.seed_nsg("mx", [], tags={"cloudsync": "smtp"})
        reader = Principal("reader", actions=("*/read",))
        sandbox.seed_principal(PLACEHOLDER, reader)
        (step,) = planned(provider, sandbox, wanted(*LISTED))
        outcome = provider.apply(step)
    assert outcome.kind == "denied"
    assert outcome.todo == (
        "Allow Microsoft.Network/networkSecurityGroups/securityRules/write; the role in "
        "providers/azure/permissions/write.json holds all that is needed."
    )
