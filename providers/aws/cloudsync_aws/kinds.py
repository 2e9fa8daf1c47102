"""The rules of every kind of target that AWS has: each snapshot is asked by its own; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.exposure import Exposure
from cloudsync.model import Purpose, Wanted
from cloudsync.provider import (
    Foreign,
    Order,
    Proposal,
    Reversal,
    Snapshot,
    Sources,
    Step,
)
from cloudsync.tells import Managed, Resource
from cloudsync_aws import frozen
from cloudsync_aws.lists import ListSnapshot
from cloudsync_aws.rules import AwsRules
from cloudsync_aws.snapshot import AwsSnapshot


class KindRules:
    """Security groups and prefix lists. A snapshot holds targets of one kind."""

    def __init__(self) -> None:
        self._groups = AwsRules()

    @cached_property
    def _lists(self) -> Any:
        from cloudsync_aws.list_rules import ListRules  # noqa: PLC0415 - few have lists

        return ListRules()

    def _of(self, snapshot: Any) -> Any:
        return self._lists if isinstance(snapshot, ListSnapshot) else self._groups

    @property
    def probes(self) -> AddressSet:
        """Nobody: AWS's balancers check health from private addresses that nothing tells apart."""
        return NOBODY

    def exposure(self, snapshot: Any, port: int) -> Mapping[str, Exposure]:
        """Who can reach TCP ``port``, per target."""
        found: Mapping[str, Exposure] = self._of(snapshot).exposure(snapshot, port)
        return found

    def steps(self, snapshot: Any, wanted: Mapping[str, Wanted]) -> Proposal:
        """What would make the targets right."""
        found: Proposal = self._of(snapshot).steps(snapshot, wanted)
        return found

    def ordered(self, snapshot: Any, wanted: Mapping[str, Wanted], order: Order) -> Proposal:
        """The steps that carry out ``order``."""
        found: Proposal = self._of(snapshot).ordered(snapshot, wanted, order)
        return found

    def reversal(self, snapshot: Any, step: Step) -> Reversal:
        """How ``step``, made at ``snapshot``, is taken back."""
        found: Reversal = self._of(snapshot).reversal(snapshot, step)
        return found

    def after(self, snapshot: Any, step: Step) -> Snapshot:
        """The snapshot once ``step`` is done."""
        found: Snapshot = self._of(snapshot).after(snapshot, step)
        return found

    def own(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[Purpose, Sources]]:
        """Who stands in the installation's rules, per target and purpose."""
        found: Mapping[str, Mapping[Purpose, Sources]] = self._of(snapshot).own(
            snapshot, installation, ports
        )
        return found

    def foreign(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Mapping[str, Foreign]]:
        """The other rules that decide a port of ``ports``, per target, by a key."""
        found: Mapping[str, Mapping[str, Foreign]] = self._of(snapshot).foreign(
            snapshot, installation, ports
        )
        return found

    def managed(self, snapshot: Any) -> Mapping[str, Managed]:
        """Who else keeps which target."""
        found: Mapping[str, Managed] = self._of(snapshot).managed(snapshot)
        return found

    def modules(self, snapshot: Any, ports: tuple[int, ...]) -> Mapping[str, Sources]:
        """Who the rules, or entries, of our Terraform modules let in."""
        found: Mapping[str, Sources] = self._of(snapshot).modules(snapshot, ports)
        return found

    def freeze(self, snapshot: AwsSnapshot | ListSnapshot) -> Mapping[str, Any]:
        """The snapshot as JSON."""
        return frozen.freeze(snapshot)

    def thaw(self, kept: Mapping[str, Any]) -> AwsSnapshot | ListSnapshot:
        """The snapshot that was kept as JSON."""
        return frozen.thaw(kept)

    def resources(
        self, snapshot: Any, installation: str, ports: tuple[int, ...]
    ) -> Mapping[str, Sequence[Resource]]:
        """The own rules as Terraform's resources. A list stays here: rules refer to it by its id."""
        if isinstance(snapshot, ListSnapshot):
            return {}
        return self._groups.resources(snapshot, installation, ports)

    def elsewhere(self, snapshot: Any, ports: tuple[int, ...]) -> Mapping[str, str]:
        """A digest per target of whatever decides any other port."""
        found: Mapping[str, str] = self._of(snapshot).elsewhere(snapshot, ports)
        return found
