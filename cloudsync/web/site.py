"""What the page is served of: the tenants, whom it listens to, and when what it shows is old."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import field
from datetime import timedelta
from ipaddress import ip_address

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.job import Job
from cloudsync.web.doors import Doors

Open = Callable[[], AbstractContextManager[Job]]
"""Opens a tenant's job; its state is closed at the end of the block."""


@immutable
class Site:
    """The tenants by name, the host names it answers to, when a look is old, and who may act."""

    tenants: Mapping[str, Open]
    hosts: frozenset[str] = field(default_factory=frozenset[str])
    stale: timedelta | None = None
    """After how long a look is old, for every tenant; None leaves it to each one's schedule."""
    doors: Doors = field(default_factory=Doors)

    @contextmanager
    def opened(self, name: str) -> Generator[Job]:
        """The job of a tenant.

        Raises:
            UsageError: its file bears another name by now. Whoever may act for the one, or has its
                address, may have nothing to do with the other.
            CloudsyncError: its configuration or state can't be read.
        """
        with self.tenants[name]() as job:
            if job.config.name != name:
                raise UsageError(
                    str(job.config.file), f"it is called {job.config.name} now, and was {name}",
                    done="Nothing of it is shown.", todo="Start cloudsync serve anew.",
                )  # fmt: skip
            yield job

    def answers_to(self, host: str) -> bool:
        """Whether a request for ``host``, as its header says it, is meant for here.

        A page of somebody else's can make a browser ask here under a name of its own that leads
        here (DNS rebinding), and then read the answer. It can't do so with an address.
        """
        name = host_of(host)
        if name in {"localhost", *self.hosts}:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True


def host_of(host: str) -> str:
    """The name or address in a Host header, without its port and brackets, in lower case."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")
