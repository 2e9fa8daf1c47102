"""The clouds that can be asked; each is made without a call, and a call is made when it is held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.live import lines
from tests.live.azure import AzureTrial
from tests.live.kit import Trial


@dataclass(frozen=True)
class Cloud:
    """How a cloud's trial is made: ``live`` of an account, a location and the run's name."""

    account: str
    location: str
    live: Callable[[str, str, str], Trial]
    rehearsal: Callable[[str], Trial]


def _azure(account: str, location: str, run: str) -> Trial:
    return AzureTrial(lines.azure(lines.azure_token()), account, run, location)


def _azure_rehearsal(run: str) -> Trial:
    nobody = "00000000-0000-0000-0000-000000000001"
    return AzureTrial(lines.azure_sandbox(), nobody, run, sleep=lambda _seconds: None)


CLOUDS: Final[Mapping[str, Cloud]] = {
    "azure": Cloud("a subscription's id", "westeurope", _azure, _azure_rehearsal),
}
