"""What the sandbox's Azure takes as a rule, and how it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from cloudsync_azure.sandbox import Dialect, Sandbox
from tests.providers.azure.sandbox.wire import NSG, RULES, ask, names, properties, put, rule

LISTS: dict[str, list[str]] = {
    "sourcePortRanges": [],
    "destinationPortRanges": [],
    "sourceAddressPrefixes": [],
    "destinationAddressPrefixes": [],
}
ONE = f"{RULES}/one"
MANY: dict[str, Any] = {"sourceAddressPrefix": None}
ONLY = (
    f"400 InvalidRequestFormat: Security rule with Id {ONE} must specify a non empty value for "
    "exactly one of: "
)
SOURCES = "SourceAddressPrefixes, SourceAddressPrefix, SourceApplicationSecurityGroups."
PREFIX = (
    f"400 SecurityRuleInvalidAddressPrefix: Security rule {ONE} has invalid Address prefix. "
    "Value provided: "
)
PORT = (
    f"400 SecurityRuleInvalidPortRange: Security rule {ONE} has invalid Port range. Value "
    "provided: {0}. Value should be an integer OR integer range with '-' delimiter. Valid range "
    "0-65535."
)
PRIORITY = (
    f"400 SecurityRuleInvalidPriority: Security rule {ONE} has invalid Priority. Value provided: "
    "{0}. Allowed range 100-4096."
)
FAMILIES = (
    f"400 ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies: Resource {ONE} "
    "contains IP addresses or prefixes that belong to different address families. All IP "
    "addresses or prefixes in the resource should belong to the same address family."
)
NULL = f"400 InvalidRequestFormat: {ONE}: access is required and cannot be null."
LONG = (
    f"400 SecurityRuleInvalidDescription: Security rule {ONE} has a description of 141 "
    "characters; it is restricted to 140."
)
ACCESS = (
    f"400 SecurityRuleInvalidAccessType: Security rule {ONE} has invalid access type "
    "Allow for AzurePlatformDNS. Allowed: Deny."
)
UNREADABLE = "400 InvalidRequestFormat: Cannot parse the request."


def unsupported(field: str, tag: str) -> str:
    """How a tag in a list is refused."""
    return (
        f"400 SecurityRuleParameterContainsUnsupportedValue: Security rule parameter {field} for "
        f"rule with Id {ONE} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, "
        f"'*' or system tags. Unsupported value used: {tag}."
    )


def test_a_rule_comes_back_as_recorded(sandbox: Sandbox) -> None:
    """A new rule is answered 201 with its NSG's new etag, its state, and empty lists for the rest."""
    answer = put(sandbox, description="the filter")
    assert (answer.status, answer.value) == (
        201,
        {
            "name": "one",
            "id": ONE,
            "etag": sandbox.nsg("mx")["etag"],
            "type": "Microsoft.Network/networkSecurityGroups/securityRules",
            "properties": {
                "provisioningState": "Succeeded",
                **properties(description="the filter"),
                **LISTS,
            },
        },
    )


def test_a_rule_is_replaced_whole(sandbox: Sandbox) -> None:
    """A second PUT of a name, in whatever case, is answered 200 and keeps nothing of the first."""
    put(sandbox, description="the filter")
    answer = put(sandbox, "ONE", 200, sourceAddressPrefix="198.51.100.0/24")
    assert answer.status == 200
    assert names(sandbox) == ["one"]
    assert answer.value["properties"] == {
        "provisioningState": "Succeeded",
        **properties(200, sourceAddressPrefix="198.51.100.0/24"),
        **LISTS,
    }


def test_a_list_of_one_becomes_the_singular(sandbox: Sandbox) -> None:
    """A plural field with one member comes back as the singular field."""
    answer = put(
        sandbox,
        sourceAddressPrefix=None,
        sourceAddressPrefixes=["192.0.2.7"],
        destinationPortRange=None,
        destinationPortRanges=["25-26"],
    )
    said = answer.value["properties"]
    assert (said["sourceAddressPrefix"], said["sourceAddressPrefixes"]) == ("192.0.2.7", [])
    assert (said["destinationPortRange"], said["destinationPortRanges"]) == ("25-26", [])


def test_a_list_stays_a_list(sandbox: Sandbox) -> None:
    """A plural field with several members comes back as it was sent, without the singular."""
    sent = ["192.0.2.0/24", "198.51.100.7"]
    said = put(sandbox, **MANY, sourceAddressPrefixes=sent).value["properties"]
    assert said["sourceAddressPrefixes"] == sent
    assert "sourceAddressPrefix" not in said


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sourceAddressPrefix": "20.20.20.20/16"}, PREFIX + "20.20.20.20/16"),
        ({"sourceAddressPrefix": "2001:db8::1/32"}, PREFIX + "2001:db8::1/32"),
        ({"sourceAddressPrefix": "any"}, PREFIX + "any"),
        ({"sourceAddressPrefix": "AzureBastionSubnet"}, PREFIX + "AzureBastionSubnet"),
        ({"sourceAddressPrefix": "10.0.0.0/255.0.0.0"}, PREFIX + "10.0.0.0/255.0.0.0"),
        ({"sourceAddressPrefix": "fe80::1%eth0"}, PREFIX + "fe80::1%eth0"),
        ({"sourceAddressPrefix": "192.0.2.1-192.0.2.9"}, PREFIX + "192.0.2.1-192.0.2.9"),
        ({"destinationAddressPrefix": "10.0.0.1/8"}, PREFIX + "10.0.0.1/8"),
        (
            {**MANY, "sourceAddressPrefixes": ["192.0.2.0/24", "10.0.0.1/8"]},
            PREFIX + "10.0.0.1/8",
        ),
        (
            {**MANY, "sourceAddressPrefixes": ["192.0.2.0/24", "Internet"]},
            unsupported("SourceAddressPrefix", "Internet"),
        ),
        (
            {**MANY, "sourceAddressPrefixes": ["*"]},
            unsupported("SourceAddressPrefix", "*"),
        ),
        (
            {"destinationAddressPrefix": None, "destinationAddressPrefixes": ["Storage.EastUS"]},
            unsupported("DestinationAddressPrefix", "Storage.EastUS"),
        ),
        ({**MANY, "sourceAddressPrefixes": ["192.0.2.0/24", "2001:db8::/32"]}, FAMILIES),
        ({"destinationAddressPrefix": "2001:db8::/32"}, FAMILIES),
        (
            MANY,
            ONLY + "SourceAddressPrefixes, SourceAddressPrefix, SourceApplicationSecurityGroups.",
        ),
        (
            {"sourceAddressPrefixes": ["198.51.100.0/24"]},
            ONLY + "SourceAddressPrefixes, SourceAddressPrefix, SourceApplicationSecurityGroups.",
        ),
        (
            {"destinationPortRange": None, "destinationPortRanges": []},
            ONLY + "DestinationPortRanges, DestinationPortRange.",
        ),
        ({"destinationPortRange": "80,443"}, PORT.format("80,443")),
        ({"destinationPortRange": "26-25"}, PORT.format("26-25")),
        ({"destinationPortRange": "65536"}, PORT.format("65536")),
        ({"destinationPortRange": "smtp"}, PORT.format("smtp")),
        ({"destinationPortRange": None, "destinationPortRanges": ["*"]}, PORT.format("*")),
        ({"priority": 99}, PRIORITY.format(99)),
        ({"priority": 4097}, PRIORITY.format(4097)),
        ({"priority": "100"}, UNREADABLE),
        ({"protocol": "smtp"}, UNREADABLE),
        ({"access": "Maybe"}, UNREADABLE),
        ({"direction": 1}, UNREADABLE),
        ({"sourceAddressPrefix": ["192.0.2.0/24"]}, UNREADABLE),
        ({**MANY, "sourceAddressPrefixes": "192.0.2.0/24"}, UNREADABLE),
        (
            {"access": None},
            NULL,
        ),
        (
            {"description": "x" * 141},
            LONG,
        ),
        (
            {"sourceAddressPrefix": "AzurePlatformDNS"},
            ACCESS,
        ),
    ],
)
def test_what_is_no_rule_is_refused(
    sandbox: Sandbox, changed: dict[str, Any], expected: str
) -> None:
    """Each thing that Azure refuses is refused with its code, and nothing is changed."""
    before = sandbox.nsg("mx")
    answer = ask(sandbox, "PUT", ONE, {"properties": properties(**changed)})
    assert answer.refusal == expected
    assert sandbox.nsg("mx") == before


@pytest.mark.parametrize(
    "changed",
    [
        {"sourceAddressPrefix": "*", "protocol": "*", "destinationPortRange": "*"},
        {"sourceAddressPrefix": "internet"},
        {"sourceAddressPrefix": "0.0.0.0/0"},
        {"sourceAddressPrefix": "::/0"},
        {"sourceAddressPrefix": "AzureCloud.westeurope"},
        {"sourceAddressPrefix": "2001:db8::1"},
        {"protocol": "TCP"},
        {"protocol": "Esp"},
        {"description": "x" * 140},
        {"priority": 4096},
        {"access": "Deny", "sourceAddressPrefix": "AzurePlatformDNS"},
        {"sourceAddressPrefixes": [], "destinationPortRanges": []},
        {**MANY, "sourceAddressPrefixes": ["10.0.0.0/8", "10.0.0.0/16"]},
    ],
)
def test_what_is_a_rule_is_taken(sandbox: Sandbox, changed: dict[str, Any]) -> None:
    """What the documents allow is taken, whatever the case of its words."""
    assert ask(sandbox, "PUT", ONE, {"properties": properties(**changed)}).code == "201"


@pytest.mark.parametrize("name", ["-one", "one.", "x" * 81, "one two", "_one"])
def test_a_name_that_is_none_is_refused(sandbox: Sandbox, name: str) -> None:
    """A rule's name begins with a word character, ends with one, and has 80 characters at most."""
    answer = ask(
        sandbox, "PUT", f"{RULES}/{name.replace(' ', '%20')}", {"properties": properties()}
    )
    assert answer.code == "400 InvalidResourceName"


def test_priorities_are_unique_in_their_direction(sandbox: Sandbox) -> None:
    """Two rules of one direction can't share a priority; of two directions they can."""
    put(sandbox, "one", 100)
    assert put(sandbox, "out", 100, direction="Outbound").status == 201
    assert put(sandbox, "two", 100).refusal == (
        "400 SecurityRuleConflict: Security rule two conflicts with rule one. Rules cannot have "
        "the same Priority and Direction."
    )
    assert names(sandbox) == ["one", "out"]


def test_a_renamed_rule_conflicts_with_itself(sandbox: Sandbox) -> None:
    """Rules are keyed by name: the same rule by another name finds its priority taken."""
    put(sandbox, "old")
    assert put(sandbox, "new").code == "400 SecurityRuleConflict"


def test_a_rule_names_only_asgs_that_are_there(sandbox: Sandbox) -> None:
    """An application security group must exist, and a rule names ten of them at most."""
    known = [sandbox.seed_asg(f"asg{index}") for index in range(11)]
    found = [
        put(sandbox, **MANY, sourceApplicationSecurityGroups=[{"id": each} for each in ids]).code
        for ids in (known[:10], known, [known[0] + "x"])
    ]
    assert found == [
        "201",
        "400 NumberOfApplicationSecurityGroupsReferencedInSecurityRuleLimitReached",
        "400 InvalidResourceReference",
    ]


def test_an_nsg_holds_a_thousand_rules(sandbox: Sandbox) -> None:
    """The rule after the thousandth is refused."""
    sandbox.seed_nsg("mx", [rule(f"r{index}", 100 + index) for index in range(1000)])
    assert put(sandbox, "more", 4000).refusal == (
        "400 SecurityRuleCountLimitReached: A security group cannot have more than 1000 security "
        "rules."
    )


def test_an_nsg_holds_four_thousand_sources(sandbox: Sandbox) -> None:
    """Source prefixes count over all rules of an NSG, destinations apart."""
    many = [f"10.{index // 256}.{index % 256}.0/24" for index in range(3999)]
    sandbox.seed_nsg(
        "mx", [rule("full", 200, sourceAddressPrefix=None, sourceAddressPrefixes=many)]
    )
    assert put(sandbox, "one").status == 201
    assert put(sandbox, "two", 101).refusal == (
        "400 SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached: Network security group "
        f"{NSG} has 4001 SourceAddressPrefixes. A security group cannot have more than 4000 "
        "SourceAddressPrefixes as per the limit MaxSecurityRuleAddressesOrPortsPerSecurityGroup."
    )


@pytest.mark.parametrize(
    ("dialect", "changed", "expected"),
    [
        (Dialect(protocol="lower"), {}, ("tcp", True)),
        (Dialect(plurals="absent"), {}, ("Tcp", False)),
    ],
)
def test_dialects_of_a_rules_shape(
    dialect: Dialect, changed: dict[str, Any], expected: tuple[str, bool]
) -> None:
    """The protocol's case, and empty lists, come back as the dialect says."""
    with Sandbox(dialect=dialect) as sandbox:
        sandbox.seed_nsg("mx")
        said = put(sandbox).value["properties"]
    assert (said["protocol"], "sourcePortRanges" in said) == expected


def test_overlaps_can_be_refused() -> None:
    """Where the dialect says so, prefixes of one rule that overlap are refused."""
    with Sandbox(dialect=Dialect(overlaps="refused")) as sandbox:
        sandbox.seed_nsg("mx")
        sent = ["10.0.0.0/8", "10.0.0.0/16"]
        assert put(sandbox, **MANY, sourceAddressPrefixes=sent).refusal == PREFIX + "10.0.0.0/16"
