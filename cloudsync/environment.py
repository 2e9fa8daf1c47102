"""What the environment of a cloud function says: its configuration, its time, its log; it makes no pass.

The configuration is ``CLOUDSYNC_CONFIG_TEXT``, or what ``CLOUDSYNC_CONFIG`` names: a file in the
bundle, or an object as ``s3://BUCKET/KEY``, ``az://CONTAINER/KEY`` or ``gs://BUCKET/KEY``; else it
is the file ``cloudsync.yaml`` in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cloudsync.cli.job import block_of, text_of
from cloudsync.config import Config, read
from cloudsync.config.prebuilt import read_prebuilt
from cloudsync.errors import UsageError
from cloudsync.report.words import clean
from cloudsync.state import StateError
from cloudsync.state.objects import Unanswered
from cloudsync.state.opening import open_bucket

CONFIG: Final = "CLOUDSYNC_CONFIG"
TEXT: Final = "CLOUDSYNC_CONFIG_TEXT"
TIMEOUT: Final = "CLOUDSYNC_TIMEOUT"
ACTORS: Final = "CLOUDSYNC_ACTORS"
LOG: Final = "CLOUDSYNC_LOG"


def form_of_log(environment: Mapping[str, str]) -> str | None:
    """How the log is written, or None where it isn't.

    Raises:
        UsageError: ``CLOUDSYNC_LOG`` says neither json nor console.
    """
    said = environment.get(LOG)
    if said not in {None, "json", "console"}:
        raise UsageError(LOG, f"{clean(said or '')!r} is no form of a log", todo="Write json.")
    return said


def seconds(environment: Mapping[str, str]) -> float | None:
    """``CLOUDSYNC_TIMEOUT``, the platform's limit in seconds, where it tells no time; or None.

    Raises:
        UsageError: it is no number of seconds.
    """
    said = environment.get(TIMEOUT)
    if said is None:
        return None
    if not said.isdecimal() or not int(said):
        raise UsageError(TIMEOUT, f"{clean(said)!r} is no number of seconds", todo="Write 540.")
    return float(said)


def configuration(folder: Path, environment: Mapping[str, str]) -> Config:
    """The configuration of this function; relative paths in it start from ``folder``.

    Raises:
        UsageError: there is none, it is wrong, or it keeps its state where a function can't.
        StateError: the object that it is in can't be read.
    """
    text, named = environment.get(TEXT), environment.get(CONFIG, "cloudsync.yaml")
    if text is not None:
        path = folder / TEXT
    elif "://" in named:
        text, path = _object(named), folder / named.rpartition("/")[2]
    else:
        path = folder / named
        text = text_of(path)
    config = read_prebuilt(text, path) or read(text, path, providers=block_of)
    if config.state.startswith("sqlite:"):
        raise UsageError(
            f"{config.file}: state", "a function's disk is gone after it, and a state on it too",
            todo="Name a bucket: s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX.",
        )  # fmt: skip
    return config


def _object(url: str) -> str:
    """The text of an object.

    Raises:
        UsageError: the URL names none, what its store needs isn't installed, or there is no such
            object, or it isn't UTF-8.
        StateError: its store doesn't answer, or doesn't allow it.
    """
    place, _, key = url.rpartition("/")
    if not key or place.endswith("/"):
        raise UsageError(CONFIG, f"{clean(url)} names no object", todo="Write s3://BUCKET/KEY.")
    bucket = open_bucket(place, CONFIG)
    try:
        found = bucket.get(key)
    except Unanswered as error:
        raise StateError(clean(url), error.what, todo=error.todo) from error
    finally:
        bucket.close()
    if found is None:
        raise UsageError(
            clean(url), "there is no such object", todo=f"Put it there, or correct {CONFIG}."
        )
    try:
        return found.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(clean(url), "it isn't UTF-8", todo="Save it as UTF-8.") from error
