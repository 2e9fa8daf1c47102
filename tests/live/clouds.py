"""The clouds that can be asked; each is made without a call, and a call is made when it is held."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from cloudsync_aws.sandbox import Sandbox as AwsSandbox
from cloudsync_gcp.sandbox import Sandbox as GcpSandbox
from tests.live import lines
from tests.live.aws import AwsTrial
from tests.live.azure import AzureTrial
from tests.live.gcp import GcpTrial
from tests.live.kit import Trial


@dataclass(frozen=True)
class Cloud:
    """How a cloud's trial is made: ``live`` of an account, a location and the run's name."""

    account: str
    location: str
    live: Callable[[str, str, str], Trial]
    rehearsal: Callable[[str], Trial]


def _azure(account: str, location: str, run: str) -> Trial:
    return AzureTrial(
        lines.real("https://management.azure.com", lines.azure_token()), account, run, location
    )


def _azure_rehearsal(run: str) -> Trial:
    nobody = "00000000-0000-0000-0000-000000000001"
    return AzureTrial(lines.azure_sandbox(), nobody, run, sleep=lambda _seconds: None)


def _aws(account: str, location: str, run: str) -> Trial:
    return AwsTrial(lines.aws(location), account, run, location)


def _aws_rehearsal(run: str) -> Trial:
    @cache
    def sandbox() -> AwsSandbox:
        started = AwsSandbox(clock=lambda: 0.0).start()
        atexit.register(started.stop)
        return started

    call = lines.aws("eu-west-1", sandbox)
    return AwsTrial(call, "123456789012", run, sleep=lambda _seconds: None)


def _gcp(account: str, _location: str, run: str) -> Trial:
    return GcpTrial(lines.real("https://compute.googleapis.com", lines.gcp_token()), account, run)


def _gcp_rehearsal(run: str) -> Trial:
    sandbox = GcpSandbox(clock=lambda: 0.0)
    return GcpTrial(lines.gcp_sandbox(sandbox), "mail-prod", run, sleep=lambda _seconds: None)


CLOUDS: Final[Mapping[str, Cloud]] = {
    "aws": Cloud("an account's id", "eu-west-1", _aws, _aws_rehearsal),
    "azure": Cloud("a subscription's id", "westeurope", _azure, _azure_rehearsal),
    "gcp": Cloud("a project's id", "global", _gcp, _gcp_rehearsal),
}
