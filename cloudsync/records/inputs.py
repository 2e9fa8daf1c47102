"""What a run's plan was made from, as a document: snapshots, what was wanted, what was ordered."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final, Literal, cast, get_args

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Name
from cloudsync.immutable import immutable
from cloudsync.model import Mode, Wanted
from cloudsync.provider import Order
from cloudsync.records.fields import maybe, number, text, truth
from cloudsync.records.kind import Kind
from cloudsync.state import Value

_Internal = Literal["keep", "close"]
_Verb = Literal["undo", "relax"]


@immutable
class Part:
    """One snapshot, packed, of the provider called ``provider``, and what was wanted in it.

    ``packed`` is base64 of deflated JSON. ``wanted`` gives, by target, a place among the wants of
    the whole.
    """

    provider: str
    packed: str
    wanted: Mapping[str, int]
    order: Order | None = None


@immutable
class Inputs:
    """All that a run's plan was made from. ``rest`` are the targets without a step, by mode."""

    run: str
    list_digest: str
    wants: tuple[Wanted, ...]
    parts: tuple[Part, ...]
    rest: Mapping[Mode, tuple[str, ...]]


def inputs_key(run: str) -> str:
    """Where the inputs of the run with this id stand."""
    return f"inputs/{run}"


def _inputs_value(inputs: Inputs) -> Value:
    return {
        "run": inputs.run,
        "list_digest": inputs.list_digest,
        "wants": [_wanted_value(one) for one in inputs.wants],
        "parts": [
            {
                "provider": one.provider,
                "packed": one.packed,
                "wanted": dict(one.wanted),
                "order": _order_value(one.order) if one.order else None,
            }
            for one in inputs.parts
        ],
        "rest": {str(mode): list(targets) for mode, targets in inputs.rest.items()},
    }


def _inputs(value: Value) -> Inputs:
    return Inputs(
        text(value["run"]),
        text(value["list_digest"]),
        tuple(_wanted(one) for one in value["wants"]),
        tuple(
            Part(
                text(one["provider"]),
                text(one["packed"]),
                {target: number(place) for target, place in one["wanted"].items()},
                maybe(_order, one["order"]),
            )
            for one in value["parts"]
        ),
        {Mode(mode): tuple(map(text, targets)) for mode, targets in value["rest"].items()},
    )


def _wanted_value(want: Wanted) -> Value:
    return {
        "installation": want.installation,
        "mode": str(want.mode),
        "networks": [str(one) for one in want.networks],
        "also": [str(one) for one in want.also],
        "names": sorted([one.text, one.bound.cidrs()] for one in want.names),
        "internal": want.internal,
        "ports": list(want.ports),
        "override_denies": want.override_denies,
        "close_opaque": want.close_opaque,
        "shared": want.shared,
        "priority": maybe(list, want.priority),
        "managed_by": want.managed_by,
        "unsettled": want.unsettled,
        "unsure": want.unsure,
    }


def _wanted(value: Value) -> Wanted:
    priority = maybe(lambda pair: (number(pair[0]), number(pair[1])), value["priority"])
    return Wanted(
        installation=text(value["installation"]),
        mode=Mode(value["mode"]),
        networks=tuple(ip_network(text(one)) for one in value["networks"]),
        also=tuple(ip_network(text(one)) for one in value["also"]),
        names=frozenset(Name(text(name), AddressSet.of(*bound)) for name, bound in value["names"]),
        internal=maybe(_internal, value["internal"]),
        ports=tuple(number(one) for one in value["ports"]),
        override_denies=truth(value["override_denies"]),
        close_opaque=truth(value["close_opaque"]),
        shared=truth(value["shared"]),
        priority=priority,
        managed_by=maybe(text, value["managed_by"]),
        unsettled=truth(value["unsettled"]),
        unsure=truth(value.get("unsure", False)),
    )


def _internal(value: Any) -> _Internal:
    if value not in get_args(_Internal):
        raise ValueError(f"{value!r} is nothing to do with internal space")
    return cast("_Internal", value)


def _order_value(order: Order) -> Value:
    return {"verb": order.verb, "records": [dict(one) for one in order.records]}


def _order(value: Value) -> Order:
    if value["verb"] not in get_args(_Verb):
        raise ValueError(f"{value['verb']!r} is nothing that can be ordered")
    return Order(cast("_Verb", value["verb"]), tuple({**one} for one in value["records"]))


INPUTS: Final[Kind[Inputs]] = Kind("inputs", 1, _inputs_value, _inputs)
