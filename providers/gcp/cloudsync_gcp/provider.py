"""The GCP provider: it finds networks, looks at them, and makes one call at a time.

It only calls, and decides nothing; ``rules`` decides. Importing it loads no SDK.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from cloudsync.change import Change
from cloudsync.errors import NoCredentials, UsageError
from cloudsync.provider import Outcome, Scope, Step, Unreadable
from cloudsync.tells import Accounts, Permission
from cloudsync_gcp import events
from cloudsync_gcp.blocks import Blocks
from cloudsync_gcp.caller import Caller, Failed, Late
from cloudsync_gcp.carry_out import carry_out
from cloudsync_gcp.client import Clients, placeholder, require
from cloudsync_gcp.failures import failure, unreadable
from cloudsync_gcp.layers import Kind
from cloudsync_gcp.rights import asked
from cloudsync_gcp.rules import GcpRules
from cloudsync_gcp.settings import GcpSelect, GcpSettings
from cloudsync_gcp.snapshot import GcpSnapshot
from cloudsync_gcp.sweep import Ceiling, Looking, projects_under
from cloudsync_gcp.target import Target, place_of

_EDITED: Final[Mapping[str, Kind]] = {"vpc-firewall": "classic", "network-policy": "global"}


def _go_on() -> None:
    """Nobody says stop."""


class Provider:
    """Networks of the projects that a target block names.

    Make one a run. ``clock`` gives seconds that never go back, on which deadlines are; ``sleep``
    waits.

    Raises:
        UsageError: the SDK isn't installed.
    """

    name: ClassVar[str] = "gcp"
    settings: ClassVar[type[Any]] = GcpSettings

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require()
        self._rules = GcpRules()
        self._caller = Caller(Clients(), clock, sleep)
        self._blocks = Blocks()

    @property
    def rules(self) -> GcpRules:
        """The pure half."""
        return self._rules

    @staticmethod
    def change(event: Mapping[str, Any]) -> Change | None:
        """What an event of the cloud's tells of; see ``TellsChanges``. It needs no SDK."""
        return events.change(event)

    def on_loopback(self, settings: GcpSettings) -> bool:
        """Whether the calls end on this machine; the SDK knows no variable for an endpoint."""
        return settings.on_loopback

    def survey(self, regions: Sequence[str], endpoint: str | None) -> GcpSettings:
        """Every network of the project that the environment names; networks have no region.

        Raises:
            UsageError: no project is named anywhere, or a region is.
        """
        if regions:
            raise UsageError(
                "--region", "networks of GCP are global", todo="Leave it out, and set the project "
                "by GOOGLE_CLOUD_PROJECT.",
            )  # fmt: skip
        project = os.environ.get("GOOGLE_CLOUD_PROJECT")
        if not project and not placeholder(endpoint):
            project = self._project()
        if not project:
            raise UsageError(
                "provider gcp", "no project is named", todo="Set GOOGLE_CLOUD_PROJECT to its id."
            )
        return GcpSettings.model_validate({
            "mode": "watch", "select": GcpSelect(network="", all=True), "projects": (project,),
            "endpoint": endpoint,
        })  # fmt: skip

    def scopes(self, settings: GcpSettings) -> Iterable[Scope | Unreadable]:
        """The projects that the block asks for, by their ids or under a folder or organization.

        Raises:
            UsageError: there are no credentials, or another block wants other things of machines
                that may be the same.
        """
        self._see_credentials(settings)
        found: Accounts = settings.known or (
            Accounts(settings.projects) if settings.projects else self._searched(settings)
        )
        if found.unlisted:
            return list(found.unlisted)
        projects = found.ids
        # A configuration is refused by every process alike, whichever has the projects in question.
        self._blocks.enter(settings, projects)
        return [Scope(f"gcp:{one}", settings) for one in projects if settings.asks(f"gcp:{one}")]

    def accounts(self, settings: GcpSettings, go_on: Callable[[], None]) -> Accounts | None:
        """The projects under the block's folder or organization; see ``TellsAccounts``."""
        if settings.projects:
            return None
        self._see_credentials(settings)
        return self._searched(settings, go_on)

    def _see_credentials(self, settings: GcpSettings) -> None:
        try:
            self._caller.clients.get("Firewalls", settings.endpoint)
        except Exception as error:
            raise _no_credentials(error) from error

    def _searched(self, settings: GcpSettings, go_on: Callable[[], None] = _go_on) -> Accounts:
        kind = "folders" if settings.folder else "organizations"
        parent = f"{kind}/{settings.folder or settings.organization}"
        try:
            return Accounts(tuple(projects_under(self._caller, parent, settings.endpoint, go_on)))
        except Failed as failed:
            return Accounts((), (unreadable(f"gcp:{parent}", failed.found, failed.action),))

    def observe(
        self, scope: Scope, only: frozenset[str] | None = None, deadline: float | None = None
    ) -> Iterator[GcpSnapshot | Unreadable]:
        """One snapshot a network, with all of its targets that the block selects.

        A sweep asks nothing a rule: pages of 500 rules, the policies in force, and which regions
        have some. The quota is read only where rules are to be added.
        """
        looking = Looking(
            self._caller, scope.name.removeprefix("gcp:"), scope.settings.endpoint, deadline
        )
        try:
            yield from self._observe(looking, scope, only)
        except Late as late:
            yield Unreadable(
                scope.name,
                f"the time ran out before {late.action} could be called",
                "Give the run more time, or fewer targets.",
            )
        except Failed as failed:
            yield unreadable(scope.name, failed.found, failed.action)

    def permissions(
        self, scope: Scope, targets: Sequence[str], deadline: float | None = None
    ) -> Iterator[Permission]:
        """What changes in the scope's project need: it is asked once, whatever the ``targets``."""
        del targets
        return asked(self._caller, scope, deadline)

    def apply(self, step: Step, deadline: float | None = None) -> Outcome:
        """Make the one mutating call of ``step``, and wait for its operation."""
        return carry_out(self._caller, step.call, deadline)

    def _observe(
        self, looking: Looking, scope: Scope, only: frozenset[str] | None
    ) -> Iterator[GcpSnapshot | Unreadable]:
        settings: GcpSettings = scope.settings
        edited = _EDITED[settings.kind]
        places = [place_of(one) for one in only or ()]
        wanted: Mapping[str, tuple[Target, ...]]
        if settings.select.network:
            wanted = {settings.select.network: settings.select.targets}
        elif only is None:
            wanted = looking.everything()
        else:
            wanted = {
                place.network: tuple(
                    sorted(one.target for one in places if one.network == place.network)
                )
                for place in places
            }
        for name, targets in wanted.items():
            if only is not None and not any(place.network == name for place in places):
                continue
            network = looking.network(name, edited)
            if network is None:
                host = looking.host() if settings.projects and only is None else ""
                if host:
                    yield Unreadable(
                        scope.name,
                        f"the network {name} isn't its own: it uses those of the host project {host}",
                        f"Name {host} under projects: a shared network's rules stand there.",
                    )
                continue
            yield GcpSnapshot(
                scope,
                network,
                {f"{scope.name}/{name}/{target}": target for target in targets},
                Ceiling(looking),
                settings.endpoint,
            )

    def _project(self) -> str | None:
        try:
            return self._caller.clients.project()
        except Exception as error:
            raise _no_credentials(error) from error


def _no_credentials(error: Exception) -> NoCredentials:
    return NoCredentials(
        "provider gcp",
        f"no credentials were found ({failure(error).what})",
        todo="Run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS, or "
        "run where a service account is attached.",
    )
