"""The routes: what is read is answered with a page, a feed or data; what is ordered goes to ``acts``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from cloudsync.errors import CloudsyncError, Exit
from cloudsync.report import as_json
from cloudsync.state import Conflict, StateError
from cloudsync.status.exposition import exposition
from cloudsync.status.known import Known
from cloudsync.status.metrics import Sample, build, samples, unreadable
from cloudsync.status.reading import known
from cloudsync.web import charts, front, paper
from cloudsync.web.acts import LENGTHS, Acts
from cloudsync.web.feeds import FEEDS, Feed, feed
from cloudsync.web.guardrail import Guardrail
from cloudsync.web.listed import sheet
from cloudsync.web.reply import page
from cloudsync.web.site import Site
from cloudsync.web.status import status

_SHOWN: Final = 61
_CODES: Final = {Exit.ERROR: 400, Exit.HELD: 409, Exit.LEASE: 409}
FOREVER: Final = "public, max-age=31536000, immutable"


class Pages:
    """The answers, each made from what the state says at that moment."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._good: dict[tuple[str, str], Feed] = {}
        """The last feed of each tenant and format, for while its state can't be read."""

    def index(self, request: Request) -> Response:
        """The tenants; of one, its page."""
        names = sorted(self._site.tenants)
        if len(names) == 1:
            return RedirectResponse(f"/t/{names[0]}/")
        found: list[tuple[str, front.Headline | None]] = []
        for name in names:
            try:
                found.append((name, front.headline(self._known(name), self._site.stale)))
            except CloudsyncError:
                found.append((name, None))
        return page(request, "tenants.html", tenants=found)

    def overview(self, request: Request) -> Response:
        """How a tenant stands, and every target of it."""
        now = self._of(request)
        return page(
            request, "overview.html", known=now, tab="overview",
            headline=front.headline(now, self._site.stale), groups=front.groups(now.overview),
            matters=front.matters(now), looked=front.looked(now), figures=front.figures(now),
            old=now.stale(self._site.stale),
        )  # fmt: skip

    def target(self, request: Request) -> Response:
        """All that is known of one target."""
        now = self._of(request)
        name = request.query_params.get("target", "")
        sight = now.overview.sight(name) if now.overview else None
        if sight is None:
            raise HTTPException(404, f"No run has seen a target that is called {name}.")
        return page(
            request, "target.html", known=now, tab="overview", sight=sight,
            pause=now.standing.pause(name), allowed=now.standing.let_in(name),
            holds=[one for one in now.holds if one.subject == name],
            watched=[one for one in now.watched if one.stands and one.condition.subject == name],
            old=now.stale(self._site.stale),
            lengths=LENGTHS,
        )  # fmt: skip

    def list(self, request: Request) -> Response:
        """The list in force."""
        now = self._of(request)
        held = [one for one in now.holds if one.kind == "list"]
        return page(request, "list.html", known=now, tab="list", sheet=sheet(now), held=held)

    def decisions(self, request: Request) -> Response:
        """What waits for a person, what people ordered, and what they let through."""
        return page(
            request, "decisions.html", known=self._of(request), tab="decisions", lengths=LENGTHS
        )

    def runs(self, request: Request) -> Response:
        """The runs over time, and which of them can be undone."""
        now = self._of(request)
        points = now.overview.points if now.overview else ()
        return page(
            request, "runs.html", known=now, tab="runs", runs=points[:-_SHOWN:-1], lengths=LENGTHS,
            targets=charts.targets_over_time(points, now.now),
            exposure=charts.exposure_over_time(points, now.now),
        )  # fmt: skip

    def explain(self, request: Request) -> Response:
        """Where a person asks which rule lets an address in."""
        return page(
            request, "explain.html", known=self._of(request), tab="explain", answer=None,
            asked={"target": request.query_params.get("target", "")},
        )  # fmt: skip

    def sign_in(self, request: Request) -> Response:
        """Where a person gives their token."""
        then = request.query_params.get("then", "/")
        return page(request, "sign_in.html", wrong=False, then=then)

    def status(self, request: Request) -> Response:
        """One tenant as data."""
        return Response(
            as_json(status(self._of(request), self._site.stale)), media_type="application/json"
        )

    def feeds(self, request: Request) -> Response:
        """Which feeds there are."""
        return page(request, "feeds.html", known=self._of(request), tab="list", feeds=FEEDS)

    def feed(self, request: Request) -> Response:
        """The list in force; while it can't be read, the last that could be."""
        form = request.path_params["form"]
        name = self._name(request)
        if form not in FEEDS:
            raise HTTPException(404, f"There is no feed {form}; there are {', '.join(FEEDS)}.")
        try:
            # A state that was lost says that no list is in force: the last one was, all the same.
            made = feed(self._known(name), form) or self._good.get((name, form))
        except CloudsyncError:
            if (name, form) not in self._good:
                raise
            made = self._good[name, form]
        if made is None:
            return PlainTextResponse(
                "No list is in force yet.\n", 503, headers={"retry-after": "300"}
            )
        self._good[name, form] = made
        headers = {"etag": made.etag, "cache-control": "no-cache"}
        if made.etag in _tags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(made.text, media_type=made.kind, headers=headers)

    def metrics(self, request: Request) -> Response:
        """The figures of one tenant, or of all."""
        one = request.path_params.get("name")
        names = [self._name(request)] if one else sorted(self._site.tenants)
        found: list[Sample] = [build()]
        for name in names:
            try:
                found += samples(self._known(name))
            except CloudsyncError:
                found.append(unreadable(name))
        return Response(exposition(found), media_type="text/plain; version=0.0.4")

    def ready(self, request: Request) -> Response:
        """Whether every tenant's configuration and state can be read; and which look is old.

        What is old is still shown, and says so: that is no reason to send nobody here. Which ones
        they are is said only to whoever asks by a name that is served (see ``PROBED``).
        """
        named = self._site.answers_to(request.headers.get("host", ""))
        wrong: list[str] = []
        old: list[str] = []
        for name in sorted(self._site.tenants):
            try:
                now = self._known(name)
            except CloudsyncError as error:
                wrong.append(f"{name}: {error}")
                continue
            if now.stale(self._site.stale):
                old.append(f"{name}: {front.headline(now, self._site.stale).text}")
        first = [] if wrong else ["ready"]
        if not named:
            first, wrong, old = first or ["not ready"], [], []
        code = 200 if first == ["ready"] else 503
        return PlainTextResponse("\n".join((*first, *wrong, *old)) + "\n", code)

    def _of(self, request: Request) -> Known:
        return self._known(self._name(request))

    def _name(self, request: Request) -> str:
        names = list(self._site.tenants)
        name = request.path_params.get("name") or (names[0] if len(names) == 1 else "")
        if name not in self._site.tenants:
            raise HTTPException(404, "There is no tenant of that name here.")
        return str(name)

    def _known(self, name: str) -> Known:
        with self._site.opened(name) as job:
            return known(job)


def application(site: Site) -> Starlette:
    """The page of ``site`` as an ASGI application."""
    pages = Pages(site)
    acts = Acts(site)
    tenant: dict[str, Callable[[Request], Response]] = {
        "/": pages.overview,
        "/target": pages.target,
        "/list": pages.list,
        "/decisions": pages.decisions,
        "/runs": pages.runs,
        "/explain": pages.explain,
        "/status.json": pages.status,
        "/metrics": pages.metrics,
        "/feeds/": pages.feeds,
        "/feeds/{form}": pages.feed,
    }
    return Starlette(
        routes=[
            Route("/", pages.index),
            Route("/healthz", _alive),
            Route("/readyz", pages.ready),
            Route("/metrics", pages.metrics),
            Route("/sign-in", pages.sign_in, methods=["GET"]),
            Route("/sign-in", acts.sign_in, methods=["POST"]),
            Route("/sign-out", acts.sign_out, methods=["POST"]),
            *(
                Route(f"/t/{{name}}/{act.__name__}", act, methods=["POST"])
                for act in (acts.approve, acts.pause, acts.resume, acts.undo, acts.explain)
            ),
            Route("/status.json", pages.status),
            Route("/feeds/", pages.feeds),
            Route("/feeds/{form}", pages.feed),
            Route("/style.css", _style),
            Route("/icon.svg", _icon),
            *(Route(f"/t/{{name}}{path}", answer) for path, answer in tenant.items()),
        ],
        middleware=[Middleware(Guardrail, site=site)],
        exception_handlers={CloudsyncError: _trouble, HTTPException: _refusal},
    )


def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


def _style(_: Request) -> Response:
    return _asset("style.css", "text/css")


def _icon(_: Request) -> Response:
    return _asset("icon.svg", "image/svg+xml")


def _asset(name: str, kind: str) -> Response:
    return Response(paper.asset(name), media_type=kind, headers={"cache-control": FOREVER})


async def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, CloudsyncError)
    # A state that can't be used passes, a wrong order doesn't.
    # Nor is who only reads to blame for what can't be read.
    reads = request.method in {"GET", "HEAD"}
    code = 503 if reads or isinstance(error, StateError) else _CODES.get(error.exit_code, 502)
    code = 409 if isinstance(error, Conflict) else code
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": str(error)}, code)
    return page(
        request, "trouble.html", code,
        where=error.where, what=error.what, did=error.done, todo=error.todo,
    )  # fmt: skip


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": error.detail}, error.status_code)
    return page(
        request, "trouble.html", error.status_code, where="", what=error.detail, did="", todo=""
    )


def _tags(header: str) -> set[str]:
    """The entity tags of If-None-Match, weak ones as if they were strong (RFC 9110, 13.1.2)."""
    return {one.strip().removeprefix("W/") for one in header.split(",")}
