"""Publishing to a git repository and an object store, on this machine, without Terraform."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from dulwich.object_store import commit_tree_changes
from dulwich.objects import Blob
from dulwich.refs import Ref
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

from cloudsync.cli.job import job
from cloudsync.terraform import git
from cloudsync.terraform.archive import Archives, unpacked
from cloudsync.terraform.contents import read
from cloudsync.terraform.ledger import VERSIONS_KEY, published
from cloudsync.terraform.release import LIST as PATH
from tests.e2e.conftest import world as world  # noqa: PLC0414 - the fixture
from tests.e2e.world import LIST, Ran, World, block, tcp

NEW = "69.20.58.240/32"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Repo]:
    """An empty repository."""
    with Repo.init_bare(str(tmp_path / "modules.git"), mkdir=True) as repository:
        yield repository


def configured(world: World, bare: Repo, more: str = "") -> None:
    """A list in force, and the repository to publish it to."""
    said = f"terraform:\n  git:\n    url: file://{bare.path}\n{more}"
    world.config(block("watch"), more=said)
    world.accepted()


def refs(bare: Repo) -> dict[str, str]:
    """What stands in the repository."""
    found = bare.get_refs()
    return {name.decode(): one.decode() for name, one in found.items() if name != b"HEAD"}


def file(bare: Repo, commit: str, path: str) -> str:
    """One file of a commit."""
    store: Any = bare.object_store
    tree = bare[commit.encode()].tree  # type: ignore[attr-defined,unused-ignore]
    found = {one.path.decode(): one.sha for one in store.iter_tree_contents(tree)}
    return bytes(store[found[path]].data).decode()


def test_a_release_is_a_commit_with_a_tag_and_a_second_run_pushes_nothing(
    world: World, bare: Repo
) -> None:
    """The first version, then nothing, then a patch for an address that came: each an own commit."""
    configured(world, bare)
    first = world.run("terraform", "publish", "--out", "pr.md")
    assert (first.code, first.out) == (
        0,
        (
            f"file://{bare.path}: version 1.0.0 published.\n"
            f'  source = "git::file://{bare.path}//modules/MODULE?ref=v1.0.0"\n'
        ),
    )
    stands = refs(bare)
    assert sorted(stands) == ["refs/heads/main", "refs/tags/v1.0.0"]
    assert len(set(stands.values())) == 1
    version, keys = read(file(bare, stands["refs/heads/main"], PATH))
    assert (version, {network for network, _ in keys}) == ((1, 0, 0), set(LIST))
    assert "has this list already" in world.run("terraform", "publish").out
    assert refs(bare) == stands
    world.accepted(*LIST, NEW)
    assert world.run("terraform", "publish", "--out", "pr.md").code == 0
    after = refs(bare)
    assert sorted(after) == ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.0.1"]
    assert after["refs/tags/v1.0.0"] == stands["refs/tags/v1.0.0"]
    text = (world.folder / "pr.md").read_text("utf-8")
    assert text.startswith("Mail filter's addresses 1.0.1: 1 came\n\nFrom 1.0.0 to 1.0.1.\n\n### Came (1)\n\nListed by the vendor, accepted ")  # fmt: skip
    assert f"\n- `{NEW} base`\n" in text


def test_a_lost_race_is_made_again_from_a_fresh_read_and_nothing_is_forced(
    world: World, bare: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pushed between the read and the push: their commit stays, and ours follows it."""
    configured(world, bare)
    assert world.run("terraform", "publish").code == 0
    world.accepted(*LIST, NEW)
    push, raced = git.Repository.push, list[str]()

    def slow(self: git.Repository, branch: str, onto: git.Branch, *more: Any) -> str:
        if not raced:
            with closing(git.Repository(self.url, None, None)) as other:
                files = {**onto.files, "modules/aws/README.md": "a hand's"}
                raced.append(
                    push(other, branch, other.read(branch), files, "a hand", None, more[-1])
                )
        return push(self, branch, onto, *more)

    monkeypatch.setattr(git.Repository, "push", slow)
    done = world.run("terraform", "publish")
    assert (done.code, "version 1.0.1 published" in done.out) == (0, True)
    head: Any = bare[refs(bare)["refs/heads/main"].encode()]
    assert [one.decode() for one in head.parents] == raced


def test_what_a_person_merges_is_a_branch_of_its_own(world: World, bare: Repo) -> None:
    """With propose, the main branch stays, no tag is set, and the same list isn't proposed twice."""
    configured(world, bare)
    assert world.run("terraform", "publish").code == 0
    main = refs(bare)["refs/heads/main"]
    configured(world, bare, "    propose: true\n")
    world.accepted(*LIST, NEW)
    for _ in range(2):
        assert world.run("terraform", "publish").code == 0
    (branch,) = set(refs(bare)) - {"refs/heads/main", "refs/tags/v1.0.0"}
    assert branch.startswith("refs/heads/cloudsync/v1.0.1-")
    assert refs(bare)["refs/heads/main"] == main
    head: Any = bare[refs(bare)[branch].encode()]
    assert [one.decode() for one in head.parents] == [main]


def test_a_text_that_cant_be_written_is_no_reason_to_deny_the_release(
    world: World, bare: Repo
) -> None:
    """The modules are out by then, and the error says so."""
    configured(world, bare)
    done = world.run("terraform", "publish", "--out", "nowhere/pr.md")
    assert done.code == 1
    assert "refs/tags/v1.0.0" in refs(bare)
    assert "can't be written: No such file or directory. The modules are published. " in done.err


def test_another_repository_among_the_modules_stays_where_it_is(world: World, bare: Repo) -> None:
    """A submodule's commit isn't in this repository: it is neither read nor taken away."""
    configured(world, bare)
    assert world.run("terraform", "publish").code == 0
    store: Any = bare.object_store
    commit: Any = bare[refs(bare)["refs/heads/main"].encode()].copy()
    link = (b"modules/aws/theirs", 0o160000, commit.id)
    commit.tree = commit_tree_changes(store, store[commit.tree], [link])
    store.add_object(commit)
    bare.refs[Ref(b"refs/heads/main")] = commit.id
    world.accepted(*LIST, NEW)
    done = world.run("terraform", "publish")
    assert (done.code, done.err) == (0, "")
    tree = bare[refs(bare)["refs/heads/main"].encode()].tree  # type: ignore[attr-defined,unused-ignore]
    assert b"modules/aws/theirs" in {one.path for one in store.iter_tree_contents(tree)}


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("modules/aws/extra.tf", 'provider "aws" {}',
         "modules/aws/extra.tf is no part of the modules, and Terraform would read it with them. "),
        (PATH, "{}", ("the list there isn't one that cloudsync wrote: it lacks what a list of "
         "cloudsync.modules/1 holds ('schema'). ")),
    ],
)  # fmt: skip
def test_what_is_not_ours_among_the_modules_is_never_published(
    world: World, bare: Repo, path: str, text: str, what: str
) -> None:
    """A stranger's file would be carried out by whoever plans: neither a folder nor git takes more."""
    configured(world, bare)
    assert world.run("terraform", "publish").code == 0
    assert world.run("terraform", "write", "out").code == 0
    (world.folder / "out" / path).write_text(text, "utf-8")
    blob: Any = Blob.from_string(text.encode())
    commit: Any = bare[refs(bare)["refs/heads/main"].encode()].copy()
    store: Any = bare.object_store
    store.add_object(blob)
    commit.tree = commit_tree_changes(
        store, store[commit.tree], [(path.encode(), 0o100644, blob.id)]
    )
    store.add_object(commit)
    bare.refs[Ref(b"refs/heads/main")] = commit.id
    world.accepted(*LIST, NEW)
    before = refs(bare)
    wrote, sent = (world.run("terraform", *one) for one in (("write", "out"), ("publish",)))
    assert (wrote.code, sent.code, refs(bare)) == (1, 1, before)
    assert wrote.err.startswith(f"out: {what}Nothing was written. ")
    assert sent.err.startswith(f"file://{bare.path}: {what}Nothing was published. ")


def test_a_tag_is_never_moved(world: World, bare: Repo) -> None:
    """A tag that somebody set on another commit is an error, and the branch stays as it was."""
    configured(world, bare)
    assert world.run("terraform", "publish").code == 0
    bare.refs[b"refs/tags/v1.0.1"] = bare.refs[b"refs/heads/main"]  # type: ignore[index,unused-ignore]
    world.accepted(*LIST, NEW)
    stands = refs(bare)
    refused = world.run("terraform", "publish")
    assert (refused.code, refs(bare)) == (1, stands)
    assert "the tag v1.0.1 stands already, at another commit. Nothing was published." in refused.err


def test_the_worker_publishes_when_the_list_in_force_changes(world: World, bare: Repo) -> None:
    """A pass publishes, the next one asks nobody, and a repository that is gone is heard of."""
    configured(world, bare)
    world.group("mail")
    assert world.run("run", "--once").code == 0
    stands = refs(bare)
    assert sorted(stands) == ["refs/heads/main", "refs/tags/v1.0.0"]
    Path(bare.path).rename(world.folder / "away")
    assert "can't be" not in world.run("run", "--once").err
    world.accepted(*LIST, NEW)
    lost = world.run("run", "--once")
    assert "The Terraform modules can't be published" in f"{lost.out}{lost.err}"
    (world.folder / "away").rename(bare.path)
    world.run("run", "--once")
    assert "refs/tags/v1.0.1" in refs(bare)


def test_an_archive_a_version_is_created_and_never_written_over(
    world: World, tmp_path: Path
) -> None:
    """Each version is a file of its own with the same bytes for the same files."""
    store = tmp_path / "store"
    store.mkdir()
    world.config(block("watch"), more=f"terraform:\n  archive: file://{store}")
    world.accepted()
    for _ in range(2):
        done: Ran = world.run("terraform", "publish")
        assert done.code == 0, done
    world.accepted(*LIST, NEW)
    assert world.run("terraform", "publish").code == 0
    assert sorted(one.name for one in store.iterdir()) == ["modules-1.0.0.zip", "modules-1.0.1.zip"]
    files = unpacked((store / "modules-1.0.0.zip").read_bytes())
    assert read(files[PATH])[0] == (1, 0, 0)
    archives = Archives(f"file://{store}")
    assert not archives.put((1, 0, 0), files)
    with pytest.raises(Exception, match="another release has that name"):
        archives.put((1, 0, 0), {PATH: "other"})


def test_a_store_that_cant_be_opened_keeps_no_pass_from_telling_what_it_found(
    world: World, bare: Repo, tmp_path: Path
) -> None:
    """It is an error with a way out, says what did go out, and the worker's own report comes."""
    store = tmp_path / "nowhere"
    configured(world, bare, f"  archive: file://{store}\n")
    world.group("mail")
    done = world.run("terraform", "publish")
    assert done.code == 1, done
    assert done.err.startswith(f"file://{store}: can't be opened: ")
    assert f"Version 1.0.0 is in file://{bare.path}, and in no archive. " in done.err
    assert "Nothing was published" not in done.err
    with job(world.folder / "cloudsync.yaml") as each:
        known = published(each.store)
    assert known
    assert known.number == "1.0.0"
    said = world.run("run", "--once")
    told = f"{said.out}{said.err}"
    assert "Now: 1 target: 1 missing" in told
    assert "The Terraform modules can't be published" in told


def test_versions_that_the_state_lost_are_read_again(world: World, bare: Repo) -> None:
    """Though the list hasn't changed, the next pass asks what is published: who lags is told by it."""
    configured(world, bare)
    world.group("mail", *tcp(*LIST))
    assert world.run("terraform", "publish").code == 0
    assert world.run("run", "--once").code == 0
    with job(world.folder / "cloudsync.yaml") as each:
        known = each.store.get(VERSIONS_KEY)
        assert known
        each.store.delete(VERSIONS_KEY, known.generation)
    assert world.run("run", "--once").code == 0
    with job(world.folder / "cloudsync.yaml") as each:
        again = published(each.store)
    assert again
    assert again.number == "1.0.0"
    assert set(refs(bare)) == {"refs/heads/main", "refs/tags/v1.0.0"}


@pytest.fixture
def served(bare: Repo) -> Iterator[str]:
    """The repository over http on loopback."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its base calls it so
            """Nothing."""

    known: Any = {"/modules.git": bare}
    backend: Any = DictBackend(known)
    chain: Any = make_wsgi_chain(backend)
    server = make_server("127.0.0.1", 0, chain, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/modules.git"
    server.shutdown()
    server.server_close()


def test_it_goes_over_http_as_well(world: World, bare: Repo, served: str) -> None:
    """The smart protocol, as forges speak it: a first push, and one on top of it."""
    world.config(block("watch"), more=f"terraform:\n  git:\n    url: {served}")
    world.accepted()
    first = world.run("terraform", "publish")
    assert first.code == 0, first
    world.accepted(*LIST, NEW)
    second = world.run("terraform", "publish")
    assert second.code == 0, second
    assert sorted(refs(bare)) == ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.0.1"]
