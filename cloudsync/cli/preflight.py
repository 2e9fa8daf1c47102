"""The command preflight: looks at the mail domains and remembers what it saw; it changes no cloud."""

from __future__ import annotations

from pathlib import Path

from pydantic_core import PydanticCustomError

from cloudsync.cli.job import job
from cloudsync.cli.streams import put
from cloudsync.config.values import host_name
from cloudsync.errors import Exit, UsageError
from cloudsync.preflight.ask import servers
from cloudsync.preflight.look import Asked, look
from cloudsync.preflight.page import document, text
from cloudsync.report import as_json


def show(
    path: Path,
    domains: tuple[str, ...],
    evidence: tuple[Path, ...],
    egress: str | None,
    form: str,
    *,
    rows: bool,
    permissions: bool = False,
    port: int = 53,
) -> int:
    """``cloudsync preflight``; ``port`` is where the domains' own name servers answer."""
    asked = Asked(tuple(_domain(one) for one in domains), evidence, egress, rows, permissions)
    with job(path) as each:
        page = look(each, servers(each.config.preflight.nameservers, port=port), asked)
    put(as_json(document(page)) if form == "json" else text(page), None)
    return int(Exit.HELD if page.held else Exit.DONE)


def _domain(value: str) -> str:
    """A domain as DNS has it.

    Raises:
        UsageError: it is none.
    """
    try:
        return host_name(value)
    except PydanticCustomError as error:
        context = error.context or {}
        raise UsageError(
            "--domain", str(context.get("what", error)), todo=str(context.get("todo", ""))
        ) from None
