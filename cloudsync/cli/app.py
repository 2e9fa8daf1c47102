"""The commands and their options; each imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from cloudsync import __version__
from cloudsync.cli.options import (
    AnswerFormats,
    By,
    ConfigFile,
    Formats,
    Length,
    ListFormats,
    LogFormats,
    OutFile,
    PlanFormats,
    Reason,
    RowFormats,
    Settings,
    Yes,
)
from cloudsync.cli.signals import Terminated, terminable
from cloudsync.cli.streams import prepare, tell
from cloudsync.cli.trouble import said
from cloudsync.errors import MEANING, CloudsyncError, Exit, UsageError

_CODES: Final = " · ".join(f"{int(code)} {meaning}" for code, meaning in MEANING.items())
_EPILOG: Final = (
    f"Exit codes: {_CODES}. Where several hold, the first of 1, 5, 6, 3, 4, 2 is given."
)

# typer carries its own copy of click since 0.29; its public exceptions lead to the base of all.
_Misuse: Final = next(one for one in typer.BadParameter.__mro__ if one.__name__ == "ClickException")

app = typer.Typer(
    name="cloudsync",
    help="Lets the mail filter's addresses, and only these, reach port 25 in your clouds.",
    epilog=_EPILOG,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
lists = typer.Typer(invoke_without_command=True)
app.add_typer(lists, name="list")
histories = typer.Typer(invoke_without_command=True)
app.add_typer(histories, name="history")
alerts = typer.Typer(help="Who hears of what is the matter.", no_args_is_help=True)
app.add_typer(alerts, name="alert")
terraform = typer.Typer(help="Hand the list over as Terraform modules.", no_args_is_help=True)
app.add_typer(terraform, name="terraform")


def run(argv: list[str]) -> int:
    """Run ``argv``; gives the exit code."""
    prepare()
    command = typer.main.get_command(app)
    try:
        # Not `main`, which would turn Ctrl-C into an exit code that isn't in the table.
        with terminable(), command.make_context("cloudsync", argv) as context:
            result = command.invoke(context)
    except CloudsyncError as error:
        return int(said(error))
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt) as error:
        by = "SIGTERM" if isinstance(error, Terminated) else "Ctrl-C"
        stopped = UsageError(
            "cloudsync",
            f"it was stopped by {by}",
            done="What was done before is kept.",
            todo="Run cloudsync drift to see how things are.",
        )
        tell(str(stopped))
        return int(Exit.ERROR)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last door: whatever it is, no traceback
        if isinstance(error, _Misuse):
            # Its own exit code is 2, which here says that differences are pending.
            what = getattr(error, "format_message", error.__str__)().replace("Value error, ", "")
            tell(str(UsageError("command line", what, todo="See cloudsync --help.")))
            return int(Exit.ERROR)
        return int(said(error))
    return int(result or 0)


def _version(show: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if show:
        sys.stdout.write(f"cloudsync {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    config: ConfigFile = None,
    *,
    _version_flag: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold what applies to every command."""
    context.obj = Settings(config)


@app.command()
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


@app.command()
def schema() -> int:
    """Print the JSON Schema of the configuration."""
    from cloudsync.cli.look import print_schema  # noqa: PLC0415

    return print_schema()


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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def forget(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="TARGET")],
    config: ConfigFile = None,
) -> int:
    """Miss a target no more that is gone for good."""
    from cloudsync.cli.change import forget as let_go  # noqa: PLC0415

    return let_go(context.obj.path(config), target)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command("run")
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


@app.command()
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


@app.command()
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
        str,
        typer.Option("--stale", metavar="LENGTH", help="After how long a look is said to be old."),
    ] = "1h",
) -> int:
    """Serve the page that says how it all stands, the feeds and the metrics."""
    from cloudsync.cli.serve import serve as answer  # noqa: PLC0415

    paths = [*(config or ()), *(files or ())] or [context.obj.path(None)]
    return answer(paths, listen, host or (), stale)


@app.command()
def demo() -> int:
    """Show the whole job on clouds that live on this machine, seeded with real-life sins."""
    from cloudsync.demo import run as tell  # noqa: PLC0415

    return tell(sys.stdout)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> int:
    """Serve the demo's clouds on this machine until Ctrl-C."""
    from cloudsync.demo import serve  # noqa: PLC0415

    return serve(port, sys.stdout)
