"""The overview as a document, where what many targets have in common stands once; it opens no store.

A fleet of 30,000 targets is mostly alike: spelt out for each, it was twenty times as long, and to
write it took more memory than everything else that a run holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from cloudsync.records.adapted import Adapted
from cloudsync.records.fields import number, text, time, time_text
from cloudsync.records.kind import Kind
from cloudsync.state import Value
from cloudsync.status.overview import Overview, Sight, Turning

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_WHOLE: Final = Adapted[Overview](Overview)
_SIGHTS: Final = Adapted[tuple[Sight, ...]](tuple[Sight, ...])
_TURNS: Final = Adapted[tuple[tuple[Turning, ...], ...]](tuple[tuple[Turning, ...], ...])


def _value(overview: Overview) -> Value:
    alike: dict[Sight, int] = {}
    turns: dict[tuple[Turning, ...], int] = {}
    # Side by side in their order, targets that have everything in common: one entry for all of them.
    rows: list[dict[str, Any]] = []
    same: tuple[Any, ...] = ()
    for one in overview.sights:
        bare = replace(one, target="", at=_NEVER, run="", turns=())
        here = (
            alike.setdefault(bare, len(alike)), turns.setdefault(one.turns, len(turns)), one.at,
            one.run,
        )  # fmt: skip
        if here != same:
            same = here
            rows.append(
                {
                    "alike": here[0], "turns": here[1], "at": time_text(one.at), "run": one.run,
                    "targets": [],
                }
            )  # fmt: skip
        rows[-1]["targets"].append(one.target)
    return {
        **_WHOLE.to_value(replace(overview, sights=())),
        "sights": rows,
        "alike": _SIGHTS.to_value(tuple(alike)),
        "turns": _TURNS.to_value(tuple(turns)),
    }


def _overview(value: Value) -> Overview:
    if "alike" not in value:
        # As version 1 had it: every target spelt out.
        return _WHOLE.from_value(value)
    alike, turns = _SIGHTS.from_value(value["alike"]), _TURNS.from_value(value["turns"])
    whole = _WHOLE.from_value({**value, "sights": ()})
    return replace(whole, sights=tuple(_sights(value["sights"], alike, turns)))


def _sights(
    rows: Iterable[Any], alike: tuple[Sight, ...], turns: tuple[tuple[Turning, ...], ...]
) -> Iterator[Sight]:
    for row in rows:
        one = replace(
            alike[number(row["alike"])], at=time(row["at"]), run=text(row["run"]),
            turns=turns[number(row["turns"])],
        )  # fmt: skip
        for target in row["targets"]:
            yield replace(one, target=text(target))


OVERVIEW: Final[Kind[Overview]] = Kind("overview", 2, _value, _overview, oldest=1)
