"""YAML text as a stream of typed tokens with their lines; it builds no value and opens no file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from cloudsync.config.words import printable
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable

Kind = Literal["document", "mapping", "sequence", "scalar", "alias", "end"]

_KINDS: Final[dict[str, Kind]] = {
    "DocumentStartEvent": "document",
    "MappingStartEvent": "mapping",
    "SequenceStartEvent": "sequence",
    "ScalarEvent": "scalar",
    "AliasEvent": "alias",
    "MappingEndEvent": "end",
    "SequenceEndEvent": "end",
}


@immutable
class Token:
    """One event of a YAML stream.

    ``line`` counts from 1. ``text`` is a scalar's, as written; ``plain`` says that it stood without
    quotes. ``oddity`` names an anchor, an alias or a tag, which nothing here needs.
    """

    kind: Kind
    line: int
    text: str = ""
    plain: bool = False
    oddity: str = ""


def tokens(text: str, file: str) -> Iterator[Token]:
    """The tokens of ``text`` as they come; ``file`` is only named in messages.

    Raises:
        UsageError: from here on it isn't YAML.
    """
    # Loaded only where a file is read.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    yaml: Any = YAML(typ="safe", pure=True)
    try:
        for event in yaml.parse(text):
            kind = _KINDS.get(type(event).__name__)
            if kind is not None:
                yield _token(event, kind)
    except MarkedYAMLError as error:
        raise _malformed(error, text, file) from error
    except (YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        # Control characters, and escapes and directives that the parser trips over itself.
        reason = printable(str(error).partition("\n")[0] or type(error).__name__, 120)
        raise UsageError(
            file, f"isn't YAML: {reason}", todo="Save it as plain UTF-8 text and try again."
        ) from error


# The library's events are untyped; this is the one place that looks into them.
def _token(event: Any, kind: Kind) -> Token:
    line = int(event.start_mark.line) + 1
    anchor = getattr(event, "anchor", None)
    tag = getattr(event, "tag", None)
    oddity = ""
    if kind == "alias":
        oddity = f"'*{printable(str(anchor))}' is an alias"
    elif anchor is not None:
        oddity = f"'&{printable(str(anchor))}' is an anchor"
    elif tag is not None and kind != "document":
        oddity = f"'{printable(str(tag))}' is a tag"
    if kind != "scalar":
        return Token(kind, line, oddity=oddity)
    return Token(kind, line, str(event.value), plain=event.style is None, oddity=oddity)


def _malformed(error: Any, text: str, file: str) -> UsageError:
    mark = error.problem_mark or error.context_mark
    number, column = (int(mark.line), int(mark.column)) if mark is not None else (0, 0)
    rows = text.splitlines()
    row = rows[number] if number < len(rows) else ""
    where = f"{file}:{number + 1}"
    if "\t" in row[: column + 1]:
        return UsageError(
            where, "isn't YAML: a tab stands before the text", todo="Indent with spaces only."
        )
    problem = printable(str(error.problem or error.context or "malformed"), 120)
    return UsageError(
        where,
        f"isn't YAML: {problem} (column {column + 1})",
        todo="Mend this line, or the one before it.",
    )
