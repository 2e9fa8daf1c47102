"""What the list remembers, in lines: what leaves and when, what came ahead, what a person took off."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync.report.listed import Going, Listed
from cloudsync.report.page import Code, Items, Line, cut
from cloudsync.report.words import counted

_SHOWN = 8


def remembered(listed: Listed) -> Iterator[Line]:
    """A line for each thing that holds of the list beside its entries."""
    shown, more = cut(listed.going, _SHOWN)
    for one in shown:
        yield ("Leaving: ", Code(str(one.network)), f", {_when(one)}.")
    if more:
        yield (f"Leaving: {more:,} more.",)
    if listed.ahead:
        yield (
            "Let in ahead of the rest of a list that is held: ",
            Items(tuple(str(one) for one in listed.ahead)), ".",
        )  # fmt: skip
    for off in listed.withdrawn:
        yield (
            "Taken off by hand: ", Code(str(off.network)),
            f", on {off.at:%Y-%m-%d %H:%M} UTC by {off.by}: {off.reason}.",
        )  # fmt: skip


def _when(one: Going) -> str:
    if one.goes:
        return f"goes at {one.goes:%Y-%m-%d %H:%M} UTC unless a list shows it again"
    missing = counted(one.of - one.reads, "more read")
    return f"{one.reads} of {one.of} reads agree; it goes after {missing} and the grace"
