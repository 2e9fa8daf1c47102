"""Making the one mutating call on a network security group, and telling how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudsync.provider import Outcome
from cloudsync_azure.caller import Caller, Failed, Late, Where
from cloudsync_azure.calls import ACTION, Call, alike, request
from cloudsync_azure.failures import kind_of, outcome
from cloudsync_azure.rule import Rule, rule
from cloudsync_azure.sweep import as_json

READ: Final = "Microsoft.Network/networkSecurityGroups/securityRules/read"

_TRIES: Final = 2
"""Times that a rule is looked at and written where its etag had changed and it itself hadn't."""


def carry_out(caller: Caller, call: Call, deadline: float | None) -> Outcome:
    """Make ``call`` under the rule's fresh etag.

    Each rule may carry its group's etag, which every write changes, the last one of ours too; so
    the rule is read right before it is written. If it isn't as the plan saw it, nothing is done.
    """
    where = Where(call.subscription, call.endpoint, call.tenant)
    action = ACTION[call.operation]
    for attempt in range(1, _TRIES + 1):
        try:
            standing, etag = _look(caller, where, call, deadline)
        except Late:
            return late(action)
        except Failed as failed:
            # Nothing was sent yet, so nothing is unknown.
            ended = outcome(failed.found, READ)
            return (
                Outcome("failed", ended.message, ended.todo) if ended.kind == "unknown" else ended
            )
        if alike(standing, call.new):
            return Outcome("done")  # by an earlier try whose answer was lost, or by somebody else
        if not alike(standing, call.old):
            return _changed(call, action)
        try:
            _write(caller, where, call, action, etag, deadline)
        except Late:
            return late(action)
        except Failed as failed:
            if kind_of(failed.found) == "stale":
                if failed.found.code == "PreconditionFailed" and attempt < _TRIES:
                    continue
                if _stands(caller, where, call, deadline):
                    return Outcome("done")
            return outcome(failed.found, action)
        return Outcome("done")
    return _changed(call, action)


def late(action: str) -> Outcome:
    """How a step ended whose call the deadline forbade."""
    return Outcome(
        "throttled",
        f"the time ran out before {action} could be called",
        "Run again, with more time or fewer targets.",
    )


def _changed(call: Call, action: str) -> Outcome:
    return Outcome(
        "stale",
        f"{action}: {call.rule} isn't as it was when the plan was made",
        "The group changed meanwhile; the next run looks again.",
    )


def _look(
    caller: Caller, where: Where, call: Call, deadline: float | None
) -> tuple[Rule | None, str]:
    """The rule as it is now with its etag; None where it isn't there."""
    try:
        answer: Mapping[str, Any] = caller.read(
            where, READ, deadline,
            lambda client: client.security_rules.get(call.group, call.nsg, call.rule, cls=as_json),
        )  # fmt: skip
    except Failed as failed:
        if failed.found.absent:
            return None, ""
        raise
    # Exactly as it was told: it is weak, and a client that quotes it anew is refused.
    return rule(answer["name"], answer["properties"]), str(answer.get("etag") or "")


def _write(
    caller: Caller, where: Where, call: Call, action: str, etag: str, deadline: float | None
) -> None:
    # No If-Match for a rule that isn't there: nothing could match it (RFC 9110, section 13.1.1).
    headers = {"If-Match": etag} if etag and call.old is not None else {}

    def begin(client: Any, **options: Any) -> Any:
        operations = client.security_rules
        if call.new is None:
            return operations.begin_delete(
                call.group, call.nsg, call.rule, headers=headers, **options
            )
        return operations.begin_create_or_update(
            call.group, call.nsg, call.rule, request(call.new), headers=headers, **options
        )

    caller.write(where, action, deadline, begin)


def _stands(caller: Caller, where: Where, call: Call, deadline: float | None) -> bool:
    """Whether a fresh look shows what ``call`` was to bring about."""
    try:
        standing, _ = _look(caller, where, call, deadline)
    except Failed:
        return False
    return alike(standing, call.new)
