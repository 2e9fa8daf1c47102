"""Looking at one subscription's network security groups; it changes nothing and judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from cloudsync.provider import Scope
from cloudsync_azure import neighbours
from cloudsync_azure.behind import Attached
from cloudsync_azure.caller import Caller, Failed, Late, Listing, Where
from cloudsync_azure.failures import Failure, unreadable
from cloudsync_azure.settings import AzureSelect, protect_of
from cloudsync_azure.snapshot import AzureSnapshot, read

LIST: Final = "Microsoft.Network/networkSecurityGroups/read"

_FEW: Final = 3
"""Groups of one resource group that are asked for one by one; more are listed together."""


def where(scope: Scope) -> Where:
    """The subscription of a scope, and how it is reached."""
    settings = scope.settings
    return Where(scope.name.removeprefix("azure:"), settings.endpoint, settings.tenant)


Known = dict[str, neighbours.Known]
"""Where the interfaces behind each group of a subscription stand, as a sweep of this run saw it."""


def sweep(
    caller: Caller,
    scope: Scope,
    only: frozenset[str] | None,
    deadline: float | None,
    known: Known | None = None,
) -> Iterator[AzureSnapshot]:
    """One snapshot a page of groups; ``only`` some of them, each by a call of its own.

    The listing holds each group with all its rules, so nothing is asked for one group. Its pages
    are as long as the API makes them. The other group that a machine is behind may stand on any
    page, so no page is told before all are read. ``known`` is filled by a sweep and spares a close
    look the listings.

    Raises:
        Failed: a page or a group couldn't be read.
    """
    known = {} if known is None else known
    named = _named(scope, only)
    if named is None:
        yield from _swept(caller, scope, deadline, known)
        return
    close = [_spelt(_read(scope, page), named) for page in _some(caller, scope, named, deadline)]
    groups, unseen = _around(caller, scope, neighbours.here(close), known, deadline)
    for seen in close:
        if seen.groups:
            yield _completed(seen, known, groups, unseen)


def _around(
    caller: Caller,
    scope: Scope,
    ours: Mapping[str, Attached],
    known: Known,
    deadline: float | None,
) -> tuple[dict[str, Attached], str]:
    """``ours`` and the groups beside them as they are now, and why some couldn't be read.

    That the layer beside can't be read makes no target unreadable: it is said of it.
    """
    fresh = {name: one for name, one in ours.items() if name not in known}
    groups: dict[str, Attached] = {}
    try:
        if fresh:
            for page in _everything(caller, scope, deadline):
                groups.update(neighbours.attached(page))
            groups.update(ours)
            known.update(neighbours.stood(caller, where(scope), fresh, groups, deadline))
        else:
            others = {one.other for name in ours for one in known[name].stands} - {"", *ours}
            named = [(group, name) for group, _, name in (one.partition("/") for one in others)]
            for page in _some(caller, scope, sorted(named), deadline):
                groups.update(neighbours.attached(page))
    except Late:
        raise
    except Failed as failed:
        said = unreadable(scope.name, failed.found, failed.action)
        return {**groups, **ours}, f"{said.reason}. {said.todo.rstrip('.')}"
    return {**groups, **ours}, ""


def _swept(
    caller: Caller, scope: Scope, deadline: float | None, known: Known
) -> Iterator[AzureSnapshot]:
    pages: list[AzureSnapshot] = []
    groups: dict[str, Attached] = {}
    try:
        for page in _everything(caller, scope, deadline):
            chosen, others = _parted(page, scope.settings.select)
            pages.append(_read(scope, chosen))
            groups.update(neighbours.attached(others))
        ours = neighbours.here(pages)
        groups.update(ours)
        found = neighbours.stood(caller, where(scope), ours, groups, deadline)
    except Failed as failed:
        # What was read is told; what else stands in front of it may be on a page that wasn't.
        broke_off = f"the listing broke off ({failed.found.what})"
        for seen in pages:
            if seen.groups:
                yield _completed(seen, {}, {}, broke_off)
        raise
    known.update(found)
    for seen in pages:
        if seen.groups:
            yield _completed(seen, found, groups)


def _completed(
    seen: AzureSnapshot, known: Known, groups: Mapping[str, Attached], unseen: str = ""
) -> AzureSnapshot:
    return neighbours.with_neighbours(seen, known, groups, seen.protect, unseen)


def _read(scope: Scope, page: Iterable[Mapping[str, Any]]) -> AzureSnapshot:
    try:
        return read(scope, page, protect_of(scope.settings))
    except (KeyError, TypeError, ValueError) as error:
        what = f"a group's rules can't be read ({type(error).__name__}: {error})"
        raise Failed(Failure("UnknownRule", what), LIST) from error


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
    """Every group of the subscription, in pages."""
    return caller.pages(
        where(scope), LIST, deadline,
        lambda client, options: client.network_security_groups.list_all(**options),
    )  # fmt: skip


def _parted(
    page: Iterable[Mapping[str, Any]], select: AzureSelect
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The groups of a page that are targets, and those that aren't."""
    parts: dict[bool, list[Mapping[str, Any]]] = {True: [], False: []}
    for one in page:
        parts[_carries(one, select)].append(one)
    return parts[True], parts[False]


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
