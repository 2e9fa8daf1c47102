"""Secrets of the function on Lambda come from AWS's stores, and only when it is called."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from moto import mock_aws

from cloudsync.errors import UsageError
from tests.deploy import runtimes
from tests.deploy.test_events import trail
from tests.tree import tree

# Its stubs know one service each.
boto3: Any = import_module("boto3")


def _loaded() -> Callable[[dict[str, str]], None]:
    spec = importlib.util.spec_from_file_location("stored", tree() / "deploy/aws-lambda/stored.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[dict[str, str]], None] = module.filled
    return found


filled = _loaded()


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, str]]:
    """Both stores with a secret in each, and the ARNs; another region is the function's own."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with mock_aws():
        manager: Any = boto3.client("secretsmanager", region_name="eu-west-1")
        made = manager.create_secret(Name="mail", SecretString="of the manager")
        systems: Any = boto3.client("ssm", region_name="eu-west-1")
        systems.put_parameter(Name="/mail/hook", Value="of the system", Type="SecureString")
        parameter = systems.get_parameter(Name="/mail/hook")["Parameter"]
        yield {"manager": made["ARN"], "system": parameter["ARN"]}


@pytest.fixture
def denying() -> Generator[str]:
    """A store that gives nobody anything, in the words of AWS's JSON protocol; its URL."""

    class Denies(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"__type": "AccessDeniedException", "Message": "not for you"}'
            self.send_response(400)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Denies)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_each_secret_is_read_where_it_stands(stores: dict[str, str]) -> None:
    """By its ARN, in the ARN's region, decrypted; and anew at each call, for it may change."""
    environment = {
        "CLOUDSYNC_SECRETS": f'{{"PASSWORD": "{stores["manager"]}", "HOOK": "{stores["system"]}"}}'
    }
    filled(environment)
    assert (environment["PASSWORD"], environment["HOOK"]) == ("of the manager", "of the system")
    manager: Any = boto3.client("secretsmanager", region_name="eu-west-1")
    manager.put_secret_value(SecretId="mail", SecretString="another")
    filled(environment)
    assert environment["PASSWORD"] == "another"


def test_without_secrets_nothing_is_asked() -> None:
    """The environment stays as it is."""
    environment = {"CLOUDSYNC_SECRETS": "", "A": "b"}
    filled(environment)
    assert environment == {"CLOUDSYNC_SECRETS": "", "A": "b"}


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("no JSON", 'CLOUDSYNC_SECRETS: it isn\'t a JSON object of names and ARNs. Nothing was changed. Write {"NAME": "arn:…"}.'),
        ('["arn:aws:ssm:eu-west-1:1:parameter/mail"]', 'CLOUDSYNC_SECRETS: it isn\'t a JSON object of names and ARNs. Nothing was changed. Write {"NAME": "arn:…"}.'),
        ('{"HOOK": 1}', 'CLOUDSYNC_SECRETS: it isn\'t a JSON object of names and ARNs. Nothing was changed. Write {"NAME": "arn:…"}.'),
        ('{"HOOK": "arn:aws:s3:::mail"}', "CLOUDSYNC_SECRETS: HOOK: arn:aws:s3:::mail is of no store of secrets. Nothing was changed. Name a secret of Secrets Manager, or a parameter of Systems Manager."),
        ('{"HOOK": "hunter2"}', "CLOUDSYNC_SECRETS: HOOK: what stands there is no ARN, and isn't shown. Nothing was changed. Name a secret of Secrets Manager, or a parameter of Systems Manager."),
    ],
)  # fmt: skip
def test_what_names_no_secret_is_refused(named: str, said: str) -> None:
    """Before anything is asked."""
    with pytest.raises(UsageError) as raised:
        filled({"CLOUDSYNC_SECRETS": named})
    assert str(raised.value) == said


def test_a_secret_that_is_not_given_is_named(stores: dict[str, str]) -> None:
    """With its variable, its ARN and the store's word; nothing takes its place."""
    gone = stores["system"].replace("hook", "gone")
    environment = {"CLOUDSYNC_SECRETS": f'{{"HOOK": "{gone}"}}'}
    with pytest.raises(UsageError) as raised:
        filled(environment)
    assert f"CLOUDSYNC_SECRETS: HOOK: {gone} can't be read: " in str(raised.value)
    assert "ParameterNotFound" in str(raised.value)
    assert "HOOK" not in environment


DENIED = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ('{"HOOK": "arn:aws:s3:::mail"}', "CLOUDSYNC_SECRETS: HOOK: arn:aws:s3:::mail is of no store of secrets. Nothing was changed. "),
        ("no JSON", "CLOUDSYNC_SECRETS: it isn't a JSON object of names and ARNs. Nothing was changed. "),
        (f'{{"HOOK": "{DENIED}"}}', f"CLOUDSYNC_SECRETS: HOOK: {DENIED} can't be read: An error occurred (AccessDeniedException) when calling the GetSecretValue operation: not for you. Nothing was changed. "),
    ],
)  # fmt: skip
def test_lambda_is_told_when_a_secret_is_not_there(
    unpacked: Callable[[str, str], Path], denying: str, named: str, said: str
) -> None:
    """Both entries fail with the one result before they look at anything: its exit, and which it was."""
    bundle = unpacked("aws-lambda", "name: mail\n")
    told = {"CLOUDSYNC_SECRETS": named, "AWS_ENDPOINT_URL": denying}
    told |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    somebody = trail("RevokeSecurityGroupIngress", {"groupId": "sg-0abc"})
    for entry in ("handler.sweep", "handler.change"):
        with runtimes.lambda_runtime(bundle, entry, told) as lambda_:
            kind, error = lambda_.ask(somebody)
        assert (kind, error["errorType"]) == ("error", "PassFailed")
        result = json.loads(error["errorMessage"])
        assert (result["schema"], result["exit"], result["means"]) == (
            "cloudsync/pass/1", 1, "error in use or configuration",
        )  # fmt: skip
        (line,) = result["errors"]
        assert line.startswith(said)


def test_what_is_ignored_costs_no_secret(unpacked: Callable[[str, str], Path]) -> None:
    """An event of no concern ends before a store is asked: each question there is paid for."""
    bundle = unpacked("aws-lambda", "name: mail\n")
    with runtimes.lambda_runtime(bundle, "handler.change", {"CLOUDSYNC_SECRETS": "x"}) as lambda_:
        kind, result = lambda_.ask(trail("DescribeSecurityGroups", {}))
    assert (kind, result["ignored"]) == ("response", "it is of no concern here")
