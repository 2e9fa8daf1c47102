"""``cloudsync run --once --shard``, and ``--gather``: one share of a run, and its end."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from cloudsync import log
from cloudsync.cli.job import job, read_config
from cloudsync.cli.streams import tell
from cloudsync.cli.trouble import said
from cloudsync.cli.worker import failed, missed, shown
from cloudsync.config import Config
from cloudsync.errors import CloudsyncError, Exit, UsageError
from cloudsync.report.words import counted
from cloudsync.shards.begin import joined
from cloudsync.shards.gather import gathered
from cloudsync.shards.ledger import Common, Progress
from cloudsync.shards.shard import Shard, account, run_name, shard
from cloudsync.shards.under_way import common_of, is_last
from cloudsync.shards.work import work
from cloudsync.worker.stop import Stop
from cloudsync.worker.unattended import run_unattended, told_of


def run_part(
    paths: Sequence[Path],
    which: str | None,
    run: str | None,
    log_format: str | None,
    *,
    once: bool,
    gather: bool,
) -> int:
    """One share of a run, or its end.

    Raises:
        UsageError: the options don't go together.
    """
    if not once or bool(which) is gather or len(paths) > 1:
        raise UsageError(
            "cloudsync run", "a share of a run is one pass over one configuration",
            todo="Say run --once --shard I/N --run NAME, or run --once --gather --run NAME.",
        )  # fmt: skip
    if which:
        return run_shard(paths[0], which, run, log_format)
    return run_gather(paths[0], run, log_format)


def run_shard(
    path: Path,
    which: str,
    run: str | None,
    log_format: str | None,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """One share of a run, and its end where it is the last that is through.

    A shard that did its work ends with 0, whatever it found; who gathers ends with what the run
    calls for.

    Raises:
        UsageError: it can't be told which share, of which run; or the state dies with the process.
    """
    mine, name = shard(which, environment), run_name(run, environment)
    config = _config(path)
    with _logged(log_format):
        try:
            with job(path) as opened:
                told = replace(opened, attended=False)
                common, late = joined(told, name, mine.of)
                for passed in late:
                    _say(
                        f"{config.name}: run {passed.report.run} had not been gathered; it is now."
                    )
                    shown(passed)
                if common.gathered is not None:
                    _say(f"{mine}: run {name} is over, and ended with {int(common.gathered)}.")
                    return int(common.gathered)
                share = {"cloudsync.shard": str(mine)}
                with told_of(config.name, name, share, failed, Stop()):
                    progress = work(told, common, mine)
                last = is_last(told, common)
        except CloudsyncError as error:
            return int(said(error))
        _say(_done(mine, common, progress))
        if progress.ended is None:
            return int(Exit.FAILED)
        return _gather(path, config, name) if last else int(Exit.DONE)


def run_gather(
    path: Path,
    run: str | None,
    log_format: str | None,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """The end of a run of many shards, whether or not all of them came to theirs.

    Raises:
        UsageError: no run is named, or the state dies with the process.
    """
    name = run_name(run, environment)
    config = _config(path)
    with _logged(log_format):
        return _gather(path, config, name)


def _gather(path: Path, config: Config, name: str) -> int:
    with job(path) as opened:
        try:
            common = common_of(opened, name)
        except CloudsyncError as error:
            return int(said(error))
    if common.gathered is not None:
        # Two that were through at once both came to gather.
        _say(f"{config.name}: run {name} was gathered, and ended with {int(common.gathered)}.")
        return int(common.gathered)
    ended = run_unattended(
        config.name, "fetch", partial(job, path), Stop(),
        url_env=config.ping.url_env if config.ping else None,
        shown=shown, failed=failed, missed=missed, work=partial(gathered, name=name),
    )  # fmt: skip
    with job(path) as opened:
        over = common_of(opened, name).gathered
    # Where another was first, the run has ended as that one says.
    return int(ended.exit if over is None else over)


def _config(path: Path) -> Config:
    config = read_config(path)
    if config.state_url == "memory://":
        raise UsageError(
            f"{config.file}: state", "memory:// is forgotten with the process, and shards share it",
            todo="Name a file that all of them reach, PostgreSQL or a bucket (docs/state.md).",
        )  # fmt: skip
    return config


@contextmanager
def _logged(form: str | None) -> Generator[None]:
    if form:
        log.begin(form)
    try:
        yield
    finally:
        log.end()


def _say(text: str) -> None:
    if log.begun():
        log.info("shard", text=text)
    else:
        tell(text)


def _done(mine: Shard, common: Common, progress: Progress) -> str:
    scopes = [scope for block in progress.scopes for scope in block]
    what = (
        f"{counted(len(scopes), 'scope')} of {counted(len(set(map(account, scopes))), 'account')}"
    )
    if progress.ended is None:
        return (
            f"{mine} of run {common.name}: {progress.failed}, and some of {what} are left. What is "
            "done is marked: begin it again under the same name."
        )
    return f"{mine} of run {common.name}: {what}, done. No other shard looks at these."
