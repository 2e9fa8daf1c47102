"""The dead man's switch: telling a monitor elsewhere that a run began, verified, or failed.

A monitor that hears nothing for too long raises the alarm by itself, which no worker that died can
do. The addresses are those that healthchecks.io made usual: the check's own URL for a success, the
same with ``/start`` and ``/fail`` behind its path, a POST whose body is shown to people, ``rid`` to
tell which start belongs to which end (healthchecks.io, docs, "Pinging API" and "Attaching logs").
A ping that fails is said and fails nothing.
"""

from __future__ import annotations

import os
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit
from uuid import NAMESPACE_URL, uuid5

from cloudsync import log
from cloudsync.immutable import immutable

Sign = Literal["start", "success", "fail"]

SECONDS: Final = 4.0
"""How long one try may take: the switch must not make a run late."""
TRIES: Final = 2
_LONGEST_BODY: Final = 10_000


@immutable
class Missed:
    """Why a ping didn't arrive, in words that hold no part of its URL."""

    sign: Sign
    why: str

    def __str__(self) -> str:
        return (
            f"ping: the {self.sign} ping was not delivered: {self.why}. The run goes on. "
            "Look at the monitor, and at the variable that ping: url_env: names."
        )


def ping(variable: str | None, sign: Sign, run: str, body: str = "") -> Missed | None:
    """Send one ping to the URL in the environment's ``variable``; None where it arrived.

    Without a variable nothing is sent. ``run`` names the run, ``body`` is for people.
    """
    if variable is None:
        return None
    url = os.environ.get(variable, "").strip()
    if not url:
        return Missed(sign, f"the environment has no {variable}")
    log.hide(url)
    # Below it, libraries speak of the path alone.
    log.hide(url.partition("://")[2].partition("/")[2].rstrip("/"))
    try:
        at = address(url, sign, run)
    except ValueError as error:
        return Missed(sign, str(error))
    return _sent(at, sign, body)


def address(url: str, sign: Sign, run: str) -> str:
    """Where a ping goes.

    Raises:
        ValueError: ``url`` is none that can be pinged; the message doesn't repeat it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("what stands there isn't a URL") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("what stands there isn't an http or https URL")
    path = parts.path.rstrip("/") + ("" if sign == "success" else f"/{sign}")
    # The monitor wants a UUID; the same run must always give the same.
    query = f"rid={uuid5(NAMESPACE_URL, run)}"
    if parts.query:
        query = f"{parts.query}&{query}"
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _sent(at: str, sign: Sign, body: str) -> Missed | None:
    import urllib3  # noqa: PLC0415 - most installations ping nobody

    why = ""
    with urllib3.PoolManager(timeout=urllib3.Timeout(total=SECONDS)) as pool:
        for _ in range(TRIES):
            try:
                answer = pool.request(
                    "POST",
                    at,
                    body=body.encode("utf-8")[:_LONGEST_BODY],
                    headers={
                        "Content-Type": "text/plain; charset=utf-8",
                        "User-Agent": "cloudsync",
                    },
                    redirect=False,
                    retries=False,
                    preload_content=False,  # what it says is of no interest, and may be endless
                )
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                # The message of some of these holds the URL; their names say enough.
                why = f"no answer ({type(error).__name__})"
                continue
            answer.close()
            if 200 <= answer.status < 300:
                return None
            why = f"status {answer.status}"
            if answer.status < 500:
                break
    return Missed(sign, why)
