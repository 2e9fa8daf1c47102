"""What happened: lists, runs, approvals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudsync.cli.options import (
    AnswerFormats,
    ConfigFile,
    OutFile,
    PlanFormats,
    RowFormats,
    Settings,
)

histories = typer.Typer(invoke_without_command=True)


@histories.callback()
def history(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    format_: Annotated[AnswerFormats, typer.Option("--format")] = AnswerFormats.TEXT,
    most: Annotated[
        int, typer.Option("--most", min=1, help="How many of each at most, the youngest.")
    ] = 20,
) -> int:
    """Show the lists that came into force, the runs, and who let what through."""
    if context.invoked_subcommand:
        context.obj = Settings(config or context.obj.config)
        return 0
    from cloudsync.cli import history as told  # noqa: PLC0415

    return told.show(context.obj.path(config), format_, most)


@histories.command("show")
def history_show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="As its report calls it.")],
    config: ConfigFile = None,
) -> int:
    """Show the report of a run that did something or didn't end well, as JSON."""
    from cloudsync.cli import history as told  # noqa: PLC0415

    return told.show_run(context.obj.path(config), run)


@histories.command("replay")
def history_replay(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="As its report calls it.")],
    config: ConfigFile = None,
    *,
    format_: Annotated[PlanFormats, typer.Option("--format")] = PlanFormats.TEXT,
    out: OutFile = None,
) -> int:
    """Make the plan of a run again from what was kept of it; ask no cloud."""
    from cloudsync.cli import history as told  # noqa: PLC0415

    return told.replay(context.obj.path(config), run, format_, out)


@histories.command("export")
def history_export(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    format_: Annotated[
        RowFormats, typer.Option("--format", help="How it is written; each line is one thing.")
    ] = RowFormats.JSON,
    out: OutFile = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify", metavar="FILE", help="Write nothing: is FILE as it was written, and whole?"
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--last", metavar="HASH", help="With --verify: the last hash that was kept."),
    ] = None,
) -> int:
    """Write down what happened, each line bound to the one before by its hash."""
    from cloudsync.cli import history as told  # noqa: PLC0415

    if verify:
        return told.verify(verify, last)
    return told.export(context.obj.path(config), format_.value, out)
