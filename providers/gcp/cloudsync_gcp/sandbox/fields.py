"""Checks of single fields that classic rules and policy rules share; each says whose word it is."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from cloudsync_gcp.sandbox.wire import Refused, invalid, missing, too_many

RANGES: Final = 5000
"""Source or destination ranges of one rule. Source: Google's page on the quotas of Cloud NGFW."""

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_KNOWN: Final = frozenset({"tcp", "udp", "icmp", "esp", "ah", "ipip", "sctp", "all"})
_WITH_PORTS: Final = frozenset({"tcp", "udp", "sctp", "6", "17", "132"})


def name(value: Any, field: str = "resource.name") -> str:
    """A name of 1 to 63 characters. Source: the pattern of `Firewall.name`.

    Raises:
        Refused: it isn't one.
    """
    if value in {None, ""}:
        raise missing(field)
    if not _NAME.fullmatch(str(value)):
        raise invalid(field, value, f"Must be a match of regex '{_NAME.pattern}'")
    return str(value)


@lru_cache(maxsize=100_000)
def _network(text: str) -> int | None:
    """The family of a CIDR without host bits, or None."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text).version
    except ValueError:
        return None


def ranges(values: Sequence[str], field: str) -> int | None:
    """The family of CIDR ranges, None where there are none.

    Host bits are refused (gh hashicorp/terraform-provider-google#4032), the families can't be mixed
    (docs.cloud.google.com/firewall/docs/using-firewalls), and 5,000 is the most.

    Raises:
        Refused: for any of these.
    """
    if len(values) > RANGES:
        raise too_many(field, RANGES, len(values))
    family: int | None = None
    for index, text in enumerate(values):
        version = _network(text)
        if version is None:
            raise invalid(f"{field}[{index}]", text, "Must be a valid CIDR address range.")
        if family not in {None, version}:
            raise invalid(
                f"{field}[{index}]", text, "IPv4 and IPv6 ranges can't be in the same rule."
            )
        family = version
    return family


def one_family(*found: tuple[str, int | None]) -> None:
    """Source and destination ranges of one family: a rule can't contain both.

    Source: docs.cloud.google.com/firewall/docs/using-firewalls.

    Raises:
        Refused: they are of two.
    """
    if len({family for _, family in found} - {None}) > 1:
        fields = " and ".join(field for field, _ in found)
        raise conflict(f"{fields} must be of one IP version.")


def tags(values: Sequence[str], field: str, most: int) -> None:
    """Network tags, at most `most`. Source: the pattern of `Tags.items`; the limits of a rule.

    Raises:
        Refused: one is no tag, or there are too many.
    """
    if len(values) > most:
        raise too_many(field, most, len(values))
    for index, text in enumerate(values):
        name(text, f"{field}[{index}]")


def accounts(values: Sequence[str], field: str, most: int = 10) -> None:
    """Service accounts, at most 10: GoogleCloudPlatform/magic-modules, Firewall.yaml.

    Raises:
        Refused: one is no address of an account, or there are too many.
    """
    if len(values) > most:
        raise too_many(field, most, len(values))
    for index, text in enumerate(values):
        if "@" not in text:
            raise invalid(f"{field}[{index}]", text, "Must be a valid service account email.")


def protocols(entries: Sequence[Mapping[str, Any]], field: str, key: str) -> None:
    """Protocols by name or number with their ports. Source: `Firewall.allowed[]`.

    The protocol is required; ports go with tcp, udp and sctp only, as integers or ranges.

    Raises:
        Refused: one can't be so.
    """
    for index, entry in enumerate(entries):
        where = f"{field}[{index}]"
        protocol = entry.get(key)
        if not protocol:
            raise missing(f"{where}.{key}")
        numeric = str(protocol).isdigit() and int(protocol) <= 255
        if str(protocol).lower() not in _KNOWN and not numeric:
            raise invalid(f"{where}.{key}", protocol, "Must be a protocol's name or number.")
        if entry.get("ports") and str(protocol).lower() not in _WITH_PORTS:
            raise invalid(
                f"{where}.ports", entry["ports"], "Ports may only be given with TCP, UDP or SCTP."
            )
        for number, text in enumerate(entry.get("ports") or ()):
            match = _PORTS.fullmatch(text)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if not 0 <= first <= last <= 65_535:
                raise invalid(
                    f"{where}.ports[{number}]", text, "Must be an integer or range of 0 to 65535."
                )


def priority(value: Any, last: int) -> int:
    """A rule's number, from 0 to `last`.

    Raises:
        Refused: it is outside.
    """
    number = int(value)
    if not 0 <= number <= last:
        raise invalid("resource.priority", number, f"Must be between 0 and {last}, inclusive.")
    return number


def direction(value: Any) -> str:
    """INGRESS, the default, or EGRESS.

    Raises:
        Refused: neither.
    """
    word = str(value or "INGRESS")
    if word not in {"INGRESS", "EGRESS"}:
        raise invalid("resource.direction", word, "Must be INGRESS or EGRESS.")
    return word


def conflict(message: str) -> Refused:
    """Two fields that can't be in the same rule."""
    return Refused(400, "invalid", f"Invalid value for field 'resource': ''. {message}")
