from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from cloudsync.addresses import EVERYONE
from cloudsync.errors import UsageError
from cloudsync.exposure import Name
from cloudsync.model import Mode, Wanted
from cloudsync.plan import look
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync_aws.provider import Provider
from cloudsync_aws.reading import closely
from cloudsync_aws.sandbox import Dialect, Sandbox
from cloudsync_aws.settings import AwsSettings
from cloudsync_aws.snapshot import AwsSnapshot
from tests.providers.aws.fleets import own, permission

EAST = "us-east-1"
GROUPS, RULES = "DescribeSecurityGroups", "DescribeSecurityGroupRules"
AUTHORIZE = "AuthorizeSecurityGroupIngress"
REVOKE = "RevokeSecurityGroupIngress"
DESCRIBE = "UpdateSecurityGroupRuleDescriptionsIngress"


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let them pass at once."""
        self.now += seconds


def _at_once(seconds: float) -> None:
    """Sleep no second."""


def _nowhere(name: str) -> None:
    """Find no module."""


@pytest.fixture
def clock() -> Clock:
    """The clock of sandbox and provider."""
    return Clock()


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Sandbox]:
    """A cloud that the SDK's own variables lead to."""
    with Sandbox(clock=clock) as found:
        for name, value in found.environment().items():
            monkeypatch.setenv(name, value)
        # The SDK waits for seconds between its attempts; what it does then is its own affair.
        monkeypatch.setattr("botocore.endpoint.time.sleep", _at_once)
        yield found


@pytest.fixture
def provider(clock: Clock) -> Provider:
    """A provider for one run."""
    return Provider(clock=clock, sleep=clock.sleep)


def settings(**keys: Any) -> AwsSettings:
    """A target block."""
    select = {"tags": {"cloudsync": "smtp"}}
    return AwsSettings.model_validate({"mode": "add", "select": select, "regions": [EAST], **keys})


def tagged(sandbox: Sandbox, *permissions: Any, name: str = "mail", region: str = EAST) -> str:
    """A group that the block selects; its id."""
    return sandbox.seed_group(
        region=region, name=name, tags={"cloudsync": "smtp"}, permissions=permissions
    )


def scope_of(provider: Provider, block: AwsSettings) -> Scope:
    """The one scope of a block with one region."""
    (scope,) = provider.scopes(block)
    assert isinstance(scope, Scope)
    return scope


def seen_by(
    provider: Provider, block: AwsSettings, only: frozenset[str] | None = None
) -> list[AwsSnapshot | Unreadable]:
    """All that one observation gives."""
    found: list[Any] = list(provider.observe(scope_of(provider, block), only))
    return found


def steps(provider: Provider, *networks: str, close: bool = True) -> tuple[Step, ...]:
    """The steps after a look at all groups, a close one where it is asked for."""
    want = Wanted("mail", Mode.ENFORCE, tuple(map(ip_network, networks)), internal="keep")
    found: list[Step] = []
    for swept in seen_by(provider, settings()):
        assert isinstance(swept, AwsSnapshot)
        only = frozenset(swept.targets) if close else None
        (snapshot,) = seen_by(provider, settings(), only)
        assert isinstance(snapshot, AwsSnapshot)
        found += provider.rules.steps(snapshot, dict.fromkeys(snapshot.targets, want)).steps
    return tuple(found)


def actions(sandbox: Sandbox) -> list[str]:
    """What was called since the last time, without the question who calls."""
    found = [call.action for call in sandbox.calls if call.action != "GetCallerIdentity"]
    sandbox.calls.clear()
    return found


def standing(sandbox: Sandbox, group: str) -> set[str]:
    """The networks in the group's rules for port 25."""
    return {
        one["CidrIp"]
        for each in sandbox.groups(EAST)[group]["IpPermissions"]
        for one in each.get("IpRanges", [])
    }


# --- scopes ------------------------------------------------------------------------------------


def test_regions_given(sandbox: Sandbox, provider: Provider) -> None:
    """A scope a region of the block, without asking which there are."""
    found = list(provider.scopes(settings(regions=["eu-west-1", "us-east-1"])))
    assert [str(one) for one in found] == [
        "aws:123456789012/eu-west-1",
        "aws:123456789012/us-east-1",
    ]
    assert actions(sandbox) == []


def test_every_enabled_region(sandbox: Sandbox, provider: Provider) -> None:
    """Without regions, every enabled one; who calls is asked once, however many blocks there are."""
    for _ in range(2):
        found = list(provider.scopes(settings(regions=None)))
        assert [str(one) for one in found] == [
            "aws:123456789012/eu-west-1",
            "aws:123456789012/us-east-1",
        ]
    assert [call.action for call in sandbox.calls] == [
        "GetCallerIdentity",
        "DescribeRegions",
        "DescribeRegions",
    ]


def test_own_account_named(sandbox: Sandbox, provider: Provider) -> None:
    """An account that is named must be the caller's."""
    block = settings(accounts=[{"id": "123456789012"}])
    assert scope_of(provider, block) == Scope("aws:123456789012/us-east-1")
    with pytest.raises(UsageError) as raised:
        provider.scopes(settings(accounts=[{"id": "999999999999"}]))
    assert str(raised.value) == (
        "targets[0].accounts: names account 999999999999, and the credentials belong to "
        "123456789012. Nothing was changed. Use credentials of the account that is named, or "
        "name the role: to assume there."
    )


def test_no_credentials(
    sandbox: Sandbox, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials nothing can be asked, and that is the user's to mend."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError) as raised:
        provider.scopes(settings())
    assert str(raised.value) == (
        "provider aws: no credentials were found (Unable to locate credentials). Nothing was "
        "changed. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a "
        "role is attached."
    )
    assert sandbox.calls == []


def test_identity_denied(sandbox: Sandbox, provider: Provider) -> None:
    """Where AWS won't say who calls, every region that is known by name is unreadable."""
    sandbox.faults.denied("GetCallerIdentity")
    todo = (
        "Allow sts:GetCallerIdentity; providers/aws/permissions/watch.json holds all that is "
        "needed."
    )
    what = "access to GetCallerIdentity was denied (AccessDenied)"
    assert list(provider.scopes(settings())) == [Unreadable("aws", what, todo)]
    block = settings(accounts=[{"id": "123456789012"}])
    assert list(provider.scopes(block)) == [Unreadable("aws:123456789012/us-east-1", what, todo)]


def test_endpoint_down(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint where nobody listens is unreadable, and named."""
    with Sandbox() as gone:
        url = gone.url
        for name, value in gone.environment().items():
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time.sleep", _at_once)
    assert list(provider.scopes(settings())) == [
        Unreadable(
            "aws",
            f"{url} can't be reached",
            "Check the network, and endpoint or AWS_ENDPOINT_URL.",
        )
    ]


def test_endpoint_of_the_block(
    sandbox: Sandbox, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block's endpoint goes before the SDK's variables, in reads and in changes."""
    group = tagged(sandbox)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    block = settings(endpoint=sandbox.url)
    (snapshot,) = seen_by(provider, block)
    assert isinstance(snapshot, AwsSnapshot)
    want = Wanted("mail", Mode.ADD, (ip_network("192.0.2.1/32"),))
    (step,) = provider.rules.steps(snapshot, dict.fromkeys(snapshot.targets, want)).steps
    assert provider.apply(step) == Outcome("done")
    assert standing(sandbox, group) == {"192.0.2.1/32"}


# --- looking -----------------------------------------------------------------------------------


def test_sweep_pages(sandbox: Sandbox, provider: Provider) -> None:
    """A sweep takes a call for each thousand groups, and none for a group."""
    for number in range(2_001):
        tagged(sandbox, own("192.0.2.1/32"), name=f"g{number}")
    sandbox.seed_group(region=EAST, name="not ours", tags={"cloudsync": "http"})
    found = seen_by(provider, settings())
    assert [len(one.targets) for one in found if isinstance(one, AwsSnapshot)] == [1000, 1000, 1]
    assert actions(sandbox) == [GROUPS] * 3


def test_ids_two_hundred_a_filter(sandbox: Sandbox, provider: Provider) -> None:
    """Ids are asked for 200 at a time, and one that is gone is absent, not an error."""
    ids = [tagged(sandbox, name=f"g{number}") for number in range(201)]
    sandbox.delete_group(EAST, ids[7])
    block = settings(select={"ids": ids})
    found = seen_by(provider, block)
    targets = {t for one in found if isinstance(one, AwsSnapshot) for t in one.targets}
    gone = f"aws:123456789012/us-east-1/{ids[7]}"
    assert targets == {f"aws:123456789012/us-east-1/{each}" for each in ids} - {gone}
    assert actions(sandbox) == [GROUPS] * 2


def test_close_look(sandbox: Sandbox, provider: Provider) -> None:
    """A close look reads the rules of at most 200 groups a call, and only of those asked for."""
    ids = [tagged(sandbox, own("192.0.2.1/32", "sg-0dd"), name=f"g{number}") for number in range(3)]
    targets = [f"aws:123456789012/us-east-1/{each}" for each in ids]
    (found,) = seen_by(provider, settings(), frozenset(targets[:2]))
    assert isinstance(found, AwsSnapshot)
    assert set(found.targets) == set(targets[:2])
    assert actions(sandbox) == [GROUPS, RULES]


def test_rule_ids_of_every_shape(sandbox: Sandbox, provider: Provider) -> None:
    """A rule's id is found whatever its protocol and source, so that any can change in place."""
    lists = sandbox.seed_prefix_list(region=EAST, name="l", entries=["192.0.2.0/24"])
    other = sandbox.seed_group(region=EAST, name="other")
    identity = tagged(
        sandbox,
        permission("192.0.2.1/32", "2001:db8::/64", lists, other),
        permission("10.0.0.0/8", protocol="-1", first=None),
        permission("10.0.0.0/8", protocol="icmp", first=-1),
        permission("10.0.0.0/8", first=20, last=30),
        permission("10.0.0.0/8", protocol="udp", first=53),
    )
    caller = provider._caller  # pyright: ignore[reportPrivateUsage]

    def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
        return caller.invoke("123456789012", EAST, None, None, service, action, **arguments)

    assert set(closely(invoke, [identity], "123456789012")[identity].ids) == {
        "tcp/25 from 192.0.2.1/32",
        "tcp/25 from 2001:db8::/64",
        f"tcp/25 from {lists}",
        f"tcp/25 from {other}",
        "all traffic from 10.0.0.0/8",
        "all icmp from 10.0.0.0/8",
        "tcp/20-30 from 10.0.0.0/8",
        "udp/53 from 10.0.0.0/8",
    }


def test_tag_values_are_literal(sandbox: Sandbox, provider: Provider) -> None:
    """A star in a tag's value is a star, not everything."""
    select = {"tags": {"team": "a*"}}
    sandbox.seed_group(region=EAST, name="star", tags={"team": "a*"})
    sandbox.seed_group(region=EAST, name="word", tags={"team": "ab"})
    (found,) = seen_by(provider, settings(select=select))
    assert isinstance(found, AwsSnapshot)
    assert len(found.targets) == 1


def test_prefix_lists_once_a_run(sandbox: Sandbox, provider: Provider, clock: Clock) -> None:
    """Lists that rules name are read once, with all their entries, until they may be stale."""
    entries = [f"192.0.2.{number}/32" for number in range(101)]
    lists = sandbox.seed_prefix_list(region=EAST, name="partners", entries=entries)
    tagged(sandbox, permission(lists))
    for _ in range(2):
        (found,) = seen_by(provider, settings())
        assert isinstance(found, AwsSnapshot)
        (exposure,) = provider.rules.exposure(found, 25).values()
        assert exposure.possible.count() == (101, 0)
    read = ["DescribeManagedPrefixLists", *["GetManagedPrefixListEntries"] * 2]
    assert actions(sandbox) == [GROUPS, *read, GROUPS]
    clock.now += 301
    seen_by(provider, settings())
    assert actions(sandbox) == [GROUPS, *read]


def test_prefix_lists_denied(sandbox: Sandbox, provider: Provider) -> None:
    """A list that may not be read stays a name that can stand for anybody."""
    lists = sandbox.seed_prefix_list(region=EAST, name="partners", entries=["192.0.2.0/24"])
    tagged(sandbox, permission(lists))
    for action in ("GetManagedPrefixListEntries", "DescribeManagedPrefixLists"):
        sandbox.faults.clear()
        sandbox.faults.denied(action)
        (found,) = seen_by(Provider(), settings())
        assert isinstance(found, AwsSnapshot)
        (exposure,) = provider.rules.exposure(found, 25).values()
        assert [(name.text, name.outside) for name in exposure.names] == [(lists, True)]


def test_prefix_list_of_also_allow(sandbox: Sandbox, provider: Provider) -> None:
    """A list that also_allow names is wanted by name, and satisfied by a rule that names it."""
    lists = sandbox.seed_prefix_list(region=EAST, name="own", entries=["192.0.2.0/24"])
    tagged(sandbox, own(lists, purpose="also"))
    also = [{"prefix_list": lists, "owner": "team", "reason": "relays", "until": "never"}]
    (found,) = seen_by(provider, settings(also_allow=also))
    assert isinstance(found, AwsSnapshot)
    want = Wanted("mail", Mode.ADD, names=frozenset({Name(lists, EVERYONE)}))
    (state,) = look(provider.rules, found, dict.fromkeys(found.targets, want)).values()
    assert state.verdict == "in_sync"


def test_listing_denied(sandbox: Sandbox, provider: Provider) -> None:
    """A listing that is denied is unreadable, with the permission that is missing."""
    sandbox.faults.denied(GROUPS)
    assert seen_by(provider, settings()) == [
        Unreadable(
            "aws:123456789012/us-east-1",
            "access to DescribeSecurityGroups was denied (UnauthorizedOperation)",
            "Allow ec2:DescribeSecurityGroups; providers/aws/permissions/watch.json holds all "
            "that is needed.",
        )
    ]


def test_listing_breaks_off(sandbox: Sandbox, provider: Provider) -> None:
    """What was read before a listing broke off is kept, and the rest is unreadable."""
    for number in range(1_001):
        tagged(sandbox, name=f"g{number}")
    sandbox.faults.throttle(GROUPS, times=None, skip=1)
    first, rest = seen_by(provider, settings())
    assert isinstance(first, AwsSnapshot)
    assert rest == Unreadable(
        "aws:123456789012/us-east-1",
        "AWS throttled DescribeSecurityGroups (RequestLimitExceeded)",
        "Run again later; other tools of this account call the same actions.",
    )


def test_passing_trouble_is_no_trouble(sandbox: Sandbox, provider: Provider) -> None:
    """The SDK tries three times in all; what passes by then isn't heard of."""
    tagged(sandbox)
    sandbox.faults.throttle(GROUPS, times=2)
    assert isinstance(seen_by(provider, settings())[0], AwsSnapshot)
    assert actions(sandbox) == [GROUPS] * 3


def test_down_meanwhile(sandbox: Sandbox, provider: Provider) -> None:
    """An endpoint that hangs up is unreadable, and named."""
    scope = scope_of(provider, settings())
    sandbox.faults.down()
    (found,) = provider.observe(scope)
    assert found == Unreadable(
        "aws:123456789012/us-east-1",
        f"{sandbox.url} closed the connection without an answer",
        "Check the network, and endpoint or AWS_ENDPOINT_URL.",
    )


def test_deadline(sandbox: Sandbox, provider: Provider, clock: Clock) -> None:
    """After the deadline nothing is called any more, neither to look nor to change."""
    tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    scope = scope_of(provider, settings())
    sandbox.calls.clear()
    assert list(provider.observe(scope, None, clock.now)) == [
        Unreadable(
            "aws:123456789012/us-east-1",
            "the time ran out before DescribeSecurityGroups could be called",
            "Give the run more time, or fewer targets.",
        )
    ]
    assert provider.apply(step, clock.now) == Outcome(
        "throttled",
        "the time ran out before AuthorizeSecurityGroupIngress could be called",
        "Run again, with more time or fewer targets.",
    )
    assert sandbox.calls == []


def test_pace(sandbox: Sandbox, provider: Provider, clock: Clock) -> None:
    """After a burst of fifty, changes go at five a second; past the deadline they don't."""
    group = tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    for _ in range(50):
        provider.apply(step)
    begun = clock.now
    provider.apply(step)
    assert 0.19 < clock.now - begun < 0.21
    assert provider.apply(step, clock.now + 0.1).kind == "throttled"
    assert standing(sandbox, group) == {"192.0.2.1/32"}


# --- the quota ---------------------------------------------------------------------------------


def test_quota_is_asked_for_past_the_default(sandbox: Sandbox, provider: Provider) -> None:
    """The quota is read once a run, only when a group would pass sixty."""
    for name in ("a", "b"):
        tagged(sandbox, name=name)
    sandbox.set_quota(61, region=EAST)
    networks = [f"198.18.0.{number}/32" for number in range(61)]
    assert len(steps(provider, *networks[:60], close=False)) == 2
    assert actions(sandbox) == [GROUPS] * 2
    assert len(steps(provider, *networks, close=False)) == 2
    assert actions(sandbox) == [GROUPS, GROUPS, "GetServiceQuota"]
    assert steps(provider, *networks, "198.18.1.1/32", close=False) == ()
    assert actions(sandbox) == [GROUPS] * 2


def test_quota_denied(sandbox: Sandbox, provider: Provider) -> None:
    """Where the quota may not be read it is sixty."""
    tagged(sandbox)
    sandbox.set_quota(200, region=EAST)
    sandbox.faults.denied("GetServiceQuota")
    networks = [f"198.18.0.{number}/32" for number in range(61)]
    assert steps(provider, *networks) == ()


# --- changing ----------------------------------------------------------------------------------


def test_the_whole_job(sandbox: Sandbox, provider: Provider) -> None:
    """An add, an own removal and a revoke are one call each, and then nothing is left to do."""
    group = tagged(sandbox, permission("203.0.113.0/24"), own("192.0.2.9/32"))
    found = steps(provider, "192.0.2.1/32")
    sandbox.calls.clear()
    assert [provider.apply(step) for step in found] == [Outcome("done")] * 3
    assert actions(sandbox) == [AUTHORIZE, REVOKE, REVOKE]
    assert standing(sandbox, group) == {"192.0.2.1/32"}
    assert steps(provider, "192.0.2.1/32") == ()


@pytest.mark.parametrize("close", [True, False])
def test_new_description(sandbox: Sandbox, provider: Provider, close: bool) -> None:
    """A purpose that changed is a new description of the same rule, with or without its id."""
    group = tagged(sandbox, own("192.0.2.1/32", purpose="also"))
    (step,) = steps(provider, "192.0.2.1/32", close=close)
    sandbox.calls.clear()
    assert provider.apply(step) == Outcome("done")
    assert actions(sandbox) == [DESCRIBE]
    (permissions,) = sandbox.groups(EAST)[group]["IpPermissions"]
    assert permissions["IpRanges"] == [
        {"CidrIp": "192.0.2.1/32", "Description": "cloudsync/mail list"}
    ]


def test_lost_answer_after_the_write(sandbox: Sandbox, provider: Provider) -> None:
    """The SDK's second try meets its own first one, and a fresh look says that all is done."""
    group = tagged(sandbox, own("192.0.2.9/32"))
    add, remove = steps(provider, "192.0.2.1/32")
    sandbox.calls.clear()
    sandbox.faults.lost_after(AUTHORIZE)
    assert provider.apply(add) == Outcome("done")
    sandbox.faults.lost_after(REVOKE)
    assert provider.apply(remove) == Outcome("done")
    assert actions(sandbox) == [AUTHORIZE, AUTHORIZE, GROUPS, REVOKE, REVOKE, GROUPS]
    assert standing(sandbox, group) == {"192.0.2.1/32"}


def test_lost_answer_before_the_write(sandbox: Sandbox, provider: Provider) -> None:
    """A request that never arrived is sent again."""
    tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    sandbox.faults.lost_before(AUTHORIZE)
    assert provider.apply(step) == Outcome("done")


@pytest.mark.parametrize("written", [True, False])
def test_every_answer_lost(sandbox: Sandbox, provider: Provider, written: bool) -> None:
    """Where no attempt gets an answer nobody knows, and nothing is claimed."""
    group = tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    lose = sandbox.faults.lost_after if written else sandbox.faults.lost_before
    lose(AUTHORIZE, times=None)
    assert provider.apply(step) == Outcome(
        "unknown",
        f"the answer to {AUTHORIZE} was lost: {sandbox.url} closed the connection without an "
        "answer",
    )
    assert standing(sandbox, group) == ({"192.0.2.1/32"} if written else set())


def test_somebody_was_quicker(sandbox: Sandbox, provider: Provider) -> None:
    """A rule that somebody else made first, without our mark, is not claimed as done."""
    group = tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32", "192.0.2.2/32")
    sandbox.plant(EAST, group, [permission("192.0.2.1/32")])
    found = provider.apply(step)
    assert (found.kind, found.todo) == (
        "stale",
        "The group changed meanwhile; the next run looks again.",
    )
    assert found.message.startswith(f"{AUTHORIZE}: the specified rule")
    assert found.message.endswith("(InvalidPermission.Duplicate)")
    assert standing(sandbox, group) == {"192.0.2.1/32"}


def test_somebody_made_the_same(sandbox: Sandbox, provider: Provider) -> None:
    """A stranger's rule with the very network is cover, but not the step that was to be done."""
    group = tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    sandbox.plant(EAST, group, [permission("192.0.2.1/32")])
    assert provider.apply(step).kind == "stale"
    assert steps(provider, "192.0.2.1/32") == ()


def test_late_reads_claim_nothing(
    monkeypatch: pytest.MonkeyPatch, provider: Provider, clock: Clock
) -> None:
    """Where the fresh look doesn't show it yet, the step isn't called done."""
    with Sandbox(clock=clock, dialect=Dialect(reads_late=30)) as late:
        for name, value in late.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("botocore.endpoint.time.sleep", _at_once)
        tagged(late)
        clock.now += 60
        (step,) = steps(provider, "192.0.2.1/32")
        late.faults.lost_after(AUTHORIZE)
        assert provider.apply(step).kind == "stale"
        clock.now += 60
        assert steps(provider, "192.0.2.1/32") == ()


@pytest.mark.parametrize("close", [True, False])
def test_gone_already(sandbox: Sandbox, provider: Provider, close: bool) -> None:
    """A rule that somebody revoked first is gone, which is all that was wanted."""
    group = tagged(sandbox, own("192.0.2.9/32"))
    (step,) = steps(provider, close=close)
    sandbox.uproot(EAST, group, [own("192.0.2.9/32")])
    assert provider.apply(step) == Outcome("done")


@pytest.mark.parametrize("close", [True, False])
def test_half_gone(sandbox: Sandbox, provider: Provider, close: bool) -> None:
    """Where one of two rules was gone and the other stands, the step is stale."""
    group = sandbox.seed_group(
        region=EAST,
        name="mail",
        vpc="vpc-0123abcd",
        tags={"cloudsync": "smtp"},
        permissions=[own("192.0.2.8/32", "192.0.2.9/32")],
    )
    (step,) = steps(provider, close=close)
    sandbox.uproot(EAST, group, [own("192.0.2.9/32")])
    assert provider.apply(step).kind == "stale"
    assert standing(sandbox, group) == {"192.0.2.8/32"}


def test_unknown_permissions(sandbox: Sandbox, provider: Provider) -> None:
    """In a default VPC a revoke that hits only some is no error of AWS's, and is looked at again."""
    group = tagged(sandbox, own("192.0.2.8/32", "192.0.2.9/32"))
    (step,) = steps(provider, close=False)
    sandbox.uproot(EAST, group, [own("192.0.2.9/32")])
    sandbox.calls.clear()
    assert provider.apply(step) == Outcome("done")
    assert actions(sandbox) == [REVOKE, GROUPS]
    assert standing(sandbox, group) == set()


def test_unknown_permissions_that_still_stand(
    sandbox: Sandbox, provider: Provider, clock: Clock
) -> None:
    """Where the look after such a revoke shows one of the rules, the step is stale."""
    group = tagged(sandbox, own("192.0.2.8/32", "192.0.2.9/32"))
    (step,) = steps(provider, close=False)
    sandbox.uproot(EAST, group, [own("192.0.2.9/32")])
    sandbox.faults.denied(GROUPS)
    assert provider.apply(step) == Outcome(
        "stale",
        f"{REVOKE}: AWS didn't know 1 of 2 rules",
        "The group changed meanwhile; the next run looks again.",
    )


def test_group_deleted(sandbox: Sandbox, provider: Provider) -> None:
    """A group that is gone is stale, and its revoke isn't called done."""
    group = tagged(sandbox, own("192.0.2.9/32"))
    add, remove = steps(provider, "192.0.2.1/32")
    sandbox.delete_group(EAST, group)
    for step in (add, remove):
        found = provider.apply(step)
        assert found.kind == "stale"
        assert group in found.message


def test_denied(sandbox: Sandbox, provider: Provider) -> None:
    """A change that is denied names the action and the policy that allows it."""
    tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    sandbox.faults.denied(AUTHORIZE)
    found = provider.apply(step)
    assert found.kind == "denied"
    assert found.message.startswith(f"{AUTHORIZE}: ")
    assert found.message.endswith("(UnauthorizedOperation)")
    assert found.todo == (
        f"Allow ec2:{AUTHORIZE}; providers/aws/permissions/write.json holds all that is needed."
    )


def test_throttled(sandbox: Sandbox, provider: Provider) -> None:
    """Throttled three times over, the step says so, and nothing was changed."""
    group = tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32")
    sandbox.calls.clear()
    sandbox.faults.throttle(AUTHORIZE, times=None)
    assert provider.apply(step).kind == "throttled"
    assert actions(sandbox) == [AUTHORIZE] * 3
    assert standing(sandbox, group) == set()


def test_limit(sandbox: Sandbox, provider: Provider) -> None:
    """A quota that AWS enforces and we didn't know is said with the ways out."""
    tagged(sandbox)
    (step,) = steps(provider, "192.0.2.1/32", "192.0.2.2/32")
    sandbox.set_quota(1, region=EAST)
    found = provider.apply(step)
    assert (found.kind, found.todo) == (
        "limit",
        "Raise quota L-0EA8095F, use a prefix list, or set widen: 24.",
    )


def test_no_sdk_is_loaded_early() -> None:
    """Looking up the provider, to check a configuration say, loads neither SDK nor limiter."""
    code = (
        "import sys, cloudsync_aws.provider; "
        "print(sorted({'boto3', 'botocore', 'pyrate_limiter', 'moto'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_sdk_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the SDK the provider says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", _nowhere)
    with pytest.raises(UsageError) as raised:
        Provider()
    assert str(raised.value) == (
        "provider aws: boto3 isn't installed. Nothing was changed. Install cloudsync-smtp[aws]."
    )
