"""What preflight found, as text and as data (``cloudsync.preflight/1``); it finds nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync.plural import agreeing, counted
from cloudsync.preflight.arming import wait_of
from cloudsync.preflight.cut import Cut
from cloudsync.preflight.quiet import Memory
from cloudsync.preflight.rows import Row
from cloudsync.preflight.seen import Egress
from cloudsync.preflight.verdict import Finding, Verdict, Weight
from cloudsync.report.words import clean
from cloudsync.tells import Permission

SCHEMA: Final = "cloudsync.preflight/1"


@immutable
class Block:
    """One target block: how mail comes to it, and why enforce would be held there; empty if not."""

    where: str
    mode: str
    path: str | None
    domains: tuple[str, ...]
    held: tuple[str, ...] = ()


@immutable
class Granted:
    """What one target block's changes need, asked at ``asked`` of ``there`` targets."""

    where: str
    mode: str
    asked: int
    there: int
    permissions: tuple[Permission, ...]

    @property
    def lacking(self) -> tuple[Permission, ...]:
        """What is denied, or nobody says."""
        return tuple(one for one in self.permissions if not one.held)

    @property
    def denied(self) -> bool:
        """Whether something is denied that the block's mode needs."""
        return self.mode != "watch" and any(one.held is False for one in self.permissions)


@immutable
class Page:
    """Everything that one preflight found."""

    now: datetime
    verdicts: tuple[Verdict, ...]
    domains: dict[str, Memory]
    blocks: tuple[Block, ...] = ()
    rows: tuple[Row, ...] = ()
    cut: Cut | None = None
    egress: Egress | None = None
    granted: tuple[Granted, ...] = ()

    @property
    def held(self) -> bool:
        """Whether enforce would be held somewhere, or couldn't be carried out."""
        return any(
            (*(one.held for one in self.blocks), *(one.denied for one in self.granted))
        ) or any(wait_of(self.domains.get(one.domain), self.now) for one in self.verdicts)


def text(page: Page) -> str:
    """The page for a person."""
    return "\n".join(clean(line) for line in _lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    for verdict in page.verdicts:
        wait = wait_of(page.domains.get(verdict.domain), page.now)
        yield f"{verdict.domain}: {verdict.state}, {wait or 'passed'}"
        for one in verdict.findings:
            yield from _finding(one)
    for block in page.blocks:
        said = block.path or "not said"
        yield f"{block.where}: mode {block.mode}, path {said}"
        for why in block.held:
            yield f"  held      {why}"
        if not block.held:
            yield "  armed     enforce may close here"
    for asked in page.granted:
        yield from _granted(asked)
    if page.rows:
        yield "rows of the list, by DNS; evidence only, no row is added or dropped by it"
        for row in page.rows:
            names = f" ({', '.join(row.names)})" if row.names else ""
            yield f"  {row.standing:<12} {row.address} {row.name}{names}"
    if page.egress:
        out = page.egress
        yield f"outbound to {out.host} port {out.port}: {out.outcome} ({out.detail})"
    if page.cut:
        yield from _cut(page.cut)


def _finding(one: Finding) -> Iterator[str]:
    yield f"  {one.weight:<9} {one.code} {one.subject}: {one.what}"
    if one.todo and one.weight is not Weight.SKIP:
        yield f"            {one.todo}"


def _granted(one: Granted) -> Iterator[str]:
    held = len(one.permissions) - len(one.lacking)
    yield (
        f"{one.where}: mode {one.mode}, permissions asked for at {one.asked:,} of "
        f"{counted(one.there, 'target')}: {held:,} of {len(one.permissions):,} {agreeing(held, 'is', 'are')} there"
    )
    for lacks in one.lacking:
        word = "denied" if lacks.held is False else "unknown"
        yield f"  {word:<9} {lacks.where} {lacks.action}: {lacks.why}"


def _cut(cut: Cut) -> Iterator[str]:
    yield (
        f"evidence: lines read: {cut.read:,}; deliveries found: {cut.used:,}, of them "
        f"{cut.listed:,} from {counted(len(cut.senders), 'wanted address')}"
    )
    if cut.sources:
        yield "would be cut:"
    for one in cut.worst():
        last = f", last {one.last:%Y-%m-%d %H:%M}" if one.last else ""
        yield f"  {one.count:>8}  {one.address}{last}"
    if cut.more:
        yield f"  {cut.more:>8}  from sources that were too many to keep apart"


def document(page: Page) -> dict[str, Any]:
    """The page as data."""
    return {
        "schema": SCHEMA,
        "held": page.held,
        "domains": [
            {
                "domain": one.domain,
                "state": str(one.state),
                "waits": wait_of(page.domains.get(one.domain), page.now) or None,
                "findings": [
                    {
                        "code": found.code, "weight": str(found.weight), "subject": found.subject,
                        "what": found.what, "todo": found.todo,
                    }
                    for found in one.findings
                ],
            }
            for one in page.verdicts
        ],
        "blocks": [
            {
                "where": one.where, "mode": one.mode, "path": one.path,
                "domains": list(one.domains), "held": list(one.held),
            }
            for one in page.blocks
        ],
        "permissions": [
            {
                "where": one.where, "mode": one.mode, "asked": one.asked, "there": one.there,
                "lacking": [
                    {
                        "where": lacks.where, "action": lacks.action, "held": lacks.held,
                        "why": lacks.why,
                    }
                    for lacks in one.lacking
                ],
            }
            for one in page.granted
        ],
        "rows": [
            {
                "address": str(row.address), "name": row.name, "standing": row.standing,
                "names": list(row.names),
            }
            for row in page.rows
        ],
        "egress": None if page.egress is None else {
            "host": page.egress.host, "port": page.egress.port, "outcome": page.egress.outcome,
            "detail": page.egress.detail,
        },
        "evidence": _cut_document(page.cut),
    }  # fmt: skip


def _cut_document(cut: Cut | None) -> dict[str, Any] | None:
    if cut is None:
        return None
    return {
        "lines": cut.read,
        "deliveries": cut.used,
        "wanted": {"deliveries": cut.listed, "addresses": sorted(map(str, cut.senders))},
        "would_be_cut": [
            {
                "address": str(one.address), "count": one.count,
                "last": one.last.isoformat() if one.last else None,
            }
            for one in cut.worst(limit=None)
        ],
        "not_kept_apart": cut.more,
    }  # fmt: skip
