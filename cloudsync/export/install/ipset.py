"""ipset and iptables on this machine: sets are swapped in, and a chain of its own asks them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.errors import TargetError
from cloudsync.export.format import Artifact, Format
from cloudsync.export.formats.ipset import CHAIN, IPSET, RULES4, RULES6, SETS
from cloudsync.export.install.files import back, places, write
from cloudsync.export.install.live import Applied, Live, Run, must, taken_back
from cloudsync.export.notation import read

_TABLES: Final = (("iptables", RULES4, SETS[0]), ("ip6tables", RULES6, SETS[1]))
_JUMP: Final = ("-p", "tcp", "-m", "tcp", "--dport", "25", "-j", CHAIN)
_ACCEPTS: Final = re.compile(r"-j ACCEPT\b")
_NARROW: Final = re.compile(r"-i lo\b|--ctstate (?!.*NEW)|-p (?!tcp)|--dport (?!25\b|\d+:)")


class Ipset:
    """The sets, the chains of both families, and the jumps to them."""

    def look(self, run: Run, place: Path) -> Live:
        """Sets, chains and jumps as the kernel holds them; without a jump everybody gets in."""
        del place
        held: list[AddressSet] = []
        faults: list[str] = []
        for tool, _, name in _TABLES:
            saved = run(("ipset", "list", name, "-o", "save"), "")
            if saved.code:
                return Live(EVERYONE, (f"the set {name} isn't there ({saved.words})",))
            held += [
                read(line.split()[2]) for line in saved.out.splitlines() if line.startswith("add ")
            ]
            faults += _faults(run, tool, name)
        return Live(AddressSet.union(held), tuple(faults))

    def apply(self, run: Run, form: Format, made: Artifact, place: Path) -> Applied:
        """Fill sets beside the live ones, swap them in, then the chains, then the jumps."""
        before = {name: run(("ipset", "list", name, "-o", "save"), "") for name in SETS}
        chains = {tool: run((tool, "-S", CHAIN), "") for tool, _, _ in _TABLES}
        files = places(form, made, place)
        former = write(files)
        try:
            must(run, ("ipset", "restore"), files[place / IPSET])
            for test in ("--test", ""):
                for tool, rules, _ in _TABLES:
                    argv = (f"{tool}-restore", "--noflush", *((test,) if test else ()))
                    must(run, argv, files[place / rules])
            for tool, _, _ in _TABLES:
                if run((tool, "-C", "INPUT", *_JUMP), "").code:
                    must(run, (tool, "-I", "INPUT", "1", *_JUMP))
            wrong = self.look(run, place).against(made)
        except TargetError as error:
            wrong = (error.what,)
        if not wrong:
            return Applied()
        whole = _undo(run, {k: v.out if not v.code else "" for k, v in before.items()},
                      {k: v.out if not v.code else "" for k, v in chains.items()})  # fmt: skip
        back(former)
        raise taken_back("ipset", wrong[0], whole=whole)


def _undo(run: Run, sets: dict[str, str], chains: dict[str, str]) -> bool:
    """Put sets and chains back as they were; gives whether all of it went well."""
    ended: list[int] = []
    for tool, rules in chains.items():
        if rules:
            lines = [line for line in rules.splitlines() if line.startswith("-A ")]
            text = "\n".join(["*filter", f":{CHAIN} - [0:0]", *lines, "COMMIT", ""])
            ended.append(run((f"{tool}-restore", "--noflush"), text).code)
        else:
            run((tool, "-D", "INPUT", *_JUMP), "")
            run((tool, "-F", CHAIN), "")
            run((tool, "-X", CHAIN), "")
            ended.append(int(not run((tool, "-S", CHAIN), "").code))
    for name, saved in sets.items():
        run(("ipset", "destroy", f"{name}.new"), "")
        if saved:
            new = saved.replace(f" {name} ", f" {name}.new ")
            text = f"{new}swap {name} {name}.new\ndestroy {name}.new\n"
            ended.append(run(("ipset", "restore"), text).code)
        else:
            run(("ipset", "destroy", name), "")
    return not any(ended)


def _faults(run: Run, tool: str, name: str) -> Iterator[str]:
    chain = run((tool, "-S", CHAIN), "")
    expected = [
        f"-N {CHAIN}",
        f"-A {CHAIN} -i lo -j RETURN",
        f"-A {CHAIN} -p tcp -m tcp --dport 25 -m set --match-set {name} src -j ACCEPT",
        f"-A {CHAIN} -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset",
    ]
    if chain.out.splitlines() != expected:
        yield f"{tool}: the chain {CHAIN} isn't as it is written today"
    inputs = [
        line for line in must(run, (tool, "-S", "INPUT"), quiet=False).splitlines()
        if line.startswith("-A ")
    ]  # fmt: skip
    jump = f"-A INPUT {' '.join(_JUMP)}"
    if jump not in inputs:
        yield f"{tool}: nothing jumps to {CHAIN}, so it isn't asked"
        return
    for line in inputs[: inputs.index(jump)]:
        if _ACCEPTS.search(line) and not _NARROW.search(line):
            yield f"{tool}: a rule before the jump may let port 25 in: {line}"
