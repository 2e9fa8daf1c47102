from __future__ import annotations

from pathlib import Path

import pytest

from cloudsync.addresses import AddressSet
from cloudsync.config import Config, TargetSettings, read
from cloudsync.errors import UsageError
from cloudsync_azure.clauses import Protect
from cloudsync_azure.settings import AzureSettings, protect_of
from tests.providers.azure.nsgs import SUBSCRIPTION, asg

FILE = Path("/etc/cloudsync/mail.yaml")
TOP = "name: x\nlist: {source: a, format: cidr}\ntargets:\n  - provider: azure\n    mode: watch\n"
SELECT = "select: {ids: [mail/mx]}"
ALL = "protect: all"
SOURCES = "Name a network, a service tag, or an application security group by its ARM id."


def reading(*lines: str) -> Config:
    """A configuration whose Azure target has these further lines, the first of them on line 6."""

    def provider(name: str) -> type[TargetSettings]:
        assert name == "azure"
        return AzureSettings

    return read(TOP + "".join(f"    {line}\n" for line in lines), FILE, providers=provider)


def block(*lines: str) -> AzureSettings:
    """The target block."""
    (found,) = reading(*lines).targets
    assert isinstance(found, AzureSettings)
    return found


def refusal(*lines: str) -> str:
    """The message that these lines get, without the file, its line and the block's number."""
    with pytest.raises(UsageError) as caught:
        reading(*lines)
    return "\n".join(
        line.removeprefix(f"{FILE}:").replace(" targets[0].", " ")
        for line in str(caught.value).splitlines()
    )


def test_a_block_is_read() -> None:
    """Subscriptions, tags and whom the target guards arrive as they stand."""
    found = block(
        f'subscriptions: ["{SUBSCRIPTION}"]', "select: {tags: {cloudsync: smtp}}", ALL,
        "priority: {from: 100, to: 4096}",
    )  # fmt: skip
    assert (found.subscriptions, found.discovers) == ((SUBSCRIPTION,), False)
    assert protect_of(found) == Protect()


def test_subscriptions_may_be_left_out() -> None:
    """Then every subscription that the identity sees is meant, or those of a management group."""
    assert block(SELECT, ALL).discovers
    assert block(SELECT, ALL, "management_group: mail").management_group == "mail"


def test_whom_a_target_guards() -> None:
    """Addresses become a set, groups are compared in lower case, names keep their spelling."""
    by_address = block(SELECT, "protect: {addresses: [10.0.0.4, 10.0.1.0/24]}")
    assert protect_of(by_address).addresses == AddressSet.of("10.0.0.4", "10.0.1.0/24")
    by_group = block(
        SELECT, f"protect: {{asg: ['{asg('MX')}']}}",
        "also_allow: [{tag: Storage, owner: o, reason: r, until: never}]",
    )  # fmt: skip
    assert protect_of(by_group) == Protect(
        groups=(asg("mx").lower(),), spelt=(("storage", "Storage"),)
    )


def test_what_init_writes_of_a_scope() -> None:
    """A survey's block names subscription and groups, and all machines until somebody says whom."""
    scope = f"azure:{SUBSCRIPTION}"
    (lines,) = block(SELECT, ALL).written(scope, {f"{scope}/mail/mx": "open"})
    assert lines[:-1] == [
        f'    subscriptions: ["{SUBSCRIPTION}"]', "    select:", "      ids:",
        "        - mail/mx  # open",
    ]  # fmt: skip
    found = block(*(line.removeprefix("    ") for line in lines))
    assert (found.subscriptions, found.select.ids) == ((SUBSCRIPTION,), ("mail/mx",))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([SELECT], "protect: is missing"),
        ([ALL], "select: is missing"),
        ([SELECT, ALL, "subscriptions: [mail]"],
         "subscriptions[0]: 'mail' isn't a subscription's id"),
        ([SELECT, ALL, "tenant: contoso"], "tenant: 'contoso' isn't a subscription's id"),
        ([SELECT, ALL, f'subscriptions: ["{SUBSCRIPTION}"]', "management_group: m"],
         "management_group: gives both subscriptions and a management group"),
        (["select: {ids: [mx]}", ALL],
         "select.ids[0]: 'mx' isn't a resource group and a network security group"),
        (["select: {ids: [a/b], tags: {c: d}}", ALL], "select: gives both tags and ids"),
        (["select: {}", ALL], "select: names no groups"),
        ([SELECT, "protect: {}"], "names no machines"),
        ([SELECT, "protect: {addresses: [0.0.0.0/0]}"],
         "protect.addresses: names every machine, by 0.0.0.0/0. Nothing was changed. Say protect: all."),
        ([SELECT, "protect: {addresses: [10.0.0.4, '::/1', '8000::/1']}"],
         "protect.addresses: names every machine, by ::/0. Nothing was changed. Say protect: all."),
        ([SELECT, "protect: {asgs: [mx]}"],
         "protect.asgs: unknown key. Nothing was changed. Did you mean asg?"),
        ([SELECT, "protect: {asg: [mx]}"],
         "'mx' isn't an application security group's id"),
        ([SELECT, f"protect: {{asg: {[asg(f'a{number}') for number in range(11)]}}}"],
         "protect.asg: names more than 10. Nothing was changed. Name fewer."),
        ([SELECT, ALL, "priority: {from: 99, to: 200}"],
         "priority: from 99 to 200 isn't within 100 to 4096"),
        ([SELECT, ALL, "also_allow: [{tag: Internet, owner: o, reason: r, until: never}]"],
         "also_allow[0].tag: 'Internet' is everybody outside"),
        ([SELECT, ALL, "also_allow: [{tag: '*', owner: o, reason: r, until: never}]"],
         "also_allow[0].tag: '*' is everybody outside"),
        ([SELECT, ALL, "also_allow: [{group: relay, owner: o, reason: r, until: never}]"],
         "also_allow[0].group: 'relay' isn't an application security group's id"),
        ([SELECT, ALL, "also_allow: [{prefix_list: pl-1, owner: o, reason: r, until: never}]"],
         "also_allow[0].prefix_list: Azure knows no prefix lists"),
        ([SELECT, "protect: {addresses: [10.0.0.4, 'fd00::4']}",
          "also_allow: [{tag: Storage, owner: o, reason: r, until: never}]"],
         "also_allow[0]: a rule can't name addresses of both families"),
        ([SELECT, "protect: {addresses: [10.0.0.4]}",
          "also_allow: [{tag: Storage, owner: o, reason: r, until: never}]"],
         "also_allow[0]: a rule can't name addresses of both families"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_where_it_stands(lines: list[str], message: str) -> None:
    """Each refusal names its key and what is wrong with it, before anything is called."""
    (said,) = refusal(*lines).splitlines()
    assert message in said
