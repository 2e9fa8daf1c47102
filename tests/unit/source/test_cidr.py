from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.allowlist import Listing, Review
from cloudsync.errors import SourceRefused
from cloudsync.source import Widest, read
from cloudsync.source.codes import REFUSALS, WARNINGS, refusal, warning
from cloudsync.source.text import decode

GOOD = """\
# reviewed: 2026-11-24 by Ada Lovelace from https://kb.example.com/a39

# the vendor's
8.31.233.0/24      # inbound one
69.20.58.226
2600:1f00::/40 # sixth
"""


def listing(text: str | bytes, widest: Widest | None = None) -> Listing:
    """The file's list in ``text``."""
    body = text if isinstance(text, bytes) else text.encode()
    return read(body, format="cidr", source="f.txt", widest=widest)


def refused(text: str | bytes, widest: Widest | None = None) -> str:
    """The whole message that ``text`` is refused with."""
    with pytest.raises(SourceRefused) as caught:
        listing(text, widest)
    return str(caught.value)


def message(code: str, what: str, line: int | None = None) -> str:
    """A refusal as it reads, with the advice of the table."""
    at = "f.txt" if line is None else f"f.txt:{line}"
    return f"{at}: {code}: {what}. The list in force is unchanged. {REFUSALS[code].todo}"


def test_a_file_is_read_with_its_review_and_names() -> None:
    """Networks and addresses of both families, comments as names, and who reviewed it and when."""
    found = listing(GOOD)
    assert [(str(entry.network), entry.name, entry.line) for entry in found.entries] == [
        ("8.31.233.0/24", "inbound one", 4),
        ("69.20.58.226/32", None, 5),
        ("2600:1f00::/40", "sixth", 6),
    ]
    reviewed = date(2026, 11, 24)
    assert found.review == Review(reviewed, "Ada Lovelace", "https://kb.example.com/a39")
    assert (found.published, found.minimum, found.warnings) == (reviewed, None, ())


def test_a_file_needs_no_review() -> None:
    """Without the header there is no review and no date."""
    found = listing("8.8.8.8")
    assert (found.review, found.published) == (None, None)


def test_a_repeated_network_counts_once() -> None:
    """The same network twice is one entry, and a warning."""
    found = listing("8.8.8.8\n8.8.8.8/32 # again\n")
    assert len(found.entries) == 1
    assert found.warnings == ("W_DUPLICATE: line 2 repeats 8.8.8.8/32 of line 1",)


@pytest.mark.parametrize(
    ("text", "code", "what", "line"),
    [
        ("8.8.8.8\nwords", "E_ADDR", "'words' is no address", 2),
        ("8.8.8.8 name", "E_ADDR", "'8.8.8.8 name' is no address", 1),
        ("8.8.8.08", "E_ADDR", "'8.8.8.08' is no address", 1),
        ("8.8.8.0/255.255.255.0", "E_MASK", "'255.255.255.0' is no prefix length between 0 and 32", 1),
        ("8.8.8.0/", "E_MASK", "'' is no prefix length between 0 and 32", 1),
        ("2600::/129", "E_MASK", "'129' is no prefix length between 0 and 128", 1),
        (
            "2600::1/64",
            "E_HOST_BITS",
            "2600::1/64 has bits set beyond its mask; the network is 2600::/64",
            1,
        ),
        ("0.0.0.0/0", "E_TOO_WIDE", "0.0.0.0/0 is wider than /20", 1),
        ("::/0", "E_TOO_WIDE", "::/0 is wider than /32", 1),
        ("10.0.0.0/8", "E_NOT_GLOBAL", "10.0.0.0/8 lies in 10.0.0.0/8, private use", 1),
        ("192.0.0.0/20", "E_NOT_GLOBAL", "192.0.0.0/20 reaches into 192.0.0.0/24, protocol assignments", 1),
        ("203.0.113.7", "E_NOT_GLOBAL", "203.0.113.7/32 lies in 203.0.113.0/24, documentation", 1),
        ("::ffff:8.8.8.8", "E_NOT_GLOBAL", "::ffff:808:808/128 lies in ::/3, not global unicast", 1),
        ("2001:db8::1", "E_NOT_GLOBAL", "2001:db8::1/128 lies in 2001:db8::/32, documentation", 1),
        ("8.8.8.8 # " + "n" * 254, "E_NAME", "a name of 254 characters, the limit is 253", 1),
        ("8.8.8.8 # a\u202eb", "E_BIDI", "U+202E RIGHT-TO-LEFT OVERRIDE in '8.8.8.8 # a\\u202eb'", 1),
        ("8.8.8.8 # a\u3164b", "E_INVISIBLE", "U+3164 HANGUL FILLER in '8.8.8.8 # a\\u3164b'", 1),
        ("# nothing\n\n", "E_EMPTY", "comments and blank lines only, 0 networks", None),
        (" \n", "E_EMPTY", "nothing but blank space, 0 networks", None),
        ("# reviewed: today", "E_HEADER", "'# reviewed: today' can't be read", 1),
        ("# reviewed: 2026-02-30 by A from https://e.com/", "E_DATE", "2026-02-30 is no date", 1),
        (
            GOOD.splitlines()[0] + "\n" + GOOD,
            "E_HEADER",
            "the review header stands twice, or below a network",
            2,
        ),
        (
            "8.8.8.8\n" + GOOD,
            "E_HEADER",
            "the review header stands twice, or below a network",
            2,
        ),
        ("<html><p>8.8.8.8</p>", "E_HTML", "this is an HTML page, not one network a line", None),
        ("8.8.8.8\n\x1b[0m", "E_CONTROL", "U+001B CONTROL CHARACTER in the text", 2),
        ("8.8.8.8\n" * 4001, "E_TOO_LARGE", "4,001 lines, the limit is 4,000", None),
        ("#" * 262_145, "E_TOO_LARGE", "262,145 bytes, the limit is 262,144", None),
        (b"8.8.8.8\0", "E_ENCODING", "a NUL byte at byte 8, and no BOM that would explain it", None),
        (b"\xff\xfe8", "E_ENCODING", "byte 3 is no utf-16-le", None),
    ],
)  # fmt: skip
def test_a_file_with_one_wrong_line_is_refused(
    text: str | bytes, code: str, what: str, line: int | None
) -> None:
    """The first line that isn't as it should be refuses the file, whole."""
    assert refused(text) == message(code, what, line)


def test_the_width_is_the_callers() -> None:
    """A wider network is taken where the caller says so, and one past that is not."""
    assert len(listing("8.8.0.0/16", Widest(ipv4=16)).entries) == 1
    assert refused("8.8.0.0/15", Widest(ipv4=16)) == message(
        "E_TOO_WIDE", "8.8.0.0/15 is wider than /16", 1
    )


def test_a_charset_that_no_reader_knows_is_refused() -> None:
    """A browser would show other text than a reader that ignored the charset."""
    with pytest.raises(SourceRefused) as caught:
        decode(b"8.8.8.8", "text/plain; format=flowed; charset=KOI8-R", "f.txt")
    what = "the charset 'koi8-r' isn't read, only UTF-8, UTF-16 with a BOM, and cp1252"
    assert str(caught.value) == message("E_ENCODING", what)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_give_anything_but_a_listing_or_a_refusal(body: bytes) -> None:
    """Whatever the bytes, the reader gives at least one network or refuses."""
    try:
        found = listing(body)
    except SourceRefused:
        return
    assert found.entries


def test_every_code_has_a_sentence_and_unknown_ones_are_mistakes() -> None:
    """The table holds a sentence and an advice for each code; no other code can be used."""
    assert all(code.startswith("E_") and all(meaning) for code, meaning in REFUSALS.items())
    assert all(code.startswith("W_") and sentence for code, sentence in WARNINGS.items())
    with pytest.raises(KeyError):
        warning("W_OTHER", "x")
    with pytest.raises(KeyError):
        refusal("f.txt", "E_OTHER", "x")
