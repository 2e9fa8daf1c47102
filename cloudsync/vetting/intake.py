"""Reading the list from its source, with what is remembered of the last read; it judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from cloudsync import records
from cloudsync.allowlist import Format, InForce, Listing
from cloudsync.config import Config
from cloudsync.errors import SourceRefused, UsageError
from cloudsync.records import Kind
from cloudsync.source import PageSettings, Widest, guess, read
from cloudsync.source.candidates import candidates
from cloudsync.source.fetch import Fetched, NotModified, Validators, fetch
from cloudsync.state import Store, Value
from cloudsync.vetting.vet import Read

Fetch = Callable[[str, Validators | None], Fetched | NotModified]


def _fetch(source: str, previous: Validators | None) -> Fetched | NotModified:
    return fetch(source, previous=previous)


VALIDATORS_KEY: Final = "source"
_PAGE_SECONDS: Final = 10.0
"""A page that is only compared with holds up no run for longer."""


def _to_value(kept: tuple[str, str, Validators]) -> Value:
    source, digest, validators = kept
    return {
        "source": source,
        "digest": digest,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
    }


def _from_value(value: Value) -> tuple[str, str, Validators]:
    return value["source"], value["digest"], Validators(value["etag"], value["last_modified"])


VALIDATORS: Final[Kind[tuple[str, str, Validators]]] = Kind("source", 1, _to_value, _from_value)
"""Source, digest of the list that its body held, and what the server called that body."""


def read_config(
    config: Config, store: Store, in_force: InForce | None, get: Fetch = _fetch
) -> Read:
    """One read of the configured source.

    "Not modified" is only asked for where the list in force came from the body that is meant.

    Raises:
        UsageError: the source is a directory, or a URL that can't be used.
    """
    kept = records.load(store, VALIDATORS_KEY, VALIDATORS)
    previous = None
    if kept and in_force and kept.value[:2] == (config.source, in_force.digest):
        previous = kept.value[2]
    try:
        got = get(config.source, previous)
    except SourceRefused as refused:
        return Read(refused=refused)
    if isinstance(got, NotModified):
        return Read()
    try:
        return Read(_listing(config, got), validators=got.validators)
    except SourceRefused as refused:
        return Read(refused=refused, candidates=candidates(got.body, got.content_type))


def remember_source(config: Config, store: Store, digest: str, validators: Validators) -> None:
    """Keep what the server called the body that the list in force came from."""
    kept = records.load(store, VALIDATORS_KEY, VALIDATORS)
    value = (config.source, digest, validators)
    if (kept is None or kept.value != value) and (validators.etag or validators.last_modified):
        generation = kept.generation if kept else None
        records.save(store, VALIDATORS_KEY, VALIDATORS, value, generation)


def read_source(source: str, stated: Format | None, config: Config | None = None) -> Listing:
    """The listing of ``source``, in the format stated or else guessed: an article, or networks.

    Raises:
        SourceRefused: it can't be used as it is.
        UsageError: ``page`` without a configuration that describes the page.
    """
    got = fetch(source)
    if isinstance(got, NotModified):  # never without validators, which none were given
        raise SourceRefused(source, "E_NOT_MODIFIED", "status 304 to a question without validators")
    kind = stated or guess(got.body, got.content_type)
    return read(
        got.body,
        format=kind,
        source=source,
        content_type=got.content_type,
        page=_layout(config),
        widest=_widest(config),
    )


def read_page(config: Config) -> Listing:
    """What stands on the page that an operator's file is compared with.

    It is read as ``page:`` describes it, or else as what it is: the article, or plain networks.

    Raises:
        SourceRefused: it can't be reached, or used as it is.
    """
    url = config.list.compare_with
    if url is None:
        raise SourceRefused("list.compare_with", "E_UNREACHABLE", "no page is named")
    try:
        got = fetch(url, deadline_seconds=_PAGE_SECONDS)
    except UsageError as error:
        raise SourceRefused(url, "E_UNREACHABLE", error.what) from error
    if isinstance(got, NotModified):  # never without validators, which none were given
        raise SourceRefused(url, "E_NOT_MODIFIED", "status 304 to a question without validators")
    layout = _layout(config)
    kind = "page" if layout else guess(got.body, got.content_type)
    return read(
        got.body,
        format=kind,
        source=url,
        content_type=got.content_type,
        page=layout,
        widest=_widest(config),
    )


def _listing(config: Config, got: Fetched) -> Listing:
    return read(
        got.body,
        format=config.list.format,
        source=got.source,
        content_type=got.content_type,
        page=_layout(config),
        widest=_widest(config),
    )


def _layout(config: Config | None) -> PageSettings | None:
    if config is None or config.list.page is None:
        return None
    return PageSettings(**asdict(config.list.page))


def _widest(config: Config | None) -> Widest:
    limits = config.list.limits if config else {}
    known = Widest()
    return Widest(
        limits.get("widest_ipv4", known.ipv4),
        limits.get("widest_ipv6", known.ipv6),
    )
