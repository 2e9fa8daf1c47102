"""The six rules that every NSG has and nobody can take away.

Source: azure-docs, network-security-groups-overview; names and descriptions as in the vendor's
published example NetworkSecurityGroupGet.json.
"""

from __future__ import annotations

from cloudsync_azure.sandbox.values import Rule


def _rule(
    name: str, text: str, number: int, direction: str, access: str, source: str, destination: str
) -> Rule:
    return Rule(
        name,
        {
            "description": text,
            "protocol": "*",
            "sourcePortRange": "*",
            "destinationPortRange": "*",
            "sourceAddressPrefix": source,
            "destinationAddressPrefix": destination,
            "access": access,
            "priority": number,
            "direction": direction,
        },
    )


DEFAULTS: tuple[Rule, ...] = (
    _rule(
        "AllowVnetInBound", "Allow inbound traffic from all VMs in VNET",
        65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork",
    ),
    _rule(
        "AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer",
        65001, "Inbound", "Allow", "AzureLoadBalancer", "*",
    ),
    _rule(
        "DenyAllInBound", "Deny all inbound traffic",
        65500, "Inbound", "Deny", "*", "*",
    ),
    _rule(
        "AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET",
        65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork",
    ),
    _rule(
        "AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet",
        65001, "Outbound", "Allow", "*", "Internet",
    ),
    _rule(
        "DenyAllOutBound", "Deny all outbound traffic",
        65500, "Outbound", "Deny", "*", "*",
    ),
)  # fmt: skip
