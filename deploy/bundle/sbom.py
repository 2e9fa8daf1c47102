"""What is in a bundle, as a CycloneDX document; it says nothing that changes from build to build."""

from __future__ import annotations

import json
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from deploy.bundle.lock import Pin


def sbom(version: str, pins: Iterable[Pin], python: str, packages: Path | None = None) -> str:
    """The document for the distribution at ``version`` and the packages that it came with.

    By the specification 1.6 (https://cyclonedx.org/docs/1.6/json/), without a serial number and a
    time, so that the same packages make the same bytes. Licences are those that the packages in
    the folder ``packages`` state of themselves.
    """
    stated = _licences(packages) if packages else {}
    ours = "pkg:pypi/cloudsync-smtp"
    components: list[dict[str, Any]] = []
    for pin in sorted(pins, key=lambda one: one.name):
        purl = f"pkg:pypi/{pin.name}@{pin.version}"
        one: dict[str, Any] = {
            "type": "library", "bom-ref": purl, "name": pin.name, "version": pin.version,
            "purl": purl,
        }  # fmt: skip
        if licence := stated.get(pin.name):
            one["licenses"] = [licence]
        components.append(one)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": f"{ours}@{version}", "name": "cloudsync",
                "version": version, "purl": f"{ours}@{version}",
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
            "properties": [{"name": "cloudsync:python", "value": python}],
        },
        "components": components,
        "dependencies": [
            {
                "ref": f"{ours}@{version}",
                "dependsOn": [one["bom-ref"] for one in components],
            }
        ],
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"


def installed(packages: Path) -> frozenset[str]:
    """The names of what is installed in a folder, as a lock writes them."""
    return frozenset(_name(_said(path)["Name"]) for path in packages.glob("*.dist-info/METADATA"))


def _said(path: Path) -> Message:
    return HeaderParser().parsestr(path.read_text("utf-8"))


def _name(said: str) -> str:
    return said.lower().replace("_", "-").replace(".", "-")


def _licences(packages: Path) -> dict[str, dict[str, Any]]:
    """The licence of each installed package, by its name: an expression, or the name it gives."""
    found: dict[str, dict[str, Any]] = {}
    for path in packages.glob("*.dist-info/METADATA"):
        said = _said(path)
        name = _name(said["Name"])
        trove = [one for one in said.get_all("Classifier", []) if one.startswith("License :: ")]
        if said["License-Expression"]:
            found[name] = {"expression": said["License-Expression"]}
        elif trove:
            found[name] = {"license": {"name": trove[0].rpartition(" :: ")[2]}}
        elif said["License"]:
            found[name] = {"license": {"name": said["License"].partition("\n")[0][:100]}}
    return found
