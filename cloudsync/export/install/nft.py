"""nftables on this machine: one transaction, read back as JSON; it writes the file that outlives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from cloudsync.addresses import EVERYONE, AddressSet
from cloudsync.errors import TargetError
from cloudsync.export.format import Artifact, Format
from cloudsync.export.formats.nftables import TABLE
from cloudsync.export.install.files import back, places, write
from cloudsync.export.install.live import Applied, Live, Run, must, taken_back
from cloudsync.export.notation import read

_LIST: Final = ("nft", "list", "table", "inet", TABLE)

# The rules as nft 1.0 prints them in JSON, counters left out.
_PORT: Final = {
    "match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 25}
}
_RULES: Final = (
    [
        {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}},
        {"accept": None},
    ],
    *(
        [
            _PORT,
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": protocol, "field": "saddr"}},
                    "right": f"@{name}",
                }
            },
            {"accept": None},
        ]
        for protocol, name in (("ip", "filter4"), ("ip6", "filter6"))
    ),
    [_PORT, {"reject": {"type": "tcp reset"}}],
)
_HOOK: Final = {"type": "filter", "hook": "input", "prio": -5, "policy": "accept"}


class Nft:
    """The table ``inet cloudsync_smtp`` of this machine's kernel."""

    def look(self, run: Run, place: Path) -> Live:
        """The table as the kernel holds it; without it everybody gets in."""
        del place
        ran = run(("nft", "-j", *_LIST[1:]), "")
        if ran.code and "No such file" in ran.err:
            return Live(EVERYONE, ("the table isn't loaded",))
        if ran.code:
            raise TargetError("nft", ran.words, todo="Run this as root on the server.")
        parts: list[dict[str, Any]] = json.loads(ran.out)["nftables"]
        allowed = AddressSet.union(
            _element(one)
            for part in parts
            if "set" in part and part["set"]["name"] in {"filter4", "filter6"}
            for one in part["set"].get("elem", ())
        )
        return Live(allowed, tuple(_faults(parts)))

    def apply(self, run: Run, form: Format, made: Artifact, place: Path) -> Applied:
        """Load the file in one transaction, and go back if what is read differs."""
        must(run, ("nft", "-c", "-f", "-"), made.text)
        before = run(_LIST, "")
        former = write(places(form, made, place))
        loaded = run(("nft", "-f", str(place)), "")
        if loaded.code:
            # A transaction: nothing of it was taken over.
            back(former)
            raise taken_back("nft", loaded.words)
        wrong = self.look(run, place).against(made)
        if not wrong:
            return Applied()
        empty = f"table inet {TABLE} {{\n}}\ndelete table inet {TABLE}\n"
        restored = run(("nft", "-f", "-"), empty + (before.out if not before.code else ""))
        back(former)
        raise taken_back("nft", f"read back, {wrong[0]}", whole=not restored.code)


def _element(one: Any) -> AddressSet:
    """An element of a set: an address, a prefix, or a range."""
    if isinstance(one, str):
        return read(one)
    if "elem" in one:
        return _element(one["elem"]["val"])
    if "prefix" in one:
        return read(f"{one['prefix']['addr']}/{one['prefix']['len']}")
    first, last = one["range"]
    return read(f"{first}-{last}")


def _faults(parts: list[dict[str, Any]]) -> list[str]:
    chains = [part["chain"] for part in parts if "chain" in part]
    rules = [
        [one for one in part["rule"]["expr"] if "counter" not in one]
        for part in parts
        if "rule" in part
    ]
    faults: list[str] = []
    if not any(_HOOK.items() <= chain.items() for chain in chains):
        faults.append("the chain isn't hooked to input as it should be")
    if rules != list(_RULES):
        faults.append("the rules aren't those that are written today")
    return faults
