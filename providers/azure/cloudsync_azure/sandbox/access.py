"""Who asks, and what they may: bearer tokens, actions with wildcards, and the questions about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from cloudsync_azure.sandbox.values import guid
from cloudsync_azure.sandbox.wire import Refused

_BEARER = re.compile(r"Bearer\s+(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity, and the actions of its one role, at the scopes where it is assigned.

    ``actions`` are as in a role definition: whole names or wildcards. ``scopes`` are ids; the
    role holds there and for everything below. ``/`` is everywhere.
    """

    name: str = "owner"
    actions: tuple[str, ...] = ("*",)
    not_actions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("/",)

    def may(self, action: str, scope: str) -> bool:
        """Whether the role holds at ``scope`` and names ``action``; any case, as Azure has it."""
        return (
            self.holds(scope)
            and any(_matches(action, each) for each in self.actions)
            and not any(_matches(action, each) for each in self.not_actions)
        )

    def holds(self, scope: str) -> bool:
        """Whether the role is assigned at ``scope`` or above it."""
        below = scope.lower().rstrip("/") + "/"
        return any(below.startswith(each.lower().rstrip("/") + "/") for each in self.scopes)

    def sees(self, subscription: str) -> bool:
        """Whether anything in the subscription is in reach: it is listed then."""
        own = f"/subscriptions/{subscription}".lower()
        return self.holds(own) or any(each.lower().startswith(own) for each in self.scopes)

    def permissions(self, scope: str) -> list[dict[str, Any]]:
        """As ``Permissions_ListForResourceGroup`` answers: what the role allows at ``scope``."""
        if not self.holds(scope):
            return []
        return [
            {
                "actions": list(self.actions),
                "notActions": list(self.not_actions),
                "dataActions": [],
                "notDataActions": [],
            }
        ]

    def role(self) -> dict[str, Any]:
        """As a role definition is answered."""
        identity = guid(sum(self.name.encode()) + 1_000_000)
        return {
            "id": f"/providers/Microsoft.Authorization/roleDefinitions/{identity}",
            "name": identity,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": self.name,
                "type": "CustomRole",
                "description": "",
                "assignableScopes": list(self.scopes),
                "permissions": [
                    {
                        "actions": list(self.actions),
                        "notActions": list(self.not_actions),
                        "dataActions": [],
                        "notDataActions": [],
                    }
                ],
            },
        }


def _matches(action: str, pattern: str) -> bool:
    # A wildcard stands for any text, dots and slashes too; brackets have no meaning there.
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


OWNER = Principal()


def caller(headers: Mapping[str, str], principals: Mapping[str, Principal]) -> Principal:
    """Whose token the request carries; a token that nobody registered is the owner's.

    Source of the refusals: Resource Manager's 401, as the vendor's command line records it.

    Raises:
        Refused: AuthenticationFailed, or AuthenticationFailedInvalidHeader.
    """
    given = headers.get("authorization")
    challenge = {"WWW-Authenticate": 'Bearer authorization_uri="https://login.invalid/", '
                 'error="invalid_token"'}  # fmt: skip
    if not given:
        raise Refused(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            401,
            headers=challenge,
        )
    token = _BEARER.fullmatch(given)
    if token is None:
        raise Refused(
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            401,
            headers=challenge,
        )
    return principals.get(token[1], OWNER)


def check(principal: Principal, action: str, scope: str) -> None:
    """Refuse what the principal's role doesn't name at that scope.

    Raises:
        Refused: AuthorizationFailed.
    """
    if action and not principal.may(action, scope):
        raise Refused(
            "AuthorizationFailed",
            f"The client '{principal.name}' with object id '{principal.name}' does not have "
            f"authorization to perform action '{action}' over scope '{scope}' or the scope is "
            "invalid. If access was recently granted, please refresh your credentials.",
            403,
        )
