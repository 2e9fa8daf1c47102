"""States of an installation that the page is looked at in: seven, from all right to never run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import PurePath
from typing import Final

from cloudsync import docket, records
from cloudsync.addresses import AddressSet
from cloudsync.allowlist import Entry, InForce, Leaving
from cloudsync.conditions.condition import Condition, ConditionKind
from cloudsync.conditions.ledger import CONDITIONS, CONDITIONS_KEY
from cloudsync.conditions.turn import Watched
from cloudsync.config import Config
from cloudsync.exposure import Clause, Exposure, first_match, union
from cloudsync.holds import Hold
from cloudsync.job import Job
from cloudsync.memory.settings import MemorySettings
from cloudsync.model import Mode, Note, Verdict, Wanted, differ
from cloudsync.plan import Plan, State, TargetPlan
from cloudsync.provider import Remark, Step
from cloudsync.report import RunReport
from cloudsync.state import MemoryStore
from cloudsync.status import logbook
from cloudsync.status.after import after_run
from cloudsync.status.document import OVERVIEW
from cloudsync.status.overview import Overview, Ran

NOW: Final = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
NETWORKS: Final = tuple(ip_network(f"8.31.233.{number}/32") for number in range(20, 35))
WANTED: Final = Wanted("mail-prod", Mode.ENFORCE, networks=NETWORKS, internal="keep")
AWS: Final = "aws:123456789012/eu-west-1"
AZURE: Final = "azure:3f1c2b7e-8f0a-4a53-9d0e-1be6f60c9a11/mail"
GCP: Final = "gcp:mail-prod/default"
GROUP: Final = "security group"


def _allow(source: str, rule: str = "") -> Clause:
    return Clause(allow=True, source=AddressSet.of(source), rule=rule or f"tcp/25 from {source}")


def _state(exposure: Exposure) -> State:
    return State({25: exposure}, {25: differ(exposure, WANTED)})


_LISTED: Final = tuple(_allow(str(one)) for one in NETWORKS)
RIGHT: Final = _state(union((*_LISTED, _allow("10.0.0.0/8")), GROUP))
OPEN: Final = _state(
    union((*_LISTED, _allow("0.0.0.0/0", "tcp/0-65535 from 0.0.0.0/0 (sgr-0be4)")), GROUP)
)
LOST: Final = _state(union(_LISTED[:8], GROUP))
STOPPED: Final = _state(
    first_match(
        (
            Clause(allow=False, source=AddressSet.of("8.31.233.24/29"), rule="140 block-abuse"),
            *_LISTED,
        ),
        "network security group",
    )
)
PARTLY: Final = _state(
    first_match(
        (
            *_LISTED[:13],
            *(replace(one, full=False, rule="1010 allow-mx-2") for one in _LISTED[13:]),
        ),
        "VPC firewall",
    )
)


def target(
    name: str, state: State | None, mode: Mode = Mode.ENFORCE, *remarks: Remark,
    reason: str = "", absent: Verdict = Verdict.UNREADABLE, steps: tuple[Step, ...] = (),
) -> TargetPlan:  # fmt: skip
    """A target as a run found it."""
    plan = TargetPlan(
        name, mode, "sha256:1", before=state, reason=reason, absent=absent, steps=steps
    )
    return plan.saying(*remarks)


FINE: Final = (
    target(f"{AWS}/sg-0a17c3f0", RIGHT),
    target(f"{AWS}/sg-0b90d1e2", RIGHT),
    target("aws:123456789012/us-east-1/sg-07c5aa41", RIGHT, Mode.ADD),
    target(f"{AZURE}/nsg-mx-1", RIGHT),
    target(f"{AZURE}/nsg-mx-2", RIGHT, Mode.WATCH),
    target(f"{GCP}/tag:smtp", RIGHT),
)


def _adds(name: str, *networks: str) -> Step:
    return Step("add", (name,), tuple(f"+ tcp/25 from {one}" for one in networks))


MAIL_LOST: Final = (
    *FINE[:1],
    target(FINE[1].target, LOST, Mode.WATCH,
           steps=(_adds(FINE[1].target, *(str(one) for one in NETWORKS[8:])),)),
    *FINE[2:4],
    target(
        FINE[4].target, STOPPED, Mode.ADD,
        Remark(FINE[4].target, "rule `140 block-abuse` stops 8 listed addresses and is somebody's "
               "decision; set `override_denies: true` to overrule it", Note.BLOCKED),
    ),
    *FINE[5:],
)  # fmt: skip
BYPASS: Final = (
    *FINE[:2],
    target(
        FINE[2].target, OPEN, Mode.ENFORCE,
        Remark(FINE[2].target, "`tcp/0-65535 from 0.0.0.0/0` lets in more than port 25, so it "
               "isn't changed. To close it: `aws ec2 revoke-security-group-ingress --group-id "
               "sg-07c5aa41 --security-group-rule-ids sgr-0be4`"),
    ),
    *FINE[3:5],
    target(FINE[5].target, PARTLY),
)  # fmt: skip
HELD: Final = (
    *FINE[:2],
    target(FINE[2].target, OPEN, Mode.ADD,
           Remark(FINE[2].target, "its first enforce would shut out 3,702,390,769 IPv4 addresses "
                  "that get in today, and waits for a person; what lets in is done", Note.HELD)),
    *FINE[3:],
)  # fmt: skip
BLIND: Final = (
    *FINE[:3],
    target(
        f"{AZURE}/nsg-mx-1",
        None,
        reason="the identity may not read network security groups here (AuthorizationFailed)",
    ),
    target(
        FINE[4].target, None, absent=Verdict.GONE, reason="it was there last time and isn't now"
    ),
    *FINE[5:],
)


@dataclass
class Stage:
    """One installation in a store of its own, at a moment."""

    name: str = "mail-prod"
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = NOW

    @property
    def config(self) -> Config:
        """Its configuration."""
        said = {
            "name": self.name,
            "list": {"source": "https://mail.example/allow.txt", "format": "cidr"},
            "targets": [MemorySettings.model_validate({"mode": "watch", "world": "none"})],
        }
        return Config.model_validate(said, context=PurePath("/etc/cloudsync/cloudsync.yaml"))

    @contextmanager
    def open(self) -> Generator[Job]:
        """As the page opens a tenant."""

        def nobody(_: object, __: object = None) -> None:
            raise AssertionError

        yield Job(self.config, self.store, nobody, nobody, now=lambda: self.now)  # type: ignore[arg-type]

    def listed(self) -> None:
        """A list is in force; one entry of it is leaving."""
        gone = Leaving(
            Entry(NETWORKS[14], "mx-old.filter.example", line=16), NOW - timedelta(days=3),
            NOW - timedelta(days=2), 2, NOW - timedelta(days=2),
        )  # fmt: skip
        entries = tuple(
            Entry(one, f"mx{number}.filter.example", line=number)
            for number, one in enumerate(NETWORKS[:14], 1)
        )
        value = InForce(
            "https://mail.example/allow.txt", "cidr", entries, (gone,),
            published=date(2026, 11, 2), accepted_by="ann@example.com",
            accepted_at=NOW - timedelta(days=21),
        )  # fmt: skip
        records.save(self.store, records.LIST_KEY, records.LIST, value, None)

    def ran(
        self, *past: Iterable[TargetPlan], code: int = 0, ended: datetime | None = None
    ) -> None:
        """Runs went by, five minutes apart; the last ended then, and so."""
        overview: Overview | None = None
        last = ended or self.now - timedelta(minutes=3)
        for number, plans in enumerate(past):
            at = last - timedelta(minutes=5) * (len(past) - 1 - number)
            plan = Plan("sha256:1", tuple(plans))
            ran = Ran(
                f"{at:%Y%m%dT%H%M%SZ}-0a1b2c", "run", at - timedelta(seconds=8 + number % 5), at,
                code if number == len(past) - 1 else 0, whole=True, vetted=True,
                stages={"look": 6.5, "change": 1.25},
            )  # fmt: skip
            overview = after_run(overview, RunReport(plan, (), plan), ran)
        if overview:
            records.save(self.store, logbook.OVERVIEW_KEY, OVERVIEW, overview, None)

    def holding(self) -> None:
        """A first enforce and a list change wait."""
        holds = (
            Hold(f"sha256:{'4e' * 32}", "target", FINE[2].target,
                 "its first enforce would shut out 3,702,390,769 IPv4 addresses that get in today",
                 NOW - timedelta(hours=5), NOW - timedelta(hours=1),
                 ("- tcp/25 from 0.0.0.0/0 (sgr-0be4)", "- tcp/25 from ::/0 (sgr-0be5)")),
            Hold(f"sha256:{'7c' * 32}", "list", "https://mail.example/allow.txt",
                 "the list is held: it grew from 15 to 41 networks, and the limit is 30",
                 NOW - timedelta(minutes=40), NOW - timedelta(minutes=40),
                 tuple(f"+ 8.31.234.{number}/32" for number in range(26))),
        )  # fmt: skip
        records.save(self.store, docket.HOLDS_KEY, docket.HOLDS, holds, None)


def _watched(stage: Stage) -> None:
    """What the last runs said of the target that is open, and of one that is undone again and again."""
    wide = Condition(
        ConditionKind.OPEN, FINE[2].target, "3,702,390,769 addresses get past the filter.",
        "A broader rule lets them in, which isn't changed.",
        "Close it: `cloudsync drift` has the command.", "tcp/0-65535 from 0.0.0.0/0", "1.0.0.0",
        "hand",
    )  # fmt: skip
    again = Condition(
        ConditionKind.CONTESTED,
        FINE[5].target,
        "Somebody undoes the same rule every hour.",
        todo="Find out which pipeline: the audit log names it.",
    )
    over = replace(again, subject=FINE[0].target)
    value = (
        Watched(wide, NOW - timedelta(minutes=38), NOW),
        Watched(again, NOW - timedelta(hours=9), NOW),
        Watched(over, NOW - timedelta(days=2), NOW, ended=NOW - timedelta(days=1)),
    )
    records.save(stage.store, CONDITIONS_KEY, CONDITIONS, value, None)


def _all_right(stage: Stage) -> None:
    stage.ran(*[FINE] * 12, BYPASS, BYPASS, MAIL_LOST, *[FINE] * 40)


def _mail_lost(stage: Stage) -> None:
    stage.ran(*[FINE] * 40, MAIL_LOST, MAIL_LOST, MAIL_LOST, code=2)


def _bypass(stage: Stage) -> None:
    stage.ran(*[FINE] * 30, *[BYPASS] * 8, code=2)
    _watched(stage)


def _held(stage: Stage) -> None:
    stage.ran(*[HELD] * 30, code=4)
    stage.holding()


def _blind(stage: Stage) -> None:
    stage.ran(*[FINE] * 30, BLIND, BLIND, code=3)


def _stale(stage: Stage) -> None:
    stage.ran(*[FINE] * 30, ended=stage.now - timedelta(hours=7))


def _empty(stage: Stage) -> None:
    del stage


SCENES: Final[dict[str, Callable[[Stage], None]]] = {
    "all-right": _all_right,
    "mail-lost": _mail_lost,
    "bypass-open": _bypass,
    "held": _held,
    "blind": _blind,
    "stale": _stale,
    "empty": _empty,
}


def stage(scene: str, name: str = "mail-prod") -> Stage:
    """An installation in one of the states."""
    made = Stage(name)
    if scene != "empty":
        made.listed()
    SCENES[scene](made)
    return made


def opened(one: Stage) -> Callable[[], AbstractContextManager[Job]]:
    """As a site has a tenant."""
    return one.open
