"""What an error of AWS means, by its code; it raises none and prints none.

An HTTP status or an exception's class never decides: EC2 answers 400 for most of what can happen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudsync.immutable import immutable
from cloudsync.provider import Kind, Outcome, Unreadable
from cloudsync_aws.quota import WAYS_OUT

if TYPE_CHECKING:
    from collections.abc import Mapping

THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConcurrentMutationLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_CREDENTIALS: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "RequestExpired",
        "SignatureDoesNotMatch",
    }
)
# What a region answers that the account hasn't opted in to, or that doesn't know the credentials.
_REGION: Final = frozenset({"AuthFailure", "OptInRequired", "UnrecognizedClientException"})
_STALE: Final = frozenset(
    {
        "IncorrectState",
        "InvalidGroup.NotFound",
        "InvalidPermission.Duplicate",
        "InvalidPermission.NotFound",
        "InvalidPrefixListID.NotFound",
        "InvalidSecurityGroupRuleId.NotFound",
        "PrefixListMaxEntriesExceeded",
        "PrefixListVersionMismatch",
    }
)
_LIMIT: Final = frozenset({"RulesPerSecurityGroupLimitExceeded"})
# The request may have been carried out before the error arose.
_UNKNOWN: Final = frozenset(
    {"InternalError", "InternalFailure", "RequestTimeout", "ServiceUnavailable", "Unavailable"}
)

_KINDS: Final[Mapping[Kind, frozenset[str]]] = {
    "throttled": THROTTLED,
    "denied": _DENIED | _CREDENTIALS | _REGION,
    "limit": _LIMIT,
    "stale": _STALE,
    "unknown": _UNKNOWN,
}

_ORGANIZATION: Final = frozenset(
    {"ListAccounts", "ListAccountsForParent", "ListOrganizationalUnitsForParent"}
)
_PERMISSIONS: Final = "providers/aws/permissions"


@immutable
class Failure:
    """An error of the SDK in plain words. ``code`` is AWS's own, empty where AWS never answered.

    ``credentials`` says that there are none, so that nothing at all can be done. ``role`` is the
    ARN of the role that was to be assumed.
    """

    code: str
    what: str
    credentials: bool = False
    role: str = ""


def failure(error: Exception, endpoint: str = "") -> Failure:
    """Translate what the SDK raised; ``endpoint`` is where the call went."""
    from botocore import exceptions as sdk  # noqa: PLC0415

    if isinstance(error, sdk.ClientError):
        code = str(error.response.get("Error", {}).get("Code", "Unknown"))
        said = str(error.response.get("Error", {}).get("Message", "")).rstrip(". ")
        return Failure(code, f"{said} ({code})" if said else f"AWS answered {code}")
    absent = (
        sdk.NoCredentialsError,
        sdk.PartialCredentialsError,
        sdk.CredentialRetrievalError,
        sdk.ProfileNotFound,
        sdk.TokenRetrievalError,
        sdk.SSOError,
    )
    if isinstance(error, absent):
        return Failure("", _line(error), credentials=True)
    where = endpoint or "AWS"
    if isinstance(error, sdk.ConnectionError):
        return Failure("", f"{where} can't be reached")
    if isinstance(error, sdk.HTTPClientError | OSError):
        return Failure("", f"{where} closed the connection without an answer")
    return Failure("", f"the SDK gave up: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def kind_of(found: Failure) -> Kind:
    """The outcome of a mutating call that ended so; without an answer, nobody knows."""
    if not found.code:
        return "unknown"
    kinds: list[Kind] = [kind for kind, codes in _KINDS.items() if found.code in codes]
    return kinds[0] if kinds else "failed"


def outcome(found: Failure, action: str) -> Outcome:
    """How a step ended whose call failed."""
    kind = kind_of(found)
    if found.role:
        # The step's own call was never made.
        kind = kind if kind == "throttled" else "denied"
        return Outcome(kind, _unassumed(found), _advice(found, "AssumeRole", "write.json"))
    if kind == "unknown":
        return Outcome(kind, f"the answer to {action} was lost: {found.what}")
    return Outcome(kind, f"{action}: {found.what}", _advice(found, action, "write.json"))


def unreadable(scope: str, found: Failure, action: str) -> Unreadable:
    """Why a scope couldn't be read."""
    if found.role:
        what, action = _unassumed(found), "AssumeRole"
    elif found.code in THROTTLED:
        what = f"AWS throttled {action} ({found.code})"
    elif found.code in _DENIED:
        what = f"access to {action} was denied ({found.code})"
    else:
        what = f"{action}: {found.what}" if found.code else found.what
    return Unreadable(scope, what, _advice(found, action, "watch.json"))


def _unassumed(found: Failure) -> str:
    return f"{found.role} can't be assumed ({found.code or found.what})"


def _advice(found: Failure, action: str, policy: str) -> str:
    if found.code in THROTTLED:
        return "Run again later; other tools of this account call the same actions."
    if found.code in _DENIED and action == "AssumeRole":
        return (
            "Make the role there, have it trust these credentials (with external_id, where it asks "
            "for one), and allow them sts:AssumeRole on it; or leave the account out."
        )
    if found.code in _DENIED and action in _ORGANIZATION:
        return (
            f"Allow organizations:{action}, in the management account or a delegated "
            "administrator's; or name accounts: in place of organization:."
        )
    if found.code in _DENIED:
        service = "sts" if action == "GetCallerIdentity" else "ec2"
        return f"Allow {service}:{action}; {_PERMISSIONS}/{policy} holds all that is needed."
    if found.code in _REGION:
        return "Enable the region for this account, or leave it out of regions."
    if found.code in _CREDENTIALS:
        return "Renew the credentials, and check this machine's clock."
    if found.code in _LIMIT:
        return WAYS_OUT
    if found.code in _STALE:
        what = "list" if "PrefixList" in action else "group"
        return f"The {what} changed meanwhile; the next run looks again."
    if found.code == "AWSOrganizationsNotInUseException":
        return "Name accounts: in place of organization:, or leave both out."
    if found.code == "ParentNotFoundException":
        return "Correct organization.units: an id is ou-… or r-…, of this very organization."
    if not found.code:
        return "Check the network, and endpoint or AWS_ENDPOINT_URL."
    service = "Organizations" if action in _ORGANIZATION else "EC2"
    return f"Look up {found.code} in the {service} API reference."
