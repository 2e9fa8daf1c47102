"""Debian's Chromium at the page, without JavaScript unless a judge of the page needs it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from tests.needs import need
from tests.web.served import Web

PHONE: Final = 390
DESK: Final = 1100
TOKEN: Final = "ann-" * 6


@contextmanager
def chromium() -> Generator[Any]:
    """A browser for as long as the block runs."""
    from playwright.sync_api import sync_playwright

    path = need("chromium", "people look at the page with a browser")
    with sync_playwright() as started:
        # As root, as in a container, Chromium has no sandbox to begin with.
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(browser: Any, **how: Any) -> Generator[Any]:
    """A window of its own: ``width``, ``dark``, ``scripts`` (none, unless told)."""
    width = how.get("width", DESK)
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if how.get("dark") else "light",
        java_script_enabled=bool(how.get("scripts")),
        reduced_motion="reduce",
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def signed_in(page: Any, web: Web) -> None:
    """Sign in as a person does."""
    page.goto(f"{web.origin}/sign-in")
    page.get_by_label("Your token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
