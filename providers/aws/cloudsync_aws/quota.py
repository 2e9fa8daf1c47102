"""How many rules a security group would hold, as AWS counts them; it asks nobody what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cloudsync.plural import agreeing
from cloudsync_aws.rule import PrefixList, Rule

CODE: Final = "L-0EA8095F"
"""Inbound or outbound rules per security group, in Service Quotas under ``vpc``."""


class Rules(NamedTuple):
    """Inbound rules as the quota counts them: each family for itself."""

    ipv4: int
    ipv6: int


def counted(rules: Iterable[Rule], lists: Mapping[str, PrefixList]) -> Rules:
    """What ``rules`` count.

    A network counts in its family. A referenced group counts in both, and a prefix list in both by
    the most entries it may hold, however few it does (VPC quotas; awslimitchecker #447).
    """
    four = six = both = 0
    for rule in rules:
        if rule.source.startswith("pl-"):
            both += lists[rule.source].weight if rule.source in lists else 1
        elif rule.opaque:
            both += 1
        elif ":" in rule.source:
            six += 1
        else:
            four += 1
    return Rules(four + both, six + both)


def over(peak: Rules, quota: int) -> str:
    """What a person reads where ``peak`` passes ``quota``; empty where it doesn't."""
    if peak.ipv4 > quota:
        return (
            f"would need {peak.ipv4} {agreeing(peak.ipv4, 'rule', 'rules')}, the quota is {quota}"
        )
    if peak.ipv6 > quota:
        return f"would need {peak.ipv6} IPv6 rules, the quota is {quota}"
    return ""


WAYS_OUT: Final = f"Raise quota {CODE}, use a prefix list, or set widen: 24."
