"""Where results go: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from cloudsync.errors import UsageError
from cloudsync.guard import Judgement
from cloudsync.plan import Plan
from cloudsync.report import (
    Listed,
    RunReport,
    as_json,
    document,
    document_outcome,
    html,
    html_outcome,
    markdown,
    markdown_outcome,
    text,
    text_outcome,
)
from cloudsync.vet import Vetted


def rendered(plan: Plan, listed: Listed, form: str) -> str:
    """A plan in the form that was asked for."""
    match form:
        case "json":
            return as_json(document(plan, listed))
        case "markdown":
            return markdown(plan, listed)
        case "html":
            return html(plan, listed)
        case _:
            return text(plan, listed)


def rendered_run(report: RunReport, listed: Listed, form: str) -> str:
    """A run in the form that was asked for."""
    match form:
        case "json":
            return as_json(document_outcome(report, listed))
        case "markdown":
            return markdown_outcome(report, listed)
        case "html":
            return html_outcome(report, listed)
        case _:
            return text_outcome(report, listed)


def put(result: str, out: Path | None) -> None:
    """Print a result, or write it to ``out``.

    Raises:
        UsageError: the file can't be written.
    """
    body = result if result.endswith("\n") else f"{result}\n"
    if out is None:
        sys.stdout.write(body)
        sys.stdout.flush()
        return
    try:
        write(out, body)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            str(out), f"can't be written: {reason}", todo="Name another file."
        ) from error


def write(path: Path, body: str) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def tell(line: str) -> None:
    """One message beside the result."""
    sys.stderr.write(f"{line}\n")


def confirmed(question: str) -> bool:
    """Whether a person at the terminal says yes; whatever else they do, Ctrl-C too, is no."""
    try:
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def tell_of_list(vetted: Vetted) -> None:
    """What a person should know of the read: a refusal, or what a held list waits for."""
    if vetted.refused:
        tell(str(vetted.refused))
    if vetted.held and vetted.offer:
        tell(held(vetted.offer.source, vetted.held, first=vetted.in_force is None))
    for warning in vetted.offer.warnings if vetted.offer else ():
        tell(f"{vetted.offer.source if vetted.offer else 'list'}: {warning}")


def held(source: str, judgement: Judgement, *, first: bool) -> str:
    """Why a list isn't used, with every number, and what lets it through."""
    reasons = "; ".join(reason.message for reason in judgement.reasons)
    kept = "There is no list in force; nothing was changed." if first else (
        "The list in force is unchanged."
    )  # fmt: skip
    if judgement.verdict == "refuse":
        return f"{source}: the list is refused: {reasons}. {kept} Correct the source."
    return (
        f"{source}: the list is held: {reasons}. {kept} "
        "Look at it with cloudsync list, and let it through with cloudsync list accept."
    )
