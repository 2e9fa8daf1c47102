"""Filters and pages as every EC2 describe has them; it knows no kind of resource."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from cloudsync_aws.sandbox.values import Tags
from cloudsync_aws.sandbox.wire import Params, Refused

Item = TypeVar("Item")
Fields = Mapping[str, Callable[[Item], Iterable[str]]]

# EC2 guide, "Filtering considerations".
_FILTERS_END = 50
_VALUES_END = 200
_TEXT_END = 255


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: a resource passes if any of its values is among these, wildcards honoured."""

    name: str
    exact: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def passes(self, values: Iterable[str]) -> bool:
        """Whether any value matches."""
        return any(
            value in self.exact or any(pattern.fullmatch(value) for pattern in self.patterns)
            for value in values
        )


def _pattern(text: str) -> re.Pattern[str]:
    known = {"*": ".*", "?": "."}
    parts: list[str] = re.findall(r"\\?.", text, re.DOTALL)
    return re.compile(
        "".join(known.get(part, re.escape(part.removeprefix("\\"))) for part in parts), re.DOTALL
    )


def read_filters(
    params: Params, known: Iterable[str], *, tags: bool = True, tag_key: bool = True
) -> list[Filter]:
    """The filters of a request.

    Raises:
        Refused: InvalidParameterValue for an unknown name, FilterLimitExceeded for too many.
    """
    names = set(known)
    found: list[Filter] = []
    members = params.structs("Filter")
    if len(members) > _FILTERS_END:
        raise Refused(
            "FilterLimitExceeded",
            f"The maximum number of filters specified on a single call is {_FILTERS_END}",
        )
    for member in members:
        name = member.text("Name") or ""
        is_tag = tags and (name.startswith("tag:") or (tag_key and name == "tag-key"))
        if name not in names and not is_tag:
            raise Refused("InvalidParameterValue", f"The filter '{name}' is invalid")
        values = member.texts("Value")
        if not values:
            raise Refused(
                "InvalidParameterValue", f"The filter '{name}' must have at least one value"
            )
        if len(values) > _VALUES_END:
            # gh gjbae1212/gossm#31, convox/rack#2205.
            raise Refused(
                "FilterLimitExceeded",
                f"The maximum number of filter values specified on a single call is {_VALUES_END}",
            )
        if any(len(value) > _TEXT_END for value in values):
            raise Refused(
                "InvalidParameterValue",
                f"Filter values must not be longer than {_TEXT_END} characters",
            )
        wild = [value for value in values if re.search(r"[*?\\]", value)]
        found.append(
            Filter(
                name,
                frozenset(value for value in values if value not in wild),
                tuple(_pattern(value) for value in wild),
            )
        )
    return found


def tag_values(name: str, tags: Tags) -> list[str]:
    """What the filters `tag:KEY` and `tag-key` compare."""
    if name == "tag-key":
        return [key for key, _ in tags]
    wanted = name.removeprefix("tag:")
    return [value for key, value in tags if key == wanted]


def matching(
    resources: Iterable[Item],
    filters: list[Filter],
    fields: Fields[Item],
    tags: Callable[[Item], Tags] | None = None,
) -> list[Item]:
    """The resources that pass every filter."""
    found = resources
    for each in filters:
        found = [item for item in found if each.passes(_values(item, each.name, fields, tags))]
    return list(found)


def _values(
    item: Item, name: str, fields: Fields[Item], tags: Callable[[Item], Tags] | None
) -> Iterable[str]:
    field = fields.get(name)
    if field is not None:
        return field(item)
    return tag_values(name, tags(item)) if tags is not None else ()


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a request asks for."""

    size: int | None
    after: str | None
    query: str


def read_paging(params: Params, query: str, *, lowest: int, highest: int) -> Paging:
    """The page that MaxResults and NextToken ask for; `query` is what the token is bound to.

    Raises:
        Refused: InvalidParameterValue, InvalidPaginationToken.
    """
    size = params.number("MaxResults")
    if size is not None and not lowest <= size <= highest:
        raise Refused(
            "InvalidParameterValue",
            f"Value ( {size} ) for parameter maxResults is invalid. "
            f"Expecting a value between {lowest} and {highest}.",
        )
    digest = hashlib.sha256(query.encode()).hexdigest()[:16]
    token = params.text("NextToken")
    return Paging(size, _position(token, digest) if token else None, digest)


def _position(token: str, digest: str) -> str:
    try:
        bound, _, after = base64.urlsafe_b64decode(token.encode()).decode().partition("|")
    except ValueError:
        bound, after = "", ""
    if bound != digest or not after:
        # EC2 API reference, "Common client error codes".
        raise Refused(
            "InvalidPaginationToken", "The specified pagination token is not valid or is expired."
        )
    return after


def page(
    resources: list[Item], key: Callable[[Item], str], paging: Paging
) -> tuple[list[Item], str | None]:
    """One page in order of `key`, and the token of the next.

    A page starts after a key, so that what is created or deleted meanwhile shifts nothing.
    """
    ordered = sorted(resources, key=key)
    if paging.after is not None:
        ordered = [item for item in ordered if key(item) > paging.after]
    if paging.size is None or len(ordered) <= paging.size:
        return ordered, None
    found = ordered[: paging.size]
    token = base64.urlsafe_b64encode(f"{paging.query}|{key(found[-1])}".encode()).decode()
    return found, token
