"""Looking, planning and applying: what a person does at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudsync.cli.options import (
    AnswerFormats,
    ConfigFile,
    OutFile,
    PlanFormats,
    Yes,
)

looks = typer.Typer()


@looks.command()
def init(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    provider: Annotated[str, typer.Option(help="The cloud to look at.")] = "aws",
    name: Annotated[str, typer.Option(help="The installation's name.")] = "mail",
    region: Annotated[list[str] | None, typer.Option(help="Only these regions.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="Another address of its API.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> int:
    """Find what is reachable, show it, and write a commented configuration in watch."""
    from cloudsync.cli.init import begin  # noqa: PLC0415

    path = config or context.obj.config or Path("cloudsync.yaml")
    return begin(path, provider, name, region or [], endpoint, force=force)


@looks.command()
def schema() -> int:
    """Print the JSON Schema of the configuration."""
    from cloudsync.cli.look import print_schema  # noqa: PLC0415

    return print_schema()


@looks.command()
def plan(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    format_: Annotated[PlanFormats, typer.Option("--format")] = PlanFormats.TEXT,
    out: OutFile = None,
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="End with 2 where there are steps.")
    ] = False,
) -> int:
    """Show what would change, with the exposure before and after; change nothing."""
    from cloudsync.cli.look import show_plan  # noqa: PLC0415

    return show_plan(context.obj.path(config), format_, out, detailed=detailed)


@looks.command()
def apply(
    context: typer.Context,
    saved: Annotated[
        Path | None, typer.Argument(metavar="[PLAN]", help="A plan saved with --format json.")
    ] = None,
    config: ConfigFile = None,
    *,
    format_: Annotated[PlanFormats, typer.Option("--format")] = PlanFormats.TEXT,
    out: OutFile = None,
    yes: Yes = False,
) -> int:
    """Make it so; with a saved plan, only if nothing has changed since."""
    from cloudsync.cli.change import apply as make_so  # noqa: PLC0415

    return make_so(context.obj.path(config), saved, format_, out, yes=yes)


@looks.command()
def drift(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    format_: Annotated[PlanFormats, typer.Option("--format")] = PlanFormats.TEXT,
    out: OutFile = None,
) -> int:
    """Look only: which addresses can reach the port, and does that differ from what is wanted?"""
    from cloudsync.cli.look import show_drift  # noqa: PLC0415

    return show_drift(context.obj.path(config), format_, out)


@looks.command()
def explain(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    config: ConfigFile = None,
    *,
    format_: Annotated[AnswerFormats, typer.Option("--format")] = AnswerFormats.TEXT,
) -> int:
    """Name the rule that lets one address in, or stops it."""
    from cloudsync.cli.explain import explain as say_why  # noqa: PLC0415

    return say_why(context.obj.path(config), address, target, format_)


@looks.command()
def preflight(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    domain: Annotated[
        list[str] | None, typer.Option(help="A mail domain; left out, those of the targets.")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(metavar="LOG", help="A mail or flow log: shows who would be cut off."),
    ] = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Compare the list's rows with DNS, as evidence.")
    ] = False,
    permissions: Annotated[
        bool,
        typer.Option(
            "--permissions", help="Ask the clouds what they would let this caller change."
        ),
    ] = False,
    egress: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Connect to port 25 of HOST: is outbound mail open?"),
    ] = None,
    format_: Annotated[AnswerFormats, typer.Option("--format")] = AnswerFormats.TEXT,
) -> int:
    """See whether mail comes through the filter alone, before a target is closed."""
    from cloudsync.cli.preflight import show  # noqa: PLC0415

    return show(
        context.obj.path(config), tuple(domain or ()), tuple(evidence or ()), egress, format_,
        rows=rows, permissions=permissions,
    )  # fmt: skip
