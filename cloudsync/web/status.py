"""The state as data: ``/status.json``, with the schema that is published for it; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from cloudsync.errors import Exit
from cloudsync.model import Mode, Note, Verdict
from cloudsync.status.known import Known
from cloudsync.status.overview import Part, Sight
from cloudsync.web.front import headline

STATUS: Final = "cloudsync.status/1"

Json = dict[str, Any]


def status(known: Known, after: timedelta | None = None) -> Json:
    """One tenant as ``STATUS_SCHEMA`` says."""
    overview = known.overview
    line = headline(known, after)
    last = overview.points[-1] if overview and overview.points else None
    return {
        "schema": STATUS,
        "name": known.name,
        "at": _time(known.now),
        "tone": line.tone,
        "headline": line.text,
        "more": list(line.more),
        "looked_at": _time(overview.looked_at if overview else None),
        "succeeded_at": _time(overview.succeeded_at if overview else None),
        "vetted_at": _time(overview.vetted_at if overview else None),
        "stale": known.stale(after),
        "list": known.in_force.digest if known.in_force else None,
        "run": {"id": last.run or None, "command": last.command, "exit": last.exit}
        if last
        else None,
        "holds": [
            {
                "digest": one.digest,
                "kind": one.kind,
                "subject": one.subject,
                "what": one.what,
                "since": _time(one.since),
                "command": one.command,
            }
            for one in known.holds
        ],
        "targets": [_target(one) for one in overview.sights] if overview else [],
    }


def _target(sight: Sight) -> Json:
    found = sight.found
    return {
        "target": sight.target,
        "mode": sight.mode.value,
        "verdict": sight.verdict.value,
        "since": _time(sight.since),
        "at": _time(sight.at),
        "notes": [note.value for note in sight.notes],
        "reason": sight.reason,
        "missing": _count(found.missing) if found else None,
        "excess": _count(found.excess) if found else None,
        "undetermined": _count(found.undetermined) if found else None,
    }


def _count(part: Part) -> Json:
    # As in reports: a JSON number is a double to most readers, which IPv6 is well beyond.
    return {"ipv4": part.ipv4, "ipv6": str(part.ipv6)}


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _object(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT: Final[Json] = {"type": "string"}
_TIME: Final[Json] = {"type": "string", "format": "date-time"}
_NO_TIME: Final[Json] = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Final[Json] = {
    **_object({
        "ipv4": {"type": "integer", "minimum": 0},
        "ipv6": {"type": "string", "pattern": "^[0-9]+$"},
    }),
    "type": ["object", "null"],
}  # fmt: skip


def _enum(values: type[Verdict | Mode | Note]) -> Json:
    return {"enum": [one.value for one in values]}


STATUS_SCHEMA: Final[Json] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": STATUS,
    **_object({
        "schema": {"const": STATUS},
        "name": _TEXT,
        "at": _TIME,
        "tone": {"enum": ["good", "warn", "bad", "unknown"]},
        "headline": _TEXT,
        "more": {"type": "array", "items": _TEXT},
        "looked_at": _NO_TIME,
        "succeeded_at": _NO_TIME,
        "vetted_at": _NO_TIME,
        "stale": {"type": "boolean"},
        "list": {"type": ["string", "null"]},
        "run": {
            **_object({
                "id": {"type": ["string", "null"]},
                "command": _TEXT,
                "exit": {"enum": [int(one) for one in Exit]},
            }),
            "type": ["object", "null"],
        },
        "holds": {
            "type": "array",
            "items": _object({
                "digest": _TEXT,
                "kind": {"enum": ["list", "target"]},
                "subject": _TEXT,
                "what": _TEXT,
                "since": _TIME,
                "command": _TEXT,
            }),
        },
        "targets": {
            "type": "array",
            "items": _object({
                "target": _TEXT,
                "mode": _enum(Mode),
                "verdict": _enum(Verdict),
                "since": _TIME,
                "at": _TIME,
                "notes": {"type": "array", "items": _enum(Note)},
                "reason": _TEXT,
                "missing": _COUNT,
                "excess": _COUNT,
                "undetermined": _COUNT,
            }),
        },
    }),
}  # fmt: skip
