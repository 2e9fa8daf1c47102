"""Reads who connected from a line of a log, whichever of the known ones it is; opens no file.

Known are, each by the shape that its maker documents: Postfix's ``client=`` and postscreen's
``CONNECT from`` (postfix.org, smtpd(8)), Exim's arrival lines ``<= … H=(…) [ADDRESS]`` (spec, "Log
files"), Exchange's receive-connector protocol log (CSV with ``remote-endpoint``), ``Received:``
headers of mail, and flow logs: AWS VPC version 2, Azure NSG tuples and virtual-network tuples, GCP
``jsonPayload.connection``. A line that is none of these is counted and otherwise ignored; no
expression here runs back over what it has read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, cast

from cloudsync.addresses import INTERNAL, Address, AddressSet
from cloudsync.preflight.cut import Delivery

LONGEST: Final = 16_384
"""The most bytes of a line that are read at once."""

_IP: Final = r"([0-9A-Fa-f:.]{2,45})"
# What a sender chooses (HELO, subject) stands behind what the server wrote: so each is anchored.
_PROGRAM: Final = re.compile(r"(?:smtpd|postscreen)\[\d{1,10}\]: ")
_POSTFIX: Final = re.compile(
    rf"(?:[0-9A-Za-z]{{5,20}}: client=|CONNECT from )[^\s\[\]]{{0,255}}\[{_IP}\]"
)
_EXIM: Final = re.compile(
    r"\S{8,35} \S{8,18} (?:[+-]\d{4} )?(?:\[\d{1,10}\] )?[0-9A-Za-z]{6}-[0-9A-Za-z-]{9,18} <= "
)
_HOST: Final = re.compile(rf" H=(?:[^\s()]{{1,255}} )?(?:\([^)]{{0,255}}\) )?\[{_IP}\]")
_RECEIVED: Final = re.compile(
    r"Received: from \S{1,255} \("
    rf"(?:(?:[^\s()\[\]]{{1,255}} )?\[(?:IPv6:)?{_IP}\]|{_IP}\) by )",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")
_NSG: Final = re.compile(
    r"(\d{10,13}),([0-9A-Fa-f:.]{2,45}),[0-9A-Fa-f:.]{2,45},\d{1,5},(\d{1,5}),([T6]),I,([A-Z])"
)
_ZERO: Final = frozenset({"0", "-"})


@dataclass
class Reader:
    """Reads the lines of one file, in order.

    Of a mail only the uppermost ``Received:`` counts that names a sender from outside: the ones
    below were written by whoever sent it.
    """

    port: int = 25
    inside: AddressSet = INTERNAL
    received: bool = False

    def deliveries(self, line: str) -> Iterator[Delivery]:
        """The connections to the port that a line tells of; mostly one or none."""
        line = line[: 2 * LONGEST]
        if line.startswith("From "):
            self.received = False
        elif line[:9].lower() == "received:":
            one = _received(line)
            if one and not self.received and one.address not in self.inside:
                self.received = True
                yield one
        elif line.startswith("{"):
            yield from _record(line, self.port)
        elif one := (
            _postfix(line) or _exim(line) or _exchange(line, self.port) or _aws(line, self.port)
        ):
            yield one
        else:
            yield from _tuples(line, self.port)


def address(text: str) -> Address | None:
    """The address that ``text`` is, or None; IPv4 in IPv6 form is IPv4."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _found(text: str, at: datetime | None, count: int = 1) -> Delivery | None:
    known = address(text)
    return Delivery(known, at, count) if known else None


def _when(line: str) -> datetime | None:
    """The first moment in ISO form at the start of a line; syslog's own form has no year."""
    match = _ISO.search(line[:64])
    if not match:
        return None
    try:
        return datetime.fromisoformat(match[0])
    except ValueError:
        return None


def _postfix(line: str) -> Delivery | None:
    # The first program in the line is the one that wrote it.
    wrote = line.find("]: ")
    program = _PROGRAM.search(line, 0, wrote + 3) if wrote > 0 else None
    match = _POSTFIX.match(line, program.end()) if program else None
    return _found(match[1], _when(line)) if match else None


def _exim(line: str) -> Delivery | None:
    arrival = _EXIM.match(line)
    match = _HOST.search(line, arrival.end()) if arrival else None
    return _found(match[1], _when(line)) if match else None


def _received(line: str) -> Delivery | None:
    match = _RECEIVED.match(line)
    return _found(match[1] or match[2], None) if match else None


def _exchange(line: str, port: int) -> Delivery | None:
    """A connection (event ``+``): date-time,connector-id,session-id,sequence,local,remote,event."""
    parts = line.split(",", 7)
    if len(parts) < 7 or parts[6] != "+":
        return None
    host, _, local = parts[4].rpartition(":")
    remote, _, _ = parts[5].rpartition(":")
    if not host or local != str(port):
        return None
    return _found(remote.strip("[]"), _when(parts[0]))


def _aws(line: str, port: int) -> Delivery | None:
    """A record of version 2: account, interface, source, destination, ports, protocol, … action."""
    parts = line.split()
    if len(parts) < 14 or parts[0] != "2" or parts[6] != str(port) or parts[7] != "6":
        return None
    if parts[12] != "ACCEPT":
        return None
    return _found(parts[3], _epoch(parts[11]))


def _tuples(line: str, port: int) -> Iterator[Delivery]:
    """Azure's tuples; a new connection that was let in: NSG decision A, virtual network state B."""
    for moment, source, to, _protocol, state in _NSG.findall(line):
        if to == str(port) and state in {"A", "B"}:
            one = _found(source, _epoch(moment))
            if one:
                yield one


def _record(line: str, port: int) -> Iterator[Delivery]:
    """One JSON object a line: GCP's flow log entry, or Azure's record with tuples in it."""
    try:
        entry: Any = json.loads(line)
    except (ValueError, RecursionError):
        yield from _tuples(line, port)
        return
    payload = _inner(_inner(entry, "jsonPayload"), "connection")
    if not payload:
        yield from _tuples(line, port)
        return
    if str(payload.get("dest_port")) == str(port) and str(payload.get("protocol")) == "6":
        end = _inner(entry, "jsonPayload").get("end_time")
        one = _found(str(payload.get("src_ip")), _when(end) if isinstance(end, str) else None)
        if one:
            yield one


def _inner(value: Any, key: str) -> Mapping[str, Any]:
    found: Any = cast("Mapping[str, Any]", value).get(key) if isinstance(value, dict) else None
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def _epoch(text: str) -> datetime | None:
    """Seconds, or milliseconds, since 1970."""
    if not text.isascii() or not text.isdigit() or len(text) > 13 or text in _ZERO:
        return None
    seconds = int(text) / (1000 if len(text) > 11 else 1)
    return datetime.fromtimestamp(seconds, UTC)
