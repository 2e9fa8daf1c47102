"""Getting a source's bytes, bounded in size and time, with where they came from; it reads no row."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Final

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.source import bundled, https
from cloudsync.source.codes import refusal
from cloudsync.source.text import MAX_BYTES
from cloudsync.source.url import Url

DEADLINE_SECONDS: Final = 30.0

_NAME_A_FILE: Final = "Name the file that holds the list."


@immutable
class Validators:
    """What the server called the body that is kept, to ask whether it still stands."""

    etag: str | None = None
    last_modified: str | None = None


@immutable
class Fetched:
    """A whole body and its provenance; ``fetched_at`` is in UTC."""

    body: bytes
    source: str
    fetched_at: datetime
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> Validators:
        """What to give as ``previous`` next time, if the body was kept."""
        return Validators(self.etag, self.last_modified)


@immutable
class NotModified:
    """The server's word that the body kept from before still stands; it counts as a read."""

    source: str
    fetched_at: datetime


def fetch(
    source: str,
    *,
    previous: Validators | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
    max_bytes: int = MAX_BYTES,
    trust: SSLContext | None = None,
    resolve: Callable[[str, int], Sequence[str]] = https.addresses_of,
    reach: Callable[[str], bool] = https.is_public,
) -> Fetched | NotModified:
    """The bytes of ``bundled``, of a file, or of an https URL.

    ``previous`` says that the body of these validators is kept: without it a 304 is refused.
    ``trust`` replaces the system's certificate authorities. ``resolve`` (host and port to
    addresses) and ``reach`` (which addresses may be connected to) exist for tests on loopback: no
    setting and no environment variable leads to them.

    Raises:
        UsageError: a directory, another scheme than https, a URL that is none.
        SourceRefused: with a code of ``codes.REFUSALS``.
    """
    if source == bundled.SOURCE:
        return Fetched(bundled.body(), source, _now(), "text/plain; charset=utf-8")
    if "://" not in source:
        return Fetched(_file(source, max_bytes), source, _now())
    url = Url.of(source)
    headers: dict[str, str] = {}
    if previous is not None and previous.etag is not None:
        headers["If-None-Match"] = previous.etag
    if previous is not None and previous.last_modified is not None:
        headers["If-Modified-Since"] = previous.last_modified
    limits = https.Limits(deadline_seconds, max_bytes)
    answer = https.get(url, headers, limits, trust=trust, resolve=resolve, reach=reach)
    if answer is None:
        if not headers:
            what = "status 304 to a question without validators"
            raise refusal(source, "E_NOT_MODIFIED", what)
        return NotModified(source, _now())
    return Fetched(
        _filled(answer.body, source),
        source,
        _now(),
        answer.content_type,
        answer.etag,
        answer.last_modified,
    )


def _file(path: str, max_bytes: int) -> bytes:
    try:
        # Non-blocking, and looked at once open: a pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(descriptor).st_mode
            body = _read(descriptor, max_bytes) if stat.S_ISREG(mode) else b""
        finally:
            os.close(descriptor)
    except ValueError:
        raise UsageError(repr(path), "a path can't hold a NUL", todo=_NAME_A_FILE) from None
    except OSError as error:
        raise refusal(path, "E_UNREACHABLE", error.strerror or "it can't be read") from None
    if not stat.S_ISREG(mode):
        what = "this is a directory" if stat.S_ISDIR(mode) else "this is no regular file"
        raise UsageError(path, what, todo=_NAME_A_FILE)
    if len(body) > max_bytes:
        raise refusal(path, "E_TOO_LARGE", f"more than {max_bytes:,} bytes")
    return _filled(body, path)


def _read(descriptor: int, max_bytes: int) -> bytes:
    body = b""
    while len(body) <= max_bytes and (chunk := os.read(descriptor, max_bytes + 1)):
        body += chunk
    return body


def _filled(body: bytes, source: str) -> bytes:
    if not body:
        raise refusal(source, "E_EMPTY", "0 bytes")
    return body


def _now() -> datetime:
    return datetime.now(UTC)
