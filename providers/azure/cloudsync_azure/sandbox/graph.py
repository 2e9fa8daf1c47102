"""Resource Graph: as much of its query language as discovery needs; anything else is refused.

Source: azure-docs, governance/resource-graph: concepts/query-language, overview (eventually
consistent, silent about what the caller may not read), guidance-for-throttled-requests.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.reading import READ_NSG
from cloudsync_azure.sandbox.render import nsg_shape
from cloudsync_azure.sandbox.values import Nsg
from cloudsync_azure.sandbox.wire import Refused, Reply, answer
from cloudsync_azure.sandbox.world import Subscription

Row = dict[str, Any]
_ROWS_END = 1000
_QUOTA, _WINDOW = 15, 5.0  # guidance-for-throttled-requests: 15 queries in 5 seconds, per user
READ_SUBSCRIPTION = "Microsoft.Resources/subscriptions/read"

_PIPE = re.compile(r"\|(?=(?:[^']*'[^']*')*[^']*$)")
_AND = re.compile(r"\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_COLUMN = re.compile(r"(tolower\()?([A-Za-z_][\w.]*)(?:\['([^']+)'\])?(?(1)\))")
_TERM = re.compile(
    r"(?P<column>(?:tolower\()?[A-Za-z_][\w.]*(?:\['[^']+'\])?\)?)\s*"
    r"(?P<verb>=~|!~|==|!=|in~|in|contains|startswith)\s*"
    r"(?P<value>'[^']*'|\([^)]*\))"
)
_TEXT = re.compile(r"'([^']*)'")


def resources(asked: Asked) -> Reply:
    """The rows of one query, at most 1,000 a page, with the rest of the caller's quota."""
    left = _spend(asked)
    body = asked.request.document()
    query = body.get("query")
    if not isinstance(query, str):
        raise _invalid("the request has no query")
    subscriptions = list(_scope(asked, body))
    if not subscriptions:
        # Overview: a 403 only where the caller may read none of the subscriptions.
        raise Refused(
            "AuthorizationFailed",
            "The client does not have authorization to any of the requested subscriptions.",
            403,
        )
    rows = run(query, {name: table(asked, subscriptions) for name, table in _TABLES.items()})
    settings: Mapping[str, Any] = body.get("options") or {}
    first = _skipped(settings.get("$skipToken"))
    top = min(int(settings.get("$top") or _ROWS_END), _ROWS_END)
    page = rows[first : first + top]
    more = first + len(page) < len(rows)
    shown = {
        "totalRecords": len(rows),
        "count": len(page),
        "data": page,
        "facets": [],
        "resultTruncated": "false",
    }
    if more:
        token = json.dumps({"first": first + len(page)}).encode()
        shown["$skipToken"] = base64.urlsafe_b64encode(token).decode()
    headers = {
        "x-ms-user-quota-remaining": str(left),
        "x-ms-user-quota-resets-after": "00:00:05",
        "x-ms-resource-graph-request-duration": "0:00:00:00.0100000",
    }
    return answer(shown, headers=headers)


def _spend(asked: Asked) -> int:
    """What is left of the caller's quota.

    Raises:
        Refused: RateLimiting, where it is used up.
    """
    now = asked.world.clock()
    times = asked.world.graph_asked.setdefault(asked.principal.name, deque())
    while times and times[0] <= now - _WINDOW:
        times.popleft()
    if len(times) >= _QUOTA:
        raise Refused(
            "RateLimiting",
            "Please provide below info when asking for support.",
            429,
            headers={
                "x-ms-user-quota-remaining": "0",
                "x-ms-user-quota-resets-after": "00:00:05",
                "Retry-After": "5",
            },
        )
    times.append(now)
    return _QUOTA - len(times)


def _scope(asked: Asked, body: Mapping[str, Any]) -> Iterator[Subscription]:
    """The subscriptions that the query is about and the caller can see; the others silently not."""
    named: list[str] | None = body.get("subscriptions")
    groups: list[str] | None = body.get("managementGroups")
    for each in asked.world.subscriptions.values():
        if not asked.principal.sees(each.id):
            continue
        if named is not None and each.id.lower() not in {one.lower() for one in named}:
            continue
        above = {one.lower() for one in asked.world.above(each)}
        if groups is not None and not above & {one.lower() for one in groups}:
            continue
        yield each


def _skipped(token: object) -> int:
    if not token:
        return 0
    try:
        return int(json.loads(base64.urlsafe_b64decode(str(token)))["first"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise _invalid("the skip token is not one of this service") from None


def _resource_rows(asked: Asked, subscriptions: Sequence[Subscription]) -> list[Row]:
    own = {each.id.lower(): each for each in subscriptions}
    seen = asked.world.seen(max(asked.world.dialect.graph_late, asked.world.dialect.reads_late))
    return [
        _nsg_row(asked, nsg, own[nsg.subscription.lower()])
        for nsg in seen.values()
        if nsg.subscription.lower() in own and asked.principal.may(READ_NSG, nsg.id)
    ]


def _nsg_row(asked: Asked, nsg: Nsg, subscription: Subscription) -> Row:
    # Types and resource groups come back in lower case (query-language, "Resource types").
    return {
        "id": nsg.id,
        "name": nsg.name,
        "type": "microsoft.network/networksecuritygroups",
        "tenantId": subscription.tenant,
        "kind": "",
        "location": nsg.location,
        "resourceGroup": nsg.group.lower(),
        "subscriptionId": nsg.subscription,
        "managedBy": "",
        "tags": dict(nsg.tags) or None,
        "properties": nsg_shape(nsg, asked.world.dialect)["properties"],
    }


def _container_rows(asked: Asked, subscriptions: Sequence[Subscription]) -> list[Row]:
    return [
        {
            "id": f"/subscriptions/{each.id}",
            "name": each.name,
            "type": "microsoft.resources/subscriptions",
            "tenantId": each.tenant,
            "location": "",
            "resourceGroup": "",
            "subscriptionId": each.id,
            "tags": None,
            "properties": {
                "state": each.state,
                "managementGroupAncestorsChain": [
                    {"name": group, "displayName": group} for group in asked.world.above(each)
                ],
            },
        }
        for each in subscriptions
    ]


_TABLES: dict[str, Callable[[Asked, Sequence[Subscription]], list[Row]]] = {
    "resources": _resource_rows,
    "resourcecontainers": _container_rows,
}


def run(query: str, tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """The rows of a query over ``tables``.

    Raises:
        Refused: BadRequest, for anything beyond where, project, distinct, summarize by, order by,
            limit and take.
    """
    table, *pipes = (part.strip() for part in _PIPE.split(query.strip()))
    if table.lower() not in tables:
        raise _invalid(f"the table '{table}' is not known here")
    rows: list[Row] = list(tables[table.lower()])
    for pipe in pipes:
        verb, _, rest = pipe.partition(" ")
        rows = _piped(verb.lower(), rest.strip(), rows)
    return rows


def _piped(verb: str, rest: str, rows: list[Row]) -> list[Row]:
    if verb == "where":
        for term in _AND.split(rest):
            holds = _condition(term.strip())
            rows = [row for row in rows if holds(row)]
        return rows
    if verb == "project":
        return [_projected(row, rest) for row in rows]
    if verb == "distinct" or (verb == "summarize" and rest.lower().startswith("by ")):
        columns = rest if verb == "distinct" else rest[3:]
        unique = {json.dumps(_projected(row, columns)): None for row in rows}
        return [json.loads(text) for text in unique]
    if verb in {"order", "sort"} and rest.lower().startswith("by "):
        column, _, way = rest[3:].strip().partition(" ")
        falls = way.strip().lower() != "asc"  # the language sorts downwards unless told
        return sorted(rows, key=lambda row: str(_cell(row, column)), reverse=falls)
    if verb in {"limit", "take"} and rest.isdigit():
        return rows[: int(rest)]
    raise _invalid(f"'{verb} {rest}' is beyond what this sandbox knows")


def _projected(row: Row, columns: str) -> Row:
    found: Row = {}
    for part in columns.split(","):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        found[name] = _cell(row, column if equals else name)
    return found


def _cell(row: Row, column: str) -> Any:
    read = _COLUMN.fullmatch(column.strip())
    if read is None:
        raise _invalid(f"'{column}' is no column")
    value: Any = row
    for step in (*read[2].split("."), *([read[3]] if read[3] else [])):
        if not isinstance(value, Mapping):
            return None
        folded = {key.lower(): held for key, held in cast("Mapping[str, Any]", value).items()}
        value = folded.get(step.lower())
    return value.lower() if read[1] and isinstance(value, str) else value


def _condition(term: str) -> Callable[[Row], bool]:
    read = _TERM.fullmatch(term)
    if read is None:
        raise _invalid(f"the condition '{term}' is beyond what this sandbox knows")
    column, verb = read["column"], read["verb"].lower()
    values = _TEXT.findall(read["value"])

    def holds(row: Row) -> bool:
        cell = _cell(row, column)
        if cell is None:
            return verb in {"!=", "!~"}
        return _compared(verb, str(cell), values)

    return holds


def _compared(verb: str, cell: str, values: Iterable[str]) -> bool:
    folded, lowered = cell.lower(), [value.lower() for value in values]
    exact = cell in list(values)
    return {
        "==": exact,
        "!=": not exact,
        "in": exact,
        "=~": folded in lowered,
        "!~": folded not in lowered,
        "in~": folded in lowered,
        "contains": any(value in folded for value in lowered),
        "startswith": any(folded.startswith(value) for value in lowered),
    }[verb]


def _invalid(what: str) -> Refused:
    return Refused(
        "BadRequest",
        "Please provide below info when asking for support.",
        400,
        details=[("InvalidQuery", f"Query is invalid: {what}."), ("ParserFailure", what)],
    )
