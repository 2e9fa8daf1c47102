"""What may be changed, as Azure lists the caller's permissions at a group; it changes nothing.

The list holds, for each role, actions and what is taken from them, both with wildcards; an action
is allowed where one role names it and doesn't take it back (azure-docs, role-based access control,
"Understand Azure role definitions"). Deny assignments aren't in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cloudsync.tells import Permission
from cloudsync_azure.caller import Caller, Failed, Where
from cloudsync_azure.calls import ACTION

READ: Final = "Microsoft.Authorization/permissions/read"
_VERSION: Final = "2022-04-01"


def asked(
    caller: Caller, where: Where, prefix: str, targets: Sequence[str], deadline: float | None
) -> Iterator[Permission]:
    """What changes of network security groups need; ``prefix`` is what their names begin with."""
    for target in targets:
        group, _, name = target.removeprefix(prefix).partition("/")
        try:
            roles = _roles(caller, where, group, name, deadline)
        except Failed as failed:
            for action in ACTION.values():
                yield Permission(target, action, None, failed.found.what)
            continue
        for action in ACTION.values():
            held = allows(roles, action)
            yield Permission(target, action, held, "" if held else "no role that is held names it")


def allows(roles: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one role names ``action`` and doesn't take it back; case says nothing."""
    return any(
        _named(role.get("actions"), action) and not _named(role.get("notActions"), action)
        for role in roles
    )


def _named(patterns: Sequence[str] | None, action: str) -> bool:
    return any(
        re.fullmatch(re.escape(one).replace(r"\*", ".*"), action, re.IGNORECASE)
        for one in patterns or ()
    )


def _roles(
    caller: Caller, where: Where, group: str, name: str, deadline: float | None
) -> list[Mapping[str, Any]]:
    from azure.core.rest import HttpRequest  # noqa: PLC0415

    url = (
        f"/subscriptions/{where.subscription}/resourceGroups/{group}/providers/Microsoft.Network"
        f"/networkSecurityGroups/{name}/providers/Microsoft.Authorization/permissions"
    )

    def call(client: Any) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        request = HttpRequest("GET", url, params={"api-version": _VERSION})
        while True:
            answer = client.send_request(request)
            answer.raise_for_status()
            page = answer.json()
            found += page["value"]
            if not page.get("nextLink"):
                return found
            request = HttpRequest("GET", page["nextLink"])

    return caller.read(where, READ, deadline, call)
