"""What a person orders by name: pause, allow, undo, relax; here is what each of them means.

``undo`` and ``relax`` let in whom nobody wants; they go through the same proof as everything else,
which then asks all but that. The shell asks the person; ``prepared`` carries it out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cloudsync.addresses import Network
from cloudsync.blocks import locate
from cloudsync.errors import UsageError
from cloudsync.history.past import note_said
from cloudsync.job import Job
from cloudsync.prepared import Person, Prepared, prepare
from cloudsync.provider import Order
from cloudsync.remember import keep_standing, standing_orders, taken_by
from cloudsync.standing import ALL, LONGEST, Allowed, Pause, Standing


def ending(job: Job, length: timedelta) -> datetime:
    """When what is ordered now for ``length`` ends.

    Raises:
        UsageError: it is nothing, or longer than an order may stand.
    """
    if not timedelta(0) < length <= LONGEST:
        raise UsageError(
            "--for", f"an order stands for more than nothing and at most {LONGEST.days} days",
            todo="Say --for 4h. What is needed for longer belongs in the configuration.",
        )  # fmt: skip
    return job.now() + length


def pause(job: Job, target: str, until: datetime, person: Person) -> None:
    """Have nothing changed at ``target``, or at ``all``, until then.

    Raises:
        UsageError: no target block selects it.
        StateError: it can't be written down.
    """
    if target != ALL:
        locate(job, target)
    new = Pause(target, until, person.by, person.reason, job.now())
    keep_standing(job, lambda standing: _paused(standing, target, new))
    note_said(job, "pause", target, person.by, person.reason, until)


def resume(job: Job, target: str) -> None:
    """End a pause before its time.

    Raises:
        UsageError: there is none of ``target``.
    """
    if all(one.target != target for one in standing_orders(job).pauses):
        raise UsageError(target, "no pause stands here", todo="See cloudsync drift.")
    keep_standing(job, lambda standing: _paused(standing, target, None))
    note_said(job, "end of a pause", target)


def _paused(standing: Standing, target: str, new: Pause | None) -> Standing:
    others = tuple(one for one in standing.pauses if one.target != target)
    return replace(standing, pauses=(*others, new) if new else others)


def allow(job: Job, network: Network, target: str, until: datetime, person: Person) -> Prepared:
    """Plan to let ``network`` in at ``target`` until then; a pause doesn't stand in the way.

    Raises:
        UsageError: no target block selects it, it is only watched, or there is no list in force.
    """
    new = Allowed(target, network, until, person.by, person.reason, job.now())
    found = locate(job, target)
    if found.settings.mode == "watch":
        raise UsageError(
            target, "it is in watch, where nothing is changed",
            todo="Set mode: add, or let the network in by hand.",
        )  # fmt: skip
    return prepare(
        job,
        "allow",
        {target: None},
        {target: found},
        lambda standing: _allowing(standing, new),
        person,
    )


def _allowing(standing: Standing, new: Allowed) -> Standing:
    same = (new.target, new.network)
    others = tuple(one for one in standing.allowed if (one.target, one.network) != same)
    return replace(standing, allowed=(*others, new))


def disallow(job: Job, network: Network, target: str) -> None:
    """End what was allowed before its time; the next run takes the rule away.

    Raises:
        UsageError: it isn't allowed there.
    """
    if all((one.target, one.network) != (target, network) for one in standing_orders(job).allowed):
        raise UsageError(
            target, f"{network} was not allowed here by an order", todo="See cloudsync drift."
        )
    keep_standing(
        job,
        lambda standing: replace(
            standing,
            allowed=tuple(
                one for one in standing.allowed if (one.target, one.network) != (target, network)
            ),
        ),
    )
    note_said(job, f"{network} is no longer allowed", target)


def undo(job: Job, run: str, target: str | None, until: datetime, person: Person) -> Prepared:
    """Plan to open again what ``run`` closed, at one target or at all of its, and to pause these.

    Raises:
        UsageError: the run closed nothing there.
    """
    taken = taken_by(job, run)
    if target is not None:
        taken = {name: one for name, one in taken.items() if name == target}
    if not taken:
        where = f"at {target} " if target else ""
        raise UsageError(
            run, f"no run of this name closed anything {where}that could be opened again",
            todo="Take the name from the report of the run.",
        )  # fmt: skip
    orders = {name: Order("undo", one.records) for name, one in taken.items()}
    now = job.now()

    def paused(standing: Standing) -> Standing:
        for name in orders:
            standing = _paused(standing, name, Pause(name, until, person.by, person.reason, now))
        return standing

    located = {name: locate(job, name) for name in orders}
    return prepare(job, f"undo {run}", orders, located, paused, person)


def relax(job: Job, target: str) -> Prepared:
    """Plan to take own denies away at ``target``, and so to open what stands behind them.

    Raises:
        UsageError: the target is in enforce, where the next run would put them back.
    """
    found = locate(job, target)
    if found.settings.mode == "enforce" and not standing_orders(job).pause(target):
        raise UsageError(
            target, "it is in enforce, so the next run would close it again",
            todo=f"Set another mode, or first say cloudsync pause {target} --for 4h --reason TEXT.",
        )  # fmt: skip
    return prepare(
        job, "relax", {target: Order("relax")}, {target: found}, lambda standing: standing
    )
