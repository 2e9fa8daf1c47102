"""Permissions as boto3 shapes them, read into rules as EC2 would; it never looks at a group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from cloudsync_aws.sandbox.values import Peer, Rule
from cloudsync_aws.sandbox.wire import Params, Refused

_NAMES = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": "-1"}
_KNOWN = {"tcp", "udp", "icmp", "icmpv6", "-1"}
_PORTS_END = 65535
_ICMP_END = 255
_DESCRIPTION_END = 255
# SDK model, IpRange.Description; & is missing from the alphabet of UserIdGroupPair and PrefixListId.
_CIDR_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*")
_REFERENCE_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]*")
_V4_SHAPE = re.compile(r"\d{1,3}(\.\d{1,3}){3}/\d{1,2}")
_V6_SHAPE = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*/\d{1,3}")

# member of a permission, its field, the kind of rule, in the order of the SDK's IpPermission
_SOURCES: tuple[tuple[str, str, Peer], ...] = (
    ("IpRanges", "CidrIp", "ipv4"),
    ("Ipv6Ranges", "CidrIpv6", "ipv6"),
    ("PrefixListIds", "PrefixListId", "list"),
    ("UserIdGroupPairs", "GroupId", "group"),
)


def _malformed(cidr: str) -> Refused:
    # gh aws/aws-cli#2846; an IPv6 network in CidrIp gets the same answer.
    return Refused("InvalidParameterValue", f"CIDR block {cidr} is malformed")


@lru_cache(maxsize=65536)
def canonical(kind: Peer, cidr: str) -> str:
    """The network as EC2 stores it: host bits dropped, IPv6 compressed.

    Source: SDK, IpRange.CidrIp ("canonicalizes IPv4 and IPv6 CIDRs").

    Raises:
        Refused: InvalidParameterValue where it is no CIDR block of that family.
    """
    try:
        if kind == "ipv4" and _V4_SHAPE.fullmatch(cidr):
            return str(IPv4Network(cidr, strict=False))
        if kind == "ipv6" and _V6_SHAPE.fullmatch(cidr):
            return str(IPv6Network(cidr, strict=False))
    except ValueError:
        pass
    raise _malformed(cidr)


def protocol_name(text: str) -> str:
    """The protocol as EC2 answers it: four names, -1, or a number.

    Raises:
        Refused: InvalidParameterValue for a name that isn't one of the four.
    """
    name = _NAMES.get(text.lower(), text.lower())
    if name in _KNOWN or (name.isascii() and name.isdigit() and int(name) <= _ICMP_END):
        return name
    raise Refused(
        "InvalidParameterValue", f"Invalid value '{text}' for IP protocol. Unknown protocol."
    )


def ports(protocol: str, first: int | None, last: int | None) -> tuple[int | None, int | None]:
    """The port range, or ICMP type and code, that EC2 keeps; none where it opens all ports.

    Source: SDK, IpPermission.IpProtocol; the messages, gh chef-boneyard/chef-provisioning-aws#183
    and awsdocs/aws-cloudformation-user-guide#217.

    Raises:
        Refused: InvalidParameterValue for a range that is missing, InvalidPermission.Malformed for
            one that is out of bounds.
    """
    if protocol in {"tcp", "udp"}:
        if first is None or last is None:
            raise Refused(
                "InvalidParameterValue",
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            )
        if not 0 <= first <= last <= _PORTS_END:
            # gh boto/boto3#336 for a port out of range; that a reversed range gets the same is UNVERIFIED.
            odd = first if not 0 <= first <= _PORTS_END else last
            raise Refused("InvalidPermission.Malformed", f"TCP/UDP port ({odd}) out of range")
        return first, last
    if protocol in {"icmp", "icmpv6"}:
        if protocol == "icmpv6" and first is None and last is None:
            return -1, -1
        if first is None or last is None:
            raise Refused(
                "InvalidParameterValue",
                "Invalid value 'Must specify both from and to ports with ICMP.' for portRange.",
            )
        # SDK, IpPermission.ToPort: all types means all codes.
        if not (-1 <= first <= _ICMP_END and -1 <= last <= _ICMP_END) or first == -1 != last:
            raise Refused("InvalidPermission.Malformed", f"ICMP code ({last}) out of range")
        return first, last
    return None, None


def check_description(kind: Peer, text: str | None) -> None:
    """Refuse a description that EC2 refuses.

    Source: SDK, the Constraints of IpRange, Ipv6Range, PrefixListId and UserIdGroupPair; the
    message, gh agentic-community/mcp-gateway-registry#1728.

    Raises:
        Refused: InvalidParameterValue.
    """
    if text is None:
        return
    allowed = _CIDR_TEXT if kind in {"ipv4", "ipv6"} else _REFERENCE_TEXT
    if len(text) > _DESCRIPTION_END or not allowed.fullmatch(text):
        raise Refused(
            "InvalidParameterValue",
            "Invalid rule description. Valid descriptions are strings less than 256 characters "
            "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )


def from_params(params: Params) -> list[dict[str, Any]]:
    """The permissions of a request, boto3-shaped; the short form without IpPermissions too.

    Raises:
        Refused: InvalidParameterCombination where both forms stand side by side.
    """
    found = [_shape(member) for member in params.structs("IpPermissions")]
    short = params.text("IpProtocol") is not None or params.text("CidrIp") is not None
    if short and found:
        raise Refused(
            "InvalidParameterCombination",
            "The parameter ipPermissions cannot be used with the parameter cidrIp",
        )
    if short:
        range_ = {"CidrIp": params.need("CidrIp")}
        found.append(
            {**_head(params), "IpProtocol": params.need("IpProtocol"), "IpRanges": [range_]}
        )
    return found


def _head(member: Params) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for name in ("FromPort", "ToPort"):
        number = member.number(name)
        if number is not None:
            head[name] = number
    return head


def _shape(member: Params) -> dict[str, Any]:
    shape = _head(member)
    protocol = member.text("IpProtocol")
    if protocol is not None:
        shape["IpProtocol"] = protocol
    for plural, _, kind in _SOURCES:
        wire_name = "Groups" if kind == "group" else plural
        sources = [
            {
                name: text
                for name in (
                    "CidrIp",
                    "CidrIpv6",
                    "PrefixListId",
                    "GroupId",
                    "GroupName",
                    "UserId",
                    "Description",
                )
                if (text := source.text(name)) is not None
            }
            for source in member.structs(wire_name)
        ]
        if sources:
            shape[plural] = sources
    return shape


def read(permissions: Iterable[Mapping[str, Any]], *, egress: bool, owner: str) -> list[Rule]:
    """One rule, as yet without an id, for each source of each permission, in order.

    Raises:
        Refused: as the API refuses a permission that it can't take.
    """
    return [rule for permission in permissions for rule in _rules(permission, egress, owner)]


def _rules(permission: Mapping[str, Any], egress: bool, owner: str) -> Iterator[Rule]:  # noqa: FBT001
    named = permission.get("IpProtocol")
    if named is None:
        raise Refused("MissingParameter", "The request must contain the parameter ipProtocol")
    protocol = protocol_name(str(named))
    first, last = ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
    empty = True
    for plural, field, kind in _SOURCES:
        sources: Sequence[Mapping[str, str]] = permission.get(plural) or ()
        for source in sources:
            empty = False
            peer = source.get(field)
            if not peer:
                raise Refused("MissingParameter", f"The request must contain the parameter {field}")
            description = source.get("Description")
            check_description(kind, description)
            yield Rule(
                id="",
                egress=egress,
                protocol=protocol,
                first=first,
                last=last,
                kind=kind,
                peer=canonical(kind, peer) if kind in {"ipv4", "ipv6"} else peer,
                owner=source.get("UserId", owner) if kind == "group" else "",
                description=description,
            )
    if empty:
        # SDK, AuthorizeSecurityGroupIngress: exactly one source must be specified.
        raise Refused("InvalidPermission.Malformed", "A permission must name a source")
