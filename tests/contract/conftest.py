"""The AWS sandboxes of the contract suite: one a dialect, for as long as the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudsync_aws.sandbox import Dialect, Sandbox


@pytest.fixture(scope="session")
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
