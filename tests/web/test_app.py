"""The page over HTTP: who is answered, with what, and what is never served."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from cloudsync import records
from cloudsync.job import Job
from cloudsync.state import MemoryStore, StateError
from cloudsync.web.guardrail import HEADERS
from cloudsync.web.site import Site
from tests.unit.scenes import FINE, NETWORKS, SCENES, Stage, stage
from tests.web.served import Web, served


@pytest.fixture
def client() -> Generator[Callable[..., Web]]:
    """Serves tenants, and gives a client of their page."""
    with ExitStack() as open_ones:

        def made(*stages: Stage, **more: Any) -> Web:
            site = Site({one.name: one.open for one in stages}, **more)
            return open_ones.enter_context(served(site))

        yield made


Client = Callable[..., Web]


@pytest.mark.parametrize("scene", SCENES)
def test_every_page_answers_in_every_state(scene: str, client: Client) -> None:
    """No state of affairs breaks a page, and each is served with the policy."""
    web = client(stage(scene))
    for path in ("", "list", "decisions", "status.json", "feeds/"):
        answer = web.get(f"/t/mail-prod/{path}")
        assert (path, answer.code) == (path, 200)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"


def test_one_tenant_is_led_to_and_several_are_named_apart(client: Client) -> None:
    """With one, the short paths are its own; with two, no path shows both but the index."""
    one = client(stage("all-right"))
    assert one.get("/").headers["location"] == "/t/mail-prod/"
    assert json.loads(one.get("/status.json").text)["name"] == "mail-prod"
    two = client(stage("all-right"), stage("mail-lost", "second"))
    index = two.get("/").text
    assert "From outside only wanted senders reach port 25" in index
    assert "Mail is being lost" in index
    assert FINE[0].target not in index
    assert "/t/mail-prod/" not in two.get("/t/second/").text
    refused = two.get("/status.json")
    assert (refused.code, json.loads(refused.text)) == (
        404, {"error": "There is no tenant of that name here."},
    )  # fmt: skip
    assert two.get("/t/third/").code == 404


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1:8025", 200), ("localhost", 200), ("[::1]:8025", 200), ("10.2.3.4", 200),
        ("mail.example.com", 200), ("MAIL.example.com.:8025", 200),
        ("rebound.example", 421), ("localhost.example", 421), ("", 421),
    ],
)  # fmt: skip
def test_a_name_that_is_not_ours_is_not_answered(host: str, code: int, client: Client) -> None:
    """A stranger's page can't read this one by a name of its own that leads here."""
    web = client(stage("all-right"), hosts=frozenset({"mail.example.com"}))
    answer = web.get("/t/mail-prod/", host=host)
    assert answer.code == code
    assert (FINE[0].target in answer.text) is (code == 200)
    assert web.get("/healthz", host=host).text == "alive\n"


def test_a_label_of_a_stranger_stays_text(client: Client) -> None:
    """Markup, an escape and a turned-round address in a reason are shown as what they are."""
    one = Stage()
    bad = "<img src=x onerror=alert(1)> \x1b[2J \u202e"
    one.ran([*FINE[:1], type(FINE[0])(FINE[1].target, FINE[1].mode, "sha256:1", reason=bad)])
    for path in ("", f"target?target={FINE[1].target}"):
        answer = client(one).get(f"/t/mail-prod/{path}").text
        assert "&lt;img src=x onerror=alert(1)&gt; \\x1b[2J \\u202e" in answer
        assert "<img" not in answer


def test_a_target_that_nobody_saw_is_not_found(client: Client) -> None:
    """Also where its name is markup."""
    answer = client(stage("all-right")).get("/t/mail-prod/target?target=<b>")
    assert answer.code == 404
    assert "called &lt;b&gt;." in answer.text


def test_a_feed_has_an_etag_and_is_not_sent_twice(client: Client) -> None:
    """An appliance that has it is told so; a new list is another text."""
    one = stage("all-right")
    web = client(one)
    first = web.get("/feeds/text")
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    assert all(str(network.network_address) in first.text for network in NETWORKS)
    for tag in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = web.get("/feeds/text", if_none_match=tag)
        assert (again.code, again.text) == (304, "")
    stored = records.load(one.store, records.LIST_KEY, records.LIST)
    assert stored
    fewer = type(stored.value)("x", "cidr", stored.value.entries[:5])
    records.save(one.store, records.LIST_KEY, records.LIST, fewer, stored.generation)
    assert web.get("/feeds/text", if_none_match=first.headers["etag"]).text != ""


def test_a_feed_is_never_empty(client: Client) -> None:
    """Without a list the answer is an error; while the state can't be read, the last list stands."""
    nothing = client(stage("empty")).get("/feeds/text")
    assert (nothing.code, nothing.headers["retry-after"]) == (503, "300")
    one = stage("all-right")
    broken: list[bool] = []

    @contextmanager
    def opened() -> Generator[Job]:
        if broken:
            raise StateError("state", "it is gone")
        with one.open() as job:
            yield job

    with served(Site({"mail-prod": opened})) as web:
        never_empty(web, broken)


def never_empty(web: Web, broken: list[bool]) -> None:
    """The rest of the test above: what is served before and after the state is gone."""
    good = web.get("/feeds/text").text
    assert web.get("/readyz").text == "ready\n"
    broken.append(True)
    assert web.get("/feeds/text").text == good
    assert web.get("/feeds/csv").code == 503
    page = web.get("/t/mail-prod/")
    assert (page.code, "It is gone." in page.text) == (503, True)
    ready = web.get("/readyz")
    assert (ready.code, ready.text) == (
        503, "mail-prod: state: it is gone. Nothing was changed.\n",
    )  # fmt: skip
    assert web.get("/feeds/none").code == 404
    data = web.get("/status.json")
    assert (data.code, json.loads(data.text)) == (
        503, {"error": "state: it is gone. Nothing was changed."},
    )  # fmt: skip
    stranger = web.get("/readyz", Host="evil.example")
    assert (stranger.code, stranger.text) == (503, "not ready\n")


def test_a_feed_outlives_a_state_that_was_lost(client: Client) -> None:
    """An empty state says that no list is in force; appliances had one a moment ago."""
    one = stage("all-right")
    web = client(one)
    good = {form: web.get(f"/feeds/{form}") for form in ("text", "csv")}
    one.store = MemoryStore()
    for form, before in good.items():
        lost = web.get(f"/feeds/{form}")
        assert (lost.code, lost.text) == (200, before.text)
        assert lost.headers["etag"] == before.headers["etag"]
    assert good["text"].text != good["csv"].text


def test_a_file_that_bears_another_name_now_is_not_shown(client: Client) -> None:
    """Its address, and whoever may act there, were another tenant's."""
    other = stage("all-right", "second")
    with served(Site({"mail-prod": other.open})) as web:
        page = web.get("/t/mail-prod/")
        assert (page.code, FINE[0].target in page.text) == (503, False)
        assert "It is called second now, and was mail-prod." in page.text
        assert "called second now" in web.get("/readyz").text


@pytest.mark.parametrize("scene", SCENES)
def test_no_sentence_ends_twice(scene: str, client: Client) -> None:
    """What conditions, refusals and remarks say ends with a stop of its own, or without."""
    web = client(stage(scene))
    for path in ("", "decisions", "list", *(f"target?target={quote(one.target)}" for one in FINE)):
        page = web.get(f"/t/mail-prod/{path}").text
        assert not re.search(r"\.(</code>)?\.[\s<]", page), path


def test_what_is_old_is_nowhere_said_as_if_it_were_so(client: Client) -> None:
    """Not in the figures, not at a target, and not for how long."""
    web = client(stage("stale"))
    page = web.get("/t/mail-prod/").text
    assert "Missing when last seen" in page
    assert "In sync when last seen" in page
    assert "in sync when last seen, 7 hours ago" in page
    assert "in sync for" not in page
    assert '<span class="good">' not in page
    target = web.get(f"/t/mail-prod/target?target={quote(FINE[0].target)}").text
    assert "This is how it was 7 hours ago. Nobody has looked since." in target


def test_an_old_look_is_said_where_readiness_is_asked(client: Client) -> None:
    """What is old is still to be shown, so nobody is turned away for it; a stranger isn't told."""
    web = client(stage("stale"))
    stranger = web.get("/readyz", Host="evil.example")
    assert (stranger.code, stranger.text) == (200, "ready\n")
    ready = web.get("/readyz")
    assert (ready.code, ready.text) == (
        200, "ready\nmail-prod: Not known: nobody has looked for 7 hours\n",
    )  # fmt: skip


def test_what_never_changes_is_kept_by_the_browser(client: Client) -> None:
    """The style sheet's address changes with it."""
    web = client(stage("all-right"))
    assert 'href="/style.css?' in web.get("/t/mail-prod/").text
    style = web.get("/style.css")
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "@import" not in style.text
    assert "url(" not in style.text
    assert web.get("/icon.svg").headers["content-type"] == "image/svg+xml"


def test_what_is_the_matter_is_said_with_a_witness_and_what_to_do(client: Client) -> None:
    """On the target's page; what befalls others stands on the first."""
    web = client(stage("bypass-open"))
    front = web.get("/t/mail-prod/").text
    assert "Somebody undoes the same rule every hour. <span" in front
    one = web.get(f"/t/mail-prod/target?target={FINE[2].target}").text
    assert "One such address: <code>1.0.0.0</code>. Not by the list" in one
    assert "Close it: <code>cloudsync drift</code> has the command." in one
    assert FINE[5].target not in one


def test_each_line_of_a_plan_stands_by_itself(client: Client) -> None:
    """What comes and what goes are told apart by more than colour: the sign stands there."""
    page = client(stage("held")).get("/t/mail-prod/decisions").text
    assert "<del>- tcp/25 from 0.0.0.0/0 (sgr-0be4)</del><del>- tcp/25 from ::/0" in page
    steps = client(stage("mail-lost")).get(f"/t/mail-prod/target?target={FINE[1].target}").text
    assert "<ins>+ tcp/25 from 8.31.233.28/32</ins><ins>" in steps
    assert "\\n" not in page + steps
