"""From bytes to numbered lines, as a person would see them; it knows no format and skips no line."""

from __future__ import annotations

import codecs
import unicodedata
from re import IGNORECASE
from re import compile as pattern
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.source.codes import refusal

MAX_BYTES: Final = 262_144
MAX_LINES: Final = 4_000
MAX_ROWS: Final = 256

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a browser takes each label for (encoding.spec.whatwg.org): Latin-1 means cp1252 there.
_CHARSETS: Final = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}
# Invisible, though Unicode doesn't class them as format characters.
_FILLERS: Final = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
_BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_HTML_WITHIN: Final = 20_000
_BLOCK_TAG: Final = pattern(
    r"<(?:!doctype|html|head|body|div|p|table|tr|td|ul|ol|li|dl|pre|br|hr|h[1-6])\b", IGNORECASE
)


@immutable
class Line:
    """One line: its number from 1, its text made plain for matching, and whether part is hidden.

    Of an HTML page the number counts the lines that the page is rendered to.
    """

    number: int
    text: str
    hidden: bool = False

    @property
    def key(self) -> str:
        """The text for comparing with a heading: case and the shape of apostrophes don't count."""
        return self.text.replace("\u2019", "'").casefold()


def decode(body: bytes, content_type: str | None, source: str) -> str:
    """The text of ``body``: a BOM decides, then the charset, and UTF-8 without either.

    Raises:
        SourceRefused: ``E_TOO_LARGE``, ``E_ENCODING``, ``E_CONTROL`` or ``E_EMPTY``.
    """
    if len(body) > MAX_BYTES:
        what = f"{len(body):,} bytes, the limit is {MAX_BYTES:,}"
        raise refusal(source, "E_TOO_LARGE", what)
    bom, encoding = next(((bom, name) for bom, name in _BOMS if body.startswith(bom)), (b"", ""))
    if not encoding:
        charset = _charset(content_type)
        if charset not in _CHARSETS:
            what = f"the charset {charset!r} isn't read, only UTF-8, UTF-16 with a BOM, and cp1252"
            raise refusal(source, "E_ENCODING", what)
        if b"\0" in body:
            what = f"a NUL byte at byte {body.index(0) + 1}, and no BOM that would explain it"
            raise refusal(source, "E_ENCODING", what)
        encoding = _CHARSETS[charset]
    try:
        text = body[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        what = f"byte {len(bom) + error.start + 1} is no {encoding}"
        raise refusal(source, "E_ENCODING", what) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_controls(text, source)
    if not text.strip():
        raise refusal(source, "E_EMPTY", "nothing but blank space, 0 networks")
    return text


def is_html(text: str) -> bool:
    """Whether a block tag stands in the first 20,000 characters."""
    return _BLOCK_TAG.search(text, 0, _HTML_WITHIN) is not None


def lines_of(text: str, source: str) -> tuple[Line, ...]:
    """The lines of plain text or of an HTML page, normalised.

    Raises:
        SourceRefused: ``E_TOO_LARGE`` (lines), or ``E_CONTROL`` (a character reference to one).
    """
    if is_html(text):
        # Late: the parser is native code that a start with --help has no use for.
        from cloudsync.source.markup import rendered  # noqa: PLC0415

        shown = rendered(text)
        _refuse_controls("\n".join(text for text, _ in shown), source)
    else:
        shown = [(line, False) for line in text.removesuffix("\n").split("\n")]
    if len(shown) > MAX_LINES:
        what = f"{len(shown):,} lines, the limit is {MAX_LINES:,}"
        raise refusal(source, "E_TOO_LARGE", what)
    return tuple(
        Line(number, plain(line), hidden) for number, (line, hidden) in enumerate(shown, start=1)
    )


def plain(text: str) -> str:
    """``text`` with every run of Unicode spaces as one, and no zero-width edge on a word."""
    words = (_bare(word) for word in text.split())
    return " ".join(word for word in words if word)


def _bare(word: str) -> str:
    start, end = 0, len(word)
    while start < end and _invisible(word[start]):
        start += 1
    while start < end and _invisible(word[end - 1]):
        end -= 1
    return word[start:end]


def _invisible(character: str) -> bool:
    formatting = unicodedata.category(character) == "Cf" and character not in _BIDI
    return formatting or character in _FILLERS


def _turning(character: str) -> bool:
    return character in _BIDI


def refuse_tricks(line: Line, source: str) -> None:
    """Refuse a row that reads otherwise than it looks.

    Raises:
        SourceRefused: ``E_BIDI`` or ``E_INVISIBLE``, with the character's code point.
    """
    for code, tricks in (("E_BIDI", _turning), ("E_INVISIBLE", _invisible)):
        found = next(filter(tricks, line.text), None)
        if found is not None:
            what = f"{_described(found)} in {line.text!a}"
            raise refusal(source, code, what, line=line.number)


def _charset(content_type: str | None) -> str:
    for parameter in (content_type or "").split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()
    return ""


def _refuse_controls(text: str, source: str) -> None:
    number = 1
    for character in text:
        if character == "\n":
            number += 1
        elif unicodedata.category(character) == "Cc" and character != "\t":
            what = f"{_described(character)} in the text"
            raise refusal(source, "E_CONTROL", what, line=number)


def _described(character: str) -> str:
    name = unicodedata.name(character, "CONTROL CHARACTER")
    return f"U+{ord(character):04X} {name}"
