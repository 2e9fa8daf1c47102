"""Whether a project has room for the rules of a plan, at the plan's peak; it calls nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudsync.immutable import immutable
from cloudsync.plural import counted
from cloudsync.provider import Step
from cloudsync_gcp.snapshot import GcpSnapshot

ADVICE: Final = "Raise the quota, or delete rules that nothing needs."


@immutable
class Lack:
    """More rules than there is room for: how many would be added to how many that stand."""

    adds: int
    used: int
    limit: int
    project: str

    @property
    def what(self) -> str:
        """The numbers, for a refusal."""
        return (
            f"would add {counted(self.adds, 'firewall rule')} to the {self.used} that project {self.project} "
            f"holds, and its quota FIREWALLS is {self.limit}"
        )

    @property
    def closing(self) -> str:
        """That closing needs them, for a remark."""
        return f"closing {self.what}. Nothing was closed. {ADVICE}"


def short(snapshot: GcpSnapshot, steps: Iterable[Step]) -> Lack | None:
    """What the quota FIREWALLS lacks for ``steps``; None where there is room, or nobody may know.

    Additions come before removals, so the peak is all of them.
    """
    adds = sum(step.verb == "add" for step in steps)
    if not adds or snapshot.network.edited != "classic":
        return None
    quota = snapshot.quota()
    if quota is None or quota.used + adds <= quota.limit:
        return None
    return Lack(adds, quota.used, quota.limit, snapshot.network.project)


def without_new(steps: Iterable[Step]) -> list[Step]:
    """What needs no room: standing rules that grow. Whatever takes away waits for what is lacking."""
    return [step for step in steps if step.verb == "replace" and not step.later]
