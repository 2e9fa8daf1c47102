"""Windows Firewall: one inbound allow rule, whose addresses are replaced in one call.

Allow rules add up, and Exchange's set-up makes some of its own for port 25: those stay open until
somebody scopes or disables them, so they are named. No rule that blocks is written, since it would
win over every allow.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

_SHEET: Final = """
#requires -version 3
@head # {line}
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [string]$Name = 'cloudsync-smtp25',
    [string]$Saved = "$env:ProgramData\\cloudsync-firewall.xml",
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

$there = Get-NetFirewallRule -Name $Name -ErrorAction SilentlyContinue
if ($Undo) { $want = @(Import-Clixml -Path $Saved) }
if ($PSCmdlet.ShouldProcess($Name, "let $($want.Count) ranges in to port 25")) {
    if ($null -eq $there) {
        @() | Export-Clixml -Path $Saved
        $null = New-NetFirewallRule -Name $Name -DisplayName $Name -Direction Inbound `
            -Protocol TCP -LocalPort 25 -Action Allow -RemoteAddress $want
    }
    elseif ($want.Count -eq 0) {
        Remove-NetFirewallRule -Name $Name
    }
    else {
        if (-not $Undo) {
            @(($there | Get-NetFirewallAddressFilter).RemoteAddress) | Export-Clixml -Path $Saved
        }
        Set-NetFirewallRule -Name $Name -RemoteAddress $want -Enabled True -Action Allow
    }
}
# Allow rules add up: each of these keeps port 25 open for whom it names.
Get-NetFirewallRule -Direction Inbound -Enabled True -Action Allow |
    Where-Object { $_.Name -ne $Name } |
    ForEach-Object {
        $rule = $_
        $port = $rule | Get-NetFirewallPortFilter
        if ($port.Protocol -in @('TCP', 'Any') -and ($port.LocalPort -contains '25' -or $port.LocalPort -contains 'Any')) {
            Write-Warning "$($rule.DisplayName) lets in port 25 too; scope it to the list or disable it."
        }
    }
"""

WINDOWS_FIREWALL: Final = Format(
    name="windows-firewall",
    title="Windows Firewall",
    fit=Fit(
        "ADDRESS or FIRST-LAST, in quotes",
        most=5_000,
        because="no limit is documented; a longer list belongs on a firewall in front",
    ),
    sheets={"cloudsync-windows-firewall.ps1": _SHEET},
    parse=lines(rf"\s*'?{NETWORK}'?\s*"),
    help=Help(
        apply=(
            "As administrator: `.\\cloudsync-windows-firewall.ps1` says what it would do (-WhatIf is its default), `.\\cloudsync-windows-firewall.ps1 -Commit` does it.",
            "Then scope or disable every other rule that lets port 25 in: the script names them. Until then the port stays as open as they leave it.",
            "Nothing is restarted.",
        ),
        verify=(
            "`(Get-NetFirewallRule -Name cloudsync-smtp25 | Get-NetFirewallAddressFilter).RemoteAddress > remote.txt`, then `cloudsync export windows-firewall --check remote.txt`.",
            "From an address that isn't listed, port 25 answers no more; a message through the filter arrives.",
        ),
        undo=(
            "`.\\cloudsync-windows-firewall.ps1 -Undo -Commit` puts the former addresses back, or removes the rule; then enable the others again.",
        ),
        notes=(
            "The firewall's default for inbound must be to block, as it is unless somebody changed it: `Get-NetFirewallProfile | Format-List Name,DefaultInboundAction`.",
            "Outbound rules and the ports 465 and 587 aren't touched.",
        ),
    ),
)
