"""What goes wrong on purpose, and the log of every request; it never touches the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Literal

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Kind = Literal["throttle", "denied", "lost_before", "lost_after", "latency", "down"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the sandbox.

    `params` are as on the wire. `outcome` is "ok", the error code answered, or "lost" where the
    request never reached the state. `answered` is False where the socket was closed instead. `by`
    is the ARN of who asked, `key` their access key; `at` is on the sandbox's clock, `when` on the
    calendar.
    """

    at: float
    service: str
    action: str
    account: str
    region: str
    params: Mapping[str, str]
    mutating: bool
    outcome: str
    answered: bool = True
    by: str = ""
    key: str = ""
    when: datetime = LONG_AGO


@dataclass(slots=True)
class _Fault:
    kind: Kind
    action: str
    times: int | None
    skip: int
    account: str | None
    region: str | None
    seconds: float


class Faults:
    """Faults by action; each fires `times` times (None: until cleared) after `skip` matches.

    `action` is the API's name, "*" for any, or "mutating" for any that changes something.
    `met` counts how often a fault has fired.
    """

    def __init__(self) -> None:
        self.met = 0
        self._waiting: list[_Fault] = []
        self._lock = Lock()

    def throttle(
        self,
        action: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Answer RequestLimitExceeded (503), or the service's own word for it."""
        self._add(_Fault("throttle", action, times, skip, account, region, 0.0))

    def denied(
        self,
        action: str = "*",
        *,
        times: int | None = None,
        skip: int = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Answer UnauthorizedOperation (403), or the service's own word for it."""
        self._add(_Fault("denied", action, times, skip, account, region, 0.0))

    def lost_before(
        self,
        action: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Close the socket with the state untouched."""
        self._add(_Fault("lost_before", action, times, skip, account, region, 0.0))

    def lost_after(
        self,
        action: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Do what was asked, then close the socket without an answer."""
        self._add(_Fault("lost_after", action, times, skip, account, region, 0.0))

    def latency(
        self,
        seconds: float,
        action: str = "*",
        *,
        times: int | None = None,
        skip: int = 0,
        account: str | None = None,
        region: str | None = None,
    ) -> None:
        """Wait that many real seconds before doing what was asked."""
        self._add(_Fault("latency", action, times, skip, account, region, seconds))

    def down(self, *, times: int | None = None) -> None:
        """Close every connection as soon as it asks for something."""
        self._add(_Fault("down", "*", times, 0, None, None, 0.0))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting.clear()

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, action: str, *, mutating: bool, account: str, region: str) -> dict[Kind, float]:
        """The faults that this request meets, used up; seconds for latency."""
        with self._lock:
            met: dict[Kind, float] = {}
            for fault in list(self._waiting):
                if fault.kind in met or not (
                    fault.action in {"*", action} or (fault.action == "mutating" and mutating)
                ):
                    continue
                if fault.account not in {None, account} or fault.region not in {None, region}:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                met[fault.kind] = fault.seconds
                self.met += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
            return met
