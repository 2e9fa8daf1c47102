"""Looking at one subscription's network security groups; it changes nothing and judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from cloudsync.provider import Scope
from cloudsync_azure.caller import Caller, Failed, Listing, Where
from cloudsync_azure.failures import Failure
from cloudsync_azure.settings import AzureSelect, protect_of
from cloudsync_azure.snapshot import AzureSnapshot, read

LIST: Final = "Microsoft.Network/networkSecurityGroups/read"

_FEW: Final = 3
"""Groups of one resource group that are asked for one by one; more are listed together."""


def where(scope: Scope) -> Where:
    """The subscription of a scope, and how it is reached."""
    settings = scope.settings
    return Where(scope.name.removeprefix("azure:"), settings.endpoint, settings.tenant)


def sweep(
    caller: Caller, scope: Scope, only: frozenset[str] | None, deadline: float | None
) -> Iterator[AzureSnapshot]:
    """One snapshot a page of groups; ``only`` some of them, each by a call of its own.

    The listing holds each group with all its rules, so nothing is asked for one group. Its pages
    are as long as the API makes them.

    Raises:
        Failed: a page or a group couldn't be read.
    """
    named = _named(scope, only)
    protect = protect_of(scope.settings)
    pages = (
        _everything(caller, scope, deadline)
        if named is None
        else _some(caller, scope, named, deadline)
    )
    for page in pages:
        try:
            seen = read(scope, page, protect)
        except (KeyError, TypeError, ValueError) as error:
            what = f"a group's rules can't be read ({type(error).__name__}: {error})"
            raise Failed(Failure("UnknownRule", what), LIST) from error
        if named is not None:
            seen = _spelt(seen, named)
        if seen.groups:
            yield seen


def _named(scope: Scope, only: frozenset[str] | None) -> list[tuple[str, str]] | None:
    """Resource group and name of each group that is asked for; None where tags decide."""
    if only is not None:
        names = sorted(target.removeprefix(f"{scope.name}/") for target in only)
    elif scope.settings.select.ids is not None:
        names = list(scope.settings.select.ids)
    else:
        return None
    return [(group, name) for group, _, name in (one.partition("/") for one in names)]


def _everything(
    caller: Caller, scope: Scope, deadline: float | None
) -> Iterator[list[Mapping[str, Any]]]:
    pages = caller.pages(
        where(scope), LIST, deadline,
        lambda client, options: client.network_security_groups.list_all(**options),
    )  # fmt: skip
    for page in pages:
        yield [one for one in page if _carries(one, scope.settings.select)]


def _carries(answer: Mapping[str, Any], select: AzureSelect) -> bool:
    """Whether a group carries every tag. Azure compares a tag's name whatever its case."""
    carried: Mapping[str, Any] = answer.get("tags") or {}
    tags = {key.lower(): value for key, value in carried.items()}
    return all(tags.get(key.lower()) == value for key, value in (select.tags or {}).items())


def _some(
    caller: Caller, scope: Scope, named: Iterable[tuple[str, str]], deadline: float | None
) -> Iterator[list[Mapping[str, Any]]]:
    """Named groups; one that isn't there is left out."""
    by_group: dict[str, list[str]] = {}
    for group, name in named:
        by_group.setdefault(group.lower(), []).append(name)
    for group, names in by_group.items():
        if len(names) <= _FEW:
            for name in names:
                yield from _one(caller, scope, group, name, deadline)
            continue
        wanted = {name.lower() for name in names}
        try:
            for page in caller.pages(
                where(scope), LIST, deadline,
                _listing(group),
            ):  # fmt: skip
                yield [one for one in page if str(one.get("name")).lower() in wanted]
        except Failed as failed:
            if not failed.found.absent:
                raise


def _listing(group: str) -> Listing:
    return lambda client, options: client.network_security_groups.list(group, **options)


def _one(
    caller: Caller, scope: Scope, group: str, name: str, deadline: float | None
) -> Iterator[list[Mapping[str, Any]]]:
    try:
        yield [
            caller.read(
                where(scope), LIST, deadline,
                lambda client: client.network_security_groups.get(group, name, cls=as_json),
            )
        ]  # fmt: skip
    except Failed as failed:
        if not failed.found.absent:
            raise


def as_json(response: Any, _model: object, _headers: object) -> Any:
    """What was answered, in place of the SDK's model of it."""
    return response.http_response.json()


def _spelt(seen: AzureSnapshot, named: Iterable[tuple[str, str]]) -> AzureSnapshot:
    """Targets as they were asked for: Azure takes names in any case, and answers in its own."""
    known = {f"{group}/{name}".lower(): (group, name) for group, name in named}
    found = {}
    for one in seen.groups.values():
        group, name = known.get(f"{one.group}/{one.name}".lower(), (one.group, one.name))
        found[f"{seen.scope.name}/{group}/{name}"] = replace(one, group=group, name=name)
    return replace(seen, groups=found)
