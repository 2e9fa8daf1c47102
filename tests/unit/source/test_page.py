from __future__ import annotations

from dataclasses import replace

import pytest

from cloudsync.allowlist import Listing
from cloudsync.errors import SourceRefused, UsageError
from cloudsync.source import PageSettings, read
from cloudsync.source.codes import REFUSALS
from tests.unit.source.pages import article

SETTINGS = PageSettings(
    start="Networks to let in:",
    headings=("Single servers to let in:",),
    end="Without a firewall, your server's own means will do.",
    whole_page="About us",
    minimum=2,
    maximum=6,
    host_suffixes=("example.net",),
)
ROWS = (
    "5.152.184.128/25 \u2013 or 5.152.184.128 (addresses 129-254) with the mask 255.255.255.128",
    "8.31.233.0 / 255.255.255.0",
    "2600:1f00::/32",
    SETTINGS.headings[0],
    "\u2022 92.52.89.74 \u2013 Delivery server",
    "69.20.58.226 server45.example.net",
    "- 69.20.85.9/32: Alerts",
)


def page(*rows: str) -> bytes:
    """A page in two sections around ``rows``."""
    lines = ("News", SETTINGS.start.upper(), *rows, SETTINGS.end, "1.1.1.1 elsewhere", "About us")
    return "\n".join(lines).encode()


def listing(body: bytes, settings: PageSettings = SETTINGS) -> Listing:
    """The page's list in ``body``."""
    return read(body, format="page", source="page", page=settings)


def refused(body: bytes, settings: PageSettings = SETTINGS) -> str:
    """The whole message that ``body`` is refused with."""
    with pytest.raises(SourceRefused) as caught:
        listing(body, settings)
    return str(caught.value)


def message(code: str, what: str, line: int | None = None) -> str:
    """A refusal as it reads, with the advice of the table."""
    at = "page" if line is None else f"page:{line}"
    return f"{at}: {code}: {what}. The list in force is unchanged. {REFUSALS[code].todo}"


def test_a_described_page_is_read_in_every_shape_of_row() -> None:
    """Networks, masks, IPv6, bullets, dashes, names and remarks are read between the anchors."""
    found = listing(page(*ROWS))
    assert [(str(entry.network), entry.name, entry.line) for entry in found.entries] == [
        ("5.152.184.128/25", None, 3),
        ("8.31.233.0/24", None, 4),
        ("2600:1f00::/32", None, 5),
        ("92.52.89.74/32", "Delivery server", 7),
        ("69.20.58.226/32", "server45.example.net", 8),
        ("69.20.85.9/32", "Alerts", 9),
    ]
    assert (found.format, found.minimum, found.warnings) == ("page", 2, ())


def test_the_same_page_as_html_gives_the_same_list() -> None:
    """The page as HTML has the digest of its text."""
    body = page(*ROWS).decode()
    html = "<html>" + "".join(f"<p>{line}</p>" for line in body.splitlines())
    assert listing(html.encode()).digest == listing(body.encode()).digest


def test_the_article_39_reader_refuses_another_page() -> None:
    """A page of a later layout isn't the article, and its reader says so."""
    with pytest.raises(SourceRefused) as caught:
        read(page(*ROWS), format="article39", source="page")
    what = 'no line holds "Limiting inbound smtp traffic except from AppRiver\'s Servers"'
    assert str(caught.value) == message("E_NOT_THE_ARTICLE", what)


def test_a_repeated_network_counts_once() -> None:
    """The same network twice is one entry, and a warning."""
    found = listing(page("8.8.8.8", SETTINGS.headings[0], "8.8.8.8", "8.8.4.4"))
    assert len(found.entries) == 2
    assert found.warnings == ("W_DUPLICATE: line 5 repeats 8.8.8.8/32 of line 3",)


@pytest.mark.parametrize(
    ("row", "code", "what"),
    [
        (
            "Some prose",
            "E_ADDR",
            "'Some prose' doesn't begin with an address or a network",
        ),
        ("8.8.8.300", "E_ADDR", "'8.8.8.300' is no address"),
        ("8.8.8.0/33", "E_MASK", "'33' is no prefix length between 0 and 32"),
        ("8.8.8.0/024", "E_MASK", "'024' is no prefix length between 0 and 32"),
        ("8.8.8.0/x", "E_MASK", "'x' is no prefix length between 0 and 32"),
        ("8.8.8.0/0.0.0.255", "E_MASK", "0.0.0.255 isn't ones followed by zeros"),
        ("8.0.0.0/8", "E_TOO_WIDE", "8.0.0.0/8 is wider than /20"),
        ("2600::/31", "E_TOO_WIDE", "2600::/31 is wider than /32"),
        (
            "8.8.8.8/24",
            "E_HOST_BITS",
            "8.8.8.8/24 has bits set beyond its mask; the network is 8.8.8.0/24",
        ),
        (
            "8.8.8.0/24 \u2013 or 8.8.9.1",
            "E_NAME",
            "8.8.9.1 in the words beside 8.8.8.0/24 isn't part of it",
        ),
        (
            "8.8.8.0/24 then 8.8.8.300",
            "E_NAME",
            "8.8.8.300 in the words beside 8.8.8.0/24 isn't part of it",
        ),
        (
            "8.8.8.0/24 2600::1",
            "E_NAME",
            "2600::1 in the words beside 8.8.8.0/24 isn't part of it",
        ),
        (
            "8.8.8.8 mail.example.com",
            "E_FOREIGN_HOST",
            "mail.example.com isn't under .example.net",
        ),
        (
            "8.8.8.8 - at evil_example.net now",
            "E_NAME",
            "'evil_example.net' is neither a host's name nor a label",
        ),
    ],
)
def test_a_line_that_is_no_row_refuses_the_page(row: str, code: str, what: str) -> None:
    """One line between the anchors that is neither row nor heading refuses all of the page."""
    assert refused(page(SETTINGS.headings[0], row)) == message(code, what, 4)


def test_no_host_is_taken_without_suffixes() -> None:
    """Where no domain is configured, a name of a host is refused."""
    settings = replace(SETTINGS, host_suffixes=(), headings=())
    assert refused(page("8.8.8.8 a.example.net"), settings) == message(
        "E_FOREIGN_HOST", "a.example.net isn't under any known domain", 3
    )


def test_the_limits_are_the_settings() -> None:
    """Minimum, maximum and width are the configuration's, at the limit and one past it."""
    settings = PageSettings(
        start=SETTINGS.start, end=SETTINGS.end, minimum=2, maximum=2, widest_ipv4=16, widest_ipv6=48
    )
    assert len(listing(page("8.8.0.0/16", "2600::/48"), settings).entries) == 2
    assert refused(page("8.8.8.8"), settings) == message(
        "E_COUNT", "1 unique network, the configured minimum is 2", 4
    )
    assert refused(page("8.8.8.8", "8.8.8.9", "8.8.8.10"), settings) == message(
        "E_TOO_MANY", "more than 2 networks", 5
    )
    assert refused(page("8.8.0.0/15"), settings) == message(
        "E_TOO_WIDE", "8.8.0.0/15 is wider than /16", 3
    )
    assert refused(page("2600::/47"), settings) == message(
        "E_TOO_WIDE", "2600::/47 is wider than /48", 3
    )
    assert refused(page(), replace(settings, minimum=0)) == message(
        "E_COUNT", "0 unique networks, the configured minimum is 1", 3
    )


def test_a_page_that_came_in_part_is_refused() -> None:
    """Where a line behind the list is configured, a page without it is refused."""
    body = page(*ROWS).removesuffix(b"About us")
    assert refused(body) == message("E_TRUNCATED", "'About us' doesn't follow line 10")


def test_a_page_needs_settings() -> None:
    """Without anchors there is nothing to look for, and that is a mistake in use."""
    with pytest.raises(UsageError) as caught:
        read("\n".join(article()).encode(), format="page", source="page")
    assert str(caught.value) == (
        "page: format: page needs the page's anchors, and there are none. Nothing was changed. "
        "Set page: {start, end} under list:."
    )
