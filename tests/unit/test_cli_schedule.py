"""What the scheduled worker makes of its files; the process itself is tried end to end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cloudsync.cli.schedule import Claims, Tenant
from cloudsync.config import Config
from cloudsync.config.schedule import Schedule
from cloudsync.errors import UsageError
from cloudsync.worker.schedule import Due

ONE, TWO = Path("one.yaml"), Path("two.yaml")


def config(name: str, state: str) -> Config:
    """A configuration with this name and state."""
    source = {"source": "./list.txt", "format": "cidr"}
    return Config.model_validate({"name": name, "list": source, "state": f"sqlite:////{state}"})


@pytest.mark.parametrize(
    ("name", "state", "key"), [("one", "two.db", "name"), ("two", "one.db", "state")]
)
def test_a_file_that_is_edited_into_anothers_name_or_state_is_refused(
    name: str, state: str, key: str
) -> None:
    """Each would take the other's rules, or memory, for its own; mended, it goes on."""
    claims = Claims()
    claims.claim(ONE, config("one", "one.db"))
    claims.claim(TWO, config("two", "two.db"))
    with pytest.raises(UsageError) as refused:
        claims.claim(TWO, config(name, state))
    assert str(refused.value) == (
        f"two.yaml: {key}: it is the same as in one.yaml. Nothing was changed. "
        "Each file is an installation with a name and a state of its own."
    )
    claims.claim(ONE, config("first", "one.db"))
    claims.claim(TWO, config("one", "two.db"))


def test_the_first_runs_of_many_tenants_are_spread() -> None:
    """Each fetches at the start, one after another within the jitter, and sweeps an interval later."""
    times = Schedule(fetch=timedelta(hours=2), sweep=timedelta(minutes=10))
    assert Tenant("mail", ONE, times).due(1, 3) == (
        Due("mail", "fetch", timedelta(hours=2), timedelta(seconds=30), timedelta(seconds=10)),
        Due("mail", "sweep", timedelta(minutes=10), timedelta(seconds=30),
            timedelta(seconds=610)),
    )  # fmt: skip
