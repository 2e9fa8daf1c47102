"""A plan and a run as data: the documented, versioned JSON; it cuts nothing and chooses no words.

Where a target has several ports, its differences and its exposure are the union over the ports,
and its verdict is the worst of them. A target that couldn't be looked at has null where a value
would claim to know: an empty list there would read as "in sync".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Name
from cloudsync.plan import Mend, Plan, State, TargetPlan
from cloudsync.provider import Refusal, Step
from cloudsync.report.facts import Facts, Share, facts
from cloudsync.report.listed import Listed
from cloudsync.report.run import RunReport
from cloudsync.report.words import natural

PLAN: Final = "cloudsync.plan/1"
REPORT: Final = "cloudsync.report/1"

Json = dict[str, Any]


def document(plan: Plan, listed: Listed | None = None) -> Json:
    """The plan as ``cloudsync.plan/1``; ``schema.PLAN_SCHEMA`` says its shape."""
    return {
        "schema": PLAN,
        "digest": plan.digest,
        "list": _list(plan, listed),
        "targets": [_target(target) for target in _in_order(plan)],
    }


def document_outcome(report: RunReport, listed: Listed | None = None) -> Json:
    """The run as ``cloudsync.report/1``; ``schema.REPORT_SCHEMA`` says its shape.

    ``digest`` is the plan's that was applied; each target is as it was found afterwards, with the
    verdict it had before as ``was``.
    """
    return {
        "schema": REPORT,
        "digest": report.plan.digest,
        "run": report.run or None,
        "list": _list(report.plan, listed),
        "outcomes": [
            {
                "targets": sorted(step.targets),
                **_step(step),
                "outcome": outcome.kind,
                "message": outcome.message,
                "todo": outcome.todo,
            }
            for step, outcome in report.outcomes
        ],
        "became_in_sync": list(report.became_in_sync),
        "targets": [
            {
                **_target(target),
                "was": report.was(target.target),
                "outbound": _outbound(report, target.target),
                "undo": list(report.by_hand(target.target)),
            }
            for target in report.now.targets
        ],
    }


def as_json(value: Mapping[str, Any]) -> str:
    """``value`` as text. Plain ASCII, so that no label can speak to the terminal it is shown on."""
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def _in_order(plan: Plan) -> list[TargetPlan]:
    return sorted(plan.targets, key=lambda target: target.target)


def _list(plan: Plan, listed: Listed | None) -> Json:
    if listed is None:
        return {
            "source": None,
            "format": None,
            "digest": plan.list_digest,
            "published": None,
            "networks": None,
            "leaving": None,
            "widened": None,
            "going": None,
            "ahead": None,
            "withdrawn": None,
        }
    return {
        "source": listed.source,
        "format": listed.format,
        "digest": listed.digest,
        "published": listed.published.isoformat() if listed.published else None,
        "networks": len(listed.networks),
        "leaving": listed.leaving,
        "widened": listed.widened,
        **memory(listed),
    }


def memory(listed: Listed) -> Json:
    """What leaves and when, what came ahead of a held list, and what a person took off."""
    return {
        "going": [
            {
                "network": str(one.network),
                "reads": one.reads,
                "of": one.of,
                "goes": one.goes.isoformat() if one.goes else None,
            }
            for one in listed.going
        ],
        "ahead": [str(one) for one in listed.ahead],
        "withdrawn": [
            {
                "network": str(one.network),
                "by": one.by,
                "reason": one.reason,
                "at": one.at.isoformat(),
            }
            for one in listed.withdrawn
        ],
    }


def _target(target: TargetPlan) -> Json:
    return {
        "target": target.target,
        "digest": target.digest,
        "mode": target.mode.value,
        "verdict": target.verdict.value,
        "reason": target.reason,
        "notes": [note.value for note in target.notes],
        "remarks": [
            {"text": remark.text, "note": remark.note.value if remark.note else None}
            for remark in target.remarks
        ],
        "refusal": _refusal(target.refusal),
        "mend": _mend(target.mend) if target.mend else None,
        **(_differences(facts(target.before)) if target.before else _UNKNOWN),
        "steps": [_step(step) for step in target.steps],
        "exposure": {"before": _exposure(target.before), "after": _exposure(target.after)},
    }


_UNKNOWN: Final[Json] = dict.fromkeys(
    ("missing", "excess", "undetermined", "internal", "probe", "names")
)


def _differences(found: Facts) -> Json:
    return {
        "missing": {
            **_addresses(found.missing),
            "names": _names(found.missing_names),
            "stopped_by": _shares(found.stops),
        },
        "excess": {**_addresses(found.excess), "grants": _shares(found.grants)},
        "undetermined": {
            **_addresses(found.undetermined),
            "names": _names(found.undetermined_names),
        },
        "internal": found.internal.cidrs(),
        "probe": found.probe.cidrs(),
        "names": _names(found.names),
    }


def _addresses(part: AddressSet) -> Json:
    count = part.count()
    # A JSON number is a double to most readers: exact up to 2^53, which IPv6 is well beyond.
    return {
        "addresses": {"ipv4": count.ipv4, "ipv6": str(count.ipv6)},
        "networks": part.cidrs(),
    }


def _names(names: Iterable[Name]) -> list[str]:
    return [name.text for name in names]


def _shares(shares: Iterable[Share]) -> list[Json]:
    return [{"rule": one.rule, "layer": one.layer, "networks": one.part.cidrs()} for one in shares]


def _refusal(refusal: Refusal | None) -> Json | None:
    if refusal is None:
        return None
    return {"what": refusal.what, "todo": refusal.todo, "witness": refusal.witness}


def _mend(mend: Mend) -> Json:
    return {
        "why": mend.why,
        "todo": mend.todo,
        "add": list(mend.add),
        "remove": list(mend.remove),
        "rules": list(mend.rules),
        "pinned": mend.pinned,
        "newest": mend.newest,
        "source": mend.source,
    }


def _step(step: Step) -> Json:
    return {
        "verb": step.verb,
        "own": step.own,
        "changes": sorted(step.changes, key=natural),
    }


def _exposure(state: State | None) -> list[str] | None:
    return facts(state).possible.cidrs() if state else None


def _outbound(report: RunReport, target: str) -> Json | None:
    if target not in report.outbound:
        return None
    before, after = report.outbound[target]
    return {"before": before, "after": after}
