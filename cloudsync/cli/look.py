"""The commands that only look: plan, drift, schema; they change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from cloudsync.cli.job import blocks, job
from cloudsync.cli.output import rendered, tell_of_list
from cloudsync.cli.progress import telling
from cloudsync.cli.streams import put
from cloudsync.cli.trouble import tell_of_plan
from cloudsync.config.schema import schema
from cloudsync.errors import Exit, first_of
from cloudsync.looked import Look
from cloudsync.reconcile import look
from cloudsync.remember import remember_targets
from cloudsync.report import exit_code


def show_plan(path: Path, form: str, out: Path | None, *, detailed: bool) -> int:
    """``cloudsync plan``."""
    with job(path) as each, telling("Looking"):
        found = look(each)
    tell_of_list(found.vetted)
    tell_of_plan(found.plan)
    put(rendered(found.plan, found.listed, form), out)
    return int(code_of(found, "plan", detailed=detailed))


def show_drift(path: Path, form: str, out: Path | None) -> int:
    """``cloudsync drift``."""
    with job(path) as each:
        with telling("Looking"):
            found = look(each)
        remember_targets(each, found.plan)
    tell_of_list(found.vetted)
    tell_of_plan(found.plan)
    put(rendered(found.plan, found.listed, form), out)
    return int(code_of(found, "drift"))


def code_of(found: Look, command: Literal["plan", "drift"], *, detailed: bool = False) -> Exit:
    """The exit code of a look: of the targets, and of the list."""
    return first_of(
        (exit_code(found.plan, command=command, detailed=detailed), *found.vetted.codes)
    )


def print_schema() -> int:
    """``cloudsync schema``."""
    put(json.dumps(schema(blocks()), indent=2), None)
    return 0
