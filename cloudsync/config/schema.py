"""The JSON Schema of a configuration, for editors and pipelines; it validates nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from cloudsync.config.models import Config
from cloudsync.config.target import TargetSettings

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema(providers: Mapping[str, type[TargetSettings]]) -> dict[str, Any]:
    """The schema (draft 2020-12), where each target is one of the ``providers``' blocks.

    A checker that knows it refuses less than ``load``: what needs two keys, or arithmetic on
    addresses, isn't in it.
    """
    blocks = [providers[name] for name in sorted(providers)]
    models = [(model, "validation") for model in (Config, *blocks)]
    refs, whole = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    definitions: dict[str, Any] = whole["$defs"]
    top = definitions.pop(Config.__name__)
    definitions.pop(TargetSettings.__name__, None)
    top["properties"]["targets"]["items"] = {
        "oneOf": [refs[model, "validation"] for model in blocks]
    }
    return {
        "$schema": DRAFT,
        **top,
        "title": "A cloudsync configuration",
        "anyOf": [{"required": ["targets"]}, {"required": ["exports"]}],
        "$defs": definitions,
    }
