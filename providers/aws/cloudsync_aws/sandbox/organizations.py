"""AWS Organizations as far as a firewall tool lists it: accounts, units, and roles to get in by.

An account that stands here is entered only by a role that stands here too; any other account lets
everybody in by any role. Sources: SDK, DescribeAccount, ListAccounts, ListAccountsForParent,
ListOrganizationalUnitsForParent, ListParents, AssumeRole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudsync_aws.sandbox.wire import Refused

ROOT = "r-mail"
ACTIONS = frozenset(
    {
        "DescribeAccount",
        "ListAccounts",
        "ListAccountsForParent",
        "ListOrganizationalUnitsForParent",
        "ListParents",
    }
)
_PAGE = 20


@dataclass(frozen=True, slots=True)
class Member:
    """One account of the organization; ``roles`` maps a role's name to the external id it asks for."""

    id: str
    name: str
    parent: str
    state: str = "ACTIVE"
    roles: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])


@dataclass
class Organization:
    """Its accounts and units. ``empty_pages``: a page without anything, and a token, before each."""

    management: str
    empty_pages: bool = False
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    units: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    gone: bool = False

    def unit(self, name: str, parent: str = ROOT) -> str:
        """Somebody makes a unit; its id."""
        made = f"ou-mail-{len(self.units) + 1:08d}"
        self.units[made] = (name, parent)
        return made

    def account(
        self,
        account: str,
        *,
        name: str = "",
        parent: str = ROOT,
        state: str = "ACTIVE",
        roles: Mapping[str, str | None] | tuple[str, ...] = ("cloudsync",),
    ) -> str:
        """An account joins, or changes; its id. ``roles``: names, with an external id or without."""
        asked = dict.fromkeys(roles) if isinstance(roles, tuple) else roles
        self.members[account] = Member(account, name or f"account {account}", parent, state, asked)
        return account

    def leaves(self, account: str) -> None:
        """An account leaves the organization."""
        del self.members[account]

    def ends(self) -> None:
        """The organization is deleted."""
        self.members.clear()
        self.gone = True

    def lets_in(self, account: str, role: str, external_id: str | None) -> bool:
        """Whether the account's role trusts whoever comes with this external id."""
        member = self.members.get(account)
        if member is None:
            return True
        if role not in member.roles:
            return False
        asked = member.roles[role]
        return asked is None or asked == external_id

    def answer(self, caller: str, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What is answered to one of ``ACTIONS``.

        Raises:
            Refused: AccessDeniedException to a mere member, AccountNotFoundException,
                ChildNotFoundException, ParentNotFoundException, InvalidInputException; AWSOrganizationsNotInUseException where there is none.
        """
        if self.gone:
            raise Refused(
                "AWSOrganizationsNotInUseException",
                "Your account isn't a member of an organization.",
            )
        if caller != self.management:
            raise Refused(
                "AccessDeniedException",
                "You don't have permissions to access this resource.",
            )
        if action == "DescribeAccount":
            return {"Account": self._shown(self._member(str(body.get("AccountId", ""))))}
        if action == "ListParents":
            above = self._parent(str(body.get("ChildId", "")))
            kind = "ROOT" if above == ROOT else "ORGANIZATIONAL_UNIT"
            return {"Parents": [{"Id": above, "Type": kind}]}
        size = int(body.get("MaxResults", _PAGE))
        if not 1 <= size <= _PAGE:
            raise Refused("InvalidInputException", "You specified an invalid value.")
        parent = None
        if action != "ListAccounts":
            parent = str(body.get("ParentId", ""))
            if parent != ROOT and parent not in self.units:
                raise Refused(
                    "ParentNotFoundException",
                    "You specified parent that doesn't exist.",
                )
        if action == "ListOrganizationalUnitsForParent":
            return self._page("OrganizationalUnits", self._units(parent), size, body)
        return self._page("Accounts", self._accounts(parent), size, body)

    def _accounts(self, parent: str | None) -> list[dict[str, Any]]:
        return [self._shown(one) for one in self.members.values() if parent in {None, one.parent}]

    def _shown(self, one: Member) -> dict[str, Any]:
        # ``State`` alone: ``Status`` was to be retired on 2026-09-09.
        return {"Id": one.id, "Name": one.name, "State": one.state}

    def _member(self, account: str) -> Member:
        if account not in self.members:
            raise Refused(
                "AccountNotFoundException",
                "You specified an account that doesn't exist.",
            )
        return self.members[account]

    def _parent(self, child: str) -> str:
        if child in self.units:
            return self.units[child][1]
        if child not in self.members:
            raise Refused("ChildNotFoundException", "You specified a child that doesn't exist.")
        return self.members[child].parent

    def _units(self, parent: str | None) -> list[dict[str, Any]]:
        return [
            {"Id": identity, "Name": name}
            for identity, (name, above) in self.units.items()
            if above == parent
        ]

    def _page(
        self, key: str, found: list[dict[str, Any]], size: int, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        kind, _, number = str(
            body.get("NextToken", "empty:0" if self.empty_pages else ":0")
        ).partition(":")
        if not number.isdecimal():
            raise Refused("InvalidInputException", "You provided an invalid NextToken.")
        start = int(number)
        if kind == "empty":
            return {key: [], "NextToken": f":{start}"}
        answer: dict[str, Any] = {key: found[start : start + size]}
        if start + size < len(found):
            answer["NextToken"] = f"{'empty' if self.empty_pages else ''}:{start + size}"
        return answer
