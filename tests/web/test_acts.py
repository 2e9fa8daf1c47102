"""Orders given on the page: what they do, and who isn't obeyed."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from cloudsync import docket, records
from cloudsync.job import Job
from cloudsync.memory.firewall import Rule
from cloudsync.remember import standing_orders
from cloudsync.web.doors import COOKIE, PROXY, TOKENS, Doors, Person
from cloudsync.web.site import Site
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_worker import ENFORCE, Shift
from tests.web.served import Answer, Web, served

ANN, BOB, EVE = "ann-" * 6, "bob-" * 6, "eve-" * 6
SECRET = "proxy-" * 5


@dataclass
class Desk:
    """The page of an installation whose first enforce waits, and one who sits at it."""

    shift: Shift
    web: Web
    doors: Doors
    person: Person = field(default_factory=lambda: Person("ann"))

    def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """A form as the person's browser sends it from the page, unless said otherwise."""
        usual = {
            "Sec_Fetch_Site": "same-origin",
            "Cookie": f"{COOKIE}={self.doors.cookie(self.person, 10**11)}",
        }
        filled = {"form": self.doors.form(self.person, "ours"), **form}
        sent = {name: value for name, value in {**usual, **headers}.items() if value}
        return self.web.send("POST", f"/t/ours/{path}", filled, **sent)

    @property
    def waits(self) -> str:
        """The digest of what waits."""
        return docket.holds(self.shift.job)[0].digest

    @property
    def approvals(self) -> list[records.Approval]:
        """What was approved."""
        store = self.shift.store
        found = [
            records.load(store, key, records.APPROVAL)
            for key in store.keys(records.approval_key(""))
        ]
        return [one.value for one in found if one]

    def untouched(self) -> bool:
        """Whether nothing was ordered and nothing called."""
        return not self.approvals and not standing_orders(self.shift.job)


@pytest.fixture
def desk() -> Generator[Desk]:
    """One target that is open to the world, in enforce for the first time, after a run."""
    shift = Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (ENFORCE,))
    shift.one_pass()
    tokens = f"ann={ANN} bob={BOB} eve/other={EVE}"
    doors = Doors.of({TOKENS: tokens, PROXY: SECRET})

    @contextmanager
    def opened() -> Generator[Job]:
        yield shift.job

    with ExitStack() as stack:
        web = stack.enter_context(served(Site({"ours": opened, "other": opened}, doors=doors)))
        yield Desk(shift, web, doors)


def test_what_is_approved_is_let_through_by_name(desk: Desk) -> None:
    """By exactly the person who was known, with their reason; then the next run closes it."""
    page = desk.web.get(
        "/t/ours/decisions", Authorization=f"Bearer {ANN}"
    ).text  # the plan stands there: what would be closed
    assert "- 1000 open" in page or "+ " in page
    assert "Approve as ann" in page
    answer = desk.post("approve", {"digest": desk.waits, "reason": "looked at it"})
    assert (answer.code, answer.headers["location"]) == (303, "/t/ours/decisions?done=approved")
    (approval,) = desk.approvals
    assert (approval.by, approval.reason, approval.caller) == (
        "ann", "looked at it", "ann, on the page by token",
    )  # fmt: skip
    assert desk.shift.one_pass().report.now.targets[0].verdict == "in_sync"


def test_two_people_are_two_people(desk: Desk) -> None:
    """Where a second person is asked for, one person's two clicks aren't enough."""
    desk.shift.approvals = {"second": True}
    first = desk.post("approve", {"digest": desk.waits, "reason": "yes"})
    assert first.headers["location"].endswith("approved-once")
    again = desk.post("approve", {"digest": desk.waits, "reason": "yes"})
    assert (again.code, "Ann has approved it already." in again.text) == (400, True)
    desk.person = Person("bob")
    other = desk.post("approve", {"digest": desk.waits, "reason": "yes"})
    assert other.headers["location"].endswith("?done=approved")


@pytest.mark.parametrize(
    ("headers", "code", "said"),
    [
        ({"Cookie": ""}, 401, "Nobody is signed in. Nothing was changed."),
        ({"Cookie": f"{COOKIE}=00.11"}, 401, "Nobody is signed in. Nothing was changed."),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "The form wasn&#39;t sent by this page."),
        ({"Sec_Fetch_Site": "same-site"}, 403, "The form wasn&#39;t sent by this page."),
        ({"Sec_Fetch_Site": ""}, 403, "The form wasn&#39;t sent by this page."),
        ({"Sec_Fetch_Site": "", "Origin": "http://evil"}, 403, "The form wasn&#39;t sent"),
        ({"Host": "evil.example"}, 421, "This host isn't served here."),
        ({"Cookie": "", "X_Forwarded_User": "ann"}, 401, "Nobody is signed in."),
        (
            {"Cookie": "", "Authorization": f"Bearer {EVE}"},
            403,
            "Acting for ours isn&#39;t allowed to eve.",
        ),
    ],
)
def test_whoever_isnt_known_orders_nothing(
    desk: Desk, headers: dict[str, str], code: int, said: str
) -> None:
    """Another site, another host, a forged name, another tenant's person: nothing is changed."""
    for path, form in (
        ("approve", {"digest": desk.waits, "reason": "x"}),
        ("pause", {"target": ONE, "length": "4h", "reason": "x"}),
        ("explain", {"target": ONE, "address": "8.0.1.1"}),
    ):
        answer = desk.post(path, form, **headers)
        assert (answer.code, said in answer.text) == (code, True), answer.text
    assert desk.untouched()


def test_a_form_of_another_person_or_tenant_is_refused(desk: Desk) -> None:
    """The token in a form is of one person at one tenant."""
    for form in (
        "",
        desk.doors.form(Person("bob"), "ours"),
        desk.doors.form(Person("ann"), "other"),
    ):
        answer = desk.post("approve", {"digest": desk.waits, "reason": "x", "form": form})
        assert (answer.code, "from an earlier time" in answer.text) == (403, True)
    assert desk.untouched()


def test_a_program_acts_by_its_token_and_a_person_behind_a_proxy_by_theirs(desk: Desk) -> None:
    """A bearer needs no form; behind the proxy the form is still asked for."""
    form = {"target": ONE, "length": "4h", "reason": "maintenance", "form": ""}
    bearer = {"Cookie": "", "Sec_Fetch_Site": "", "Authorization": f"Bearer {BOB}"}
    assert desk.post("pause", form, **bearer).code == 303
    (pause,) = standing_orders(desk.shift.job).pauses
    assert (pause.target, pause.by, pause.reason) == (ONE, "bob", "maintenance")
    proxied = {"Cookie": "", "X_Cloudsync_Proxy": SECRET, "X_Forwarded_User": "cy@example.com"}
    assert desk.post("resume", {"target": ONE, "form": ""}, **proxied).code == 403
    known = desk.doors.form(Person("cy@example.com", how="proxy"), "ours")
    assert desk.post("resume", {"target": ONE, "form": known}, **proxied).code == 303
    assert not standing_orders(desk.shift.job)


def test_an_order_without_a_reason_or_a_length_is_refused(desk: Desk) -> None:
    """As on the command line; nothing is written."""
    no_reason = desk.post("pause", {"target": ONE, "length": "4h", "reason": " "})
    assert (no_reason.code, "Say why" in no_reason.text) == (400, True)
    endless = desk.post("pause", {"target": ONE, "length": "400d", "reason": "x"})
    assert (endless.code, "none of 1h, 4h, 24h, 3d, 7d" in endless.text) == (400, True)
    nothing = desk.post("approve", {"digest": "sha256:1", "reason": "x"})
    assert (nothing.code, "Nothing waits as this" in nothing.text) == (400, True)
    large = desk.post("pause", {"target": ONE, "length": "4h", "reason": "x" * 70_000})
    assert large.code == 413
    assert desk.untouched()


def test_an_undo_is_shown_first_and_done_as_it_was_shown(desk: Desk) -> None:
    """With another digest nothing is done; with its own the run's closing is taken back."""
    desk.post("approve", {"digest": desk.waits, "reason": "yes"})
    run = desk.shift.one_pass().report.run
    asked = {"run": run, "length": "4h", "reason": "a partner is cut off"}
    assert (
        f"<option>{run}</option>"
        in desk.web.get("/t/ours/runs", Authorization=f"Bearer {ANN}").text
    )
    shown = desk.post("undo", asked)
    assert (shown.code, "Undo it as ann" in shown.text) == (200, True)
    assert not standing_orders(desk.shift.job)
    other = desk.post("undo", {**asked, "digest": "sha256:1"})
    assert (other.code, "no longer what was shown" in other.text) == (409, True)
    digest = re.search(r'name="digest" value="([^"]+)"', shown.text)
    assert digest
    done = desk.post("undo", {**asked, "digest": digest[1]})
    assert (done.code, done.headers["location"]) == (303, "/t/ours/runs?done=undone")
    (pause,) = standing_orders(desk.shift.job).pauses
    assert (pause.target, pause.by) == (ONE, "ann")
    assert all(rule.allow for rule in desk.shift.world.firewalls["one"].rules)


def test_explain_names_the_rule(desk: Desk) -> None:
    """The same words as on the command line."""
    answer = desk.post("explain", {"target": ONE, "address": "9.9.9.9"})
    assert answer.code == 200
    assert f"9.9.9.9 can reach port 25 at {ONE}." in answer.text
    assert "It is not in the list in force." in answer.text
    wrong = desk.post("explain", {"target": ONE, "address": "<b>"})
    assert (wrong.code, "&lt;b&gt;" in wrong.text) == (400, True)


def test_a_token_signs_in_and_a_stranger_link_leads_nowhere(desk: Desk) -> None:
    """The cookie can't be read by a script or sent from another site; signing out forgets it."""
    here = {"Sec_Fetch_Site": "same-origin"}
    wrong = desk.web.send("POST", "/sign-in", {"token": "x"}, **here)
    assert (wrong.code, "Nobody has that token." in wrong.text) == (403, True)
    for then, to in (
        ("/t/ours/list", "/t/ours/list"),
        ("//evil", "/"),
        ("http://evil", "/"),
        ("/\\e", "/"),
    ):
        answer = desk.web.send("POST", "/sign-in", {"token": ANN, "then": then}, **here)
        assert (answer.code, answer.headers["location"]) == (303, to)
        cookie = answer.headers["set-cookie"]
        assert re.fullmatch(
            r"cloudsync=[0-9a-f.]+; HttpOnly; Max-Age=28800; Path=/; SameSite=strict", cookie
        )
    carried = cookie.partition(";")[0]
    assert "Signed in as ann" in desk.web.get("/t/ours/", Cookie=carried).text
    assert desk.web.send("POST", "/sign-in", {"token": ANN}).code == 403
    out = desk.web.send("POST", "/sign-out", {}, Cookie=carried, **here)
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_nobody_sees_a_form_who_may_not_use_it(desk: Desk) -> None:
    """A reader, and another tenant's person, see the command in its place."""
    for headers in ({}, {"Authorization": f"Bearer {EVE}"}):
        for path in ("decisions", "runs", "explain", f"target?target={ONE}"):
            page = desk.web.get(f"/t/ours/{path}", **headers).text
            assert 'action="/t/' not in page
        assert "cloudsync approve sha256:" in desk.web.get("/t/ours/decisions", **headers).text
    assert "sign in" in desk.web.get("/t/ours/explain").text
