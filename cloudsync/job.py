"""Everything that a run needs, in one value; it runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from cloudsync.abreast import Each, in_turn
from cloudsync.alert.channels import Send, channels
from cloudsync.allowlist import InForce, Listing
from cloudsync.config import Config
from cloudsync.engine import Pace
from cloudsync.errors import SourceRefused
from cloudsync.immutable import immutable
from cloudsync.provider import Provider
from cloudsync.state import Store
from cloudsync.vetting.vet import Read


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def _never() -> bool:
    return False


def _keep_nothing(_config: Config, _store: Store, _digest: str, _validators: Any) -> None:
    """Remember nothing of the source."""


def _ask_nobody(_job: Job) -> None:
    """Look at no domain."""


def _go_on() -> None:
    """Nobody says stop."""


def _no_page(_config: Config) -> Listing:
    raise SourceRefused("list.compare_with", "E_UNREACHABLE", "nobody can read it here")


@immutable
class Job:
    """Everything a run needs: what to keep right, with whom, where the state is, and the time.

    ``read`` reads the source; it is given the list in force. ``providers`` makes each provider
    once, when a target first needs it; ``keep`` remembers what the server called the body.
    ``each`` works on the scopes, in turn or side by side; ``limit`` is how many seconds a run may
    take before it begins nothing more, or None. ``attended`` is whether a person says yes to what is
    done; the worker's runs aren't. ``go_on`` is asked before anything is changed: what it raises, a
    CloudsyncError, stops the run there. ``domains`` looks at the mail domains again, where a look is
    due, and is asked once a worker's run is over. ``fence`` is the number of the lease that the run holds.
    ``run`` is what the run is called, where that was chosen before it began to change anything.
    ``stopped`` tells whether the process was told to end: then nothing is begun, and what wasn't
    looked at is no news of the clouds.
    ``page`` reads the page that an operator's file is compared with, or raises SourceRefused.
    ``only`` names the targets and scopes that a change concerned: nothing else is looked at.
    ``ways`` are how a letter to each of the configuration's channels is sent.
    """

    config: Config
    store: Store
    provider: Callable[[str], Provider]
    read: Callable[[Config, InForce | None], Read]
    keep: Callable[[Config, Store, str, Any], None] = _keep_nothing
    now: Callable[[], datetime] = utc_now
    pace: Pace = field(default_factory=Pace)
    each: Each = in_turn
    limit: float | None = None
    attended: bool = True
    go_on: Callable[[], None] = _go_on
    fence: int | None = None
    run: str = ""
    stopped: Callable[[], bool] = _never
    ways: Callable[[Config], Mapping[str, Send]] = channels
    page: Callable[[Config], Listing] = _no_page
    domains: Callable[[Job], None] = _ask_nobody
    only: frozenset[str] = frozenset()

    def deadline(self, spent: float = 0.0) -> float | None:
        """When a run that begins now must end, on ``pace.monotonic``; ``spent`` seconds are gone."""
        return None if self.limit is None else self.pace.monotonic() + self.limit - spent
