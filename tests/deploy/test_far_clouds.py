"""Events of Azure and of Google under their platforms' own runtimes: what they are of is put right, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.functions import EventGridEvent

from cloudsync_azure.fleet import Fleet as AzureFleet
from cloudsync_gcp.fleet import Fleet as GcpFleet
from tests.deploy import runtimes
from tests.deploy.stage import around, begun, enforced, told
from tests.deploy.test_events import pushed
from tests.deploy.test_functions import registered

__all__ = ["registered"]

Fresh = Callable[[str], str]
Unpacked = Callable[[str, str], Path]


def test_a_push_of_one_sink_for_many_projects_leads_to_the_one_project(
    fresh: Fresh, unpacked: Unpacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a folder's sink tells of a project is mended; of a project that nobody looks into it is
    refused, and acknowledged: Pub/Sub would send it again for an hour.
    """
    with GcpFleet() as fleet, around(fleet, monkeypatch):
        state = fresh("gs")
        begun(state)
        enforced(state, fleet)
        config = told(fleet, state, "settle: 2s").replace("mode: enforce", "mode: add")
        bundle = unpacked("gcp-function", config)
        project = fleet.break_by_hand().target.removeprefix("gcp:").partition("/")[0]
        with runtimes.functions_framework(bundle, "change", {"CLOUDSYNC_TIMEOUT": "300"}) as port:

            def push(project: str) -> tuple[int, dict[str, Any]]:
                where = f"projects/{project}/global/firewalls/smtp"
                status, text = runtimes.post(port, pushed("v1.compute.firewalls.patch", where))
                return status, json.loads(text)

            status, first = push(project)
            assert (status, first["errors"], first["exit"]) == (200, [], 0)
            assert first["done"] > 0
            before = list(fleet.mutations())
            status, other = push("somebody-elses")
            assert (status, other["exit"], other["elsewhere"]) == (200, 1, ["gcp:somebody-elses"])
            assert other["errors"][0].startswith(
                "gcp:somebody-elses: it was changed, and no target"
            )
            status, again = push(project)
            assert (status, again["done"]) == (200, 0)
            assert list(fleet.mutations()) == before


def test_an_event_of_one_of_many_subscriptions_leads_to_the_one_group(
    fresh: Fresh,
    unpacked: Unpacked,
    registered: Callable[[Path], dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the one function that every subscription's events come to."""
    with AzureFleet() as fleet, around(fleet, monkeypatch):
        state = fresh("s3")
        begun(state)
        enforced(state, fleet)
        bundle = unpacked("azure-function", told(fleet, state, "settle: 2s"))
        functions = registered(bundle)
        functions["sweep"].get_user_function()(None)
        change = functions["change"].get_user_function()
        target = fleet.break_by_hand().target
        subscription, group, name = target.removeprefix("azure:").split("/")

        def tell(subscription: str) -> dict[str, Any]:
            where = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/networkSecurityGroups/{name}"
            operation = "Microsoft.Network/networkSecurityGroups/securityRules/write"
            capsys.readouterr()
            change(
                EventGridEvent(
                    id="1", topic="t", subject=where, data_version="1",
                    event_type="Microsoft.Resources.ResourceWriteSuccess",
                    event_time=datetime.now(UTC),
                    data={"operationName": operation, "resourceUri": f"{where}/securityRules/x"},
                )
            )  # fmt: skip
            found: dict[str, Any] = json.loads(capsys.readouterr().out)
            return found

        first = tell(subscription)
        assert (first["errors"], sum(first["targets"].values())) == ([], 1)
        assert first["done"] > 0
        before = list(fleet.mutations())
        strange = "00000000-0000-0000-0000-00000000ffff"
        other = tell(strange)
        assert (other["exit"], other["elsewhere"]) == (1, [f"azure:{strange}/{group}/{name}"])
        assert tell(subscription)["done"] == 0
        assert list(fleet.mutations()) == before
