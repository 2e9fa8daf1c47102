"""Spans: what a run did, when, and how long each part took; silent unless the environment asks for it.

A run is one trace. Whoever begins it is ``running``; what it does is a ``span`` within it, in
whichever thread, and each answer of a cloud is one too. Outside of a run that is traced all of this
does nothing, and loads nothing. Nothing here decides anything: a run is the same with it and without.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from cloudsync import secret
from cloudsync.errors import CloudsyncError
from cloudsync.immutable import immutable
from cloudsync.report.words import clean

Said = str | bool | int | float | tuple[str, ...]
"""What an attribute may be."""

OK: Final = "ok"
_LONGEST: Final = 1_000
_MOST: Final = 20


class Span(Protocol):
    """One part of a run, under way."""

    @property
    def trace(self) -> str:
        """The id of its trace, 32 hexadecimal digits; empty where nothing is traced."""
        ...

    def say(self, attributes: Mapping[str, Said]) -> None:
        """Add what is known of it."""
        ...

    def fail(self, kind: str, text: str = "") -> None:
        """Say that it failed; ``kind`` is one of few words, ``text`` is for people."""
        ...

    def end(self, at: int | None = None) -> None:
        """It is over, now or ``at``, in nanoseconds since 1970."""
        ...


class Tracer(Protocol):
    """What makes spans and hands them over."""

    def begin(
        self,
        name: str,
        attributes: Mapping[str, Said],
        *,
        at: int | None = None,
        asking: bool = False,
    ) -> Span:
        """Begin a span within the one that is under way here, now or ``at``.

        ``asking`` says that it is of a call to another service.
        """
        ...

    def within(self, span: Span) -> AbstractContextManager[object]:
        """Have ``span`` under way here, and in threads that are begun from here."""
        ...

    def deliver(self, *, hurried: bool = False) -> Iterator[CloudsyncError]:
        """Hand over every span that ended, in a bounded time; gives what went wrong.

        The time is short where the process was told to end.
        """
        ...


@immutable
class _Run:
    """A run that is traced, and what no span of it may hold."""

    tracer: Tracer
    secrets: frozenset[str]

    def plain(self, attributes: Mapping[str, Said]) -> dict[str, Said]:
        """``attributes`` without secrets and without anything that doesn't print, and not too much."""
        return {
            name: secret.HIDDEN if secret.is_secret(name) else self._plain(value)
            for name, value in attributes.items()
        }

    def _plain(self, value: Said) -> Said:
        match value:
            case str():
                return self.text(value)
            case tuple():
                return tuple(self.text(one) for one in value[:_MOST])
            case _:
                return value

    def text(self, text: str) -> str:
        """A stranger's text as a plain value."""
        return clean(secret.hidden(text, self.secrets))[:_LONGEST]


@immutable
class _Clean:
    """A span to which nothing is said but what may leave the process."""

    run: _Run
    inner: Span

    @property
    def trace(self) -> str:
        return self.inner.trace

    def say(self, attributes: Mapping[str, Said]) -> None:
        self.inner.say(self.run.plain(attributes))

    def fail(self, kind: str, text: str = "") -> None:
        self.inner.fail(self.run.text(kind), self.run.text(text))

    def end(self, at: int | None = None) -> None:
        self.inner.end(at)


class _Silence:
    """A span of nothing."""

    trace = ""

    def say(self, attributes: Mapping[str, Said]) -> None:
        """Keep quiet."""

    def fail(self, kind: str, text: str = "") -> None:
        """Keep quiet."""

    def end(self, at: int | None = None) -> None:
        """Keep quiet."""


SILENCE: Final[Span] = _Silence()
_HERE: ContextVar[_Run | None] = ContextVar("trace", default=None)


@contextmanager
def running(
    tracer: Tracer | None,
    attributes: Mapping[str, Said],
    undelivered: Callable[[CloudsyncError], object],
    hurried: Callable[[], bool],
) -> Generator[Span]:
    """A run, as one trace, which is handed over at its end, however it ends.

    ``undelivered`` is told why it couldn't be, ``hurried`` whether the process is to end. Without a tracer nothing is traced.
    """
    if tracer is None:
        yield SILENCE
        return
    token = _HERE.set(_Run(tracer, secret.known()))
    try:
        with span("run", attributes) as whole:
            yield whole
    finally:
        _HERE.reset(token)
        for error in tracer.deliver(hurried=hurried()):
            undelivered(error)


@contextmanager
def span(name: str, attributes: Mapping[str, Said] | None = None) -> Generator[Span]:
    """A part of the run that is under way here; what is raised within it is said in it."""
    run = _HERE.get()
    if run is None:
        yield SILENCE
        return
    part = _Clean(run, run.tracer.begin(name, run.plain(attributes or {})))
    try:
        with run.tracer.within(part.inner):
            yield part
    except BaseException as error:
        part.fail(type(error).__name__, str(error))
        raise
    finally:
        part.end()


def began() -> int:
    """When a call begins, for ``answered``: nanoseconds since 1970."""
    return time.time_ns()


def answered(
    provider: str, operation: str, code: str, since: int | None, *, throttled: bool
) -> None:
    """One answer of a cloud, or one that didn't come, to a call that began at ``since``.

    The names are those of OpenTelemetry's conventions for remote calls and for clouds
    (opentelemetry.io/docs/specs/semconv, "RPC spans", "AWS SDK", "Cloud"); a value of our own is
    allowed for a system that they don't know.
    """
    run = _HERE.get()
    if run is None:
        return
    attributes: dict[str, Said] = {
        "rpc.system.name": f"{provider}-api",
        "rpc.method": operation,
        "rpc.response.status_code": code,
        "cloud.provider": provider,
        "cloudsync.throttled": throttled,
    }
    begun = run.tracer.begin(run.text(operation), run.plain(attributes), at=since, asking=True)
    part = _Clean(run, begun)
    if code != OK:
        part.fail(code)
    part.end()
