"""Where the list comes from, how it is read, and which of it applies; it opens no file."""

from __future__ import annotations

from dataclasses import field, fields
from difflib import get_close_matches
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from cloudsync.allowlist import Format
from cloudsync.config.refusal import refused, shown
from cloudsync.config.settings import Settings
from cloudsync.config.shape import NUMBER, checked, named, text, whole
from cloudsync.config.times import Day
from cloudsync.config.values import (
    SCHEME,
    Group,
    HostName,
    NetworkText,
    Widened,
    Width4,
    Width6,
    distinct,
)
from cloudsync.vetting.limits import Limits

BUNDLED: Final = "bundled"
_LIMIT_NAMES: Final = tuple(one.name for one in fields(Limits))
_LIMITS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {name: {"type": "integer", "minimum": 0} for name in _LIMIT_NAMES},
    "additionalProperties": False,
}


def source_text(value: str) -> str:
    """``bundled``, an https URL, or the path of a file.

    Raises:
        PydanticCustomError: it is another URL, or one that holds a user or a password.
    """
    if not value.strip():
        raise refused("names nothing", "Name a file, an https URL, or bundled.")
    if not SCHEME.match(value):
        return value
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme != "https" or not host or port == 0:
        raise refused(
            f"{shown(value)} isn't an https URL", "Name a file, an https URL, or bundled."
        )
    if "@" in parts.netloc:
        raise refused("the URL holds a user or a password", "Take it out: no secret stands here.")
    return value


def page_text(value: str) -> str:
    """The https URL of a page.

    Raises:
        PydanticCustomError: it is none, or holds a user or a password.
    """
    if not SCHEME.match(value):
        raise refused(f"{shown(value)} isn't an https URL", "Name the page with https://.")
    return source_text(value)


def known_limits(values: dict[str, int]) -> dict[str, int]:
    """``values`` where the guard can take each.

    Raises:
        PydanticCustomError: the guard has no such limit, or one is out of bounds.
    """
    for name, value in values.items():
        if name not in _LIMIT_NAMES:
            near = get_close_matches(name, _LIMIT_NAMES, n=1)
            todo = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(_LIMIT_NAMES)}."
            raise refused("unknown limit", todo, below=(name,))
        try:
            Limits(**{name: value})
        except ValueError as error:
            raise refused(str(error), "Write a number within that.", below=(name,)) from None
    return values


class PageLayout(Settings):
    """How the rows of a `page` are found, and what they may be."""

    start: Annotated[str, text(stripped=True, least=1, most=500)]
    """The whole line after which the rows begin."""
    end: Annotated[str, text(stripped=True, least=1, most=500)]
    """The whole line before which they end."""
    headings: Annotated[
        tuple[
            Annotated[str, text(stripped=True, least=1, most=500)],
            ...,
        ],
        checked(distinct),
    ] = ()
    """Whole lines between the two that part the rows and are none themselves."""
    whole_page: Annotated[str, text(stripped=True, least=1, most=500)] | None = None
    """A line after the end that shows that the page came whole."""
    minimum: Annotated[int, whole(1, 100_000)]
    """The fewest rows that can be right."""
    maximum: Annotated[int, whole(1, 100_000)]
    """The most rows that can be right."""
    widest_ipv4: Width4 = 20
    """The shortest prefix length of an IPv4 row."""
    widest_ipv6: Width6 = 32
    """The shortest prefix length of an IPv6 row."""
    host_suffixes: Annotated[tuple[HostName, ...], checked(distinct)] = ()
    """The domains that a host name beside an address may be in; none: no host names."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.minimum > self.maximum:
            raise refused(
                f"a minimum of {self.minimum} and a maximum of {self.maximum} admit no page",
                "Swap the two.",
            )
        if self.start == self.end:
            raise refused("start and end are the same line", "Name the line below the rows as end.")


class ListSettings(Settings):
    """Where the list comes from, how it is read, and which of it applies."""

    source: Annotated[str, checked(source_text)]
    """A file (relative to the configuration's folder), an https URL, or bundled."""
    format: Format
    """article39, page or cidr."""
    shoreline: Annotated[tuple[Group, ...], checked(distinct)] = ()
    """The article's Shoreline groups that apply too: EXG3, EXG4."""
    widen: Widened = "none"
    """none, or 24: the article's own mask."""
    accept_bundled: Day | None = None
    """The date of the bundled snapshot that exports and modules may be made from."""
    limits: Annotated[dict[str, Annotated[int, NUMBER]], checked(known_limits), named(_LIMITS)] = (
        field(default_factory=dict[str, int])
    )
    """The guard's limits that differ from its defaults, by name."""
    anchors: Annotated[tuple[NetworkText, ...], checked(distinct)] = ()
    """Networks that no new list may lack."""
    page: PageLayout | None = None
    """The layout, with format: page, or of the page that compare_with names."""
    compare_with: Annotated[str, checked(page_text)] | None = None
    """The vendor's page that an operator's file is compared with; a difference only alerts."""

    def __post_init__(self) -> None:
        """Check what takes several keys."""
        if self.format == "page" and self.page is None:
            raise refused(
                "format: page needs a layout", "Add page: with start, end, minimum, maximum."
            )
        if self.compare_with and (self.format != "cidr" or SCHEME.match(self.source)):
            raise refused(
                "only an operator's file is compared with a page",
                "Set format: cidr and source: FILE, or leave it out.",
                below=("compare_with",),
            )
        if self.format != "page" and self.page is not None and not self.compare_with:
            raise refused(
                f"a layout has no meaning with format: {self.format}",
                "Leave it out.",
                below=("page",),
            )
        if self.source == BUNDLED and self.format != "article39":
            raise refused(
                f"the bundled snapshot is an article39, not a {self.format}",
                "Set format: article39.",
                below=("format",),
            )
        if self.shoreline and self.format != "article39":
            raise refused(
                f"a {self.format} has no Shoreline groups", "Leave it out.", below=("shoreline",)
            )
