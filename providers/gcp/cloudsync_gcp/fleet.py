"""A small fleet of networks on loopback, with the sins of real ones; it opens no real project.

Whatever is seeded here was made by somebody who needed mail to work on a Friday afternoon. Each sin
has a project of its own, and in it the network ``default`` with mail servers that carry the tag
``smtp``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from cloudsync.addresses import INTERNAL, AddressSet, Network
from cloudsync.demo.cast import INSTALLATION, LEFT, LISTED, Mishap, Sin
from cloudsync.model import Purpose, Verdict, mark
from cloudsync_gcp.sandbox import Sandbox

RIGHT: Final = "mx-right"
"""The project whose network is in order, until somebody breaks it by hand."""
TAG: Final = "smtp"
FOLDER: Final = "folders/204"

Rule = dict[str, Any]

_LIST: Final = f"cloudsync-{INSTALLATION}-{Purpose.LIST}-seeded"
_LEFT: Final = tuple(entry.network for entry in LEFT)


def _rule(
    name: str,
    *networks: Network | str,
    priority: int = 1000,
    protocol: str = "tcp",
    ports: Sequence[str] = ("25",),
    text: str = "",
    **more: Any,
) -> Rule:
    """A rule as the API takes it, for the mail servers unless it says otherwise."""
    return {
        "name": name,
        "description": text,
        "priority": priority,
        "direction": "INGRESS",
        "allowed": [{"IPProtocol": protocol, **({"ports": list(ports)} if ports else {})}],
        "sourceRanges": [str(one) for one in networks],
        "targetTags": [TAG],
        **more,
    }


def _own(*networks: Network) -> Rule:
    return _rule(_LIST, *networks, text=mark(INSTALLATION, Purpose.LIST))


def _shut(family: str, everyone: str) -> Rule:
    """An own deny: everybody outside, in one family."""
    outside = (AddressSet.of(everyone) - INTERNAL).cidrs()
    name = f"cloudsync-{INSTALLATION}-{Purpose.DENY}-{family}"
    text = mark(INSTALLATION, Purpose.DENY)
    rule = _rule(name, *outside, priority=65_534, text=text)
    rule["denied"] = rule.pop("allowed")
    return rule


_EGRESS: Final[Rule] = {
    "name": "no-web-from-here", "direction": "EGRESS", "destinationRanges": ["0.0.0.0/0"],
    "denied": [{"IPProtocol": "tcp", "ports": ["80"]}],
}  # fmt: skip
_HTTPS: Final = _rule("webmail", "0.0.0.0/0", ports=["443"])

# Project, mode, what somebody did, the verdict in the end, the rules.
_NETWORKS: Final[tuple[tuple[str, str, str, Verdict, tuple[Rule, ...]], ...]] = (
    (
        "mx-open-to-the-world", "enforce",
        "port 25 is open to the world, in IPv4 and IPv6",
        Verdict.IN_SYNC,
        (
            _rule("allow-smtp", "0.0.0.0/0", text="temporary, remove after migration"),
            _rule("allow-smtp-v6", "::/0", text="temporary, remove after migration"),
            _HTTPS,
            _EGRESS,
        ),
    ),
    (
        "mx-all-protocols", "enforce",
        "everything is open to the whole network's neighbours, and to a /8 of the internet",
        Verdict.IN_SYNC,
        (
            _rule("allow-all", "10.0.0.0/8", "54.0.0.0/8", protocol="all", ports=(), targetTags=[]),
        ),
    ),
    (
        "mx-first-in-line", "enforce",
        "somebody opened it at priority 0, where nothing can stand ahead",
        Verdict.OPEN,
        (_rule("urgent", "0.0.0.0/0", priority=0, text="ceo said so"), _own(*LISTED)),
    ),
    (
        "mx-from-above", "enforce",
        "a policy of the folder above lets a monitor in, before any rule here is asked",
        Verdict.OPEN,
        (_own(*LISTED),),
    ),
    (
        "mx-switched-off", "enforce",
        "somebody switched the rule for the filter off, and forgot",
        Verdict.IN_SYNC,
        (_rule("filter", *LISTED, disabled=True),),
    ),
    (
        RIGHT, "enforce",
        "this one is right",
        Verdict.IN_SYNC,
        (
            {**_own(*LISTED), "priority": 100},
            _shut("ipv4", "0.0.0.0/0"),
            _shut("ipv6", "::/0"),
        ),
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
        (_own(*LISTED, *_LEFT),),
    ),
    (
        "mx-partner", "add",
        "a partner delivers past the filter, by a rule that nobody else dares to touch",
        Verdict.OPEN,
        (_rule("partner", "198.51.100.0/24", text="partner, ask sales"), _own(*LISTED)),
    ),
    (
        "mx-not-ours-yet", "watch",
        "open to the world, and its owner hasn't said yet that it may be changed",
        Verdict.OPEN,
        (_rule("allow-smtp", "0.0.0.0/0"),),
    ),
)  # fmt: skip

_FROM_ABOVE: Final[Rule] = {
    "priority": 100, "action": "allow", "direction": "INGRESS", "description": "monitor",
    "match": {
        "srcIpRanges": ["192.0.2.10/32"],
        "layer4Configs": [{"ipProtocol": "tcp", "ports": ["25"]}],
    },
}  # fmt: skip


def _for_mail_alone(rule: Mapping[str, Any]) -> bool:
    said = rule.get("allowed") or rule.get("denied")
    return rule["direction"] == "INGRESS" and said == [{"IPProtocol": "tcp", "ports": ["25"]}]


class Fleet:
    """Compute Engine on loopback with nine networks that are wrong and one that is right.

    A context manager: it listens on ``port`` of 127.0.0.1 (0: a free one) while it is entered.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._cloud = Sandbox(projects=(), port=port)
        for project, _, _, _, rules in _NETWORKS:
            folders = (FOLDER,) if project == "mx-from-above" else ()
            self._cloud.seed_project(project, folders=folders)
            for rule in rules:
                self._cloud.seed_firewall(rule, project=project)
        self._cloud.seed_hierarchical_policy("monitoring", [_FROM_ABOVE], target=FOLDER)

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
        """The networks, in the order of the story."""
        return tuple(Sin(_target(name), name, what, ends) for name, _, what, ends, _ in _NETWORKS)

    @property
    def commands(self) -> tuple[str, ...]:
        """How Google's own command line looks at it."""
        return (f"gcloud compute firewall-rules list --project {RIGHT}",)

    def configuration(self) -> str:
        """The target blocks, one a mode, each with its projects."""
        blocks = {
            "enforce": (
                "# The list is let in, and then what else is open to the outside is closed.",
                (
                    "  path: direct      # clients reach the servers with their own addresses\n"
                    "  internal: keep    # relays in private networks keep getting in\n"
                    "  accept_risk: {by: the demo, reason: nobody's mail passes here, until: never}\n"
                ),
            ),
            "add": ("# The list is let in; what others opened stays, and is reported.", ""),
            "watch": ("# Nothing is changed.", ""),
        }
        return "\n".join(
            f"{about}\n- provider: gcp\n  endpoint: {self.url}\n"
            f"  projects: [{', '.join(one[0] for one in _NETWORKS if one[1] == mode)}]\n"
            f"  select: {{network: default, tags: [{TAG}]}}\n  mode: {mode}\n{more}"
            for mode, (about, more) in blocks.items()
        )

    def environment(self) -> Mapping[str, str | None]:
        """No credentials, the command line's overrides, and none of the person's own settings."""
        here = self._cloud.environment() | {"CLOUDSDK_CORE_PROJECT": RIGHT}
        ours = ("CLOUDSDK_", "GOOGLE_CLOUD_")
        others = {name for name in os.environ if name.startswith(ours)} - here.keys()
        hidden = {"GOOGLE_APPLICATION_CREDENTIALS", "GCLOUD_PROJECT", *others}
        return {**here, **dict.fromkeys(hidden)}

    def break_by_hand(self) -> Mishap:
        """Take an address out of the list's rule, and let in a network of one's own."""
        gone, mine = LISTED[0], "192.0.2.0/24"
        rules = self._cloud.firewalls(RIGHT)
        standing = rules[_LIST]
        left = [one for one in standing["sourceRanges"] if one != str(gone)]
        self._cloud.plant({**standing, "sourceRanges": left}, project=RIGHT)
        self._cloud.plant(_rule("just-a-test", mine, text="just a test"), project=RIGHT)
        return Mishap(
            _target(RIGHT),
            f"Somebody clicks in the console, in {RIGHT}: takes {gone.network_address} out of the "
            f'rule for the filter, and lets in {mine}, "just a test".',
        )

    def elsewhere(self) -> str:
        """Every outbound rule, and every inbound one that isn't for port 25 alone, as JSON."""
        return json.dumps(
            {
                project: [one for one in rules.values() if not _for_mail_alone(one)]
                for project, *_ in _NETWORKS
                for rules in [self._cloud.firewalls(project)]
            },
            sort_keys=True,
        )

    def mutations(self) -> Sequence[str]:
        """The mutating calls so far, by the API's names."""
        return tuple(call.operation for call in self._cloud.calls if call.mutating)


def _target(project: str) -> str:
    return f"gcp:{project}/default/tag:{TAG}"
