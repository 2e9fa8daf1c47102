"""What an error of GCP means, by its reason; it raises none and prints none.

A status never decides: 403 stands for a permission that is missing, for an API that is disabled,
for calls that come too fast and for a quota that is full (Compute Engine, "API rate quotas").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.provider import Kind, Outcome, Unreadable

_THROTTLED: Final = frozenset(
    {
        "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_OPERATION_RATE_EXCEEDED",
        "rateLimitExceeded",
        "userRateLimitExceeded",
    }
)
# The object is busy with another change: the same call may pass in a moment.
_BUSY: Final = frozenset(
    {"RESOURCE_NOT_READY", "resourceInUseByAnotherResource", "resourceNotReady"}
)
_DISABLED: Final = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_DENIED: Final = frozenset(
    {
        "IAM_PERMISSION_DENIED",
        "PERMISSIONS_ERROR",
        "PERMISSION_DENIED",
        "forbidden",
        "insufficientPermissions",
    }
)
_CREDENTIALS: Final = frozenset(
    {"ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING", "authError", "expired"}
)
_LIMIT: Final = frozenset({"QUOTA_EXCEEDED", "fieldSizeTooLarge", "limitExceeded", "quotaExceeded"})
_GONE: Final = frozenset({"RESOURCE_NOT_FOUND", "notFound"})
_STALE: Final = _GONE | {
    "ALREADY_EXISTS",
    "CONDITION_NOT_MET",
    "RESOURCE_ALREADY_EXISTS",
    "alreadyExists",
    "conditionNotMet",
    "duplicate",
}
# The request may have been carried out before the error arose.
_UNKNOWN: Final = frozenset(
    {"INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "backendError", "internalError", "serviceUnavailable"}
)

_KINDS: Final[Mapping[Kind, frozenset[str]]] = {
    "throttled": _THROTTLED | _BUSY,
    "denied": _DENIED | _DISABLED | _CREDENTIALS,
    "limit": _LIMIT,
    "stale": _STALE,
    "unknown": _UNKNOWN,
}
_BY_STATUS: Final = {
    401: "authError",
    404: "notFound",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
}
"""For an answer without any reason, where the status says all there is."""

_ROLES: Final = "providers/gcp/permissions"

WORTH_ANOTHER_TRY: Final = _THROTTLED | _BUSY | _UNKNOWN | {""}
"""Reasons, and no answer at all, after which the same call may pass."""


@immutable
class Failure:
    """An error in plain words. ``reason`` is Google's own, empty where it never answered.

    ``credentials`` says that there are none, so that nothing at all can be done.
    """

    reason: str
    what: str
    credentials: bool = False

    @property
    def gone(self) -> bool:
        """Whether what was asked for isn't there."""
        return self.reason in _GONE

    @property
    def slow(self) -> bool:
        """Whether calls come too fast."""
        return self.reason in _THROTTLED


def failure(error: Exception, endpoint: str = "") -> Failure:
    """Translate what the SDK raised; ``endpoint`` is where the call went."""
    from google.api_core import exceptions as sdk  # noqa: PLC0415
    from google.auth import exceptions as auth  # noqa: PLC0415

    where = endpoint or "Google"
    if isinstance(error, sdk.GoogleAPICallError):
        return _answered(error, where)
    if isinstance(error, auth.GoogleAuthError):
        if isinstance(error, auth.TransportError):
            return Failure("", f"{where} can't be reached")
        return Failure("", _line(error), credentials=True)
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
        return Failure("", f"{where} didn't answer in time")
    if isinstance(error, OSError):
        refused = "refused" in str(error).lower() or "resolve" in str(error).lower()
        return Failure(
            "",
            f"{where} can't be reached"
            if refused
            else f"{where} closed the connection without an answer",
        )
    return Failure("", f"the answer of {where} can't be read: {_line(error)}")


def _answered(error: Any, where: str) -> Failure:
    listed: list[Any] = [one for one in error.errors or () if hasattr(one, "get")]
    inner = [str(one.get("reason") or "") for one in listed]
    known = {reason for reasons in _KINDS.values() for reason in reasons}
    # Google's newer word is the more exact one: 403 rateLimitExceeded may be a quota of operations.
    words = [str(getattr(error, "reason", None) or ""), *inner]
    reason = next((word for word in words if word in known), next((w for w in words if w), ""))
    if not reason:
        status = int(error.code or 0)
        if status >= 500:
            return Failure("", f"{where} answered {status}")
        reason = _BY_STATUS.get(status, f"HTTP {status}")
    said = " ".join(str(error.message or "").split()).rstrip(". ")
    return Failure(reason, f"{said} ({reason})" if said else f"Google answered {reason}")


def inside(errors: Iterable[tuple[str, str]], status: int) -> Failure:
    """What the errors of an operation mean, each a code and a message."""
    for code, message in errors:
        said = " ".join(message.split()).rstrip(". ")
        return Failure(code, f"{said} ({code})" if said else f"the operation ended with {code}")
    reason = _BY_STATUS.get(status, f"HTTP {status}")
    return Failure(reason, f"the operation ended with {reason}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def kind_of(found: Failure) -> Kind:
    """The outcome of a mutating call that ended so; without an answer, nobody knows."""
    if found.credentials:
        return "denied"
    if not found.reason:
        return "unknown"
    kinds: list[Kind] = [kind for kind, reasons in _KINDS.items() if found.reason in reasons]
    return kinds[0] if kinds else "failed"


def outcome(found: Failure, action: str) -> Outcome:
    """How a step ended whose call failed."""
    kind = kind_of(found)
    if kind == "unknown":
        return Outcome(kind, f"the answer to {action} was lost: {found.what}")
    return Outcome(kind, f"{action}: {found.what}", _advice(found, action, "write.yaml"))


def unreadable(scope: str, found: Failure, action: str) -> Unreadable:
    """Why a scope couldn't be read."""
    if found.reason in _THROTTLED:
        what = f"Google throttled {action} ({found.reason})"
    elif found.reason in _DENIED:
        what = f"access to {action} was denied ({found.reason})"
    elif found.reason in _DISABLED:
        what = f"the API that {action} belongs to is disabled ({found.reason})"
    else:
        what = f"{action}: {found.what}" if found.reason else found.what
    return Unreadable(scope, what, _advice(found, action, "watch.yaml"))


def _advice(found: Failure, action: str, role: str) -> str:
    if found.reason in _THROTTLED:
        return "Run again later; other tools of this project call the same methods."
    if found.reason in _BUSY:
        return "Another change of it was under way; the next run tries again."
    if found.reason in _DENIED:
        return f"Grant what {action} needs; {_ROLES}/{role} holds all of it."
    if found.reason in _DISABLED:
        service = "cloudasset" if action.startswith("assets.") else "compute"
        return (
            f"Enable it: gcloud services enable {service}.googleapis.com, or leave the project out."
        )
    if found.credentials or found.reason in _CREDENTIALS:
        return "Renew the credentials, and check this machine's clock."
    if found.reason in _LIMIT:
        return "Raise the quota, or delete rules that nothing needs."
    if found.reason in _STALE:
        return "The rules changed meanwhile; the next run looks again."
    if not found.reason:
        return "Check the network, and endpoint."
    return f"Look up {found.reason} in the Compute Engine API reference."
