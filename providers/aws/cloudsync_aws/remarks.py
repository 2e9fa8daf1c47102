"""What a person should be told of a security group that cloudsync leaves as it is; it changes none."""

from __future__ import annotations

from collections.abc import Iterator

from cloudsync.addresses import INTERNAL, AddressSet
from cloudsync.model import OUR_MARKS, Mode, Note, Wanted
from cloudsync.provider import Remark
from cloudsync_aws.calls import Call, by_hand
from cloudsync_aws.ingress import lets_in, marked, rules_of
from cloudsync_aws.marks import marks, owner
from cloudsync_aws.rule import Rule
from cloudsync_aws.snapshot import AwsSnapshot


def remarks(snapshot: AwsSnapshot, target: str, want: Wanted) -> Iterator[Remark]:
    """What stands in the way of ``want`` and stays, each with what a person can do."""
    group = snapshot.groups[target]
    strangers = [
        rule
        for rule in rules_of(group.ingress)
        if owner(rule, want.installation, want.ports) is None
    ]
    if marked(group.ingress):
        for rule in strangers:
            yield from _contested(snapshot, target, rule, want)
    if want.mode is not Mode.ENFORCE:
        return
    for rule in strangers:
        # A rule for the port alone is revoked; one of another installation is spoken of above.
        if not rule.description.startswith(OUR_MARKS):
            yield from _staying(snapshot, target, rule, want)
    if want.internal == "close" and _closing_internal(snapshot, target, want):
        yield Remark(
            target,
            "internal: close stops the health checks of AWS's balancers too, since they come from "
            "private addresses that nothing tells from others. Name those to keep in also_allow.",
        )


def lent(snapshot: AwsSnapshot, target: str) -> Remark:
    """Of a group that another account owns and shares, which only that account may change.

    Source: VPC user guide, "Share security groups with AWS Organizations".
    """
    group = snapshot.groups[target]
    return Remark(
        target,
        f"it belongs to account {group.owner}, which shares it with {snapshot.account}, so it is "
        f"only looked at here. Make it a target in {group.owner}: "
        f"aws:{group.owner}/{snapshot.region}/{group.id}.",
        Note.SHARED,
    )


def _contested(snapshot: AwsSnapshot, target: str, rule: Rule, want: Wanted) -> Iterator[Remark]:
    if rule.description in marks(want.installation):
        yield Remark(
            target,
            f"{rule} carries this installation's mark, but not the shape of a rule of its own. It "
            "counts as somebody else's and is left alone. Change its description, or revoke it: "
            f"`{_command(snapshot, target, rule)}`",
            Note.CONTESTED,
        )
    elif rule.description.startswith(OUR_MARKS) and (
        open_to := _excess(snapshot, target, rule, want)
    ):
        yield Remark(
            target,
            f"{rule} belongs to another installation of cloudsync, and lets in {said(open_to)} "
            "that this one doesn't want. It is left alone. Agree on one list, or one installation.",
            Note.CONTESTED,
        )


def _staying(snapshot: AwsSnapshot, target: str, rule: Rule, want: Wanted) -> Iterator[Remark]:
    """A stranger's rule that lets in somebody who isn't wanted, and that enforce may not take."""
    covers = {rule.cover(port) for port in want.ports} - {"none"}
    if not covers:
        return
    _, name = lets_in(snapshot.groups[target].ingress, rule.source)
    if name is not None:
        if name in want.names or (not name.outside and want.internal == "keep"):
            return
        yield Remark(
            target,
            f"{rule} lets in whoever stands behind {name.text}, which isn't in also_allow. A rule "
            "that names no addresses is never revoked. To close it: "
            f"`{_command(snapshot, target, rule)}`",
        )
    elif not rule.alone(want.ports) and (open_to := _excess(snapshot, target, rule, want)):
        lets = "lets in" if "full" in covers else "may let in"
        yield Remark(
            target,
            f"{rule} {lets} {said(open_to)} that aren't wanted, and opens more than the guarded "
            "port, so it is never rewritten. Make rules for what else needs it, then close it: "
            f"`{_command(snapshot, target, rule)}`",
        )


def _excess(snapshot: AwsSnapshot, target: str, rule: Rule, want: Wanted) -> AddressSet:
    """Who gets in through ``rule`` at a guarded port, neither wanted nor kept."""
    if all(rule.cover(port) == "none" for port in want.ports):
        return AddressSet()
    return lets_in(snapshot.groups[target].ingress, rule.source)[0] - want.addresses - want.kept


def _closing_internal(snapshot: AwsSnapshot, target: str, want: Wanted) -> bool:
    group = snapshot.groups[target].ingress
    return any(
        (lets_in(group, rule.source)[0] & INTERNAL) - want.addresses
        for rule in rules_of(group)
        if any(rule.cover(port) != "none" for port in want.ports)
    )


def _command(snapshot: AwsSnapshot, target: str, rule: Rule) -> str:
    group = snapshot.groups[target].id
    return by_hand(Call("revoke", snapshot.account, snapshot.region, group, (rule,)))


def said(part: AddressSet) -> str:
    """``4,294,967,280 IPv4 addresses and 7 IPv6 addresses``."""
    sizes = zip(part.count(), ("IPv4", "IPv6"), strict=True)
    return " and ".join(
        f"{size:,} {family} address{'' if size == 1 else 'es'}" for size, family in sizes if size
    )
