"""Google's own description of Compute Engine v1 as the judge of every exchange; it holds no test.

A small converter makes JSON Schema of the discovery document that google-api-python-client carries:
unknown fields are refused, ids are decimal strings, and enums hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from cloudsync_gcp.sandbox import Call, Reply

_FORMATS: dict[str, dict[str, Any]] = {
    "uint64": {"type": "string", "pattern": r"^\d{1,20}$"},
    "int64": {"type": "string", "pattern": r"^-?\d{1,19}$"},
    "int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "double": {"type": "number"},
    "float": {"type": "number"},
    "byte": {"type": "string", "pattern": r"^[A-Za-z0-9+/_-]*={0,2}$"},
}
_EVERYWHERE = {"$alt", "alt", "key", "prettyPrint", "quotaUser", "userIp"}
# The newest description has dropped it from some lists where the SDK still sends it.
_GONE = {"returnPartialSuccess"}


@cache
def document(name: str) -> dict[str, Any]:
    """A discovery document, such as `compute.v1`."""
    folder = files("googleapiclient.discovery_cache.documents")
    found: dict[str, Any] = json.loads(folder.joinpath(f"{name}.json").read_text("utf-8"))
    return found


def converted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of one discovery schema."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    kind = schema.get("type")
    if kind == "any":
        return {}
    if kind == "array":
        return {"type": "array", "items": converted(schema["items"])}
    if kind == "object":
        more = schema.get("additionalProperties")
        return {
            "type": "object",
            "properties": {
                name: converted(one) for name, one in schema.get("properties", {}).items()
            },
            "additionalProperties": converted(more) if more else False,
        }
    made: dict[str, Any] = {"type": kind}
    if "enum" in schema:
        made["enum"] = schema["enum"]
    if "pattern" in schema:
        made["pattern"] = f"^(?:{schema['pattern']})$"
    return made


@cache
def validator(name: str, schema: str) -> Any:
    """What judges a body of one schema of one document."""
    definitions = {key: converted(one) for key, one in document(name)["schemas"].items()}
    judge: Any = import_module("jsonschema").Draft202012Validator
    return judge({"$ref": f"#/$defs/{schema}", "$defs": definitions})


@cache
def methods(name: str) -> dict[str, dict[str, Any]]:
    """Every method of a document by its id."""
    found: dict[str, dict[str, Any]] = {}

    def walk(resources: Mapping[str, Any]) -> None:
        for resource in resources.values():
            for method in resource.get("methods", {}).values():
                found[method["id"]] = method
            walk(resource.get("resources", {}))

    walk(document(name)["resources"])
    return found


def problems(call: Call, reply: Reply | None) -> list[str]:
    """What in one exchange isn't as Google describes it; only accepted requests are judged."""
    asset = call.operation.startswith("cloudasset.")
    name = "cloudasset.v1" if asset else "compute.v1"
    operation = "cloudasset.searchAllResources" if asset else call.operation
    if call.operation == "unknown" or (reply is not None and reply.content_type[:4] == "text"):
        return []
    method = methods("cloudasset.v1" if asset else "compute.v1").get(operation)
    if method is None:
        return [f"{call.operation} isn't described"]
    found: list[str] = []
    if call.outcome == "ok":
        found += _asked(call, method, name)
    if reply is not None:
        body = json.loads(reply.body)
        if reply.status == 200:
            schema = method["response"]["$ref"]
            found += [
                f"{call.operation} answers {error.json_path}: {error.message[:200]}"
                for error in validator(name, schema).iter_errors(body)
            ]
        else:
            found += _refusal(call, reply.status, body)
    return found


def _asked(call: Call, method: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = []
    if method["httpMethod"] != call.method:
        found.append(f"{call.operation} by {call.method}")
    path = re.sub(r"{\+?\w+}", "[^/]+", method.get("flatPath", method["path"]))
    if not re.search(f"/{path}$", call.path):
        found.append(f"{call.operation} at {call.path}")
    known = set(method["parameters"]) | _EVERYWHERE | _GONE
    found += [f"{call.operation}?{one}" for one in sorted(set(call.query) - known)]
    if call.body is not None:
        if "request" not in method:
            return [*found, f"{call.operation} takes no body"]
        found += [
            f"{call.operation} asks {error.json_path}: {error.message[:200]}"
            for error in validator(name, method["request"]["$ref"]).iter_errors(call.body)
        ]
    return found


def _refusal(call: Call, status: int, body: Any) -> list[str]:
    error = body.get("error", {})
    listed = error.get("errors", [])
    right = (
        set(body) == {"error"}
        and error.get("code") == status
        and bool(error.get("message"))
        and len(listed) == 1
        and set(listed[0]) == {"message", "domain", "reason"}
    )
    return [] if right else [f"{call.operation} is refused with {body}"]
