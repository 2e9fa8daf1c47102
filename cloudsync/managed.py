"""Targets that somebody else keeps: they are watched, unless their block says otherwise; pure.

Two that put one firewall right by their own lights undo each other for ever, and between two of
their moves mail is lost or the bypass is open. The provider knows the signs; what follows from them
is the same for every cloud, and is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloudsync.model import Mode, Note, Wanted
from cloudsync.provider import Remark, Rules
from cloudsync.tells import Managed, TellsManaged

CLOUDSYNC: Final = "cloudsync"
"""What ``managed_by`` says where cloudsync may change also what others keep."""


def managed_by(rules: Rules, snapshot: Any) -> Mapping[str, Managed]:
    """Who else keeps each target, by their signs; nobody, where the provider knows of no signs."""
    return rules.managed(snapshot) if isinstance(rules, TellsManaged) else {}


def watched(
    wanted: Mapping[str, Wanted], managed: Mapping[str, Managed]
) -> tuple[dict[str, Wanted], list[Remark]]:
    """What is wanted, with nothing to be changed where somebody else keeps a target.

    A remark says who, by which sign, and what a person can do. The mode that a plan shows stays the
    one that was asked for, so that what it leaves undone is still told.
    """
    wants: dict[str, Wanted] = {}
    said: list[Remark] = []
    # Most targets share one Wanted, and what is compared with it is remembered by identity.
    watching: dict[int, Wanted] = {}
    for target, want in wanted.items():
        who = None if want.managed_by == CLOUDSYNC else managed.get(target)
        wants[target] = want
        if want.managed_by not in (None, CLOUDSYNC):
            text = (
                f"the configuration says that {want.managed_by} keeps it, so it is only watched. "
                f"Say managed_by: {CLOUDSYNC} to have it changed here."
            )
        elif who:
            text = (
                f"{who.by} keeps it ({who.sign}), and would undo what is changed here, so it is "
                f"only watched. {who.todo} To have it changed here all the same, say managed_by: "
                f"{CLOUDSYNC}."
            )
        else:
            continue
        said.append(Remark(target, text, Note.MANAGED_BY))
        if want.mode is not Mode.WATCH:
            wants[target] = watching.setdefault(id(want), replace(want, mode=Mode.WATCH))
    return wants, said
