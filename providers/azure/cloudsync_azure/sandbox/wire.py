"""Azure Resource Manager's HTTP: JSON in, JSON out, one shape of error; it decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

JSON = "application/json; charset=utf-8"


class Refused(ValueError):
    """A request that is answered with an error code instead of a result."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        details: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = tuple(details)
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``base`` is the address it was sent to, for the links in answers."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    base: str = "http://127.0.0.1"

    @classmethod
    def read(
        cls, method: str, target: str, headers: Mapping[str, str], body: bytes, base: str
    ) -> Request:
        """A request from its line, headers and body; names of headers in any case.

        A name of a query parameter is taken in lower case, as Resource Manager takes it.
        """
        parts = urlsplit(target)
        return cls(
            method=method.upper(),
            path=unquote(parts.path),
            query={
                name.lower(): value
                for name, value in parse_qsl(parts.query, keep_blank_values=True)
            },
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            base=base,
        )

    def document(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Refused: InvalidRequestContent where it isn't one.
        """
        try:
            value: Any = json.loads(self.body or b"null")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            # gh hashicorp/terraform-provider-azurerm#32505 shows the wording for a body that
            # can't be read; that this code stands for one that is no object at all is UNVERIFIED.
            raise Refused(
                "InvalidRequestContent",
                "The request content was invalid and could not be deserialized.",
            )
        return cast("dict[str, Any]", value)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def value(self) -> Any:
        """The body as JSON, None where there is none."""
        return json.loads(self.body) if self.body else None


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    return raw(json.dumps(value, separators=(",", ":")), status, headers)


def raw(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer whose JSON is ready."""
    said = {"Content-Type": JSON, **(headers or {})}
    return Reply(status, text.encode(), tuple(said.items()))


def empty(status: int, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer without a body."""
    return Reply(status, b"", tuple((headers or {}).items()))


def error_body(refused: Refused) -> dict[str, Any]:
    """The one shape of an error: code, message and details."""
    return {
        "code": refused.code,
        "message": refused.message,
        "details": [{"code": code, "message": message} for code, message in refused.details],
    }


def refusal(refused: Refused) -> Reply:
    """The answer to a request that was refused."""
    return answer({"error": error_body(refused)}, refused.status, refused.headers)
