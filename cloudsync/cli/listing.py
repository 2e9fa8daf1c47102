"""The commands about the list: show it, and accept the one on offer."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from cloudsync import docket, records
from cloudsync.allowlist import (
    BASE,
    Format,
    InForce,
    Listing,
    Widen,
    Withdrawn,
    absent,
    applied,
    cost_of_widening,
)
from cloudsync.cli.job import job, read_config
from cloudsync.cli.output import held, tell_of_groups
from cloudsync.cli.streams import at_terminal, confirmed, put, tell, tell_page
from cloudsync.errors import CloudsyncError, Exit, SourceRefused, UsageError
from cloudsync.job import Job
from cloudsync.observe import recover
from cloudsync.plural import agreeing, counted
from cloudsync.remember import list_in_force, remember_list
from cloudsync.report import Listed, as_json
from cloudsync.report.document import memory
from cloudsync.report.memory import remembered
from cloudsync.report.text import wrapped
from cloudsync.report.words import clean
from cloudsync.source.bundled import SOURCE as BUNDLED
from cloudsync.vetting.guard import Judgement
from cloudsync.vetting.intake import read_source
from cloudsync.vetting.vet import Read, Rules, removals_of, vet
from cloudsync.vetting.vet import accept as accepted

_SOURCES: Final = "Name a file, an https URL, or bundled."


def show(path: Path | None, source: str | None, stated: Format | None, form: str) -> int:
    """``cloudsync list``; with a source of its own it needs no configuration, and judges nothing."""
    if source is None and path is None and not Path("cloudsync.yaml").exists():
        source = BUNDLED
    if source == "":
        raise UsageError("--source", "names nothing", todo=_SOURCES)
    if source is not None:
        config = read_config(path) if path else None
        if stated == "page" and config is None:
            raise UsageError(
                source, "the format page needs a configuration that describes the page",
                todo="Name one with -c FILE; page: stands under list:.",
            )  # fmt: skip
        if config and config.list.format == "page":
            stated = stated or "page"  # a page looks like no list, so that none could be guessed
        listing = _read(form, lambda: read_source(source, stated, config))
        if isinstance(listing, Exit):
            return int(listing)
        if config:
            _print(listing, config.list.shoreline, config.list.widen, form)
        else:
            _print(listing, (), "none", form)
        return 0
    with job(path or Path("cloudsync.yaml")) as each:
        config = each.config
        kind = stated or config.list.format
        listing = _read(form, lambda: read_source(config.source, kind, config))
        if isinstance(listing, Exit):
            return int(listing)
        stored = records.load(each.store, records.LIST_KEY, records.LIST)
        vetted = vet(Read(listing), stored.value if stored else None, Rules.of(config), each.now())
    known = None
    if stored:
        known = Listed.of(
            stored.value, config.list.shoreline, config.list.widen, removals_of(config)
        )
    _print(listing, config.list.shoreline, config.list.widen, form, known)
    if vetted.held:
        tell(held(listing.source, vetted.held, first=vetted.in_force is None))
        # That a first list waits for a person is no fault of the list: whoever looks has it.
        if {reason.code for reason in vetted.held.reasons} != {"first"}:
            return int(Exit.HELD)
    return 0


def accept(path: Path, by: str, *, yes: bool) -> int:
    """``cloudsync list accept``."""
    with job(path) as each:
        listing = read_source(each.config.source, each.config.list.format, each.config)
        known = list_in_force(each)
        in_force = known or _recovered(each)
        rules = Rules.of(each.config)
        vetted = vet(Read(listing), in_force, rules, each.now())
        if vetted.held and vetted.held.verdict == "refuse":
            tell(held(listing.source, vetted.held, first=in_force is None))
            return int(Exit.HELD)
        if not yes:
            _ask(listing, vetted.held, each.config.list.shoreline, each.config.list.widen)
        who = by or os.environ.get("USER") or "list accept"
        new = accepted(listing, in_force, rules, each.now(), who)
        remember_list(each, new, known)
        docket.forget_lists(each)
    number, gone = len(new.entries), len(new.leaving)
    leaving = f"; {gone} {'is' if gone == 1 else 'are'} leaving and still wanted" if gone else ""
    put(
        f"{clean(listing.source)}: {_entries(number)} {'is' if number == 1 else 'are'} in force, "
        f"accepted by {clean(who)}{leaving}.\n"
        f"{listing.digest}",
        None,
    )
    for one in _wanted_again(in_force, new):
        tell(f"{one.network}: {one.by} took it off ({clean(one.reason)}), and it is wanted again.")
    return 0


def _wanted_again(before: InForce | None, after: InForce) -> list[Withdrawn]:
    wanted = {entry.network for entry in after.wanted}
    return [one for one in (before.withdrawn if before else ()) if one.network in wanted]


def _recovered(each: Job) -> InForce | None:
    """The list in force as our own rules in the clouds tell it, where the state knows none."""
    try:
        return recover(each)
    except CloudsyncError as error:
        tell(f"{error} So own rules that stand there already were not looked for.")
        return None


def _read(form: str, read: Callable[[], Listing]) -> Listing | Exit:
    """The listing, or the exit code of its refusal, which has been said in the form asked for."""
    try:
        return read()
    except SourceRefused as refused:
        tell(str(refused))
        if form == "json":
            put(
                as_json(
                    {
                        "schema": "cloudsync.refusal/1",
                        "code": refused.code,
                        "message": str(refused),
                        "line": refused.line,
                    }
                ),
                None,
            )
        return refused.exit_code


def _print(
    listing: Listing,
    shoreline: Collection[str],
    widen: Widen,
    form: str,
    known: Listed | None = None,
) -> None:
    """Print the list on offer, and what is remembered of the one in force, ``known``."""
    networks = [str(network) for network in applied(listing.entries, shoreline, widen)]
    for warning in listing.warnings:
        tell(f"{listing.source}: {warning}")
    tell_of_groups(listing.source, absent(listing.entries, shoreline))
    if form == "json":
        put(as_json(_document(listing, networks, known)), None)
    elif form == "csv":
        put(_rows(listing), None)
    else:
        text = _text(listing, networks, shoreline, widen)
        more = [out for line in (remembered(known) if known else ()) for out in wrapped(line)]
        put("\n".join([text, *([""] if more else []), *more]), None)


def _document(listing: Listing, networks: list[str], known: Listed | None) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(("going", "ahead", "withdrawn"))
    return {
        "schema": "cloudsync.list/1",
        "source": listing.source,
        "format": listing.format,
        "digest": listing.digest,
        "published": listing.published.isoformat() if listing.published else None,
        "minimum": listing.minimum,
        "entries": [
            {
                "network": str(entry.network),
                "name": entry.name,
                "group": entry.group,
                "line": entry.line,
            }
            for entry in listing.entries
        ],
        "networks": networks,
        "warnings": list(listing.warnings),
        **(memory(known) if known else nothing),
    }


def _rows(listing: Listing) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["network", "name", "group", "line"])
    for entry in listing.entries:
        writer.writerow([str(entry.network), _cell(entry.name or ""), entry.group, entry.line])
    return out.getvalue()


def _cell(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _text(listing: Listing, networks: list[str], shoreline: Collection[str], widen: Widen) -> str:
    known = [f"{clean(listing.source)}, read as {listing.format}"]
    if listing.article is not None:
        known.append(f"article {listing.article}")
    if listing.published:
        known.append(f"published {listing.published}")
    if listing.review:
        known.append(f"reviewed by {listing.review.by} from {listing.review.url}")
    if listing.minimum is not None:
        known.append(f"at least {listing.minimum} promised")
    lines = [", ".join(known), listing.digest, ""]
    width = max((len(str(entry.network)) for entry in listing.entries), default=0)
    chosen = {BASE, *shoreline}
    for entry in listing.entries:
        group = "" if entry.group == BASE else f"  [{entry.group}]"
        unused = "" if entry.group in chosen else " not chosen"
        row = f"  {entry.network!s:<{width}}  {entry.name or ''}{group}{unused}"
        lines.append(row.rstrip())
    applying = f"{counted(len(networks), 'network')} {agreeing(len(networks), 'applies', 'apply')}"
    lines += ["", f"{_entries(len(listing.entries))}, {applying}."]
    if widen == "24":
        cost = cost_of_widening(listing.entries, shoreline)
        lines.append(f"widen: 24 lets in {counted(cost, 'address')} that nobody listed.")
    return "\n".join(lines)


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _ask(
    listing: Listing, judgement: Judgement | None, shoreline: Collection[str], widen: Widen
) -> None:
    """Show the list and why a person is asked, at a terminal.

    Without one nobody is asked: the command says by its name what is meant.

    Raises:
        UsageError: the answer is no.
    """
    if not at_terminal():
        return
    networks = [str(network) for network in applied(listing.entries, shoreline, widen)]
    tell_page(_text(listing, networks, shoreline, widen))
    for reason in judgement.reasons if judgement else ():
        tell(f"  {reason.message}")
    if not confirmed(f"Accept {_entries(len(listing.entries))}?"):
        raise UsageError("list accept", "the answer was no")
