"""The provider over the wire: the official SDK talks to the sandbox."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.config.target import Place
from cloudsync.errors import UsageError
from cloudsync.model import Mode, Wanted
from cloudsync.plan import make
from cloudsync.provider import Outcome, Scope, Unreadable
from cloudsync.tells import Accounts
from cloudsync_gcp.client import placeholder
from cloudsync_gcp.provider import Provider
from cloudsync_gcp.sandbox import Dialect, Sandbox
from cloudsync_gcp.settings import GcpSelect, GcpSettings
from cloudsync_gcp.snapshot import GcpSnapshot
from tests.contract.ec2 import Clock
from tests.contract.gcp import classic, in_policy
from tests.providers.gcp.networks import want

MUTATING = "mutating"
ACCOUNT = "mx@mail-prod.iam.gserviceaccount.com"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with one project."""
    with Sandbox() as found:
        yield found


def block(sandbox: Sandbox, **more: Any) -> GcpSettings:
    """A target block for the sandbox."""
    said: dict[str, Any] = {
        "mode": "watch",
        "endpoint": sandbox.endpoint,
        "projects": ["mail-prod"],
        "select": {"network": "default", "tags": ["smtp"]},
    }
    if "folder" in more or "organization" in more:
        del said["projects"]
    return GcpSettings.model_validate({**said, **more})


def made() -> Provider:
    """A provider whose waits take no time."""
    clock = Clock()
    return Provider(clock=clock, sleep=clock.sleep)


def scope_of(provider: Provider, settings: GcpSettings) -> Scope:
    """The only scope of a block."""
    (scope,) = provider.scopes(settings)
    assert isinstance(scope, Scope)
    return scope


def seen(provider: Provider, settings: GcpSettings) -> GcpSnapshot | Unreadable:
    """The only answer to a look."""
    (found,) = provider.observe(scope_of(provider, settings))
    return found


def looked(provider: Provider, settings: GcpSettings) -> GcpSnapshot:
    """A look that succeeds."""
    found = seen(provider, settings)
    assert isinstance(found, GcpSnapshot), found
    return found


def opened(sandbox: Sandbox, name: str, priority: int, *sources: str, **more: Any) -> None:
    """A rule on the default network."""
    sandbox.seed_firewall(
        {**classic(name, priority, *sources, **more), "network": "global/networks/default"}
    )


def apply(provider: Provider, settings: GcpSettings, wanted: Wanted) -> list[Outcome]:
    """Make every step of a plan."""
    snapshot = looked(provider, settings)
    (plan,) = make(provider.rules, snapshot, dict.fromkeys(snapshot.targets, wanted), "sha256:t")
    return [provider.apply(step) for step in plan.steps]


def operations(sandbox: Sandbox) -> list[str]:
    """What was called."""
    return [call.operation.removeprefix("compute.") for call in sandbox.calls]


def test_a_sweep_is_three_calls_a_network(sandbox: Sandbox) -> None:
    """One page of rules, the policies in force, and the regions that have some: no more."""
    for number in range(400):
        opened(sandbox, f"r{number}", number, "8.8.8.8/32")
    looked(made(), block(sandbox))
    assert operations(sandbox) == [
        "networks.getEffectiveFirewalls", "networkFirewallPolicies.aggregatedList",
        "firewalls.list",
    ]  # fmt: skip


def test_pages_of_five_hundred(sandbox: Sandbox) -> None:
    """1,001 rules come in three pages, and all of them are read."""
    for number in range(1_001):
        opened(sandbox, f"r{number}", number, "8.8.8.8/32")
    snapshot = looked(made(), block(sandbox))
    assert operations(sandbox).count("firewalls.list") == 3
    assert len(snapshot.network.names) == 1_001


def test_another_network_isnt_read(sandbox: Sandbox) -> None:
    """Rules of other networks in the project are filtered out by Google."""
    sandbox.seed_network("other")
    sandbox.seed_firewall(
        {**classic("elsewhere", 9, "0.0.0.0/0"), "network": "global/networks/other"}
    )
    assert looked(made(), block(sandbox)).network.names == frozenset()


@pytest.mark.parametrize("before", [True, False])
def test_policies_are_asked_in_the_networks_order(sandbox: Sandbox, before: bool) -> None:
    """A network policy's deny stops what a classic rule lets in, if it is asked first."""
    sandbox.seed_network("default", before_classic=before)
    opened(sandbox, "open", 1000, "8.8.8.0/24")
    sandbox.seed_policy("p", [in_policy("d", 5, "8.8.8.0/24", action="deny")], network="default")
    provider = made()
    snapshot = looked(provider, block(sandbox))
    (exposure,) = provider.rules.exposure(snapshot, 25).values()
    assert bool(exposure.possible) is not before


def test_a_regional_policy_is_for_some_machines(sandbox: Sandbox) -> None:
    """Only the regions that have one are asked, and what it lets in is possible, not certain."""
    sandbox.seed_policy(
        "r", [in_policy("a", 5, "8.8.8.0/24")], network="default", region="europe-west1"
    )
    provider = made()
    snapshot = looked(provider, block(sandbox))
    (exposure,) = provider.rules.exposure(snapshot, 25).values()
    assert (exposure.possible, exposure.certain) == (AddressSet.of("8.8.8.0/24"), AddressSet())
    called = operations(sandbox)
    assert called.count("regionNetworkFirewallPolicies.getEffectiveFirewalls") == 1


def test_a_hierarchical_policy_is_asked_first() -> None:
    """What an organization denies is stopped, whatever the network says."""
    with Sandbox(projects=()) as sandbox:
        sandbox.seed_project("mail-prod", organization="organizations/1")
        opened(sandbox, "open", 1000, "8.8.8.0/24")
        sandbox.seed_hierarchical_policy(
            "base", [in_policy("d", 5, "8.8.8.0/24", action="deny")], target="organizations/1"
        )
        provider = made()
        snapshot = looked(provider, block(sandbox))
        (exposure,) = provider.rules.exposure(snapshot, 25).values()
        assert not exposure.possible


def test_projects_under_a_folder() -> None:
    """Every project below it that has the network is a scope; one without it holds no target."""
    with Sandbox(projects=()) as sandbox:
        for number in range(3):
            sandbox.seed_project(f"mail-{number}-x", folders=("folders/77",))
        sandbox.seed_project("elsewhere-1", folders=("folders/78",))
        provider = made()
        scopes = list(provider.scopes(block(sandbox, folder="77")))
        assert [str(scope) for scope in scopes if isinstance(scope, Scope)] == [
            "gcp:mail-0-x", "gcp:mail-1-x", "gcp:mail-2-x",
        ]  # fmt: skip


def test_what_was_listed_for_a_block_is_not_asked_for_again() -> None:
    """The scopes are the same, and Google hears of it once; a block that names them lists none."""
    with Sandbox(projects=()) as sandbox:
        for number in range(3):
            sandbox.seed_project(f"mail-{number}-x", folders=("folders/77",))
        provider = made()
        asked = block(sandbox, folder="77")
        scopes = list(provider.scopes(asked))
        sandbox.calls.clear()
        kept: list[int] = []
        listed = provider.accounts(asked, lambda: kept.append(1))
        assert listed
        assert len(kept) == len(operations(sandbox)) == 1
        sandbox.calls.clear()
        assert [str(one) for one in provider.scopes(asked.knowing(listed))] == [*map(str, scopes)]
        lost = Accounts((), (Unreadable("gcp:folders/77", "no", "ask"),))
        assert list(provider.scopes(asked.knowing(lost))) == [*lost.unlisted]
        assert operations(sandbox) == []
        assert provider.accounts(block(sandbox, projects=["mail-0-x"]), lambda: None) is None


def test_only_projects_that_are_asked_for_are_scopes() -> None:
    """A process with a share of them looks at no other, and refuses what any of them would."""
    names = ["mail-0-x", "mail-1-x"]
    mine = "gcp:mail-1-x".__eq__
    with Sandbox(projects=()) as sandbox:
        for name in names:
            sandbox.seed_project(name, folders=("folders/77",))
        provider = made()
        for more in ({"folder": "77"}, {"projects": names}):
            asked = block(sandbox, **more).within(mine)
            assert [str(one) for one in provider.scopes(asked)] == ["gcp:mail-1-x"]
        other = block(sandbox, projects=names[:1], mode="add").placed(Place(1)).within(mine)
        with pytest.raises(UsageError, match="on the network default of mail-0-x can belong to"):
            provider.scopes(other)


def test_a_service_project_names_its_host(sandbox: Sandbox) -> None:
    """Where the network is the host project's, the message says which project to name."""
    sandbox.seed_project("host-proj", host="")
    sandbox.seed_network("shared", project="host-proj")
    sandbox.seed_project("service-1", host="host-proj")
    select = {"network": "shared", "tags": ["smtp"]}
    assert seen(made(), block(sandbox, projects=["service-1"], select=select)) == Unreadable(
        "gcp:service-1",
        "the network shared isn't its own: it uses those of the host project host-proj",
        "Name host-proj under projects: a shared network's rules stand there.",
    )


def test_403_is_told_apart_by_its_reason(sandbox: Sandbox) -> None:
    """A missing permission, a disabled API and too many calls are three things."""
    settings, provider = block(sandbox), made()
    sandbox.faults.denied(permission="compute.firewalls.list")
    denied = seen(provider, settings)
    sandbox.faults.clear()
    sandbox.change_project("mail-prod", enabled=False)
    disabled = seen(provider, settings)
    sandbox.change_project("mail-prod", enabled=True)
    sandbox.faults.rate_limited(times=None)
    throttled = seen(provider, settings)
    sandbox.faults.clear()
    sandbox.faults.rate_limited(times=1)
    assert isinstance(seen(provider, settings), GcpSnapshot)
    action = "networks.getEffectiveFirewalls"
    assert [denied, disabled, throttled] == [
        Unreadable(
            "gcp:mail-prod",
            f"access to {action} was denied (forbidden)",
            f"Grant what {action} needs; providers/gcp/permissions/watch.yaml holds all of it.",
        ),
        Unreadable(
            "gcp:mail-prod",
            f"the API that {action} belongs to is disabled (SERVICE_DISABLED)",
            "Enable it: gcloud services enable compute.googleapis.com, or leave the project out.",
        ),
        Unreadable(
            "gcp:mail-prod",
            f"Google throttled {action} (RATE_LIMIT_EXCEEDED)",
            "Run again later; other tools of this project call the same methods.",
        ),
    ]


def test_nobody_listens() -> None:
    """A dead endpoint is unreadable in one line, without a traceback."""
    with Sandbox() as sandbox:
        settings = block(sandbox)
    found = seen(made(), settings)
    assert isinstance(found, Unreadable)
    assert found.reason == f"{settings.endpoint} can't be reached"


def test_garbage_is_no_answer(sandbox: Sandbox) -> None:
    """A proxy's page in place of JSON makes the scope unreadable."""
    sandbox.faults.garbage(times=None)
    found = seen(made(), block(sandbox))
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"the answer of {sandbox.endpoint} can't be read")


def test_a_lost_answer_is_asked_for_again_with_the_same_id(sandbox: Sandbox) -> None:
    """The second try bears the first one's request id, so that nothing is made twice."""
    sandbox.faults.lost_after(MUTATING, times=1)
    provider = made()
    assert apply(provider, block(sandbox), want(Mode.ADD)) == [Outcome("done")] * 2
    ids = [call.query["requestId"] for call in sandbox.calls if call.mutating]
    assert ids[0] == ids[1] != ids[2]
    assert all(uuid.UUID(one) for one in ids)
    assert len(sandbox.firewalls()) == 2


def test_an_operation_that_fails_inside_is_an_error(sandbox: Sandbox) -> None:
    """HTTP 200 with an operation in error is not done, and its reason is read."""
    sandbox.set_permissions(None)
    with Sandbox(quota=0, dialect=Dialect(quota="inside")) as full:
        provider, settings = made(), block(full)
        snapshot = looked(provider, settings)
        (step, *_) = provider.rules.steps(
            GcpSnapshot(snapshot.scope, snapshot.network, snapshot.places, endpoint=full.endpoint),
            dict.fromkeys(snapshot.targets, want(Mode.ADD)),
        ).steps
        outcome = provider.apply(step)
        assert (outcome.kind, outcome.todo) == (
            "limit", "Raise the quota, or delete rules that nothing needs.",
        )  # fmt: skip
        assert full.firewalls() == {}


@pytest.mark.parametrize("dialect", ["403", "413"])
def test_the_quota_is_read_live_and_a_full_one_is_refused_before_the_first_call(
    dialect: Any,
) -> None:
    """With room for one rule and two to make, nothing is called; the numbers are told."""
    with Sandbox(quota=1, dialect=Dialect(quota=dialect)) as sandbox:
        provider, settings = made(), block(sandbox)
        snapshot = looked(provider, settings)
        (plan,) = make(
            provider.rules, snapshot, dict.fromkeys(snapshot.targets, want(Mode.ADD)), "d"
        )
        assert plan.steps == ()
        assert plan.refusal is not None
        assert plan.refusal.what == (
            "would add 2 firewall rules to the 0 that project mail-prod holds, and its quota "
            "FIREWALLS is 1"
        )


def test_a_busy_rule_is_tried_again(sandbox: Sandbox) -> None:
    """ResourceNotReady passes in a moment; three times in a row it is the next run's."""
    sandbox.faults.not_ready(times=1)
    assert apply(made(), block(sandbox), want(Mode.ADD)) == [Outcome("done")] * 2


def test_a_rule_that_somebody_made_meanwhile_is_looked_at(sandbox: Sandbox) -> None:
    """An insert that meets its own rule is done; one that meets another network's says whose."""
    provider, settings = made(), block(sandbox)
    snapshot = looked(provider, settings)
    steps = provider.rules.steps(snapshot, dict.fromkeys(snapshot.targets, want(Mode.ADD))).steps
    assert [provider.apply(step) for step in (*steps, *steps)] == [Outcome("done")] * 4
    for name in sandbox.firewalls():
        sandbox.uproot(name)
    sandbox.seed_network("other")
    sandbox.plant(
        {**classic(steps[0].call.name, 9, "8.8.8.8/32"), "network": "global/networks/other"}
    )
    assert provider.apply(steps[0]) == Outcome(
        "failed",
        f"firewalls.insert: the name {steps[0].call.name} is taken by a rule of the network other",
        "Delete or rename that rule: names are unique in a project.",
    )


@pytest.mark.parametrize(
    ("then", "method"), [(("69.20.58.226/32", "8.8.4.4/32"), "patch"), (("8.8.4.4/32",), "delete")]
)
def test_a_classic_rule_that_changed_meanwhile_keeps_what_it_was_given(
    sandbox: Sandbox, then: tuple[str, ...], method: str
) -> None:
    """Whoever was let in since it was planned isn't taken away with the array, or the rule."""
    provider, settings = made(), block(sandbox)
    apply(provider, settings, want(Mode.ADD, "69.20.58.226/32", "2001:4800:10::/48"))
    snapshot = looked(provider, settings)
    wants = dict.fromkeys(snapshot.targets, want(Mode.ADD, *then))
    steps = provider.rules.steps(snapshot, wants).steps
    step = next(one for one in steps if one.call.action == f"firewalls.{method}")
    body = sandbox.firewalls()[step.call.name]
    more = [*body["sourceRanges"], "2001:db8::/32" if method == "delete" else "9.9.9.9/32"]
    sandbox.uproot(step.call.name)
    sandbox.plant({**body, "sourceRanges": more})
    assert provider.apply(step) == Outcome(
        "stale",
        f"firewalls.{method}: {step.call.name} isn't as it was when this was planned",
        "The rules changed meanwhile; the next run looks again.",
    )
    assert sandbox.firewalls()[step.call.name]["sourceRanges"] == more


def test_a_classic_rule_that_is_right_or_gone_by_now_is_done(sandbox: Sandbox) -> None:
    """By an earlier try whose answer was lost: nothing is written again, and nothing is amiss."""
    provider, settings = made(), block(sandbox)
    apply(provider, settings, want(Mode.ADD))
    snapshot = looked(provider, settings)
    wants = dict.fromkeys(snapshot.targets, want(Mode.ADD, "8.8.4.4/32"))
    steps = provider.rules.steps(snapshot, wants).steps
    assert {step.verb for step in steps} == {"replace", "remove"}
    assert [provider.apply(step) for step in steps] == [Outcome("done")] * 2
    calls = len([call for call in sandbox.calls if call.method == "PATCH"])
    assert [provider.apply(step) for step in steps] == [Outcome("done")] * 2
    assert len([call for call in sandbox.calls if call.method == "PATCH"]) == calls


def test_a_classic_rule_that_cant_be_read_isnt_written(sandbox: Sandbox) -> None:
    """What was denied is told as that; an answer that was lost leaves nothing unknown."""
    provider, settings = made(), block(sandbox)
    apply(provider, settings, want(Mode.ADD))
    snapshot = looked(provider, settings)
    wants = dict.fromkeys(snapshot.targets, want(Mode.ADD, "8.8.4.4/32"))
    (step, *_) = provider.rules.steps(snapshot, wants).steps
    before = sandbox.firewalls()
    sandbox.faults.denied("compute.firewalls.get", times=1)
    assert provider.apply(step).kind == "denied"
    sandbox.faults.lost_before("compute.firewalls.get", times=9)
    assert provider.apply(step).kind == "failed"
    assert sandbox.firewalls() == before


def test_a_stale_fingerprint_changes_nothing(sandbox: Sandbox) -> None:
    """A policy that changed since it was read is left alone, whenever it changed."""
    sandbox.seed_policy("p", network="default")
    settings = block(
        sandbox, kind="network-policy", select={"network": "default", "service_accounts": [ACCOUNT]}
    )
    provider = made()
    snapshot = looked(provider, settings)
    wants = dict.fromkeys(snapshot.targets, want(Mode.ADD))
    (step, *_) = provider.rules.steps(snapshot, wants).steps
    sandbox.faults.stale(times=1)
    assert provider.apply(step).kind == "stale"
    sandbox.replant_policy("p", [in_policy("new", 7, "8.8.8.0/24")])
    assert provider.apply(step) == Outcome(
        "stale",
        "networkFirewallPolicies.patch: the policy p isn't as it was when this was planned",
        "The rules changed meanwhile; the next run looks again.",
    )
    assert len(sandbox.policy("p")["rules"]) == 5


def test_no_source_is_never_sent(sandbox: Sandbox) -> None:
    """A rule that loses all it holds is deleted: an empty list would open it, or do nothing."""
    provider, settings = made(), block(sandbox)
    apply(provider, settings, want(Mode.ADD))
    apply(provider, settings, want(Mode.ADD, "69.20.58.226/32"))
    bodies = [call.body for call in sandbox.calls if call.mutating and call.method != "DELETE"]
    assert all(body["sourceRanges"] for body in bodies)
    assert [call.method for call in sandbox.calls if call.mutating][-2:] == ["PATCH", "DELETE"]


def test_a_deadline_that_is_over(sandbox: Sandbox) -> None:
    """No call is made once the time is up."""
    provider, settings = made(), block(sandbox)
    (found,) = provider.observe(scope_of(provider, settings), deadline=0.0)
    assert isinstance(found, Unreadable)
    assert sandbox.calls == []


def test_no_credentials_is_an_error_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Without any credentials the first call isn't made, and the message says how to get some."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    settings = GcpSettings.model_validate(
        {"mode": "watch", "projects": ["mail-prod"], "select": {"network": "n", "all": True}}
    )
    with pytest.raises(UsageError) as raised:
        list(made().scopes(settings))
    assert str(raised.value).startswith("provider gcp: no credentials were found (File ")
    assert str(raised.value).endswith("or run where a service account is attached.")


@pytest.mark.parametrize(
    ("endpoint", "without"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("https://127.0.0.1:8080", False),
        ("https://compute.googleapis.com", False),
        ("http://10.0.0.1", False),
        (None, False),
    ],
)
def test_placeholder_credentials_are_for_loopback_alone(
    endpoint: str | None, without: bool
) -> None:
    """Only http on this machine goes without credentials."""
    assert placeholder(endpoint) is without


def test_two_blocks_that_share_machines_must_agree(sandbox: Sandbox) -> None:
    """Two tags of one network in two blocks with other modes are refused before any look."""
    provider = made()
    first = block(sandbox)
    list(provider.scopes(first))
    select = GcpSelect(network="default", tags=("mx",))
    other = replace(first, mode="add", select=select).placed(Place(1))
    with pytest.raises(UsageError, match="differ in mode"):
        list(provider.scopes(other))


def test_survey_finds_networks_and_targets(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every network of the project, and every target that a rule lets anybody in to."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "mail-prod")
    opened(sandbox, "open", 1000, "0.0.0.0/0", targetTags=["smtp"])
    opened(sandbox, "ssh", 1000, "0.0.0.0/0", ports=(22, 22))
    provider = made()
    snapshot = looked(provider, provider.survey((), sandbox.endpoint))
    assert snapshot.targets == ("gcp:mail-prod/default/tag:smtp", "gcp:mail-prod/default/all")


def test_importing_the_provider_loads_no_sdk() -> None:
    """A configuration of another cloud pays nothing for this one."""
    code = (
        "import sys, cloudsync_gcp.provider, cloudsync_aws.provider; "
        "loaded = set(sys.modules) - {'google', 'google.cloud'}; "  # a path file makes these two
        "print(sorted(m for m in loaded if m.split('.')[0] in {'google', 'boto3', 'azure'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_loads_googles_sdk_and_no_others(sandbox: Sandbox) -> None:
    """A look and a change over the wire import neither boto3 nor Azure's packages."""
    code = (
        "import sys\n"
        "from cloudsync_gcp.provider import Provider\n"
        "from cloudsync_gcp.settings import GcpSettings\n"
        "settings = GcpSettings.model_validate({'mode': 'watch', 'projects': ['mail-prod'],\n"
        f"    'endpoint': {sandbox.endpoint!r}, 'select': {{'network': 'default', 'all': True}}}})\n"
        "provider = Provider()\n"
        "for scope in provider.scopes(settings):\n"
        "    print([one.targets for one in provider.observe(scope)])\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'google', 'boto3', 'azure'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[('gcp:mail-prod/default/all',)]\n['google']\n"
