"""What the commands say of plans, runs and lists, in the form asked for; it opens no file."""

from __future__ import annotations

from collections.abc import Iterable

from cloudsync.cli.streams import tell
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
from cloudsync.vetting.guard import Judgement
from cloudsync.vetting.vet import Vetted


def rendered(plan: Plan, listed: Listed | None, form: str) -> str:
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


def tell_of_list(vetted: Vetted) -> None:
    """What a person should know of the read: a refusal, or what a held list waits for."""
    if vetted.refused:
        tell(str(vetted.refused))
    if vetted.held and vetted.offer:
        tell(held(vetted.offer.source, vetted.held, first=vetted.in_force is None))
    for warning in vetted.offer.warnings if vetted.offer else ():
        tell(f"{vetted.offer.source if vetted.offer else 'list'}: {warning}")
    known = vetted.offer or vetted.in_force
    if known:
        tell_of_groups(known.source, vetted.absent)


def tell_of_groups(source: str, absent: Iterable[str]) -> None:
    """Groups that the configuration chooses and the list lacks: choosing them lets nobody in."""
    for group in absent:
        tell(
            f"{source}: the list has no Shoreline group {group}, so that choosing it lets nobody "
            "in. Correct shoreline:, or look at the source."
        )


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
