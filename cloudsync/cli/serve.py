"""The command that serves the page; it changes nothing until somebody who is known says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from cloudsync.cli.job import job
from cloudsync.cli.streams import tell
from cloudsync.cli.worker import tenants
from cloudsync.config.times import Duration
from cloudsync.errors import Exit, UsageError


def serve(paths: Sequence[Path], listen: str, hosts: Sequence[str], stale: str | None) -> int:
    """``cloudsync serve``."""
    try:
        from cloudsync.web.doors import Doors  # noqa: PLC0415
        from cloudsync.web.server import bound, serve  # noqa: PLC0415
        from cloudsync.web.site import Site  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "serve", f"it needs what isn't installed here ({error.name})",
            done="Nothing is served.", todo="Install cloudsync-smtp[serve].",
        ) from error  # fmt: skip
    codes: list[Exit] = []
    found = {config.name: partial(job, path) for path, config in tenants(paths, codes)}
    if not found:
        return int(Exit.ERROR)
    names = frozenset(one.strip().lower() for one in hosts)
    site = Site(found, names, _length(stale) if stale else None, Doors.of(os.environ))
    listening = bound(listen)
    host, port = listening.getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not ip_address(host).is_loopback:
        tell(f"serve: whoever reaches {where} can read it; TLS and sign-in are a proxy's matter.")
    serve(site, listening, lambda: tell(f"serve: http://{where}/ until Ctrl-C."))
    return 0


def _length(text: str) -> timedelta:
    try:
        return TypeAdapter[timedelta](Duration).validate_python(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(
            "--stale", first["msg"], todo=(first.get("ctx") or {}).get("todo", "")
        ) from error
