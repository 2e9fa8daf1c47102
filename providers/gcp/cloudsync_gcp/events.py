"""What a log sink delivers of the audit log, by Pub/Sub, read for where to look; it calls nothing.

Shapes: a push is ``{"message": {"data": BASE64}}`` around a ``LogEntry`` whose ``protoPayload`` is
an ``AuditLog``: ``methodName``, ``resourceName``, ``authenticationInfo.principalEmail``, and
``status`` with a ``code`` where it failed (cloud.google.com/logging/docs/reference/audit and
cloud.google.com/pubsub/docs/push). An operation has a first entry and a last; each is a reason to look.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cloudsync.change import Change, fields, malformed

RULES: Final = frozenset(
    {"firewalls.delete", "firewalls.insert", "firewalls.patch", "firewalls.update"}
)
ASSOCIATIONS: Final = frozenset({"instances.setServiceAccount", "instances.setTags"})
POLICIES: Final = (
    "firewallPolicies.",
    "networkFirewallPolicies.",
    "regionNetworkFirewallPolicies.",
)
"""Whatever is done to a policy, its rules and its associations."""
_METHOD: Final = re.compile(
    r"(?:(?:v1|beta|alpha)\.)?(?:compute\.)(?:(?:v1|beta|alpha)\.)?(?P<name>[A-Za-z.]+)"
)
_PROJECT: Final = re.compile(r"projects/(?P<id>[a-z0-9.:-]{1,100})/.*")
_READS: Final = (
    ".get",
    ".list",
    ".getIamPolicy",
    ".testIamPermissions",
    ".getRule",
    ".getAssociation",
)


def change(event: Mapping[str, Any]) -> Change | None:
    """See ``TellsChanges.change``.

    Raises:
        UsageError: it is no push of Pub/Sub, and no entry of an audit log.
    """
    entry = _entry(event)
    payload = fields(entry.get("protoPayload"))
    if payload is None or not isinstance(payload.get("methodName"), str):
        raise malformed("it has no protoPayload.methodName, so it is of no audit log")
    method = _METHOD.fullmatch(payload["methodName"])
    if not method:
        return None
    name = method["name"]
    changed = name.startswith(POLICIES) and not name.endswith(_READS)
    if not changed and name not in RULES | ASSOCIATIONS:
        return None
    if (fields(payload.get("status")) or {}).get("code"):
        return None
    resource = payload.get("resourceName")
    if not isinstance(resource, str):
        raise malformed("its protoPayload has no resourceName")
    project = _PROJECT.fullmatch(resource)
    if not project and name in RULES | ASSOCIATIONS:
        raise malformed("its resourceName is of no project")
    # A rule's entry doesn't always say its network, and a policy may be an organization's.
    where = f"gcp:{project['id']}" if project else "gcp"
    who = (fields(payload.get("authenticationInfo")) or {}).get("principalEmail")
    return Change(name, frozenset({where}), frozenset({who} if isinstance(who, str) else ()))


def _entry(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The log entry in a push, or the event itself where it is one."""
    message = event.get("message")
    if message is None:
        return event
    data = (fields(message) or {}).get("data")
    if not isinstance(data, str):
        raise malformed("its message has no data")
    try:
        entry = fields(json.loads(base64.b64decode(data, validate=True)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise malformed("its message's data isn't JSON in base64") from error
    if entry is None:
        raise malformed("its message's data is no log entry")
    return entry
