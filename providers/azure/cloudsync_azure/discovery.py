"""Which subscriptions a target block means, as far as the identity sees them; it looks into none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cloudsync_azure.caller import Caller, Where
from cloudsync_azure.settings import AzureSettings

SUBSCRIPTIONS: Final = "Microsoft.Resources/subscriptions/read"

_GONE: Final = frozenset({"Deleted"})
_ROWS: Final = 1_000
_UNDER: Final = (
    "ResourceContainers | where type =~ 'microsoft.resources/subscriptions' "
    "| project subscriptionId | order by subscriptionId asc"
)


def _go_on() -> None:
    """Nobody says stop."""


def subscriptions(
    caller: Caller, settings: AzureSettings, go_on: Callable[[], None] = _go_on
) -> tuple[str, ...]:
    """The ids of the subscriptions, in order; the block names them, or Azure is asked.

    ``go_on`` is asked before each call.

    Resource Graph is asked for discovery alone: it lags behind, and says nothing of subscriptions
    that the identity may not read.

    Raises:
        Failed: Azure couldn't be asked.
    """
    if settings.subscriptions is not None:
        return settings.subscriptions
    where = Where("", settings.endpoint, settings.tenant)
    if settings.management_group is None:
        go_on()
        return tuple(sorted(_seen(caller, where)))
    return tuple(sorted(set(_under(caller, where, settings.management_group, go_on))))


def _seen(caller: Caller, where: Where) -> list[str]:
    def listed() -> list[str]:
        client = caller.clients.subscriptions(where.endpoint, where.tenant)
        return [
            str(one["subscriptionId"]).lower()
            for one in client.subscriptions.list()
            if one.get("state") not in _GONE
        ]

    return caller.ask(where, SUBSCRIPTIONS, None, listed)


def _under(caller: Caller, where: Where, group: str, go_on: Callable[[], None]) -> Iterator[str]:
    token: str | None = None
    while True:
        go_on()
        options: dict[str, Any] = {"resultFormat": "objectArray", "$top": _ROWS}
        if token:
            options["$skipToken"] = token
        body = {"query": _UNDER, "managementGroups": [group], "options": options}

        def asked(body: Mapping[str, Any] = body) -> Any:
            return caller.clients.graph(where.endpoint, where.tenant).resources(body)

        answer = caller.ask(where, SUBSCRIPTIONS, None, asked)
        yield from (str(row["subscriptionId"]).lower() for row in answer.data)
        token = answer.skip_token
        if not token:
            return
