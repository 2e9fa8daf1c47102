"""Requests, answers and refusals, as they stand on the wire; it knows no resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard
from urllib.parse import parse_qsl, unquote, urlsplit

_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read: `query` maps a parameter to its values, `body` is parsed JSON or None."""

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    raw: bytes = b""
    token: str = ""

    @classmethod
    def of(
        cls, method: str, url: str, raw: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Request:
        """A request from its parts as a client sends them; header names in lower case."""
        parts = urlsplit(url)
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            query[name] = (*query.get(name, ()), value)
        token = (headers or {}).get("authorization", "").removeprefix("Bearer ")
        return cls(method.upper(), unquote(parts.path), query, raw, token)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=UTF-8"

    @classmethod
    def of(cls, status: int, body: Any) -> Reply:
        """An answer in JSON."""
        return cls(status, json.dumps(body, separators=(",", ":")).encode())


class Refused(Exception):
    """A request that Google would refuse; its parts are what clients tell refusals apart by.

    Every error carries a list of errors with a domain and a reason, and a status name; some carry
    an ErrorInfo as well. Source: the shapes that google-api-core reads in `from_http_response`.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        info: tuple[str, Mapping[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.info = info

    @property
    def code(self) -> str:
        """The word for it inside an operation: RESOURCE_NOT_FOUND and the like."""
        words = "".join(f"_{c}" if c.isupper() else c for c in self.reason).upper()
        return {"NOT_FOUND": "RESOURCE_NOT_FOUND"}.get(words, words)

    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        error: dict[str, Any] = {
            "code": self.status,
            "message": self.message,
            "errors": [{"message": self.message, "domain": self.domain, "reason": self.reason}],
            "status": _STATUS.get(self.status, "UNKNOWN"),
        }
        if self.info is not None:
            reason, metadata = self.info
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": reason,
                    "domain": "googleapis.com",
                    "metadata": dict(metadata),
                }
            ]
        return {"error": error}


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def invalid(field_name: str, value: object, why: str) -> Refused:
    """A value that a field can't have.

    Source: the text that clients report, gh cloudflare/terraform-provider-cloudflare#86.
    """
    return Refused(400, "invalid", f"Invalid value for field '{field_name}': '{value}'. {why}")


def missing(field_name: str) -> Refused:
    """A field that must be there."""
    return Refused(400, "required", f"Required field '{field_name}' not specified")


def not_found(path: str) -> Refused:
    """A resource that isn't there. Source: the text in gh skyplane-project/skyplane#683."""
    return Refused(404, "notFound", f"The resource '{path}' was not found")


def too_many(field_name: str, most: int, actual: int) -> Refused:
    """A list that is too long: 413. Source: gh hashicorp/terraform-provider-google#1417."""
    return Refused(
        413,
        "fieldSizeTooLarge",
        f"Value for field '{field_name}' is too large: maximum size {most} element(s); "
        f"actual size {actual}.",
    )
