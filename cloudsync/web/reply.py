"""An answer as a page, with who asks and what they may; it decides nothing."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cloudsync.web import paper
from cloudsync.web.doors import Doors

DONE: Final = {
    "approved": "It was approved. No cloud was changed; the next run goes on.",
    "approved-once": "It was approved. A second person has to approve it too.",
    "paused": "It is paused. No cloud was changed.",
    "resumed": "The pause is over. No cloud was changed; the next run goes on.",
    "undone": "The run was undone, and its targets are paused.",
    "undone-partly": "Not all of it could be undone. See what stands at the targets.",
}
"""What is said after a form was answered; the address names it, so that nobody else's words can be."""


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """The page of ``template``."""
    person = getattr(request.state, "person", None)
    doors: Doors | None = getattr(request.state, "doors", None)
    name = request.path_params.get("name", "")
    acting = bool(person and doors and person.may(name))
    return HTMLResponse(
        paper.html(
            template, path=request.url.path, person=person, open_doors=bool(doors),
            acting=acting, form=doors.form(person, name) if doors and person else "",
            done=DONE.get(request.query_params.get("done", "")), **values,
        ),
        status,
    )  # fmt: skip
