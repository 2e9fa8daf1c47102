"""Projects in the GCP sandbox, in a process of its own, whose work is nobody's cost."""

from __future__ import annotations

import json
import sys
from collections import Counter
from ipaddress import IPv4Address
from typing import Any, Final

from bench.fleets import LIST, NAME
from cloudsync.model import Purpose, mark
from cloudsync_gcp.sandbox import Sandbox

TAG: Final = "smtp"
EMPTY: Final = "mail-empty"
"""A project without any rule: looking at it makes everything ready."""
PROJECTS: Final = tuple(f"mail-{number}" for number in range(10))
RULES: Final = 100
"""Rules a project, each for port 25; the first is our own."""

_PARTNERS: Final = int(IPv4Address("44.0.0.0"))


def ranges(fleet: str, project: int, rule: int) -> list[str]:
    """The 15 networks of one rule: our own holds the list, as does each where all are ``equal``.

    Where they are ``different``, no other rule of any project holds one of them.
    """
    if fleet == "equal" or rule == 0:
        return list(LIST)
    first = _PARTNERS + 2 * len(LIST) * (project * RULES + rule)
    return [f"{IPv4Address(first + 2 * one)}/32" for one in range(len(LIST))]


def _serve(fleet: str) -> None:
    with Sandbox(projects=(EMPTY, *PROJECTS), quota=2 * RULES) as sandbox:
        for number, project in enumerate(PROJECTS):
            for rule in range(RULES):
                sandbox.seed_firewall(_rule(rule, ranges(fleet, number, rule)), project=project)
        sandbox.freeze()
        _say({"endpoint": sandbox.url, **sandbox.environment()})
        for _ in sys.stdin:
            _say(Counter(call.operation.removeprefix("compute.") for call in sandbox.calls))
            sandbox.calls.clear()


def _rule(number: int, networks: list[str]) -> dict[str, Any]:
    own = number == 0
    return {
        "name": f"cloudsync-{NAME}-{Purpose.LIST}-0" if own else f"smtp-{number}",
        "description": mark(NAME, Purpose.LIST) if own else f"mail {number}",
        "priority": 1_000 + number,
        "direction": "INGRESS",
        "allowed": [{"IPProtocol": "tcp", "ports": ["25"]}],
        "sourceRanges": networks,
        "targetTags": [TAG],
    }


def _say(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
