"""Exchange 2000 and 2003, and the SMTP service of IIS: connection control.

On Exchange a service copies the directory over the metabase, which would undo what a script writes
there: so a person's checklist for Exchange, and a script for IIS alone. The metabase takes pairs of
address and mask, and a grant list counts only while everybody else is refused by default (MSDN,
IIsIPSecurity): both are set, then written in one call. The relay list is another one, and untouched.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.reading import lines

_BY_HAND: Final = 500

EXCHANGE_2003: Final = Format(
    name="exchange-2003",
    title="Exchange 2000 and 2003, connection control",
    fit=Fit(
        "a single computer by its ADDRESS, a group of computers by ADDRESS and MASK",
        ipv6=(),
        most=_BY_HAND,
        because="a person types them",
    ),
    sheets={
        "cloudsync-exchange-2003.txt": """
@head # {line}
#
# Exchange System Manager: Default SMTP Virtual Server, Properties, Access, Connection.
# Choose "Only the list below" and add each line: one address as a single computer, one with a
# mask as a group of computers. Then restart the SMTP service.
@each [ ] {first} {mask}{note}
"""
    },
    parse=lines(r"\[.\] (?P<first>[0-9.]+) (?P<mask>[0-9.]+)(?: .*)?"),
    help=Help(
        apply=(
            "Exchange System Manager, the server, Protocols, SMTP, Default SMTP Virtual Server, Properties, Access, Connection: choose the list below, and add each line. An address with the mask 255.255.255.255 is a single computer.",
            "Restart the service Simple Mail Transfer Protocol (`net stop smtpsvc`, `net start smtpsvc`): the change counts only then.",
        ),
        verify=(
            "Type what stands in the dialog into a file, a line each (`[x] ADDRESS MASK`), then `cloudsync export exchange-2003 --check FILE`.",
            "From an address that isn't listed, port 25 answers no more; a message through the filter arrives.",
        ),
        undo=("The same dialog: choose all except the list below, empty the list, restart SMTP.",),
        notes=(
            "No script is made for Exchange: what is written to the metabase there is overwritten from the directory.",
            "Connection control is of the whole virtual server. Users who send through it from outside need a virtual server of their own, on 587.",
            "It is another list than the one under Relay, which stays as it is.",
        ),
        advice=(
            "Recipient filtering (Message Delivery, Recipient Filtering: filter recipients who are not in the Directory) refuses unknown recipients, and the tar pit (`TarpitTime`, seconds, from Server 2003 SP1 on) makes guessing slow.",
        ),
    ),
)

IIS_SMTP: Final = Format(
    name="iis-smtp",
    title="IIS SMTP service, connection control",
    fit=Fit(
        "ADDRESS and MASK",
        ipv6=(),
        most=5_000,
        because="one value of the metabase holds them all",
    ),
    sheets={
        "cloudsync-iis-smtp.vbs": """
@head ' {line}
Option Explicit
Dim server, security, grants(), number, action, saved, files, file, item, wasOpen
number = 0

Sub Grant(address, mask)
    ReDim Preserve grants(number)
    grants(number) = address & ", " & mask
    number = number + 1
End Sub

action = ""
If WScript.Arguments.Count > 0 Then action = LCase(WScript.Arguments(0))
saved = "cloudsync-iis-smtp.saved"
Set files = CreateObject("Scripting.FileSystemObject")
Set server = GetObject("IIS://localhost/SmtpSvc/1")
Set security = server.IPSecurity

If action = "/undo" Then
    Set file = files.OpenTextFile(saved, 1)
    wasOpen = (file.ReadLine = "open")
    Do Until file.AtEndOfStream
        item = Split(file.ReadLine, ", ")
        Grant item(0), item(1)
    Loop
    file.Close
Else
    wasOpen = False
@each     Grant "{first}", "{mask}"
End If

If action <> "/commit" And action <> "/undo" Then
    WScript.Echo "Would let in " & number & " networks. Nothing was changed. Say /commit to do it."
    WScript.Quit 0
End If

If action = "/commit" Then
    Set file = files.CreateTextFile(saved, True)
    If security.GrantByDefault Then
        file.WriteLine "open"
    Else
        file.WriteLine "closed"
        For Each item In security.IPGrant
            file.WriteLine item
        Next
    End If
    file.Close
End If

' A grant list counts only while everybody else is refused: both are written in one call.
security.GrantByDefault = wasOpen
If Not wasOpen Then security.IPGrant = grants
server.IPSecurity = security
server.SetInfo
WScript.Echo "Done. Restart the SMTP service: net stop smtpsvc, then net start smtpsvc."
"""
    },
    parse=lines(r'\s*Grant "(?P<first>[0-9.]+)", "(?P<mask>[0-9.]+)"\s*'),
    comment="'",
    help=Help(
        apply=(
            "On the server: `cscript //nologo cloudsync-iis-smtp.vbs` says what it would do, `cscript //nologo cloudsync-iis-smtp.vbs /commit` saves what is there and does it.",
            "Restart the service: `net stop smtpsvc`, `net start smtpsvc`.",
        ),
        verify=(
            "`cloudsync export iis-smtp --check cloudsync-iis-smtp.vbs` compares the script that was run with the list of today.",
            "IIS 6 Manager, the virtual server, Properties, Access, Connection shows what counts.",
        ),
        undo=("`cscript //nologo cloudsync-iis-smtp.vbs /undo`, then the restart.",),
        notes=(
            "For the SMTP service of IIS without Exchange. It needs the IIS 6 metabase and its scripts.",
            "The relay list (RelayIpList) is another one, and stays as it is.",
        ),
    ),
)

EXCHANGE_55: Final = Format(
    name="exchange-55",
    title="Exchange 5.5, accepted hosts",
    fit=Fit("ADDRESS, MASK, Accept", ipv6=(), most=_BY_HAND, because="a person types them"),
    sheets={
        "cloudsync-exchange-55.csv": """
@head # {line}
address,mask,action
@each {first},{mask},Accept
"""
    },
    parse=lines(r"(?P<first>[0-9.]+),(?P<mask>[0-9.]+),Accept"),
    help=Help(
        apply=(
            "Internet Mail Service, Properties, Connections, Accept Connections: choose to accept only from hosts that authenticate, then Specify by Host, and add each line with Accept. Whoever stands there is accepted without authentication.",
            "Restart the service: `net stop MSExchangeIMC`, `net start MSExchangeIMC`.",
        ),
        verify=(
            "Type what stands in Specify by Host into a file (`ADDRESS,MASK,Accept`), then `cloudsync export exchange-55 --check FILE`.",
            "Whoever isn't listed gets 521 at connection (Microsoft Q155920); a message through the filter arrives.",
        ),
        undo=("The same page: accept from any host, and restart the service.",),
        notes=(
            "Accept wins over Reject where two lines fit one address: no line here says Reject.",
        ),
    ),
)
