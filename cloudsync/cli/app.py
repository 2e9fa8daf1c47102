"""The command line as a whole: its commands, its exit code, and its last door; it does none of the work."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from cloudsync import __version__
from cloudsync.cli.commands.hands import hands, terraform
from cloudsync.cli.commands.histories import histories
from cloudsync.cli.commands.lists import lists
from cloudsync.cli.commands.looks import looks
from cloudsync.cli.commands.orders import orders
from cloudsync.cli.commands.worker import alerts, runs
from cloudsync.cli.options import (
    ConfigFile,
    Settings,
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
for commands in (looks, hands, orders, runs):
    app.add_typer(commands)
for name, group in (
    ("list", lists), ("history", histories), ("alert", alerts), ("terraform", terraform),
):  # fmt: skip
    app.add_typer(group, name=name)


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
