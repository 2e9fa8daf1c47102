"""Letters that go past the state: where that can't be used, nobody would hear that nothing is done.

What was told is kept in memory alone, so a worker that is begun anew tells it again; nothing waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from shlex import quote
from typing import Final

from cloudsync import log
from cloudsync.alert.channels import Send, channels
from cloudsync.alert.letters import Letter
from cloudsync.conditions.condition import ConditionKind, Severity
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
        tenant.failures += 1
        again = tenant.config.alerts.again.total_seconds()
        lately = tenant.told is not None and self.clock() - tenant.told < again
        if tenant.failures < IN_A_ROW or lately:
            return
        what = (
            f"What stopped it: {error}",
            f"Run cloudsync -c {quote(str(tenant.config.file))} run --once by hand, and see what it says.",
            f"See {tenant.config.alerts.runbook}#{ConditionKind.FAILED}.",
        )
        impact = "nothing is watched or mended: cloudsync can't do its work."
        if self._send(tenant.config, f"{name}: {impact}", what, over=False):
            tenant.told = self.clock()

    def went(self, name: str) -> None:
        """A pass was through, and its state holds what it found."""
        tenant = self._tenants.get(name)
        if tenant is None:
            return
        tenant.failures = 0
        if tenant.told is not None:
            tenant.told = None
            what = ("What is the matter with the targets is told as ever.",)
            self._send(tenant.config, f"Over: {name} is watched again.", what, over=True)

    def _send(self, config: Config, impact: str, what: tuple[str, ...], *, over: bool) -> bool:
        """Whether any channel took it."""
        try:
            ways = self.ways(config)
        except CloudsyncError as error:
            log.warning("undelivered", text=str(error))
            return False
        went = False
        for channel in config.alerts.channels:
            if channel.targets or not channel.hears(Severity.PAGE):
                continue
            subject = clean(f"[{Severity.PAGE}] {impact}")
            body = "\n".join(clean(one) for one in (impact, *what))
            letter = Letter(channel.name, Severity.PAGE, subject, body, self.now(), over)
            failed = ways[channel.name](letter)
            if failed:
                log.warning("undelivered", channel=channel.name, text=failed)
            went = went or not failed
        return went
