"""How a story is spoken on a terminal or into a file; it knows nothing of what it tells."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from cloudsync.model import Verdict
from cloudsync.report.page import label

_WIDTH: Final = 100
_STYLES: Final = {
    Verdict.GONE: "bold red",
    Verdict.UNREADABLE: "bold red",
    Verdict.MISSING: "bold red",
    Verdict.OPEN: "bold yellow",
    Verdict.UNDETERMINED: "bold yellow",
    Verdict.IN_SYNC: "bold green",
}
_SIGNS: Final = ("━", "✓", "✗")
_PLAIN_SIGNS: Final = ("=", "kept:", "NOT KEPT:")
_CHANGE: Final = {"+": "green", "-": "red"}


class _Console(Console):
    """A console that leaves a reader who has gone to the command line: `cloudsync demo | head`."""

    def on_broken_pipe(self) -> None:
        """Raise what rich would turn into an exit with 1.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError


class Voice:
    """Headings, prose and pieces of reports, in colour where ``out`` is a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._console = _Console(file=out, highlight=False, markup=False, emoji=False)
        self._headings = 0
        rule, kept, broken = _SIGNS if _speaks(out, "".join(_SIGNS)) else _PLAIN_SIGNS
        self._rule, self._kept, self._broken = rule, kept, broken

    def heading(self, text: str) -> None:
        """The next part of the story, numbered."""
        self._headings += 1
        self._line("")
        self._line(
            f"{self._rule * 2} {self._headings}  {text} ".ljust(_WIDTH, self._rule), "bold cyan"
        )

    def say(self, text: str, *, indent: int = 0) -> None:
        """Prose, wrapped."""
        for line in textwrap.wrap(
            text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent,
            break_long_words=False, break_on_hyphens=False,
        ):  # fmt: skip
            self._line(line)

    def title(self, name: str, text: str = "") -> None:
        """The name of a target, and what is told of it."""
        self._line("")
        first, *rest = textwrap.wrap(
            f"{name}: {text}" if text else name, _WIDTH, break_on_hyphens=False
        )
        line = Text(first)
        line.stylize("bold", 0, len(name))
        self._console.print(line, soft_wrap=True)
        for more in rest:
            self._line(more)

    def report(self, lines: Iterable[str]) -> None:
        """A piece of a report, as it is laid out for a terminal."""
        for line in lines:
            style = _CHANGE.get(line.lstrip()[:1], "")
            for verdict, colour in _STYLES.items():
                if line.startswith(f"{label(verdict).upper()}  "):
                    style = colour
            self._line(f"  {line}".rstrip(), style)

    def check(self, what: str, *, held: bool) -> None:
        """One promise, and whether it was kept."""
        self._line(
            f"  {self._kept if held else self._broken} {what}", "green" if held else "bold red"
        )

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)


def _speaks(out: TextIO, signs: str) -> bool:
    """Whether the terminal's alphabet has these signs: Latin-1 has none of them."""
    try:
        signs.encode(getattr(out, "encoding", None) or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
