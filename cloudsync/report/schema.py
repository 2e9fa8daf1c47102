"""The JSON Schemas of ``cloudsync.plan/1`` and ``cloudsync.report/1``; it validates nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

from cloudsync.allowlist import Format
from cloudsync.model import Mode, Note, Verdict
from cloudsync.provider import Kind, Verb

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_DIGEST: Final[Schema] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(values: Iterable[object]) -> Schema:
    return {"enum": [str(value) for value in values]}


_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_ADDRESSES: Final = _object(
    ipv4={"type": "integer", "minimum": 0, "maximum": 1 << 32},
    ipv6={"type": "string", "pattern": "^(0|[1-9][0-9]{0,38})$"},
)
_SHARES: Final = _array(_object(rule=_TEXT, layer=_TEXT, networks=_TEXTS))
_LIST: Final = _object(
    source=_or_null(_TEXT),
    format=_or_null(_one_of(get_args(Format))),
    digest=_TEXT,
    published=_or_null({"type": "string", "format": "date"}),
    networks=_or_null(_NUMBER),
    leaving=_or_null(_NUMBER),
    widened=_or_null(_NUMBER),
    going=_or_null(_array(_object(network=_TEXT, reads=_NUMBER, of=_NUMBER, goes=_or_null(_TIME)))),
    ahead=_or_null(_TEXTS),
    withdrawn=_or_null(_array(_object(network=_TEXT, by=_TEXT, reason=_TEXT, at=_TIME))),
)
_STEP: Final[dict[str, Schema]] = {
    "verb": _one_of(get_args(Verb)),
    "own": {"type": "boolean"},
    "changes": _TEXTS,
}
_TARGET: Final[dict[str, Schema]] = {
    "target": _TEXT,
    "digest": _DIGEST,
    "mode": _one_of(Mode),
    "verdict": _one_of(Verdict),
    "reason": _TEXT,
    "notes": _array(_one_of(Note)),
    "remarks": _array(_object(text=_TEXT, note=_or_null(_one_of(Note)))),
    "refusal": _or_null(_object(what=_TEXT, todo=_TEXT, witness=_or_null(_TEXT))),
    "mend": _or_null(
        _object(
            why=_TEXT,
            todo=_TEXT,
            add=_TEXTS,
            remove=_TEXTS,
            rules=_TEXTS,
            pinned=_or_null(_TEXT),
            newest=_or_null(_TEXT),
            source=_or_null(_TEXT),
        )
    ),
    "missing": _or_null(
        _object(addresses=_ADDRESSES, networks=_TEXTS, names=_TEXTS, stopped_by=_SHARES)
    ),
    "excess": _or_null(_object(addresses=_ADDRESSES, networks=_TEXTS, grants=_SHARES)),
    "undetermined": _or_null(_object(addresses=_ADDRESSES, networks=_TEXTS, names=_TEXTS)),
    "internal": _or_null(_TEXTS),
    "probe": _or_null(_TEXTS),
    "names": _or_null(_TEXTS),
    "steps": _array(_object(**_STEP)),
    "exposure": _object(before=_or_null(_TEXTS), after=_or_null(_TEXTS)),
}


def _document(schema: str, **properties: Schema) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema,
        **_object(schema={"const": schema}, digest=_DIGEST, list=_LIST, **properties),
    }


PLAN_SCHEMA: Final = _document("cloudsync.plan/1", targets=_array(_object(**_TARGET)))
"""What ``document`` gives. A target that couldn't be looked at has null for what isn't known."""

REPORT_SCHEMA: Final = _document(
    "cloudsync.report/1",
    run=_or_null(_TEXT),
    outcomes=_array(
        _object(targets=_TEXTS, **_STEP, outcome=_one_of(get_args(Kind)), message=_TEXT, todo=_TEXT)
    ),
    became_in_sync=_TEXTS,
    targets=_array(
        _object(
            **_TARGET,
            was=_or_null(_one_of(Verdict)),
            outbound=_or_null(_object(before=_TEXT, after=_TEXT)),
            undo=_TEXTS,
        )
    ),
)
"""What ``document_outcome`` gives."""
