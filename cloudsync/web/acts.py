"""What a person who is known may do on the page: approve, pause, undo, ask; each by name and reason."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cloudsync import docket, orders
from cloudsync.errors import HeldError, UsageError
from cloudsync.explain import explained, lines
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.prepared import Person, carry_out
from cloudsync.status.after import todos
from cloudsync.status.reading import known
from cloudsync.web import doors
from cloudsync.web.doors import COOKIE, STAYS, from_here
from cloudsync.web.reply import page
from cloudsync.web.site import Site
from cloudsync.worker.lease import leased

LENGTHS: Final = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
}
"""How long an order may be said to stand."""

T = TypeVar("T")

_LARGEST: Final = 65_536


@immutable
class Asked:
    """What was asked by a form, by whom, and of which tenant."""

    person: doors.Person
    tenant: str
    form: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.form.get(name, "").strip()

    @property
    def why(self) -> Person:
        """Who orders it and why.

        Raises:
            UsageError: no reason stands there.
        """
        if not self["reason"]:
            raise UsageError("reason", "is empty", todo="Say why, for whoever reads it tomorrow.")
        return Person(self.person.name, self["reason"])

    @property
    def length(self) -> timedelta:
        """How long it is to stand.

        Raises:
            UsageError: it is none of the lengths.
        """
        if self["length"] not in LENGTHS:
            raise UsageError("length", f"is none of {', '.join(LENGTHS)}")
        return LENGTHS[self["length"]]


class Acts:
    """The answers to forms. Each looks at who asks before anything else."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._doors = site.doors

    async def sign_in(self, request: Request) -> Response:
        """Take a token, and let the browser carry who it is."""
        form = await _form(request)
        person = self._doors.by_token(form.get("token", "").strip())
        if person is None:
            return page(request, "sign_in.html", 403, wrong=True, then=_inside(form.get("then")))
        answer = RedirectResponse(_inside(form.get("then")), 303)
        answer.set_cookie(
            COOKIE, self._doors.cookie(person, time.time()), max_age=STAYS, httponly=True,
            samesite="strict", secure=request.headers.get("x-forwarded-proto") == "https",
        )  # fmt: skip
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Forget who it was."""
        await _form(request)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    async def approve(self, request: Request) -> Response:
        """Let exactly that held thing through."""
        asked = await self._asked(request)

        def act(job: Job) -> bool:
            why = asked.why
            caller = f"{asked.person.name}, on the page by {asked.person.how}"
            return docket.approve(job, asked["digest"], why.by, why.reason, caller)[1]

        enough = await self._with(asked, act)
        return _done(asked, "decisions", "approved" if enough else "approved-once")

    async def pause(self, request: Request) -> Response:
        """Have nothing changed at a target for a while."""
        asked = await self._asked(request)
        await self._with(
            asked,
            lambda job: orders.pause(
                job, asked["target"], orders.ending(job, asked.length), asked.why
            ),
        )
        return _done(asked, "decisions", "paused")

    async def resume(self, request: Request) -> Response:
        """End a pause."""
        asked = await self._asked(request)
        await self._with(asked, lambda job: orders.resume(job, asked["target"]))
        return _done(asked, "decisions", "resumed")

    async def undo(self, request: Request) -> Response:
        """Show what undoing a run would do; with the digest of what was shown, do it."""
        asked = await self._asked(request)
        if not asked["digest"]:
            return await self._with(asked, lambda job: self._shown(request, job, asked))
        failed = await self._with(asked, lambda job: _undone(job, asked))
        return _done(asked, "runs", "undone-partly" if failed else "undone")

    async def explain(self, request: Request) -> Response:
        """Ask the cloud which rule lets an address in. It costs calls, so that a name is needed."""
        asked = await self._asked(request)

        def answer(job: Job) -> Response:
            said = tuple(lines(explained(job, asked["address"], asked["target"])))
            return page(
                request, "explain.html", known=known(job), tab="explain", answer=said,
                asked=asked.form,
            )  # fmt: skip

        return await self._with(asked, answer)

    def _shown(self, request: Request, job: Job, asked: Asked) -> Response:
        prepared = orders.undo(job, asked["run"], None, orders.ending(job, asked.length), asked.why)
        steps = [(one.target, tuple(todos(one)), one.refusal) for one in prepared.plan.targets]
        return page(
            request, "undo.html", known=known(job), tab="runs", asked=asked, steps=steps,
            digest=prepared.plan.digest,
        )  # fmt: skip

    async def _asked(self, request: Request) -> Asked:
        """What is asked, once it is seen who asks, that they may, and that their own page did.

        Raises:
            HTTPException: they may not.
        """
        form = await _form(request)
        tenant = request.path_params["name"]
        person = request.state.person
        if tenant not in self._site.tenants:
            raise HTTPException(404, "There is no tenant of that name here.")
        if person is None:
            raise HTTPException(401, "Nobody is signed in. Nothing was changed.")
        if not person.may(tenant):
            raise HTTPException(
                403, f"Acting for {tenant} isn't allowed to {person.name}. Nothing was changed."
            )
        # A browser sends no bearer token by itself: nobody else's page can make it.
        bearer = "authorization" in request.headers and person.how == "token"
        if not bearer and not self._doors.gave(form.get("form", ""), person, tenant):
            raise HTTPException(
                403, "The form is from an earlier time. Nothing was changed. Load the page again."
            )
        return Asked(person, tenant, form)

    async def _with(self, asked: Asked, act: Callable[[Job], T]) -> T:
        def work() -> T:
            with self._site.opened(asked.tenant) as job:
                return act(job)

        return await run_in_threadpool(work)


def _undone(job: Job, asked: Asked) -> bool:
    """Whether anything of it failed."""
    why = asked.why
    with leased(job, "undo", over=True) as mine:
        prepared = orders.undo(mine, asked["run"], None, orders.ending(mine, asked.length), why)
        if prepared.plan.digest != asked["digest"]:
            raise HeldError(
                asked["run"], "what would be done is no longer what was shown",
                todo="Look at it again, and confirm what it now says.",
            )  # fmt: skip
        report = carry_out(mine, prepared)
    return bool(report.failed or report.unrecorded)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form that a page of this site sent.

    Raises:
        HTTPException: it is too large, or came from elsewhere.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST:
        raise HTTPException(413, "The form is too large, or doesn't say how large it is.")
    bearer = "authorization" in request.headers
    if not bearer and not from_here(request.headers):
        raise HTTPException(403, "The form wasn't sent by this page. Nothing was changed.")
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def _inside(path: str | None) -> str:
    """``path`` if it is one of this site's; a stranger's link must not lead away after signing in."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")):
        return path
    return "/"


def _done(asked: Asked, where: str, what: str) -> Response:
    return RedirectResponse(f"/t/{asked.tenant}/{where}?done={what}", 303)
