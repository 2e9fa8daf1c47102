"""Letters that go past the state: where that can't be used, nobody would hear that nothing is done.

What was told is kept in memory alone, so a worker that is begun anew tells it again; nothing waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from cloudsync import log
from cloudsync.alert.channels import Send, channels
from cloudsync.alert.letters import Letter
from cloudsync.conditions.condition import Severity
from cloudsync.conditions.of_worker import of_failure
from cloudsync.conditions.telling import said
from cloudsync.conditions.turn import Told, Watched
from cloudsync.config import Config
from cloudsync.errors import CloudsyncError
from cloudsync.job import utc_now
from cloudsync.report.words import clean

IN_A_ROW: Final = 2
"""After so many passes that came to nothing: one may be a file that is being written."""


@dataclass
class _Tenant:
    config: Config
    failures: int = 0
    told: float | None = None
    failing: Watched | None = None


@dataclass
class Straight:
    """What each tenant's channels were told past its state. ``known`` comes first."""

    ways: Callable[[Config], Mapping[str, Send]] = channels
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    _tenants: dict[str, _Tenant] = field(default_factory=dict[str, _Tenant])

    def known(self, name: str, config: Config) -> None:
        """The configuration could be read: its channels hear when that, or its state, can't be."""
        if name in self._tenants:
            self._tenants[name].config = config
        else:
            self._tenants[name] = _Tenant(config)

    def failed(self, name: str, error: CloudsyncError) -> None:
        """A pass came to nothing, and no state holds that: tell it, and again after ``again``."""
        tenant = self._tenants.get(name)
        if tenant is None:
            return
        now = self.now()
        first = tenant.failing.first if tenant.failing else now
        failing = tenant.failing = Watched(of_failure(name, error), first, now)
        tenant.failures += 1
        again = tenant.config.alerts.again.total_seconds()
        lately = tenant.told is not None and self.clock() - tenant.told < again
        if tenant.failures < IN_A_ROW or lately:
            return
        if self._send(tenant.config, Told("began" if tenant.told is None else "lasts", failing)):
            tenant.told = self.clock()

    def went(self, name: str) -> None:
        """A pass was through, and its state holds what it found."""
        tenant = self._tenants.get(name)
        if tenant is None:
            return
        self._tenants[name] = _Tenant(tenant.config)
        if tenant.failing and tenant.told is not None:
            self._send(tenant.config, Told("ended", replace(tenant.failing, ended=self.now())))

    def _send(self, config: Config, told: Told) -> bool:
        """Whether any channel took it."""
        try:
            ways = self.ways(config)
        except CloudsyncError as error:
            log.warning("undelivered", text=str(error))
            return False
        # It is no ticket, as it is where the state holds it: nothing else is heard of meanwhile.
        wakes = Severity.PAGE
        lines = [clean(one) for one in said(told, config.alerts.runbook, config.file)]
        subject = clean(f"[{wakes}] {config.name}: {lines[0]}")
        went = False
        for channel in config.alerts.channels:
            if channel.targets or not channel.hears(wakes):
                continue
            letter = Letter(
                channel.name, wakes, subject, "\n".join(lines), self.now(), told.event == "ended"
            )
            failed = ways[channel.name](letter)
            if failed:
                log.warning("undelivered", channel=channel.name, text=failed)
            went = went or not failed
        return went
