"""A snapshot as JSON and back, so that a plan can be made again from it; it calls nothing.

Kept is what AWS answered, as far as a plan rests on it. What only a call needs (the role, the
endpoint) isn't: nobody could act by what is kept.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.provider import Scope
from cloudsync.records.adapted import Adapted
from cloudsync.tells import Managed
from cloudsync_aws.ingress import Ingress, ingress
from cloudsync_aws.lists import ListSnapshot, ManagedList, Referrer
from cloudsync_aws.rule import PrefixList
from cloudsync_aws.snapshot import AwsSnapshot, Group, default_quota

Frozen = dict[str, Any]


_LISTS: Final = Adapted[dict[str, ManagedList]](dict[str, ManagedList])
_NAMED: Final = Adapted[tuple[PrefixList, ...]](tuple[PrefixList, ...])


@immutable
class Told:
    """A quota as it was when somebody asked for it."""

    asked: int

    def __call__(self) -> int:
        """The quota."""
        return self.asked


def freeze(snapshot: AwsSnapshot | ListSnapshot) -> Frozen:
    """``snapshot`` as JSON. The quota is kept where somebody asked for it."""
    return {
        "scope": snapshot.scope.name,
        "quota": getattr(snapshot.quota, "asked", None),
        **(_of_lists(snapshot) if isinstance(snapshot, ListSnapshot) else _of_groups(snapshot)),
    }


def thaw(frozen: Mapping[str, Any]) -> AwsSnapshot | ListSnapshot:
    """The snapshot that ``freeze`` was given.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it isn't what ``freeze`` gave.
    """
    scope, quota = Scope(frozen["scope"]), _quota(frozen["quota"])
    account = scope.name.removeprefix("aws:").partition("/")[0]
    if "prefix_lists" in frozen:
        return ListSnapshot(
            scope,
            _LISTS.from_value(frozen["prefix_lists"]),
            tuple(_referrer(one, account) for one in frozen["referrers"]),
            dict(frozen["weights"]),
            quota,
        )
    lists = _prefix_lists(frozen["lists"])
    groups = {target: _group(one, account, lists) for target, one in frozen["groups"].items()}
    return AwsSnapshot(scope, groups, lists, quota)


def _of_groups(snapshot: AwsSnapshot) -> Frozen:
    return {
        "lists": _NAMED.to_value(tuple(snapshot.lists.values())),
        "groups": {
            target: {
                "id": group.id,
                "ingress": list(group.ingress.permissions),
                # The bytes were written by ``snapshot.read``, from nowhere else.
                "egress": marshal.loads(group.egress),  # noqa: S302
                "tags": {key: [list(tag) for tag in tags] for key, tags in group.tags.items()},
                "owner": group.owner,
                "managed": asdict(group.managed) if group.managed else None,
            }
            for target, group in snapshot.groups.items()
        },
    }


def _group(value: Mapping[str, Any], account: str, lists: Mapping[str, PrefixList]) -> Group:
    managed = value["managed"]
    return Group(
        value["id"],
        ingress(value["ingress"], account, lists),
        marshal.dumps(value["egress"], 2),
        {key: tuple((name, text) for name, text in tags) for key, tags in value["tags"].items()},
        value["owner"],
        Managed(**managed) if managed else None,
    )


def _of_lists(snapshot: ListSnapshot) -> Frozen:
    return {
        "prefix_lists": _LISTS.to_value(dict(snapshot.lists)),
        "referrers": [
            {
                "id": one.id,
                "inbound": _rules(one.inbound),
                "outbound": _rules(one.outbound),
                "selected": one.selected,
            }
            for one in snapshot.groups
        ],
        "weights": dict(snapshot.weights),
    }


def _rules(group: Ingress) -> Frozen:
    return {
        "permissions": list(group.permissions),
        "lists": _NAMED.to_value(group.lists),
    }


def _referrer(value: Mapping[str, Any], account: str) -> Referrer:
    inbound, outbound = (
        ingress(value[way]["permissions"], account, _prefix_lists(value[way]["lists"]))
        for way in ("inbound", "outbound")
    )
    return Referrer(value["id"], inbound, outbound, value["selected"])


def _prefix_lists(values: Any) -> dict[str, PrefixList]:
    return {one.id: one for one in _NAMED.from_value(values)}


def _quota(asked: int | None) -> Callable[[], int]:
    return default_quota if asked is None else Told(asked)
