"""What preflight prints, the command around it, and the way out at port 25."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import dns.resolver
import pytest

from cloudsync.addresses import AddressSet
from cloudsync.cli import main
from cloudsync.cli.preflight import show
from cloudsync.errors import UsageError
from cloudsync.preflight import ask, ledger
from cloudsync.preflight.ask import Servers, servers, written
from cloudsync.preflight.cut import Cut, Delivery
from cloudsync.preflight.egress import connect
from cloudsync.preflight.judge import judge
from cloudsync.preflight.look import Asked, look
from cloudsync.preflight.page import Block, Page, document, text
from cloudsync.preflight.quiet import Memory
from cloudsync.preflight.rows import Row, compare
from cloudsync.preflight.seen import Answer, Egress, Exchange, Name, Seen
from cloudsync.preflight.verdict import Ground, State
from tests.preflight.nameserver import Zone, serving
from tests.preflight.test_arming import NOW
from tests.preflight.test_ask import DOMAIN, FILTERS, OWN, records
from tests.unit.test_reconcile import Scene

CONFIG = """\
name: mail
list: {{source: ./list.txt, format: cidr}}
preflight: {{nameservers: ["{server}"]}}
targets:
  - provider: memory
    world: run
    mode: enforce
    path: direct
    internal: keep
    domains: [shop.test]
    own_addresses: [198.51.100.25]
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is to be closed at the end."""
    with ExitStack() as found:
        yield found


def test_the_command_looks_remembers_and_holds(
    stack: ExitStack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clean first look still waits for its week: exit code 4, and the state knows the look."""
    host, port = stack.enter_context(serving(Zone(records(*FILTERS))))
    path = tmp_path / "cloudsync.yaml"
    path.write_text(CONFIG.format(server=f"{host}:{port}"))
    assert show(path, (), (), None, "text", rows=False, port=port) == 4
    assert capsys.readouterr().out == (
        "shop.test: clean, has been clean for 0 h of 7 d\n"
        f"{path}:5: targets[0]: mode enforce, path direct\n"
        "  held      shop.test has been clean for 0 h of 7 d\n"
    )
    assert show(path, (), (), None, "json", rows=False, port=port) == 4
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["held"], said["domains"][0]["state"]) == (
        "cloudsync.preflight/1", True, "clean",
    )  # fmt: skip
    path.write_text(path.read_text() + "    accept_risk: {by: ann, reason: a test, until: never}\n")
    assert show(path, ("other.test",), (), None, "text", rows=False, port=port) == 4
    assert capsys.readouterr().out.startswith("other.test: dirty, was not clean on ")


def test_the_command_line_names_domains_and_refuses_what_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody to ask the domain is unknown, which is held; a domain that is none is an error."""
    path = tmp_path / "cloudsync.yaml"
    path.write_text(CONFIG.format(server="127.0.0.1:1"))
    monkeypatch.setattr(ask, "Servers", partial(Servers, timeout=0.1))
    assert main(["-c", str(path), "preflight", "--domain", "Shop.Test."]) == 4
    assert capsys.readouterr().out.startswith("shop.test: unknown, hasn't been seen clean yet\n")
    assert main(["-c", str(path), "preflight", "--domain", "a b"]) == 1
    assert capsys.readouterr().err == (
        "--domain: 'a b' isn't a domain name. Nothing was changed. Write it in ASCII, as it stands in "
        "DNS: example.com.\n"
    )


def test_a_look_at_nothing_is_an_error() -> None:
    """Without domains, evidence or anything else there is nothing to say."""
    with pytest.raises(UsageError) as caught:
        look(Scene({"one": ()}).job, Servers(()))
    assert caught.value.what == "names no mail domain"


@pytest.mark.parametrize(
    ("path", "risk", "held"),
    [
        (None, None, ["shop.test hasn't been seen clean yet",
                      "path: isn't said: how does mail come here?"]),
        ("proxied", None, ["shop.test hasn't been seen clean yet",
                           "path: proxied: what stands in front replaces the sender's address"]),
        ("direct", "2026-11-23", ["shop.test hasn't been seen clean yet"]),
        ("direct", "never", []),
    ],
)  # fmt: skip
def test_who_stands_in_front_and_who_answers_for_it_count(
    path: str | None, risk: str | None, held: list[str]
) -> None:
    """A block is held for its path too, and not for its domains where somebody answers for them."""
    accepted = {"by": "Ann", "reason": "sure", "until": risk} if risk else None
    block = {"domains": [DOMAIN], "path": path, "accept_risk": accepted}
    scene = Scene({"one": ()}, (block, {"domains": ["b.test"]}))
    page = look(scene.job, Servers((("127.0.0.1", 1),), 1, 0.1, 1), Asked((DOMAIN,)))
    assert [list(one.held) for one in page.blocks] == [held]


def test_a_week_of_looks_passes(stack: ExitStack) -> None:
    """Day by day, up to the moment at which nothing is held any more."""
    scene = Scene({"one": ()}, ({"domains": [DOMAIN], "own_addresses": [OWN], "path": "direct"},))
    scene.now = NOW
    where = stack.enter_context(serving(Zone(records(*FILTERS))))
    asked = Servers((where,), where[1], 0.5, 1)
    held: list[bool] = []
    for _ in range(8):
        held.append(look(scene.job, asked).held)
        scene.now += timedelta(days=1)
    assert held == [True] * 7 + [False]
    assert ledger.known(scene.store).domains[DOMAIN].since == NOW


def test_rows_are_compared_with_dns_and_nothing_follows_from_it(stack: ExitStack) -> None:
    """The list stays what it is, whatever DNS says of its rows."""
    scene = Scene({"one": ()}, listed=("8.0.1.1/32", "8.0.2.0/24"))
    zone = Zone({("1.1.0.8.in-addr.arpa", "PTR"): ["x.arsmtp.com."]})
    where = stack.enter_context(serving(zone))
    before = scene.stored
    page = look(scene.job, Servers((where,), where[1], 0.5, 1), Asked(rows=True))
    assert page.rows == (Row(ip_address("8.0.1.1"), "", "label", ("x.arsmtp.com",)),)
    assert scene.stored == before


HERE, THERE = ip_address("8.0.1.1"), ip_address("8.0.1.2")


@pytest.mark.parametrize(
    ("name", "reverse", "forward", "standing"),
    [
        ("a.test", ("a.test",), Name("a.test", frozenset([HERE])), "confirmed"),
        ("a.test", ("b.test",), Name("a.test", frozenset([HERE])), "forward_only"),
        ("a.test", None, Name("a.test", frozenset([HERE])), "forward_only"),
        ("a.test", ("a.test",), Name("a.test", frozenset([THERE])), "mismatch"),
        ("a.test", (), Name("a.test"), "no_dns"),
        ("a.test", None, Name("a.test"), "unknown"),
        ("a.test", (), Name("a.test", unknown="no answer in time"), "unknown"),
        ("Load Balancer", ("x.arsmtp.com",), None, "label"),
        ("Load Balancer", (), None, "label"),
        ("Load Balancer", ("x.evil.test",), None, "mismatch"),
        (None, None, None, "unknown"),
    ],
)
def test_forward_and_reverse_are_weighed(
    name: str | None, reverse: tuple[str, ...] | None, forward: Name | None, standing: str
) -> None:
    """Both agreeing confirms a row; silence is told apart from no name."""
    assert compare(HERE, name, reverse, forward, ("arsmtp.com",)).standing == standing


def test_the_page_says_all_of_it() -> None:
    """Domains, blocks, rows, the way out and the evidence, as text and as data."""
    answer = Answer("ns1.test", authority=True, said="records", exchanges=frozenset(
        [Exchange(10, "own.shop.test")]), ttl=60)  # fmt: skip
    null = Answer(
        "ns1.test", authority=True, said="records", exchanges=frozenset([Exchange(0, "")])
    )
    own = Name("own.shop.test", frozenset([ip_address(OWN)]))
    ground = Ground(("arsmtp.com",), frozenset([ip_address(OWN)]))
    verdicts = (
        judge(Seen(DOMAIN, (answer,), {"own.shop.test": own}), ground),
        judge(Seen("null.test", (null,)), ground),
    )
    cut = Cut(AddressSet.of("8.0.1.1"), most=2)
    for n, at in (
        ("8.0.1.1", NOW),
        ("203.0.113.9", NOW),
        ("203.0.113.8", None),
        ("203.0.113.7", NOW),
    ):
        cut.count(Delivery(ip_address(n), at))
    cut.read = 9
    page = Page(
        NOW, verdicts, {DOMAIN: Memory(NOW, dirty=NOW)},
        (Block("f:5: targets[0]", "enforce", None, (DOMAIN,)),),
        (Row(HERE, "a.test", "confirmed", ("a.test",)), Row(THERE, "b", "label")), cut,
        Egress("mx.test", 25, "silent", "no answer within 5 s, 3 times"),
    )  # fmt: skip
    assert text(page) == (
        "shop.test: dirty, was not clean on 2026-11-24 12:00 UTC\n"
        "  dirty     NOT_ON_FILTER shop.test own.shop.test: its MX own.shop.test leads to the own "
        "server 198.51.100.25\n"
        "            Take the record out, and wait until no cache holds it any more.\n"
        "null.test: clean, hasn't been looked at\n"
        "  skip      NULL_MX null.test: it takes no mail (RFC 7505)\n"
        "f:5: targets[0]: mode enforce, path not said\n"
        "  armed     enforce may close here\n"
        "rows of the list, by DNS; evidence only, no row is added or dropped by it\n"
        "  confirmed    8.0.1.1 a.test (a.test)\n"
        "  label        8.0.1.2 b\n"
        "outbound to mx.test port 25: silent (no answer within 5 s, 3 times)\n"
        "evidence: lines read: 9; deliveries found: 4, of them 1 from 1 wanted address\n"
        "would be cut:\n"
        "         1  203.0.113.8\n"
        "         1  203.0.113.9, last 2026-11-24 12:00\n"
        "         1  from sources that were too many to keep apart\n"
    )
    said = document(page)
    assert said["egress"] == {
        "host": "mx.test", "port": 25, "outcome": "silent",
        "detail": "no answer within 5 s, 3 times",
    }  # fmt: skip
    assert said["evidence"] == {
        "lines": 9, "deliveries": 4, "wanted": {"deliveries": 1, "addresses": ["8.0.1.1"]},
        "would_be_cut": [
            {"address": "203.0.113.8", "count": 1, "last": None},
            {"address": "203.0.113.9", "count": 1, "last": "2026-11-24T12:00:00+00:00"},
        ],
        "not_kept_apart": 1,
    }  # fmt: skip
    empty = Page(NOW, (), {}, cut=Cut(AddressSet.of("8.0.1.1")))
    assert text(empty) == (
        "evidence: lines read: 0; deliveries found: 0, of them 0 from 0 wanted addresses\n"
    )
    assert (document(Page(NOW, (), {}))["evidence"], Page(NOW, (), {}).held) == (None, False)


def test_a_silent_apex_and_one_family_are_unknown() -> None:
    """No MX and no address known; an exchange of which one family is known is judged by it."""
    ground = Ground(("arsmtp.com",), frozenset([ip_address(OWN)]))
    none = Answer("ns1.test", authority=True, said="none")
    seen = Seen(DOMAIN, (none,), apex=Name(DOMAIN, unknown="no answer in time"))
    assert judge(seen, ground).state is State.UNKNOWN
    cache = Answer("192.0.2.53", authority=False, said="missing")
    both = judge(Seen(DOMAIN, (none, cache)), ground)
    assert [one.what for one in both.findings if one.code == "CACHE_DIFFERS"] == [
        "it still says no such domain, which none of the domain's own servers does"
    ]
    mx = Answer("ns1.test", authority=True, said="records", exchanges=frozenset(
        [Exchange(10, "isp.test"), Exchange(20, "lost.test")]))  # fmt: skip
    half = Name("isp.test", frozenset([ip_address("192.0.2.7")]), unknown="no answer in time")
    found = judge(Seen(DOMAIN, (mx,), {"isp.test": half}), ground)
    assert [one.code for one in found.findings] == [
        "MX_ELSEWHERE", "DNS_UNAVAILABLE", "DNS_UNAVAILABLE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)), ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)), ("2620:fe::9", ("2620:fe::9", 53)), ("[::1]", ("::1", 53)),
    ],
)  # fmt: skip
def test_a_name_server_may_have_a_port(given: str, found: tuple[str, int]) -> None:
    """In both families, and it is written as it was given."""
    assert servers([given]).recursive == (found,)
    assert written(found) == given.removesuffix("]").removeprefix("[") if found[1] == 53 else given


def test_without_any_name_server_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has none and the configuration names none."""

    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", none)
    with pytest.raises(UsageError) as caught:
        servers([])
    assert caught.value.todo == "Name some, such as preflight: {nameservers: [9.9.9.9, 1.1.1.1]}."


@contextmanager
def speaking(greeting: bytes | None) -> Generator[int]:
    """A server that greets so, or says nothing; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            server.settimeout(0.05)
            kept: list[socket.socket] = []
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                if greeting is not None:
                    connection.sendall(greeting)
                kept.append(connection)
            for one in kept:
                one.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


def test_the_way_out_is_tried_without_sending_mail() -> None:
    """A greeting is open; silence after every try is blocked; a refusal proves nothing."""
    with speaking(b"220 mx.test ESMTP\r\n") as port:
        assert connect("127.0.0.1", port) == Egress("127.0.0.1", port, "open", "220 mx.test ESMTP")
    with speaking(b"HTTP/1.1 400\r\n") as port:
        assert connect("127.0.0.1", port).outcome == "no_greeting"
    with speaking(None) as port:
        assert connect("127.0.0.1", port, timeout=0.1, tries=2) == Egress(
            "127.0.0.1", port, "silent", "no answer within 0.1 s, 2 times"
        )
    assert connect("127.0.0.1", 1).outcome == "refused"
