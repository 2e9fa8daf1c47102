"""The command that names the rule which lets one address in, or stops it; it changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudsync.cli.job import job
from cloudsync.cli.streams import put
from cloudsync.explain import Explained, explained, lines
from cloudsync.report import as_json


def explain(path: Path, address: str, target: str, form: str) -> int:
    """``cloudsync explain``."""
    with job(path) as each:
        found = explained(each, address, target)
    put(as_json(_document(found)) if form == "json" else "\n".join(lines(found)), None)
    return 0


def _document(found: Explained) -> dict[str, Any]:
    return {
        "schema": "cloudsync.explain/1",
        "address": found.address,
        "target": found.target,
        "listed": found.listed or None,
        "ports": [
            {
                "port": why.port,
                "answer": why.answer,
                "rules": [
                    {
                        "rule": one.rule,
                        "layer": one.layer,
                        "allow": one.allow,
                        "full": one.full,
                        "certain": bool(one.part),
                        "names": sorted(name.text for name in one.names),
                    }
                    for one in why.rules
                ],
            }
            for why in found.ports
        ],
    }
