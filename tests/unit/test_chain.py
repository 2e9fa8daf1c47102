"""A history that leaves: what was changed in it is found, and where."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudsync.errors import UsageError
from cloudsync.history.chain import Event, Verified, lines, verified

Form = Literal["json", "csv"]
EVENTS = (
    Event("2026-11-24T08:00:00+00:00", "list", "l1", "ann", "ann@host", subject="./list.txt"),
    Event("2026-11-24T08:05:00+00:00", "run", "r1", reason="=cmd()", what="-1 step", detail="[]"),
    Event("2026-11-24T08:06:00+00:00", "approval", "sha256:1", "'bob", reason='a, "b"\r\nc'),
)
ANEW = "Nothing was changed. Export it anew, and compare with a copy that was kept."


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_history_that_nobody_touched_is_whole(form: Form) -> None:
    """Both forms hold the same chain, and an empty history is one too."""
    assert verified("f", lines("mail", EVENTS, form)) == Verified(
        3, json.loads(lines("mail", EVENTS, "json").splitlines()[-1])["hash"]
    )
    assert verified("f", lines("mail", (), form)).events == 0


@given(st.lists(st.builds(Event, *[st.text(max_size=6)] * 9), max_size=3))
def test_whatever_it_says_it_comes_back(events: list[Event]) -> None:
    """Quotes, formulas, line ends: what was written is read as it was."""
    for form in ("json", "csv"):
        assert verified("f", lines("mail", events, form)).events == len(events)


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("number", range(4))
def test_a_line_that_is_left_out_is_missed(form: Form, number: int) -> None:
    """The line after it doesn't follow, or the file has no end."""
    rows = lines("mail", EVENTS[:2] + EVENTS[:1], form).splitlines(keepends=True)
    head, body = (rows[:1], rows[1:]) if form == "csv" else ([], rows)
    text = "".join([*head, *body[:number], *body[number + 1 :]])
    with pytest.raises(UsageError) as caught:
        verified("f", text)
    what = (
        "it is cut off after 3 lines" if number == 3 else "it doesn't follow from the one before it"
    )
    where = "f" if number == 3 else f"f: line {number + 1}"
    assert str(caught.value) == f"{where}: {what}. {ANEW}"


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize(
    "field", ["at", "kind", "by", "caller", "reason", "what", "detail", "hash"]
)
def test_a_line_that_was_changed_is_named(form: Form, field: str) -> None:
    """Whatever was changed in it."""
    rows = [json.loads(line) for line in lines("mail", EVENTS, "json").splitlines()]
    rows[1][field] += "x"
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    if form == "csv":
        out = io.StringIO()
        writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = out.getvalue()
    with pytest.raises(UsageError) as caught:
        verified("f", text)
    assert str(caught.value) == f"f: line 2: it isn't what was written. {ANEW}"


def test_a_file_of_another_installation_or_beginning_is_none() -> None:
    """A chain that begins in its midst, or under another name, isn't whole."""
    first, second, *rest = lines("mail", EVENTS, "json").splitlines(keepends=True)
    moved = json.loads(second)
    assert moved["previous"] == json.loads(first)["hash"]
    with pytest.raises(UsageError, match="line 1: it doesn't follow"):
        verified("f", "".join([second, *rest]))
    one = lines("one", (), "json")
    with pytest.raises(UsageError, match="isn't what was written"):
        verified("f", one.replace('"subject":"one"', '"subject":"two"'))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "f: it isn't a history that cloudsync wrote"),
        ("n,at\n", "f: it isn't a history that cloudsync wrote"),
        ("{}\n", "f: line 1: it doesn't follow from the one before it"),
        ("{]\n", "f: line 1: it isn't what was written"),
        ("{}\n[]\n", "f: line 2: it isn't what was written"),
    ],
)
def test_what_is_no_history_is_said(text: str, what: str) -> None:
    """Any other file is named for what it is."""
    with pytest.raises(UsageError) as caught:
        verified("f", text)
    assert str(caught.value) == f"{what}. {ANEW}"


def test_a_csv_that_can_not_be_read_or_ends_early_is_said() -> None:
    """A cell beyond every bound, and a header with nothing below it."""
    header = lines("mail", (), "csv").splitlines()[0]
    with pytest.raises(UsageError, match="it is no CSV"):
        verified("f", f"{header}\n{'x' * 200_000}\n")
    with pytest.raises(UsageError, match="it is cut off after 0 lines"):
        verified("f", f"{header}\n")


def test_another_installations_chain_under_this_ones_end_is_found() -> None:
    """Lines that follow from each other, but not from the beginning of this installation."""
    rows = [json.loads(row) for row in lines("one", EVENTS, "json").splitlines()]
    end = rows[-1]
    end["subject"] = "two"
    said = [end["previous"], *(str(end[key]) for key in list(end)[:-2])]
    text = json.dumps(said, separators=(",", ":"))
    end["hash"] = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    with pytest.raises(UsageError, match="it is cut off after 4 lines"):
        verified("f", "\n".join(map(json.dumps, rows)))
