"""One preflight: looks at the domains, remembers them, reads the evidence; it changes no cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import BinaryIO, Final

from cloudsync.addresses import INTERNAL, NOBODY, AddressSet
from cloudsync.allowlist import Entry
from cloudsync.config import Config, TargetSettings, active
from cloudsync.config.times import over
from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.preflight import arming, ledger, quiet
from cloudsync.preflight.ask import Servers, servers
from cloudsync.preflight.cut import Cut
from cloudsync.preflight.egress import connect
from cloudsync.preflight.judge import judge
from cloudsync.preflight.logs import LONGEST, Reader
from cloudsync.preflight.page import Block, Page
from cloudsync.preflight.quiet import Memory
from cloudsync.preflight.rights import granted
from cloudsync.preflight.rows import Row, compare
from cloudsync.preflight.verdict import Ground, Verdict
from cloudsync.remember import list_in_force
from cloudsync.wants import choice_of

OFTEN: Final = timedelta(hours=12)
"""So old may a look get before a worker looks again: two may fail before it no longer counts."""


@immutable
class Asked:
    """What a preflight is to look at: these domains (none: every target block's), logs, a host."""

    domains: tuple[str, ...] = ()
    evidence: tuple[Path, ...] = ()
    egress: str | None = None
    rows: bool = False
    permissions: bool = False


def look(job: Job, servers: Servers, asked: Asked = Asked()) -> Page:  # noqa: B008 - immutable
    """Look at everything once, and remember the domains.

    Raises:
        UsageError: there is nothing to look at, or the evidence can't be read.
        StateError: the state can't be used as it is.
    """
    domains = asked.domains or _domains(job.config)
    entries = _entries(job)
    cut = _read(asked.evidence, _kept(job, entries)) if asked.evidence else None
    if not domains and cut is None and not (asked.egress or asked.rows or asked.permissions):
        raise UsageError(
            str(job.config.file), "names no mail domain",
            todo="Say domains: on a target, or name one with --domain.",
        )  # fmt: skip
    known = dict(ledger.known(job.store).domains)
    verdicts = tuple(_verdict(job, servers, one, entries) for one in domains)
    now = job.now()
    looked = _remembered(job, known, verdicts, now)
    return Page(
        now, verdicts, {**known, **looked}, tuple(_blocks(job, set(domains))),
        tuple(_rows(job, servers, entries)) if asked.rows else (),
        cut, connect(asked.egress) if asked.egress else None,
        tuple(granted(job)) if asked.permissions else (),
    )  # fmt: skip


def look_again(job: Job, ask: Callable[[Iterable[str]], Servers] = servers) -> None:
    """Look at every target's domains once more, where the last look is old; for a worker.

    It looks in every mode, so that the week goes by before a target is set to enforce.

    A machine without a name server has looked at nothing: that is told of as a domain that nobody
    has seen clean.

    Raises:
        StateError: the state can't be used as it is.
    """
    known = ledger.known(job.store).domains
    now = job.now()
    due = [
        domain
        for domain in _domains(job.config)
        if domain not in known or not timedelta(0) <= now - known[domain].looked < OFTEN
    ]
    if not due:
        return
    try:
        asked = ask(job.config.preflight.nameservers)
    except UsageError:
        return
    entries = _entries(job)
    _remembered(job, known, tuple(_verdict(job, asked, one, entries) for one in due), job.now())


def _domains(config: Config) -> tuple[str, ...]:
    return tuple(dict.fromkeys(domain for one in config.targets for domain in one.domains))


def _remembered(
    job: Job, known: Mapping[str, Memory], verdicts: Iterable[Verdict], now: datetime
) -> dict[str, Memory]:
    """What is remembered of these domains after one more look at each."""
    looked = {
        one.domain: quiet.after(known.get(one.domain), one.state, one.ttl, now, one.against)
        for one in verdicts
    }
    if looked:
        ledger.keep_domains(job.store, looked)
    return looked


def _entries(job: Job) -> tuple[Entry, ...]:
    in_force = list_in_force(job)
    return in_force.wanted if in_force else ()


def _verdict(job: Job, servers: Servers, domain: str, entries: tuple[Entry, ...]) -> Verdict:
    serving = [one for one in job.config.targets if domain in one.domains] or [*job.config.targets]
    chosen = {group for one in serving for group in choice_of(job.config, one).shoreline}
    groups = {one.group for one in entries if one.group.startswith("EXG")} - chosen
    ground = Ground(
        job.config.preflight.filter_suffixes,
        frozenset(address for one in serving for address in one.own_addresses),
        AddressSet.of(*(one.network for one in entries)),
        tuple(sorted(groups)),
    )
    return judge(servers.look(domain), ground)


def _kept(job: Job, entries: tuple[Entry, ...]) -> AddressSet:
    """Who isn't cut at any of the targets: the list, active exceptions, internal space if kept."""
    kept: list[AddressSet] = []
    for one in job.config.targets:
        also = [item.network for item in one.also_allow if item.network and active(item, job.now())]
        listed = choice_of(job.config, one).of(entries)
        inside = NOBODY if one.internal == "close" else INTERNAL
        kept.append(AddressSet.of(*listed, *also) | inside)
    if not kept:
        return NOBODY
    return reduce(AddressSet.__and__, kept)


def _blocks(job: Job, looked: set[str]) -> Iterator[Block]:
    known = ledger.known(job.store)
    now = job.now()
    for one in job.config.targets:
        if not one.domains or not looked & set(one.domains):
            continue
        held = [] if _accepted(one, job) else [*arming.waits(one, known, now)]
        if one.path is None:
            held.append("path: isn't said: how does mail come here?")
        elif one.path == "proxied":
            held.append("path: proxied: what stands in front replaces the sender's address")
        yield Block(one.where, one.mode, one.path, one.domains, tuple(held))


def _accepted(target: TargetSettings, job: Job) -> bool:
    risk = target.accept_risk
    return risk is not None and not over(risk.until, job.now())


def _rows(job: Job, servers: Servers, entries: Iterable[Entry]) -> Iterator[Row]:
    for one in entries:
        if one.network.num_addresses != 1:
            continue
        address = one.network.network_address
        host = one.name if one.name and "." in one.name and " " not in one.name else None
        yield compare(
            address, one.name, servers.reverse(address), servers.name(host) if host else None,
            job.config.preflight.filter_suffixes,
        )  # fmt: skip


def _read(files: Iterable[Path], kept: AddressSet) -> Cut:
    """The tally over all files, line by line.

    Raises:
        UsageError: one can't be read.
    """
    cut = Cut(kept)
    for file in files:
        reader = Reader()
        try:
            with file.open("rb") as log:
                for line in _lines(log):
                    cut.read += 1
                    for one in reader.deliveries(line):
                        cut.count(one)
        except OSError as error:
            raise UsageError(
                str(file), f"can't be read: {error.strerror or error}",
                todo="Name a file that is there, as somebody who may read it.",
            ) from error  # fmt: skip
    return cut


def _lines(log: BinaryIO) -> Iterator[str]:
    """The lines as text; one that is too long to hold comes in pieces, parted at a quotation mark.

    A flow log of Azure is one line of any length, its tuples quoted.
    """
    rest = b""
    while piece := log.readline(LONGEST):
        whole = rest + piece
        cut = len(whole) if piece.endswith(b"\n") else whole.rfind(b'"') + 1 or len(whole)
        rest = whole[cut:]
        yield whole[:cut].decode("utf-8", "replace")
    if rest:
        yield rest.decode("utf-8", "replace")
