"""From the URL of a state to its store; each kind is loaded only where it is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from cloudsync.errors import UsageError
from cloudsync.state.memory import MemoryStore
from cloudsync.state.objects import Bucket, ObjectStore
from cloudsync.state.store import Store
from cloudsync.uncollected import loading

KNOWN: Final = (
    "sqlite:///PATH, postgresql://HOST/DATABASE, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, "
    "gs://BUCKET/PREFIX and memory://"
)
_BUCKETS: Final = ("s3", "az", "gs")


def open_state(url: str) -> Store:
    """The store that ``url`` names, made where there is none yet.

    ``sqlite:///PATH`` is a file relative to the working directory, ``sqlite:////PATH`` an absolute
    one (SQLAlchemy's way of writing it); ``memory://`` is empty and forgotten with the process.
    ``postgresql://HOST/DATABASE`` takes libpq's own options behind a ``?``, and ``schema=NAME``. A
    bucket or container has to be there; a prefix keeps several installations apart in it. Who asks
    is said by the variables of libpq (``PGUSER``, ``PGPASSFILE``) or of the cloud, never by the URL.

    Raises:
        UsageError: ``url`` names no store that this release knows, or holds a secret, or what the
            store needs isn't installed.
        StateError: the store is there, and can't be used as it is.
    """
    scheme, separator, rest = url.partition("://")
    # Never the URL itself in a message: it may carry a password.
    if not separator:
        raise UsageError(
            "state", "a value without :// names no known state", todo=f"This release knows {KNOWN}."
        )
    if scheme == "memory" and not rest:
        return MemoryStore()
    if scheme == "sqlite":
        return _sqlite(rest)
    if scheme == "postgresql":
        return _postgres(rest)
    if scheme in _BUCKETS:
        return _bucket(scheme, rest)
    raise UsageError(
        "state", f"{scheme!r} names no known state", todo=f"This release knows {KNOWN}."
    )


def _sqlite(rest: str) -> Store:
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or "?" in path:
        raise UsageError(
            "state",
            "a sqlite state is written sqlite:///PATH, without a host and without options",
            todo="Write sqlite:///cloudsync.db, or sqlite:////var/lib/cloudsync.db.",
        )
    # sqlite3 is loaded only where a file is the state: a function in a cloud has none.
    from cloudsync.state.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore.open(path)


def _postgres(rest: str) -> Store:
    place, _, options = rest.partition("?")
    host, _, database = place.partition("/")
    told = dict(parse_qsl(options, keep_blank_values=True))
    if "@" in host or {"password", "passfile", "sslpassword"} & set(told):
        raise UsageError(
            "state",
            "the URL holds a user or a password",
            todo="Take it out, and set PGUSER and PGPASSWORD or PGPASSFILE.",
        )
    if not database or "/" in database:
        raise UsageError(
            "state",
            "a postgresql state is written postgresql://HOST/DATABASE",
            todo="Write postgresql://db.example.net/cloudsync?sslmode=verify-full.",
        )
    try:
        from cloudsync.state.postgres import PostgresStore  # noqa: PLC0415
    except ImportError as error:
        raise _missing("postgresql", "postgres") from error
    return PostgresStore.open(host, database, told)


def open_bucket(url: str, where: str = "state") -> Bucket:
    """What ``url`` names as objects: ``s3://BUCKET/PREFIX``, ``az://…`` or ``gs://…``; asks nothing yet.

    Raises:
        UsageError: ``url`` names no bucket, or what it needs isn't installed; it begins with ``where``.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in _BUCKETS:
        known = ", ".join(f"{one}://" for one in _BUCKETS)
        raise UsageError(where, f"{scheme!r} names no bucket", todo=f"Known are {known}.")
    made, bucket, prefix = _parts(scheme, rest, where)
    return made(bucket, prefix)


def _bucket(scheme: str, rest: str) -> Store:
    return ObjectStore.open_with(*_parts(scheme, rest, "state"))


def _parts(scheme: str, rest: str, where: str) -> tuple[Callable[[str, str], Bucket], str, str]:
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if not bucket or "@" in bucket or "?" in rest or "#" in rest or "//" in prefix:
        raise UsageError(
            where,
            f"{scheme} is written {scheme}://NAME/PREFIX, without a user and without options",
            todo="Who asks, and where, is said by the cloud's own variables.",
        )
    try:
        with loading(scheme):
            made = _made(scheme)
    except ImportError as error:
        raise _missing(scheme, "gs" if scheme == "gs" else "object-store", where) from error
    return made, bucket, prefix


def _made(scheme: str) -> Callable[[str, str], Bucket]:
    if scheme == "gs":
        from cloudsync.state.gcs import GcsBucket  # noqa: PLC0415

        return GcsBucket
    from cloudsync.state.bucket import AzureBucket, S3Bucket  # noqa: PLC0415

    return S3Bucket if scheme == "s3" else AzureBucket


def _missing(scheme: str, extra: str, where: str = "state") -> UsageError:
    return UsageError(
        where,
        f"{scheme}:// needs what isn't installed here",
        todo=f"Install cloudsync-smtp[{extra}].",
    )
