"""A name server on loopback, over UDP and TCP, that says what a test wants, true or not."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Lie = Literal["servfail", "silent", "garbage", "lame", "truncate", "refused"]


@dataclass
class Zone:
    """What one server knows: text records by name and type, e.g. ``{("a.test", "MX"): [...]}``.

    ``lies`` are by name; ``everything`` is the lie for each question. ``asked`` counts questions
    by transport.
    """

    records: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]]
    )
    lies: dict[str, Lie] = field(default_factory=dict[str, Lie])
    everything: Lie | None = None
    ttl: int = 300
    asked: dict[str, int] = field(default_factory=lambda: {"udp": 0, "tcp": 0})

    def answer(self, wire: bytes, transport: str) -> bytes | None:
        """The answer to one question, or None for silence."""
        try:
            question = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        self.asked[transport] += 1
        name = question.question[0].name.to_text().lower().rstrip(".")
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        lie = self.lies.get(name, self.everything)
        if lie == "silent":
            return None
        if lie == "garbage":
            return wire[:2] + b"\xff" * 40
        reply = dns.message.make_response(question)
        if lie in {"servfail", "refused"}:
            reply.set_rcode(dns.rcode.SERVFAIL if lie == "servfail" else dns.rcode.REFUSED)
            return reply.to_wire()
        if lie == "truncate" and transport == "udp":
            reply.flags |= dns.flags.TC | dns.flags.AA
            return reply.to_wire()
        if lie != "lame":
            reply.flags |= dns.flags.AA
        known = {one for one, _ in self.records}
        while alias := self.records.get((name, "CNAME")):
            reply.answer.append(dns.rrset.from_text(f"{name}.", self.ttl, "IN", "CNAME", *alias))
            name = alias[0].rstrip(".")
        if found := self.records.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(f"{name}.", self.ttl, "IN", kind, *found))
        elif not any(one == name or one.endswith(f".{name}") for one in known):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        server: Any = self.server
        if (reply := server.zone.answer(wire, "udp")) is not None:
            sock.sendto(reply, self.client_address)


class _Tcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        self.request.settimeout(5)
        (length,) = struct.unpack("!H", self.request.recv(2))
        if (reply := server.zone.answer(self.request.recv(length), "tcp")) is not None:
            self.request.sendall(struct.pack("!H", len(reply)) + reply)


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    zone: Zone


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    zone: Zone


def _bound(host: str, port: int) -> tuple[_UdpServer, _TcpServer]:
    """Both transports on one port; a free one may be taken on the other, and so is tried again."""
    for attempt in range(20):
        tcp = _TcpServer((host, port), _Tcp)
        try:
            return _UdpServer((host, int(tcp.server_address[1])), _Udp), tcp
        except OSError:
            tcp.server_close()
            if port or attempt == 19:
                raise
    raise AssertionError


@contextmanager
def serving(zone: Zone, host: str = "127.0.0.1", port: int = 0) -> Generator[tuple[str, int]]:
    """Serve ``zone``; gives where."""
    servers = _bound(host, port)
    threads: list[threading.Thread] = []
    for server in servers:
        server.zone = zone
        threads.append(
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        )
        threads[-1].start()
    try:
        yield host, int(servers[0].server_address[1])
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
