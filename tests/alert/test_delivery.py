"""Letters over the wire: a mail server, an HTTP and a TLS receiver on loopback, and SNS by moto."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shlex import quote
from types import SimpleNamespace
from typing import Any

import apprise
import pytest
import trustme
from aiosmtpd.controller import Controller
from moto import mock_aws

from cloudsync import records
from cloudsync.alert.channels import Send, channels
from cloudsync.alert.deliver import deliver, waiting
from cloudsync.alert.ledger import OUTBOX, OUTBOX_KEY
from cloudsync.alert.letters import Letter
from cloudsync.cli import main
from cloudsync.conditions import ConditionKind, Severity
from cloudsync.conditions.watch import watched
from cloudsync.config import Config
from cloudsync.config.alerts import Alerts
from cloudsync.errors import UsageError
from cloudsync.job import Job
from cloudsync.memory.firewall import Firewall, Rule
from cloudsync.remember import forget
from cloudsync.worker.passes import one_pass
from tests.alert.test_letters import letter, told
from tests.unit.test_reconcile import LISTED, ONE, Scene
from tests.unit.test_worker import Shift

# What Apprise imports warns of the next Python; and a server's thread may end after the test.
pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@dataclass
class Received:
    """What a receiver was sent, and what it answers."""

    port: int = 0
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@contextmanager
def receiver(authority: trustme.CA | None = None) -> Generator[Received]:
    """An HTTP server on loopback that keeps what it is sent; over TLS with an authority."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            received.bodies.append(json.loads(self.rfile.read(size)))
            self.send_response(received.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if authority:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issued: Any = authority.issue_cert("127.0.0.1")
        issued.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    received.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def config(*alerts: dict[str, Any], **more: Any) -> Config:
    """A configuration with these channels."""
    return Config.model_validate(
        {
            "name": "ours",
            "list": {"source": "./list.txt", "format": "cidr"},
            "alerts": {"channels": list(alerts)},
            **more,
        }
    )


def send(url: str) -> str:
    """What comes of a letter by a URL."""
    (way,) = channels(config({"name": "team", "url_env": "TEAM"}), {"TEAM": url}).values()
    return way(letter(1))


def test_a_webhook_gets_the_letter() -> None:
    """Subject, body and kind."""
    with receiver() as received:
        assert send(f"json://127.0.0.1:{received.port}/hook") == ""
    (body,) = received.bodies
    assert (body["title"], body["message"], body["type"]) == ("subject 1", "body", "failure")


def test_a_webhook_over_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority that isn't known is a failure; one that is known isn't."""
    authority = trustme.CA()
    with receiver(authority) as received:
        url = f"jsons://127.0.0.1:{received.port}/hook"
        assert send(url) != ""
        assert received.bodies == []
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert send(url) == ""
        assert len(received.bodies) == 1


@contextmanager
def mail_server() -> Generator[tuple[int, list[Any]]]:
    """A mail server on loopback: its port, and the envelopes that it took."""
    taken: list[Any] = []

    class Keep:
        async def handle_DATA(  # noqa: N802 - aiosmtpd's name
            self, _server: Any, _session: Any, envelope: Any
        ) -> str:
            taken.append(envelope)
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, taken
    finally:
        controller.stop()


def test_a_mail_server_gets_the_letter() -> None:
    """As a message with the subject, to the recipient."""
    with mail_server() as (port, taken):
        url = f"mailto://127.0.0.1:{port}/?from=cloudsync@example.net&to=team@example.net&mode=insecure"
        assert send(url) == ""
    (envelope,) = taken
    assert envelope.rcpt_tos == ["team@example.net"]
    assert b"subject 1" in envelope.content


def test_why_it_failed_is_said_without_the_secret() -> None:
    """A refusal, nothing there, no such URL, and no variable."""
    with receiver() as received:
        received.status = 403
        said = send(f"json://user:topsecret@127.0.0.1:{received.port}/tokentoken")
        port = received.port
    assert "403" in said
    assert "topsecret" not in said
    assert "tokentoken" not in said
    assert send(f"json://127.0.0.1:{port}/hook") != ""
    assert send("nonsense") == "TEAM holds no URL that Apprise knows"
    assert send(" ") == "the environment variable TEAM isn't set"


def test_what_a_plugin_logs_of_the_url_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever part of the URL stands in the log of a failure is hidden."""

    def tell(_self: Any, **_letter: Any) -> bool:
        logging.getLogger("apprise").warning("no answer from /tokentoken as topsecret")
        return False

    monkeypatch.setattr(apprise.Apprise, "notify", tell)
    said = send("json://user:topsecret@127.0.0.1:9/tokentoken")
    assert said == "no answer from /[hidden] as [hidden]"


def test_an_sns_topic_gets_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the SDK, in the topic's region; a topic that isn't there is an error in its words."""
    boto3 = pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with mock_aws():
        topic = boto3.client("sns", region_name="eu-west-1").create_topic(Name="ops")["TopicArn"]
        (way,) = channels(config({"name": "topic", "sns": topic}), {}).values()
        assert way(letter(1)) == ""
        (gone,) = channels(config({"name": "topic", "sns": f"{topic}x"}), {}).values()
        assert gone(letter(1)).startswith("NotFoundException: ")


def test_a_topic_that_does_not_answer_holds_up_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute at most, where the SDK by itself waits for five."""
    boto3 = pytest.importorskip("boto3")
    asked: list[Any] = []

    def client(*_: Any, config: Any, **_more: Any) -> Any:
        asked.append(config)
        raise ConnectionError("no answer")

    monkeypatch.setattr(boto3, "client", client)
    sns = "arn:aws:sns:eu-west-1:123456789012:ops"
    (way,) = channels(config({"name": "topic", "sns": sns}), {}).values()
    assert way(letter(1)) == "ConnectionError: no answer"
    (patience,) = asked
    tries = patience.retries["total_max_attempts"]
    assert tries * (patience.connect_timeout + patience.read_timeout) <= 30


def test_alerts_that_only_come_by_the_mail_they_tell_of_are_refused() -> None:
    """Unless something else hears of pages too."""
    target = {
        "provider": "memory", "world": "run", "mode": "watch", "domains": ["example.com"],
    }  # fmt: skip
    settings = Scene.settings.model_validate(target)
    mail = {"name": "mail", "url_env": "MAIL"}
    environ = {"MAIL": "mailtos://u:p@smtp.example.net/?to=ops@mx.example.com"}
    with pytest.raises(UsageError, match=r"goes by mail to example\.com, which is protected here"):
        channels(config(mail, targets=[settings]), environ)
    other = {"name": "hook", "url_env": "HOOK"}
    assert len(channels(config(mail, other, targets=[settings]), environ)) == 2
    outside = {"MAIL": "mailtos://u:p@example.net"}
    assert len(channels(config(mail, targets=[settings]), outside)) == 1
    quiet = {**mail, "severities": ["note"]}
    with pytest.raises(UsageError, match=r"all that is heard of goes by mail to example\.com"):
        channels(config(quiet, targets=[settings]), environ)
    some = {**other, "targets": ["aws:*"]}
    with pytest.raises(UsageError, match=r"at once of every target goes by mail to example\.com"):
        channels(config(mail, some, targets=[settings]), environ)
    with pytest.raises(UsageError, match=r"at once goes by mail to example\.com"):
        channels(config(mail, {**other, "severities": ["ticket"]}, targets=[settings]), environ)


@pytest.mark.parametrize(
    ("url", "is_refused"),
    [
        ("mailto://u:p@smtp.example.net?to=ops%40example.com", True),
        ("MAILTO://ops:p@Example.COM.", True),
        ("mailgun://me@mg.example.net/0123456789abcdef0123456789abcdef/ops@example.com", True),
        ("ses://me@example.net/AKIAEXAMPLE/secret/eu-west-1/ops@example.com", True),
        ("sendgrid://key:me@example.net/ops@example.com", True),
        ("mailto://u:p@smtp.example.net/ops@example.com/ops@example.org", False),
        ("mailto://u:p@smtp.example.net?to=ops@example.com&cc=ops@example.org", False),
        ("mailto://u:p@smtp.example.com?to=ops@example.org", False),
        ("mailto://ops:p@example.com, json://127.0.0.1/hook", False),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/ops@example.com", False),
        ("", False),
    ],
)
def test_mail_is_told_by_where_it_goes_whoever_delivers_it(url: str, is_refused: bool) -> None:
    """However an address is written, by whatever service; one recipient outside is enough."""
    target = {
        "provider": "memory", "world": "run", "mode": "watch", "domains": ["example.com"],
    }  # fmt: skip
    settings = Scene.settings.model_validate(target)
    made = config({"name": "mail", "url_env": "MAIL"}, targets=[settings])
    if is_refused:
        with pytest.raises(UsageError, match=r"goes by mail to example\.com"):
            channels(made, {"MAIL": url})
    else:
        assert len(channels(made, {"MAIL": url})) == 1


def test_what_a_stranger_wrote_is_text_to_every_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule's name with markup: shown as it is written, and refused by no service for it."""
    sent: list[str] = []

    answer = SimpleNamespace(status_code=200, content=b"ok", text="ok", headers={})

    def request(*_: Any, data: str = "", **_more: Any) -> SimpleNamespace:
        sent.append(data)
        return answer

    monkeypatch.setattr("requests.Session.request", request)
    evil = "rule '<b>x <!channel> <http://evil|All is well>'"
    for url in (
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
    ):
        (way,) = channels(config({"name": "team", "url_env": "TEAM"}), {"TEAM": url}).values()
        assert way(replace(letter(1), body=f"Mail is lost.\nFor one: {evil}.")) == ""
    assert len(sent) == 2
    for data in sent:
        assert "&lt;b&gt;x &lt;!channel&gt; &lt;http://evil|All is well&gt;" in data


def test_a_long_letter_is_cut_and_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """PagerDuty takes 1,024 characters: what is at stake stands in the first."""
    sent: list[dict[str, Any]] = []

    answer = SimpleNamespace(status_code=202, content=b"{}", text="{}", headers={})

    def request(*_: Any, data: str = "", **_more: Any) -> SimpleNamespace:
        sent.append(json.loads(data))
        return answer

    monkeypatch.setattr("requests.Session.request", request)
    url = "pagerduty://0123456789abcdef0123456789abcdef@ABCDEFGHIJKLMNOPQRST"
    (way,) = channels(config({"name": "team", "url_env": "TEAM"}), {"TEAM": url}).values()
    assert way(replace(letter(1), body="Mail is lost.\n" * 300)) == ""
    (event,) = sent
    assert len(event["payload"]["summary"]) <= 1024
    assert event["payload"]["summary"].startswith("subject 1")


def test_mail_shows_a_stranger_s_words_as_they_are() -> None:
    """A rule's name with markup is no markup of the letter, and its lines stay lines."""
    said = "Mail is lost.\nFor one, 8.0.0.1: rule '<a href=http://evil>All is well</a><!--'.\nSee docs."
    with mail_server() as (port, taken):
        url = f"mailto://127.0.0.1:{port}/?from=a@example.org&to=b@example.net&mode=insecure"
        (way,) = channels(config({"name": "team", "url_env": "TEAM"}), {"TEAM": url}).values()
        assert way(replace(letter(1), body=said)) == ""
    message = email.message_from_bytes(taken[0].content, policy=email.policy.default)
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines()[:3] == said.splitlines()


@dataclass
class Alerted(Shift):
    """A shift with channels that keep what they are sent, and answer ``error``."""

    names: tuple[str, ...] = ("team",)
    error: str = ""
    taken: list[str] = field(default_factory=list[str])

    @property
    def job(self) -> Job:
        """The worker's job, with the channels."""
        job = super().job
        each = [{"name": name, "url_env": name.upper()} for name in self.names]
        alerts = Alerts.model_validate({"channels": each})
        return replace(job, config=replace(job.config, alerts=alerts), ways=self.ways)

    def ways(self, _config: Config) -> dict[str, Send]:
        """Each channel takes letters the same way."""
        return dict.fromkeys(self.names, self.take)

    def take(self, one: Letter) -> str:
        """Keep the subject."""
        self.taken.append(one.subject)
        return self.error


def shift(*names: str) -> Alerted:
    """A watched target that nobody on the list can reach, with these channels."""
    return Alerted({"one": ()}, ({"mode": "watch"},), names=names)


def test_a_pass_sends_once_what_began_and_once_what_is_over() -> None:
    """Lost mail at a watched target, then a person lets the list in."""
    one = shift("team")
    one.one_pass()
    one.one_pass()
    rules = (Rule(1, "by hand", sources=tuple(LISTED)),)
    one.world.edit("one", Firewall(rules))
    one.one_pass()
    one.one_pass()
    assert [subject.partition(" at memory")[0] for subject in one.taken] == [
        "[page] ours: Mail is lost", "[page] ours: Over: Mail is lost",
    ]  # fmt: skip


def test_a_channel_that_fails_costs_no_run_and_is_told_on_the_other() -> None:
    """The letter waits; the second failure in a row is a condition; nothing is lost."""
    one = shift("team", "other")
    one.error = "refused"
    assert one.one_pass().report.now.targets
    one.now += timedelta(minutes=2)
    one.one_pass()
    one.now += timedelta(minutes=3)
    one.error = ""
    one.one_pass()
    kinds = {
        each.condition.kind: each.condition.subject for each in watched(one.job) if each.stands
    }
    assert kinds[ConditionKind.UNDELIVERED] in {"team", "other"}
    one.now += timedelta(hours=1)
    one.one_pass()
    assert waiting(one.job).waiting == ()
    assert (
        one.taken.count(
            "[page] ours: Mail is lost at memory:run/one: 8 IPv4 addresses, wanted, can't reach port 25."
        )
        >= 2
    )


def test_what_waits_for_a_dead_channel_holds_up_no_other() -> None:
    """Fifty letters wait for one; the page for the other goes out in the pass that made it."""
    one = shift("dead", "team")
    taken: list[str] = []

    def refuse(_letter: Letter) -> str:
        return "refused"

    def take(each: Letter) -> str:
        taken.append(each.subject)
        return ""

    ways = {"dead": refuse, "team": take}
    for number in range(60):
        deliver(one.job, ways, [told(ConditionKind.OPEN, number)])
    taken.clear()
    one.now += timedelta(days=1)
    deliver(one.job, ways, [told(ConditionKind.MISSING, 1)])
    assert taken == ["[page] ours: missing at 1."]
    assert len([each for each in waiting(one.job).waiting if each.letter.channel == "dead"]) == 50


def test_after_an_outage_pages_leave_before_notes() -> None:
    """Ten letters a pass: what woke nobody can wait."""
    one = shift("team")
    one.error = "refused"
    for number in range(30):
        deliver(one.job, one.ways(one.job.config), [told(ConditionKind.REPAIRED, number)])
    one.error = ""
    one.taken.clear()
    one.now += timedelta(days=1)
    deliver(one.job, one.ways(one.job.config), [told(ConditionKind.MISSING, 1)])
    assert len(one.taken) == 10
    assert one.taken[0] == "[page] ours: missing at 1."


def test_an_open_target_that_is_hidden_is_not_said_to_be_closed() -> None:
    """Whoever takes its tag off, or what it is seen by, has closed nothing; nor has who forgets it."""
    everybody = (Rule(1, "everybody", sources=("0.0.0.0/0",)),)
    right = (Rule(1, "by hand", sources=tuple(LISTED)),)
    one = Alerted({"one": everybody, "two": right}, ({"mode": "watch"},), names=("team",))
    one.one_pass()
    one.world.edit("one", None)
    one.one_pass()
    one.world.unreadable = "access denied"
    one.one_pass()
    assert [subject.split(": ")[1] for subject in one.taken] == [
        "The filter can be bypassed at memory:run/one",
        "memory:run/one was there and isn't found any more",
        "Unreadable (3)",
    ]
    assert {each.condition.kind for each in watched(one.job) if each.condition.subject == ONE} == {
        ConditionKind.OPEN,
        ConditionKind.GONE,
        ConditionKind.UNREADABLE,
    }
    one.world.unreadable = ""
    one.one_pass()
    one.taken.clear()
    forget(one.job, ONE)
    one.one_pass()
    assert one.taken == ["[page] ours: Not watched any more: open (1), gone (1)"]


def test_what_a_second_look_does_not_find_wakes_nobody() -> None:
    """A read that came late; where it is still so, one hears of it in the same pass."""
    one = shift("team")
    rules = Firewall((Rule(1, "by hand", sources=tuple(LISTED)),))
    looks: list[int] = []

    def late() -> None:
        looks.append(1)
        if len(looks) == 2:
            one.world.edit("one", rules)

    one.provider.looks = late
    one.one_pass()
    assert (len(looks), one.taken) == (2, [])
    one.world.edit("one", Firewall(()))
    one.one_pass()
    one.one_pass()
    assert len(looks) == 5
    assert len(one.taken) == 1


def test_where_the_second_look_can_not_be_had_the_first_counts() -> None:
    """Silence would be worse than a false alarm."""
    one = shift("team")
    looks: list[int] = []

    def lost() -> None:
        looks.append(1)
        if len(looks) == 2:
            one.world.firewalls.clear()

    one.provider.looks = lost
    one.one_pass()
    assert len(one.taken) == 1


def test_a_failed_pass_is_told_and_what_was_the_matter_still_is() -> None:
    """A configuration that can't work any more is heard of, not only printed."""
    one = shift("team")
    one.one_pass()

    def broken(_name: str) -> Any:
        raise UsageError("memory", "isn't installed")

    def otherwise(_name: str) -> Any:
        raise UsageError("memory", "is something else")

    with pytest.raises(UsageError):
        one_pass(replace(one.job, provider=broken))
    standing = [each.condition.kind for each in watched(one.job) if each.stands]
    assert standing == [ConditionKind.MISSING, ConditionKind.FAILED]
    with pytest.raises(UsageError):
        one_pass(replace(one.job, provider=otherwise))
    said = [each.condition.did for each in watched(one.job) if each.stands]
    assert "is something else" in said[1]
    one.one_pass()
    assert [each.condition.kind for each in watched(one.job) if each.stands] == [
        ConditionKind.MISSING
    ]


def test_a_letter_names_its_run_its_configuration_and_where_to_read_on() -> None:
    """Whoever is woken pastes the command, finds the run in the log, and reads where it is kept."""
    job = shift("team").job
    alerts = job.config.alerts.but(runbook="https://wiki.example/mail")
    mine = job.config.but(alerts=alerts)
    begun = told(ConditionKind.OPEN, 1)
    named = replace(begun.watched.condition, todo="cloudsync plan shows it.")
    bodies: list[str] = []

    def keep(one: Letter) -> str:
        bodies.append(one.body)
        return ""

    tell = [replace(begun, watched=replace(begun.watched, condition=named))]
    deliver(replace(job, config=mine, run="r-1"), {"team": keep}, tell)
    (body,) = bodies
    assert body.splitlines()[-4:] == [
        f"cloudsync -c {quote(str(mine.file))} plan shows it.", "See https://wiki.example/mail#open.", "",
        "Run r-1.",
    ]  # fmt: skip


def test_a_letter_is_kept_before_it_is_sent() -> None:
    """A process that dies while sending sends it again."""
    one = shift("team")

    def die(_letter: Any) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(one.job, {"team": die}, [told(ConditionKind.OPEN, 1)])
    stored = records.load(one.job.store, OUTBOX_KEY, OUTBOX)
    assert stored
    assert [each.letter.severity for each in stored.value.waiting] == [Severity.PAGE]


def test_a_person_can_try_each_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which took it and which didn't, and the exit code of a failure; a name that isn't there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cloudsync.yaml").write_text(
        "name: ours\nlist: {source: ./list.txt, format: cidr}\ntargets:\n"
        "  - {provider: memory, world: run, mode: watch}\n"
        "alerts: {channels: [{name: team, url_env: TEAM}, {name: pager, url_env: PAGER}]}\n",
        encoding="utf-8",
    )
    with receiver() as received:
        monkeypatch.setenv("TEAM", f"json://127.0.0.1:{received.port}/hook")
        assert main(["alert", "test"]) == 3
        assert main(["alert", "test", "--channel", "team"]) == 0
        assert main(["alert", "test", "--channel", "none"]) == 1
    said = capsys.readouterr()
    assert said.out == (
        "team: delivered.\n"
        "pager: not delivered: the environment variable PAGER isn't set.\n"
        "team: delivered.\n"
    )
    assert said.err == (
        "--channel: none isn't one: the channels are team, pager. Nothing was changed. "
        "Name one of them.\n"
    )
    assert received.bodies[0]["message"].startswith("Nothing is the matter")
