"""Everything that one sandbox holds: resources in collections, late reads, operations under way."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Final

from cloudsync_gcp.sandbox.values import Body, Dialect
from cloudsync_gcp.sandbox.wire import Refused, not_found

ROOT: Final = "https://www.googleapis.com/compute/v1/"
"""What every selfLink and network URL begins with, wherever the API is asked.

Source: the examples in Google's description of `Firewall.network`.
"""

_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
State = Mapping[str, Mapping[str, Body]]


@dataclass(frozen=True, slots=True)
class Project:
    """One project: its number, where it hangs, and what it may hold."""

    id: str
    number: str
    folders: tuple[str, ...] = ()
    organization: str = ""
    firewalls: int = 100
    enabled: bool = True
    visible: bool = True
    host: str = ""
    services: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def ancestors(self) -> tuple[str, ...]:
        """From the organization down, as hierarchical policies are asked."""
        return (*((self.organization,) if self.organization else ()), *self.folders)


@dataclass(slots=True)
class Running:
    """An operation: what it will do, and when on the sandbox's clock it is done."""

    body: Body
    resource: str
    done_at: float
    change: Callable[[], None]
    error: Refused | None = None
    done: bool = False


@dataclass(slots=True)
class World:
    """The state. A second sandbox in the process has its own."""

    dialect: Dialect
    clock: Callable[[], float]
    lock: RLock = field(default_factory=RLock)
    projects: dict[str, Project] = field(default_factory=dict[str, Project])
    requests: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    operations: dict[str, Running] = field(default_factory=dict[str, Running])
    permissions: frozenset[str] | None = None
    version: int = 0
    _now: dict[str, Mapping[str, Body]] = field(default_factory=dict[str, Mapping[str, Body]])
    _past: list[tuple[float, State]] = field(default_factory=list[tuple[float, State]])
    _running: list[Running] = field(default_factory=list[Running])
    _made: int = 0

    # --- ids -------------------------------------------------------------------------------

    def next_id(self) -> str:
        """A decimal string, since ids are uint64 in the description and SDKs parse them."""
        self._made += 1
        return str(1_000_000_000_000_000_000 + self._made)

    def timestamp(self, at: float | None = None) -> str:
        """A moment on the sandbox's clock in RFC 3339."""
        seconds = self.clock() if at is None else at
        return (_BEGAN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")

    def fingerprint(self) -> str:
        """Bytes in base64 that no other version of any resource has."""
        self._made += 1
        return b64encode(self._made.to_bytes(8, "big")).decode()

    # --- resources -------------------------------------------------------------------------

    def project(self, name: str) -> Project:
        """A project by id or number.

        Raises:
            Refused: nobody has it, or the asker may not know of it.
        """
        found = self.projects.get(name) or next(
            (one for one in self.projects.values() if one.number == name), None
        )
        if found is None:
            raise Refused(404, "notFound", f"Failed to find project {name}")
        if not found.visible:
            raise Refused(
                403,
                "forbidden",
                f"Required 'compute.projects.get' permission for 'projects/{name}'",
            )
        return found

    def now(self, collection: str) -> Mapping[str, Body]:
        """A collection as it truly is."""
        return self._now.get(collection, {})

    def seen(self, collection: str) -> Mapping[str, Body]:
        """A collection as a read shows it: late where the dialect says so."""
        late = self.dialect.reads_late
        if not late or not self._past:
            return self.now(collection)
        then = self.clock() - late
        shown: State = self._past[0][1]
        for moment, state in self._past:
            if moment > then:
                break
            shown = state
        return shown.get(collection, {})

    def get(self, collection: str, name: str, *, late: bool = False) -> Body:
        """One resource.

        Raises:
            Refused: 404, it isn't there.
        """
        found = (self.seen if late else self.now)(collection).get(name)
        if found is None:
            raise not_found(f"{collection}/{name}")
        return found

    def collections(self) -> Iterator[str]:
        """The paths of all collections that ever held something."""
        return iter(sorted(self._now))

    def put(self, collection: str, name: str, body: Body, *, settled: bool = False) -> None:
        """Create or replace a resource; `settled` makes it visible to late reads at once."""
        self._change(collection, {**self.now(collection), name: body}, settled=settled)

    def drop(self, collection: str, name: str) -> None:
        """Delete a resource."""
        left = {key: body for key, body in self.now(collection).items() if key != name}
        self._change(collection, left)

    def _change(self, collection: str, after: Mapping[str, Body], *, settled: bool = False) -> None:
        late = self.dialect.reads_late > 0 and not settled
        if late and not self._past:
            self._past.append((float("-inf"), dict(self._now)))
        self._now[collection] = after
        self.version += 1
        if late:
            self._past.append((self.clock(), dict(self._now)))
            self._forget()
        elif self._past:
            self._past = [(at, {**state, collection: after}) for at, state in self._past]

    def _forget(self) -> None:
        then = self.clock() - self.dialect.reads_late
        while len(self._past) > 1 and self._past[1][0] <= then:
            self._past.pop(0)

    # --- operations ------------------------------------------------------------------------

    def busy_until(self, resource: str) -> float | None:
        """When the last operation on a resource is done, or None where none runs."""
        return max((one.done_at for one in self._running if one.resource == resource), default=None)

    def begin(self, name: str, running: Running) -> None:
        """Start an operation; one that takes no time is done at once."""
        self.operations[name] = running
        self._running.append(running)
        self.settle()

    def settle(self) -> None:
        """Finish every operation whose time has come, in order."""
        now = self.clock()
        due = sorted(
            (one for one in self._running if one.done_at <= now), key=lambda one: one.done_at
        )
        for one in due:
            self._running.remove(one)
            if one.error is None:
                try:
                    one.change()
                except Refused as refused:
                    one.error = refused
            one.done = True
            self.version += 1


def link(path: str) -> str:
    """The URL of a resource path."""
    return ROOT + path


def path_of(url: str) -> str:
    """The resource path of a full or partial URL: `projects/P/global/networks/N`."""
    for root in (ROOT, "https://compute.googleapis.com/compute/v1/"):
        url = url.removeprefix(root)
    return url.strip("/")
