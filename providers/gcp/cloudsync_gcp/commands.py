"""A change of one rule as a person would make it with Google's command line; it runs nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from cloudsync_gcp.calls import Call
from cloudsync_gcp.rule import Rule


def by_hand(call: Call) -> tuple[str, ...]:
    """The lines that make ``call``, in order, quoted for a POSIX shell."""
    lines = _in_policy(call) if call.policy else _classic(call)
    return tuple(shlex.join(line) for line in lines)


def _classic(call: Call) -> Iterator[list[str]]:
    begin = ["gcloud", "compute", "firewall-rules"]
    project = f"--project={call.project}"
    rule = call.new
    if rule is None:
        yield [*begin, "delete", call.name, project, "--quiet"]
        return
    given = [
        f"--priority={rule.number}",
        f"--rules={_protocols(rule)}",
        f"--description={rule.description}",
        *_listed("--source-ranges", rule.ranges),
        *_listed("--source-tags", (s.text for s in rule.sources if "@" not in s.text)),
        *_listed("--source-service-accounts", (s.text for s in rule.sources if "@" in s.text)),
    ]
    if call.verb == "replace":
        yield [*begin, "update", rule.name, project, *given]
        return
    yield [
        *begin, "create", rule.name, project, f"--network={call.network}", "--direction=INGRESS",
        f"--action={rule.action.upper()}", *given,
        *_listed("--target-tags", rule.tags),
        *_listed("--target-service-accounts", rule.accounts),
    ]  # fmt: skip


def _in_policy(call: Call) -> Iterator[list[str]]:
    begin = ["gcloud", "compute", "network-firewall-policies", "rules"]
    where = [
        f"--firewall-policy={call.policy}", "--global-firewall-policy", f"--project={call.project}",
    ]  # fmt: skip
    old, rule = call.old, call.new
    if rule is not None:
        verb = "update" if old is not None and old.number == rule.number else "create"
        yield [
            *begin, verb, str(rule.number), *where, "--direction=INGRESS",
            f"--action={rule.action}", f"--rule-name={rule.name}",
            f"--description={rule.description}", f"--layer4-configs={_protocols(rule)}",
            *_listed("--src-ip-ranges", rule.ranges),
            *_listed("--src-secure-tags", (s.text for s in rule.sources)),
            *_listed("--target-service-accounts", rule.accounts),
        ]  # fmt: skip
    if old is not None and (rule is None or rule.number != old.number):
        yield [*begin, "delete", str(old.number), *where]


def _protocols(rule: Rule) -> str:
    return ",".join(
        f"{one.name}:{port}" if port else one.name
        for one in rule.protocols
        for port in one.ports or ("",)
    )


def _listed(flag: str, values: Iterable[str]) -> Iterator[str]:
    written = ",".join(values)
    if written:
        yield f"{flag}={written}"
