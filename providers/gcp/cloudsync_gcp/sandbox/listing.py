"""Lists as Compute Engine gives them: pages, two orders, and filters of two kinds; it knows no resource."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from cloudsync_gcp.sandbox.operations import Asked
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused, invalid, is_list

MOST: Final = 500
_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>!=|<=|>=|=|<|>|:)|(?P<word>[^\s()"'=<>!:]+(?:://[^\s()"']*)?))""",
    re.VERBOSE,
)
Test = Callable[[Body], bool]


def page(
    asked: Asked, found: Mapping[str, Body], *, fields: Collection[str]
) -> tuple[list[Body], str]:
    """One page of a collection and the token of the next one, or "".

    `fields` are the scalar fields that a filter may name. Source: the descriptions of maxResults,
    orderBy, filter and pageToken, the same for every list.

    Raises:
        Refused: a parameter that the API would refuse.
    """
    most = asked.number("maxResults")
    if most is not None and not 0 <= most <= MOST:
        raise invalid("maxResults", most, f"Must be between 0 and {MOST}, inclusive.")
    order = asked.query.get("orderBy", "") or "name"
    if order not in {"name", "creationTimestamp desc"}:
        raise invalid("orderBy", order, "Only 'name' and 'creationTimestamp desc' are supported.")
    passes = filtering(asked.query.get("filter", ""), fields)
    items = sorted(found.items())
    if order != "name":
        items.sort(key=lambda item: (item[1].get("creationTimestamp", ""), int(item[1]["id"])))
        items.reverse()
    rows = [(name, body) for name, body in items if passes(body)]
    rows = rows[_start(asked, rows, order) :]
    size = most or MOST
    token = _token(order, asked, rows[size - 1][0]) if len(rows) > size else ""
    return [body for _, body in rows[:size]], token


def _token(order: str, asked: Asked, last: str) -> str:
    said = json.dumps([order, asked.query.get("filter", ""), last])
    return urlsafe_b64encode(said.encode()).decode()


def _start(asked: Asked, rows: Sequence[tuple[str, Body]], order: str) -> int:
    token = asked.query.get("pageToken", "")
    if not token:
        return 0
    try:
        said: Any = json.loads(urlsafe_b64decode(token))
    except (ValueError, Error):
        said = None
    known = [order, asked.query.get("filter", "")]
    if not is_list(said) or len(said) != 3 or said[:2] != known:
        raise invalid("pageToken", token, "Invalid page token.")
    last = str(said[2])
    if order == "name":
        return next((index for index, (name, _) in enumerate(rows) if name > last), len(rows))
    return next((index + 1 for index, (name, _) in enumerate(rows) if name == last), len(rows))


def answer(kind: str, path: str, items: list[Body], token: str) -> Body:
    """A list's JSON; an empty list has no `items` at all."""
    body: Body = {
        "kind": kind,
        "id": path,
        "selfLink": f"https://www.googleapis.com/compute/v1/{path}",
    }
    if items:
        body["items"] = items
    if token:
        body["nextPageToken"] = token
    return body


# --- filters -------------------------------------------------------------------------------------


def filtering(text: str, fields: Collection[str]) -> Test:
    """What a filter lets through.

    `field eq RE2` and `field ne RE2`, or AIP-160 comparisons joined by AND, OR or nothing, with
    brackets; the kinds can't be mixed. Lists can't be filtered by: gh googleapis/google-api-go-client#1019.

    Raises:
        Refused: anything else.
    """
    if not text.strip():
        return lambda _: True

    def refused() -> Refused:
        return invalid("filter", text, "Invalid list filter expression.")

    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise refused()
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        at = match.end()
    reader = _Reader(tokens, fields, refused)
    test = reader.every()
    if reader.at < len(tokens) or len(reader.kinds) > 1:
        raise refused()
    return test


class _Reader:
    """A filter, token by token."""

    def __init__(
        self,
        tokens: Sequence[tuple[str, str]],
        fields: Collection[str],
        refused: Callable[[], Refused],
    ) -> None:
        self.tokens = tokens
        self.fields = fields
        self.refused = refused
        self.at = 0
        self.kinds: set[str] = set()

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self.at += 1
        return token

    def every(self) -> Test:
        """Terms joined by AND or nothing; OR binds tighter, as AIP-160 has it."""
        tests = [self._any()]
        while self._peek() not in {("end", ""), ("bracket", ")")}:
            if self._peek() == ("word", "AND"):
                self.at += 1
            tests.append(self._any())
        return lambda body: all(test(body) for test in tests)

    def _any(self) -> Test:
        tests = [self._one()]
        while self._peek() == ("word", "OR"):
            self.at += 1
            tests.append(self._one())
        return lambda body: any(test(body) for test in tests)

    def _one(self) -> Test:
        if self._peek() == ("bracket", "("):
            self.at += 1
            test = self.every()
            if self._next() != ("bracket", ")"):
                raise self.refused()
            return test
        kind, name = self._next()
        if kind != "word" or name not in self.fields:
            raise self.refused()
        _, sign = self._next()
        kind, value = self._next()
        if kind not in {"word", "text"}:
            raise self.refused()
        value = re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value
        if sign in {"eq", "ne"}:
            self.kinds.add("RE2")
            return self._pattern(name, value, wanted=sign == "eq")
        self.kinds.add("AIP-160")
        compared = _COMPARED.get(sign)
        if compared is None:
            raise self.refused()
        return lambda body: compared(_plain(body.get(name)), value)

    def _pattern(self, name: str, value: str, *, wanted: bool) -> Test:
        try:
            pattern = re.compile(value)
        except re.error:
            raise self.refused() from None
        return lambda body: bool(pattern.fullmatch(_plain(body.get(name)))) is wanted


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _equal(actual: str, value: str) -> bool:
    """`*` stands for anything, as in AIP-160."""
    return re.fullmatch(".*".join(map(re.escape, value.split("*"))), actual) is not None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


_COMPARED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": _equal,
    "!=": lambda actual, value: not _equal(actual, value),
    "<": lambda actual, value: _number(actual) < _number(value),
    ">": lambda actual, value: _number(actual) > _number(value),
    "<=": lambda actual, value: _number(actual) <= _number(value),
    ">=": lambda actual, value: _number(actual) >= _number(value),
    ":": lambda actual, value: bool(actual) if value == "*" else value.lower() in actual.lower(),
}


def names(bodies: Iterable[Body]) -> list[str]:
    """The names of resources, in the order they came."""
    return [str(body["name"]) for body in bodies]
