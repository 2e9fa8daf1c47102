"""The sandboxes of the contract suite: one a dialect, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudsync_aws.sandbox import Dialect, Sandbox
from cloudsync_azure import sandbox as azure
from cloudsync_gcp import sandbox as gcp


# Not for the session: the process goes on to other folders' tests, which must not find an account.
@pytest.fixture(scope="package")
def sandboxes() -> Iterator[dict[str, Sandbox]]:
    """A sandbox that answers at once, for each dialect that a security group can meet."""
    found = {
        kind: Sandbox(dialect=Dialect(authorize=kind), quota=1_200)
        for kind in ("atomic", "partial")
    }
    with pytest.MonkeyPatch.context() as patch:
        for sandbox in found.values():
            sandbox.start()
        for name, value in found["atomic"].environment().items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield found
        for sandbox in found.values():
            sandbox.stop()


@pytest.fixture(scope="session")
def gcp_sandboxes() -> Iterator[dict[str, gcp.Sandbox]]:
    """A sandbox of GCP that answers at once, for each dialect that a change can meet."""
    found = {
        "serialised": gcp.Sandbox(quota=1_000_000),
        "refused": gcp.Sandbox(quota=1_000_000, dialect=gcp.Dialect(concurrent="refused")),
        "absent": gcp.Sandbox(
            quota=1_000_000, dialect=gcp.Dialect(no_source="absent", answers="done")
        ),
    }
    for sandbox in found.values():
        sandbox.start()
    yield found
    for sandbox in found.values():
        sandbox.stop()


@pytest.fixture(scope="session")
def azure_sandboxes() -> Iterator[dict[str, azure.Sandbox]]:
    """A sandbox of Azure for each dialect of If-Match, with what else is open settled both ways."""
    found = {
        "per group": azure.Sandbox(dialect=azure.Dialect(if_match="nsg")),
        "per rule": azure.Sandbox(
            dialect=azure.Dialect(if_match="rule", lro="async", protocol="lower", plurals="absent")
        ),
        "ignored": azure.Sandbox(dialect=azure.Dialect(if_match="ignored", overlaps="refused")),
    }
    for sandbox in found.values():
        sandbox.start()
    yield found
    for sandbox in found.values():
        sandbox.stop()
