"""Plans and runs as people and machines read them: text, Markdown, HTML, JSON; it prints nothing."""

from __future__ import annotations

from cloudsync.plan import Plan
from cloudsync.report.compose import plan_page, run_page, summary
from cloudsync.report.document import as_json, document, document_outcome
from cloudsync.report.exits import Command, exit_code, exit_of_run
from cloudsync.report.html import lay_html
from cloudsync.report.listed import Listed
from cloudsync.report.markdown import lay_markdown
from cloudsync.report.run import RunReport
from cloudsync.report.schema import PLAN_SCHEMA, REPORT_SCHEMA
from cloudsync.report.text import lay_text

__all__ = [
    "PLAN_SCHEMA",
    "REPORT_SCHEMA",
    "Command",
    "Listed",
    "RunReport",
    "as_json",
    "document",
    "document_outcome",
    "exit_code",
    "exit_of_run",
    "html",
    "html_outcome",
    "markdown",
    "markdown_outcome",
    "summary",
    "text",
    "text_outcome",
]


def text(plan: Plan, listed: Listed | None = None) -> str:
    """The plan for a terminal: plain, 100 columns, long lists cut."""
    return lay_text(plan_page(plan, listed))


def markdown(plan: Plan, listed: Listed | None = None) -> str:
    """The plan for a pull request or a ticket, long lists cut."""
    return lay_markdown(plan_page(plan, listed))


def html(plan: Plan, listed: Listed | None = None) -> str:
    """The plan as one self-contained page."""
    return lay_html(plan_page(plan, listed))


def text_outcome(report: RunReport, listed: Listed | None = None) -> str:
    """The run for a terminal: what was done, what became in sync, what remains and why."""
    return lay_text(run_page(report, listed))


def markdown_outcome(report: RunReport, listed: Listed | None = None) -> str:
    """The run for a pull request or a ticket."""
    return lay_markdown(run_page(report, listed))


def html_outcome(report: RunReport, listed: Listed | None = None) -> str:
    """The run as one self-contained page."""
    return lay_html(run_page(report, listed))
