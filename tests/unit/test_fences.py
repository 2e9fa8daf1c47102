from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.needs import missing, namespace, need


def test_the_network_ends_at_loopback() -> None:
    """A connection to an address outside this machine is refused before it is made."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside,
        pytest.raises(
            UserWarning
        ) as refused,  # pytest-socket warns first, and a warning is an error
    ):
        outside.connect(("192.0.2.1", 25))
    assert str(refused.value) == (
        "A test tried to use socket.socket.connect()"
        ' with host "192.0.2.1" (allowed: "127.0.0.1,::1").'
    )


def test_loopback_is_reached() -> None:
    """A server on this machine is, or no sandbox could be tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            assert client.getpeername() == address


def test_no_test_finds_the_developers_cloud() -> None:
    """Nothing in the environment leads a command to a real account, or round the fence by a proxy."""
    left = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("AWS_", "AZURE_", "ARM_", "GOOGLE_")) or name.lower() == "https_proxy"
    }
    assert left == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def test_a_missing_tool_is_a_skip_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine a test that lacks its tool says what the tool is for."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        need("no-such-tool", "the answers are compared with its own")
    assert skipped.value.msg == "no-such-tool is not here: the answers are compared with its own"


def test_a_missing_tool_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI=true a test that can't run is no test that passed."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception) as failed:
        need("no-such-tool", "the answers are compared with its own")
    assert failed.value.msg == (
        "no-such-tool is not here: the answers are compared with its own."
        " With CI=true this is a failure; .ci/run installs it."
    )


def test_terraform_may_be_missing_even_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """No package registry carries Terraform, so its absence is a skip everywhere."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception) as skipped:
        missing("terraform", "the modules are validated by it")
    assert skipped.value.msg == "terraform is not here: the modules are validated by it"


def test_a_machine_may_forbid_namespaces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That it does is tried, not assumed; where it doesn't, the program to start with is named."""
    forbids = tmp_path / "unshare"
    forbids.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    forbids.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception) as skipped:
        namespace("a firewall is tried in it")
    assert skipped.value.msg == "a network namespace is not here: a firewall is tried in it"
    forbids.write_text('#!/bin/sh\n[ "$1" = -nm ]\n', "utf-8")
    assert namespace("a firewall is tried in it", root=True) == [str(forbids), "-nm"]


def test_a_tool_that_is_here_is_found() -> None:
    """What is found is returned as a path to start it by."""
    assert os.access(need("git", "this test looks for it"), os.X_OK)
