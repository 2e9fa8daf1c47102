"""What the sandbox is told and what it remembers, as frozen values; it never talks to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Body = dict[str, Any]
"""A resource as the API writes it in JSON. Nothing changes one in place: a new one replaces it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What Google's documents leave open, each a switch with its settings.

    `concurrent`: a second write on a resource whose operation runs waits its turn, or is refused
    with resourceNotReady. `quota`: where a full FIREWALLS quota is said, as HTTP 403, as HTTP 413,
    or inside an operation that was answered with 200. `no_source`: an ingress rule without any
    source is stored with 0.0.0.0/0, or as it came. `answers`: whether a write's own answer still
    says RUNNING or DONE at once. `operations_take` and `reads_late`: seconds on the sandbox's
    clock until an operation is done, and by which reads lag behind.
    """

    concurrent: Literal["serialised", "refused"] = "serialised"
    quota: Literal["403", "413", "inside"] = "403"
    no_source: Literal["stored", "absent"] = "stored"
    answers: Literal["running", "done"] = "running"
    operations_take: float = 0.0
    reads_late: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the sandbox.

    `operation` is the method's id in Google's discovery document, such as `compute.firewalls.list`.
    `outcome` is "ok", the reason answered, or "lost" where the request never reached the state.
    `answered` is False where the socket was closed instead.
    """

    at: float
    method: str
    path: str
    operation: str
    project: str
    query: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    mutating: bool
    outcome: str
    status: int
    answered: bool = True
    principal: str = ""
