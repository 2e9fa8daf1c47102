"""From a configuration file to a job that can run; it runs none."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from cloudsync.abreast import Abreast
from cloudsync.config import Config, TargetSettings, load
from cloudsync.config.reading import text_of_file
from cloudsync.engine import Pace
from cloudsync.errors import UsageError
from cloudsync.job import Job
from cloudsync.provider import Provider
from cloudsync.registry import find, installed
from cloudsync.state import open_state
from cloudsync.status.tally import counting
from cloudsync.uncollected import loading
from cloudsync.vetting import intake


def _domains(job: Job) -> None:
    from cloudsync.preflight.look import look_again  # noqa: PLC0415 - loads what asks name servers

    look_again(job)


class _Providers:
    """Each provider once: making one may load its SDK."""

    def __init__(self) -> None:
        self._made: dict[str, Provider] = {}

    def __call__(self, name: str) -> Provider:
        if name not in self._made:
            with loading(name):
                self._made[name] = find(name)()
        return self._made[name]


def block_of(name: str) -> type[TargetSettings]:
    """The model of the target block of a provider; loads no SDK.

    Raises:
        UsageError: the provider isn't installed.
    """
    block: type[TargetSettings] = find(name).settings
    return block


def blocks() -> dict[str, type[TargetSettings]]:
    """The models of all installed providers' target blocks."""
    return {name: block_of(name) for name in installed()}


def text_of(path: Path) -> str:
    """What stands in the configuration at ``path``.

    Raises:
        UsageError: there is none, or it can't be read.
    """
    _there(path)
    return text_of_file(path)


def read_config(path: Path) -> Config:
    """The configuration at ``path``.

    Raises:
        UsageError: there is none, or it is wrong; with every problem in it.
    """
    _there(path)
    return load(path, providers=block_of)


def _there(path: Path) -> None:
    if not path.exists():
        raise UsageError(
            str(path), "there is no such file",
            todo="Write one with cloudsync init, or name one with -c FILE.",
        )  # fmt: skip


@contextmanager
def job(path: Path) -> Generator[Job]:
    """A job for the configuration at ``path``, its state open for as long as the block runs."""
    with opened(read_config(path)) as made:
        yield made


@contextmanager
def opened(config: Config) -> Generator[Job]:
    """A job for ``config``, its state open for as long as the block runs."""
    with closing(open_state(config.state_url)) as store, counting():
        yield Job(
            config,
            store,
            _Providers(),
            lambda config, in_force: intake.read_config(config, store, in_force),
            keep=intake.remember_source,
            page=intake.read_page,
            pace=Pace(settle=config.settle.total_seconds()),
            each=Abreast(config.at_once),
            limit=config.deadline.total_seconds() if config.deadline else None,
            domains=_domains,
        )
