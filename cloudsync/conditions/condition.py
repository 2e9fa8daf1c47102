"""One condition: what is at stake, where, and what to do; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final, Literal

from cloudsync.immutable import immutable

RUNBOOK: Final = "docs/conditions.md"
"""Where each kind has a section, under its own name."""

Cause = Literal["list", "hand"]
"""Whether the list changed, or somebody changed a rule."""


class Severity(StrEnum):
    """Whom it concerns: someone at once, someone today, or whoever reads along."""

    PAGE = "page"
    TICKET = "ticket"
    NOTE = "note"


class ConditionKind(StrEnum):
    """What can be the matter, the gravest first."""

    MISSING = "missing"
    OPEN = "open"
    GONE = "gone"
    LATE = "late"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNREADABLE = "unreadable"
    UNDETERMINED = "undetermined"
    CONTESTED = "contested"
    HELD = "held"
    REFUSED = "refused"
    STALE = "stale"
    PREFLIGHT = "preflight"
    DIFFERS = "differs"
    UNREVIEWED = "unreviewed"
    ENDING = "ending"
    ORDER = "order"
    REPAIRED = "repaired"
    LIST_CHANGED = "list_changed"


SEVERITY: Final[Mapping[ConditionKind, Severity]] = {
    ConditionKind.MISSING: Severity.PAGE,
    ConditionKind.OPEN: Severity.PAGE,
    ConditionKind.GONE: Severity.PAGE,
    ConditionKind.LATE: Severity.PAGE,
    ConditionKind.UNDELIVERED: Severity.PAGE,
    ConditionKind.FAILED: Severity.TICKET,
    ConditionKind.UNREADABLE: Severity.TICKET,
    ConditionKind.UNDETERMINED: Severity.TICKET,
    ConditionKind.CONTESTED: Severity.TICKET,
    ConditionKind.HELD: Severity.TICKET,
    ConditionKind.REFUSED: Severity.TICKET,
    ConditionKind.STALE: Severity.TICKET,
    ConditionKind.PREFLIGHT: Severity.TICKET,
    ConditionKind.DIFFERS: Severity.TICKET,
    ConditionKind.UNREVIEWED: Severity.TICKET,
    ConditionKind.ENDING: Severity.TICKET,
    ConditionKind.ORDER: Severity.NOTE,
    ConditionKind.REPAIRED: Severity.NOTE,
    ConditionKind.LIST_CHANGED: Severity.NOTE,
}

MOMENTS: Final = frozenset({ConditionKind.REPAIRED, ConditionKind.LIST_CHANGED})
"""What happened and is over: it is told once and never ends."""

BY_LOOK: Final = frozenset(
    {
        ConditionKind.MISSING,
        ConditionKind.OPEN,
        ConditionKind.GONE,
        ConditionKind.UNDETERMINED,
        ConditionKind.CONTESTED,
        ConditionKind.FAILED,
        ConditionKind.HELD,
    }
)
"""What only a look at its target can end."""

OF_TARGETS: Final = BY_LOOK - {ConditionKind.FAILED, ConditionKind.HELD}
"""What befalls a target and nothing else: where nobody looks at that any more, it isn't over."""


Key = tuple[ConditionKind, str]


@immutable
class Condition:
    """One thing that is the matter: ``kind`` and ``subject`` say which, whatever becomes of the rest.

    ``subject`` is a target, the list's source, or what else it befalls. ``impact`` is the one line
    that says what is at stake; ``did`` what cloudsync did or won't do; ``todo`` what a person does
    next, with the command. ``rule`` decides it, and ``witness`` is one address for which it holds.
    ``target`` is the target that it concerns where the subject is something else; ``all`` is each.
    """

    kind: ConditionKind
    subject: str
    impact: str
    did: str = ""
    todo: str = ""
    rule: str = ""
    witness: str = ""
    cause: Cause | None = None
    target: str = ""

    @property
    def key(self) -> Key:
        """What tells it from every other."""
        return self.kind, self.subject

    @property
    def severity(self) -> Severity:
        """Whom it concerns."""
        return SEVERITY[self.kind]

    @property
    def runbook(self) -> str:
        """Where the documentation says what to do about its kind."""
        return f"{RUNBOOK}#{self.kind}"

    def says_as(self, other: Condition) -> bool:
        """Whether both say the same of what is at stake; the advice may differ.

        Of what waits for a person it may not: the command says what exactly is approved, and one for
        what waited before lets nothing through.
        """
        todo = self.todo if self.kind is ConditionKind.HELD else other.todo
        return replace(self, did=other.did, todo=todo) == other
