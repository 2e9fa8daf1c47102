"""Exchange Online: a partner connector that takes mail for all domains from the filter alone.

-SenderIPAddresses takes IPv4, single or /24 to /32; a network that is wider is written as its /24s.
Without `SenderDomains *` and the restriction, mail from elsewhere still comes in. Enhanced
filtering (-EFSkipIPs) looks past the filter at who sent to it (Set-InboundConnector).
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

_SHEET: Final = """
#requires -version 5
@head # {line}
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Name = 'cloudsync: mail filter',
    [string]$Saved = "$HOME/cloudsync-inbound-connector.xml",
    [switch]$Commit,
    [switch]$Undo
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
# Without -Commit this only says what it would do.
if (-not $Commit) { $WhatIfPreference = $true }

$want = @(
@each     '{plain}'
)

$there = Get-InboundConnector | Where-Object { $_.Name -eq $Name }
if ($Undo) {
    $former = Import-Clixml -Path $Saved
    if ($PSCmdlet.ShouldProcess($Name, 'put the former state back')) {
        if ($null -eq $former) {
            Remove-InboundConnector -Identity $Name -Confirm:$false
        }
        else {
            Set-InboundConnector -Identity $Name -SenderDomains $former.SenderDomains `
                -SenderIPAddresses $former.SenderIPAddresses -EFSkipIPs $former.EFSkipIPs `
                -RestrictDomainsToIPAddresses $former.RestrictDomainsToIPAddresses `
                -Enabled $former.Enabled
        }
    }
    return
}
if ($PSCmdlet.ShouldProcess($Name, "take mail from $($want.Count) networks alone")) {
    $there | Export-Clixml -Path $Saved
    if ($null -eq $there) {
        New-InboundConnector -Name $Name -ConnectorType Partner -SenderDomains '*' `
            -RestrictDomainsToIPAddresses $true -SenderIPAddresses $want `
            -EFSkipIPs $want -EFSkipLastIP $false -Enabled $true
    }
    else {
        Set-InboundConnector -Identity $Name -ConnectorType Partner -SenderDomains '*' `
            -RestrictDomainsToIPAddresses $true -SenderIPAddresses $want `
            -EFSkipIPs $want -EFSkipLastIP $false -Enabled $true
    }
    $after = @((Get-InboundConnector -Identity $Name).SenderIPAddresses | ForEach-Object { "$_" } | Sort-Object)
    if (($after -join ' ') -ne (@($want | Sort-Object) -join ' ')) {
        throw "${Name}: what was read back differs. Run this script again with -Undo -Commit."
    }
    Write-Host "${Name}: done; the former state is in $Saved."
}
"""

EXCHANGE_ONLINE: Final = Format(
    name="exchange-online",
    title="Exchange Online, inbound connector",
    fit=Fit(
        "ADDRESS or ADDRESS/LENGTH from /24 to /32",
        ipv4=tuple(range(24, 33)),
        ipv6=(),
        most=5_000,
        because="no limit is documented; a longer list belongs on a firewall",
        public=True,
    ),
    sheets={"cloudsync-exchange-online.ps1": _SHEET},
    parse=lines(rf"\s*'?{NETWORK}'?\s*"),
    help=Help(
        apply=(
            "Connect with `Connect-ExchangeOnline`, then `./cloudsync-exchange-online.ps1` says what it would do (-WhatIf is its default), `./cloudsync-exchange-online.ps1 -Commit` does it.",
            "First see that the domain's MX names the filter alone: from then on mail from elsewhere is refused.",
        ),
        verify=(
            "`(Get-InboundConnector 'cloudsync: mail filter').SenderIPAddresses > senders.txt`, then `cloudsync export exchange-online --check senders.txt`.",
            "A message that is sent straight to the tenant's own MX name is refused; one through the filter arrives.",
        ),
        undo=(
            "`./cloudsync-exchange-online.ps1 -Undo -Commit` puts the former connector back, or removes the new one.",
        ),
        notes=(
            "It can't see internal addresses: relays are named by their public ones.",
            "Enhanced filtering makes spam and authentication checks look at who sent to the filter, not at the filter.",
            "Nothing is restarted; a change can take minutes.",
        ),
        advice=(
            "Directory-based edge blocking refuses unknown recipients for an authoritative domain.",
        ),
    ),
)
