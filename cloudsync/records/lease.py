"""Whose turn it is to work, as a document."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.records.fields import maybe, number, text, time, time_text
from cloudsync.records.kind import Kind
from cloudsync.state import Value

LEASE_KEY: Final = "lease"


@immutable
class Tenure:
    """``holder`` works until then, or longer if it renews; ``until`` of None: nobody does.

    ``fence`` grows by one each time that the lease is taken, and is never given out twice by one
    state.
    """

    holder: str
    fence: int
    until: datetime | None


def _tenure_value(tenure: Tenure) -> Value:
    return {
        "holder": tenure.holder,
        "fence": tenure.fence,
        "until": maybe(time_text, tenure.until),
    }


def _tenure(value: Value) -> Tenure:
    return Tenure(text(value["holder"]), number(value["fence"]), maybe(time, value["until"]))


TENURE: Final[Kind[Tenure]] = Kind("lease", 1, _tenure_value, _tenure)
