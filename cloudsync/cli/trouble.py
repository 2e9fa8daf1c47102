"""What ends a command with exit code 3, a line each on stderr; it decides no exit code.

The report says it too, but the report may go to a file, or be data that nobody reads by eye.
"""

from __future__ import annotations

from cloudsync import trouble
from cloudsync.cli.streams import tell
from cloudsync.errors import Exit
from cloudsync.plan import Plan
from cloudsync.report import RunReport


def said(error: Exception) -> Exit:
    """Say what went wrong, without a traceback; gives the exit code that it calls for."""
    for line in trouble.of_error(error):
        tell(line)
    return trouble.code_of(error)


def tell_of_plan(plan: Plan) -> None:
    """A line for each scope or target that couldn't be read, is gone, or is refused."""
    for one in trouble.of_plan(plan):
        tell(str(one))


def tell_of_run(report: RunReport) -> None:
    """As ``tell_of_plan`` of what was found afterwards, and a line for each step that failed."""
    for one in trouble.of_run(report):
        tell(str(one))
