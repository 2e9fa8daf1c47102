"""Making the one mutating call on a prefix list, waiting until it holds, and telling how it ended.

A change of a list takes its time: the list is ``modify-in-progress`` until every resource that
refers to it has followed, and takes no other change meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudsync.provider import Outcome
from cloudsync_aws.caller import Caller, Failed, Late
from cloudsync_aws.carry_out import late
from cloudsync_aws.failures import kind_of, outcome
from cloudsync_aws.list_calls import LIST_ACTION, ListCall, list_request, list_shows
from cloudsync_aws.list_reading import LIST_PAGE
from cloudsync_aws.lists import Entry, ManagedList
from cloudsync_aws.reading import pages
from cloudsync_aws.rule import canonical

SETTLE_SECONDS: Final = 60.0
"""Seconds to wait, at most, until a change has taken hold; the engine looks on after that."""
_LONGEST_WAIT: Final = 8.0


def carry_out_list(caller: Caller, call: ListCall, deadline: float | None) -> Outcome:
    """Make ``call``; where another version is in force, a fresh look decides if it is done."""
    action = LIST_ACTION[call.operation]
    try:
        _invoke(caller, call, deadline, action, **list_request(call))
    except Late:
        return late(action)
    except Failed as failed:
        ended = outcome(failed.found, action)
        if kind_of(failed.found) != "stale":
            return ended
        return Outcome("done") if _stands(caller, call, deadline) else ended
    return _settled(caller, call, deadline)


def _invoke(
    caller: Caller, call: ListCall, deadline: float | None, action: str, **arguments: Any
) -> dict[str, Any]:
    return caller.invoke(
        call.account, call.region, call.endpoint, deadline, "ec2", action, **arguments
    )


def _settled(caller: Caller, call: ListCall, deadline: float | None) -> Outcome:
    """Ask for the list's state until the change holds, has failed, or the time is over."""
    end = caller.clock() + SETTLE_SECONDS
    wait = 0.5
    state = "not to be seen"
    while True:
        try:
            one = _described(caller, call, deadline)
        except Failed as failed:
            return Outcome("unknown", f"{failed.action}: {failed.found.what}")
        if one is not None:
            state = str(one.get("State", ""))
            if state.endswith("-failed"):
                return _undone(call, str(one.get("StateMessage", "")).rstrip(". "))
            if state.endswith("-complete") and _holds(one, call):
                return Outcome("done")
        if caller.clock() + wait > end:
            break
        caller.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    return Outcome(
        "unknown",
        f"{call.list} was {state} {SETTLE_SECONDS:.0f} s after {LIST_ACTION[call.operation]}",
    )


def _undone(call: ListCall, why: str) -> Outcome:
    """AWS gave up on a change, and the list is as it was."""
    what = f"{LIST_ACTION[call.operation]}: AWS gave the change of {call.list} up"
    if call.operation == "resize":
        return Outcome(
            "limit",
            f"{what}: {why}" if why else what,
            "Make room in what refers to the list, or raise its quota.",
        )
    return Outcome("failed", f"{what}: {why}" if why else what, "The next run tries again.")


def _holds(one: Mapping[str, Any], call: ListCall) -> bool:
    """Whether an answer comes from after the change: a late read tells of the time before."""
    if call.operation == "resize":
        return bool(one.get("MaxEntries") == call.size)
    return int(one.get("Version") or 0) > call.version


def _described(caller: Caller, call: ListCall, deadline: float | None) -> Mapping[str, Any] | None:
    answer = _invoke(
        caller, call, deadline, "DescribeManagedPrefixLists", MaxResults=LIST_PAGE,
        Filters=[{"Name": "prefix-list-id", "Values": [call.list]}],
    )  # fmt: skip
    return next(iter(answer.get("PrefixLists", ())), None)


def _stands(caller: Caller, call: ListCall, deadline: float | None) -> bool:
    """Whether a fresh look at the list shows what ``call`` was to bring about."""

    def invoke(service: str, action: str, **arguments: Any) -> dict[str, Any]:
        del service
        return _invoke(caller, call, deadline, action, **arguments)

    try:
        one = _described(caller, call, deadline)
        entries = tuple(
            Entry(canonical(entry["Cidr"]), entry.get("Description", ""))
            for page in pages(
                invoke, "GetManagedPrefixListEntries", LIST_PAGE, PrefixListId=call.list
            )
            for entry in page.get("Entries", ())
        )
    except Failed:
        return False
    if one is None:
        return False
    size = int(one.get("MaxEntries") or 0)
    return list_shows(ManagedList(call.list, "IPv4", call.account, 0, size, entries), call)
