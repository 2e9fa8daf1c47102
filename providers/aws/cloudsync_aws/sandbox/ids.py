"""Resource ids: given out, checked for their form, and missed; it holds no resource."""

from __future__ import annotations

import hashlib
import re

from cloudsync_aws.sandbox.wire import Refused

_GROUP_ID = re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")
_RULE_ID = re.compile(r"sgr-([0-9a-f]{8}|[0-9a-f]{17})")


class Ids:
    """Resource ids of the vendor's shape that are the same in every run."""

    def __init__(self) -> None:
        self._given = 0

    def next(self, prefix: str) -> str:
        """The next id, such as sg-0 and sixteen hexadecimal digits more."""
        self._given += 1
        digest = hashlib.blake2b(f"{prefix}{self._given}".encode(), digest_size=8).hexdigest()
        return f"{prefix}-0{digest}"


def check_group_id(group_id: str) -> None:
    """Refuse what can't be a group's id.

    Raises:
        Refused: InvalidGroupId.Malformed.
    """
    if not _GROUP_ID.fullmatch(group_id):
        raise Refused("InvalidGroupId.Malformed", f'Invalid id: "{group_id}" (expecting "sg-...")')


def check_rule_id(rule_id: str) -> None:
    """Refuse what can't be a rule's id.

    Raises:
        Refused: InvalidSecurityGroupRuleId.Malformed.
    """
    if not _RULE_ID.fullmatch(rule_id):
        raise Refused(
            "InvalidSecurityGroupRuleId.Malformed",
            f'Invalid id: "{rule_id}" (expecting "sgr-...")',
        )


def no_rule(rule_id: str) -> Refused:
    """What EC2 says of a rule id that the group doesn't hold."""
    return Refused(
        "InvalidSecurityGroupRuleId.NotFound",
        f"The security group rule ID '{rule_id}' does not exist",
    )


def no_group(group: str) -> Refused:
    """What EC2 says of a group that isn't there, by id or name."""
    return Refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
