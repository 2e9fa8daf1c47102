"""Who would be cut off, out of logs of every kind, and of hostile ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from cloudsync.addresses import NOBODY, AddressSet
from cloudsync.errors import UsageError
from cloudsync.preflight.ask import Servers
from cloudsync.preflight.cut import Cut, Delivery
from cloudsync.preflight.logs import LONGEST, Reader
from cloudsync.preflight.look import Asked, look
from tests.unit.test_reconcile import Scene

IP = "203.0.113.9"
POSTFIX = f"postfix/smtpd[231]: 4Xy1kQ2bZz: client=mail.a.test[{IP}]"


def found(*lines: str) -> list[tuple[str, datetime | None]]:
    """The deliveries that the lines of one file tell of."""
    reader = Reader()
    return [(str(one.address), one.at) for line in lines for one in reader.deliveries(line)]


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A moment of the day that the logs are of."""
    return datetime(2026, 11, 24, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "when"),
    [
        (f"Nov 24 09:00:01 mx postfix/smtpd[231]: 4Xy1kQ2bZz: client=mail.a.test[{IP}]", None),
        (f"2026-11-24T09:00:01+00:00 mx postfix/smtpd[9]: 4Xy1kQ2bZz: client=unknown[{IP}]",
         at(9, 0, 1)),
        (f"Nov 24 09:00:01 mx postfix/postscreen[7]: CONNECT from [{IP}]:40123 to [10.0.0.2]:25",
         None),
        (f"2026-11-24 09:00:01 1vNabc-000000001Ab-2cDe <= a@b.test H=mail.b.test [{IP}] P=esmtps",
         datetime(2026, 11, 24, 9, 0, 1)),  # noqa: DTZ001 - Exim writes no zone
        (f"2026-11-24 09:00:01 1vNabc-0001Ab-Cd <= a@b.test H=([10.0.0.1]) [{IP}]:443 P=esmtp S=9",
         datetime(2026, 11, 24, 9, 0, 1)),  # noqa: DTZ001
        (f"2026-11-24T09:00:01.123Z,MX\\Default,08D9,0,10.0.0.2:25,{IP}:40123,+,,",
         datetime(2026, 11, 24, 9, 0, 1, 123000, tzinfo=UTC)),
        (f"Received: from mail.a.test (mail.a.test [{IP}]) by mx.shop.test with ESMTPS", None),
        (f"Received: from [10.0.0.1] (unknown [{IP}]) by mx.shop.test", None),
        (f"Received: from mail.a.test ({IP}) by mx.shop.test (10.0.0.2) with Microsoft SMTP", None),
        (f"2 123456789012 eni-0a {IP} 10.0.0.2 40123 25 6 9 840 1795510740 1795510800 ACCEPT OK",
         at(9)),
        ((f'{{"jsonPayload":{{"connection":{{"src_ip":"{IP}","dest_port":25,"protocol":6}},'
         '"end_time":"2026-11-24T09:00:00Z"}}'), at(9)),
        (f'"1795510800,{IP},10.0.0.2,40123,25,T,I,A,B,,,,"', at(9)),
        (f'{{"records":[{{"flowTuples":["1795510800000,{IP},10.0.0.2,40123,25,6,I,B,NX,0,0,0,0"]',
         at(9)),
    ],
)  # fmt: skip
def test_each_log_tells_who_connected_and_when(line: str, when: datetime | None) -> None:
    """Postfix, Exim, Exchange, received mail, and the flow logs of the three clouds."""
    assert found(line) == [(IP, when)]


@pytest.mark.parametrize(
    "line",
    [
        # what a sender wrote isn't what the server wrote
        f"Nov 24 09:00:01 mx postfix/cleanup[1]: Subject: smtpd[1]: 4Xy1kQ2b: client=x[{IP}]",
        f"Subject: Received: from a (b [{IP}]) by c",
        f"2026-11-24 09:00:01 1vNabc-0001Ab-Cd => x <= a@b H=mail [{IP}]",
        # refused, another port, outbound, UDP, another direction
        f"2 123456789012 eni-0a {IP} 10.0.0.2 40123 25 6 9 840 1 1795510800 REJECT OK",
        f"2 123456789012 eni-0a {IP} 10.0.0.2 40123 443 6 9 840 1 1795510800 ACCEPT OK",
        f"2 123456789012 eni-0a {IP} 10.0.0.2 40123 25 17 9 840 1 1795510800 ACCEPT OK",
        f"1795510800,{IP},10.0.0.2,40123,25,T,I,D,B",
        f"1795510800,{IP},10.0.0.2,40123,25,T,O,A,B",
        f"2026-11-24T09:00:01.123Z,MX\\Default,08D9,0,10.0.0.2:587,{IP}:40123,+,,",
        f"2026-11-24T09:00:01.123Z,MX\\Default,08D9,3,10.0.0.2:25,{IP}:40123,>,250 ok,",
        "Nov 24 09:00:01 mx postfix/smtpd[231]: 4Xy1kQ2bZz: client=x[999.1.1.1]",
        f'{{"jsonPayload":{{"connection":{{"src_ip":"{IP}","dest_port":443,"protocol":6}}}}}}',
        '{"jsonPayload":{"connection":{"src_ip":"x","dest_port":25,"protocol":6}}}',
        "1795510800,1.2.3.999,10.0.0.2,40123,25,T,I,A,B",
        '{"jsonPayload":{"connection":[]}}', "{", "{" * 9000, "[" * 9000, "", "\x00\x1b[2J",
    ],
)  # fmt: skip
def test_what_is_no_delivery_isnt_counted(line: str) -> None:
    """Lines that only look like one, and rubbish, tell of nobody."""
    assert found(line) == []


def test_a_time_that_is_none_is_left_out() -> None:
    """Whoever connected still counts."""
    line = f"2 1 eni-0a {IP} 10.0.0.2 40123 25 6 9 840 1 {{}} ACCEPT OK"
    assert found(line.format("-"), f"2026-13-45T09:00:01Z mx {POSTFIX}") == [(IP, None), (IP, None)]


def test_of_a_mail_only_the_header_its_receiver_wrote_counts() -> None:
    """What stands below was written by whoever sent it; an inner hop above is passed over."""
    mail = [
        "From a@b.test Tue Nov 24 09:00:00 2026",
        "Received: from localhost (localhost [127.0.0.1]) by mx",
        f"Received: from a (b [{IP}]) by mx",
        "Received: from forged (x [8.8.8.8]) by nowhere",
        "Received: by nowhere",
    ]
    assert found(*mail, "", *mail) == [(IP, None), (IP, None)]


@pytest.mark.parametrize(
    "evil",
    [
        " <= a H=" * 4000, "H=(" * 10_000, "smtpd[1]: 4Xy1kQ2bZz: client=" + "a" * 30_000,
        "Received: from " + "(" * 30_000, "1" * 32_000, "2026-11-24T" * 3000, "," * 32_000,
        '{"a":' * 6000, "Received: from a (" + "b " * 15_000,
    ],
)  # fmt: skip
def test_a_hostile_line_takes_no_time(evil: str) -> None:
    """No expression runs back over what it has read: each of these is done within a moment."""
    began = time.process_time()
    assert found(evil) == []
    assert time.process_time() - began < 0.5


def test_memory_is_bounded_and_nothing_is_lost_from_the_count() -> None:
    """Sources beyond the most that are kept apart are counted together."""
    cut = Cut(NOBODY, most=2)
    for n in (1, 2, 2, 3, 4):
        cut.count(Delivery(ip_address(f"203.0.113.{n}")))
    assert [(str(one.address), one.count) for one in cut.worst()] == [
        ("203.0.113.2", 2), ("203.0.113.1", 1),
    ]  # fmt: skip
    assert (cut.used, cut.more) == (5, 2)
    every = Cut(AddressSet.of("0.0.0.0/0"), most=1)
    for n in (1, 2):
        every.count(Delivery(ip_address(f"203.0.113.{n}")))
    assert (every.listed, len(every.senders)) == (2, 1)


def test_the_last_delivery_is_kept_whatever_zone_a_log_has() -> None:
    """A line without a zone is taken for UTC."""
    cut = Cut(NOBODY)
    naive = datetime(2026, 11, 24, 10)  # noqa: DTZ001
    for moment in (at(9), naive, at(8), None):
        cut.count(Delivery(ip_address(IP), moment))
    assert [one.last for one in cut.worst()] == [naive]


def test_a_log_is_read_in_pieces_that_part_no_record(tmp_path: Path) -> None:
    """A flow log of Azure is one endless line; each of its tuples counts once."""
    scene = Scene({"one": ()})
    log = tmp_path / "PT1H.json"
    tuples = ",".join(
        f'"179551{n:04d},203.0.113.{n % 200},10.0.0.2,40123,25,T,I,A,B,,,,"' for n in range(2000)
    )
    log.write_text(f'{{"records":[{{"flowTuples":[{tuples}]}}]}}')
    assert log.stat().st_size > 5 * LONGEST
    page = look(scene.job, Servers(()), Asked(evidence=(log,)))
    assert page.cut is not None
    assert (page.cut.used, len(page.cut.sources), page.cut.more) == (2000, 200, 0)


def test_wanted_senders_and_the_others_are_told_apart(tmp_path: Path) -> None:
    """Listed and internal senders stay; the rest stands with count and last time."""
    scene = Scene({"one": ()})
    log = tmp_path / "mail.log"
    log.write_text(
        "".join(
            f"2026-11-24T0{n}:00:00Z mx postfix/smtpd[1]: 4Xy1kQ2b: client=x[{ip}]\n"
            for n, ip in enumerate(("8.0.1.1", "10.0.0.9", IP, IP, "2001:db8::9"))
        )
        + "\xff\xfe rubbish\n",
        encoding="latin-1",
    )
    page = look(scene.job, Servers(()), Asked(evidence=(log,)))
    assert page.cut is not None
    assert (page.cut.read, page.cut.used, page.cut.listed) == (6, 5, 2)
    assert [(str(one.address), one.count, one.last) for one in page.cut.worst()] == [
        (IP, 2, at(3)), ("2001:db8::9", 1, at(4)),
    ]  # fmt: skip


def test_a_log_that_isnt_there_is_said(tmp_path: Path) -> None:
    """With the file's name and the way out."""
    with pytest.raises(UsageError) as caught:
        look(Scene({"one": ()}).job, Servers(()), Asked(evidence=(tmp_path / "no.log",)))
    assert (caught.value.what, caught.value.todo) == (
        "can't be read: No such file or directory",
        "Name a file that is there, as somebody who may read it.",
    )
