"""What a whole configuration says: the installation, its list, its removals; it opens no file."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import PurePath
from typing import Annotated, Final

from cloudsync.config.alerts import Alerts
from cloudsync.config.blind import Blind
from cloudsync.config.exports import ExportSettings
from cloudsync.config.listing import BUNDLED, ListSettings
from cloudsync.config.refusal import refused, shown
from cloudsync.config.schedule import Ping, Schedule
from cloudsync.config.settings import Settings, written
from cloudsync.config.shape import FLAG, checked, members, text, whole
from cloudsync.config.target import TargetSettings
from cloudsync.config.terraform import TerraformSettings
from cloudsync.config.times import Duration
from cloudsync.config.values import SCHEME, HostName, distinct

PURPOSES: Final = frozenset({"list", "also", "internal", "probe", "deny"})
_SQLITE: Final = "sqlite:///"


def installation(name: str) -> str:
    """``name`` where no mark made with it can be another installation's.

    Raises:
        PydanticCustomError: it is reserved, or a purpose in it could be read as the mark's own.
    """
    if name == "terraform":
        raise refused(
            "'terraform' is what our Terraform modules are marked with", "Choose another."
        )
    # Where a mark becomes the name of a rule, its parts are joined by hyphens: `mail` with the
    # purpose `list` and `mail-list` would begin alike.
    inner = next((part for part in name.split("-")[1:] if part in PURPOSES or not part), None)
    if inner is None:
        return name
    what = (
        f"'{inner}' in it could be read as a rule's purpose" if inner else "has a hyphen too many"
    )
    raise refused(f"{shown(name)}: {what}", "Choose another, such as mail-prod.")


def state_text(value: str) -> str:
    """The URL of the state.

    Raises:
        PydanticCustomError: it isn't a URL, names no file, or holds a password.
    """
    todo = "Write sqlite:///FILE, which is beside this file."
    if not SCHEME.match(value) or value == _SQLITE:
        raise refused(f"{shown(value)} names no state", todo)
    if "@" in value.partition("://")[2].partition("/")[0]:
        raise refused("the URL holds a user or a password", "Take it out: no secret stands here.")
    return value


def one_of_each(exports: tuple[ExportSettings, ...]) -> tuple[ExportSettings, ...]:
    """``exports`` where each format stands once, since its name is what an export is called by.

    Raises:
        PydanticCustomError: one stands twice.
    """
    for number, one in enumerate(exports):
        if any(one.format == other.format for other in exports[:number]):
            raise refused(
                f"{one.format} stands twice",
                "Put the other server into a configuration of its own.",
                below=(number, "format"),
            )
    return exports


class Removals(Settings):
    """What an entry that is gone from the list has to go through before its rules go."""

    reads: Annotated[int, whole(1, 1_000)] = 2
    """How many reads must agree."""
    apart: Duration = timedelta(hours=6)
    """How far apart they must be."""
    grace: Duration = timedelta(days=7)
    """How long to wait after the last of them: as long as a name server may keep an answer."""


class History(Settings):
    """How much of what runs did is kept."""

    keep: Duration = timedelta(days=90)
    """How long the record of a run is kept."""
    runs: Annotated[int, whole(1, 1_000_000)] = 100_000
    """How many records of runs are kept at most, the youngest."""


class Approvals(Settings):
    """Who lets through what waits for a person."""

    second: Annotated[bool, FLAG] = False
    """Whether a second person, by another name, has to approve it too."""


def name_server(value: str) -> str:
    """The address of a name server, with a port behind it where that isn't 53.

    Raises:
        PydanticCustomError: it is neither.
    """
    todo = "Write an address: 9.9.9.9, 2620:fe::9, 127.0.0.1:5353 or [::1]:5353."
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::([0-9]{1,5}))?", value)
    plain = re.fullmatch(r"([0-9.]+):([0-9]{1,5})", value)
    found = bracketed or plain
    host, port = (found[1], found[2]) if found else (value, None)
    if port is not None and not 0 < int(port) < 65_536:
        raise refused(f"{shown(value)} has no port between 1 and 65535", todo)
    try:
        ip_address(host)
    except ValueError:
        raise refused(f"{shown(value)} isn't a name server's address", todo) from None
    return value


class PreflightSettings(Settings):
    """How preflight asks, and whom it takes for the filter."""

    filter_suffixes: Annotated[tuple[HostName, ...], members(1), checked(distinct)] = (
        "arsmtp.com",
    )
    """The domains that the filter's own mail exchanges are in."""
    nameservers: Annotated[tuple[Annotated[str, checked(name_server)], ...], checked(distinct)] = ()
    """The name servers to ask, by address; none: the machine's own. At least two public ones show what caches still hold."""


class Config(Settings):
    """One installation: its name, its list and its targets."""

    name: Annotated[str, text(r"^[a-z0-9][a-z0-9-]{0,39}$"), checked(installation)]
    """Stands in the mark of every own rule."""
    list: ListSettings
    """The list."""
    removals: Removals = Removals()
    """How entries leave."""
    history: History = History()
    """What is kept of past runs."""
    approvals: Approvals = Approvals()
    """How many people let through what waits for one."""
    schedule: Schedule = Schedule()
    """How often the worker works."""
    ping: Ping | None = None
    """Who is told that the worker lives."""
    settle: Duration = timedelta(seconds=90)
    """How long to wait, at most, until an added rule is seen."""
    at_once: Annotated[int, whole(1, 256)] = 16
    """How many scopes are worked on at once."""
    deadline: Duration | None = None
    """How long a run may take; what it didn't reach by then is reported as unreadable."""
    state: Annotated[str, checked(state_text)] = "sqlite:///cloudsync.db"
    """Where the state is kept; a file is relative to the configuration's folder."""
    preflight: PreflightSettings = PreflightSettings()
    """How the mail domains are looked at before a target is closed."""
    targets: Annotated[tuple[TargetSettings, ...], members(1)] = ()
    """What is guarded; without it, exports say what the list is for."""
    alerts: Alerts = Alerts()
    """Who hears of what is the matter."""
    blind: tuple[Blind, ...] = ()
    """The scopes that somebody answers for not being read."""
    exports: Annotated[tuple[ExportSettings, ...], checked(one_of_each)] = ()
    """The mail servers and firewalls that get the list as a file."""
    terraform: TerraformSettings | None = None
    """Where the Terraform modules are published."""

    @property
    def file(self) -> PurePath:
        """The file it was read from, absolute; relative paths in it start from its folder."""
        return self._place if isinstance(self._place, PurePath) else PurePath("cloudsync.yaml")

    def export(self, name: str) -> ExportSettings | None:
        """What is said of the export in the format ``name``, or None."""
        return next((one for one in self.exports if one.format == name), None)

    def beside(self, file: str) -> PurePath:
        """``file``, with a relative path made one from the configuration's folder."""
        return self.file.parent / file

    @property
    def source(self) -> str:
        """``list.source``, with a relative path made one from the configuration's folder."""
        given = self.list.source
        if given == BUNDLED or SCHEME.match(given):
            return given
        return str(self.file.parent / given)

    @property
    def state_url(self) -> str:
        """``state``, with a relative SQLite file made one from the configuration's folder."""
        if not self.state.startswith(_SQLITE):
            return self.state
        return f"{_SQLITE}{self.file.parent / self.state.removeprefix(_SQLITE)}"

    @property
    def digest(self) -> str:
        """sha256 of what it says: not of its comments, its layout, its name or its folder."""
        said = json.dumps(written(self), sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(said.encode()).hexdigest()}"
