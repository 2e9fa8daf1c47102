"""What happened as lines of which each holds the hash of the one before; pure.

A line that was changed, left out, put in or moved breaks the chain there, and a file that was cut
off lacks its last line. The hash of the last line stands for the whole file: whoever kept it
elsewhere can tell that the file was not made anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, cast

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.plural import counted

FIELDS: Final = ("at", "kind", "id", "by", "caller", "reason", "subject", "what", "detail")
_COLUMNS: Final = ("n", *FIELDS, "previous", "hash")
_END: Final = "end"
# What a spreadsheet takes for the beginning of a formula, and the mark that keeps it from doing so.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")


@immutable
class Event:
    """One thing that happened, all in texts. ``detail`` is JSON; ``kind`` is never ``end``."""

    at: str
    kind: str
    id: str
    by: str = ""
    caller: str = ""
    reason: str = ""
    subject: str = ""
    what: str = ""
    detail: str = "{}"


@immutable
class Verified:
    """A file that is whole: how many things it tells of, and the hash of its last line."""

    events: int
    last: str


def lines(name: str, events: Iterable[Event], form: Literal["json", "csv"]) -> str:
    """``events`` of the installation called ``name``, a line each, and one that ends them."""
    rows = list(_chained(name, events))
    if form == "json":
        return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows)
    out = io.StringIO()
    # A carriage return alone would end a cell without quotes.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([_cell(str(row[column])) for column in _COLUMNS])
    return out.getvalue()


def verified(where: str, text: str) -> Verified:
    """What ``text``, which stands at ``where``, tells of, if every line of it is as it was written.

    Raises:
        UsageError: it is no history, a line isn't what was written, or the last one is missing.
    """
    rows = _read(where, text)
    previous = ""
    for number, row in enumerate(rows, start=1):
        at = f"{where}: line {number}"
        if number == 1:
            previous = row.get("previous", "")
        if row.get("n") != str(number) or row.get("previous") != previous:
            raise _broken(at, "it doesn't follow from the one before it")
        previous = _hash(previous, [row.get(field, "") for field in ("n", *FIELDS)])
        if row.get("hash") != previous:
            raise _broken(at, "it isn't what was written")
    whole = rows and rows[-1].get("kind") == _END
    if not whole or rows[0].get("previous") != _beginning(rows[-1].get("subject", "")):
        raise _broken(where, f"it is cut off after {counted(len(rows), 'line')}")
    return Verified(len(rows) - 1, previous)


def _chained(name: str, events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    previous = _beginning(name)
    told = list(events)
    at = told[-1].at if told else ""
    end = Event(at, _END, "", subject=name, what=f"{counted(len(told), 'thing')} happened")
    for number, event in enumerate((*told, end), start=1):
        fields = {field: str(getattr(event, field)) for field in FIELDS}
        own = _hash(previous, [str(number), *fields.values()])
        yield {"n": str(number), **fields, "previous": previous, "hash": own}
        previous = own


def _beginning(name: str) -> str:
    return _hash("", ["cloudsync.history/1", name])


def _hash(previous: str, fields: list[str]) -> str:
    text = json.dumps([previous, *fields], separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _read(where: str, text: str) -> list[Mapping[str, str]]:
    if text.startswith("{"):
        return [_row(where, number, line) for number, line in enumerate(text.splitlines(), 1)]
    reader = csv.reader(io.StringIO(text))
    try:
        if tuple(next(reader, ())) != _COLUMNS:
            raise _broken(where, "it isn't a history that cloudsync wrote")
        return [
            {column: _uncelled(cell) for column, cell in zip(_COLUMNS, row, strict=False)}
            for row in reader
        ]
    except csv.Error as error:
        raise _broken(where, f"it is no CSV ({error})") from error


def _row(where: str, number: int, line: str) -> Mapping[str, str]:
    try:
        found: Any = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _broken(f"{where}: line {number}", "it isn't what was written")
    return cast("Mapping[str, str]", found)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _uncelled(cell: str) -> str:
    return cell.removeprefix("'")


def _broken(where: str, what: str) -> UsageError:
    return UsageError(where, what, todo="Export it anew, and compare with a copy that was kept.")
