"""What the reads of the source have come to, from one to the next; pure.

A refusal is no outage, since the list in force goes on. But nobody looks at a log for a list that
works, so what is refused again and again has to be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from cloudsync.addresses import AddressSet, Network
from cloudsync.allowlist import Entry, InForce, Listing, applied
from cloudsync.errors import SourceRefused
from cloudsync.immutable import immutable
from cloudsync.vetting.vet import Read, Vetted


@immutable
class Refusals:
    """Reads that were refused, one after the other, and why the last one was.

    ``code`` is a reader's (``E_…``) or the guard's, ``line`` that of the document, where it has
    one. ``unlisted`` is what looks like an address in it and isn't in the list in force.
    """

    count: int
    since: datetime
    code: str
    what: str
    line: int | None = None
    unlisted: tuple[str, ...] = ()


@immutable
class Compared:
    """What an operator's file and the page at ``url`` don't both say, when both were last read.

    ``failures`` are comparisons in a row that couldn't be made, ``failed`` why the last one wasn't.
    """

    url: str
    in_file: tuple[str, ...] = ()
    on_page: tuple[str, ...] = ()
    failures: int = 0
    failed: str = ""


@immutable
class Reads:
    """What is known of the reads of ``source``: since when it is refused, when it was reviewed."""

    source: str
    refusals: Refusals | None = None
    reviewed: date | None = None
    compared: Compared | None = None


def after_read(
    before: Reads | None, source: str, read: Read, vetted: Vetted, now: datetime
) -> Reads:
    """What is known after ``read``, which was ``vetted``; another source begins anew."""
    known = before if before and before.source == source else Reads(source)
    if not read.made:
        return known
    if read.refused:
        error, line = read.refused, read.refused.line
        code, what = error.code, error.what.removeprefix(f"{error.code}: ")
        seen: Iterable[Network] = read.candidates
    elif vetted.held and vetted.held.verdict == "refuse" and vetted.offer:
        refused = [reason for reason in vetted.held.reasons if reason.verdict == "refuse"]
        code, line = refused[0].code, None
        what = "; ".join(reason.message for reason in refused)
        seen = [entry.network for entry in vetted.offer.entries]
    else:
        reviewed = known.reviewed
        if vetted.offer:
            reviewed = vetted.offer.review.on if vetted.offer.review else None
        return replace(known, refusals=None, reviewed=reviewed)
    first = known.refusals
    return replace(
        known,
        refusals=Refusals(
            first.count + 1 if first else 1, first.since if first else now, code, what, line,
            _unlisted(seen, vetted.in_force),
        ),
    )  # fmt: skip


def compare(
    before: Compared | None, url: str, file: Iterable[Entry], page: Listing | SourceRefused
) -> Compared:
    """What is known once the ``file`` was held against the ``page``, or couldn't be.

    Groups that are opt-in on the page may stand in the file, and needn't.
    """
    known = before if before and before.url == url else Compared(url)
    if isinstance(page, SourceRefused):
        return replace(known, failures=known.failures + 1, failed=page.what)
    listed, shown = applied(file), applied(page.entries)
    every = AddressSet.of(*(entry.network for entry in page.entries))
    return Compared(
        url,
        tuple(str(one) for one in listed if not AddressSet.of(one) <= every),
        tuple(str(one) for one in shown if not AddressSet.of(one) <= AddressSet.of(*listed)),
    )


def _unlisted(seen: Iterable[Network], in_force: InForce | None) -> tuple[str, ...]:
    rows = in_force.rows if in_force else ()
    listed = AddressSet.of(*(entry.network for entry in rows))
    return tuple(str(one) for one in seen if not AddressSet.of(one) <= listed)
