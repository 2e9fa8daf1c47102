"""Hand-made plans and a run, one target for each thing that a report can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from ipaddress import ip_network

from cloudsync.addresses import AddressSet
from cloudsync.exposure import Clause, Exposure, Name, first_match, union
from cloudsync.model import Mode, Note, Verdict, Wanted, differ
from cloudsync.plan import Plan, State, TargetPlan
from cloudsync.provider import Outcome, Refusal, Remark, Step
from cloudsync.report import Listed, RunReport

NETWORKS = tuple(ip_network(f"203.0.113.{number}/32") for number in range(1, 13))
LISTED = Listed(
    source="bundled",
    format="article39",
    digest=f"sha256:{'1' * 64}",
    networks=NETWORKS,
    published=date(2009, 9, 18),
    leaving=1,
)
WANTED = Wanted("mail", Mode.WATCH, networks=NETWORKS)
PROBES = AddressSet.of("168.63.129.16")
SCOPE = "aws:123456789012/eu-west-1"
GROUP = "security group"


def allow(*sources: str, rule: str = "", full: bool = True, name: Name | None = None) -> Clause:
    """A rule that lets ``sources`` in, named for them."""
    names = frozenset({name} if name else ())
    text = rule or f"tcp/25 from {', '.join(sources)}"
    return Clause(allow=True, source=AddressSet.of(*sources), rule=text, names=names, full=full)


def deny(*sources: str, rule: str, full: bool = True, name: Name | None = None) -> Clause:
    """A rule that stops ``sources``."""
    names = frozenset({name} if name else ())
    return Clause(allow=False, source=AddressSet.of(*sources), rule=rule, names=names, full=full)


def state(exposures: Exposure | Mapping[int, Exposure], wanted: Wanted = WANTED) -> State:
    """The state of a target with this exposure, at port 25 where no port is given."""
    by_port = {25: exposures} if isinstance(exposures, Exposure) else exposures
    return State(by_port, {port: differ(one, wanted, PROBES) for port, one in by_port.items()})


def adds(target: str, *networks: str) -> Step:
    """A step that lets ``networks`` in by rules of ours."""
    return Step("add", (target,), tuple(f"+ tcp/25 from {one}" for one in networks))


LISTED_RULES = tuple(allow(str(network)) for network in NETWORKS)
RIGHT = state(union(LISTED_RULES, GROUP))
PARTNER = Name("sg-0partner", AddressSet.of("10.0.0.0/8"))
TAG = Name("Storage.WestEurope", AddressSet.of("20.0.0.0/8"))

OPEN = TargetPlan(
    f"{SCOPE}/sg-0open",
    Mode.ENFORCE,
    LISTED.digest,
    before=state(union((allow("0.0.0.0/0"), allow("::/0")), GROUP)),
    after=RIGHT,
    steps=(
        adds(f"{SCOPE}/sg-0open", *(str(network) for network in NETWORKS)),
        Step(
            "remove",
            (f"{SCOPE}/sg-0open",),
            ("- tcp/25 from ::/0", "- tcp/25 from 0.0.0.0/0"),
            own=False,
        ),
    ),
)
HALF = TargetPlan(
    f"{SCOPE}/sg-0half",
    Mode.ADD,
    LISTED.digest,
    before=state(union((*LISTED_RULES[:9], allow("198.51.100.0/24", "10.0.0.0/8")), GROUP)),
    after=state(union((*LISTED_RULES, allow("198.51.100.0/24", "10.0.0.0/8")), GROUP)),
    steps=(adds(f"{SCOPE}/sg-0half", "203.0.113.12/32", "203.0.113.11/32", "203.0.113.10/32"),),
)
UNSURE = TargetPlan(
    "azure:sub/mail/nsg",
    Mode.WATCH,
    LISTED.digest,
    before=state(
        first_match(
            (
                allow(*map(str, NETWORKS[:2]), rule="100 relays", full=False),
                allow(*map(str, NETWORKS[2:]), rule="110 filter"),
                allow("168.63.129.16", rule="120 probe"),
                allow(rule="130 storage", name=TAG),
                allow(rule="140 partner", name=PARTNER),
            ),
            "network security group",
        )
    ),
    after=None,
)
BLOCKED = TargetPlan(
    "gcp:prod/default/tag:smtp",
    Mode.ENFORCE,
    LISTED.digest,
    before=state(
        first_match(
            (
                deny("203.0.113.8/29", rule="90 deny abuse"),
                deny("203.0.113.9", rule="95 deny one", full=False),
                allow("203.0.113.0/24", rule="100 allow filter", full=False),
            ),
            "",
        )
    ),
    after=state(
        first_match(
            (
                deny("203.0.113.8/29", rule="90 deny abuse"),
                allow("203.0.113.0/24", rule="100 allow filter"),
                allow("198.51.100.0/24", rule="110 allow some", full=False),
            ),
            "",
        )
    ),
    steps=(
        Step(
            "replace",
            ("gcp:prod/default/tag:smtp", "gcp:prod/default/tag:other"),
            ("- 100 allow filter", "+ 100 allow filter"),
        ),
    ),
    remarks=(
        Remark(
            "gcp:prod/default/tag:smtp",
            "rule `90 deny abuse` stops 5 listed addresses and stays; set override_denies: true.",
            Note.BLOCKED,
        ),
        Remark("gcp:prod/default/tag:smtp", "Health checks come from 35.191.0.0/16."),
    ),
    notes=(Note.HELD, Note.BLOCKED, Note.MANAGED_BY),
)
REFUSED = TargetPlan(
    f"{SCOPE}/sg-0full",
    Mode.ENFORCE,
    LISTED.digest,
    before=state(union((allow("0.0.0.0/1", rule="tcp/20-30 from 0.0.0.0/1"),), GROUP)),
    after=state(union((allow("0.0.0.0/1", rule="tcp/20-30 from 0.0.0.0/1"),), GROUP)),
    refusal=Refusal(
        f"{SCOPE}/sg-0full",
        "would need 75 rules, the quota is 60",
        "Raise quota L-0EA8095F, or set `widen: 24`",
        "203.0.113.1",
    ),
    notes=(Note.FAILED,),
)
GONE = TargetPlan(f"{SCOPE}/sg-0gone", Mode.ADD, LISTED.digest, absent=Verdict.GONE)
UNREADABLE = TargetPlan(
    "aws:123456789012/us-east-1", Mode.ADD, LISTED.digest, reason="access denied"
)
SYNCED = TargetPlan(
    f"{SCOPE}/sg-0good", Mode.ENFORCE, LISTED.digest, before=RIGHT, after=RIGHT
)  # fmt: skip
EVERYTHING = Plan(
    LISTED.digest,
    (OPEN, HALF, UNSURE, BLOCKED, REFUSED, GONE, UNREADABLE, SYNCED),
)

STAYS = "sha256:aaaa"
RUN = RunReport(
    plan=Plan(LISTED.digest, (HALF, OPEN, SYNCED, REFUSED)),
    outcomes=(
        (OPEN.steps[0], Outcome("done")),
        (OPEN.steps[1], Outcome("unknown", "the connection was closed")),
        (HALF.steps[0], Outcome("throttled", "RequestLimitExceeded", "Run it again")),
    ),
    after=Plan(
        LISTED.digest,
        (
            replace(HALF, notes=(Note.FAILED,)),
            replace(OPEN, before=RIGHT, steps=()),
            SYNCED,
            GONE,
        ),
    ),
    outbound={OPEN.target: (STAYS, STAYS), HALF.target: (STAYS, "sha256:bbbb")},
)
