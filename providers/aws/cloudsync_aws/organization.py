"""Which accounts an AWS Organization has, whole or in some units, and which of them are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cloudsync.provider import Unreadable
from cloudsync_aws.accounts import Organization
from cloudsync_aws.caller import Failed
from cloudsync_aws.failures import unreadable

_PAGE: Final = 20
_ACTIVE: Final = "ACTIVE"

Ask = Callable[..., dict[str, Any]]
"""``ask(action, **arguments)``: one call to Organizations; it raises Failed."""


@dataclass
class Listed:
    """Names and states by account id, as far as they could be listed, and why not the rest."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    states: dict[str, str] = field(default_factory=dict[str, str])
    unlisted: list[Unreadable] = field(default_factory=list[Unreadable])

    def add(self, account: dict[str, Any]) -> None:
        """One account of an answer.

        ``State`` came in September 2025, and ``Status`` goes a year later (ListAccounts): an SDK
        from before knows only that one.
        """
        identity: str = account["Id"]
        self.names[identity] = account.get("Name", "")
        self.states[identity] = account.get("State") or account.get("Status", "")


def accounts(
    ask: Ask, wanted: Organization, alone: frozenset[str] | None = None
) -> tuple[list[str], list[Unreadable]]:
    """The ids of the active accounts that are meant, in order, and what couldn't be listed.

    With ``alone``, those of these ids that are meant: each is asked for by itself, since a list of
    thousands takes a minute, at twenty a page. Whoever may only list lists.

    An account that the configuration includes by name or id and that isn't an active member is
    never passed over in silence. Where a part of the organization can't be listed, the whole cloud
    counts as unreadable beside what could be: nobody knows which accounts are in that part.
    """
    if alone is not None:
        try:
            return _meant(_described(ask, alone, wanted), wanted), []
        except Failed:
            return _listed(ask, wanted)
    return _listed(ask, wanted)


def _listed(ask: Ask, wanted: Organization) -> tuple[list[str], list[Unreadable]]:
    listed = Listed()
    for unit in wanted.units or (None,):
        try:
            if unit is None:
                _collect(ask, "ListAccounts", listed)
            else:
                _descend(ask, unit, listed)
        except Failed as failed:
            found = unreadable("aws", failed.found, failed.action)
            reason = f"{unit}: {found.reason}" if unit else found.reason
            listed.unlisted.append(Unreadable("aws", reason, found.todo))
    return _meant(listed, wanted), [*_merged(listed.unlisted), *_missed(listed, wanted)]


def _described(ask: Ask, ids: Iterable[str], wanted: Organization) -> Listed:
    """Those of the accounts that are of the organization, and in its units where these are named.

    Raises:
        Failed: one can't be asked for.
    """
    found = Listed()
    for identity in sorted(ids):
        try:
            account = ask("DescribeAccount", AccountId=identity)["Account"]
        except Failed as failed:
            if failed.found.code != "AccountNotFoundException":
                raise
            continue
        if wanted.units is None or _under(ask, identity, wanted.units):
            found.add(account)
    return found


def _under(ask: Ask, child: str, units: Sequence[str]) -> bool:
    """Whether an account is in one of the units, or in one below: a child has one parent."""
    while True:
        (parent,) = ask("ListParents", ChildId=child)["Parents"]
        if parent["Id"] in units:
            return True
        if parent["Type"] == "ROOT":
            return False
        child = parent["Id"]


def _collect(ask: Ask, action: str, listed: Listed, **arguments: Any) -> None:
    for answer in _pages(ask, action, **arguments):
        for account in answer.get("Accounts", ()):
            listed.add(account)


def _descend(ask: Ask, unit: str, listed: Listed) -> None:
    """The accounts of a unit and of every unit below it: one call tells of one level alone."""
    waiting, seen = [unit], {unit}
    while waiting:
        parent = waiting.pop()
        _collect(ask, "ListAccountsForParent", listed, ParentId=parent)
        for answer in _pages(ask, "ListOrganizationalUnitsForParent", ParentId=parent):
            below = [one["Id"] for one in answer.get("OrganizationalUnits", ())]
            waiting += [one for one in below if one not in seen]
            seen.update(below)


def _pages(ask: Ask, action: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """Every page; one may be empty and still have a token."""
    token: dict[str, str] = {}
    while True:
        answer = ask(action, MaxResults=_PAGE, **arguments, **token)
        yield answer
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def _meant(listed: Listed, wanted: Organization) -> list[str]:
    return sorted(
        account
        for account, name in listed.names.items()
        if listed.states[account] == _ACTIVE
        and (wanted.include is None or {account, name} & set(wanted.include))
        and not {account, name} & set(wanted.exclude)
    )


def _missed(listed: Listed, wanted: Organization) -> Iterator[Unreadable]:
    """What is included and isn't there, unless it may be in a part that couldn't be listed."""
    if listed.unlisted:
        return
    ids = {name: account for account, name in listed.names.items()}
    where = "of these units" if wanted.units else "of the organization"
    for one in wanted.include or ():
        account = one if one in listed.states else ids.get(one)
        if account is None:
            reason = f"it is included, and isn't an account {where}"
            todo = "Correct organization.include: it takes ids and names as AWS writes them."
        elif listed.states[account] != _ACTIVE:
            reason = f"the account is {listed.states[account]}, not {_ACTIVE}"
            todo = "Take it out of organization.include, if that is right."
        else:
            continue
        yield Unreadable(f"aws:{account or one}", reason, todo)


def _merged(found: list[Unreadable]) -> list[Unreadable]:
    """One line for the cloud, whatever number of units couldn't be listed."""
    if not found:
        return []
    reasons = "; ".join(dict.fromkeys(one.reason for one in found))
    return [Unreadable("aws", reasons, found[0].todo)]
