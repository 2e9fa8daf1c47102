"""What Azure takes as a security rule, and how it comes back; every refusal names its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from cloudsync_azure.sandbox import prefixes
from cloudsync_azure.sandbox.values import Dialect
from cloudsync_azure.sandbox.wire import Refused

# [SDK] SecurityRuleProtocol, SecurityRuleAccess, SecurityRuleDirection; matched in any case, as
# Resource Manager's enumerations are.
_WORDS = {
    "protocol": ("*", "Tcp", "Udp", "Icmp", "Esp", "Ah"),
    "access": ("Allow", "Deny"),
    "direction": ("Inbound", "Outbound"),
}
_FIRST, _LAST = 100, 4096  # azure-docs, network-security-groups-overview
_DESCRIPTION_END = 140  # [SDK] SecurityRulePropertiesFormat.description
_ASGS_END = 10  # azure-docs, includes/azure-virtual-network-limits
# The same document for NSGs and rules: begins with a word character, ends with one or with _.
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?")
_PORT = re.compile(r"\d{1,5}")


def check_name(name: str) -> None:
    """Refuse a name that no NSG and no rule may have.

    Source: azure-docs, resource-name-rules, Microsoft.Network.

    Raises:
        Refused: InvalidResourceName.
    """
    if not _NAME.fullmatch(name):
        raise Refused(
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must "
            "begin with a word character, and it must end with a word character or with '_'. The "
            "name may contain word characters or '.', '-', '_'.",
        )


def properties_of(given: object, rule: str, dialect: Dialect) -> dict[str, Any]:
    """A rule's properties as they come back from what was sent, each of them checked.

    ``rule`` is the rule's id, for the messages. A list of one becomes the singular field
    (gh hashicorp/terraform-provider-azurerm#23674); unknown properties are dropped.

    Raises:
        Refused: as Azure refuses what it can't take.
    """
    if not isinstance(given, Mapping):
        raise _unreadable()
    sent = cast("Mapping[str, Any]", given)
    found: dict[str, Any] = {}
    description = sent.get("description")
    if description is not None:
        if not isinstance(description, str):
            raise _unreadable()
        if len(description) > _DESCRIPTION_END:
            # [SDK] "restricted to 140 chars"; the code is UNVERIFIED.
            raise Refused(
                "SecurityRuleInvalidDescription",
                f"Security rule {rule} has a description of {len(description)} characters; it is "
                f"restricted to {_DESCRIPTION_END}.",
            )
        found["description"] = description
    for field, known in _WORDS.items():
        found[field] = _word(sent.get(field), field, known, rule)
    if dialect.protocol == "lower":
        found["protocol"] = found["protocol"].lower()
    found["priority"] = _priority(sent.get("priority"), rule)
    for side in ("source", "destination"):
        _ports(sent, side, found, rule)
        _senders(sent, side, found, rule, dialect)
    prefixes.check_families([*_all(found, "source"), *_all(found, "destination")], rule)
    named = [found.get("sourceAddressPrefix", ""), found.get("destinationAddressPrefix", "")]
    for text in named:
        if text.lower() in prefixes.ONLY_DENIED and found["access"] == "Allow":
            raise Refused(
                "SecurityRuleInvalidAccessType",
                f"Security rule {rule} has invalid access type Allow for {text}. Allowed: Deny.",
            )
    return found


def _unreadable() -> Refused:
    # gh hashicorp/terraform-provider-azurerm#32505.
    return Refused("InvalidRequestFormat", "Cannot parse the request.")


def _word(given: object, field: str, known: tuple[str, ...], rule: str) -> str:
    if given is None or given == "":
        raise Refused("InvalidRequestFormat", f"{rule}: {field} is required and cannot be null.")
    for word in known:
        if isinstance(given, str) and given.lower() == word.lower():
            # Recorded traffic: as it was sent where it is a protocol, in the model's case elsewhere.
            return given if field == "protocol" else word
    raise _unreadable()


def _priority(given: object, rule: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise _unreadable()
    if not _FIRST <= given <= _LAST:
        raise Refused(
            "SecurityRuleInvalidPriority",
            f"Security rule {rule} has invalid Priority. Value provided: {given}. Allowed range "
            f"{_FIRST}-{_LAST}.",
        )
    return given


def _texts(given: object) -> list[str]:
    """A list of strings; nothing for None."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise _unreadable()
    found = cast("list[object]", given)
    if not all(isinstance(one, str) for one in found):
        raise _unreadable()
    return cast("list[str]", found)


def _text(given: object) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise _unreadable()
    return given


def _ports(sent: Mapping[str, Any], side: str, found: dict[str, Any], rule: str) -> None:
    one, many = f"{side}PortRange", f"{side}PortRanges"
    single, several = _text(sent.get(one)), _texts(sent.get(many))
    _exactly_one(
        rule, {many: bool(several), one: bool(single)}
    )  # gh Azure/azure-cli#8615 for the addresses; taken to hold for the ports
    for text in several or [single]:
        if text != "*" or several:
            _check_port(text, rule)
    if len(several) == 1:
        single, several = several[0], []
    if single:
        found[one] = single
    else:
        found[many] = list(several)


def _check_port(text: str, rule: str) -> None:
    first, dash, last = text.partition("-")
    ends = (first, last) if dash else (first, first)
    if (
        not all(_PORT.fullmatch(end) for end in ends)
        or not 0 <= int(ends[0]) <= int(ends[1]) <= 65_535
    ):
        # As users report it: an integer, or a range with a dash; `*` stands alone.
        raise Refused(
            "SecurityRuleInvalidPortRange",
            f"Security rule {rule} has invalid Port range. Value provided: {text}. Value should be "
            "an integer OR integer range with '-' delimiter. Valid range 0-65535.",
        )


def _senders(
    sent: Mapping[str, Any], side: str, found: dict[str, Any], rule: str, dialect: Dialect
) -> None:
    one, many = f"{side}AddressPrefix", f"{side}AddressPrefixes"
    groups = f"{side}ApplicationSecurityGroups"
    single, several = _text(sent.get(one)), _texts(sent.get(many))
    asgs = _asgs(sent.get(groups), groups)
    _exactly_one(rule, {many: bool(several), one: bool(single), groups: bool(asgs)})
    if single:
        prefixes.check_singular(single, rule)
    else:
        prefixes.check_plural(several, _upper(one), rule, overlaps=dialect.overlaps == "kept")
    if len(several) == 1:
        single, several = several[0], []
    if asgs:
        found[groups] = [{"id": each} for each in asgs]
    elif single:
        found[one] = single
    else:
        found[many] = list(several)


def _asgs(given: object, field: str) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise _unreadable()
    found: list[str] = []
    for each in cast("list[object]", given):
        if not isinstance(each, Mapping):
            raise _unreadable()
        found.append(_text(cast("Mapping[str, object]", each).get("id")))
    if len(found) > _ASGS_END:
        # gh hashicorp/terraform-provider-azurerm#1346, when the limit was 1.
        raise Refused(
            "NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached",
            f"A security rule may have up to {_ASGS_END} Application Security Group in the source "
            f"or destination fields. The requested configuration has {len(found)} in the "
            f"{_upper(field)} field.",
        )
    return found


def _exactly_one(rule: str, fields: Mapping[str, bool]) -> None:
    """Refuse a side that says nothing, or says it in two ways.

    Source: gh Azure/azure-cli#8615; the code is UNVERIFIED.
    """
    if sum(fields.values()) != 1:
        names = ", ".join(_upper(field) for field in fields)
        raise Refused(
            "InvalidRequestFormat",
            f"Security rule with Id {rule} must specify a non empty value for exactly one of: "
            f"{names}.",
        )


def _upper(field: str) -> str:
    return field[0].upper() + field[1:]


def _all(found: Mapping[str, Any], side: str) -> list[str]:
    single: str | None = found.get(f"{side}AddressPrefix")
    several: list[str] = found.get(f"{side}AddressPrefixes", [])
    return [single] if single else several
