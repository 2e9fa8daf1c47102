"""What the page and the metrics say of an installation: each target as it was last seen; pure.

A report is whole, and large: a target that is open to the world differs by some hundred networks.
An ``Overview`` keeps of it what a person reads: how much differs, the first networks, the rules
that decide, what would be done, and how it all went over the last runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from cloudsync.immutable import immutable
from cloudsync.model import Mode, Note, Verdict


@immutable
class Part:
    """Some addresses: how many per family, the first networks, and how many networks more."""

    ipv4: int = 0
    ipv6: int = 0
    networks: tuple[str, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.ipv4 or self.ipv6)


@immutable
class Deciding:
    """A rule, its layer, and the part of a difference that it decides."""

    rule: str
    layer: str
    part: Part


@immutable
class Found:
    """How a target that could be looked at differs from what is wanted; as ``report.facts``."""

    ports: tuple[int, ...]
    missing: Part = Part()
    missing_names: tuple[str, ...] = ()
    stops: tuple[Deciding, ...] = ()
    excess: Part = Part()
    grants: tuple[Deciding, ...] = ()
    undetermined: Part = Part()
    undetermined_names: tuple[str, ...] = ()
    internal: Part = Part()
    names: tuple[str, ...] = ()


@immutable
class Todo:
    """A step that is still to do: its verb, whether the rules are ours, its first lines."""

    verb: str
    own: bool
    changes: tuple[str, ...]
    more: int = 0


@immutable
class Mending:
    """What would mend Terraform's code: how it stands, what to do, the first lines of the change."""

    why: str
    todo: str
    changes: tuple[str, ...] = ()
    more: int = 0


@immutable
class Turning:
    """From when on a target had a verdict."""

    at: datetime
    verdict: Verdict


@immutable
class Sight:
    """One target as ``run`` last saw it, at ``at``.

    ``found`` is None of one that couldn't be looked at: ``reason`` says why. ``turns`` are the
    changes of its verdict, the latest last. ``refusal`` is what stopped the plan, and what to do.
    """

    target: str
    mode: Mode
    verdict: Verdict
    at: datetime
    run: str
    turns: tuple[Turning, ...]
    found: Found | None = None
    reason: str = ""
    notes: tuple[Note, ...] = ()
    remarks: tuple[str, ...] = ()
    refusal: tuple[str, str] | None = None
    steps: tuple[Todo, ...] = ()
    mend: Mending | None = None

    @property
    def provider(self) -> str:
        """The first word of its name: ``aws``."""
        return self.target.partition(":")[0]

    @property
    def since(self) -> datetime:
        """From when on it had this verdict, as far as it was seen."""
        return self.turns[-1].at


@immutable
class Point:
    """One run, as a chart shows it: how it ended, and what it left, added up over all targets."""

    at: datetime
    run: str
    command: str
    exit: int
    seconds: float
    done: int
    verdicts: Mapping[Verdict, int]
    missing: tuple[int, int] = (0, 0)
    excess: tuple[int, int] = (0, 0)


@immutable
class Calls:
    """How often a cloud answered a call so: ``code`` is ``ok``, the vendor's own, or ``lost``."""

    provider: str
    operation: str
    code: str
    times: int


@immutable
class Ran:
    """What is known of a run besides its report.

    ``whole`` is whether it looked at every target; an order looks at some. ``vetted`` is whether
    it read a list that was let through. ``stages`` are seconds; ``calls`` and ``throttled`` what
    the clouds answered meanwhile.
    """

    id: str
    command: str
    started: datetime
    ended: datetime
    exit: int
    whole: bool
    vetted: bool
    stages: Mapping[str, float] = field(default_factory=dict[str, float])
    calls: tuple[Calls, ...] = ()
    throttled: Mapping[str, int] = field(default_factory=dict[str, int])


@immutable
class Overview:
    """An installation as its last runs left it.

    ``succeeded_at`` is when a run of every target last ended well, ``vetted_at`` when a list that
    was read was last let through. ``changes`` counts every step that was done, ever, ``calls`` and
    ``throttled`` every answer of a cloud.
    """

    at: datetime
    list_digest: str
    sights: tuple[Sight, ...]
    points: tuple[Point, ...]
    looked_at: datetime | None = None
    succeeded_at: datetime | None = None
    vetted_at: datetime | None = None
    changes: int = 0
    stages: Mapping[str, float] = field(default_factory=dict[str, float])
    calls: tuple[Calls, ...] = ()
    throttled: Mapping[str, int] = field(default_factory=dict[str, int])

    def sight(self, target: str) -> Sight | None:
        """What was last seen of ``target``."""
        return next((one for one in self.sights if one.target == target), None)
