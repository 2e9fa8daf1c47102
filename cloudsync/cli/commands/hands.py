"""Handing the list over: to a mail server or a firewall, or as Terraform modules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloudsync.cli.options import (
    ConfigFile,
    OutFile,
)

hands = typer.Typer()
terraform = typer.Typer(help="Hand the list over as Terraform modules.", no_args_is_help=True)


@hands.command()
def export(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[FORMAT]", help="What to make; left out: lists them.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="With --check or --diff: what is installed; - is stdin."
        ),
    ] = None,
    config: ConfigFile = None,
    *,
    out: OutFile = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare what is installed; end with 2 if it differs.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change in FILE.")] = False,
    apply_: Annotated[
        bool,
        typer.Option("--apply", help="Take it over here: nftables, ipset, firewalld, postfix."),
    ] = False,
    format_help: Annotated[
        bool, typer.Option("--format-help", help="How to apply, verify and undo it.")
    ] = False,
    no_relays: Annotated[
        bool, typer.Option("--no-relays", help="Nobody but the filter delivers to that server.")
    ] = False,
) -> int:
    """Make the list for a mail server or a firewall."""
    from cloudsync.cli import export as exporting  # noqa: PLC0415

    if name is None:
        return exporting.formats()
    if format_help:
        return exporting.show_help(name)
    asked = exporting.Asked(file, out, check, diff, apply_, no_relays)
    return exporting.export(context.obj.path(config), name, asked)


@terraform.command("write")
def terraform_write(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the modules are written.")],
    config: ConfigFile = None,
) -> int:
    """Write the modules with the list in force, with their version and change log."""
    from cloudsync.cli.terraform import write  # noqa: PLC0415

    return write(context.obj.path(config), folder)


@terraform.command("root")
def terraform_root(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the modules are written.")],
    config: ConfigFile = None,
) -> int:
    """Write a root module, beside the modules, that takes over the rules that stand; change none."""
    from cloudsync.cli.terraform import root  # noqa: PLC0415

    return root(context.obj.path(config), folder)


@terraform.command("publish")
def terraform_publish(
    context: typer.Context,
    config: ConfigFile = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the text of a pull request here, in Markdown."),
    ] = None,
) -> int:
    """Publish the modules with the list in force: to a git repository, to an object store."""
    from cloudsync.cli.terraform import publish  # noqa: PLC0415

    return publish(context.obj.path(config), out)
