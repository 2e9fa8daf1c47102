"""Exchange 2007 to SE: a script that gives a receive connector its remote ranges, all in one call.

A new narrow connector alone stops nobody: the default one still takes everybody else, and the most
specific range decides between connectors (Set-ReceiveConnector, -RemoteIPRanges). So the default
one is what is narrowed. Versions of 2010 and 2013 document FIRST-LAST alone, so no prefix is
written. Only syntax that PowerShell 2 knows is used, which is what Exchange 2007 runs with.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

_SHEET: Final = """
#requires -version 2
@head # {line}
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Identity = "$env:COMPUTERNAME\\Default Frontend $env:COMPUTERNAME",
    [string]$Saved = "$env:ProgramData\\cloudsync-receive-connector.xml",
    [switch]$Commit,
    [switch]$Undo
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
# Without -Commit this only says what it would do.
if (-not $Commit) { $WhatIfPreference = $true }

$want = @(
@each     '{ends}'
)

function Get-Range($connector) {
    @($connector.RemoteIPRanges | ForEach-Object {
        if ($_.PSObject.Properties['LowerBound']) { "$($_.LowerBound)-$($_.UpperBound)" } else { "$_" }
    } | Sort-Object)
}
function Get-Pair($range) {
    if ($range -like '*-*') { $range } else { "$range-$range" }
}

$connector = Get-ReceiveConnector -Identity $Identity
$before = @(Get-Range $connector)
if ($Undo) {
    $want = @(Import-Clixml -Path $Saved)
}
$pairs = @($want | ForEach-Object { Get-Pair $_ } | Sort-Object)
if (($before -join ' ') -eq ($pairs -join ' ')) {
    Write-Host "${Identity}: nothing to do."
    return
}
Write-Host "${Identity}: $(@($before).Count) ranges now, $($want.Count) wanted."
if ($PSCmdlet.ShouldProcess($Identity, 'replace RemoteIPRanges')) {
    if (-not $Undo) { $before | Export-Clixml -Path $Saved }
    Set-ReceiveConnector -Identity $Identity -RemoteIPRanges $want
    $after = @(Get-Range (Get-ReceiveConnector -Identity $Identity))
    if (($after -join ' ') -ne ($pairs -join ' ')) {
        throw "${Identity}: what was read back differs. Run this script again with -Undo -Commit."
    }
    Write-Host "${Identity}: done; the former ranges are in $Saved."
}
"""

EXCHANGE: Final = Format(
    name="exchange",
    title="Exchange 2007 to SE, receive connector",
    fit=Fit(
        "ADDRESS or FIRST-LAST, in quotes",
        most=5_000,
        because="no limit is documented; a longer list belongs on a firewall",
    ),
    sheets={"cloudsync-exchange.ps1": _SHEET},
    parse=lines(rf"\s*'?{NETWORK}'?\s*"),
    help=Help(
        apply=(
            "In the Exchange Management Shell, on the server: `.\\cloudsync-exchange.ps1` says what it would do (-WhatIf is its default), `.\\cloudsync-exchange.ps1 -Commit` does it. `-Identity 'SERVER\\Default SERVER'` names the connector on Exchange 2007 and 2010.",
            "It is the default connector that is narrowed. A new one beside it would stop nobody.",
            "Restart the service Microsoft Exchange Transport (`Restart-Service MSExchangeTransport`); from 2013 on also `Restart-Service MSExchangeFrontEndTransport`.",
        ),
        verify=(
            "`Get-ReceiveConnector 'SERVER\\NAME' | Select-Object -ExpandProperty RemoteIPRanges | ForEach-Object { \"$_\" } > ranges.txt`, then `cloudsync export exchange --check ranges.txt`.",
            "From an address that isn't listed, port 25 answers no more; a message through the filter arrives.",
        ),
        undo=(
            "`.\\cloudsync-exchange.ps1 -Undo -Commit` puts the saved ranges back, then the restart.",
        ),
        notes=(
            "`relays:` must name every other Exchange server (`Get-ExchangeServer`), printers, applications and hybrid partners that deliver to port 25: the script lets in nobody else.",
            "If the firewall puts its own address in place of the sender's, Exchange sees the firewall alone, and the list belongs there: say `path: proxied`, and the export is refused.",
            "Other connectors on port 25 with the range 0.0.0.0-255.255.255.255 stay open: `Get-ReceiveConnector | Format-List Name,Bindings,RemoteIPRanges` shows them. Those on 587 and 717 stay as they are.",
        ),
        advice=(
            "`Set-RecipientFilterConfig -Enabled $true -RecipientValidationEnabled $true` refuses unknown recipients, and `Set-ReceiveConnector -TarpitInterval 00:00:05` makes guessing slow.",
            "VRFY isn't answered with what exists: Exchange says 252 to all.",
        ),
    ),
)
