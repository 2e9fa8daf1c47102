"""Networks as Hypothesis draws them, in the API's own words; it knows neither evaluator nor oracle.

Addresses, tags and numbers come from small pools, so that rules overlap, tie and nest far more
often than chance would have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.oracle.packets import Meaning
from tests.strategies import ALSO, LISTED, STRANGERS

Body = dict[str, Any]
TAGS = ("mx", "web", "old")
ACCOUNTS = ("mx@mail-prod.iam.gserviceaccount.com", "web@mail-prod.iam.gserviceaccount.com")
SECURE = ("tagValues/1",)
EVERYWHERE = (*STRANGERS, *LISTED, *ALSO)
_FOUR = tuple(one for one in EVERYWHERE if ":" not in one)
_SIX = tuple(one for one in EVERYWHERE if ":" in one)
_PROTOCOLS: tuple[Body, ...] = (
    {"IPProtocol": "tcp", "ports": ["25"]}, {"IPProtocol": "tcp", "ports": ["25"]},
    {"IPProtocol": "tcp", "ports": ["25"]}, {"IPProtocol": "tcp", "ports": ["20-30"]},
    {"IPProtocol": "tcp"}, {"IPProtocol": "6", "ports": ["24", "25-26"]}, {"IPProtocol": "all"},
    {"IPProtocol": "tcp", "ports": ["443"]}, {"IPProtocol": "udp", "ports": ["25"]},
    {"IPProtocol": "icmp"}, {"IPProtocol": "17"},
)  # fmt: skip
_NUMBERS = (0, 1, 2, 100, 100, 101, 1000, 1000, 65_534, 65_535)


@dataclass(frozen=True)
class Drawn:
    """One network: its VPC rules, its policies by kind, and the order in which they're asked."""

    classic: tuple[Body, ...]
    hierarchy: tuple[tuple[Body, ...], ...]
    network: tuple[Body, ...]
    before_classic: bool


@st.composite
def ranges(draw: st.DrawFn, *, least: int = 0) -> list[str]:
    """Ranges of one family."""
    pool = draw(st.sampled_from((_FOUR, _FOUR, _SIX)))
    return draw(st.lists(st.sampled_from(pool), min_size=least, max_size=3, unique=True))


def _destinations(sources: list[str]) -> st.SearchStrategy[str]:
    """Destinations of the sources' family, since a rule has one alone."""
    six = any(":" in one for one in sources)
    return st.sampled_from(
        ("fd20::/32", "fd20:0:7::/48", "::/0")
        if six
        else ("10.0.0.0/8", "10.7.0.0/16", "0.0.0.0/0")
    )


@st.composite
def rules(draw: st.DrawFn, name: str, *, plain: bool) -> Body:
    """A VPC rule; a ``plain`` one is for every machine, from addresses alone."""
    action = draw(st.sampled_from(("allowed", "allowed", "denied")))
    protocols = draw(st.lists(st.sampled_from(_PROTOCOLS), min_size=1, max_size=2, unique_by=str))
    body: Body = {
        "name": name,
        "direction": draw(st.sampled_from(("INGRESS",) * 9 + ("EGRESS",))),
        "priority": draw(st.sampled_from(_NUMBERS)),
        "disabled": draw(st.sampled_from((False,) * 9 + (True,))),
        action: protocols,
    }
    if body["direction"] == "EGRESS":
        return {**body, "destinationRanges": draw(ranges(least=1))}
    body["sourceRanges"] = draw(ranges(least=draw(st.sampled_from((0, 1, 1, 1)))))
    if plain:
        return body
    kind = draw(st.sampled_from(("all", "all", "tags", "accounts", "destination")))
    by_account = kind == "accounts"
    if kind == "tags":
        body["targetTags"] = draw(
            st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True)
        )
    elif by_account:
        body["targetServiceAccounts"] = [draw(st.sampled_from(ACCOUNTS))]
    elif kind == "destination":
        body["destinationRanges"] = [draw(_destinations(body["sourceRanges"]))]
    if draw(st.integers(0, 3)) == 0:
        if by_account:
            body["sourceServiceAccounts"] = [draw(st.sampled_from(ACCOUNTS))]
        else:
            body["sourceTags"] = [draw(st.sampled_from(TAGS))]
    return body


@st.composite
def policy_rules(draw: st.DrawFn, priority: int, *, plain: bool) -> Body:
    """A rule of a policy."""
    protocol = draw(st.sampled_from(_PROTOCOLS))
    layer4: Body = {"ipProtocol": protocol["IPProtocol"]}
    if "ports" in protocol:
        layer4["ports"] = protocol["ports"]
    match: Body = {"srcIpRanges": draw(ranges(least=1)), "layer4Configs": [layer4]}
    body: Body = {
        "priority": priority,
        "action": draw(st.sampled_from(("allow", "allow", "deny", "goto_next"))),
        "direction": "INGRESS",
        "disabled": draw(st.sampled_from((False,) * 9 + (True,))),
        "match": match,
    }
    if plain:
        return body
    kind = draw(st.sampled_from(("all", "all", "accounts", "secure", "destination")))
    if kind == "accounts":
        body["targetServiceAccounts"] = [draw(st.sampled_from(ACCOUNTS))]
    elif kind == "secure":
        body["targetSecureTags"] = [{"name": SECURE[0], "state": "EFFECTIVE"}]
    elif kind == "destination":
        match["destIpRanges"] = [draw(_destinations(match["srcIpRanges"]))]
    opaque = draw(st.sampled_from(("",) * 6 + ("srcFqdns", "srcAddressGroups", "srcRegionCodes")))
    if opaque:
        match[opaque] = [_OPAQUE[opaque]]
        if draw(st.booleans()):
            del match["srcIpRanges"]
    return body


_OPAQUE = {
    "srcFqdns": "mail.example.net",
    "srcAddressGroups": "projects/mail-prod/locations/global/addressGroups/mail",
    "srcRegionCodes": "US",
}


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """A whole network."""
    plain = draw(st.sampled_from((True, False, False)))
    count = draw(st.integers(0, 5))
    classic = tuple(draw(rules(f"r{index}", plain=plain)) for index in range(count))

    def policy() -> tuple[Body, ...]:
        numbers = draw(st.lists(st.integers(0, 5), max_size=3, unique=True))
        return tuple(draw(policy_rules(number, plain=plain)) for number in sorted(numbers))

    depth = draw(st.sampled_from((0, 0, 0, 1, 2)))
    return Drawn(
        classic,
        tuple(policy() for _ in range(depth)),
        policy() if draw(st.booleans()) else (),
        before_classic=draw(st.sampled_from((False, False, True))),
    )


# What the opaque names may stand for: nobody outside ever has a network tag.
_INSIDE = ("10.0.0.0/8", "192.168.1.0/24", "fd00::/8")
_OUTSIDE = ("8.8.8.0/24", "69.20.58.226/32", "203.0.113.0/24", "2001:4800:10::/48", "10.3.0.0/16")
NAMES: Meaning = {
    **{f"tag:{one}": _INSIDE for one in TAGS},
    **{f"sa:{one}": _INSIDE for one in ACCOUNTS},
    f"fqdn:{_OPAQUE['srcFqdns']}": _OUTSIDE,
    f"group:{_OPAQUE['srcAddressGroups']}": _OUTSIDE,
    f"region:{_OPAQUE['srcRegionCodes']}": _OUTSIDE[:4],
}


@st.composite
def meanings(draw: st.DrawFn) -> tuple[Meaning, ...]:
    """For nobody, for as many as they can, and something in between."""
    some: Meaning = {
        name: tuple(draw(st.lists(st.sampled_from(bound), max_size=1)))
        for name, bound in NAMES.items()
    }
    return dict.fromkeys(NAMES, ()), dict(NAMES), some
