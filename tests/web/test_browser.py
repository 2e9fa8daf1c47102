"""The page in a real browser: what a person sees and clicks, and what a screen reader would hear."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any, Final

import pytest

from cloudsync import docket
from cloudsync.job import Job
from cloudsync.memory.firewall import Rule
from cloudsync.remember import standing_orders
from cloudsync.web.doors import TOKENS, Doors
from cloudsync.web.site import Site
from tests.unit.scenes import FINE, SCENES, stage
from tests.unit.test_reconcile import ONE, OPEN
from tests.unit.test_worker import ENFORCE, Shift
from tests.web.browser import DESK, PHONE, TOKEN, chromium, looking, signed_in
from tests.web.served import Web, served

HEADLINES: Final = {
    "all-right": "From outside only wanted senders reach port 25 at all 6 targets.",
    "mail-lost": "Mail is being lost at 2 of 6 targets.",
    "bypass-open": "Mail can bypass the filter at 1 of 6 targets.",
    "held": "Mail can bypass the filter at 1 of 6 targets.",
    "blind": "Not there any more: 1 of 6 targets.",
    "stale": "Not known: nobody has looked for 7 hours.",
    "empty": "Nothing is known yet: no run has looked at the targets.",
}


@pytest.fixture(scope="module")
def browser() -> Generator[Any]:
    """One browser for all of it."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def web() -> Generator[Web]:
    """Every scene as a tenant of one site, where ann may act."""
    doors = Doors.of({TOKENS: f"ann={TOKEN}"})
    site = Site({scene: stage(scene, scene).open for scene in SCENES}, doors=doors)
    with served(site) as one:
        yield one


@pytest.mark.parametrize("scene", SCENES)
def test_a_person_sees_at_once_how_it_stands(scene: str, browser: Any, web: Web) -> None:
    """Without JavaScript, at a desk and on a phone, with nothing to be scrolled to sideways."""
    for width, dark in ((DESK, False), (PHONE, True)):
        with looking(browser, width=width, dark=dark) as page:
            said: list[str] = []

            def hear(one: Any, said: list[str] = said) -> None:
                said.append(one.text)

            page.on("console", hear)
            page.goto(f"{web.origin}/t/{scene}/")
            assert page.locator("h1").inner_text() == HEADLINES[scene]
            assert page.locator("h1").bounding_box()["y"] < 300
            page.screenshot()
            assert page.locator("main").bounding_box()["width"] <= width
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert said == []


PAGES: Final = [
    *((scene, "") for scene in SCENES),
    ("held", "decisions"),
    ("mail-lost", f"target?target={FINE[4].target}"),
    ("bypass-open", f"target?target={FINE[2].target}"),
    ("all-right", "list"),
    ("bypass-open", "runs"),
    ("held", "explain"),
]


def test_a_screen_reader_and_a_keyboard_get_everywhere(browser: Any, web: Web) -> None:
    """Axe finds nothing serious on any page, in either light, as whoever may act."""
    axe: Any = import_module("axe_playwright_python.sync_playwright").Axe()
    found: list[str] = []
    for number, dark in enumerate((False, True)):
        with looking(browser, dark=dark, scripts=True, width=PHONE if dark else DESK) as page:
            signed_in(page, web)
            for scene, path in PAGES[number::2]:
                page.goto(f"{web.origin}/t/{scene}/{path}")
                for one in axe.run(page).response["violations"]:
                    if one["impact"] in {"serious", "critical"}:
                        where = [node["html"] for node in one["nodes"]]
                        found.append(f"{scene}/{path}: {one['id']}: {where}")
    assert found == []


def test_a_keyboard_is_led_to_the_content_first(browser: Any, web: Web) -> None:
    """The first stop is the way past the head of the page, and it can be seen where one is."""
    with looking(browser, scripts=True) as page:
        page.goto(f"{web.origin}/t/all-right/")
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert skip.inner_text() == "To the content"
        assert skip.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_a_person_approves_and_pauses_with_clicks(browser: Any) -> None:
    """Signed in, with a reason, and without JavaScript; it is done by their name."""
    shift = Shift({"one": (OPEN, Rule(2000, "theirs", sources=("10.0.0.0/8",)))}, (ENFORCE,))
    shift.one_pass()

    @contextmanager
    def opened() -> Generator[Job]:
        yield shift.job

    with ExitStack() as stack:
        site = Site({"ours": opened}, doors=Doors.of({TOKENS: f"ann={TOKEN}"}))
        web = stack.enter_context(served(site))
        page = stack.enter_context(looking(browser))
        signed_in(page, web)
        page.get_by_role("link", name="Decisions").click()
        assert page.locator("h1").inner_text() == "1 decision waits for a person"
        card = page.get_by_role("article")
        card.get_by_label("Why, for whoever").fill("looked at the plan")
        card.get_by_role("button", name="Approve as ann").click()
        assert page.get_by_role("status").inner_text() == (
            "It was approved. No cloud was changed; the next run goes on."
        )
        (digest,) = docket.approved(shift.job)
        assert digest in page.content()
        page.goto(f"{web.origin}/t/ours/target?target={ONE}")
        page.get_by_label("For how long").select_option("24h")
        page.get_by_label("Why, for whoever").fill("maintenance")
        page.get_by_role("button", name="Pause as ann").click()
        assert page.get_by_role("status").inner_text() == "It is paused. No cloud was changed."
        (pause,) = standing_orders(shift.job).pauses
        assert (pause.target, pause.by, pause.reason) == (ONE, "ann", "maintenance")
        page.get_by_role("button", name="End it now").click()
        assert not standing_orders(shift.job)
