"""What is the matter with the reads of the list's source, and with what was taken off it by hand; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from cloudsync.allowlist import InForce
from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.report.words import counted, few, listing, sentence
from cloudsync.vetting.reads import Compared, Reads, Refusals
from cloudsync.vetting.vet import Rules
from cloudsync.vetting.withdraw import let_in_again

REPEATED: Final = 2
"""One refused read may be a page that is being changed; of so many in a row somebody hears."""

REVIEW_AGAIN: Final = timedelta(days=90)
"""After so long a file is an old copy of a page that may have changed."""

STALE_AFTER: Final = timedelta(days=1)
"""The source is asked every hour; after a day that doesn't happen, or doesn't succeed."""

FETCHES: Final = 3
"""The same, where it is asked more seldom than that."""

SHOWN: Final = 8
SUPPORT: Final = "support@appriver.com"
"""Where the vendor's own article sends those who have a question (article 39, "Additional Support")."""


def of_reads(
    reads: Reads,
    in_force: InForce | None,
    vetted_at: datetime | None,
    now: datetime,
    every: timedelta = timedelta(hours=1),
) -> Iterator[Condition]:
    """What the reads of the source have come to.

    ``vetted_at`` is when one was last let through, ``every`` how often the source is to be asked.
    """
    if reads.refusals and reads.refusals.count >= REPEATED:
        yield _refused(reads.source, reads.refusals, in_force)
    if vetted_at and now - vetted_at > max(STALE_AFTER, FETCHES * every):
        yield Condition(
            ConditionKind.STALE,
            reads.source,
            f"No list from {reads.source} was let through since {vetted_at:%Y-%m-%d %H:%M} UTC.",
            _goes_on(in_force),
            "See what cloudsync list says of it, and whether cloudsync run fetches.",
        )
    if reads.compared:
        yield from _differs(reads.source, reads.compared)
    if reads.reviewed:
        yield from _reviewed(reads.source, reads.reviewed, now)


def of_withdrawn(in_force: InForce, rules: Rules) -> Iterator[Condition]:
    """Each sender that a person took off, and each of these that gets in all the same."""
    for one in in_force.withdrawn:
        yield Condition(
            ConditionKind.ORDER,
            f"{one.network} on the list",
            f"{one.network} is kept off the list, though its source has it.",
            f"{one.by} took it off on {one.at:%Y-%m-%d %H:%M} UTC: {sentence(one.reason)}",
            f"cloudsync list restore {one.network} --reason TEXT lets it in again.",
        )
    for one, other in let_in_again(in_force, rules.shoreline, rules.widen):
        yield Condition(
            ConditionKind.DIFFERS,
            f"{one.network} on the list",
            f"{one.network} was taken off the list and gets in all the same, as a part of {other}.",
            f"{other} is wanted for other senders, so it stays.",
            f"cloudsync list remove {other} --now --reason TEXT takes all of it off.",
        )


def _refused(source: str, refusals: Refusals, in_force: InForce | None) -> Condition:
    at = f" on line {refusals.line}" if refusals.line else ""
    seen = ""
    if refusals.unlisted:
        seen = f" Seen there and not in the list in force: {_some(refusals.unlisted)}."
    return Condition(
        ConditionKind.REFUSED,
        source,
        f"The list at {source} is refused: {refusals.code}{at}: {sentence(refusals.what)}",
        f"{counted(refusals.count, 'read')} in a row since {refusals.since:%Y-%m-%d %H:%M} UTC. "
        f"{_goes_on(in_force)}{seen}",
        "Ways out: keep the list in a reviewed file (format: cidr); describe the page with format: "
        "page and its anchors; let what can be read through with cloudsync list accept; or ask "
        f"{SUPPORT}.",
    )


def _some(networks: Sequence[str]) -> str:
    return listing(few(networks, SHOWN))


def _differs(file: str, compared: Compared) -> Iterator[Condition]:
    said = [
        f"only {where} has {_some(networks)}"
        for where, networks in (("the file", compared.in_file), ("the page", compared.on_page))
        if networks
    ]
    if said:
        what = f"{file} and {compared.url} don't say the same: {'; '.join(said)}."
    elif compared.failures >= REPEATED:
        what = f"{file} can't be compared with {compared.url}: {sentence(compared.failed)}"
    else:
        return
    yield Condition(
        ConditionKind.DIFFERS,
        compared.url,
        what,
        "The file counts, and nothing was changed for what the page says.",
        "Read the page, and change the file if the page is right; or describe the page's layout "
        "with page:, or leave out compare_with:.",
    )


def _goes_on(in_force: InForce | None) -> str:
    if in_force is None:
        return "There is no list in force."
    of = counted(len(in_force.entries), "network")
    return f"The list in force, of {of}, goes on, and drift is repaired by it."


def _reviewed(source: str, day: date, now: datetime) -> Iterator[Condition]:
    age = now.date() - day
    if age > REVIEW_AGAIN:
        what = f"was last reviewed on {day}, more than {REVIEW_AGAIN.days} days ago"
    elif age < -timedelta(days=1):
        what = f"says that it was reviewed on {day}, which is yet to come"
    else:
        return
    yield Condition(
        ConditionKind.UNREVIEWED,
        source,
        f"{source} {what}.",
        "It counts all the same.",
        "Compare it with the vendor's page, and write the day into its header: "
        "# reviewed: YYYY-MM-DD by NAME from URL",
    )
