"""What an error of Azure means, by its code; it raises none and prints none.

An HTTP status or an exception's class never decides where there is a code: azure-core raises the
same class for 409 whether a name is taken or the group is busy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from cloudsync.immutable import immutable
from cloudsync.provider import Kind, Outcome, Unreadable
from cloudsync_azure.quota import WAYS_OUT

# Azure documentation, "Understand how Azure Resource Manager throttles requests" and "Resource
# Graph: guidance for throttled requests".
_THROTTLED: Final = frozenset(
    {
        "OperationNotAllowedDueToThrottling",
        "RateLimiting",
        "ResourceCollectionRequestsThrottled",
        "SubscriptionRequestsThrottled",
        "TooManyRequests",
        "TooManyRequestsReceived",
    }
)
# Another change of the same group, or of what it hangs on, is under way: it passes by itself.
_BUSY: Final = frozenset(
    {
        "AnotherOperationInProgress",
        "Conflict",
        "OperationPreempted",
        "PreviousOperationInProgress",
        "ReferencedResourceNotProvisioned",
        "RetryableError",
        "RetryableErrorDueToAnotherOperation",
    }
)
_DENIED: Final = frozenset(
    {
        "AuthorizationFailed",
        "DisallowedOperation",
        "LinkedAuthorizationFailed",
        "RequestDisallowedByPolicy",
        "ScopeLocked",
    }
)
_CREDENTIALS: Final = frozenset(
    {
        "AuthenticationFailed",
        "ExpiredAuthenticationToken",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationTokenTenant",
    }
)
_STALE: Final = frozenset(
    {
        "CanceledAndSupersededDueToAnotherOperation",
        "NotFound",
        "PreconditionFailed",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "SecurityRuleConflict",
    }
)
_LIMIT: Final = frozenset(
    {
        "NetworkSecurityGroupRuleLimitReached",
        "ResourceCountExceedsLimitDueToTemplate",
        "SecurityRuleCountExceedsLimit",
        "SubscriptionQuotaExceeded",
    }
)
_SUBSCRIPTION: Final = frozenset(
    {"InvalidSubscriptionId", "SubscriptionNotFound", "SubscriptionNotRegistered"}
)
# The request may have been carried out before the error arose.
_UNKNOWN: Final = frozenset(
    {"BadGateway", "GatewayTimeout", "InternalServerError", "ServerTimeout", "ServiceUnavailable"}
)
_KINDS: Final[Mapping[Kind, frozenset[str]]] = {
    "throttled": _THROTTLED | _BUSY,
    "denied": _DENIED | _CREDENTIALS,
    "stale": _STALE,
    "limit": _LIMIT,
    "unknown": _UNKNOWN,
}

_PERMISSIONS: Final = "providers/azure/permissions"


@immutable
class Failure:
    """What went wrong. ``code`` is Azure's, empty where none was told.

    ``credentials`` says that there were none to call with; ``after`` is Retry-After in seconds.
    """

    code: str
    what: str
    credentials: bool = False
    after: float | None = None

    @property
    def throttled(self) -> bool:
        """Whether calls come too fast."""
        return self.code in _THROTTLED

    @property
    def passes(self) -> bool:
        """Whether waiting a little is likely to help, and nothing was carried out."""
        return self.code in _THROTTLED | _BUSY

    @property
    def absent(self) -> bool:
        """Whether what was asked for isn't there, while its subscription is."""
        return self.code in {"NotFound", "ResourceGroupNotFound", "ResourceNotFound"}

    @property
    def lost(self) -> bool:
        """Whether nobody knows what became of the request."""
        return not self.code or self.code in _UNKNOWN


def failure(error: Exception, endpoint: str) -> Failure:
    """Translate what the SDK raised; ``endpoint`` is where the call went."""
    from azure.core import exceptions as sdk  # noqa: PLC0415

    if isinstance(error, sdk.HttpResponseError):
        return _answered(error, endpoint)
    if isinstance(error, sdk.ServiceRequestError):
        return Failure("", f"{endpoint} can't be reached")
    if isinstance(error, sdk.ServiceResponseError | OSError):
        return Failure("", f"{endpoint} closed the connection without an answer")
    return Failure("", f"the SDK gave up: {_line(str(error)) or type(error).__name__}")


def _answered(error: Any, endpoint: str) -> Failure:
    from azure.core.exceptions import ClientAuthenticationError, DecodeError  # noqa: PLC0415

    response: Any = getattr(error, "response", None)
    if isinstance(error, ClientAuthenticationError) and response is None:
        return Failure("", _line(str(error.message)), credentials=True)
    if isinstance(error, DecodeError):
        return Failure("", f"{endpoint} answered with something that isn't Azure's")
    status = int(getattr(response, "status_code", 0) or 0)
    said = _said(error)
    code = str(said.get("code") or "") or _BY_STATUS.get(status, "")
    message = _line(str(said.get("message") or ""))
    after = _after(getattr(response, "headers", None) or {})
    if not code:
        return Failure("", f"{endpoint} answered {status} without saying why", after=after)
    return Failure(
        code, f"{message} ({code})" if message else f"Azure answered {code}", after=after
    )


# For answers of gateways and proxies, which have no code of Azure's.
_BY_STATUS: Final = {
    401: "AuthenticationFailed",
    403: "AuthorizationFailed",
    404: "NotFound",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def _said(error: Any) -> Mapping[str, Any]:
    """``{code, message}`` of an error, wherever the SDK put it."""
    inner: Any = getattr(error, "error", None)
    if inner is not None and getattr(inner, "code", None):
        return {"code": inner.code, "message": getattr(inner, "message", "")}
    try:
        body: Any = error.response.json()
    except (AttributeError, ValueError, RuntimeError):
        return {}
    found: Any = cast("Mapping[str, Any]", body).get("error") if isinstance(body, Mapping) else None
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


def _after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(float(headers.get("Retry-After") or ""), 0.0)
    except ValueError:
        return None


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def kind_of(found: Failure) -> Kind:
    """The outcome of a mutating call that ended so; without an answer, nobody knows."""
    if found.credentials:
        return "denied"
    if found.lost:
        return "unknown"
    kinds: list[Kind] = [kind for kind, codes in _KINDS.items() if found.code in codes]
    return kinds[0] if kinds else "failed"


def outcome(found: Failure, action: str) -> Outcome:
    """How a step ended whose call failed."""
    kind = kind_of(found)
    if kind == "unknown":
        return Outcome(kind, f"the answer to {action} was lost: {found.what}")
    return Outcome(kind, f"{action}: {found.what}", advice(found, action, "write.json"))


def unreadable(scope: str, found: Failure, action: str) -> Unreadable:
    """Why a scope couldn't be read."""
    if found.code in _THROTTLED:
        what = f"Azure throttled {action} ({found.code})"
    elif found.code in _DENIED:
        what = f"access to {action} was denied ({found.code})"
    else:
        what = f"{action}: {found.what}" if found.code else found.what
    return Unreadable(scope, what, advice(found, action, "watch.json"))


def advice(found: Failure, action: str, role: str) -> str:
    """What a person can do about a failed call; ``role`` is the file that allows all it needs."""
    if found.credentials:
        return SIGN_IN
    if found.code in _THROTTLED:
        return "Run again later; other tools of this identity call the same subscription."
    if found.code in _BUSY:
        return "Another change of the group is under way; the next run looks again."
    if found.code in {"RequestDisallowedByPolicy", "ScopeLocked", "DisallowedOperation"}:
        return "A policy or a lock of yours forbids it: exempt the group, or set mode: watch."
    if found.code in _DENIED:
        return f"Allow {action}; the role in {_PERMISSIONS}/{role} holds all that is needed."
    if found.code in _CREDENTIALS:
        return "Renew the credentials, check tenant, and check this machine's clock."
    if found.code in _SUBSCRIPTION:
        return "Check the subscription's id, and that the identity has a role in it."
    if found.code in _LIMIT:
        return WAYS_OUT
    if found.code in _STALE:
        return "The group changed meanwhile; the next run looks again."
    if not found.code:
        return "Check the network, and endpoint."
    return f"Look up {found.code} in Azure's documents of common errors."


SIGN_IN: Final = (
    "Run where a managed or workload identity is attached, set AZURE_CLIENT_ID, AZURE_TENANT_ID "
    "and the like, or sign in with az login."
)
