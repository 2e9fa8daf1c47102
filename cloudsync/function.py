"""One pass as a cloud function makes it: within the platform's time, told in one JSON result.

Each entry in ``deploy/`` is a few lines around ``answer``: the platform calls it, and is told of a
failure in the one way that every platform knows, by an exception, once the result was printed.

The configuration is ``CLOUDSYNC_CONFIG_TEXT``, or what ``CLOUDSYNC_CONFIG`` names: a file in the
bundle, or an object as ``s3://BUCKET/KEY``, ``az://CONTAINER/KEY`` or ``gs://BUCKET/KEY``; else it
is the file ``cloudsync.yaml`` in the bundle.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cloudsync import __version__, docket, log, otlp, trouble
from cloudsync.change import Change, TellsChanges, fields, malformed
from cloudsync.cli.job import block_of, opened, text_of
from cloudsync.config import Config, read
from cloudsync.config.prebuilt import read_prebuilt
from cloudsync.errors import MEANING, Exit, UsageError
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.model import Verdict
from cloudsync.provider import find
from cloudsync.report import RunReport
from cloudsync.report.words import clean
from cloudsync.state import StateError
from cloudsync.state.objects import Unanswered
from cloudsync.state.opening import open_bucket
from cloudsync.status.exposition import GATEWAY, PUSH_SECONDS
from cloudsync.worker.passes import Passed
from cloudsync.worker.ping import SECONDS, TRIES
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import run_unattended

CONFIG: Final = "CLOUDSYNC_CONFIG"
TEXT: Final = "CLOUDSYNC_CONFIG_TEXT"
TIMEOUT: Final = "CLOUDSYNC_TIMEOUT"
ACTORS: Final = "CLOUDSYNC_ACTORS"
LOG: Final = "CLOUDSYNC_LOG"
SCHEMA: Final = "cloudsync/pass/1"
RESERVE: Final = 20.0
"""Seconds before the platform's end in which nothing is begun: a call under way may still end."""
SHOWN: Final = 50
"""Targets that a result names at most; the report in the state has them all."""
FAILURES: Final = frozenset({Exit.ERROR, Exit.FAILED, Exit.SOURCE})
"""What the platform is to count as a failure: not what waits for a person, nor another's lease."""


class PassFailed(Exception):
    """A pass ended with a code that somebody has to look at; its text is the result."""


def answer(
    remaining: float | None, folder: Path, environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Make one pass, print its result as one line of JSON on stdout, and give it.

    ``remaining`` is how many seconds the platform leaves; None where it doesn't say, and then
    ``CLOUDSYNC_TIMEOUT`` does. ``folder`` is the bundle's.

    Raises:
        PassFailed: the pass ended with one of ``FAILURES``. It was printed before.
    """
    return _told(outcome(remaining, folder, environment), FAILURES)


def answer_change(
    cloud: str,
    event: Any,
    remaining: float | None,
    folder: Path,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Look at what an event of ``cloud`` concerns and put it right; otherwise as ``answer``.

    ``CLOUDSYNC_ACTORS`` names, with commas between, who this installation is to the cloud: what
    they did is ignored. An event that can't be read is refused in the result, and isn't a failure:
    sending it again would help nobody.

    Raises:
        PassFailed: as ``answer``, and where another pass is at work: the platform sends it again.
    """
    try:
        found = _change(cloud, event)
    except UsageError as error:
        return _told({**_head(), "exit": int(error.exit_code), "errors": [clean(str(error))]}, ())
    own = {one.strip() for one in environment.get(ACTORS, "").split(",")} - {""}
    why = "it is of no concern here" if found is None else "we made it ourselves"
    if found is None or own & found.actors:
        return _told({**_head(), "exit": int(Exit.DONE), "ignored": why}, ())
    result = outcome(remaining, folder, environment, found.where)
    result["change"] = {"what": found.what, "where": sorted(found.where)}
    return _told(result, FAILURES | {Exit.LEASE})


def _change(cloud: str, event: Any) -> Change | None:
    """What an event tells of.

    Raises:
        UsageError: it can't be read, or nobody here reads that cloud's events.
    """
    provider = find(cloud)
    if not isinstance(provider, TellsChanges):
        raise UsageError(f"provider {cloud}", "it reads no events", todo="Rely on the schedule.")
    said = fields(event)
    if said is None:
        raise malformed("it is no object")
    return provider.change(said)


def _head() -> dict[str, Any]:
    return {"schema": SCHEMA, "version": __version__}


def _told(result: dict[str, Any], failures: Collection[Exit]) -> dict[str, Any]:
    """Print the result, and give it.

    Raises:
        PassFailed: its exit is one of ``failures``.
    """
    said = json.dumps(result, ensure_ascii=True, separators=(",", ":"))
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()
    if Exit(result["exit"]) in failures:
        raise PassFailed(said)
    return result


def outcome(
    remaining: float | None,
    folder: Path,
    environment: Mapping[str, str],
    only: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The result of one pass, over ``only`` some targets or scopes, as JSON values. It raises nothing: what went wrong is in it.

    Keys: ``schema``, ``version``, ``name`` of the installation, ``exit`` and what it ``means``,
    ``run`` as the log calls it, ``targets`` by verdict, ``done`` steps, ``look_at`` (at most ``SHOWN`` targets that
    aren't in sync), ``left_out`` (how many more), ``waits`` (commands), ``errors``, ``seconds``.
    """
    began = time.monotonic()
    result = _head()
    try:
        config = configuration(folder, environment)
        result["name"] = config.name
        result |= _run(config, remaining, began, environment, only)
    except Exception as error:  # noqa: BLE001 - whatever it is, the platform gets one result
        result["exit"] = int(trouble.code_of(error))
        result["errors"] = [clean(one) for one in trouble.of_error(error)]
    result["means"] = MEANING[Exit(result["exit"])]
    result["seconds"] = round(time.monotonic() - began, 3)
    return result


def _run(
    config: Config,
    remaining: float | None,
    began: float,
    environment: Mapping[str, str],
    only: frozenset[str],
) -> dict[str, Any]:
    """What one pass found and did, once the monitor and whoever takes metrics were told."""
    passes: list[Passed] = []
    errors: list[Exception] = []
    waiting: list[Hold] = []

    @contextmanager
    def within() -> Generator[Job]:
        said = seconds(environment) if remaining is None else remaining
        with opened(config) as job:
            limit = bounded(
                job.limit, said, spent=time.monotonic() - began, after=telling(config, environment)
            )  # fmt: skip
            yield replace(job, limit=limit, only=only)
            # Who was told before isn't told again, but each result is read alone.
            with suppress(StateError):
                waiting.extend(docket.holds(job))

    with log.kept(_form(environment)):
        ended = run_unattended(
            config.name,
            # What a change concerns is put right by the list in force: no source is asked.
            "sweep" if only else "fetch", within, Stop(),
            # A look at what changed says nothing of the targets that the monitor waits for.
            url_env=config.ping.url_env if config.ping and not only else None,
            shown=passes.append, failed=errors.append,
        )  # fmt: skip
    result: dict[str, Any] = _of_pass(passes[0], waiting) if passes else {"errors": []}
    result["errors"] += [clean(line) for error in errors for line in trouble.of_error(error)]
    return {**result, "exit": int(ended.exit), "run": ended.run}


def _form(environment: Mapping[str, str]) -> str | None:
    """How the log is written, or None where it isn't.

    Raises:
        UsageError: ``CLOUDSYNC_LOG`` says neither json nor console.
    """
    said = environment.get(LOG)
    if said not in {None, "json", "console"}:
        raise UsageError(LOG, f"{clean(said or '')!r} is no form of a log", todo="Write json.")
    return said


def telling(config: Config, environment: Mapping[str, str]) -> float:
    """How many seconds it may take at most, after a pass, to tell whoever is to hear of it."""
    ping = SECONDS * TRIES if config.ping else 0.0
    push = PUSH_SECONDS if environment.get(GATEWAY) else 0.0
    return ping + push + otlp.waits(environment)


def bounded(
    limit: float | None, remaining: float | None, *, spent: float = 0.0, after: float = 0.0
) -> float | None:
    """How long a pass may take, in seconds, of which ``spent`` of the platform's are gone.

    What it doesn't reach by then is reported, and is left to the next pass. ``after`` is what comes
    after the pass, and is kept in reserve too; where the platform leaves little, half of it is.
    """
    if remaining is None:
        return limit
    left = max(0.0, remaining - spent)
    ours = left - min(RESERVE + after, left / 2)
    return ours if limit is None else min(limit, ours)


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


def _of_pass(passed: Passed, waiting: Iterable[Hold]) -> dict[str, Any]:
    report: RunReport = passed.report
    targets = report.now.targets
    wrong = [one for one in targets if one.verdict is not Verdict.IN_SYNC or one.notes]
    errors = [str(one) for one in (passed.found.vetted.refused, report.unrecorded) if one]
    return {
        "targets": dict(Counter(one.verdict.value for one in targets)),
        "done": sum(found.kind == "done" for _, found in report.outcomes),
        "look_at": [
            {
                "target": clean(one.target),
                "verdict": one.verdict.value,
                "notes": [note.value for note in one.notes],
                "why": clean(str(one.refusal.what) if one.refusal else one.reason),
            }
            for one in wrong[:SHOWN]
        ],
        "left_out": max(0, len(wrong) - SHOWN),
        "waits": [*dict.fromkeys(hold.command for hold in (*passed.tell, *waiting))],
        "errors": [clean(one) for one in errors],
    }
