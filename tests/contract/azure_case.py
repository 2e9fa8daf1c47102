"""A network security group as the contract's cases see it: hands that reach in behind the provider."""

from __future__ import annotations

from cloudsync.exposure import Exposure
from cloudsync.model import Wanted
from cloudsync.provider import Provider, Snapshot
from cloudsync_azure.sandbox import Sandbox as AzureSandbox
from tests.contract.azure import JudgedNsg, rule
from tests.contract.driver import Run


class AzureCase:
    """A network security group."""

    def __init__(self, sandbox: AzureSandbox) -> None:
        sandbox.faults.clear()
        self._judged = JudgedNsg(sandbox)
        self._number = 2_000
        self.target = self._judged.target
        self.faults = self._judged.faults

    @property
    def rules(self) -> Provider:
        """The provider."""
        return self._judged.provider

    def plant(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody opens, behind whatever stands: a rule a family, which Azure doesn't mix."""
        for part, mine in _families(sources):
            self._number += 1
            name = _nsg_rule(part, sources, ports)
            self._judged.plant(rule(name, self._number, *mine, ports=f"{ports[0]}-{ports[1]}"))

    def uproot(self, *sources: str, ports: tuple[int, int] = (25, 25)) -> None:
        """Somebody closes."""
        self._judged.uproot(*(_nsg_rule(part, sources, ports) for part, _ in _families(sources)))

    def look(self) -> Snapshot:
        """What a read shows."""
        return self._judged.look()

    def exposure(self, port: int = 25) -> Exposure:
        """Who gets in."""
        return self._judged.exposure(port)

    def run(self, wanted: Wanted, *, stop_after: int | None = None) -> Run:
        """One run."""
        return self._judged.run(wanted, stop_after=stop_after)

    def calls(self) -> int:
        """How many mutating calls there were."""
        return self._judged.calls

    def lose(self, kind: str, call: int) -> None:
        """Let one call's answer be lost, before or after the write."""
        faults = self._judged.sandbox.faults
        if kind == "before":
            faults.lost_before("mutating", skip=call)
        elif kind == "after":
            faults.lost_after("mutating", skip=call)
        elif kind == "denied":
            faults.denied("mutating", times=1, skip=call)
        else:
            faults.throttle("mutating", times=1, skip=call)


def _families(sources: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    parts = {"4": [one for one in sources if ":" not in one],
             "6": [one for one in sources if ":" in one]}  # fmt: skip
    return [(part, mine) for part, mine in parts.items() if mine]


def _nsg_rule(part: str, sources: tuple[str, ...], ports: tuple[int, int]) -> str:
    text = "-".join(sources).translate(str.maketrans("/:", "--")).strip("-.")
    return f"r{part}-{text}-{ports[0]}"
