from __future__ import annotations

import pytest

from tests.e2e.world import (
    REGION,
    SCOPE,
    WORLD4,
    Ran,
    World,
    refused,
    tcp,
)


def test_no_credentials(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials nothing can be done at all: an error in use, said once."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    message = (
        "provider aws: no credentials were found (Unable to locate credentials). Nothing was "
        "changed. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where "
        "a role is attached."
    )
    for command in ("apply --yes", "plan", "drift", f"explain 69.20.58.226 {SCOPE}/sg-0"):
        refused(ready, ready.run(*command.split()), 1, message)


def test_a_missing_sdk(ready: World) -> None:
    """A machine without boto3 is told what to install, and shows no traceback."""
    without = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *more):
        hidden = name.partition(".")[0] in {"boto3", "botocore"}
        return None if hidden else self.finder.find_spec(name, *more)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = [Without(one) for one in sys.meta_path]
"""
    refused(
        ready,
        ready.start("apply", "--yes", code=without),
        1,
        "provider aws: boto3 isn't installed. Nothing was changed. Install cloudsync-smtp[aws].",
    )


def test_an_endpoint_that_is_down(ready: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud that can't be reached is unreadable, never in sync, and ends with 3."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert (ran.code, ran.err) == (
            3,
            (
                "aws: http://127.0.0.1:1 can't be reached. Nothing was changed. Check the network, "
                "and endpoint or AWS_ENDPOINT_URL.\n"
            ),
        )
        assert "1 target: 1 unreadable; no step." in ran.out
    assert ready.mutations == []


def test_access_denied_to_look(ready: World) -> None:
    """Where looking is denied, the message names the action to allow, once for the scope."""
    ready.run("apply", "--yes")
    ready.forget()
    ready.sandbox.faults.denied("DescribeSecurityGroups")
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert (ran.code, ran.err) == (
            3,
            (
                f"{SCOPE}: access to DescribeSecurityGroups was denied (UnauthorizedOperation). "
                "Nothing was changed. Allow ec2:DescribeSecurityGroups; "
                "providers/aws/permissions/watch.json holds all that is needed.\n"
            ),
        )
        # The scope, and the target that was there last time.
        assert "2 targets: 2 unreadable; no step." in ran.out
    assert ready.mutations == []


def test_access_denied_to_change(world: World) -> None:
    """Where changing is denied, the message names the action, and the target stays as it is."""
    group = world.group("open", *tcp(WORLD4))
    world.config()
    world.accepted()
    world.sandbox.faults.denied("AuthorizeSecurityGroupIngress")
    ran = world.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        3,
        (
            f"{SCOPE}/{group}: AuthorizeSecurityGroupIngress: You are not authorized to perform this "
            "operation (UnauthorizedOperation). This step was not done. Allow "
            "ec2:AuthorizeSecurityGroupIngress; providers/aws/permissions/write.json holds all that "
            "is needed.\n"
        ),
    )
    assert world.networks(group) == [WORLD4]


def test_a_group_deleted_between_plan_and_apply(ready: World) -> None:
    """A group that vanishes while its step is under way is gone, and never silently in sync."""
    group = ready.guarded[0]
    seen = 0

    def delete(call: object) -> None:
        nonlocal seen
        if getattr(call, "action", "") == "DescribeSecurityGroups":
            seen += 1
            # The look before the plan is answered from what was; then somebody deletes it.
            if seen == 1:
                ready.sandbox.delete_group(REGION, group)

    ready.sandbox.after_call(delete)
    ran = ready.run("apply", "--yes")
    assert (ran.code, ran.err) == (
        3,
        (
            f"{SCOPE}/{group}: AuthorizeSecurityGroupIngress: The security group '{group}' does not "
            "exist (InvalidGroup.NotFound). This step was not done. The group changed meanwhile; the "
            "next run looks again.\n"
            f"{SCOPE}/{group}: it was there when the run began and isn't now. Nothing was changed. "
            "Find out who deleted it or took its tags away.\n"
        ),
    )
    assert group not in ready.sandbox.groups(REGION)


def test_a_group_deleted_since_the_last_run(ready: World) -> None:
    """A target that was there last time and is gone is reported as gone, with another beside it."""
    gone = ready.group("going", *tcp(WORLD4))
    ready.run("apply", "--yes")
    ready.forget()
    ready.sandbox.delete_group(REGION, gone)
    for command in ("apply --yes", "plan", "drift"):
        ran = ready.run(*command.split())
        assert ran.code == 3
        when = ran.err.partition(" on ")[2].partition(" UTC")[0]
        assert ran.err == (
            f"{SCOPE}/{gone}: it was there on {when} UTC and isn't now; if that is right, say "
            f"cloudsync forget {SCOPE}/{gone}. Nothing was changed. Find out who deleted it or "
            "took its tags away.\n"
        )
        assert "2 targets: 1 gone and 1 open; no step." in ran.out
    assert ready.mutations == []


def test_a_group_that_is_gone_for_good(ready: World) -> None:
    """A target that was deleted on purpose is missed until somebody says that it may be forgotten."""
    gone = ready.group("going", *tcp(WORLD4))
    ready.run("apply", "--yes")
    ready.sandbox.delete_group(REGION, gone)
    assert ready.run("drift").code == 3
    assert ready.run("forget", f"{SCOPE}/{gone}") == Ran(
        0, "", f"{SCOPE}/{gone}: it is missed no more. No cloud was changed.\n"
    )
    ran = ready.run("drift")
    assert (ran.code, ran.err) == (2, "")
    assert ran.out.startswith("1 target: 1 open; no step.\n")
    assert ready.run("forget", f"{SCOPE}/{gone}") == Ran(
        1,
        "",
        f"{SCOPE}/{gone}: it isn't remembered. Nothing was changed. Take a name from cloudsync "
        "drift.\n",
    )
