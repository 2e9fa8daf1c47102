"""Each function under its platform's own runtime: a cloud on loopback, the state in its bucket."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.functions import EventGridEvent

from cloudsync.demo.cast import Fleet
from cloudsync.function import PassFailed
from cloudsync_aws.fleet import Fleet as AwsFleet
from cloudsync_azure.fleet import Fleet as AzureFleet
from cloudsync_gcp.fleet import Fleet as GcpFleet
from tests.deploy import runtimes
from tests.deploy.stage import around, begun, enforced, told, verdicts
from tests.deploy.test_events import NSG

Fresh = Callable[[str], str]
Unpacked = Callable[[str, str], Path]


def ready(fleet: Fleet, state: str) -> str:
    """A state that knows the list and the targets, and the configuration for it."""
    begun(state)
    enforced(state, fleet)
    return told(fleet, state, "settle: 2s")


def test_lambda_keeps_a_fleet_right(
    fresh: Fresh, unpacked: Unpacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under Lambda's runtime client: a pass repairs, the next one finds nothing to do, and what is
    broken afterwards is repaired by the process that is still warm.
    """
    with AwsFleet() as fleet, around(fleet, monkeypatch):
        state = fresh("s3")
        bundle = unpacked("aws-lambda", ready(fleet, state))
        with runtimes.lambda_runtime(bundle, "handler.sweep", {}) as lambda_:
            kind, first = lambda_.ask({})
            assert kind == "response", first
            assert (first["errors"], verdicts(first, fleet)) == ([], {})
            assert first["done"] > 0
            before = list(fleet.mutations())
            kind, second = lambda_.ask({})
            assert (kind, second["done"], verdicts(second, fleet)) == ("response", 0, {})
            assert list(fleet.mutations()) == before
            fleet.break_by_hand()
            kind, third = lambda_.ask({})
            assert (kind, verdicts(third, fleet)) == ("response", {})
            assert third["done"] > 0


def test_lambda_is_told_of_a_failure(unpacked: Unpacked) -> None:
    """What can't be planned is an error to Lambda, and its text is the result."""
    bundle = unpacked("aws-lambda", "name: mail\n")
    with runtimes.lambda_runtime(bundle, "handler.sweep", {}) as lambda_:
        kind, error = lambda_.ask({})
    assert (kind, error["errorType"]) == ("error", "PassFailed")
    result = json.loads(error["errorMessage"])
    assert (result["exit"], result["means"]) == (1, "error in use or configuration")
    assert "cloudsync.yaml:1: list: is missing. Nothing was changed." in result["errors"][1]


def test_googles_framework_keeps_a_fleet_right(
    fresh: Fresh, unpacked: Unpacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the Functions Framework: a pass lets every sender in, the next finds nothing to do."""
    with GcpFleet() as fleet, around(fleet, monkeypatch):
        state = fresh("gs")
        # In enforce two of its targets end refused, which is a failure.
        config = ready(fleet, state).replace("mode: enforce", "mode: add")
        bundle = unpacked("gcp-function", config)
        with runtimes.functions_framework(bundle, "sweep", {"CLOUDSYNC_TIMEOUT": "300"}) as port:
            status, text = runtimes.post(port, {})
            assert status == 200, text
            first = json.loads(text)
            assert (first["errors"], set(first["targets"])) == ([], {"in_sync", "open"})
            assert first["done"] > 0
            before = list(fleet.mutations())
            status, text = runtimes.post(port, {})
            assert (status, json.loads(text)["done"]) == (200, 0)
            assert list(fleet.mutations()) == before


def test_googles_framework_is_told_of_a_failure(unpacked: Unpacked) -> None:
    """What can't be planned is status 500, which Cloud Scheduler counts as failed."""
    bundle = unpacked("gcp-function", "name: mail\n")
    with runtimes.functions_framework(bundle, "sweep", {}) as port:
        status, _ = runtimes.post(port, {})
    assert status == 500


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], dict[str, Any]]:
    """The functions that a bundle for Azure registers, by name, as Azure's worker finds them."""

    def found(bundle: Path) -> dict[str, Any]:
        spec = importlib.util.spec_from_file_location("function_app", bundle / "function_app.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "function_app", module)
        monkeypatch.setattr(sys, "path", [str(bundle), *sys.path])
        monkeypatch.delitem(sys.modules, "references", raising=False)
        spec.loader.exec_module(module)
        functions: dict[str, Any] = {
            one.get_function_name(): one for one in module.app.get_functions()
        }
        return functions

    return found


def test_azures_function_keeps_a_fleet_right(
    fresh: Fresh,
    unpacked: Unpacked,
    registered: Callable[[Path], dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is registered by a timer repairs, and the next time finds nothing to do."""
    with AzureFleet() as fleet, around(fleet, monkeypatch):
        state = fresh("az")
        function = registered(unpacked("azure-function", ready(fleet, state)))["sweep"]
        (timer,) = function.get_bindings()
        assert (timer.type, timer.schedule) == ("timerTrigger", "%CLOUDSYNC_SCHEDULE%")
        sweep = function.get_user_function()
        capsys.readouterr()
        sweep(None)
        first = json.loads(capsys.readouterr().out)
        assert (first["errors"], verdicts(first, fleet)) == ([], {})
        assert first["done"] > 0
        before = list(fleet.mutations())
        sweep(None)
        assert json.loads(capsys.readouterr().out)["done"] == 0
        assert list(fleet.mutations()) == before


def test_azure_is_told_of_a_failure(
    unpacked: Unpacked, registered: Callable[[Path], dict[str, Any]]
) -> None:
    """What can't be planned raises, once the result was printed."""
    function = registered(unpacked("azure-function", "name: mail\n"))["sweep"]
    with pytest.raises(PassFailed):
        function.get_user_function()(None)


def test_a_secret_that_azure_didnt_give_is_a_result_and_a_failure(
    unpacked: Unpacked,
    registered: Callable[[Path], dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By either entry, and by its name alone: what it refers to is no secret, and no password."""
    monkeypatch.setenv("SMTP_PASSWORD", "@Microsoft.KeyVault(VaultName=mail;SecretName=smtp)")
    functions = registered(unpacked("azure-function", "name: mail\n"))
    event = EventGridEvent(
        id="1", topic="t", subject=NSG, data_version="1",
        event_type="Microsoft.Resources.ResourceWriteSuccess", event_time=datetime.now(UTC),
        data={"operationName": "Microsoft.Network/networkSecurityGroups/write", "resourceUri": NSG},
    )  # fmt: skip
    for name, given in (("sweep", None), ("change", event)):
        capsys.readouterr()
        with pytest.raises(PassFailed):
            functions[name].get_user_function()(given)
        result = json.loads(capsys.readouterr().out)
        assert (result["schema"], result["exit"]) == ("cloudsync/pass/1", 1)
        assert result["errors"] == [
"SMTP_PASSWORD: the platform put no secret of the Key Vault in its place. Nothing was changed. See that the secret is there, and that the app's identity may read it."
        ]  # fmt: skip
