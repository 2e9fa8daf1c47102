"""What Event Grid delivers of a subscription, read for where to look; it calls nothing.

Shapes: ``eventType`` (``type`` as a CloudEvent) is ``Microsoft.Resources.ResourceWriteSuccess``,
``ResourceDeleteSuccess`` or ``ResourceActionSuccess``; ``data`` has ``operationName``,
``resourceUri``, ``claims`` with ``appid``, and ``correlationId``
(learn.microsoft.com/azure/event-grid/event-schema-subscriptions). Operations come in any case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from cloudsync.change import Change, fields, malformed

_NETWORK: Final = "microsoft.network/"
GROUPS: Final = frozenset(
    {
        f"{_NETWORK}networksecuritygroups/delete",
        f"{_NETWORK}networksecuritygroups/write",
        f"{_NETWORK}networksecuritygroups/securityrules/delete",
        f"{_NETWORK}networksecuritygroups/securityrules/write",
    }
)
ASSOCIATIONS: Final = frozenset(
    {
        f"{_NETWORK}applicationsecuritygroups/delete",
        f"{_NETWORK}applicationsecuritygroups/write",
        f"{_NETWORK}networkinterfaces/delete",
        f"{_NETWORK}networkinterfaces/write",
        f"{_NETWORK}virtualnetworks/write",
        f"{_NETWORK}virtualnetworks/subnets/delete",
        f"{_NETWORK}virtualnetworks/subnets/write",
    }
)
_DONE: Final = re.compile(
    r"microsoft\.resources\.resource(write|delete|action)success", re.IGNORECASE
)
_URI: Final = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-f-]{36})"
    r"(/resourcegroups/(?P<group>[^/]{1,90})"
    r"(/providers/microsoft\.network/networksecuritygroups/(?P<name>[^/]{1,80}))?.*)?",
    re.IGNORECASE,
)


def change(event: Mapping[str, Any]) -> Change | None:
    """See ``TellsChanges.change``.

    Raises:
        UsageError: it is no event of a subscription, or lacks its operation or its resource.
    """
    kind = event.get("eventType") or event.get("type")
    data = fields(event.get("data"))
    if not isinstance(kind, str) or data is None:
        raise malformed("it has no eventType and data, which Event Grid gives every event")
    operation = data.get("operationName")
    if not isinstance(operation, str):
        raise malformed("its data has no operationName")
    operation = operation.lower()
    if not _DONE.fullmatch(kind) or operation not in GROUPS | ASSOCIATIONS:
        return None
    resource = data.get("resourceUri") or event.get("subject")
    found = _URI.fullmatch(resource) if isinstance(resource, str) else None
    if not found:
        raise malformed("its resourceUri is no resource of a subscription")
    scope = f"azure:{found['subscription'].lower()}"
    # Which groups guard an interface or a subnet is for the look to find out.
    where = (
        f"{scope}/{found['group']}/{found['name']}"
        if operation in GROUPS and found["name"]
        else scope
    )
    appid = (fields(data.get("claims")) or {}).get("appid")
    actors = {appid} if isinstance(appid, str) else set[str]()
    return Change(operation, frozenset({where}), frozenset(actors))
