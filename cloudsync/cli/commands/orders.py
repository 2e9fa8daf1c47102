"""What a person orders by name, and what he lets through."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudsync.cli.options import (
    By,
    ConfigFile,
    Length,
    Reason,
    Yes,
)

orders = typer.Typer()


@orders.command()
def forget(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    config: ConfigFile = None,
) -> int:
    """Miss a target no more that is gone for good."""
    from cloudsync.cli.change import forget as let_go  # noqa: PLC0415

    return let_go(context.obj.path(config), target)


@orders.command()
def pause(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET|all")],
    config: ConfigFile = None,
    *,
    length: Length = "4h",
    by: By = "",
    reason: Reason = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
) -> int:
    """Have nothing changed at a target for a while; it is watched all the same."""
    from cloudsync.cli.orders import pause as hands_off  # noqa: PLC0415

    return hands_off(context.obj.path(config), target, length, by, reason, end=end)


@orders.command()
def allow(
    context: typer.Context,
    network: Annotated[str, typer.Argument(metavar="NETWORK")],
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    config: ConfigFile = None,
    *,
    length: Length = "24h",
    by: By = "",
    reason: Reason = "",
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
    yes: Yes = False,
) -> int:
    """Let a network in at a target for a while; its rule goes by itself."""
    from cloudsync.cli.orders import allow as let_in  # noqa: PLC0415

    return let_in(context.obj.path(config), network, target, length, by, reason, end=end, yes=yes)


@orders.command()
def undo(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="As its report calls it.")],
    target: Annotated[str | None, typer.Argument(metavar="[TARGET]")] = None,
    config: ConfigFile = None,
    *,
    length: Length = "24h",
    by: By = "",
    reason: Reason = "",
    yes: Yes = False,
) -> int:
    """Open again what a run closed, as it was, and pause the targets for a while."""
    from cloudsync.cli.orders import undo as give_back  # noqa: PLC0415

    return give_back(context.obj.path(config), run, target, length, by, reason, yes=yes)


@orders.command()
def relax(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    config: ConfigFile = None,
    *,
    yes: Yes = False,
) -> int:
    """Take own denies away at a target that has left enforce."""
    from cloudsync.cli.orders import relax as take_away  # noqa: PLC0415

    return take_away(context.obj.path(config), target, yes=yes)


@orders.command()
def approve(
    context: typer.Context,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="As the report calls it.")],
    config: ConfigFile = None,
    *,
    by: By = "",
    reason: Reason = "",
) -> int:
    """Let exactly that held list change, or that target's first enforce, through."""
    from cloudsync.cli.worker import approve as let_through  # noqa: PLC0415

    return let_through(context.obj.path(config), digest, by, reason)
