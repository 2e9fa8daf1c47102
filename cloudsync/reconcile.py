"""One run: fetch → vet → observe → plan → prove → apply → verify → report; it prints nothing.

``look`` goes as far as the proved plan and changes nothing. ``reconcile`` goes on to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cloudsync import engine, records
from cloudsync.addresses import Network
from cloudsync.allowlist import Entry, InForce
from cloudsync.config import Config, TargetSettings, demands
from cloudsync.config.problems import ConfigError
from cloudsync.engine import Pace
from cloudsync.errors import SourceRefused, UsageError
from cloudsync.leaving import OWN_RULES, recovered
from cloudsync.model import Mode, Note, Purpose, Verdict, Wanted
from cloudsync.plan import Plan, TargetPlan, make
from cloudsync.provider import Outcome, Provider, Scope, Step, Unreadable
from cloudsync.report import Listed, RunReport
from cloudsync.source import bundled
from cloudsync.state import Store
from cloudsync.vet import Read, Rules, Vetted, vet
from cloudsync.wants import wanted_of


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _keep_nothing(_config: Config, _store: Store, _digest: str, _validators: Any) -> None:
    """Remember nothing of the source."""


@dataclass(frozen=True)
class Job:
    """Everything a run needs: what to keep right, with whom, where the state is, and the time.

    ``read`` reads the source; it is given the list in force. ``providers`` makes each provider
    once, when a target first needs it; ``keep`` remembers what the server called the body.
    """

    config: Config
    store: Store
    provider: Callable[[str], Provider]
    read: Callable[[Config, InForce | None], Read]
    keep: Callable[[Config, Store, str, Any], None] = _keep_nothing
    now: Callable[[], datetime] = _utc_now
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True)
class Look:
    """What one look found: the list, the proved plan, and in which scope each target is."""

    vetted: Vetted
    plan: Plan
    listed: Listed
    read: Read
    wanted: Mapping[str, Wanted] = field(default_factory=dict[str, Wanted])
    scopes: Mapping[str, tuple[Provider, Scope]] = field(
        default_factory=dict[str, tuple[Provider, Scope]]
    )


def reconcile(job: Job, looked: Look | None = None) -> RunReport:
    """Make every target right, as far as its mode goes, and say what is so afterwards.

    ``looked`` is a look that a person said yes to; what is done is never more than its plan.

    Raises:
        CloudsyncError: nothing could be planned; nothing was changed.
    """
    found = looked or look(job)
    if found.vetted.in_force is None:
        return RunReport(found.plan, (), found.plan)
    remember_list(job, found.vetted.in_force)
    if found.read.validators and not found.vetted.held:
        job.keep(job.config, job.store, found.vetted.in_force.digest, found.read.validators)
    outcomes, now = _applied(job, found)
    report = RunReport(found.plan, outcomes, Plan(found.plan.list_digest, now))
    remember_targets(job, report.now)
    return report


def look(job: Job) -> Look:
    """Fetch, vet, observe, plan and prove; change nothing.

    Raises:
        UsageError: the configuration asks for what can't be done, or no target matched.
        SourceRefused: there is no list: the source was refused, and none is in force.
    """
    now = job.now()
    _check(job, now)
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    in_force = stored.value if stored else None
    read = job.read(job.config, in_force)
    places = _places(job)
    if in_force is None:
        in_force = _recovered(job.config.name, places)
    approved = _approved(job.store)
    vetted = vet(read, in_force, Rules.of(job.config), now, approved)
    listing = vetted.in_force or _provisional(vetted)
    listed = Listed.of(listing, job.config.list.shoreline, job.config.list.widen)
    # What own rules tell after the state was lost may be less than was in force. While the list on
    # offer waits for a person, nothing is closed by it: it could be a sender that is cut off.
    unsure = vetted.held is not None and listing.source == OWN_RULES
    plans, wanted, scopes = _planned(
        job, places, listing.wanted, _digest(listing), now, unsure=unsure
    )
    if vetted.held:
        plans = [replace(plan, notes=_held(plan)) for plan in plans]
    plans.sort(key=lambda plan: plan.target)
    return Look(vetted, Plan(_digest(listing), tuple(plans)), listed, read, wanted, scopes)


def _check(job: Job, now: datetime) -> None:
    """What must hold before the first call to any cloud."""
    problems: list[UsageError] = []
    for target in job.config.targets:
        problems += demands(target, now)
        if job.config.list.source != bundled.SOURCE or target.mode == "watch":
            continue
        if not job.provider(target.provider).on_loopback(target):
            problems.append(
                UsageError(
                    target.at("mode"),
                    f"mode: {target.mode} would change a real cloud by the bundled list, which "
                    f"carries the facts of {bundled.LISTING.published}",
                    todo="Name a source of your own under list:, or set mode: watch.",
                )
            )
    if problems:
        raise ConfigError(str(job.config.file), tuple(problems))


def _provisional(vetted: Vetted) -> InForce:
    """The list on offer as if it were in force, to show what it would mean; never to apply it."""
    if vetted.offer is None:
        if vetted.refused is None:
            raise SourceRefused("list", "E_NO_LIST", "there is no list, on offer or in force")
        raise vetted.refused
    offer = vetted.offer
    return InForce(offer.source, offer.format, offer.entries, published=offer.published)


def _held(plan: TargetPlan) -> tuple[Note, ...]:
    return tuple(note for note in Note if note is Note.HELD or note in plan.notes)


def _digest(listing: InForce) -> str:
    """Of what is wanted, leaving entries included: that is what a plan rests on."""
    return replace(listing, entries=listing.wanted, leaving=()).digest


def _approved(store: Store) -> Collection[str]:
    keys = store.keys(records.approval_key(""))
    return {key.removeprefix(records.approval_key("")) for key in keys}


# ------------------------------------------------------------------------------- observe


@dataclass(frozen=True)
class _Place:
    """One target block: its provider, its scopes, and those that couldn't even be named."""

    settings: TargetSettings
    provider: Provider
    scopes: tuple[Scope, ...]
    unreadable: tuple[Unreadable, ...]


def _places(job: Job) -> list[_Place]:
    found: list[_Place] = []
    for target in job.config.targets:
        provider = job.provider(target.provider)
        each = list(provider.scopes(target))
        found.append(
            _Place(
                target,
                provider,
                tuple(one for one in each if isinstance(one, Scope)),
                tuple(one for one in each if isinstance(one, Unreadable)),
            )
        )
    return found


def recover(job: Job) -> InForce | None:
    """The list in force as our own rules in the clouds tell it, or None.

    Raises:
        CloudsyncError: the clouds can't be asked.
    """
    return _recovered(job.config.name, _places(job))


def _recovered(installation: str, places: Iterable[_Place]) -> InForce | None:
    """The list that own rules of purpose ``list`` hold, where every scope could be read.

    What stands where nobody could look would be taken for gone, without its grace: so with one
    scope unread there is no list in force, and a person accepts one.
    """
    networks: list[Network] = []
    for place in places:
        if place.unreadable:
            return None
        for scope in place.scopes:
            for seen in place.provider.observe(scope):
                if isinstance(seen, Unreadable):
                    return None
                own = place.provider.rules.own(seen, installation, place.settings.ports)
                for sources in own.values():
                    if Purpose.LIST in sources:
                        networks += sources[Purpose.LIST].addresses.networks()
    return recovered(networks)


def _planned(
    job: Job,
    places: Iterable[_Place],
    entries: Iterable[Entry],
    digest: str,
    now: datetime,
    *,
    unsure: bool,
) -> tuple[list[TargetPlan], dict[str, Wanted], dict[str, tuple[Provider, Scope]]]:
    """The plan of every target, page by page: no snapshot outlives its page."""
    plans: list[TargetPlan] = []
    wanted: dict[str, Wanted] = {}
    scopes: dict[str, tuple[Provider, Scope]] = {}
    entries = tuple(entries)
    known = _seen(job)
    for place in places:
        want = wanted_of(job.config, place.settings, entries, now)
        if unsure and want.mode is Mode.ENFORCE:
            want = replace(want, mode=Mode.ADD)
        before = len(plans)
        blind = [_unread(one, want.mode, digest) for one in place.unreadable]
        for scope in place.scopes:
            for seen in place.provider.observe(scope):
                if isinstance(seen, Unreadable):
                    blind += _unreadable(seen, known, want.mode, digest, scopes)
                    continue
                for target in seen.targets:
                    if target in scopes:
                        raise UsageError(
                            place.settings.where,
                            f"{target} is a target of an earlier block too",
                            todo="Select it in one block only.",
                        )
                    wanted[target], scopes[target] = want, (place.provider, scope)
                plans += make(place.provider.rules, seen, wanted, digest)
        plans += blind
        plans += _absent(place, scopes, known, blind, want.mode, digest)
        if len(plans) == before:
            raise UsageError(
                place.settings.at("select"),
                "no target matched, in "
                + (", ".join(scope.name for scope in place.scopes) or "no scope"),
                todo="Tag the groups that guard mail servers, or name them by ids.",
            )
    plans += _gone(places, known, {*scopes, *(plan.target for plan in plans)}, digest)
    return plans, wanted, scopes


def _seen(job: Job) -> Mapping[str, records.Seen]:
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    return stored.value if stored else {}


def _unread(found: Unreadable, mode: Mode, digest: str, target: str = "") -> TargetPlan:
    reason = f"{found.reason}. {found.todo}".rstrip()
    return TargetPlan(target or found.scope, mode, digest, reason=reason)


def _unreadable(
    found: Unreadable,
    known: Mapping[str, records.Seen],
    mode: Mode,
    digest: str,
    read: Collection[str],
) -> Iterator[TargetPlan]:
    """The scope itself, and each target that was there last time and wasn't reached."""
    yield _unread(found, mode, digest)
    for target in known:
        if target.startswith(f"{found.scope}/") and target not in read:
            yield _unread(found, mode, digest, target)


def _gone(
    places: Iterable[_Place],
    known: Mapping[str, records.Seen],
    told: Collection[str],
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that were there last time and weren't found, in scopes that were read whole."""
    for place in places:
        ids = _ids(place)
        for scope in place.scopes:
            if scope.name in told:
                continue  # it couldn't be read, and that has been said
            for target in known:
                where, _, name = target.rpartition("/")
                if where == scope.name and target not in told and (not ids or name in ids):
                    told = {*told, target}
                    yield TargetPlan(
                        target, Mode(place.settings.mode), digest, absent=Verdict.GONE,
                        reason=f"it was there on {known[target].seen_at:%Y-%m-%d %H:%M} UTC and "
                        f"isn't now; if that is right, say cloudsync forget {target}",
                    )  # fmt: skip


def _ids(place: _Place) -> tuple[str, ...]:
    """The targets that a block names, where it names them."""
    return tuple(getattr(getattr(place.settings, "select", None), "ids", None) or ())


def _absent(
    place: _Place,
    read: Collection[str],
    known: Collection[str],
    blind: Collection[TargetPlan],
    mode: Mode,
    digest: str,
) -> Iterator[TargetPlan]:
    """Targets that a block names and that nobody has ever seen.

    Where none of the named ones is there, the block matched nothing: an error in use.
    """
    here = {target.rpartition("/")[2] for target in (*read, *known)}
    ids = _ids(place)
    if blind or not any(one in here for one in ids):
        return
    where = ", ".join(scope.name for scope in place.scopes)
    for missing in ids:
        if missing not in here:
            yield TargetPlan(
                f"{place.scopes[0].name}/{missing}", mode, digest, absent=Verdict.GONE,
                reason=f"it is named in the configuration and isn't in {where}",
            )  # fmt: skip


# ------------------------------------------------------------------------- apply and verify


def _applied(
    job: Job, found: Look
) -> tuple[tuple[tuple[Step, Outcome], ...], tuple[TargetPlan, ...]]:
    """Carry out the plan scope by scope; the plans afterwards are what was verified."""
    outcomes: list[tuple[Step, Outcome]] = []
    now: list[TargetPlan] = []
    # One scope object a target block: two blocks in one region are two scopes here.
    blocks: dict[int, list[TargetPlan]] = {}
    for plan in found.plan.targets:
        if plan.steps and plan.mode is not Mode.WATCH and plan.target in found.scopes:
            blocks.setdefault(id(found.scopes[plan.target][1]), []).append(plan)
        else:
            now.append(plan)
    for block in blocks.values():
        provider, scope = found.scopes[block[0].target]
        done = engine.apply(provider, scope, block, found.wanted, job.pace)
        outcomes += done.outcomes
        now += [_verified(plan, done, found.vetted.held is not None) for plan in block]
    return tuple(outcomes), tuple(sorted(now, key=lambda plan: plan.target))


def _verified(plan: TargetPlan, done: engine.Applied, held: bool) -> TargetPlan:  # noqa: FBT001
    after = done.after.get(plan.target)
    if after is None:
        if done.unreadable:
            return _unread(done.unreadable, plan.mode, plan.list_digest, plan.target)
        return TargetPlan(
            plan.target, plan.mode, plan.list_digest, absent=Verdict.GONE,
            reason="it was there when the run began and isn't now",
        )  # fmt: skip
    return replace(after, notes=_held(after)) if held else after


def remember_list(job: Job, in_force: InForce) -> None:
    """Keep the list in force, where it isn't what is kept already.

    Raises:
        StateError: the state can't be written, or another run wrote it meanwhile.
    """
    stored = records.load(job.store, records.LIST_KEY, records.LIST)
    if stored is None or stored.value != in_force:
        generation = stored.generation if stored else None
        records.save(job.store, records.LIST_KEY, records.LIST, in_force, generation)


def remember_targets(job: Job, plan: Plan) -> None:
    """Keep which targets were there, so that one that vanishes is missed."""
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    seen = dict(stored.value) if stored else {}
    for target in plan.targets:
        if target.before:
            seen[target.target] = records.Seen(job.now(), str(target.verdict))
    generation = stored.generation if stored else None
    records.save(job.store, records.SEEN_KEY, records.SEEN, seen, generation)


def forget(job: Job, target: str) -> None:
    """Miss ``target`` no more: it is gone, and that is right.

    Raises:
        UsageError: nobody remembers it.
    """
    stored = records.load(job.store, records.SEEN_KEY, records.SEEN)
    if stored is None or target not in stored.value:
        raise UsageError(target, "it isn't remembered", todo="Take a name from cloudsync drift.")
    left = {key: value for key, value in stored.value.items() if key != target}
    records.save(job.store, records.SEEN_KEY, records.SEEN, left, stored.generation)
