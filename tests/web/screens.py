"""Pictures of the page for the documents: ``python -m tests.web.screens`` writes docs/screens anew."""

from __future__ import annotations

import sys
from typing import Final
from urllib.parse import quote

from cloudsync.web.doors import TOKENS, Doors
from cloudsync.web.site import Site
from tests.tree import tree
from tests.unit.scenes import FINE, stage
from tests.web.browser import DESK, PHONE, TOKEN, chromium, looking, signed_in
from tests.web.served import served

SCREENS: Final = {
    "all-right": ("all-right", "", DESK, False),
    "mail-lost": ("mail-lost", "", DESK, False),
    "bypass-open": ("bypass-open", f"target?target={quote(FINE[2].target)}", DESK, False),
    "decisions-dark": ("held", "decisions", DESK, True),
    "runs": ("bypass-open", "runs", DESK, False),
    "blind-phone": ("blind", "", PHONE, True),
    "empty": ("empty", "", DESK, False),
    "stale": ("stale", "", DESK, True),
}
"""Each picture: the scene, the page, how wide, and whether it is dark."""


def main() -> int:
    """Write every picture, and name it; gives the exit code."""
    folder = tree() / "docs" / "screens"
    folder.mkdir(exist_ok=True)
    with chromium() as browser:
        for name, (scene, path, width, dark) in SCREENS.items():
            site = Site({"mail-prod": stage(scene).open}, doors=Doors.of({TOKENS: f"ann={TOKEN}"}))
            with served(site) as web, looking(browser, width=width, dark=dark) as page:
                if path == "decisions":
                    signed_in(page, web)
                page.goto(f"{web.origin}/t/mail-prod/{path}")
                high = min(page.locator("body").bounding_box()["height"], 900)
                page.set_viewport_size({"width": width, "height": int(high)})
                page.screenshot(path=folder / f"{name}.png")
            sys.stdout.write(f"docs/screens/{name}.png\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
