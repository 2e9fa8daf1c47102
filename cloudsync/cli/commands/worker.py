"""What runs by itself: the worker, who hears of it, the page, and the clouds to try it on."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cloudsync.cli.options import (
    ConfigFile,
    LogFormats,
)

runs = typer.Typer()
alerts = typer.Typer(help="Who hears of what is the matter.", no_args_is_help=True)


@runs.command("run")
def run_(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="More configurations; each is a tenant."),
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", metavar="FILE", help="A configuration; each is a tenant."),
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="One pass, and end.")] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="With --once: only share I of N of the accounts; auto, or auto/N, by what the "
            "platform says.",
        ),
    ] = None,
    gather: Annotated[
        bool,
        typer.Option("--gather", help="With --once: end a run of shards, whoever never came."),
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            metavar="NAME",
            help="What the shards of one run call it, where no platform does.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormats | None,
        typer.Option(
            "--log-format", help="How the log is written; left out, json but at a terminal."
        ),
    ] = None,
    grace: Annotated[
        int,
        typer.Option(
            min=1, metavar="SECONDS", help="How long a call may take when it is told to stop."
        ),
    ] = 25,
) -> int:
    """Keep every target right with nobody to ask; what a person must decide is held."""
    from cloudsync.cli.worker import run_once  # noqa: PLC0415

    paths = [*(config or ()), *(files or ())] or [context.obj.path(None)]
    if shard or gather or run:
        from cloudsync.cli.shards import run_part  # noqa: PLC0415

        form = log_format.value if log_format else None
        return run_part(paths, shard, run, form, once=once, gather=gather)
    if once:
        return run_once(paths, log_format.value if log_format else None)
    from cloudsync.cli.schedule import run_scheduled  # noqa: PLC0415

    form = log_format or (LogFormats.CONSOLE if sys.stderr.isatty() else LogFormats.JSON)
    return run_scheduled(paths, form.value, timedelta(seconds=grace))


@alerts.command("test")
def try_alerts(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
) -> int:
    """Send a letter that says it is a test to every channel."""
    from cloudsync.cli.alert import try_out  # noqa: PLC0415

    return try_out(config or context.obj.path(None), channel)


@runs.command()
def serve(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="More configurations; each is a tenant."),
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", metavar="FILE", help="A configuration; each is a tenant."),
    ] = None,
    *,
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS:PORT", help="Where it is served.")
    ] = "127.0.0.1:8025",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="NAME", help="A host name by which it is asked for."),
    ] = None,
    stale: Annotated[
        str | None,
        typer.Option(
            "--stale",
            metavar="LENGTH",
            help="After how long a look is said to be old; left out, after three sweeps of its "
            "schedule:, or an hour where the file states none.",
        ),
    ] = None,
) -> int:
    """Serve the page that says how it all stands, the feeds and the metrics."""
    from cloudsync.cli.serve import serve as answer  # noqa: PLC0415

    paths = [*(config or ()), *(files or ())] or [context.obj.path(None)]
    return answer(paths, listen, host or (), stale)


@runs.command()
def demo() -> int:
    """Show the whole job on clouds that live on this machine, seeded with real-life sins."""
    from cloudsync.demo import run as tell  # noqa: PLC0415

    return tell(sys.stdout)


@runs.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> int:
    """Serve the demo's clouds on this machine until Ctrl-C."""
    from cloudsync.demo import serve  # noqa: PLC0415

    return serve(port, sys.stdout)
