from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync.uncollected import uncollected
from cloudsync_aws.reading import pages


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """Whatever a test does to the collector ends with it."""
    yield
    gc.enable()


def test_a_page_is_parsed_without_the_collector() -> None:
    """It rests while the SDK makes a page, and runs while the page is looked at."""
    during: list[bool] = []

    def invoke(_service: str, _action: str, **asked: Any) -> dict[str, Any]:
        during.append(gc.isenabled())
        return {} if "NextToken" in asked else {"NextToken": "more"}

    between = [gc.isenabled() for _ in pages(invoke, "DescribeSecurityGroups", 1_000)]

    assert (during, between) == ([False, False], [True, True])


def test_the_collector_runs_again_after_an_error() -> None:
    """A call that fails leaves the collector as it was."""
    with pytest.raises(OSError, match="down"), uncollected():
        raise OSError("down")

    assert gc.isenabled()


def test_a_collector_that_rested_goes_on_resting() -> None:
    """Whoever turned the collector off for good is not overruled."""
    gc.disable()

    with uncollected():
        pass

    assert not gc.isenabled()
