"""What the Functions Framework calls: ``sweep``, by Cloud Scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import functions_framework

from cloudsync.function import answer

HERE = Path(__file__).resolve().parent


@functions_framework.http  # pyright: ignore[reportUnknownMemberType] - the library says too little
def sweep(_request: Any) -> dict[str, Any]:
    """One pass over every target; an exception, which is status 500, where it failed."""
    return answer(None, HERE)
