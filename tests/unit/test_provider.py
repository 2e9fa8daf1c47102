"""The look-up of who provides a cloud, and the small values of the contract."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from cloudsync import registry
from cloudsync.errors import CloudsyncError, UsageError
from cloudsync.memory.provider import Provider
from cloudsync.provider import Scope, Step
from cloudsync.registry import find, installed


def test_the_installed_providers_are_found_by_name() -> None:
    """Entry points say who provides what, and the one in memory is among them."""
    assert {"aws", "memory"} <= set(installed())
    assert find("memory") is Provider


def test_a_provider_nobody_has_is_an_error_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is installed, and the door for one's own."""
    point = EntryPoint("memory", "cloudsync.memory.provider:Provider", registry.GROUP)
    monkeypatch.setattr(registry, "installed", lambda: {"memory": point})
    with pytest.raises(UsageError) as caught:
        find("azur")
    assert str(caught.value) == (
        "provider azur: is not installed. Nothing was changed. Installed are: memory. A provider "
        "of yours is found by the entry point cloudsync.providers."
    )
    monkeypatch.setattr(registry, "installed", dict)
    with pytest.raises(UsageError) as caught:
        find("azur")
    assert "Installed are: none." in str(caught.value)


def test_a_provider_that_cannot_be_loaded_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that is half there is named, with the way out."""
    point = EntryPoint("lost", "cloudsync.nowhere:Provider", registry.GROUP)
    monkeypatch.setattr(registry, "installed", lambda: {"lost": point})
    with pytest.raises(CloudsyncError) as caught:
        find("lost")
    assert str(caught.value) == (
        "provider lost: could not be loaded (No module named 'cloudsync.nowhere'). "
        "Nothing was changed. Reinstall the distribution that it comes with."
    )


def test_a_scope_prints_as_its_name_and_is_its_name() -> None:
    """Settings are the provider's own affair and no part of what a scope is."""
    assert str(Scope("aws:1/r", object())) == "aws:1/r"
    assert Scope("aws:1/r", object()) == Scope("aws:1/r")


def test_what_only_takes_away_waits() -> None:
    """Removals, and rewritings that only narrow, wait until what was added has been seen."""
    assert [Step(verb, (), ()).later for verb in ("add", "replace", "remove")] == [
        False, False, True,
    ]  # fmt: skip
    assert Step("replace", (), (), narrows=True).later


def test_how_a_step_is_called_is_no_part_of_it() -> None:
    """A step is its changes; the provider's own call and ids make no difference."""
    assert Step("add", ("t",), ("+ a",), call=1) == Step("add", ("t",), ("+ a",), call=2)


def test_a_provider_without_its_class_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution whose entry point names something that isn't there is no traceback either."""
    point = EntryPoint("half", "cloudsync.provider:Nobody", registry.GROUP)
    monkeypatch.setattr(registry, "installed", lambda: {"half": point})
    with pytest.raises(CloudsyncError) as caught:
        find("half")
    assert str(caught.value) == (
        "provider half: could not be loaded (module 'cloudsync.provider' has no attribute "
        "'Nobody'). Nothing was changed. Reinstall the distribution that it comes with."
    )
