"""From the configuration and the list in force to what is wanted of a target; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cloudsync.addresses import EVERYONE, INTERNAL, Network
from cloudsync.allowlist import Entry, Widen, applied
from cloudsync.config import AlsoAllow, Config, TargetSettings, active
from cloudsync.exposure import Name
from cloudsync.immutable import immutable
from cloudsync.managed import CLOUDSYNC
from cloudsync.model import Mode, Wanted


@immutable
class Choice:
    """Which networks of a list apply at a target: by the groups it takes, and how wide they are."""

    shoreline: tuple[str, ...]
    widen: Widen

    def of(self, entries: Iterable[Entry]) -> tuple[Network, ...]:
        """The networks of ``entries`` that apply, in order."""
        return applied(entries, self.shoreline, self.widen)


def choice_of(config: Config, target: TargetSettings) -> Choice:
    """As ``target`` says, or the list where it doesn't; no group at all is said too."""
    shoreline = config.list.shoreline if target.shoreline is None else target.shoreline
    return Choice(shoreline, target.widen or config.list.widen)


def groups_of(config: Config) -> tuple[str, ...]:
    """Every Shoreline group that the list or any target chooses: the guard measures these."""
    chosen = {*config.list.shoreline, *(g for one in config.targets for g in one.shoreline or ())}
    return tuple(sorted(chosen))


def widening_of(config: Config) -> Widen:
    """``24`` where the list or any target widens."""
    asked = {config.list.widen, *(one.widen for one in config.targets)}
    return "24" if "24" in asked else "none"


def wanted_of(
    config: Config, target: TargetSettings, entries: Iterable[Entry], now: datetime
) -> Wanted:
    """What ``target`` is to let in: ``entries`` as they apply there, and its ``also_allow``."""
    also = [one for one in target.also_allow if active(one, now)]
    priority = target.priority
    return Wanted(
        installation=config.name,
        mode=Mode(target.mode) if target.managed_by in (None, CLOUDSYNC) else Mode.WATCH,
        networks=choice_of(config, target).of(entries),
        also=tuple(sorted({one.network for one in also if one.network}, key=str)),
        names=frozenset(_name(one) for one in also if not one.network),
        internal=target.internal,
        ports=target.ports,
        override_denies=target.override_denies,
        close_opaque=target.close_opaque,
        shared=target.shared,
        priority=(priority.first, priority.last) if priority else None,
        managed_by=target.managed_by,
    )


def _name(also: AlsoAllow) -> Name:
    # What a list or a tag holds is its cloud's affair: the bound is only ever an upper one.
    return Name(also.source, INTERNAL if also.group else EVERYONE)
