from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from cloudsync.cli.job import block_of
from cloudsync.config import read
from cloudsync.config.settings import written
from tests.unit.test_prebuilt import TEXT

FILE = Path("/etc/cloudsync/mail.yaml")


def stated(value: Any) -> Any:
    """A value without the keys that nothing is said of."""
    if isinstance(value, dict):
        held = cast("dict[str, Any]", value)
        return {key: stated(one) for key, one in held.items() if one is not None}
    if isinstance(value, list):
        return [stated(one) for one in cast("tuple[Any, ...]", value)]
    return value


def test_what_is_said_can_be_written_and_read_again() -> None:
    """Of every kind of value in every cloud's block: or two that differ could have one digest."""
    said = read(TEXT, FILE, providers=block_of)
    again = read(json.dumps(stated(written(said))), FILE, providers=block_of)
    assert again == said
    assert again.digest == said.digest
