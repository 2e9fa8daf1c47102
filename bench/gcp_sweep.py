"""One sweep of GCP projects in a fresh process: by Google's bare SDK, or by a whole look.

The bare SDK makes the calls that a sweep needs, and throws the answers away: the policies in force,
the policies of all regions, and the pages of rules. What both need once a process is made before the
clock runs.
"""

from __future__ import annotations

import gc
import time
from typing import Any, Final

from bench.fleets import LIST
from bench.gcp_cloud import EMPTY, PROJECTS, TAG
from bench.job import job
from bench.process import answer, peak
from cloudsync.reconcile import look

PAGE: Final = 500
_BLOCK: Final = """\
provider: gcp
    endpoint: {endpoint}
    projects: [{projects}]
    select: {{network: default, tags: [{tag}]}}
    mode: add"""


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """CPU seconds and peak memory of one sweep, and what it saw.

    ``case`` says ``by`` ("sdk" or "cloudsync") and the cloud's ``endpoint``.
    """
    endpoint: str = case["endpoint"]
    return _bare(endpoint) if case["by"] == "sdk" else _look(endpoint)


def _bare(endpoint: str) -> dict[str, Any]:
    # As the product, only where it is used; it has no types to be followed in reasonable time.
    import google.cloud.compute_v1 as sdk  # noqa: PLC0415
    from google.api_core.client_options import ClientOptions  # noqa: PLC0415
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

    anonymous: Any = AnonymousCredentials
    made: Any = sdk
    firewalls, networks, policies = (
        kind(
            credentials=anonymous(),
            client_options=ClientOptions(api_endpoint=endpoint),
            transport="rest",
        )
        for kind in (made.FirewallsClient, made.NetworksClient, made.NetworkFirewallPoliciesClient)
    )

    def sweep(project: str) -> int:
        here = {"project": project}
        url = f"https://www.googleapis.com/compute/v1/projects/{project}/global/networks/default"
        networks.get_effective_firewalls(request={**here, "network": "default"}, retry=None)
        asked = {**here, "max_results": PAGE}
        for _ in policies.aggregated_list(request=asked, retry=None).pages:
            continue
        listing = firewalls.list(request={**asked, "filter": f'network="{url}"'}, retry=None)
        return sum(len(page.items) for page in listing.pages)

    sweep(EMPTY)
    gc.collect()
    began = time.process_time()
    seen = sum(map(sweep, PROJECTS))
    return {"cpu": time.process_time() - began, "peak": peak(), "rules": seen, "steps": 0}


def _look(endpoint: str) -> dict[str, Any]:
    with (
        job(LIST, block=_block(endpoint, PROJECTS)) as whole,
        job(LIST, block=_block(endpoint, [EMPTY])) as nobody,
    ):
        look(type(whole)(nobody.config, nobody.store, whole.provider, nobody.read))
        gc.collect()
        began = time.process_time()
        found = look(whole)
        spent = time.process_time() - began
    assert not found.vetted.held, "the list must be in force, or something else is measured"
    return {
        "cpu": spent,
        "peak": peak(),
        "targets": len(found.plan.targets),
        "steps": len(found.plan.steps),
    }


def _block(endpoint: str, projects: Any) -> str:
    return _BLOCK.format(endpoint=endpoint, projects=", ".join(projects), tag=TAG)


if __name__ == "__main__":
    answer(measure)
