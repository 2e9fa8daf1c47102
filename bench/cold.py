"""What a function costs before its first call, beside constructing the bare SDK's client.

A case on stdin, in a process of its own: ``{"by": "function", "cloud": …, "folder": …}`` goes as far
as an entry in deploy/ does before a cloud is asked: what it imports, the configuration in its
bundle, its state's client, its provider and the provider's client. ``{"by": "sdk", "cloud": …}``
makes the client that the SDK's own page begins with. On stdout: ``cpu``, seconds since the process began, and what of ours is too much.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000001"
_BLOCKS: Final = {
    "aws": "{provider: aws, mode: add, regions: [us-east-1], select: {ids: [sg-0abc]}}",
    "azure": f"{{provider: azure, mode: add, protect: all, subscriptions: ['{SUBSCRIPTION}'], "
    "select: {ids: [mail/mx]}}",
    "gcp": "{provider: gcp, mode: add, projects: [mail-prod], "
    "select: {network: default, tags: [mx]}}",
}
BUCKETS: Final = {"aws": "s3://state/mail", "azure": "az://state/mail", "gcp": "gs://state/mail"}
NEVER: Final = (
    "apscheduler", "jinja2", "pydantic", "rich", "ruamel.yaml", "sqlite3", "starlette", "structlog",
    "typer",
)  # fmt: skip
"""What no function needs, and must not pay for."""


def bundle(cloud: str, folder: Path) -> None:
    """Write the configuration of a function into ``folder``, as ``deploy.bundle`` does, compiled."""
    import compileall  # noqa: PLC0415 - what writes is no part of what is measured

    from cloudsync.cli.job import block_of  # noqa: PLC0415
    from cloudsync.config import read  # noqa: PLC0415
    from cloudsync.config.prebuilt import MODULE, module  # noqa: PLC0415

    text = f"name: mail\nlist: {{source: x, format: cidr}}\nstate: memory://\ntargets: [{_BLOCKS[cloud]}]\n"
    path = folder / "cloudsync.yaml"
    path.write_text(text, "utf-8")
    made = folder / f"{MODULE}.py"
    made.write_text(module(read(text, path, providers=block_of), text), "utf-8")
    compileall.compile_file(made, quiet=1)


def function(cloud: str, folder: str) -> None:
    """An entry, up to its clients."""
    sys.path.insert(0, folder)
    collector: Any = importlib.import_module("cloudsync.uncollected")
    with collector.loading("cloudsync"):
        importlib.import_module("cloudsync.function")
    jobs: Any = importlib.import_module("cloudsync.cli.job")
    opening: Any = importlib.import_module("cloudsync.state.opening")
    told: Any = importlib.import_module("cloudsync.environment")
    config = told.configuration(Path(folder), {})
    opening.open_bucket(BUCKETS[cloud])
    with jobs.opened(config) as job:
        job.provider(cloud).on_loopback(config.targets[0])
    if cloud != "aws":  # whose answer to the line above was its client's
        clients = importlib.import_module(f"cloudsync_{cloud}.client").Clients()
        made: dict[str, Callable[[], Any]] = {
            "azure": lambda: clients.network(SUBSCRIPTION, None, None),
            "gcp": lambda: clients.get("Firewalls", "http://127.0.0.1:9"),
        }
        made[cloud]()


def sdk(cloud: str, _folder: str) -> None:
    """The bare client."""
    made: dict[str, Callable[[], Any]] = {"aws": _boto3, "azure": _azure, "gcp": _google}
    made[cloud]()


def _boto3() -> Any:
    return importlib.import_module("boto3").client("ec2", region_name="us-east-1")


def _azure() -> Any:
    credential = importlib.import_module("azure.identity").DefaultAzureCredential()
    client = importlib.import_module("azure.mgmt.network").NetworkManagementClient
    return client(credential, SUBSCRIPTION)


def _google() -> Any:
    nobody = importlib.import_module("google.auth.credentials").AnonymousCredentials()
    return importlib.import_module("google.cloud.compute_v1").FirewallsClient(credentials=nobody)


def main() -> None:
    """Measure the case on stdin."""
    case: dict[str, str] = json.load(sys.stdin)
    {"function": function, "sdk": sdk}[case["by"]](case["cloud"], case["folder"])
    too_much = [name for name in NEVER if name in sys.modules]
    sys.stdout.write(json.dumps({"cpu": time.process_time(), "too_much": too_much}))


if __name__ == "__main__":
    main()
