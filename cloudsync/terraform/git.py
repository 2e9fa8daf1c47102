"""A git repository that the modules are published to, by dulwich, so that no git binary is needed.

It reads a branch, and adds one commit to it. A push is taken by the server only where the branch
still stands where it was read; nothing is ever forced.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from cloudsync.errors import UsageError
from cloudsync.immutable import immutable
from cloudsync.secret import hidden
from cloudsync.terraform.folder import NAMES
from cloudsync.terraform.release import LOG, NOTHING_PUBLISHED

_FILE: Final = 0o100644
_NOBODY: Final = b"cloudsync <cloudsync@localhost>"


class RacedError(Exception):
    """Somebody else has pushed since the branch was read."""


@immutable
class Branch:
    """What stands on a branch: the modules and their change log, and every ref of the repository."""

    files: Mapping[str, str]
    head: bytes | None
    refs: Mapping[bytes, bytes]
    tree: bytes | None = None


class Repository:
    """One repository. ``token_env`` names the variable with the password, where one is needed."""

    def __init__(self, url: str, user: str | None, token_env: str | None) -> None:
        self.url = url
        try:
            from dulwich.client import get_transport_and_path  # noqa: PLC0415
            from dulwich.repo import MemoryRepo  # noqa: PLC0415
        except ImportError as error:
            raise UsageError(
                "terraform.git", "dulwich isn't installed", done=NOTHING_PUBLISHED,
                todo="pip install 'cloudsync-smtp[terraform]'",
            ) from error  # fmt: skip
        token = os.environ.get(token_env, "") if token_env else None
        if token_env and not token:
            raise UsageError(
                "terraform.git.token_env", f"{token_env} isn't set", done=NOTHING_PUBLISHED,
                todo="Set it where cloudsync runs.",
            )  # fmt: skip
        sdk: Any = get_transport_and_path
        self._token, self._token_env = token, token_env
        name = user or ("git" if token else None)
        # As it is, and as it goes over the wire.
        self._secrets = [token, b64encode(f"{name}:{token}".encode()).decode()] if token else []
        self._client, self._path = sdk(url.removeprefix("file://"), username=name, password=token)
        self._kept: Any = MemoryRepo()

    def close(self) -> None:
        """Let go of what was read."""
        self._kept.close()

    def read(self, branch: str) -> Branch:
        """What stands on ``branch``; nothing where there is none.

        Raises:
            UsageError: the repository can't be read.
        """
        ref = _ref(branch)

        def wanted(refs: Mapping[bytes, bytes], depth: int | None = None) -> list[bytes]:
            del depth
            return [refs[ref]] if ref in refs and refs[ref] not in self._kept.object_store else []

        try:
            answer = self._client.fetch(self._path, self._kept, determine_wants=wanted)
        except Exception as error:
            raise self._failed("read", error) from error
        refs = {name: one for name, one in answer.refs.items() if one}
        head = refs.get(ref)
        if head is None:
            return Branch({}, None, refs)
        tree = self._kept[head].tree
        return Branch(dict(self._texts(tree)), head, refs, tree)

    def push(
        self,
        branch: str,
        onto: Branch,
        files: Mapping[str, str],
        message: str,
        tag: str | None,
        now: datetime,
    ) -> str:
        """Add a commit with ``files`` to what ``onto`` was, and give it a tag; its id.

        Where ``files`` are what stands there, only the tag is set.

        Raises:
            RacedError: the branch stands somewhere else by now.
            UsageError: the tag stands already at another commit, or the push is refused.
        """
        head = onto.head
        if head is None or dict(files) != dict(onto.files):
            head = self._commit(onto, files, message, now)
        new = {_ref(branch): head}
        if tag:
            name = f"refs/tags/{tag}".encode()
            if onto.refs.get(name, head) != head:
                raise UsageError(
                    self.url, f"the tag {tag} stands already, at another commit", done=NOTHING_PUBLISHED,
                    todo="A tag is never moved. Take the branch to the version of the tag, or delete it.",
                )  # fmt: skip
            new[name] = head

        def update(refs: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
            for name, one in new.items():
                if refs.get(name) not in {onto.refs.get(name), one}:
                    raise RacedError
            return {name: one for name, one in new.items() if refs.get(name) != one}

        try:
            done = self._client.send_pack(self._path, update, self._kept.generate_pack_data)
        except RacedError:
            raise
        except Exception as error:
            # A server says in words of its own that a ref moved between its two answers: what
            # stands there now is what tells.
            if self.read(branch).head != onto.head:
                raise RacedError from error
            raise self._failed("pushed to", error) from error
        status: Mapping[bytes, str | None] = done.ref_status or {}
        wrong = {name.decode(): why for name, why in status.items() if why}
        if wrong:
            if self.read(branch).head not in {onto.head, head}:
                raise RacedError
            said = self._hidden("; ".join(f"{name}: {why}" for name, why in sorted(wrong.items())))
            raise UsageError(
                self.url, f"refused the push: {said}", done=NOTHING_PUBLISHED,
                todo="Give the identity the right to push there, or name another branch.",
            )  # fmt: skip
        found: str = head.decode()
        return found

    def _commit(self, onto: Branch, files: Mapping[str, str], message: str, now: datetime) -> bytes:
        from dulwich.object_store import commit_tree_changes  # noqa: PLC0415
        from dulwich.objects import Blob, Commit, Tree  # noqa: PLC0415

        store = self._kept.object_store
        changes: list[tuple[bytes, int | None, bytes | None]] = []
        for path, text in sorted(files.items()):
            if onto.files.get(path) != text:
                blob: Any = Blob.from_string(text.encode())
                store.add_object(blob)
                changes.append((path.encode(), _FILE, blob.id))
        changes += [(path.encode(), None, None) for path in sorted(set(onto.files) - set(files))]
        tree: Any = self._kept[onto.tree] if onto.tree else Tree()
        if not onto.tree:
            store.add_object(tree)
        sdk: Any = commit_tree_changes
        commit: Any = Commit()
        commit.tree = sdk(store, tree.id, changes)
        commit.parents = [onto.head] if onto.head else []
        commit.author = commit.committer = _NOBODY
        commit.author_time = commit.commit_time = int(now.timestamp())
        commit.author_timezone = commit.commit_timezone = 0
        commit.encoding = b"UTF-8"
        commit.message = message.encode()
        store.add_object(commit)
        found: bytes = commit.id
        return found

    def _texts(self, tree: bytes) -> Iterator[tuple[str, str]]:
        from dulwich.objects import S_ISGITLINK  # noqa: PLC0415

        store = self._kept.object_store
        for entry in store.iter_tree_contents(tree):
            if S_ISGITLINK(entry.mode):
                continue  # another repository's commit, which isn't here: it stays where it is
            path = entry.path.decode("utf-8", "replace")
            if path == LOG or path.startswith(tuple(f"modules/{name}/" for name in NAMES)):
                yield path, self._kept[entry.sha].data.decode("utf-8", "replace")

    def _failed(self, what: str, error: Exception) -> UsageError:
        if type(error).__name__ == "HTTPUnauthorized":
            known = f"the token in {self._token_env}" if self._token else "whoever has no token"
            return UsageError(
                self.url, f"can't be {what}: the server doesn't let in {known} (HTTP 401)",
                done=NOTHING_PUBLISHED,
                todo=f"Set {self._token_env} to a token that may read and push there."
                if self._token
                else "Name the variable that holds a token: terraform.git.token_env.",
            )  # fmt: skip
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return UsageError(
            self.url, f"can't be {what}: {self._hidden(said)}", done=NOTHING_PUBLISHED,
            todo="Look at the address, the branch, and what the token may do.",
        )  # fmt: skip

    def _hidden(self, said: str) -> str:
        # What a server says back is shown, and may be what it was sent.
        return hidden(said, self._secrets)


def _ref(branch: str) -> bytes:
    return f"refs/heads/{branch}".encode()
