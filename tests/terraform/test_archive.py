"""An archive of an object store as a module's source: as it is, and as the real Terraform reads it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from cloudsync.errors import UsageError
from cloudsync.terraform.archive import Archives, packed, unpacked
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, World, block
from tests.needs import need
from tests.state.conftest import fresh, running
from tests.terraform.here import NAMES, WHY, Root
from tests.terraform.structure import blocks

__all__ = ["fresh", "running"]
NEW = "69.20.58.240/32"


@pytest.fixture
def store(world: World, tmp_path: Path) -> Path:
    """A folder that the modules are published to as an object store."""
    found = tmp_path / "store"
    found.mkdir()
    world.config(block("watch"), more=f"terraform:\n  archive: file://{found}")
    return found


def published(world: World, *networks: str) -> str:
    """The source that a module block writes, once a list of these is published."""
    world.accepted(*networks)
    done = world.run("terraform", "publish")
    assert done.code == 0, done
    found = re.search(r'source = "(.*)"', done.out)
    assert found
    return found[1]


def test_an_archive_holds_every_module_whole(world: World, store: Path) -> None:
    """Each has its files, each is HCL, and what one calls beside itself lies in the archive too."""
    source = published(world, *LIST)
    assert source.startswith(f"file://{store}/modules-1.0.0.zip//modules/MODULE?checksum=sha256:")
    files = unpacked((store / "modules-1.0.0.zip").read_bytes())
    for name in NAMES:
        for file in ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"):
            assert f"modules/{name}/{file}" in files
    called = 0
    for path, text in files.items():
        if not path.endswith(".tf"):
            continue
        for one in blocks(text):
            if one.type == "module":
                called += 1
                where: list[str] = []
                for part in PurePosixPath(path).parent.joinpath(one.said("source")).parts:
                    where = where[:-1] if part == ".." else [*where, part]
                assert f"{'/'.join(where)}/main.tf" in files, (path, one.said("source"))
    assert called >= 3


@pytest.mark.parametrize("kind", ["s3", "az"])
def test_a_store_gives_a_name_once_and_tells_the_newest(
    fresh: Callable[[str], str], kind: str
) -> None:
    """By numbers and not by letters, whatever else lies there; what has the name stays as it is."""
    store = Archives(fresh(kind))
    assert store.newest() == {}
    for version in ((1, 9, 0), (1, 10, 0)):
        assert store.put(version, {"number": str(version)})
        assert not store.put(version, {"number": str(version)})
    assert store.newest() == {"number": "(1, 10, 0)"}
    assert store.checksum((1, 9, 0)) == sha256(packed({"number": "(1, 9, 0)"})).hexdigest()
    with pytest.raises(UsageError, match=r"/modules-1\.9\.0\.zip: another release has that name"):
        store.put((1, 9, 0), {"number": "another"})
    assert store.checksum((1, 9, 0)) == sha256(packed({"number": "(1, 9, 0)"})).hexdigest()


@pytest.fixture
def served(store: Path) -> Iterator[str]:
    """The store over http on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base calls it so
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(store)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_terraform_takes_an_archive_over_http_and_only_as_it_was_published(
    world: World, store: Path, served: str, tmp_path: Path
) -> None:
    """A version, the next one, and one that somebody changed in the store: that one is refused."""
    need("terraform", WHY)
    root = Root(tmp_path / "team")
    root.folder.mkdir()

    def wanted(source: str) -> None:
        where = source.replace(f"file://{store}", served).replace("/MODULE", "/allow-list")
        output = {"value": "${module.list.ipv4}"}
        root.write({"module": {"list": {"source": where}}, "output": {"ipv4": output}})

    def let_in() -> set[str]:
        root.call("init", "-input=false", "-upgrade")
        root.call("apply", "-input=false", "-auto-approve")
        return set(json.loads(root.call("output", "-json", "ipv4")))

    wanted(published(world, *LIST))
    assert let_in() == set(LIST)
    wanted(published(world, *LIST, NEW))
    assert let_in() == {*LIST, NEW}
    path = store / "modules-1.0.1.zip"
    path.write_bytes(path.read_bytes().replace(NEW.encode(), b"69.20.58.249/32"))
    assert "Checksums did not match" in root.refusal("init", "-input=false", "-upgrade")
