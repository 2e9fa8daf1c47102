"""firewalld on this machine: files that are checked in a copy, a reload, and a look at what counts."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.errors import TargetError
from cloudsync.export.format import Artifact, Format
from cloudsync.export.formats.firewalld import FIREWALLD, POLICY
from cloudsync.export.install.files import back, installed, places, write
from cloudsync.export.install.live import Applied, Live, Run, must, taken_back
from cloudsync.export.notation import union

_POLICY: Final = Path(POLICY).stem
_SETS: Final = ("cloudsync-smtp4", "cloudsync-smtp6")
_RULES: Final = frozenset(
    {
        (
            'rule priority="-20" family="ipv4" source ipset="cloudsync-smtp4" '
            'port port="25" protocol="tcp" accept'
        ),
        (
            'rule priority="-20" family="ipv6" source ipset="cloudsync-smtp6" '
            'port port="25" protocol="tcp" accept'
        ),
        'rule priority="-10" family="ipv4" port port="25" protocol="tcp" reject type="tcp-reset"',
        'rule priority="-10" family="ipv6" port port="25" protocol="tcp" reject type="tcp-reset"',
    }
)


class Firewalld:
    """The policy and the two sets of this machine's firewalld."""

    def look(self, run: Run, place: Path) -> Live:
        """The policy and the sets as the running firewalld holds them, or the files where none runs."""
        if not _runs(run):
            there = FIREWALLD.parse(installed(FIREWALLD, place))
            return Live(there, ("firewalld isn't running, so port 25 is open",))
        rules = run(("firewall-cmd", f"--policy={_POLICY}", "--list-rich-rules"), "")
        if rules.code:
            return Live(EVERYONE, ("the policy isn't loaded",))
        faults: list[str] = []
        if frozenset(filter(None, rules.out.splitlines())) != _RULES:
            faults.append("the policy's rules aren't those that are written today")
        entries: list[str] = []
        for name in _SETS:
            entries += must(run, ("firewall-cmd", f"--ipset={name}", "--get-entries")).split()
        return Live(union(entries) if entries else AddressSet(), tuple(faults))

    def apply(self, run: Run, form: Format, made: Artifact, place: Path) -> Applied:
        """Check in a copy, write the files, reload, read back, and go back if that differs."""
        _check(run, form, made, place)
        for path in places(form, made, place):
            path.parent.mkdir(exist_ok=True)
        former = write(places(form, made, place))
        running = _runs(run)
        wrong: tuple[str, ...] = ()
        if running:
            reload = run(("firewall-cmd", "--reload"), "")
            wrong = (reload.words,) if reload.code else self.look(run, place).against(made)
        if wrong:
            back(former)
            run(("firewall-cmd", "--reload"), "")
            raise taken_back("firewalld", wrong[0])
        if running:
            return Applied()
        return Applied(undone=("firewalld isn't running, so port 25 is open until it starts.",))


def _check(run: Run, form: Format, made: Artifact, place: Path) -> None:
    """Have the whole configuration checked with the new files in it; a warning counts as failure."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "firewalld"
        if place.is_dir():
            shutil.copytree(place, copy)
        for path, text in places(form, made, copy).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")
        ran = run(("firewall-offline-cmd", f"--system-config={copy}", "--check-config"), "")
        said = f"{ran.out}{ran.err}"
        if ran.code or "WARNING" in said or "ERROR" in said:
            raise TargetError(
                "firewalld", ran.words, todo="See what it says of the whole configuration."
            )


def _runs(run: Run) -> bool:
    return not run(("firewall-cmd", "--state"), "").code
