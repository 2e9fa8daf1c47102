"""What the reads of the source have come to, kept in the state; it decides nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Final

from cloudsync import records
from cloudsync.allowlist import Listing
from cloudsync.errors import SourceRefused
from cloudsync.job import Job
from cloudsync.records import Kind, maybe, number, text, time, time_text
from cloudsync.state import Conflict, Value
from cloudsync.vetting.reads import Compared, Reads, Refusals, after_read, compare
from cloudsync.vetting.vet import Read, Vetted

READS_KEY: Final = "reads"


def _refusals_value(refusals: Refusals) -> Value:
    return {
        "count": refusals.count,
        "since": time_text(refusals.since),
        "code": refusals.code,
        "what": refusals.what,
        "line": refusals.line,
        "unlisted": list(refusals.unlisted),
    }


def _refusals(value: Value) -> Refusals:
    return Refusals(
        number(value["count"]), time(value["since"]), text(value["code"]), text(value["what"]),
        maybe(number, value["line"]), tuple(map(text, value["unlisted"])),
    )  # fmt: skip


def _compared_value(compared: Compared) -> Value:
    return {
        "url": compared.url,
        "in_file": list(compared.in_file),
        "on_page": list(compared.on_page),
        "failures": compared.failures,
        "failed": compared.failed,
    }


def _compared(value: Value) -> Compared:
    return Compared(
        text(value["url"]), tuple(map(text, value["in_file"])), tuple(map(text, value["on_page"])),
        number(value["failures"]), text(value["failed"]),
    )  # fmt: skip


def _to_value(reads: Reads) -> Value:
    return {
        "source": reads.source,
        "refusals": maybe(_refusals_value, reads.refusals),
        "reviewed": reads.reviewed.isoformat() if reads.reviewed else None,
        "compared": maybe(_compared_value, reads.compared),
    }


def _from_value(value: Value) -> Reads:
    return Reads(
        text(value["source"]),
        maybe(_refusals, value["refusals"]),
        maybe(date.fromisoformat, value["reviewed"]),
        maybe(_compared, value["compared"]),
    )


READS: Final[Kind[Reads]] = Kind("reads", 1, _to_value, _from_value)


def reads_of(job: Job) -> Reads | None:
    """What is known of the reads of the configured source; None before the first.

    Raises:
        StateError: the state can't be used as it is.
    """
    stored = records.load(job.store, READS_KEY, READS)
    return stored.value if stored and stored.value.source == job.config.source else None


def keep_read(job: Job, read: Read, vetted: Vetted) -> None:
    """Keep what is known after a read; a sweep makes none, and changes nothing.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    if not read.made:
        return
    stored = records.load(job.store, READS_KEY, READS)
    known = stored.value if stored else None
    now = after_read(known, job.config.source, read, vetted, job.now())
    if now != known:
        records.save(job.store, READS_KEY, READS, now, stored.generation if stored else None)


def keep_refusal(job: Job, error: SourceRefused) -> None:
    """Keep what the reads have come to after one that left a run without any list.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    keep_read(job, Read(refused=error), Vetted(None, refused=error))


def compare_page(job: Job, vetted: Vetted) -> None:
    """Hold the operator's file that was just read against the page that the configuration names.

    Nothing is decided by it, and no run fails by it: the file counts, whatever the page says.

    Raises:
        StateError: the state can't be written.
    """
    url, stored = job.config.list.compare_with, records.load(job.store, READS_KEY, READS)
    if stored is None or (url and vetted.offer is None):
        return
    known = stored.value
    compared: Compared | None = None
    if url and vetted.offer:
        try:
            page: Listing | SourceRefused = job.page(job.config)
        except SourceRefused as refused:
            page = refused
        compared = compare(known.compared, url, vetted.offer.entries, page)
    now = replace(known, compared=compared)
    if now != known:
        # A run that ended in the same moment has compared the two.
        with suppress(Conflict):
            records.save(job.store, READS_KEY, READS, now, stored.generation)
