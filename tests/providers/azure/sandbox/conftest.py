"""Fixtures of the sandbox's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudsync_azure.sandbox import Sandbox


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    """A sandbox that runs as long as the tests do: starting a server costs more than most of them."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """A running sandbox with one empty NSG and nothing else."""
    running.reset()
    running.seed_nsg("mx")
    return running
