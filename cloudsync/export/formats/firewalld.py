"""firewalld: two sets, and a policy of its own that stands before the zones.

Checked with firewalld 1.3.3: `firewall-offline-cmd --check-config` drops a bad entry with a warning
and ends with 0, so a warning counts as failure. A policy with a negative priority is asked before
the zones' own services (firewalld.policy(5)), so that `smtp` in a zone doesn't stay open beside it.
"""

from __future__ import annotations

from typing import Final

from cloudsync.export.fit import Fit
from cloudsync.export.format import Format, Help
from cloudsync.export.notation import NETWORK
from cloudsync.export.reading import lines

SET4: Final = "ipsets/cloudsync-smtp4.xml"
SET6: Final = "ipsets/cloudsync-smtp6.xml"
POLICY: Final = "policies/cloudsync-smtp.xml"

_SET: Final = """
<?xml version="1.0" encoding="utf-8"?>
@head <!-- {{line}} -->
<ipset type="hash:net">
  <option name="family" value="{inet}"/>
  <option name="maxelem" value="131072"/>
@each{family}   <entry>{{plain}}</entry>
</ipset>
"""
_POLICY: Final = """
<?xml version="1.0" encoding="utf-8"?>
<policy target="CONTINUE" priority="-100">
  <short>cloudsync: port 25</short>
  <description>Lets the mail filter and the relays reach port 25, and nobody else.</description>
  <ingress-zone name="ANY"/>
  <egress-zone name="HOST"/>
  <rule family="ipv4" priority="-20">
    <source ipset="cloudsync-smtp4"/>
    <port port="25" protocol="tcp"/>
    <accept/>
  </rule>
  <rule family="ipv6" priority="-20">
    <source ipset="cloudsync-smtp6"/>
    <port port="25" protocol="tcp"/>
    <accept/>
  </rule>
  <rule family="ipv4" priority="-10">
    <port port="25" protocol="tcp"/>
    <reject type="tcp-reset"/>
  </rule>
  <rule family="ipv6" priority="-10">
    <port port="25" protocol="tcp"/>
    <reject type="tcp-reset"/>
  </rule>
</policy>
"""


def _set(family: int, inet: str) -> str:
    text = _SET.replace("{family}", str(family)).replace("{inet}", inet)
    return text.replace("{{", "{").replace("}}", "}")


FIREWALLD: Final = Format(
    name="firewalld",
    title="firewalld",
    fit=Fit(
        "ADDRESS or ADDRESS/LENGTH, a set for each family",
        most=131_072,
        because="the size that the sets are made with",
    ),
    sheets={SET4: _set(4, "inet"), SET6: _set(6, "inet6"), POLICY: _POLICY},
    parse=lines(rf"\s*(?:<entry>)?{NETWORK}(?:</entry>)?\s*"),
    comment="<!--",
    whole=True,
    local=True,
    place="/etc/firewalld",
    help=Help(
        apply=(
            "On the server, as root: `cloudsync export firewalld --apply` checks the files in a copy of the configuration, writes them, reloads, reads back, and goes back if that differs.",
            "By hand: write the three files with `--out /etc/firewalld`, look for warnings of `firewall-offline-cmd --check-config`, which ends with 0 all the same, then `firewall-cmd --reload`.",
        ),
        verify=(
            "`cloudsync export firewalld --check`; `firewall-cmd --info-policy=cloudsync-smtp` and `firewall-cmd --ipset=cloudsync-smtp4 --get-entries` show what counts.",
            "From an address that isn't listed, port 25 refuses; a message through the filter arrives.",
        ),
        undo=(
            "Delete `policies/cloudsync-smtp.xml`, `ipsets/cloudsync-smtp4.xml` and `ipsets/cloudsync-smtp6.xml` from `/etc/firewalld`, then `firewall-cmd --reload`.",
        ),
        notes=(
            "Needs firewalld 0.9 or newer, which has policies. The zones stay as they are: the policy is asked before them.",
            "Connections that the server itself opens aren't touched, and neither are 465 and 587.",
        ),
    ),
)
