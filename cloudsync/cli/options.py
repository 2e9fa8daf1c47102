"""The options that several commands share; it runs nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cloudsync.immutable import immutable

DEFAULT: Final = Path("cloudsync.yaml")

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="The configuration; cloudsync.yaml if left out."
    ),
]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write there, not to stdout.")
]
Length = Annotated[
    str, typer.Option("--for", metavar="LENGTH", help="How long it stands: 30m, 4h; at most 7d.")
]
By = Annotated[str, typer.Option("--by", help="Who orders it; left out, the user's name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever reads it tomorrow.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


class PlanFormats(StrEnum):
    """How a plan or a report is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class Formats(StrEnum):
    """How a list is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class AnswerFormats(StrEnum):
    """How an explanation is printed."""

    TEXT = "text"
    JSON = "json"


class RowFormats(StrEnum):
    """How a history is written."""

    JSON = "json"
    CSV = "csv"


class LogFormats(StrEnum):
    """How the log is written."""

    JSON = "json"
    CONSOLE = "console"


class ListFormats(StrEnum):
    """How a source is read."""

    ARTICLE39 = "article39"
    PAGE = "page"
    CIDR = "cidr"


@immutable
class Settings:
    """What was said before the command."""

    config: Path | None = None

    def chosen(self, own: Path | None) -> Path | None:
        """The configuration that was named, the command's own first; None where none was."""
        return own or self.config

    def path(self, own: Path | None) -> Path:
        """The configuration to use."""
        return self.chosen(own) or DEFAULT
