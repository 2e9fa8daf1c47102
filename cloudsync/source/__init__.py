"""From bytes to a listing: one door for every format; it fetches nothing and lets nothing through."""

from __future__ import annotations

from typing import assert_never

from cloudsync.allowlist import Format, Listing
from cloudsync.errors import SourceRefused, UsageError
from cloudsync.source import article39, bundled, cidr
from cloudsync.source import page as pages
from cloudsync.source.codes import REFUSALS, WARNINGS, refusal
from cloudsync.source.page import PageSettings
from cloudsync.source.rows import Widest
from cloudsync.source.text import decode, is_html, lines_of

__all__ = ["REFUSALS", "WARNINGS", "PageSettings", "Widest", "guess", "read"]


def read(
    body: bytes,
    *,
    format: Format,  # noqa: A002 - the word of the configuration and of Listing
    source: str,
    content_type: str | None = None,
    page: PageSettings | None = None,
    widest: Widest | None = None,
) -> Listing:
    """The whole list that ``body`` holds in ``format``; ``source`` is what messages call it.

    ``widest`` limits ``cidr``; a page's own settings limit ``page``; the article needs no limit.
    The source ``bundled`` gives the bundled list, whatever the body and the format.

    Raises:
        SourceRefused: with a code of ``REFUSALS`` and, for one row, its line.
        UsageError: the format ``page`` without settings.
    """
    if source == bundled.SOURCE:
        return bundled.LISTING
    text = decode(body, content_type, source)
    match format:
        case "article39":
            return article39.read(lines_of(text, source), source)
        case "page":
            if page is None:
                what = "format: page needs the page's anchors, and there are none"
                raise UsageError(source, what, todo="Set page: {start, end} under list:.")
            return pages.read(lines_of(text, source), source, page)
        case "cidr":
            if is_html(text):
                raise refusal(source, "E_HTML", "this is an HTML page, not one network a line")
            return cidr.read(lines_of(text, source), source, widest=widest or Widest())
        case _:
            assert_never(format)


def guess(body: bytes, content_type: str | None = None) -> Format:
    """``article39`` where its title or a heading of it is found, as text or HTML; else ``cidr``."""
    try:
        lines = lines_of(decode(body, content_type, ""), "")
    except SourceRefused:
        # What can't be read is still the article if it bears its title; its reader will say why.
        # An apostrophe is spelt in many ways, so the title is looked for as far as that.
        title = article39.TITLE.casefold().partition("'")[0].encode()
        return "article39" if title in b" ".join(body.lower().split()) else "cidr"
    return "article39" if article39.recognises(lines) else "cidr"
