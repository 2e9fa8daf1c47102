"""Recovers what resources take, for ``provider/schemas.json``, where no provider can be asked.

The published CDK bindings of a provider (npm, ``@cdktf/provider-NAME``) are made from its schema and
say nearly all of it again: which arguments there are, of what type, which must be given, which are
blocks and how many of them. What is optional and also computed looks optional there; of ``id`` and
``project``, which are both everywhere, it is known. A provider that is here is asked itself.

    npm pack @cdktf/provider-google@16.12.1
    python -m tests.terraform.recover google cdktf-provider-google-16.12.1.tgz google_pubsub_topic …
    terraform providers schema -json >aws.json && python -m tests.terraform.recover aws aws.json aws_sqs_queue …

writes those resources into the record, each with ``data.`` before it where it is only read. Of the
blocks that need not be given, the record has those that some file here writes: the rest is much.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

from tests.terraform.here import STAND_IN
from tests.tree import tree

RECORD: Final = STAND_IN / "schemas.json"
LEFT_OUT: Final = frozenset({"timeouts"})
"""Blocks that nothing here writes, and that every resource has."""
_BOTH: Final = frozenset({"id", "project"})
_SIMPLE: Final = {"string": "string", "number": "number", "boolean": "bool", "any": "any"}
_GETTER: Final = {"String": "string", "Number": "number", "Boolean": "bool", "List": "list(string)"}
_ATTRIBUTE: Final = re.compile(
    r"^ {8}(?: {4})?(?P<name>\w+): \{\n(?P<value>.*?)isBlock: (?P<block>\w+),\s+type: \"(?P<type>\w+)\","
    r"\s+storageClassType: \"(?P<class>\w+)\",",
    re.MULTILINE | re.DOTALL,
)
_READ: Final = re.compile(
    r"// (?P<name>\w+) - computed: true, optional: false, required: false\s+"
    r"(?:get \w+\(\) \{\s+return .*?this\.get(?P<get>String|Number|Boolean|List)Attribute\("
    r"|this\._\w+ = new cdktf\.(?P<map>String)Map\()"
)


def bindings(text: str, resource: str) -> dict[str, Any]:
    """A resource's schema, as the record writes it, from the JavaScript of its binding.

    Raises:
        ValueError: it isn't written as expected.
    """
    (name,) = re.findall(
        r"^class (\w+) extends cdktf\.Terraform(?:Resource|DataSource) ", text, re.MULTILINE
    )
    found = _struct(
        text, name, _body(text, "    synthesizeHclAttributes() {"), _body(text, f"class {name} ")
    )
    if not found:
        raise ValueError(f"{resource}: nothing was found")
    return found


def _body(text: str, opening: str) -> str:
    """From a line that begins so to the brace that closes it, at the same depth."""
    begin = text.index(f"\n{opening}") + 1
    depth = len(opening) - len(opening.lstrip())
    return text[begin : text.index("\n" + " " * depth + "}", begin)]


def _struct(text: str, name: str, attributes: str, class_: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in _ATTRIBUTE.finditer(attributes):
        if one["name"] in LEFT_OUT:
            continue
        camel = re.sub(r"_(\w)", lambda match: match[1].upper(), one["name"])
        optional = re.search(
            rf"^ +reset{camel[0].upper()}{camel[1:]}\(\)", class_, re.MULTILINE | re.IGNORECASE
        )
        if one["block"] == "true":
            found[one["name"]] = _nested(text, one, least=0 if optional else 1)
        else:
            mark = "?" if optional else "!"
            both = "=" if one["name"] in _BOTH and optional else ""
            found[one["name"]] = f"{_type(one['type'], one['class'])}{mark}{both}"
    for one in _READ.finditer(class_):
        found[one["name"]] = f"{_GETTER[one['get']] if one['get'] else 'map(string)'}="
    return found


def _nested(text: str, one: re.Match[str], *, least: int) -> list[Any]:
    mapped = re.search(r"(\w+)ToHclTerraform", one["value"])
    if mapped is None:
        raise ValueError(f"{one['name']}: nothing says what is in it")
    name = mapped[1][0].upper() + mapped[1][1:]
    many = "istMapperHcl" in one["value"]
    nesting = "single" if one["type"] == "struct" else one["type"]
    inner = _struct(
        text, name, _body(text, f"function {mapped[1]}ToHclTerraform("),
        _body(text, f"class {name}OutputReference "),
    )  # fmt: skip
    return [nesting, least, 0 if many or nesting == "single" else 1, inner]


def _type(kind: str, class_: str) -> str:
    of = _SIMPLE[re.sub(r"(List|Map)+$", "", class_)]
    return of if kind == "simple" else f"{kind}({of})"


def asked(block: Mapping[str, Any]) -> dict[str, Any]:
    """A schema, as the record writes it, from a block of ``terraform providers schema -json``."""
    found: dict[str, Any] = {}
    for name, said in sorted(block.get("attributes", {}).items()):
        if (kind := _flat(said.get("type"))) is not None:
            marks = (("required", "!"), ("optional", "?"), ("computed", "="))
            found[name] = kind + "".join(mark for word, mark in marks if said.get(word))
    for name, said in sorted(block.get("block_types", {}).items()):
        if name not in LEFT_OUT:
            least, most = said.get("min_items", 0), said.get("max_items", 0)
            found[name] = [said["nesting_mode"], least, most, asked(said["block"])]
    return found


def _flat(said: Any) -> str | None:
    """A type as the record writes it; None for one that it has no words for."""
    if isinstance(said, str):
        return "any" if said == "dynamic" else said
    if not isinstance(said, list) or isinstance(said[1], (dict, list)):
        return None
    return f"{said[0]}({said[1]})"


def written(schema: Mapping[str, Any], depth: int = 0) -> str:
    """JSON with an argument a line, and a block's head on the line of its name."""
    lines = [
        f"{' ' * (depth + 1)}{json.dumps(name)}: {_one(of, depth + 1)}"
        for name, of in schema.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n" + " " * depth + "}" if lines else "{}"


def _one(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return written(cast("Mapping[str, Any]", value), depth)
    nesting, least, most, inner = value
    return f'["{nesting}", {least}, {most}, {written(inner, depth)}]'


def trimmed(schema: Mapping[str, Any], said: frozenset[str]) -> dict[str, Any]:
    """A schema without the optional blocks whose names aren't ``said`` anywhere, at any depth."""
    return {
        name: of if isinstance(of, str) else [*of[:3], trimmed(of[3], said)]
        for name, of in schema.items()
        if isinstance(of, str) or of[1] or name in said
    }


def _said() -> frozenset[str]:
    """Every word in the Terraform of this tree."""
    files = [
        one
        for room in ("deploy", "providers", "terraform")
        for one in (tree() / room).rglob("*.tf")
    ]
    return frozenset(word for one in files for word in re.findall(r"\w+", one.read_text("utf-8")))


def _found(provider: str, path: Path, names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if path.suffix == ".json":
        (known,) = json.loads(path.read_text("utf-8"))["provider_schemas"].values()
        for name in names:
            kind = "data_source_schemas" if name.startswith("data.") else "resource_schemas"
            yield name, asked(known[kind][name.removeprefix("data.")]["block"])
        return
    with tarfile.open(path) as archive:
        for name in names:
            folder = name.removeprefix(f"{provider}_").replace("_", "-")
            if name.startswith("data."):
                folder = name.replace(".", "-").replace("_", "-")
            member = archive.extractfile(f"package/lib/{folder}/index.js")
            if member is None:
                raise ValueError(f"{name}: the bindings lack it")
            yield name, bindings(member.read().decode(), name)


def main(argv: list[str]) -> None:
    """Record the resources that are named behind a provider and where it is known from."""
    provider, path, *names = argv
    record = json.loads(RECORD.read_text("utf-8"))
    said = _said()
    for name, schema in _found(provider, Path(path), names):
        record[provider]["resources"][name] = trimmed(schema, said)
    RECORD.write_text(f"{written(record)}\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
