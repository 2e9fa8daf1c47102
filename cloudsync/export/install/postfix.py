"""Postfix on this machine: the table is asked about every boundary before and after it is put in place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from cloudsync.addresses import AddressSet
from cloudsync.errors import TargetError
from cloudsync.export.format import Artifact, Format
from cloudsync.export.formats.postfix import POSTFIX
from cloudsync.export.install.files import back, installed, places, write
from cloudsync.export.install.live import Applied, Live, Run, must, taken_back

_OUTSIDE: Final = ("0.0.0.0", "255.255.255.255", "::", "2001:db8::1")  # noqa: S104 - asked about


class Postfix:
    """The table that postscreen or the service on port 25 asks."""

    def look(self, run: Run, place: Path) -> Live:
        """Who the table at ``place`` lets in, and whether Postfix asks it."""
        there = POSTFIX.parse(installed(POSTFIX, place))
        wrong = _answers(run, place, there)
        return Live(there, (*wrong, *_unasked(run, place)))

    def apply(self, run: Run, form: Format, made: Artifact, place: Path) -> Applied:
        """Ask a copy first, then replace the table, ask it again, and have Postfix read it anew."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "cloudsync.cidr"
            copy.write_text(made.text, encoding="ascii")
            wrong = _answers(run, copy, made.allowed)
        if wrong:
            raise TargetError("postfix", wrong[0], todo="See what postmap says of the list.")
        former = write(places(form, made, place))
        wrong = _answers(run, place, made.allowed)
        running = not run(("postfix", "status"), "").code
        if not wrong and running:
            reload = run(("postfix", "reload"), "")
            wrong = (reload.words,) if reload.code else ()
        if wrong:
            back(former)
            if running:
                run(("postfix", "reload"), "")
            raise taken_back("postfix", wrong[0])
        idle = () if running else ("Postfix isn't running; it reads the table when it starts.",)
        return Applied(idle, _unasked(run, place))


def probes(allowed: AddressSet) -> dict[str, bool]:
    """Addresses to ask about, and whether each is let in: both sides of every boundary."""
    asked: dict[str, bool] = {}
    for network in allowed.networks():
        first, last = network.network_address, network.broadcast_address
        near = [first, last]
        if int(first):
            near.append(first - 1)
        if int(last) + 1 < 1 << network.max_prefixlen:
            near.append(last + 1)
        for one in near:
            asked[str(one)] = one in allowed
    return asked | {one: one in allowed for one in _OUTSIDE}


def _answers(run: Run, table: Path, allowed: AddressSet) -> tuple[str, ...]:
    """What is wrong with the table's answers; the first is enough."""
    asked = probes(allowed)
    ran = run(("postmap", "-q", "-", f"cidr:{table}"), "".join(f"{one}\n" for one in asked))
    # It skips a bad line with a warning, and ends with 0, or with 1 where nothing was found.
    if ran.err.strip():
        return (ran.words,)
    found = dict(line.split("\t", 1) for line in ran.out.splitlines() if "\t" in line)
    for one, let_in in asked.items():
        answer = found.get(one, "nothing")
        if answer != ("permit" if let_in else "reject"):
            return (
                f"the table says {answer} of {one}, which {'is' if let_in else 'is not'} listed",
            )
    return ()


def _unasked(run: Run, place: Path) -> tuple[str, ...]:
    """Whether Postfix asks the table at all, and does what it says."""
    named = f"cidr:{place}"
    screen = must(run, ("postconf", "-h", "postscreen_access_list"), quiet=False)
    service = must(run, ("postconf", "-P"), quiet=False)
    port25 = [
        line for line in service.splitlines()
        if line.startswith("smtp/inet/smtpd_client_restrictions") and named in line
    ]  # fmt: skip
    if port25:
        return ()
    if named in screen:
        action = run(("postconf", "-xh", "postscreen_denylist_action"), "")
        if not action.out.strip():  # before 3.6
            action = run(("postconf", "-xh", "postscreen_blacklist_action"), "")
        if action.out.strip() in {"enforce", "drop"}:
            return ()
        return (
            (
                f"postscreen_denylist_action is {action.out.strip() or 'unset'}, so postscreen lets in "
                "whoever the table refuses; set it to enforce."
            ),
        )
    return (
        (
            f"Postfix doesn't ask {named} yet, so it stops nobody; "
            "cloudsync export postfix --format-help says how it does."
        ),
    )
