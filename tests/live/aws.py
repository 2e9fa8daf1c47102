"""The questions to AWS: one VPC of its own with groups and prefix lists, through boto3's clients.

AWS charges for none of the three, and no subnet, machine or address is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from tests.live.kit import Budget, Question
from tests.live.wire import MARK

_KEPT: Final = frozenset({"DependencyViolation", "IncorrectState"})
_GONE: Final = frozenset(
    {"InvalidGroup.NotFound", "InvalidPrefixListID.NotFound", "InvalidVpcID.NotFound"}
)
_KINDS: Final = (
    # What is made, in the order in which it goes: its describe, where its id stands, its delete.
    ("describe_security_groups", "SecurityGroups", "GroupId", "delete_security_group"),
    ("describe_managed_prefix_lists", "PrefixLists", "PrefixListId", "delete_managed_prefix_list"),
    ("describe_vpcs", "Vpcs", "VpcId", "delete_vpc"),
)


class Call(Protocol):
    """Whatever carries a call of boto3: one try, and ClientError where it's refused."""

    def __call__(self, service: str, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Make the call of that service's client."""
        ...


@dataclass
class AwsTrial:
    """Fulfils ``tests.live.kit.Trial``."""

    call: Call
    account: str
    run: str
    region: str = "eu-west-1"
    sleep: Callable[[float], None] = time.sleep
    budget: Budget = field(default_factory=lambda: Budget(calls=300, seconds=900))
    name: str = "aws"
    begun: bool = False
    vpc: str = ""
    made: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def prefix(self) -> str:
        """Begins the name of all that is made."""
        return f"{MARK}-{self.run}"

    @property
    def plan(self) -> Sequence[str]:
        """What will be done."""
        limits = f"{self.budget.calls} calls and {self.budget.seconds:.0f} seconds"
        return (
            f"Make a VPC in {self.region} of account {self.account}, tagged {MARK}: {self.run}.",
            "Refuse to go on in another account, or if something carries that tag already.",
            f"Make security groups in it and prefix lists, each named {self.prefix}-…, tagged so.",
            "AWS charges for none of them; nothing is in the VPC, so no traffic is filtered.",
            f"Use at most {limits}, and as much again for taking it away.",
            "Delete what carries this run's tag, and the ids that this run was given.",
        )

    # --- calls -----------------------------------------------------------------------------

    def ask(self, action: str, *, service: str = "ec2", **arguments: Any) -> dict[str, Any]:
        """One call."""
        self.budget.spend()
        return self.call(service, action, arguments)

    def said(self, action: str, **arguments: Any) -> str:
        """How one call went: done, or by which code it was refused."""
        try:
            self.ask(action, **arguments)
        except ClientError as error:
            return code_of(error)
        return "done"

    def tagged(self, kind: str) -> list[dict[str, Any]]:
        """This run's tag, for whatever is made."""
        return [{"ResourceType": kind, "Tags": [{"Key": MARK, "Value": self.run}]}]

    def group(self, end: str, *networks: str) -> str:
        """A new group with these networks on port 25; its id."""
        answer = self.ask(
            "create_security_group",
            GroupName=f"{self.prefix}-{end}",
            Description=self.prefix,
            VpcId=self.vpc,
            TagSpecifications=self.tagged("security-group"),
        )
        made = str(answer["GroupId"])
        self.made.append(("delete_security_group", made))
        if networks:
            self.ask(
                "authorize_security_group_ingress", GroupId=made, IpPermissions=port_25(*networks)
            )
        return made

    def prefix_list(self, end: str, *networks: str, size: int = 1) -> str:
        """A new IPv4 prefix list that is done; its id."""
        answer = self.ask(
            "create_managed_prefix_list",
            PrefixListName=f"{self.prefix}-{end}",
            AddressFamily="IPv4",
            MaxEntries=size,
            Entries=[{"Cidr": each} for each in networks],
            TagSpecifications=self.tagged("prefix-list"),
        )
        made = str(answer["PrefixList"]["PrefixListId"])
        self.made.append(("delete_managed_prefix_list", made))
        self.settle(made)
        return made

    def settle(self, prefix_list: str, *, gone: bool = False) -> dict[str, Any]:
        """Wait until a list is done with its last change, and give it.

        Reads may be late: one that isn't there isn't read yet, or, with ``gone``, is deleted.

        Raises:
            RuntimeError: it isn't within a minute.
        """
        for _ in range(20):
            self.sleep(3)
            try:
                found = self.ask("describe_managed_prefix_lists", PrefixListIds=[prefix_list])
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
                if gone:
                    return {"State": "delete-complete"}
                continue
            held: dict[str, Any] = found["PrefixLists"][0]
            if not str(held["State"]).endswith("-in-progress"):
                return held
        raise RuntimeError(f"{prefix_list} wasn't done within a minute")

    def authorize(self, group: str, permissions: Sequence[Mapping[str, Any]]) -> str:
        """Add rules; how that went."""
        return self.said(
            "authorize_security_group_ingress", GroupId=group, IpPermissions=permissions
        )

    def rules(self, group: str, *, wait: bool = True) -> list[dict[str, Any]]:
        """The group's inbound rules, after what late reads there may be."""
        if wait:
            self.sleep(3)
        filters = [{"Name": "group-id", "Values": [group]}]
        found = self.ask("describe_security_group_rules", Filters=filters)["SecurityGroupRules"]
        return [rule for rule in found if not rule["IsEgress"]]

    def sources(self, group: str) -> str:
        """The networks of the group's rules, in order."""
        found = (rule.get("CidrIpv4") or rule.get("CidrIpv6") for rule in self.rules(group))
        return " ".join(sorted(str(each) for each in found))

    # --- the trial -------------------------------------------------------------------------

    def begin(self) -> None:
        """Make the VPC.

        Raises:
            RuntimeError: this is another account, or something carries the run's tag already.
        """
        here = self.ask("get_caller_identity", service="sts")["Account"]
        if here != self.account:
            raise RuntimeError(f"the credentials are of account {here}, not of {self.account}")
        for describe, where, _, _ in _KINDS:
            if self._found(describe, where):
                raise RuntimeError(f"{where} with tag {MARK}: {self.run} must not be there yet")
        self.begun = True
        answer = self.ask(
            "create_vpc", CidrBlock="10.0.0.0/28", TagSpecifications=self.tagged("vpc")
        )
        self.vpc = str(answer["Vpc"]["VpcId"])
        self.made.append(("delete_vpc", self.vpc))

    def _found(self, describe: str, where: str) -> list[dict[str, Any]]:
        """What carries this run's tag. Prefix lists can't be filtered by tag: all own ones are read."""
        own = {"Name": "owner-id", "Values": [self.account]}
        tag = {"Name": f"tag:{MARK}", "Values": [self.run]}
        wanted: dict[str, Any] = {"Filters": [own if where == "PrefixLists" else tag]}
        found: list[dict[str, Any]] = []
        while True:
            page = self.ask(describe, **wanted)
            found += page[where]
            if not page.get("NextToken"):
                break
            wanted["NextToken"] = page["NextToken"]
        mine = {"Key": MARK, "Value": self.run}
        return [each for each in found if mine in each.get("Tags", ())]

    def end(self) -> Sequence[str]:
        """Delete groups, then prefix lists, then the VPC; what is gone already is gone."""
        if not self.begun:
            return ()
        self.sleep(5)  # what was made last may not be read at once
        left: list[str] = []
        for describe, where, key, delete in _KINDS:
            known = [made for by, made in self.made if by == delete]
            try:
                known += [str(each[key]) for each in self._found(describe, where)]
            except Exception as error:  # noqa: BLE001 - what is known must go all the same
                left.append(f"{where} tagged {MARK}: {self.run}, if any: {error}")
            for made in dict.fromkeys(known):
                ended = self._gone(delete, **{key: made})
                if ended:
                    left.append(f"{made}: {delete} says {ended}")
        return tuple(left)

    def _gone(self, delete: str, **which: str) -> str:
        """Nothing, or why it stays: what still hangs on it may take a while to go."""
        said = ""
        for _ in range(12):
            try:
                said = self.said(delete, **which)
            except Exception as error:  # noqa: BLE001 - the rest must go all the same
                return f"{type(error).__name__}: {error}"
            if said == "done" and "PrefixListId" in which:
                return self._list_gone(which["PrefixListId"])
            if said == "done" or said in _GONE:
                return ""
            if said not in _KEPT:
                return said
            self.sleep(5)
        return said

    def _list_gone(self, prefix_list: str) -> str:
        """Nothing, or the state in which a list stays: its delete is only begun by the call."""
        try:
            state = str(self.settle(prefix_list, gone=True)["State"])
        except Exception as error:  # noqa: BLE001 - the rest must go all the same
            return f"done, and then {type(error).__name__}: {error}"
        return "" if state == "delete-complete" else f"done, and then {state}"

    @property
    def questions(self) -> Sequence[Question]:
        """What the documents leave open."""
        from tests.live.aws_questions import questions

        return questions(self)


def code_of(error: ClientError) -> str:
    """The error's code."""
    answer: Any = error.response
    return str(answer["Error"]["Code"])


def port_25(*networks: str, last: int = 25) -> list[dict[str, Any]]:
    """One permission for port 25 with these IPv4 and IPv6 networks."""
    ipv4 = [{"CidrIp": each} for each in networks if ":" not in each]
    ipv6 = [{"CidrIpv6": each} for each in networks if ":" in each]
    permission: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": last}
    return [
        {
            **permission,
            **({"IpRanges": ipv4} if ipv4 else {}),
            **({"Ipv6Ranges": ipv6} if ipv6 else {}),
        }
    ]
