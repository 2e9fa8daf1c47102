"""What the Functions Framework calls: ``sweep`` by Cloud Scheduler, ``change`` by Pub/Sub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import functions_framework

from cloudsync.uncollected import loading

with loading("cloudsync"):
    from cloudsync.function import answer, answer_change

HERE = Path(__file__).resolve().parent


@functions_framework.http  # pyright: ignore[reportUnknownMemberType] - the library says too little
def sweep(_request: Any) -> dict[str, Any]:
    """One pass over every target; an exception, which is status 500, where it failed."""
    return answer(None, HERE)


@functions_framework.http  # pyright: ignore[reportUnknownMemberType] - the library says too little
def change(request: Any) -> dict[str, Any]:
    """A look at what a push of the audit log concerns, and its repair."""
    return answer_change("gcp", request.get_json(silent=True), None, HERE)
