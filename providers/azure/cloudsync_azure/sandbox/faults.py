"""What goes wrong on purpose, and the log of every request; it never touches the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

Kind = Literal[
    "refused", "lost_before", "lost_after", "latency", "down", "garbage", "ends_badly"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the sandbox.

    ``operation`` is the vendor's operationId, ``action`` the permission that it takes. ``outcome``
    is "ok", the error code answered, or "lost" where the request never reached the state.
    ``answered`` is False where the socket was closed instead.
    """

    at: float
    method: str
    path: str
    operation: str
    action: str
    principal: str
    subscription: str
    mutating: bool
    if_match: str | None
    outcome: str
    answered: bool = True


@dataclass(slots=True)
class Fault:
    """One thing that will go wrong; the error fields are for ``refused`` alone."""

    kind: Kind
    operation: str
    times: int | None
    skip: int = 0
    subscription: str | None = None
    seconds: float = 0.0
    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Faults:
    """Faults by operation; each fires ``times`` times (None: until cleared) after ``skip`` matches.

    ``operation`` is the vendor's operationId (``SecurityRules_CreateOrUpdate``), ``*`` for any, or
    ``mutating`` for any that changes something. ``met`` counts how often a fault has fired.
    """

    def __init__(self) -> None:
        self.met = 0
        self._waiting: list[Fault] = []
        self._lock = Lock()

    def throttle(
        self,
        operation: str = "*",
        *,
        retry_after: int | None = 5,
        times: int | None = 1,
        skip: int = 0,
        subscription: str | None = None,
    ) -> None:
        """Answer 429 TooManyRequests, with Retry-After in seconds (azure-docs, request limits)."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.refuse(
            429, "TooManyRequests",
            "The request is being throttled as the limit has been reached for operation type.",
            operation, headers=headers, times=times, skip=skip, subscription=subscription,
        )  # fmt: skip

    def busy(self, operation: str = "mutating", *, times: int | None = 1, skip: int = 0) -> None:
        """Answer 429 RetryableErrorDueToAnotherOperation: locked, and no throttling (same source)."""
        self.refuse(
            429, "RetryableErrorDueToAnotherOperation",
            "The resource is being used by another operation. Retry later.",
            operation, times=times, skip=skip,
        )  # fmt: skip

    def stale(self, operation: str = "mutating", *, times: int | None = 1, skip: int = 0) -> None:
        """Answer 412 although nothing changed (facts: code and detail code)."""
        self.refuse(412, "PreconditionFailed", "", operation, times=times, skip=skip)

    def denied(
        self,
        operation: str = "*",
        *,
        times: int | None = None,
        skip: int = 0,
        subscription: str | None = None,
    ) -> None:
        """Answer 403 AuthorizationFailed."""
        self.refuse(
            403, "AuthorizationFailed",
            "The client does not have authorization to perform the action over the scope.",
            operation, times=times, skip=skip, subscription=subscription,
        )  # fmt: skip

    def refuse(
        self,
        status: int,
        code: str,
        message: str,
        operation: str = "*",
        *,
        headers: dict[str, str] | None = None,
        times: int | None = 1,
        skip: int = 0,
        subscription: str | None = None,
    ) -> None:
        """Answer any status and code, with the state untouched."""
        self._add(
            Fault(
                "refused", operation, times, skip, subscription,
                status=status, code=code, message=message, headers=headers or {},
            )
        )  # fmt: skip

    def down(self, *, times: int | None = None) -> None:
        """Close every connection as soon as it asks for something."""
        self._add(Fault("down", "*", times))

    def lost_before(self, operation: str = "*", *, times: int | None = 1, skip: int = 0) -> None:
        """Close the socket with the state untouched."""
        self._add(Fault("lost_before", operation, times, skip))

    def lost_after(self, operation: str = "*", *, times: int | None = 1, skip: int = 0) -> None:
        """Do what was asked, then close the socket without an answer."""
        self._add(Fault("lost_after", operation, times, skip))

    def latency(
        self, seconds: float, operation: str = "*", *, times: int | None = None, skip: int = 0
    ) -> None:
        """Wait that many real seconds before doing what was asked."""
        self._add(Fault("latency", operation, times, skip, seconds=seconds))

    def garbage(self, operation: str = "*", *, times: int | None = 1, skip: int = 0) -> None:
        """Do what was asked, and answer 200 with a page that a proxy might have made."""
        self._add(Fault("garbage", operation, times, skip))

    def ends_badly(self, *, times: int | None = 1, skip: int = 0) -> None:
        """Take a write on, change nothing, and let its operation end as Failed."""
        self._add(Fault("ends_badly", "mutating", times, skip))

    def clear(self) -> None:
        """Forget every fault, and how many there were."""
        with self._lock:
            self._waiting.clear()
            self.met = 0

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, operation: str, *, mutating: bool, subscription: str) -> dict[Kind, Fault]:
        """The faults that this request meets, used up."""
        with self._lock:
            met: dict[Kind, Fault] = {}
            for fault in list(self._waiting):
                if fault.kind in met or not (
                    fault.operation in {"*", operation}
                    or (fault.operation == "mutating" and mutating)
                ):
                    continue
                if fault.subscription not in {None, subscription}:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                met[fault.kind] = fault
                self.met += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
            return met
