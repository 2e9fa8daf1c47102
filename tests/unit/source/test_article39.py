from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.allowlist import Listing
from cloudsync.errors import SourceRefused
from cloudsync.source import bundled, guess, read
from cloudsync.source.codes import REFUSALS
from tests.unit.source.pages import (
    END,
    EXG3,
    EXG4,
    FIRST,
    HEAD,
    MASK,
    MINIMUM,
    ROWS,
    SHORELINE,
    START,
    TITLE,
    article,
    html,
    text,
)


def listing(body: bytes, content_type: str | None = None) -> Listing:
    """The article's list in ``body``."""
    return read(body, format="article39", source="kb39", content_type=content_type)


def refused(body: bytes, content_type: str | None = None) -> str:
    """The whole message that ``body`` is refused with."""
    with pytest.raises(SourceRefused) as caught:
        listing(body, content_type)
    return str(caught.value)


def message(code: str, what: str, line: int | None = None) -> str:
    """A refusal as it reads, with the advice of the table."""
    at = "kb39" if line is None else f"kb39:{line}"
    return f"{at}: {code}: {what}. The list in force is unchanged. {REFUSALS[code].todo}"


def with_row(row: str, at: int = 0) -> bytes:
    """The article with one more row."""
    return text(article((*ROWS[:at], row, *ROWS[at:])))


def without(line: str) -> list[str]:
    """The article's lines but one."""
    return [other for other in article() if other != line]


def instead(old: str, *new: str) -> bytes:
    """The article with one line replaced."""
    lines = article()
    index = lines.index(old)
    return text([*lines[:index], *new, *lines[index + 1 :]])


def test_the_article_gives_every_row_with_its_provenance() -> None:
    """The whole article gives the bundled facts: rows, groups, dates, number and minimum."""
    found = listing(text(article()))
    lines = [*range(FIRST, FIRST + 15), 29, 31]
    expected = tuple(
        replace(entry, line=line)
        for entry, line in zip(bundled.LISTING.entries, lines, strict=True)
    )
    assert found == replace(bundled.LISTING, source="kb39", entries=expected)


def test_numbers_in_prose_are_no_rows() -> None:
    """What a regular expression would find all over the page is not in the list."""
    found = {str(entry.network.network_address) for entry in listing(text(article())).entries}
    traps = {"10.1.1.3", "10.1.1.4", "10.1.1.5", "10.9.8.7", "1.1.1.1", "198.51.100.7"}
    assert not found & (traps | {"0.0.0.0", "255.255.255.0", "255.255.255.255"})
    assert len(found) == 17


def test_the_html_page_gives_the_same_list() -> None:
    """The article as HTML, in layout tables and cells, has the digest of its text."""
    assert listing(html(article()).encode()).digest == bundled.LISTING.digest


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_do_not_matter(newline: str) -> None:
    """CRLF and CR end lines as LF does, and the numbers of lines are the same."""
    assert listing(text(article(), newline)) == listing(text(article()))


@pytest.mark.parametrize(
    "filled",
    [
        "\u00a0 \u00a0 69.20.58.226\u00a0 \u00a0\tserver45.appriver.com \u00a0",
        "\u200b69.20.58.226\u200b \ufeffserver45.appriver.com\u2060",
        "\u300069.20.58.226\u2003server45.appriver.com",
    ],
)
def test_fillers_around_words_do_not_matter(filled: str) -> None:
    """Spaces of every kind fill columns, and zero-width characters at a word's edge are dropped."""
    assert listing(instead(ROWS[0], filled)) == listing(text(article()))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_bom_decides(encoding: str) -> None:
    """A byte-order mark says how the text is written, whatever the charset says."""
    body = text(article()).decode().encode(encoding)
    assert listing(body, "text/plain; charset=windows-1252") == listing(text(article()))


@pytest.mark.parametrize("charset", ["windows-1252", "ISO-8859-1", '"cp1252"'])
def test_cp1252_is_read_where_the_content_type_says_so(charset: str) -> None:
    """The apostrophe of cp1252 is taken for one, and matches the plain one of a heading."""
    body = text(article()).decode().replace("'", "\u2019").encode("cp1252")
    assert listing(body, f"text/html; charset={charset}") == listing(text(article()))
    at = body.index(b"\x92") + 1
    assert refused(body) == message("E_ENCODING", f"byte {at} is no utf-8")


def _wrong_rows() -> list[tuple[str, str, str]]:
    return [
        ("Some words that are no row", "E_ADDR", "'Some' is no address"),
        ("069.20.58.1 server1.appriver.com", "E_ADDR", "'069.20.58.1' is no address"),
        ("69.20.58.326 server1.appriver.com", "E_ADDR", "'69.20.58.326' is no address"),
        ("69.20.58 server1.appriver.com", "E_ADDR", "'69.20.58' is no address"),
        ("\u0666\u0669.20.58.1 X", "E_ADDR", "'\\u0666\\u0669.20.58.1' is no address"),
        ("fe80::1%eth0 X", "E_ADDR", "'fe80::1%eth0' is no address"),
        ("69.20.58.0-69.20.58.9 X", "E_ADDR", "'69.20.58.0-69.20.58.9' is no address"),
        (
            "69.20.58.0/24 X",
            "E_UNEXPECTED_PREFIX",
            "'69.20.58.0/24 X': single addresses have no prefix",
        ),
        (
            "69.20.58.0 / 255.255.255.0",
            "E_UNEXPECTED_PREFIX",
            "'69.20.58.0 / 255.255.255.0': single addresses have no prefix",
        ),
        ("2600::1 X", "E_FAMILY", "2600::1 is IPv6, the article lists IPv4"),
        ("10.1.1.3 X", "E_NOT_GLOBAL", "10.1.1.3/32 lies in 10.0.0.0/8, private use"),
        ("8.8.8.8", "E_NO_NAME", "8.8.8.8 stands alone"),
        ("8.8.8.8 9.9.9.9", "E_NAME", "'9.9.9.9' is neither a host's name nor a label"),
        ("8.8.8.8 <b>", "E_NAME", "'<b>' is neither a host's name nor a label"),
        (
            "8.8.8.8 See evil.test now",
            "E_NAME",
            "'See evil.test now' is neither a host's name nor a label",
        ),
        ("8.8.8.8 " + "a" * 254, "E_NAME", "a name of 254 characters, the limit is 253"),
        ("8.8.8.8 evil.test", "E_FOREIGN_HOST", "evil.test isn't under .appriver.com"),
        (
            "8.8.8.8 evilappriver.com",
            "E_FOREIGN_HOST",
            "evilappriver.com isn't under .appriver.com",
        ),
        (
            "8.8.8.8 x.appriver.com.evil.test",
            "E_FOREIGN_HOST",
            "x.appriver.com.evil.test isn't under .appriver.com",
        ),
        (
            "69.20.\u200b58.1 X",
            "E_INVISIBLE",
            "U+200B ZERO WIDTH SPACE in '69.20.\\u200b58.1 X'",
        ),
        (
            "69.20.58.1 X\u202e",
            "E_BIDI",
            "U+202E RIGHT-TO-LEFT OVERRIDE in '69.20.58.1 X\\u202e'",
        ),
    ]


@pytest.mark.parametrize(("row", "code", "what"), _wrong_rows())
def test_a_line_between_the_anchors_that_is_no_row_refuses_the_page(
    row: str, code: str, what: str
) -> None:
    """One line that isn't a row refuses all of the page, with its line, what it is and what to do."""
    assert refused(with_row(row, 2)) == message(code, what, FIRST + 2)


@pytest.mark.parametrize(
    "name", ["server1.APPRIVER.com", "server1.appriver.com.", "U.S. Gateway 1"]
)
def test_names_of_hosts_and_labels_are_taken(name: str) -> None:
    """A host under the vendor's domain in any case, rooted or not, and a label in words are names."""
    assert name in {entry.name for entry in listing(with_row(f"8.8.8.8 {name}")).entries}


def test_a_repeated_row_counts_once_and_is_remarked_on() -> None:
    """The same address with the same name is one entry, and a warning."""
    found = listing(with_row(ROWS[0], 1))
    assert found.digest == bundled.LISTING.digest
    assert found.warnings == ("W_DUPLICATE: line 10 repeats 69.20.58.226 of line 9",)


def test_upper_case_and_a_last_dot_make_no_other_name() -> None:
    """To DNS they are the same host."""
    assert "SERVER" not in ROWS[0]
    found = listing(with_row(f"{ROWS[0].upper()}.", 1))
    assert found.warnings == ("W_DUPLICATE: line 10 repeats 69.20.58.226 of line 9",)


def test_an_address_under_two_names_is_refused() -> None:
    """Two rows that name one address differently contradict each other."""
    assert refused(with_row("69.20.58.226 server9.appriver.com", 1)) == message(
        "E_CONFLICT",
        "69.20.58.226 is server45.appriver.com on line 9, and server9.appriver.com here",
        10,
    )


def test_a_name_beside_two_addresses_is_remarked_on() -> None:
    """Two addresses may share a name in any case; both count, and people are told."""
    found = listing(with_row("8.8.8.8 SERVER45.appriver.com", 1))
    assert len(found.entries) == 18
    assert found.warnings == ("W_SHARED_NAME: SERVER45.appriver.com stands on lines 9 and 10",)


def test_more_rows_than_any_list_has_are_refused() -> None:
    """256 addresses are read, one more is refused."""
    rows = tuple(f"8.8.{n // 250}.{n % 250} Server {n}" for n in range(257))
    assert len(listing(text(article(rows[:256]))).entries) == 258
    assert refused(text(article(rows))) == message("E_TOO_MANY", "more than 256 rows", FIRST + 256)


def test_fewer_addresses_than_promised_are_refused() -> None:
    """The promised minimum is held against unique addresses: a row short, or one twice, is too few."""
    what = "14 unique addresses, the article promises at least 15"
    assert refused(text(article(ROWS[1:]))) == message("E_COUNT", what, 32)
    assert refused(text(article((*ROWS[1:], ROWS[1])))) == message("E_COUNT", what, 33)


@pytest.mark.parametrize("count", ["0", "-1", "fifteen", "\u0661\u0665", "15.5"])
def test_a_minimum_that_is_no_number_from_1_is_refused(count: str) -> None:
    """A promise that can't be held against anything is none."""
    body = instead(MINIMUM, MINIMUM.replace("15", count))
    what = f"the promised minimum is {count!a}, not a number from 1"
    assert refused(body) == message("E_COUNT", what, 33)


def test_another_page_is_refused() -> None:
    """Without the article's title anywhere, it is another page."""
    body = text(article(head=("Some other page",)))
    assert refused(body) == message("E_NOT_THE_ARTICLE", f"no line holds {TITLE!r}")


_TITLES = {
    START: START,
    MASK: MASK,
    SHORELINE: "*For Shoreline customers only (…) that use split domain routing:",
    MINIMUM: "*** Just to double check *** You should now have a minimum of N IP addresses …",
}


@pytest.mark.parametrize("anchor", _TITLES)
def test_a_missing_heading_is_refused(anchor: str) -> None:
    """Each heading must be there."""
    assert refused(text(without(anchor))) == message(
        "E_ANCHOR_MISSING", f"no line is {_TITLES[anchor]!r}"
    )


@pytest.mark.parametrize("anchor", [*_TITLES, END])
def test_a_heading_that_stands_twice_is_refused(anchor: str) -> None:
    """Each heading may be there once: two lists on a page can't be told apart."""
    lines = [*article(), anchor]
    first = lines.index(anchor) + 1
    what = f"{_TITLES.get(anchor, anchor)!r} stands on line {first} already"
    assert refused(text(lines)) == message("E_ANCHOR_DUPLICATE", what, len(lines))


def test_headings_in_another_order_are_refused() -> None:
    """A heading ahead of the one it follows is another layout."""
    lines = [*HEAD, MASK, *without(MASK)[len(HEAD) :]]
    what = f"{MASK!r} stands before {START!r}, which is on line 9"
    assert refused(text(lines)) == message("E_ANCHOR_ORDER", what, 8)


@pytest.mark.parametrize("lines", [without(END), [END, *without(END)]], ids=["gone", "ahead"])
def test_a_page_without_its_end_is_refused(lines: list[str]) -> None:
    """The section behind the list proves that the page came whole."""
    line = lines.index(MINIMUM) + 1
    what = f"'Mail Servers' doesn't follow line {line}"
    assert refused(text(lines)) == message("E_TRUNCATED", what)


def test_another_fallback_mask_is_refused() -> None:
    """The article's mask is part of what it says; another one is another article."""
    what = "the fallback mask is '255.255.0.0', the article's is 255.255.255.0"
    body = instead(MASK, MASK.replace("255.255.255.0", "255.255.0.0"))
    assert refused(body) == message("E_MASK", what, FIRST + 16)


_NET3 = "207.97.230.0 / 255.255.255.0"


@pytest.mark.parametrize(
    ("groups", "code", "what", "line"),
    [
        (("Words",), "E_GROUP", "'Words' is no heading of a Shoreline group", 28),
        ((EXG3,), "E_GROUP", "EXG3 has no network", 28),
        ((EXG3, EXG4), "E_GROUP", "EXG3 has no network", 29),
        ((EXG3, "Words"), "E_ADDR", "'Words' is no address", 29),
        ((EXG3, "207.97.230.0"), "E_MASK", "207.97.230.0 has no mask", 29),
        (
            (EXG3, "207.97.230.0/24"),
            "E_MASK",
            "'24' is no mask such as 255.255.255.0",
            29,
        ),
        (
            (EXG3, "207.97.230.0 / 0.0.0.255"),
            "E_MASK",
            "0.0.0.255 isn't ones followed by zeros",
            29,
        ),
        (
            (EXG3, "207.97.230.0 / 255.0.255.0"),
            "E_MASK",
            "255.0.255.0 isn't ones followed by zeros",
            29,
        ),
        (
            (EXG3, "2600:: / 255.255.255.0"),
            "E_FAMILY",
            "2600:: is IPv6, and a dotted mask goes with IPv4",
            29,
        ),
        (
            (EXG3, "207.97.230.1 / 255.255.255.0"),
            "E_HOST_BITS",
            "207.97.230.1/24 has bits set beyond its mask; the network is 207.97.230.0/24",
            29,
        ),
        ((EXG3, "207.97.0.0 / 255.255.0.0"), "E_TOO_WIDE", "207.97.0.0/16 is wider than /24", 29),
        (
            (EXG3, "192.168.1.0 / 255.255.255.0"),
            "E_NOT_GLOBAL",
            "192.168.1.0/24 lies in 192.168.0.0/16, private use",
            29,
        ),
        (
            (EXG3, _NET3, EXG3, "72.32.253.0 / 255.255.255.0"),
            "E_CONFLICT",
            "72.32.253.0/24 for EXG3, but 207.97.230.0/24 for EXG3 on line 29",
            31,
        ),
        (
            (EXG3, _NET3, EXG4, _NET3),
            "E_CONFLICT",
            "207.97.230.0/24 for EXG4, but 207.97.230.0/24 for EXG3 on line 29",
            31,
        ),
        (
            (f"{EXG3}\u200e", _NET3),
            "E_BIDI",
            f"U+200E LEFT-TO-RIGHT MARK in '{EXG3}\\u200e'",
            28,
        ),
    ],
)
def test_a_shoreline_group_that_is_no_pair_is_refused(
    groups: tuple[str, ...], code: str, what: str, line: int
) -> None:
    """Between the two Shoreline anchors stand pairs of heading and network, and nothing else."""
    assert refused(text(article(groups=groups))) == message(code, what, line)


def test_a_repeated_group_counts_once() -> None:
    """The same group with the same network is one entry, and a warning."""
    found = listing(text(article(groups=(EXG3, _NET3, EXG3, _NET3))))
    assert len(found.entries) == 16
    assert found.warnings == ("W_DUPLICATE: line 31 repeats 207.97.230.0/24 of line 29",)


def test_a_page_without_dates_or_with_another_number_is_remarked_on() -> None:
    """No date and another article's number are for people to see; the list stands."""
    found = listing(text(article(head=(TITLE, "Article ID: 40"))))
    assert (found.article, found.created, found.published) == (40, None, None)
    assert found.warnings == (
        "W_NO_DATE: the article doesn't say when it was modified",
        "W_ARTICLE: the page calls itself article 40, not 39",
    )


@pytest.mark.parametrize(
    "line", ["Modified13/45/2009", "Modified 2009-09-18", "Created On2/30/2003"]
)
def test_a_date_that_is_none_is_refused(line: str) -> None:
    """An impossible or foreign date is a sign that the page isn't what it was."""
    body = text(article(head=(TITLE, line)))
    assert refused(body) == message("E_DATE", f"{line!a} holds no date as month/day/year", 2)


def test_two_dates_are_refused() -> None:
    """A page that says two days for one thing can't be dated; saying one twice is fine."""
    head = (TITLE, "Modified9/18/2009", "Modified 9/18/2009")
    assert listing(text(article(head=head))).published == date(2009, 9, 18)
    body = text(article(head=(*head, "Modified 9/19/2009")))
    assert refused(body) == message("E_DATE", "modified both 2009-09-18 and 2009-09-19", 4)


@pytest.mark.parametrize(
    "hiding",
    [
        "<s>{}</s>",
        "<del>{}</del>",
        "<span hidden>{}</span>",
        '<span style="DISPLAY : none">{}</span>',
        '<span style="text-decoration: line-through">{}</span>',
        '<span style="font-size:0px; color: red">{}</span>',
        "<noscript>{}</noscript>",
        "<details><summary></summary>{}</details>",
    ],
)
def test_hidden_text_within_the_list_is_refused(hiding: str) -> None:
    """A row that a person doesn't see, or sees struck out, refuses the page."""
    page = html(article()).replace("69.20.68.133", hiding.format("69.20.68.133"))
    said = refused(page.encode())
    assert said.split(": ")[1] == "E_HTML_HIDDEN"
    assert "'69.20.68.133 server55.appriver.com' is struck out or hidden" in said


def test_a_hidden_heading_is_no_heading() -> None:
    """A heading that only a machine sees can't mark off a list that people check."""
    page = html(article()).replace(f"<p>{END.replace(' ', chr(10))}</p>", f"<p><s>{END}</s></p>")
    assert "E_HTML_HIDDEN: 'Mail Servers' is struck out or hidden" in refused(page.encode())


def test_a_hidden_copy_of_a_heading_does_not_count() -> None:
    """A menu that is hidden may name a section; the heading that is seen is the one."""
    page = html(article()).replace("<p>Menu</p>", f"<p>{END}</p><p>{START}</p>")
    assert listing(page.encode()).digest == bundled.LISTING.digest


def test_guess_knows_the_article_whole_or_damaged() -> None:
    """Its title or a heading says article39, in text and HTML; anything else is cidr."""
    assert guess(text(article())) == "article39"
    assert guess(html(article()).encode()) == "article39"
    assert guess(text(article(head=()))) == "article39"
    assert guess(text([TITLE])) == "article39"
    assert guess(b"8.8.8.8\n") == "cidr"
    assert guess(b"8.8.8.8\n\xff") == "cidr"
    assert guess(html(article()).encode() + b"&#7;") == "article39"


def test_the_bundled_list_is_given_for_its_name() -> None:
    """The source called bundled is the bundled list, whatever the body."""
    assert read(bundled.body(), format="cidr", source="bundled") is bundled.LISTING
    assert bundled.body().splitlines()[:2] == [
        b"# bundled: article 39, published 2009-09-18",
        b"69.20.58.226/32  # server45.appriver.com",
    ]


@pytest.mark.parametrize("body", [text(article()), html(article()).encode()], ids=["text", "html"])
def test_a_page_cut_short_never_gives_a_shorter_list(body: bytes) -> None:
    """Cut at any byte, the page is refused, or gives the whole list."""
    outcomes: set[str] = set()
    step = 1 if body.startswith(b"Home") else 7
    for end in range(0, len(body), step):
        try:
            outcomes.add(listing(body[:end]).digest)
        except SourceRefused:
            outcomes.add("refused")
    assert outcomes == {"refused", bundled.LISTING.digest}


_LINES = article()
_INSIDE = st.integers(_LINES.index(START), _LINES.index(MINIMUM))
_NO_ROW = st.text(
    st.characters(codec="utf-8", exclude_characters="\n\r", exclude_categories=["Cc", "Cs"]),
    max_size=30,
).filter(lambda text_: not text_[:1].isdigit())


@given(_INSIDE, _NO_ROW, st.sampled_from(["delete", "replace", "insert", "repeat", "cut", "join"]))
def test_a_line_changed_between_the_anchors_keeps_the_set_or_refuses(
    index: int, junk: str, how: str
) -> None:
    """Whatever befalls one line of the list but a new, valid address, no other set comes out."""
    line = _LINES[index]
    changed = {
        "delete": [],
        "replace": [junk],
        "insert": [line, junk],
        "repeat": [line, line],
        "cut": [line[: max(len(line) - 1 - len(junk), 0)]],
        "join": [f"{line} {_LINES[index + 1]}"],
    }[how]
    rest = _LINES[index + (2 if how == "join" else 1) :]
    try:
        found = listing(text([*_LINES[:index], *changed, *rest]))
    except SourceRefused:
        return
    base = {entry.key for entry in found.entries if entry.group == "base"}
    assert base == {entry.key for entry in bundled.LISTING.entries if entry.group == "base"}
    assert {entry.key for entry in found.entries} <= {e.key for e in bundled.LISTING.entries}
