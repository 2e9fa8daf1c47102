"""Making the one mutating call on a network's rules, and telling how it ended."""

from __future__ import annotations

from typing import Any, Final

from cloudsync.provider import Outcome
from cloudsync_gcp.caller import Caller, Failed, Late
from cloudsync_gcp.calls import Call, resource
from cloudsync_gcp.failures import kind_of, outcome
from cloudsync_gcp.policies import changed, rules_of
from cloudsync_gcp.reading import classic
from cloudsync_gcp.sweep import Looking

_METHODS: Final = {"add": "insert", "replace": "patch", "remove": "delete"}


def carry_out(caller: Caller, call: Call, deadline: float | None) -> Outcome:
    """Make ``call``; where it found things changed already, a fresh look decides if it is done."""
    looking = Looking(caller, call.project, call.endpoint, deadline)
    try:
        return _edit(looking, call) if call.policy else _change(looking, call)
    except Late as late:
        return Outcome(
            "throttled",
            f"the time ran out before {late.action} could be called",
            "Run again, with more time or fewer targets.",
        )
    except Failed as failed:
        ended = outcome(failed.found, failed.action)
        return ended if kind_of(failed.found) != "stale" else _settled(looking, call, ended)


def _change(looking: Looking, call: Call) -> Outcome:
    """Write a classic rule, if it is still as it was when this was planned.

    A patch replaces an array whole, so that it would take away what somebody, or another run of
    ours, has let in since. The resource has no fingerprint that could say so (reference of
    `firewalls`), so it is read right before; what comes between the two is for the look after.
    """
    if call.verb != "add":
        try:
            standing = classic([looking.rule(call.name)])[0]
        except Failed as failed:
            if failed.found.gone:
                raise
            ended = outcome(failed.found, "firewalls.get")
            # Nothing was sent yet, so nothing is unknown.
            return (
                Outcome("failed", ended.message, ended.todo) if ended.kind == "unknown" else ended
            )
        if call.new in standing:
            return Outcome("done")  # by an earlier try whose answer was lost, or by somebody else
        if call.old not in standing:
            return Outcome(
                "stale",
                f"{call.action}: {call.name} isn't as it was when this was planned",
                "The rules changed meanwhile; the next run looks again.",
            )
    request: dict[str, Any] = {"project": call.project}
    if call.verb != "add":
        request["firewall"] = call.name
    if call.verb != "remove":
        request["firewall_resource"] = resource(call)
    looking.caller.change(
        "Firewalls", _METHODS[call.verb], request,
        endpoint=call.endpoint, deadline=looking.deadline,
    )  # fmt: skip
    return Outcome("done")


def _edit(looking: Looking, call: Call) -> Outcome:
    """Write a policy's rules whole, under the fingerprint that they were just read with.

    What was planned on must still stand: else the fingerprint would guard the wrong thing.
    """
    policy = looking.policy(call.policy)
    if set(rules_of(policy, call)) != set(call.before):
        return Outcome(
            "stale",
            f"{call.action}: the policy {call.policy} isn't as it was when this was planned",
            "The rules changed meanwhile; the next run looks again.",
        )
    looking.caller.change(
        "NetworkFirewallPolicies", "patch",
        {
            "project": call.project,
            "firewall_policy": call.policy,
            "firewall_policy_resource": changed(policy, call),
        },
        endpoint=call.endpoint, deadline=looking.deadline,
    )  # fmt: skip
    return Outcome("done")


def _settled(looking: Looking, call: Call, ended: Outcome) -> Outcome:
    """What a fresh look at the call's own rule says of how it ended."""
    try:
        if call.policy:
            shown = call.shown(rules_of(looking.policy(call.policy), call))
            return Outcome("done") if shown else ended
        answer = looking.rule(call.name)
    except Failed as failed:
        gone = failed.found.gone and call.verb == "remove"
        return Outcome("done") if gone else ended
    network = answer.network.rpartition("/")[2]
    if call.verb == "add" and network != call.network:
        return Outcome(
            "failed",
            f"{call.action}: the name {call.name} is taken by a rule of the network {network}",
            "Delete or rename that rule: names are unique in a project.",
        )
    return Outcome("done") if call.shown(classic([answer])[0]) else ended
