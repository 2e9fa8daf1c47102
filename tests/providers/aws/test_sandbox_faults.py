"""What goes wrong in the sandbox on purpose, and what it remembers of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from cloudsync_aws.sandbox import Dialect, Sandbox
from tests.providers.aws.sandboxed import REGION, client, networks, refusal, tcp25

AUTHORIZE = "AuthorizeSecurityGroupIngress"
DESCRIBE = "DescribeSecurityGroups"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def ec2(sandbox: Sandbox) -> Iterator[Any]:
    """A client of it in us-east-1."""
    made = client(sandbox)
    yield made
    made.close()


@pytest.fixture
def group(sandbox: Sandbox) -> str:
    """A group with no inbound rule."""
    return sandbox.seed_group(region=REGION, name="mail")


def outcomes(sandbox: Sandbox) -> list[tuple[str, str, bool]]:
    """The log in short: action, outcome, answered."""
    return [(call.action, call.outcome, call.answered) for call in sandbox.calls]


def test_throttle(sandbox: Sandbox, ec2: Any) -> None:
    """A throttled call gets EC2's 503 as often as ordered, and then an answer."""
    sandbox.faults.throttle(DESCRIBE, times=2)
    for _ in range(2):
        assert refusal(ec2.describe_security_groups) == (
            "RequestLimitExceeded (503): Request limit exceeded."
        )
    ec2.describe_security_groups()
    ec2.describe_regions()
    assert outcomes(sandbox) == [
        (DESCRIBE, "RequestLimitExceeded", True),
        (DESCRIBE, "RequestLimitExceeded", True),
        (DESCRIBE, "ok", True),
        ("DescribeRegions", "ok", True),
    ]


def test_denied_until_cleared(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A denied action stays denied, in the region named alone, until the faults are cleared."""
    elsewhere = client(sandbox, region="eu-west-1")
    sandbox.faults.denied("mutating", region=REGION)
    call = ec2.authorize_security_group_ingress
    asked: dict[str, Any] = {"GroupId": group, "IpPermissions": tcp25("192.0.2.0/24")}
    for _ in range(2):
        assert refusal(call, **asked) == (
            "UnauthorizedOperation (403): You are not authorized to perform this operation."
        )
    ec2.describe_security_groups()
    elsewhere.create_security_group(GroupName="g", Description="d")
    elsewhere.close()
    sandbox.faults.clear()
    call(**asked)
    assert networks(sandbox, group) == ["192.0.2.0/24"]


@pytest.mark.parametrize(
    ("fault", "left", "outcome"),
    [("lost_before", [], "lost"), ("lost_after", ["192.0.2.0/24"], "ok")],
)
def test_lost_answers(
    sandbox: Sandbox, ec2: Any, group: str, fault: str, left: list[str], outcome: str
) -> None:
    """The socket is closed without an answer, before the write or after it."""
    getattr(sandbox.faults, fault)(AUTHORIZE)
    with pytest.raises(ConnectionClosedError):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=tcp25("192.0.2.0/24"))
    assert networks(sandbox, group) == left
    assert outcomes(sandbox) == [(AUTHORIZE, outcome, False)]


def test_skip(sandbox: Sandbox, ec2: Any) -> None:
    """A fault lets as many matching calls pass as it is told."""
    sandbox.faults.throttle(DESCRIBE, skip=1)
    ec2.describe_security_groups()
    assert refusal(ec2.describe_security_groups).startswith("RequestLimitExceeded")


def test_latency(sandbox: Sandbox, ec2: Any) -> None:
    """An answer takes as long as ordered."""
    sandbox.faults.latency(0.1, DESCRIBE, times=1)
    began = time.monotonic()
    ec2.describe_security_groups()
    assert time.monotonic() - began >= 0.1


def test_down_and_up(sandbox: Sandbox, ec2: Any) -> None:
    """While down, every connection is closed and nothing is logged; then it answers again."""
    sandbox.faults.down()
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            ec2.describe_security_groups()
    sandbox.faults.clear()
    ec2.describe_security_groups()
    assert outcomes(sandbox) == [(DESCRIBE, "ok", True)]


def test_late_reads() -> None:
    """Describes lag behind writes, whoever made them, by as much as the dialect says."""
    now = [100.0]
    with Sandbox(dialect=Dialect(reads_late=10), clock=lambda: now[0]) as sandbox:
        group = sandbox.seed_group(region=REGION, name="g", permissions=tcp25("192.0.2.0/24"))
        ec2 = client(sandbox)

        def seen() -> list[str]:
            (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
            return [
                source["CidrIp"]
                for permission in found["IpPermissions"]
                for source in permission["IpRanges"]
            ]

        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=tcp25("10.1.0.0/16"))
        now[0] = 104.0
        sandbox.plant(REGION, group, tcp25("10.2.0.0/16"))
        assert networks(sandbox, group) == ["192.0.2.0/24", "10.1.0.0/16", "10.2.0.0/16"]
        lag = {}
        for now[0] in (109.9, 110.0, 113.9, 114.0):
            lag[now[0]] = seen()
        assert lag == {
            109.9: ["192.0.2.0/24"],
            110.0: ["192.0.2.0/24", "10.1.0.0/16"],
            113.9: ["192.0.2.0/24", "10.1.0.0/16"],
            114.0: ["192.0.2.0/24", "10.1.0.0/16", "10.2.0.0/16"],
        }
        said = refusal(
            ec2.authorize_security_group_ingress,
            GroupId=group,
            IpPermissions=tcp25("10.2.0.0/16"),
        )
        assert said.startswith("InvalidPermission.Duplicate (400)")
        ec2.close()


def test_the_log(sandbox: Sandbox, ec2: Any, group: str) -> None:
    """A call is logged with who asked what, and whether an ok meant a change."""
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=tcp25("192.0.2.0/24"))
    (call,) = sandbox.calls
    assert (call.service, call.action, call.account, call.region, call.mutating, call.outcome) == (
        "ec2",
        AUTHORIZE,
        "123456789012",
        REGION,
        True,
        "ok",
    )
    assert call.params["IpPermissions.1.IpRanges.1.CidrIp"] == "192.0.2.0/24"
    sandbox.calls.clear()
    sandbox.plant(REGION, group, tcp25("10.0.0.0/8"))
    assert sandbox.calls == []


def test_a_watcher_sees_each_call(sandbox: Sandbox, ec2: Any) -> None:
    """A watcher is told of each call before its answer is out."""
    seen: list[str] = []
    sandbox.after_call(lambda call: seen.append(call.action))
    ec2.describe_regions()
    sandbox.after_call(None)
    ec2.describe_regions()
    assert seen == ["DescribeRegions"]


def test_somebody_elses_edits(sandbox: Sandbox, group: str) -> None:
    """Planted rules, an uprooted one, new tags and a deletion show in the truth."""
    assert len(sandbox.plant(REGION, group, tcp25("192.0.2.0/24", "10.0.0.0/8"))) == 2
    assert sandbox.plant(REGION, group, tcp25("10.0.0.1/8")) == []
    assert len(sandbox.uproot(REGION, group, tcp25("10.0.0.0/8", "11.0.0.0/8"))) == 1
    assert networks(sandbox, group) == ["192.0.2.0/24"]
    sandbox.retag(REGION, group, {"a": "b"})
    assert sandbox.groups(REGION)[group]["Tags"] == [{"Key": "a", "Value": "b"}]
    sandbox.delete_group(REGION, group)
    assert group not in sandbox.groups(REGION)
    with pytest.raises(ValueError) as missing:
        sandbox.plant(REGION, group, tcp25("10.0.0.0/8"))
    assert str(missing.value) == (
        f"InvalidGroup.NotFound: The security group '{group}' does not exist"
    )


def test_many_at_once(sandbox: Sandbox, group: str) -> None:
    """Rules that eight threads add at once all stand, each once."""
    failures: list[BaseException] = []

    def add(worker: int) -> None:
        ec2 = client(sandbox)
        try:
            for number in range(6):
                ec2.authorize_security_group_ingress(
                    GroupId=group, IpPermissions=tcp25(f"10.{worker}.{number}.0/24")
                )
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)
        finally:
            ec2.close()

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(networks(sandbox, group)) == sorted(
        f"10.{worker}.{number}.0/24" for worker in range(8) for number in range(6)
    )


def test_stop_ends_what_waits(sandbox: Sandbox, group: str) -> None:
    """Stopping ends a request that a latency holds, and starting again finds the state."""
    sandbox.faults.latency(60)
    ec2 = client(sandbox)
    waiting = threading.Thread(target=lambda: refusal_or_end(ec2))
    waiting.start()
    while not sandbox.faults.met:
        time.sleep(0.005)
    began = time.monotonic()
    sandbox.stop()
    waiting.join()
    ec2.close()
    assert time.monotonic() - began < 5
    with pytest.raises(RuntimeError, match="the sandbox isn't running"):
        _ = sandbox.url
    sandbox.faults.clear()
    sandbox.start()
    again = client(sandbox)
    assert again.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["GroupId"] == group
    again.close()


def refusal_or_end(ec2: Any) -> None:
    """Ask once, whatever comes of it."""
    try:
        ec2.describe_security_groups()
    except ConnectionClosedError:
        return
