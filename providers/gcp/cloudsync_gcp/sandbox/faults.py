"""What goes wrong on purpose; it never touches the state."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from cloudsync_gcp.sandbox.wire import Refused

Kind = Literal["refuse", "inside", "lost_before", "lost_after", "latency", "garbage", "cut", "down"]


@dataclass(slots=True)
class _Fault:
    kind: Kind
    operation: str
    times: int | None
    skip: int
    project: str | None
    refusal: Refused | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Met:
    """The faults that one request meets; seconds of latency before anything else happens."""

    kinds: frozenset[Kind] = frozenset()
    refusal: Refused | None = None
    inside: Refused | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class Faults:
    """Faults by operation; each fires `times` times (None: until cleared) after `skip` matches.

    `operation` is a method's id such as `compute.firewalls.patch`, "*" for any, or "mutating" for
    any that changes something. `met` counts how often a fault has fired.
    """

    met: int = 0
    _waiting: list[_Fault] = field(default_factory=list[_Fault])
    _lock: Lock = field(default_factory=Lock)

    def lost_before(
        self,
        operation: str = "mutating",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Close the socket with the state untouched."""
        self._add(_Fault("lost_before", operation, times, skip, project))

    def lost_after(
        self,
        operation: str = "mutating",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Do what was asked, then close the socket without an answer."""
        self._add(_Fault("lost_after", operation, times, skip, project))

    def latency(
        self,
        seconds: float,
        operation: str = "*",
        *,
        times: int | None = None,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Wait that long before doing what was asked."""
        self._add(_Fault("latency", operation, times, skip, project, seconds=seconds))

    def garbage(
        self,
        operation: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Do what was asked, and answer 200 with a page that is no JSON, as a proxy might."""
        self._add(_Fault("garbage", operation, times, skip, project))

    def cut(
        self,
        operation: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Do what was asked, and answer 200 with half of the JSON."""
        self._add(_Fault("cut", operation, times, skip, project))

    def down(self, *, times: int | None = None) -> None:
        """Close every connection as soon as it asks for something."""
        self._add(_Fault("down", "*", times, 0, None))

    def rate_limited(
        self,
        operation: str = "*",
        *,
        concurrent: bool = False,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 403 rateLimitExceeded, of calls in a minute or of operations at once.

        Source: Compute Engine's pages on API rate quotas and on concurrent operations.
        """
        word = "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" if concurrent else "RATE_LIMIT_EXCEEDED"
        refusal = Refused(
            403,
            "rateLimitExceeded",
            "Quota exceeded for quota group 'MutateGroup' and limit 'Mutate requests per minute' "
            "of service 'compute.googleapis.com'.",
            domain="usageLimits",
            info=(word, {"service": "compute.googleapis.com"}),
        )
        self.refuse(refusal, operation, times=times, skip=skip, project=project)

    def not_configured(
        self, operation: str = "*", *, times: int | None = None, project: str | None = None
    ) -> None:
        """Answer 403 accessNotConfigured: the API is disabled. Text: gh midl-dev/tezos-on-gke#34."""
        self.refuse(disabled(project or "0"), operation, times=times, project=project)

    def denied(
        self,
        operation: str = "*",
        *,
        permission: str = "compute.firewalls.update",
        times: int | None = None,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 403 forbidden: the identity may not."""
        refusal = Refused(
            403, "forbidden", f"Required '{permission}' permission for 'projects/{project or '-'}'"
        )
        self.refuse(refusal, operation, times=times, skip=skip, project=project)

    def stale(
        self,
        operation: str = "mutating",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 412 conditionNotMet. Text: gh hashicorp/terraform-provider-google#19235."""
        self.refuse(
            Refused(412, "conditionNotMet", "Invalid fingerprint."),
            operation,
            times=times,
            skip=skip,
            project=project,
        )

    def not_ready(
        self,
        operation: str = "mutating",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 400 resourceNotReady. Text: gh terraform-google-kubernetes-engine#888."""
        self.refuse(
            Refused(
                400, "resourceNotReady", f"The resource 'projects/{project or '-'}' is not ready"
            ),
            operation,
            times=times,
            skip=skip,
            project=project,
        )

    def unavailable(
        self,
        operation: str = "*",
        *,
        status: int = 503,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 5xx with the state untouched."""
        self.refuse(
            Refused(status, "backendError", "The service is currently unavailable."),
            operation,
            times=times,
            skip=skip,
            project=project,
        )

    def fails_inside(
        self,
        operation: str = "mutating",
        *,
        refusal: Refused | None = None,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer 200 with an operation that ends in an error and changes nothing.

        Source: `Operation.error` and `Operation.httpErrorStatusCode` in Google's description.
        """
        inner = refusal or Refused(503, "serviceUnavailable", "Service Unavailable")
        self._add(_Fault("inside", operation, times, skip, project, inner))

    def refuse(
        self,
        refusal: Refused,
        operation: str = "*",
        *,
        times: int | None = 1,
        skip: int = 0,
        project: str | None = None,
    ) -> None:
        """Answer any refusal with the state untouched."""
        self._add(_Fault("refuse", operation, times, skip, project, refusal))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting.clear()

    def _add(self, fault: _Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, operation: str, *, mutating: bool, project: str) -> Met:
        """The faults that this request meets, used up."""
        if not self._waiting:
            return Met()
        kinds: set[Kind] = set()
        refusal = inside = None
        seconds = 0.0
        with self._lock:
            for fault in list(self._waiting):
                if fault.kind in kinds or not (
                    fault.operation in {"*", operation}
                    or (fault.operation == "mutating" and mutating)
                ):
                    continue
                if fault.project not in {None, project}:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                kinds.add(fault.kind)
                seconds += fault.seconds
                if fault.kind == "refuse":
                    refusal = fault.refusal
                if fault.kind == "inside":
                    inside = fault.refusal
                self.met += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
        return Met(frozenset(kinds), refusal, inside, seconds)


def disabled(project: str) -> Refused:
    """The refusal of a project where the Compute Engine API was never enabled."""
    return Refused(
        403,
        "accessNotConfigured",
        f"Compute Engine API has not been used in project {project} before or it is disabled. "
        "Enable it by visiting https://console.developers.google.com/apis/api/"
        f"compute.googleapis.com/overview?project={project} then retry. If you enabled this API "
        "recently, wait a few minutes for the action to propagate to our systems and retry.",
        domain="usageLimits",
        info=(
            "SERVICE_DISABLED",
            {"consumer": f"projects/{project}", "service": "compute.googleapis.com"},
        ),
    )
