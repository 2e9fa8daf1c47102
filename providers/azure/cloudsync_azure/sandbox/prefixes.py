"""Which words a rule may name its senders and receivers by; each refusal names its source."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations

from cloudsync_azure.sandbox.wire import Refused

Network = IPv4Network | IPv6Network

# azure-docs, articles/virtual-network/service-tags-overview.md: the tags that a rule may name;
# most of them also with a region behind a dot.
TAGS = frozenset({
    "ActionGroup", "ApiManagement", "ApplicationInsightsAvailability", "AppConfiguration",
    "AppService", "AppServiceManagement", "AzureActiveDirectory", "AzureActiveDirectoryDomainServices",
    "AzureAdvancedThreatProtection", "AzureBackup", "AzureBotService", "AzureCloud",
    "AzureCognitiveSearch", "AzureConnectors", "AzureContainerRegistry", "AzureCosmosDB",
    "AzureDatabricks", "AzureDataExplorerManagement", "AzureDataLake", "AzureDevOps",
    "AzureDevSpaces", "AzureDigitalTwins", "AzureEventGrid", "AzureFrontDoor.Backend",
    "AzureFrontDoor.Frontend", "AzureFrontDoor.FirstParty", "AzureInformationProtection",
    "AzureIoTHub", "AzureKeyVault", "AzureLoadBalancer", "AzureMachineLearning", "AzureMonitor",
    "AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM", "AzureResourceManager",
    "AzureSignalR", "AzureSiteRecovery", "AzureSphere", "AzureTrafficManager", "AzureUpdateDelivery",
    "BatchNodeManagement", "CognitiveServicesManagement", "DataFactory", "DataFactoryManagement",
    "Dynamics365ForMarketingEmail", "EventHub", "GatewayManager", "GuestAndHybridManagement",
    "HDInsight", "Internet", "LogicApps", "LogicAppsManagement", "MicrosoftCloudAppSecurity",
    "MicrosoftContainerRegistry", "PowerBI", "PowerQueryOnline", "ServiceBus", "ServiceFabric",
    "Sql", "SqlManagement", "Storage", "StorageSyncService", "VirtualNetwork",
    "WindowsAdminCenter", "WindowsVirtualDesktop",
})  # fmt: skip
_KNOWN = {tag.lower() for tag in TAGS}
# An allow that names one of these is refused: SecurityRuleInvalidAccessType, "allowed: Deny".
# Source: recorded by users (gh issues on AzurePlatformDNS); service-tags-overview says that these
# tags are there to switch the platform's own traffic off.
ONLY_DENIED = frozenset({"azureplatformdns", "azureplatformimds", "azureplatformlkm"})


def is_tag(text: str) -> bool:
    """Whether a word is a service tag, in any case, with or without a region."""
    folded = text.lower()
    return folded in _KNOWN or folded.partition(".")[0] in _KNOWN


def network(text: str, rule: str) -> Network:
    """An address or a prefix without host bits.

    Source of the refusal: gh Azure/azure-powershell#4557 (host bits), gh ernestio/ernest#473
    (a word that is no tag).

    Raises:
        Refused: SecurityRuleInvalidAddressPrefix.
    """
    try:
        # ipaddress takes zones and netmasks too, which are no prefixes to Azure.
        if "%" in text or text.count("/") > 1 or not text.rpartition("/")[2].strip():
            raise ValueError(text)
        if "/" in text and not text.rpartition("/")[2].isdigit():
            raise ValueError(text)
        return ip_network(text)
    except ValueError:
        raise Refused(
            "SecurityRuleInvalidAddressPrefix",
            f"Security rule {rule} has invalid Address prefix. Value provided: {text}",
        ) from None


def check_singular(text: str, rule: str) -> None:
    """Refuse what the singular field doesn't take: it takes ``*``, a tag, an address or a prefix.

    Raises:
        Refused: SecurityRuleInvalidAddressPrefix.
    """
    if text != "*" and not is_tag(text):
        network(text, rule)


def check_plural(texts: Sequence[str], field: str, rule: str, *, overlaps: bool) -> None:
    """Refuse what the plural field doesn't take: it takes addresses and prefixes of one family.

    Source: gh hashicorp/terraform-provider-azurerm#5617 (tags), gh
    gardener/gardener-extension-provider-azure#397 (families). Whether prefixes may overlap is
    UNVERIFIED: ``overlaps`` decides.

    Raises:
        Refused: SecurityRuleParameterContainsUnsupportedValue,
            ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies, or
            SecurityRuleInvalidAddressPrefix.
    """
    for text in texts:
        if text == "*" or is_tag(text):
            raise Refused(
                "SecurityRuleParameterContainsUnsupportedValue",
                f"Security rule parameter {field} for rule with Id {rule} cannot specify existing "
                f"VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported "
                f"value used: {text}.",
            )
    found = [network(text, rule) for text in texts]
    if not overlaps:
        for one, other in combinations(found, 2):
            if one.version == other.version and one.overlaps(other):
                raise Refused(
                    "SecurityRuleInvalidAddressPrefix",
                    f"Security rule {rule} has invalid Address prefix. Value provided: {other}",
                )


def check_families(texts: Sequence[str], rule: str) -> None:
    """Refuse a rule whose sources and destinations are of both families.

    Source: gh gardener/gardener-extension-provider-azure#397: the whole resource must keep to one.

    Raises:
        Refused: ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies.
    """
    versions = {network(text, rule).version for text in texts if text != "*" and not is_tag(text)}
    if len(versions) > 1:
        raise Refused(
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
            f"Resource {rule} contains IP addresses or prefixes that belong to different address "
            "families. All IP addresses or prefixes in the resource should belong to the same "
            "address family.",
        )
