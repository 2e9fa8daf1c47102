"""The rows that a run prints, and whether each met its target; it measures nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measure: what was measured, what came out, and the most it may be.

    ``figure`` is None where nothing could be measured, and ``remark`` then says why. ``most`` is
    None where the figure is only reported.
    """

    measure: str
    figure: float | None
    most: float | None = None
    remark: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a target, and the figure isn't within it."""
        return self.most is not None and (self.figure is None or self.figure > self.most)

    @property
    def verdict(self) -> str:
        """``met``, ``MISSED``, or ``reported`` where there is no target."""
        if self.most is None:
            return "reported"
        return "MISSED" if self.missed else "met"


HEADINGS = ("measure", "figure", "target", "verdict", "remark")


def cells(row: Row) -> tuple[str, ...]:
    """The row as text, one cell a heading."""
    most = "" if row.most is None else f"≤ {_number(row.most)}"
    figure = "none" if row.figure is None else _number(row.figure)
    return row.measure, figure, most, row.verdict, row.remark


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table whose columns also line up as plain text."""
    lines = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    padded = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([padded[0], rule, *padded[1:]])


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
