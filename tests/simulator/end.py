"""What must be so once nothing goes wrong any more and no call is left to make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from cloudsync.model import Note, Verdict
from cloudsync.plan import TargetPlan
from cloudsync.report import RunReport
from tests.oracle import packets
from tests.oracle.packets import (
    Meaning,
    Point,
    Row,
    World,
    deciding,
    gets_in,
    in_sight,
    inside,
    text,
)
from tests.oracle.promises import INTERNAL, Wish, might, misjudged, purpose, tried
from tests.simulator.cloud import Cloud
from tests.simulator.judge import points
from tests.simulator.pools import PORT

_HOMELESS = ("network is", "networks is", "networks are")
_TOLD = {Note.BLOCKED, Note.NO_ROOM, Note.FAILED}


def owed(
    cloud: Cloud, report: RunReport, wish: Wish, seen: Collection[str], counted: Counter[str]
) -> list[str]:
    """What the last run still owes: mail lost, a bypass, a word that isn't so.

    ``seen`` are the targets that the state knew before that run.
    """
    found: list[str] = []
    plans = {plan.target: plan for plan in report.now.targets}
    for target in cloud.targets:
        truth = cloud.truth(target)
        plan = plans.get(target)
        if truth is None:
            if (plan or target in seen) and (plan and plan.verdict) is not Verdict.GONE:
                found.append(f"{target} is gone, and the report says {plan and plan.verdict}")
            continue
        if plan is None or plan.before is None:
            found.append(f"{target} is there, and the report says {plan and plan.verdict}")
            continue
        counted["ends"] += 1
        counted[f"end {wish.mode}"] += 1
        beside = [one for one in plans.values() if cloud.together and one is not plan]
        found += [
            f"{target}: {one}" for one in _of_target(cloud, truth, plan, beside, wish, counted)
        ]
    return found


def _of_target(
    cloud: Cloud,
    truth: World,
    plan: TargetPlan,
    beside: Sequence[TargetPlan],
    wish: Wish,
    counted: Counter[str],
) -> Iterator[str]:
    assert plan.before is not None
    where = points([truth], wish)
    exposure = plan.before.exposures[PORT]
    yield from misjudged(
        # A reader that is off by one is seen only at the very edges.
        truth, PORT, in_sight([truth], wish.networks, wish.also, wish.probes), wish.meanings,
        lambda address: address in exposure.certain,
        lambda address: address in exposure.possible,
        [name.text for name in exposure.names],
    )  # fmt: skip
    asked = deciding(truth, PORT)
    missing = _missing(truth, asked, where, wish, tried(asked, wish.meanings))
    open_to = _open(asked, where, truth, wish)
    # Whether a rule for some machines lets in those that another one stops, the product can't see.
    known = [point for point in missing if not might(asked, point, tried(asked, wish.meanings))]
    yield from _verdict(plan, known, open_to)
    # Whoever gets in only because a name happens to stand for him isn't known to get in.
    unknown = _missing(truth, asked, where, wish, wish.meanings[:1])
    named = plan.before.differences[PORT].missing_names
    if plan.verdict is Verdict.MISSING and not (unknown or named):
        yield "the verdict is missing, and everybody gets in"
    if wish.mode == "watch":
        return
    stopped = Note.BLOCKED in plan.notes or any(map(_cannot_add, (plan, *beside)))
    # A list holds one family: whom no list of these groups takes the plan must name.
    homeless = {4, 6} - set(truth.families)
    for version in homeless:
        some = any(packets.span(one)[0] == version for one in (*wish.networks, *wish.also))
        if some and truth.machines and not (_says_homeless(plan, version) or stopped):
            yield f"no list takes IPv{version}, and nothing says so"
    missing = [point for point in missing if point[0] not in homeless]
    if stopped:
        counted["stopped"] += 1
    else:
        # Whatever can't be taken away or closed, what is wanted has been added by now.
        if missing and not (_said(plan, "ahead of the deny at") or _said(plan, "no rule refers")):
            yield f"{text(missing[0])} is wanted and doesn't get in, and nothing says why"
        wanted = (*wish.networks, *wish.also)
        bare = [
            point
            for point in where
            if inside(point, wanted) and point[0] not in homeless
            if not _stands(truth.rows, point, wish)
        ]
        if bare:
            yield f"{text(bare[0])} is wanted and stands in no rule of ours"
    # Whom no list takes stays out, and all else is done all the same.
    refused = plan.refusal is not None and not _of_homeless(plan.refusal.what, homeless)
    told = _TOLD & set(plan.notes) if refused else _TOLD & set(plan.notes) - {Note.FAILED}
    if told or refused or _opaque(plan):
        counted["explained"] += 1
        counted["refused"] += refused
        return
    # What stands in another list is a question to that one.
    mine = plan.target.rpartition("/")[2]
    for rule in sorted(truth.beyond):
        yield f"a rule of ours holds for machines that aren't guarded: {rule}"
    yield from _stale([row for row in truth.rows if row.get("entry", mine) == mine], where, wish)
    if wish.mode == "enforce":
        rows = [row for row in asked if not cloud.revokes or _revocable(row)]
        rows = [row for row in rows if row.get("entry", mine) == mine]
        still = _open(rows, where, truth, wish)
        if still:
            yield f"{text(still[0])} gets in after enforce"


def _cannot_add(plan: TargetPlan) -> bool:
    """Whether there is no room even for what `add` would do, for numbers or for rules."""
    reasons = (
        "own rules need", "the own rule for", "the quota is",
        # What stands in a list lets in nobody, or may not be touched.
        "is shared with", "is written by the VPC IP address manager",
    )  # fmt: skip
    full = plan.refusal is not None and "its quota FIREWALLS is" in plan.refusal.what
    return full or any(_said(plan, reason) for reason in reasons)


def _says_homeless(plan: TargetPlan, version: int) -> bool:
    """Whether the plan names the family of which no list takes anybody."""
    told = [remark.text for remark in plan.remarks]
    told += [plan.refusal.what] if plan.refusal else []
    return any(_of_homeless(one, (version,)) for one in told)


def _of_homeless(text: str, versions: Iterable[int]) -> bool:
    """Whether a text says that no list takes what is wanted of one of the families."""
    return any(f"wanted {word} IPv{one}" in text for one in versions for word in _HOMELESS)


def _said(plan: TargetPlan, words: str) -> bool:
    """Whether the plan tells a person so."""
    told = [remark.text for remark in plan.remarks]
    told += [plan.refusal.what] if plan.refusal else []
    return any(words in one for one in told)


def _verdict(plan: TargetPlan, missing: Sequence[Point], open_to: Sequence[Point]) -> Iterator[str]:
    if missing and plan.verdict is not Verdict.MISSING:
        yield f"{text(missing[0])} can't get in, and the verdict is {plan.verdict}"
    if open_to and plan.verdict not in {Verdict.MISSING, Verdict.OPEN}:
        yield f"{text(open_to[0])} gets in, and the verdict is {plan.verdict}"


def _missing(
    truth: World,
    asked: Sequence[Row],
    where: Sequence[Point],
    wish: Wish,
    meanings: Sequence[Meaning],
) -> list[Point]:
    """Wanted senders whom no machine lets in under any of the ``meanings`` of opaque names."""
    return [
        point
        for point in where
        if inside(point, (*wish.networks, *wish.also))
        and not any(
            gets_in(asked, point, machine, meaning)
            for machine in truth.machines
            for meaning in meanings
        )
    ]


def _open(asked: Sequence[Row], where: Sequence[Point], truth: World, wish: Wish) -> list[Point]:
    """Senders who get in by their address though nobody wants them."""
    nobody = wish.meanings[0]
    return [
        point
        for point in where
        if not inside(point, (*wish.networks, *wish.also, *wish.probes))
        and not (wish.internal == "keep" and inside(point, INTERNAL))
        and any(gets_in(asked, point, machine, nobody) for machine in truth.machines)
    ]


def _stands(rows: Sequence[Row], point: Point, wish: Wish) -> bool:
    """Whether a sender stands in a rule of ours, or in one that is the same but for its label."""
    alike = _alike(wish.networks, wish.also) if wish.revokes else frozenset[str]()
    return any(
        inside(point, row["sources"])
        for row in rows
        if row["allow"]
        and (
            (purpose(row, wish) and (not row["machines"] or row.get("entry")))
            or (
                (tuple(row["ports"]) == (PORT, PORT) or row.get("entry"))
                and row["protocol"] == "tcp"
                and len(row["sources"]) == 1
                and row["sources"][0] in alike
            )
        )
    )


@lru_cache(maxsize=1024)
def _alike(*lists: tuple[str, ...]) -> frozenset[str]:
    """The networks that are wanted, also as a list spells them that own rules have told."""
    every = [one for cidrs in lists for one in cidrs]
    four = collapse_addresses(IPv4Network(one) for one in every if ":" not in one)
    six = collapse_addresses(IPv6Network(one) for one in every if ":" in one)
    return frozenset((*every, *map(str, four), *map(str, six)))


def _stale(rows: Sequence[Row], where: Sequence[Point], wish: Wish) -> Iterator[str]:
    """Own rules of the list and of also_allow hold nobody who isn't wanted any more."""
    for row in rows:
        if purpose(row, wish) in {"list", "also"}:
            wanted = (*wish.networks, *wish.also)
            over = [p for p in where if inside(p, row["sources"]) and not inside(p, wanted)]
            # An entry can't get another purpose, so one that keeps internal senders in may stay.
            kept = row.get("entry") and all(map(wish.keeps, over))
            if over and row["sources"] and not kept:
                yield f"{text(over[0])} is no longer wanted and stands in {row['id']}"


def _revocable(row: Row) -> bool:
    return (
        row["protocol"] == "tcp"
        and tuple(row["ports"]) == (PORT, PORT)
        and not row["label"].startswith(("cloudsync/", "cloudsync-terraform/"))
    )


def _opaque(plan: TargetPlan) -> bool:
    return _said(plan, "closing would stop")
