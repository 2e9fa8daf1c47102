"""A small fleet of network security groups on loopback, with the sins of real ones.

Whatever is seeded here was made by somebody who needed mail to work on a Friday afternoon. It opens
no real subscription.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from cloudsync.addresses import AddressSet, Network
from cloudsync.demo.cast import INSTALLATION, LEFT, LISTED, Mishap, Sin
from cloudsync.model import Purpose, Verdict, mark
from cloudsync_azure.sandbox import Sandbox

GROUP: Final = "mail"
BROKEN: Final = "nsg-open-to-the-world"
"""The group that is right once the job is done, until somebody breaks it by hand."""
LOCK: Final = "nsg-second-lock"
"""The group that hangs on an interface, in the subnet of ``LOCKED``."""
LOCKED: Final = "nsg-half-the-list"

Rule = dict[str, Any]
_OWN: Final = f"cloudsync-{INSTALLATION}-25-"


def _rule(
    name: str,
    priority: int,
    *sources: Network | str,
    ports: str = "25",
    protocol: str = "Tcp",
    access: str = "Allow",
    text: str = "",
) -> Rule:
    """An inbound rule as the API takes it."""
    several = [str(one) for one in sources]
    whence = (
        {"sourceAddressPrefix": several[0]}
        if len(several) == 1
        else {"sourceAddressPrefixes": several}
    )
    return {
        "name": name,
        "properties": {
            "description": text,
            "protocol": protocol,
            "access": access,
            "direction": "Inbound",
            "priority": priority,
            "sourcePortRange": "*",
            "destinationPortRange": ports,
            "destinationAddressPrefix": "*",
            **whence,
        },
    }


def _own(*networks: Network) -> Rule:
    """The rule of the list, as an earlier run of the demo's installation left it."""
    sources = AddressSet.of(*networks).cidrs()
    return _rule(f"{_OWN}list-ipv4", 100, *sources, text=mark(INSTALLATION, Purpose.LIST))


_HTTPS: Final = _rule("webmail", 300, "*", ports="443", text="webmail")

# Name, mode, what somebody did, the verdict in the end, the rules.
_GROUPS: Final[tuple[tuple[str, str, str, Verdict, tuple[Rule, ...]], ...]] = (
    (
        BROKEN, "enforce",
        "port 25 is open to the world, in IPv4 and IPv6",
        Verdict.IN_SYNC,
        (_rule("smtp", 200, "*", text="temporary, remove after migration"), _HTTPS),
    ),
    (
        "nsg-any-any", "enforce",
        "everything from the tag Internet, to every port, until somebody finds the time",
        Verdict.IN_SYNC,
        (_rule("any-any", 4000, "Internet", ports="*", protocol="*", text="find out what's needed"),),
    ),
    (
        "nsg-internal-relays", "enforce",
        "internal relays send through it, and a monitor in Ohio is let in by hand",
        Verdict.IN_SYNC,
        (
            _own(*LISTED),
            _rule("relays", 210, "10.20.0.0/16", text="internal relays"),
            _rule("monitor", 220, "192.0.2.10", text="monitor"),
        ),
    ),
    (
        "nsg-shut", "add",
        "everything is denied at 4096, and nobody has let the filter in yet",
        Verdict.IN_SYNC,
        (_rule("deny-all", 4096, "*", ports="*", protocol="*", access="Deny"),),
    ),
    (
        "nsg-right", "add",
        "this one is right",
        Verdict.IN_SYNC,
        (_own(*LISTED),),
    ),
    (
        LOCKED, "add",
        "half of the list is missing: somebody stopped typing",
        Verdict.IN_SYNC,
        (_own(*LISTED[:7]),),
    ),
    (
        LOCK, "add",
        "a second lock, on the interface: past the subnet's group, mail stops here",
        Verdict.IN_SYNC,
        (_HTTPS,),
    ),
    (
        "nsg-who-left-the-list", "add",
        "addresses that left the list a month ago still get in",
        Verdict.IN_SYNC,
        (_own(*LISTED, *(entry.network for entry in LEFT)),),
    ),
    (
        "nsg-partner", "add",
        "a partner delivers past the filter, by a rule that nobody else dares to touch",
        Verdict.OPEN,
        (_own(*LISTED), _rule("partner", 230, "198.51.100.0/24", text="partner, ask sales")),
    ),
    (
        "nsg-not-ours-yet", "watch",
        "open to the world, and its owner hasn't said yet that it may be changed",
        Verdict.OPEN,
        (_rule("smtp", 200, "*"),),
    ),
)  # fmt: skip


class Fleet:
    """Azure on loopback with nine groups that are wrong and one that is right.

    A context manager: it listens on ``port`` of 127.0.0.1 (0: a free one) while it is entered.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._cloud = Sandbox(port=port)
        subnet = (
            f"/subscriptions/{self._cloud.subscription}/resourceGroups/{GROUP}/providers/"
            "Microsoft.Network/virtualNetworks/mail/subnets/"
        )
        for name, mode, _, _, rules in _GROUPS:
            made = self._cloud.seed_nsg(
                name,
                rules,
                group=GROUP,
                tags={"cloudsync": "smtp", "mode": mode},
                subnets=[] if name == LOCK else [subnet + name.removeprefix("nsg-")],
            )
            if name == LOCK:
                within = subnet + LOCKED.removeprefix("nsg-")
                self._cloud.seed_interface("mx-card", within, nsg=made, group=GROUP)

    def __enter__(self) -> Self:
        self._cloud.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cloud.stop()

    @property
    def cloud(self) -> Sandbox:
        """The cloud itself, for whoever looks behind the scenes."""
        return self._cloud

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._cloud.url

    @property
    def sins(self) -> tuple[Sin, ...]:
        """The groups, in the order of the story."""
        return tuple(
            Sin(self._target(name), name, what, ends) for name, _, what, ends, _ in _GROUPS
        )

    @property
    def commands(self) -> tuple[str, ...]:
        """How anybody looks at it: Azure's own command line goes nowhere but to Azure."""
        path = (
            f"/subscriptions/{self._cloud.subscription}/providers/"
            "Microsoft.Network/networkSecurityGroups?api-version=2024-05-01"
        )
        return (f"curl -H 'Authorization: Bearer anybody' '{self.url}{path}'",)

    def configuration(self) -> str:
        """The target blocks, one a mode, each with its tags."""
        where = f'endpoint: {self.url}\n  subscriptions: ["{self._cloud.subscription}"]'
        return f"""\
# The list is let in, and then what else is open to the outside is closed.
- provider: azure
  {where}
  select: {{tags: {{cloudsync: smtp, mode: enforce}}}}
  protect: all      # whatever stands in the subnets that these groups filter for
  mode: enforce
  path: direct      # clients reach the servers with their own addresses
  internal: keep    # relays in private networks keep getting in
  accept_risk: {{by: the demo, reason: nobody's mail passes here, until: never}}

# The list is let in; what others opened stays, and is reported.
- provider: azure
  {where}
  select: {{tags: {{cloudsync: smtp, mode: add}}}}
  protect: all
  mode: add

# Nothing is changed.
- provider: azure
  {where}
  select: {{tags: {{cloudsync: smtp, mode: watch}}}}
  protect: all
  mode: watch
"""

    def environment(self) -> Mapping[str, str | None]:
        """None of the person's own settings: on loopback no identity is needed."""
        return dict.fromkeys(name for name in os.environ if name.startswith("AZURE_"))

    def break_by_hand(self) -> Mishap:
        """Take the list's rule down to one network, and our denies away."""
        kept = LISTED[-1]
        held = self._cloud.nsg(BROKEN, group=GROUP)["properties"]["securityRules"]
        ours = [one["name"] for one in held if one["name"].startswith(_OWN)]
        self._cloud.uproot(BROKEN, [name for name in ours if "-deny-" in name], group=GROUP)
        changed = _own(kept)
        [listed] = [one for one in held if one["name"].startswith(f"{_OWN}list-")]
        changed["name"] = listed["name"]
        changed["properties"]["priority"] = listed["properties"]["priority"]
        self._cloud.plant(BROKEN, [changed], group=GROUP)
        return Mishap(
            self._target(BROKEN),
            f"Somebody tidies up in the portal, in {BROKEN}: leaves {kept} in the rule of the "
            "list, and deletes the denies behind it, because mail works without them.",
        )

    def elsewhere(self) -> str:
        """Every outbound rule, and every inbound one that isn't for port 25 alone, as JSON."""
        return json.dumps(
            {
                identity: [
                    [one["name"], {**one["properties"], "provisioningState": ""}]
                    for one in nsg["properties"]["securityRules"]
                    if one["properties"]["direction"] == "Outbound"
                    or one["properties"].get("destinationPortRange") != "25"
                ]
                for identity, nsg in self._cloud.nsgs().items()
            },
            sort_keys=True,
        )

    def mutations(self) -> Sequence[str]:
        """The mutating calls so far, by the vendor's names of the operations."""
        return self._cloud.mutations()

    def _target(self, name: str) -> str:
        return f"azure:{self._cloud.subscription}/{GROUP}/{name}"
