"""One request on its way through the sandbox, and what every operation begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cloudsync_azure.sandbox.access import Principal
from cloudsync_azure.sandbox.values import Asg, Nsg, provider_id
from cloudsync_azure.sandbox.wire import Refused, Reply, Request
from cloudsync_azure.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose caller is known and allowed.

    ``parts`` are the names in its path. ``failure`` is the error that its operation will end with.
    """

    world: World
    request: Request
    principal: Principal
    parts: Mapping[str, str]
    failure: str = ""

    @property
    def subscription(self) -> str:
        """The subscription's id, as the path has it."""
        return self.parts["subscription"]

    @property
    def nsg_key(self) -> str:
        """The key of the NSG that the path names."""
        return provider_id(
            self.subscription, self.parts["group"], "networkSecurityGroups", self.parts["nsg"]
        ).lower()

    def seen_nsg(self) -> Nsg:
        """The NSG that the path names, as reads show it.

        Raises:
            Refused: SubscriptionNotFound, ResourceGroupNotFound or ResourceNotFound.
        """
        return self._found(self.world.seen())

    def nsg(self) -> Nsg:
        """The NSG that the path names, as it is; for writes.

        Raises:
            Refused: SubscriptionNotFound, ResourceGroupNotFound or ResourceNotFound.
        """
        return self._found(self.world.nsgs)

    def _found(self, nsgs: Mapping[str, Nsg]) -> Nsg:
        group = self.world.group(self.subscription, self.parts["group"])
        found = nsgs.get(self.nsg_key)
        if found is None:
            raise missing("networkSecurityGroups", self.parts["nsg"], group)
        return found

    def asg(self) -> Asg:
        """The application security group that the path names.

        Raises:
            Refused: SubscriptionNotFound, ResourceGroupNotFound or ResourceNotFound.
        """
        group = self.world.group(self.subscription, self.parts["group"])
        key = provider_id(
            self.subscription, group, "applicationSecurityGroups", self.parts["asg"]
        ).lower()
        if key not in self.world.asgs:
            raise missing("applicationSecurityGroups", self.parts["asg"], group)
        return self.world.asgs[key]


Handler = Callable[[Asked], Reply]


def missing(kind: str, name: str, group: str) -> Refused:
    """The 404 of a resource that isn't there (recorded traffic)."""
    return Refused(
        "ResourceNotFound",
        f"The Resource 'Microsoft.Network/{kind}/{name}' under resource group '{group}' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        404,
    )
