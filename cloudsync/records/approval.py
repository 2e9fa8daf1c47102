"""What a person let through, as a document."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final, Literal, cast, get_args

from cloudsync.addresses import AddressSet, between
from cloudsync.closing import Closing
from cloudsync.immutable import immutable
from cloudsync.records.fields import maybe, number, text, time, time_text
from cloudsync.records.kind import Kind
from cloudsync.state import Value

Approved = Literal["list", "target"]


@immutable
class Approval:
    """A person let exactly one held thing through: a list change, or a target's first enforce.

    ``digest`` is what was approved, ``subject`` the source or the target it belongs to.
    ``by`` is the name that was given, ``caller`` the user and machine that gave it. ``closing`` is
    what a target's first enforce would change; None of a list, and of what older releases wrote.
    ``until`` is when it ended, as its target was gone for good; None of one that counts.
    """

    digest: str
    kind: Approved
    subject: str
    by: str
    reason: str
    at: datetime
    until: datetime | None = None
    caller: str = ""
    closing: Closing | None = None


def approval_key(digest: str) -> str:
    """Where the approval of ``digest`` stands."""
    return f"approvals/{digest}"


def closing_value(closing: Closing) -> Value:
    """What a first enforce closes, as it stands in a document."""
    return {
        "terms": closing.terms,
        "taken": sorted(closing.taken),
        "shut": [[port, [f"{a}-{b}" for a, b in shut.ranges()]] for port, shut in closing.shut],
        "names": sorted(closing.names),
    }


def closing_from(value: Value) -> Closing:
    """What ``closing_value`` gave.

    Raises:
        KeyError, TypeError, ValueError: it isn't that.
    """
    return Closing(
        text(value["terms"]),
        frozenset(map(text, value["taken"])),
        tuple((number(port), _ranges(shut)) for port, shut in value["shut"]),
        frozenset(map(text, value["names"])),
    )


def _ranges(value: Any) -> AddressSet:
    ends = (text(one).split("-") for one in value)
    return AddressSet.union(between(ip_address(first), ip_address(last)) for first, last in ends)


def _approval_value(approval: Approval) -> Value:
    return {
        "digest": approval.digest,
        "kind": approval.kind,
        "subject": approval.subject,
        "by": approval.by,
        "reason": approval.reason,
        "at": time_text(approval.at),
        "until": maybe(time_text, approval.until),
        "caller": approval.caller,
        "closing": maybe(closing_value, approval.closing),
    }


def _approval(value: Value) -> Approval:
    if value["kind"] not in get_args(Approved):
        raise ValueError(f"{value['kind']!r} is nothing to approve")
    return Approval(
        digest=text(value["digest"]),
        kind=cast("Approved", value["kind"]),
        subject=text(value["subject"]),
        by=text(value["by"]),
        reason=text(value["reason"]),
        at=time(value["at"]),
        until=maybe(time, value["until"]),
        caller=text(value.get("caller", "")),
        closing=maybe(closing_from, value.get("closing")),
    )


APPROVAL: Final[Kind[Approval]] = Kind("approval", 1, _approval_value, _approval)
