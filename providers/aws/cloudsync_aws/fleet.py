"""A small fleet of security groups on loopback, with the sins of real ones; it opens no real account.

Whatever is seeded here was made by somebody who needed mail to work on a Friday afternoon.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from cloudsync.addresses import Network
from cloudsync.demo.cast import INSTALLATION, LEFT, LISTED, Mishap, Sin
from cloudsync.model import Purpose, Verdict
from cloudsync_aws.marks import description
from cloudsync_aws.sandbox import Sandbox

REGION: Final = "us-east-1"
RIGHT: Final = "mx-right"
"""The group that is in order, until somebody breaks it by hand."""

Permission = dict[str, Any]

_OURS: Final = description(INSTALLATION, Purpose.LIST)
_WORLD: Final = ("0.0.0.0/0", "::/0")


def _permission(
    *networks: Network | str, ports: tuple[int, int] | None = (25, 25), text: str = ""
) -> Permission:
    """One of boto3's IpPermissions; without ``ports`` for all traffic."""
    about = {"Description": text} if text else {}
    sources = [str(one) for one in networks]
    which = (
        {"IpProtocol": "-1"}
        if ports is None
        else {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1]}
    )
    return {
        **which,
        "IpRanges": [{"CidrIp": one, **about} for one in sources if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one, **about} for one in sources if ":" in one],
    }


def _own(*networks: Network | str) -> Permission:
    return _permission(*networks, text=_OURS)


def _for_mail_alone(permission: Mapping[str, Any]) -> bool:
    return permission.get("FromPort") == permission.get("ToPort") == 25


_HTTPS: Final = _permission(*_WORLD, ports=(443, 443), text="webmail")

# Name, mode, what somebody did, the verdict in the end, the rules.
_GROUPS: Final[tuple[tuple[str, str, str, Verdict, tuple[Permission, ...]], ...]] = (
    (
        "mx-open-to-the-world", "enforce",
        "port 25 is open to the world, in IPv4 and IPv6",
        Verdict.IN_SYNC,
        (_permission(*_WORLD, text="temporary, remove after migration"), _HTTPS),
    ),
    (
        "mx-world-in-two-halves", "enforce",
        "somebody was told not to write 0.0.0.0/0, and wrote it in two halves",
        Verdict.IN_SYNC,
        (_permission("0.0.0.0/1", "128.0.0.0/1", text="all customers"),),
    ),
    (
        "mx-ports-20-to-30", "enforce",
        "a range of ports from anywhere, made for FTP and SSH, holds port 25 too",
        Verdict.OPEN,
        (_permission("0.0.0.0/0", ports=(20, 30), text="ftp and ssh"), _own(*LISTED)),
    ),
    (
        "mx-all-traffic", "enforce",
        "all traffic from two /8: our own machines, and a whole cloud's",
        Verdict.OPEN,
        (_permission("10.0.0.0/8", "54.0.0.0/8", ports=None, text="our machines"),),
    ),
    (
        "mx-internal-relays", "enforce",
        "internal relays send through it, and a monitor in Ohio is let in by hand",
        Verdict.IN_SYNC,
        (
            _permission("10.20.0.0/16", text="internal relays"),
            _permission("192.0.2.10/32", text="monitor"),
            _own(*LISTED),
        ),
    ),
    (
        RIGHT, "enforce",
        "this one is right",
        Verdict.IN_SYNC,
        (_own(*LISTED),),
    ),
    (
        "mx-half-the-list", "add",
        "half of the list is missing: somebody stopped typing",
        Verdict.IN_SYNC,
        (_own(*LISTED[:7]),),
    ),
    (
        "mx-who-left-the-list", "add",
        "addresses that left the list a month ago still get in",
        Verdict.IN_SYNC,
        (_own(*LISTED, *(entry.network for entry in LEFT)),),
    ),
    (
        "mx-partner", "add",
        "a partner delivers past the filter, by a rule that nobody else dares to touch",
        Verdict.OPEN,
        (_permission("198.51.100.0/24", text="partner, ask sales"), _own(*LISTED)),
    ),
    (
        "mx-by-reference", "enforce",
        "another group is let in by reference, beside the list",
        Verdict.IN_SYNC,
        (_own(*LISTED),),
    ),
    (
        "mx-not-ours-yet", "watch",
        "open to the world, and its owner hasn't said yet that it may be changed",
        Verdict.OPEN,
        (_permission(*_WORLD),),
    ),
)  # fmt: skip


class Fleet:
    """EC2 on loopback with ten groups that are wrong and one that is right.

    A context manager: it listens on ``port`` of 127.0.0.1 (0: a free one) while it is entered.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._cloud = Sandbox(regions=(REGION,), port=port)
        gateway = self._cloud.seed_group(region=REGION, name="mail-gateway")
        by_reference = {
            "IpProtocol": "tcp",
            "FromPort": 25,
            "ToPort": 25,
            "UserIdGroupPairs": [{"GroupId": gateway, "Description": "mail gateway"}],
        }
        self._ids = {
            name: self._cloud.seed_group(
                region=REGION,
                name=name,
                description=what,
                tags={"Name": name, "cloudsync": "smtp", "mode": mode},
                permissions=(*rules, by_reference) if name == "mx-by-reference" else rules,
            )
            for name, mode, what, _, rules in _GROUPS
        }

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
        """How AWS's own command line looks at it."""
        return ("aws ec2 describe-security-groups --filters Name=tag:cloudsync,Values=smtp",)

    def configuration(self) -> str:
        """The target blocks, one a mode, each with its tags."""
        where = f"endpoint: {self.url}\n  regions: [{REGION}]"
        return f"""\
# The list is let in, and then what else is open to the outside is closed.
- provider: aws
  {where}
  select: {{tags: {{cloudsync: smtp, mode: enforce}}}}
  mode: enforce
  path: direct      # clients reach the servers with their own addresses
  internal: keep    # relays in private networks keep getting in
  accept_risk: {{by: the demo, reason: nobody's mail passes here, until: never}}

# The list is let in; what others opened stays, and is reported.
- provider: aws
  {where}
  select: {{tags: {{cloudsync: smtp, mode: add}}}}
  mode: add

# Nothing is changed.
- provider: aws
  {where}
  select: {{tags: {{cloudsync: smtp, mode: watch}}}}
  mode: watch
"""

    def environment(self) -> Mapping[str, str | None]:
        """Made-up credentials, the endpoint, and none of the person's own settings."""
        here = self._cloud.environment() | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        # A profile or an endpoint that is set for one service would lead elsewhere.
        others = {name for name in os.environ if name.startswith("AWS_")} - here.keys()
        return {**here, **dict.fromkeys(others)}

    def break_by_hand(self) -> Mishap:
        """Delete a rule of the list, and let in a network of one's own."""
        gone, mine = LISTED[0], "192.0.2.0/24"
        self._cloud.uproot(REGION, self._ids[RIGHT], [_own(gone)])
        self._cloud.plant(REGION, self._ids[RIGHT], [_permission(mine, text="just a test")])
        return Mishap(
            self._target(RIGHT),
            f"Somebody clicks in the console, in {RIGHT}: deletes the rule for "
            f'{gone.network_address}, and lets in {mine}, "just a test".',
        )

    def elsewhere(self) -> str:
        """Every outbound rule, and every inbound one that isn't for port 25 alone, as JSON."""
        return json.dumps(
            {
                group_id: [
                    group["IpPermissionsEgress"],
                    [one for one in group["IpPermissions"] if not _for_mail_alone(one)],
                ]
                for group_id, group in self._cloud.groups(REGION).items()
            },
            sort_keys=True,
        )

    def mutations(self) -> Sequence[str]:
        """The mutating calls so far, by the API's names."""
        return tuple(call.action for call in self._cloud.calls if call.mutating)

    def _target(self, name: str) -> str:
        return f"aws:{self._cloud.account}/{REGION}/{self._ids[name]}"
