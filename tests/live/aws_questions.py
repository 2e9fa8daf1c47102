"""What AWS's documents leave open, each question with how it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.live.aws import AwsTrial, code_of, port_25
from tests.live.kit import Question

_ONE: Final = "192.0.2.0/24"
_TWO: Final = "198.51.100.0/24"
_SIX: Final = "2001:db8::/32"
_RULES: Final = {"ServiceCode": "vpc", "QuotaCode": "L-0EA8095F"}


def _many(number: int) -> list[str]:
    return [f"10.{each // 256}.{each % 256}.0/24" for each in range(number)]


def _about_rules(trial: AwsTrial) -> Sequence[Question]:
    """How calls on rules are answered, and what they leave."""

    def modify(group: str, *changed: tuple[str, dict[str, Any]]) -> str:
        rules = [
            {
                "SecurityGroupRuleId": rule,
                "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, **content},
            }
            for rule, content in changed
        ]
        return trial.said("modify_security_group_rules", GroupId=group, SecurityGroupRules=rules)

    def duplicate() -> str:
        group = trial.group("duplicate", _ONE)
        return f"{trial.authorize(group, port_25(_ONE, _TWO))}, then {trial.sources(group)}"

    def family() -> str:
        group = trial.group("family", _ONE)
        (rule,) = trial.rules(group)
        said = modify(group, (rule["SecurityGroupRuleId"], {"CidrIpv6": _SIX}))
        return f"{said}, then {trial.sources(group)}"

    def no_text() -> str:
        group = trial.group("text")
        described = [{"CidrIp": _ONE, "Description": "kept"}]
        permission = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "IpRanges": described}
        trial.authorize(group, [permission])
        (rule,) = trial.rules(group)
        said = modify(group, (rule["SecurityGroupRuleId"], {"CidrIpv4": _TWO}))
        (rule,) = trial.rules(group)
        return f"{said}, then {rule.get('CidrIpv4')} {rule.get('Description') or 'without one'}"

    def clash() -> str:
        group = trial.group("clash", _ONE, _TWO)
        ids = {rule["CidrIpv4"]: rule["SecurityGroupRuleId"] for rule in trial.rules(group)}
        # Each alone can be done; both can't.
        said = modify(
            group, (ids[_ONE], {"CidrIpv4": "203.0.113.0/24"}), (ids[_TWO], {"CidrIpv4": "203.0.113.0/24"})
        )  # fmt: skip
        return f"{said}, then {trial.sources(group)}"

    def many() -> str:
        group = trial.group("many")
        return ", ".join(
            f"{number}: {trial.authorize(group, port_25(*_many(number)))}"
            for number in (1000, 1001)
        )

    def read() -> str:
        group = trial.group("read", _ONE)
        return "yes" if trial.rules(group, wait=False) else "no"

    def reversed_ports() -> str:
        return trial.authorize(trial.group("ports"), port_25(_ONE, last=24))

    return (
        Question("duplicate", "Two rules, one of them there already", duplicate),
        Question("family", "ModifySecurityGroupRules from IPv4 to IPv6", family),
        Question("no text", "ModifySecurityGroupRules without the Description", no_text),
        Question("clash", "ModifySecurityGroupRules, where the second clashes", clash),
        Question("many", "1,000 and 1,001 rules in a call", many),
        Question("read", "Is a rule read back at once?", read),
        Question("ports", "Ports 25 to 24", reversed_ports),
    )


def questions(trial: AwsTrial) -> Sequence[Question]:
    """Every question, in the order in which they are asked."""

    def quota() -> float:
        found = trial.ask("get_service_quota", service="service-quotas", **_RULES)
        return float(found["Quota"]["Value"])

    def counted() -> str:
        full = trial.prefix_list("counted", size=int(quota()))
        group = trial.group("counted")
        reference = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25}
        said = trial.authorize(group, [{**reference, "PrefixListIds": [{"PrefixListId": full}]}])
        ipv4 = trial.authorize(group, port_25(_ONE))
        ipv6 = trial.authorize(group, port_25(_SIX))
        kept = trial.said("delete_managed_prefix_list", PrefixListId=full)
        return f"reference: {said}, an IPv4 rule: {ipv4}, an IPv6 rule: {ipv6}, its delete: {kept}"

    def change(held: str, add: Sequence[str] = (), remove: Sequence[str] = ()) -> str:
        version = trial.settle(held)["Version"]
        entries: dict[str, Any] = {
            "AddEntries": [{"Cidr": each} for each in add],
            "RemoveEntries": [{"Cidr": each} for each in remove],
        }
        try:
            trial.ask(
                "modify_managed_prefix_list", PrefixListId=held, CurrentVersion=version,
                **{key: value for key, value in entries.items() if value},
            )  # fmt: skip
        except ClientError as error:
            return code_of(error)
        return str(trial.settle(held)["State"])

    def swapped() -> str:
        return change(trial.prefix_list("swapped", _ONE), [_TWO], [_ONE])

    def both() -> str:
        return change(trial.prefix_list("both", _ONE), [_ONE], [_ONE])

    def absent() -> str:
        return change(trial.prefix_list("absent", _ONE), (), [_TWO])

    def entries() -> str:
        return change(trial.prefix_list("entries", size=101), _many(101))

    def bits() -> str:
        held = trial.prefix_list("bits", "192.0.2.1/24")
        found = trial.ask("get_managed_prefix_list_entries", PrefixListId=held)["Entries"]
        return " ".join(str(each["Cidr"]) for each in found)

    return (
        *_about_rules(trial),
        Question("quota", "Rules per security group", lambda: f"{quota():g}"),
        Question("counted", "An IPv4 list as large as the quota: what room is left?", counted),
        Question("swapped", "A full list: one entry in, one out, in a call", swapped),
        Question("both", "The same entry in and out in a call", both),
        Question("absent", "An entry out that isn't there", absent),
        Question("entries", "101 entries in a call", entries),
        Question("bits", "How is an entry with host bits stored?", bits),
    )
