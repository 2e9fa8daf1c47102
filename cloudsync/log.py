"""The worker's log: a line an event, for a machine or for a person; silent until it is begun.

Each event has a name that stays (``run_ended``) and fields; a sentence for people stands in
``text``. What is bound (the tenant, the run) stands in every line, whichever thread writes it. No
line can be forged by a label, and no secret stands in one. A log that can't be written is no reason
to stop keeping port 25 right: its lines are dropped.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal, TextIO, cast

from cloudsync import secret
from cloudsync.report.words import clean

SCHEMA: Final = "cloudsync.log/1"
Level = Literal["debug", "info", "warning", "error"]

_FIRST: Final = ("schema", "at", "level", "event", "tenant", "run", "text")
_begun: dict[str, Any] = {}
_secrets: set[str] = set()
_kept: list[str] = []
_overlap = threading.Lock()


def begin(form: str, out: TextIO | None = None) -> None:
    """Write every event from here on to ``out`` (stderr if left out), and what libraries warn of.

    ``form`` is ``json`` or ``console``.
    """
    import structlog  # noqa: PLC0415 - a command that doesn't log doesn't load it

    end()
    _secrets.update(secret.known())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _presentable,
            _as_json if form == "json" else _as_line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Sink(out or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    handler = Libraries(logging.WARNING)
    logging.getLogger().addHandler(handler)
    _begun.update(logger=structlog.get_logger(), handler=handler)


def end() -> None:
    """Write nothing more."""
    if _begun:
        logging.getLogger().removeHandler(_begun["handler"])
        _begun.clear()
    _secrets.clear()


@contextmanager
def kept(form: str | None) -> Generator[None]:
    """Write every event to stderr while the block runs; None writes none.

    Blocks may overlap, as the calls of a function that one process answers: the last one ends it.
    """
    if form is None:
        yield
        return
    with _overlap:
        _kept.append(form)
        if len(_kept) == 1:
            begin(form)
    try:
        yield
    finally:
        with _overlap:
            _kept.pop()
            if not _kept:
                end()


def begun() -> bool:
    """Whether events are written."""
    return bool(_begun)


def hide(value: str) -> None:
    """Keep ``value`` out of every line from here on."""
    _secrets.update(secret.worth_hiding([value]))


def info(event: str, **fields: object) -> None:
    """Say what happened as it should."""
    _write("info", event, fields)


def warning(event: str, **fields: object) -> None:
    """Say what somebody should look at."""
    _write("warning", event, fields)


def error(event: str, **fields: object) -> None:
    """Say what went wrong."""
    _write("error", event, fields)


@contextmanager
def bound(**fields: object) -> Generator[None]:
    """Every line that is written within has these fields too, in threads that it begins as well."""
    if not _begun:
        yield
        return
    from structlog.contextvars import bound_contextvars  # noqa: PLC0415 - as in ``begin``

    with bound_contextvars(**fields):
        yield


def _write(level: Level, event: str, fields: Mapping[str, object]) -> None:
    if _begun:
        getattr(_begun["logger"], level)(event, **fields)


class _Sink:
    """A stream whose failures stop nobody: a full disk, a reader that went away, a closed pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


class Libraries(logging.Handler):
    """What a library warns of, as an event of ours: one format in one stream."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        # Logging must not fail where the caller's arguments don't fit its own format.
        with suppress(Exception):
            cause = record.exc_info[1] if record.exc_info else None
            fields: dict[str, object] = {"library": record.name, "text": record.getMessage()}
            if cause is not None:
                fields["error"] = f"{type(cause).__name__}: {cause}"
            _write("error" if record.levelno >= logging.ERROR else "warning", "library", fields)


def _presentable(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The fields in their order, as plain data without secrets."""
    said = {"schema": SCHEMA, **fields}
    names = [name for name in _FIRST if name in said]
    return {
        name: _plain(name, said[name]) for name in (*names, *(n for n in said if n not in _FIRST))
    }


def _plain(name: str, value: object) -> object:
    if secret.is_secret(name) and value is not None:
        return secret.HIDDEN
    match value:
        case None | bool() | int() | float() if not isinstance(value, Enum):
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            items = cast("Mapping[object, object]", value).items()
            return {str(key): _plain(str(key), one) for key, one in items}
        case list() | tuple() | set() | frozenset():
            return [_plain(name, one) for one in cast("Iterable[object]", value)]
        case _:
            return secret.hidden(str(value), _secrets)


def _as_json(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    # ASCII alone: control characters, newlines and overrides of direction are all escaped.
    return json.dumps(fields, ensure_ascii=True)


def _as_line(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    rest = {key: value for key, value in fields.items() if key not in _FIRST}
    who = "/".join(str(fields[key]) for key in ("tenant", "run") if key in fields)
    text = [str(fields["text"])] if "text" in fields else []
    parts = [
        f"{str(fields['at'])[:19].replace('T', ' ')} {fields['level']:7}",
        *([who] if who else []),
        str(fields["event"]),
        *text,
        *(f"{key}={_short(value)}" for key, value in rest.items()),
    ]
    return "  ".join(clean(part) for part in parts)


def _short(value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(shown, ensure_ascii=False) if isinstance(value, str) and (
        not shown or " " in shown or '"' in shown) else str(shown)  # fmt: skip
