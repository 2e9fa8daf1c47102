from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from cloudsync.uncollected import loading, uncollected
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


def test_what_was_loaded_is_never_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came stays, for the collector too, and none of what is made when it is asked for again."""
    monkeypatch.setattr("cloudsync.uncollected._LOADED", set[str]())
    gc.unfreeze()
    loaded: list[list[int]] = []

    with loading("sdk"):
        loaded.append([])
        assert not gc.isenabled()
    first = gc.get_freeze_count()

    with loading("sdk"):
        loaded.append([])
    assert gc.isenabled()
    assert gc.get_freeze_count() <= first  # less where what stayed was thrown away all the same
    there = gc.get_objects()
    assert [any(one is each for each in there) for one in loaded] == [False, True]


def test_what_failed_to_load_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stays of an SDK that isn't there."""
    monkeypatch.setattr("cloudsync.uncollected._LOADED", set[str]())
    gc.unfreeze()

    with pytest.raises(ImportError), loading("sdk"):
        raise ImportError

    assert (gc.get_freeze_count(), gc.isenabled()) == (0, True)
