"""The command that begins: it finds what is reachable, and writes a configuration that only watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from cloudsync.allowlist import InForce, applied
from cloudsync.cli.job import block_of
from cloudsync.cli.streams import put, tell
from cloudsync.config import TargetSettings, read
from cloudsync.errors import Exit, UsageError
from cloudsync.model import Mode, Wanted
from cloudsync.plan import Plan, TargetPlan, make
from cloudsync.plural import counted
from cloudsync.provider import Provider, Scope, Snapshot, Unreadable
from cloudsync.registry import find
from cloudsync.report import Listed, text
from cloudsync.report.words import size
from cloudsync.source.bundled import LISTING

PORT = 25


def begin(
    path: Path, provider: str, name: str, regions: list[str], endpoint: str | None, *, force: bool
) -> int:
    """``cloudsync init``."""
    if path.exists() and not force:
        raise UsageError(
            str(path), "there is a configuration already",
            todo="Name another file with -c FILE, or say --force to overwrite it.",
        )  # fmt: skip
    made = find(provider)()
    wanted = Wanted(name, Mode.WATCH, applied(LISTING.entries))
    plans: list[TargetPlan] = []
    unread: list[Unreadable] = []
    found: list[tuple[Scope, list[TargetPlan]]] = []
    for scope in made.scopes(_everything(made, regions, endpoint)):
        if isinstance(scope, Unreadable):
            unread.append(scope)
            continue
        here: list[TargetPlan] = []
        for seen in made.observe(scope):
            if isinstance(seen, Unreadable):
                unread.append(seen)
                continue
            here += _reachable(made.rules, seen, wanted)
        found.append((scope, sorted(here, key=lambda plan: plan.target)))
        plans += here
    for one in unread:
        tell(f"{one.scope}: {one.reason}. It was not looked at. {one.todo}".rstrip())
    if not plans:
        raise UsageError(
            f"provider {provider}",
            f"nothing that can be read lets anybody reach port {PORT}",
            todo="Give credentials that may look at the mail servers' account, or --region.",
        )
    listing = InForce(LISTING.source, LISTING.format, LISTING.entries, published=LISTING.published)
    plan = Plan(listing.digest, tuple(sorted(plans, key=lambda one: one.target)))
    body = "\n".join(_file(name, provider, endpoint, found))
    read(body, path, providers=block_of)  # what is written can be read, or isn't written
    put(body, path)
    put(text(plan, Listed.of(listing)), None)
    tell(
        f"{path}: {counted(len(plans), 'target')} in watch. Nothing else was changed. "
        f"Look it over, then run cloudsync plan -c {path}."
    )
    return int(Exit.FAILED if unread else Exit.DONE)


def _everything(made: Provider, regions: list[str], endpoint: str | None) -> Any:
    """A target block that selects everything.

    Raises:
        UsageError: an option is no region, or no endpoint.
    """
    try:
        return made.survey(regions, endpoint)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        said = wrong.get("ctx", {})
        option = {"regions": "--region", "endpoint": "--endpoint"}.get(str(wrong["loc"][0]), "init")
        what, todo = said.get("what", wrong["msg"]), said.get("todo", "See cloudsync init --help.")
        raise UsageError(option, what, todo=todo) from error


def _reachable(rules: object, seen: Snapshot, wanted: Wanted) -> Iterator[TargetPlan]:
    """The targets that somebody can reach at the port, by address or as an outside name.

    A group that only lets in its own members, as every default group does, guards no mail server.
    """
    for plan in make(rules, seen, dict.fromkeys(seen.targets, wanted), "none"):  # type: ignore[arg-type]
        exposure = plan.before.exposures[PORT] if plan.before else None
        if exposure and (exposure.possible or any(name.outside for name in exposure.names)):
            yield plan


def _file(
    name: str,
    provider: str,
    endpoint: str | None,
    found: Iterable[tuple[Scope, list[TargetPlan]]],
) -> Iterator[str]:
    yield "# Written by cloudsync init: what can be reached at port 25 today, to be watched."
    yield "# Look at it again with cloudsync plan, which changes nothing."
    yield f"name: {name}  # stands in the mark of every rule of ours"
    yield ""
    yield "list:"
    yield f"  # The list of {LISTING.published}, good for looking. Before any mode but watch, name a"
    yield "  # source of your own (a file, an https URL) and accept it: cloudsync list accept."
    yield "  source: bundled"
    yield "  format: article39  # article39 | page | cidr"
    yield ""
    yield "removals: {reads: 2, apart: 6h, grace: 7d}  # what an entry goes through before it leaves"
    yield "state: sqlite:///cloudsync.db"
    yield "# preflight: {nameservers: [9.9.9.9, 1.1.1.1]}  # left out: the machine's own name servers"
    yield ""
    yield "targets:"
    for scope, plans in found:
        if not plans:
            continue
        yield f"  # {scope.name}"
        settings: TargetSettings = scope.settings
        for lines in settings.written(scope.name, {plan.target: _said(plan) for plan in plans}):
            yield f"  - provider: {provider}"
            if endpoint:
                yield f"    endpoint: {endpoint}"
            yield from lines
            yield "    mode: watch  # watch looks; add lets the list in; enforce closes the rest too"
            yield from _FOR_ENFORCE
    yield ""


# Each is a line that needs its # taken away and its value put right, and no more.
_FOR_ENFORCE: Final = (
    "    # What mode: enforce asks for. Name the domains now: preflight closes nothing before they",
    "    # have been clean for a week, and that week goes by while the target is watched.",
    "    # domains: [example.com]  # whose mail these servers take",
    "    # own_addresses: [203.0.113.25]  # where the internet reaches them",
    "    # path: direct  # direct | preserved | proxied: what stands in front of them",
    "    # internal: keep  # keep | close: internal addresses that get in today",
)


def _said(plan: TargetPlan) -> str:
    exposure = plan.before.exposures[PORT] if plan.before else None
    if exposure is None:
        return str(plan.verdict)
    who = size(exposure.possible.count()) if exposure.possible else "outside names only"
    return f"{plan.verdict}: {who}"
