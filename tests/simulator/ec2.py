"""The part of EC2 that security groups are made of, in this process and strict; it has no network.

Written from the EC2 API reference: a rule is told apart by protocol, ports and source, a duplicate
or an unknown rule id is refused, and descriptions are no part of a rule's identity. Whether one bad
rule in an authorize stops the others too isn't said there, so it is a dialect.
"""

# ruff: noqa: N803 - the SDK's arguments are named as the API names them

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, Final

from botocore.exceptions import ClientError, ConnectionClosedError

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
QUOTA: Final = 60
LISTS: Final[Mapping[str, tuple[str, ...]]] = {"pl-0001": ("69.20.58.224/28", "203.0.113.0/24")}
"""Prefix lists whose entries may be read; any other id exists, and its entries may not."""

_FIELDS: Final = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}
_IN_RULES: Final = {
    "IpRanges": "CidrIpv4",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
}
_CODES: Final = {
    "throttled": "RequestLimitExceeded",
    "denied": "UnauthorizedOperation",
    "failed": "InvalidParameterValue",
}


@dataclass(frozen=True, slots=True)
class SgRule:
    """One inbound rule; ports are None where the protocol has none."""

    id: str
    protocol: str
    first: int | None
    last: int | None
    kind: str
    source: str
    description: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What EC2 tells two rules apart by."""
        return self.protocol, self.first, self.last, self.kind, self.source


Group = tuple[SgRule, ...]


@dataclass
class Ec2:
    """Groups by id, on a clock; reads are ``late`` seconds behind."""

    clock: Callable[[], float]
    groups: dict[str, Group]
    atomic: bool = True
    late: float = 0.0
    faults: list[str] = field(default_factory=list[str])
    _past: list[tuple[float, dict[str, Group]]] = field(
        default_factory=list[tuple[float, dict[str, Group]]]
    )
    _made: int = 0

    def __post_init__(self) -> None:
        self._past.append((self.clock(), dict(self.groups)))

    # -------------------------------------------------------------- the world behind the API

    def put(self, group: str, rules: Group | None) -> None:
        """A group as it now is, or None where it is gone."""
        self.groups = {key: value for key, value in self.groups.items() if key != group}
        if rules is not None:
            self.groups[group] = rules
        self._past.append((self.clock(), dict(self.groups)))

    def made(self, rule: SgRule) -> SgRule:
        """``rule`` with an id of its own."""
        self._made += 1
        return replace(rule, id=f"sgr-{self._made:08x}")

    def seen(self) -> Mapping[str, Group]:
        """The groups as a read shows them now."""
        then = self.clock() - self.late
        past = [groups for moment, groups in self._past if moment <= then]
        return past[-1] if past else self._past[0][1]

    # -------------------------------------------------------------- the SDK's clients

    region: str = REGION

    def get(self, service: str, region: str, endpoint: str | None, *, lent: bool) -> Ec2:
        """The client of any service: this one speaks for all."""
        del service, region, endpoint, lent
        return self

    @property
    def meta(self) -> Any:
        """Where the client's calls go."""
        return _Meta()

    def get_caller_identity(self) -> dict[str, Any]:
        """STS: whose credentials these are."""
        return {"Account": ACCOUNT}

    def get_service_quota(self, **_arguments: Any) -> dict[str, Any]:
        """Service Quotas: the rules that a group may hold."""
        return {"Quota": {"Value": float(QUOTA)}}

    def describe_security_groups(
        self,
        *,
        MaxResults: int,
        Filters: list[dict[str, Any]],
        **_more: Any,
    ) -> dict[str, Any]:
        """Every group that the filters let through; all of them carry the tag."""
        del MaxResults
        return {
            "SecurityGroups": [answered(group, rules) for group, rules in self._filtered(Filters)]
        }

    def describe_security_group_rules(
        self,
        *,
        MaxResults: int,
        Filters: list[dict[str, Any]],
        **_more: Any,
    ) -> dict[str, Any]:
        """Every rule of the groups, with its id."""
        del MaxResults
        return {
            "SecurityGroupRules": [
                _rule_answer(group, rule)
                for group, rules in self._filtered(Filters)
                for rule in rules
            ]
        }

    def describe_managed_prefix_lists(
        self,
        *,
        MaxResults: int,
        Filters: list[dict[str, Any]],
        **_more: Any,
    ) -> dict[str, Any]:
        """The prefix lists, readable or not."""
        del MaxResults
        ids: list[str] = Filters[0]["Values"]
        return {"PrefixLists": [{"PrefixListId": one, "MaxEntries": 2} for one in ids]}

    def get_managed_prefix_list_entries(
        self,
        *,
        PrefixListId: str,
        **_more: Any,
    ) -> dict[str, Any]:
        """What is on a list."""
        if PrefixListId not in LISTS:
            raise refused("UnauthorizedOperation")
        return {"Entries": [{"Cidr": cidr} for cidr in LISTS[PrefixListId]]}

    def authorize_security_group_ingress(
        self,
        *,
        GroupId: str,
        IpPermissions: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any]:
        """New rules; a duplicate refuses the call, and in one dialect the others stand all the same."""
        with_answer = self._begins()
        standing = self._group(GroupId)
        keys = {rule.key for rule in standing}
        asked = [self.made(rule) for rule in rules_in(IpPermissions)]
        fresh = [rule for rule in asked if rule.key not in keys]
        if len({rule.key for rule in asked}) < len(asked):
            raise refused("InvalidParameterValue")
        if len(fresh) == len(asked) or not self.atomic:
            grown = (*standing, *fresh)
            if max(counted(grown)) > QUOTA:
                raise refused("RulesPerSecurityGroupLimitExceeded")
            self.put(GroupId, grown)
        if len(fresh) < len(asked):
            raise refused("InvalidPermission.Duplicate")
        return with_answer({"Return": True})

    def revoke_security_group_ingress(
        self,
        *,
        GroupId: str,
        SecurityGroupRuleIds: Sequence[str] = (),
        IpPermissions: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Rules go, by id or by what they say; an unknown one refuses the whole call."""
        with_answer = self._begins()
        standing = self._group(GroupId)
        gone = set(SecurityGroupRuleIds)
        if gone - {rule.id for rule in standing}:
            raise refused("InvalidSecurityGroupRuleId.NotFound")
        keys = {rule.key for rule in rules_in(IpPermissions)}
        if keys - {rule.key for rule in standing}:
            raise refused("InvalidPermission.NotFound")
        left = tuple(rule for rule in standing if rule.id not in gone and rule.key not in keys)
        self.put(GroupId, left)
        return with_answer({"Return": True})

    def modify_security_group_rules(
        self,
        *,
        GroupId: str,
        SecurityGroupRules: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any]:
        """Rules change their contents and keep their ids; in one dialect those that can, do.

        What another rule says before the call is a duplicate, even if the call changes it.
        """
        with_answer = self._begins()
        rules = before = self._group(GroupId)
        asked = {
            one["SecurityGroupRuleId"]: _content(one["SecurityGroupRule"])
            for one in SecurityGroupRules
        }
        if len(asked) < len(SecurityGroupRules):
            raise refused("InvalidParameterValue")
        if asked.keys() - {rule.id for rule in rules}:
            raise refused("InvalidSecurityGroupRuleId.NotFound")
        clash = False
        for identity, content in asked.items():
            if any(one.key == content.key and one.id != identity for one in (*before, *rules)):
                clash = True
            else:
                rules = tuple(
                    replace(content, id=identity) if one.id == identity else one for one in rules
                )
        if max(counted(rules)) > QUOTA:
            raise refused("RulesPerSecurityGroupLimitExceeded")
        if not (clash and self.atomic):
            self.put(GroupId, rules)
        if clash:
            raise refused("InvalidPermission.Duplicate")
        return with_answer({"Return": True})

    def update_security_group_rule_descriptions_ingress(
        self,
        *,
        GroupId: str,
        SecurityGroupRuleDescriptions: Sequence[Mapping[str, str]] = (),
        IpPermissions: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        """Descriptions change, and nothing else."""
        with_answer = self._begins()
        standing = self._group(GroupId)
        by_id = {
            one["SecurityGroupRuleId"]: one["Description"] for one in SecurityGroupRuleDescriptions
        }
        by_key = {rule.key: rule.description for rule in rules_in(IpPermissions)}
        if by_id.keys() - {rule.id for rule in standing}:
            raise refused("InvalidSecurityGroupRuleId.NotFound")
        if by_key.keys() - {rule.key for rule in standing}:
            raise refused("InvalidPermission.NotFound")
        said = tuple(
            replace(rule, description=by_id.get(rule.id, by_key.get(rule.key, rule.description)))
            for rule in standing
        )
        self.put(GroupId, said)
        return with_answer({"Return": True})

    # -------------------------------------------------------------- how calls go

    def _begins(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault in _CODES:
            raise refused(_CODES[fault])
        if fault == "never arrived":
            raise ConnectionClosedError(endpoint_url="https://ec2.invalid")

        def ends(answer: dict[str, Any]) -> dict[str, Any]:
            if fault == "lost":
                raise ConnectionClosedError(endpoint_url="https://ec2.invalid")
            return answer

        return ends

    def _group(self, identity: str) -> Group:
        if identity not in self.groups:
            raise refused("InvalidGroup.NotFound")
        return self.groups[identity]

    def _filtered(self, filters: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Group]]:
        ids = next((one["Values"] for one in filters if one["Name"] == "group-id"), None)
        for group, rules in self.seen().items():
            if ids is None or group in ids:
                yield group, rules


@dataclass(frozen=True)
class _Meta:
    endpoint_url: str = "https://ec2.invalid"


def refused(code: str) -> ClientError:
    """An error as the SDK raises it."""
    return ClientError({"Error": {"Code": code, "Message": "as the simulation says"}}, "Call")


def answered(group: str, rules: Group) -> dict[str, Any]:
    """A group as DescribeSecurityGroups answers it."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for rule in rules:
        permission = found.setdefault(
            (rule.protocol, rule.first, rule.last),
            {
                "IpProtocol": rule.protocol,
                **({} if rule.first is None else {"FromPort": rule.first, "ToPort": rule.last}),
                **{kind: [] for kind in _FIELDS},
            },
        )
        said = {"Description": rule.description} if rule.description else {}
        owner = {"UserId": ACCOUNT} if rule.kind == "UserIdGroupPairs" else {}
        permission[rule.kind].append({_FIELDS[rule.kind]: rule.source, **owner, **said})
    return {
        "GroupId": group,
        "OwnerId": ACCOUNT,
        "IpPermissions": list(found.values()),
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }


def rules_in(permissions: Sequence[Mapping[str, Any]]) -> Iterator[SgRule]:
    """The rules that a request's ``IpPermissions`` stand for, without ids."""
    for permission in permissions:
        given = str(permission["IpProtocol"])
        protocol = {"6": "tcp", "17": "udp"}.get(given, given)
        for kind, name in _FIELDS.items():
            for one in permission.get(kind, ()):
                source = one[name]
                if kind in {"IpRanges", "Ipv6Ranges"}:
                    source = str(ip_network(source, strict=False))
                yield SgRule(
                    "", protocol, permission.get("FromPort"), permission.get("ToPort"),
                    kind, source, one.get("Description", ""),
                )  # fmt: skip


def _content(said: Mapping[str, Any]) -> SgRule:
    """What one rule is to say, as a request to change it does."""
    (kind, source), *others = [
        (kind, said[name]) for kind, name in _IN_RULES.items() if name in said
    ]
    if others:
        raise refused("InvalidParameterCombination")
    return SgRule(
        "", said["IpProtocol"], said["FromPort"], said["ToPort"], kind, source,
        said.get("Description", ""),
    )  # fmt: skip


def counted(rules: Group) -> tuple[int, int]:
    """Rules as the quota counts them, IPv4 and IPv6; lists and groups count in both."""
    both = sum({"PrefixListIds": 2, "UserIdGroupPairs": 1}.get(rule.kind, 0) for rule in rules)
    four = sum(rule.kind == "IpRanges" for rule in rules)
    six = sum(rule.kind == "Ipv6Ranges" for rule in rules)
    return four + both, six + both


def _rule_answer(group: str, rule: SgRule) -> dict[str, Any]:
    source: dict[str, Any] = (
        {"ReferencedGroupInfo": {"GroupId": rule.source, "UserId": ACCOUNT}}
        if rule.kind == "UserIdGroupPairs"
        else {_IN_RULES[rule.kind]: rule.source}
    )
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": group,
        "IsEgress": False,
        "IpProtocol": rule.protocol,
        "FromPort": -1 if rule.first is None else rule.first,
        "ToPort": -1 if rule.last is None else rule.last,
        **source,
    }
