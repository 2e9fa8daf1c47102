"""The JSON Schema of a configuration, for editors and pipelines; it validates nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from cloudsync.config.meanings import meanings
from cloudsync.config.models import Config
from cloudsync.config.settings import Settings, written
from cloudsync.config.target import TargetSettings

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Described(GenerateJsonSchema):
    """pydantic's schema, with what each key means, and defaults as a file would have them."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        """That of one block."""
        made = super().dataclass_schema(schema)
        block = schema["cls"]
        if issubclass(block, Settings):
            for key, meaning in meanings(block).items():
                made["properties"][key]["description"] = meaning
        return made

    def encode_default(self, dft: Any) -> Any:
        """A default as it would be written."""
        return super().encode_default(written(dft))


def schema(providers: Mapping[str, type[TargetSettings]]) -> dict[str, Any]:
    """The schema (draft 2020-12), where each target is one of the ``providers``' blocks.

    A checker that knows it refuses less than ``load``: what needs two keys, or arithmetic on
    addresses, isn't in it.
    """
    models: dict[str, TypeAdapter[Any]] = {"": TypeAdapter(Config)}
    models |= {name: TypeAdapter(providers[name]) for name in sorted(providers)}
    refs, whole = TypeAdapter.json_schemas(
        [(name, "validation", model) for name, model in models.items()],
        ref_template="#/$defs/{model}",
        schema_generator=_Described,
    )
    definitions: dict[str, Any] = whole["$defs"]
    top = definitions.pop(Config.__name__)
    definitions.pop(TargetSettings.__name__, None)
    top["properties"]["targets"]["items"] = {
        "oneOf": [refs[name, "validation"] for name in models if name]
    }
    return {
        "$schema": DRAFT,
        **top,
        "title": "A cloudsync configuration",
        "anyOf": [{"required": ["targets"]}, {"required": ["exports"]}],
        "$defs": definitions,
    }
