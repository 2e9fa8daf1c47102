"""Every code a source can be refused or remarked on with, in one table; it reads no document."""

from __future__ import annotations

from typing import Final, NamedTuple

from cloudsync.errors import SourceRefused


class Meaning(NamedTuple):
    """What a code says, and what a person does about it."""

    sentence: str
    todo: str


_LOOK: Final = "Read the document itself, and report it to whoever publishes it."
_LAYOUT: Final = (
    "Read the page: where its layout changed, describe it with format: page, "
    "or keep the list in a reviewed file with format: cidr."
)
_ROW: Final = "Correct the line, or wait until the publisher does; no line is ever skipped."
_SERVER: Final = "Ask whoever runs the server, or keep the list in a reviewed file."

REFUSALS: Final[dict[str, Meaning]] = {
    # the document as a whole
    "E_EMPTY": Meaning("The document holds nothing.", "Check what the source points at."),
    "E_TOO_LARGE": Meaning(
        "The document is larger than any list should be.", "Check what the source points at."
    ),
    "E_ENCODING": Meaning("The bytes aren't the text they are said to be.", "Save it as UTF-8."),
    "E_CONTROL": Meaning("A control character stands in the text.", "Remove the character."),
    "E_HTML": Meaning(
        "An HTML page stands where plain lines are expected.",
        "Set format: article39 or format: page.",
    ),
    "E_HTML_HIDDEN": Meaning(
        "Text of the list is struck out or hidden, so a person sees another list.", _LOOK
    ),
    # finding the list in it
    "E_NOT_THE_ARTICLE": Meaning("The title of article 39 is nowhere on the page.", _LAYOUT),
    "E_ANCHOR_MISSING": Meaning("A heading that marks off the list is missing.", _LAYOUT),
    "E_ANCHOR_DUPLICATE": Meaning("A heading that marks off the list stands twice.", _LAYOUT),
    "E_ANCHOR_ORDER": Meaning("The headings stand in another order.", _LAYOUT),
    "E_TRUNCATED": Meaning("The end of the page is missing.", "Fetch it again."),
    "E_HEADER": Meaning(
        "The review header can't be read.",
        "Write it as: # reviewed: 2026-11-24 by NAME from URL, once, above the first network.",
    ),
    "E_DATE": Meaning("A date is none.", _LOOK),
    # one row of it
    "E_ADDR": Meaning("A line that must be a row doesn't begin with an address.", _ROW),
    "E_UNEXPECTED_PREFIX": Meaning("An address has a prefix where single ones stand.", _LAYOUT),
    "E_FAMILY": Meaning("An IPv6 address stands where the format knows only IPv4.", _LAYOUT),
    "E_MASK": Meaning("A mask or prefix length is none, or another than the format has.", _ROW),
    "E_HOST_BITS": Meaning("A network has bits set beyond its mask.", _ROW),
    "E_NOT_GLOBAL": Meaning("A network that no sender on the public internet has.", _ROW),
    "E_TOO_WIDE": Meaning("A network is wider than the limit.", _ROW),
    "E_INVISIBLE": Meaning("An invisible character stands inside a row.", _ROW),
    "E_BIDI": Meaning("A character that turns the direction of text stands in a row.", _ROW),
    "E_NO_NAME": Meaning("An address stands without the name that belongs to it.", _ROW),
    "E_NAME": Meaning("What stands beside an address is no name.", _ROW),
    "E_FOREIGN_HOST": Meaning("A host's name lies outside the publisher's domains.", _ROW),
    "E_GROUP": Meaning("A Shoreline heading and its network don't stand as a pair.", _LAYOUT),
    "E_CONFLICT": Meaning("Two rows contradict each other.", _ROW),
    # how many of them
    "E_COUNT": Meaning("Fewer addresses than the minimum.", _LOOK),
    "E_TOO_MANY": Meaning("More rows than the maximum.", "Check what the source points at."),
    # getting it
    "E_UNREACHABLE": Meaning(
        "The source can't be reached or read.", "Check the name, the path and the way there."
    ),
    "E_PRIVATE": Meaning(
        "The host's name leads to an address that isn't public.",
        "Check the name, and who answers for it; for an inside server use a file.",
    ),
    "E_TLS": Meaning("The server's certificate or TLS can't be trusted.", _SERVER),
    "E_TIMEOUT": Meaning("The answer wasn't whole in time.", "Try again later."),
    "E_REDIRECT": Meaning(
        "The server points elsewhere.",
        "Open the new address, and if it is right, set it as source.",
    ),
    "E_STATUS": Meaning("The server answered with an error.", _SERVER),
    "E_LENGTH": Meaning("The answer isn't as long as it says.", "Try again later."),
    "E_NOT_MODIFIED": Meaning(
        "The server says that nothing changed, and nothing is kept from before.", _SERVER
    ),
    "E_COMPRESSION": Meaning("The answer's compression is broken or unknown.", _SERVER),
}

WARNINGS: Final[dict[str, str]] = {
    "W_DUPLICATE": "A row stands twice; it counts once.",
    "W_SHARED_NAME": "One name stands beside two addresses.",
    "W_NO_DATE": "The page doesn't say when it was modified.",
    "W_ARTICLE": "The page calls itself another article than 39.",
}


def refusal(source: str, code: str, what: str, *, line: int | None = None) -> SourceRefused:
    """The error for ``code``, with the advice of the table. ``line`` counts from 1."""
    return SourceRefused(source, code, what, line=line, todo=REFUSALS[code].todo)


def warning(code: str, what: str) -> str:
    """A remark as it stands in a listing: its code, and what was seen."""
    if code not in WARNINGS:
        raise KeyError(code)
    return f"{code}: {what}"
