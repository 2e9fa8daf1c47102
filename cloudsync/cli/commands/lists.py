"""The list: showing it, accepting it, taking a sender off it."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudsync.cli.options import (
    By,
    ConfigFile,
    Formats,
    ListFormats,
    Reason,
    Settings,
    Yes,
)

lists = typer.Typer(invoke_without_command=True)


@lists.callback()
def list_(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    source: Annotated[
        str | None, typer.Option(help="bundled, a file, or an https URL; needs no configuration.")
    ] = None,
    list_format: Annotated[
        ListFormats | None, typer.Option("--list-format", help="How the source is read.")
    ] = None,
    format_: Annotated[
        Formats, typer.Option("--format", help="How the list is printed.")
    ] = Formats.TEXT,
) -> int:
    """Fetch and vet the list."""
    if context.invoked_subcommand:
        context.obj = Settings(config or context.obj.config)
        return 0
    from cloudsync.cli.listing import show  # noqa: PLC0415

    return show(
        context.obj.chosen(config), source, list_format.value if list_format else None, format_
    )


@lists.command("accept")
def list_accept(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    by: Annotated[str, typer.Option(help="Who accepts it.")] = "",
    yes: Yes = False,
) -> int:
    """Accept the list on offer, as a person who has looked at it."""
    from cloudsync.cli.listing import accept  # noqa: PLC0415

    return accept(context.obj.path(config), by, yes=yes)


@lists.command("remove")
def list_remove(
    context: typer.Context,
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="As it is listed.")],
    config: ConfigFile = None,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Don't wait for its source: the sender was broken into.")
    ] = False,
    by: By = "",
    reason: Reason = "",
    anchor: Annotated[
        bool, typer.Option("--anchor", help="Also where an anchor of the list goes with it.")
    ] = False,
) -> int:
    """Take a sender off the list in force at once, and keep it off while its source has it."""
    from cloudsync.cli.withdraw import remove  # noqa: PLC0415

    return remove(context.obj.path(config), network, by, reason, now=now, anchor=anchor)


@lists.command("restore")
def list_restore(
    context: typer.Context,
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="As it was taken off.")],
    config: ConfigFile = None,
    *,
    by: By = "",
    reason: Reason = "",
) -> int:
    """Put a sender back on the list in force that somebody took off."""
    from cloudsync.cli.withdraw import restore  # noqa: PLC0415

    return restore(context.obj.path(config), network, by, reason)
