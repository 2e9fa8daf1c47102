"""The reads of one project: its rules, the policies in force, its quota; it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, Final

from cloudsync.immutable import immutable
from cloudsync_gcp.caller import Caller, Failed
from cloudsync_gcp.calls import network_url
from cloudsync_gcp.failures import Failure
from cloudsync_gcp.layers import Kind, Layer
from cloudsync_gcp.reading import classic, in_order, policies, raw_of
from cloudsync_gcp.rule import Rule
from cloudsync_gcp.snapshot import Network, Quota
from cloudsync_gcp.target import Target

PAGE: Final = 500
"""Results in one answer; the API's most."""


@immutable
class Looking:
    """Looks at one project through one endpoint, until ``deadline``."""

    caller: Caller
    project: str
    endpoint: str | None
    deadline: float | None = None
    quotas: dict[str, Quota | None] = field(default_factory=dict[str, Quota | None])

    def network(self, name: str, edited: Kind) -> Network | None:
        """Every layer that decides on a network, or None where the project has no such one.

        Raises:
            Failed: something of it couldn't be read, so that nobody knows who gets in.
        """
        path = f"projects/{self.project}/global/networks/{name}"
        try:
            effective = self._read("Networks", "get_effective_firewalls", {"network": name})
        except Failed as failed:
            if failed.found.gone:
                return None
            raise
        found = list(policies(effective.firewall_policys, path))
        for region in self._regions(path):
            answer = self._read(
                "RegionNetworkFirewallPolicies",
                "get_effective_firewalls",
                {"network": network_url(self.project, name), "region": region},
            )
            found += policies(answer.firewall_policys, path, region)
        rules, outbound, names = classic(self._rules(name))
        layers = [layer for layer, _ in found]
        return Network(
            self.project,
            name,
            in_order(layers, Layer("classic", rules), classic_first=self._order(name, layers)),
            edited,
            (*outbound, *(line for _, lines in found for line in lines)),
            names,
        )

    def quota(self) -> Quota | None:
        """How many rules the project may hold, as it is now; None where that may not be read."""
        if self.project not in self.quotas:
            self.quotas[self.project] = self._quota()
        return self.quotas[self.project]

    def host(self) -> str:
        """The host project of the shared networks that this one uses, or empty."""
        try:
            return str(self._read("Projects", "get_xpn_host", {}).name)
        except Failed:
            return ""

    def everything(self) -> dict[str, tuple[Target, ...]]:
        """Each network of the project, and every target that an inbound rule speaks of."""
        found: dict[str, dict[Target, None]] = {}
        for page in self._pages("Firewalls", "list", {"max_results": PAGE}):
            for answer in page.items:
                (rules, _, _) = classic([answer])
                targets = found.setdefault(answer.network.rpartition("/")[2], {})
                targets.update(dict.fromkeys(one for rule in rules for one in _of(rule)))
        return {network: tuple(targets) for network, targets in sorted(found.items())}

    def rule(self, name: str) -> Any:
        """One rule as the SDK answers it.

        Raises:
            Failed: it isn't there, or can't be read.
        """
        return self._read("Firewalls", "get", {"firewall": name})

    def policy(self, name: str) -> Any:
        """One global network policy as the SDK answers it.

        Raises:
            Failed: it isn't there, or can't be read.
        """
        return self._read("NetworkFirewallPolicies", "get", {"firewall_policy": name})

    def _rules(self, network: str) -> Iterator[Any]:
        asked = {
            "filter": f'network="{network_url(self.project, network)}"', "max_results": PAGE,
        }  # fmt: skip
        for page in self._pages("Firewalls", "list", asked):
            yield from raw_of(page).items

    def _regions(self, path: str) -> list[str]:
        """The regions that have a policy for the network, by one listing of all of them.

        Raises:
            Failed: some regions couldn't be reached, and may have one.
        """
        found: set[str] = set()
        for page in self._pages(
            "NetworkFirewallPolicies", "aggregated_list", {"max_results": PAGE}
        ):
            away = [
                scope for scope, listed in page.items.items()
                if listed.warning.code == "UNREACHABLE"
            ]  # fmt: skip
            away += page.unreachables
            if away:
                raise Failed(
                    Failure("unreachable", f"{', '.join(sorted(away))} couldn't be reached"),
                    "networkFirewallPolicies.aggregatedList",
                )
            for scope, listed in page.items.items():
                if scope.startswith("regions/") and any(
                    one.attachment_target.endswith(path)
                    for policy in listed.firewall_policies
                    for one in policy.associations
                ):
                    found.add(scope.removeprefix("regions/"))
        return sorted(found)

    def _order(self, name: str, layers: Iterable[Layer]) -> bool:
        """Whether classic rules are asked before the network's policies; only asked if it has any."""
        if not any(layer.kind in {"global", "regional"} for layer in layers):
            return True
        answer = self._read("Networks", "get", {"network": name})
        return bool(answer.network_firewall_policy_enforcement_order != "BEFORE_CLASSIC_FIREWALL")

    def _quota(self) -> Quota | None:
        try:
            answer = self._read("Projects", "get", {})
        except Failed:
            return None
        return next(
            (
                Quota(int(one.limit), int(one.usage))
                for one in answer.quotas
                if one.metric == "FIREWALLS"
            ),
            None,
        )

    def _read(self, service: str, method: str, request: dict[str, Any]) -> Any:
        return self.caller.read(
            service, method, {"project": self.project, **request},
            endpoint=self.endpoint, deadline=self.deadline,
        )  # fmt: skip

    def _pages(self, service: str, method: str, request: dict[str, Any]) -> Iterator[Any]:
        return self.caller.pages(
            service, method, {"project": self.project, **request},
            endpoint=self.endpoint, deadline=self.deadline,
        )  # fmt: skip


def _of(rule: Rule) -> Iterator[Target]:
    if rule.disabled or rule.action != "allow":
        return
    yield from (Target("tag", one) for one in rule.tags)
    yield from (Target("sa", one) for one in rule.accounts)
    if not rule.tags and not rule.accounts:
        yield Target("all")


def projects_under(
    caller: Caller, parent: str, endpoint: str | None, go_on: Callable[[], None]
) -> list[str]:
    """The ids of the active projects under ``folders/N`` or ``organizations/N``.

    ``go_on`` is asked after each page.

    Raises:
        Failed: they can't be searched for.
    """
    request = {
        "scope": parent,
        "asset_types": ["cloudresourcemanager.googleapis.com/Project"],
        "query": "state:ACTIVE",
        "page_size": PAGE,
    }
    found: set[str] = set()
    for page in caller.pages("Asset", "search_all_resources", request, endpoint=endpoint):
        for one in page.results:
            attributes: Any = one.additional_attributes or {}
            found.add(str(attributes.get("projectId") or one.name.rpartition("/")[2]))
        go_on()
    return sorted(found)


@immutable
class Ceiling:
    """The quota of a project, asked for by whoever needs it first."""

    looking: Looking

    def __call__(self) -> Quota | None:
        """The quota; None where it may not be read."""
        return self.looking.quota()

    @property
    def asked(self) -> Quota | None:
        """The quota where somebody asked for it; asks nobody."""
        return self.looking.quotas.get(self.looking.project)
