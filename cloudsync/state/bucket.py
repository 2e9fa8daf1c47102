"""Buckets of S3 and containers of Azure, by obstore; conditions are ETags.

Who asks is what obstore finds: ``AWS_*`` or ``AZURE_*`` variables, a web identity, or the identity
of the machine or function (docs.rs/object_store, ``AmazonS3ConfigKey`` and ``AzureConfigKey``).
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar, Final

import obstore
from obstore import exceptions as failed
from obstore.store import AzureStore, ObjectStore, S3Store

from cloudsync.state.objects import Blob, Raced, Unanswered

_RETRY: Final[Any] = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}


class _Obstore:
    """A ``Bucket`` in whatever obstore opened."""

    scheme: ClassVar[str]

    def __init__(self, name: str, prefix: str, store: ObjectStore) -> None:
        self.where = f"{self.scheme}://{name}/{prefix}".rstrip("/")
        self._store = store

    def get(self, path: str) -> Blob | None:
        """See ``Bucket.get``."""
        with _translated():
            try:
                found = obstore.get(self._store, path)
                body = bytes(found.bytes())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
                    raise _no_bucket(error) from error
                return None
        # obstore gives None for what a store has no word for, and takes no None back.
        token = {key: found.meta.get(key) for key in ("e_tag", "version")}
        return Blob(body, {key: value for key, value in token.items() if value is not None})

    def put(self, path: str, body: bytes, token: Any) -> None:
        """See ``Bucket.put``."""
        with _translated(unsure=True):
            try:
                obstore.put(self._store, path, body, mode=token or "create", use_multipart=False)
            except (failed.AlreadyExistsError, failed.PreconditionError) as error:
                raise Raced from error
            except FileNotFoundError as error:
                # What was read a moment ago is gone, or the bucket is.
                if token and "NoSuchBucket" not in str(error):
                    raise Raced from error
                raise _no_bucket(error) from error

    def list(self, folder: str) -> list[tuple[str, int]]:
        """See ``Bucket.list``."""
        with _translated():
            try:
                pages: Iterable[Sequence[Any]] = self._store.list(folder)  # pyright: ignore[reportUnknownMemberType] - one overload is of an absent library
                return [(str(one["path"]), int(one["size"])) for page in pages for one in page]
            except FileNotFoundError as error:
                raise _no_bucket(error) from error

    def delete(self, path: str) -> None:
        """See ``Bucket.delete``."""
        with _translated():
            try:
                obstore.delete(self._store, path)
            except FileNotFoundError:
                return

    def close(self) -> None:
        """See ``Bucket.close``; obstore's clients end with their last reference."""


class S3Bucket(_Obstore):
    """A bucket of S3."""

    scheme = "s3"

    def __init__(self, name: str, prefix: str) -> None:
        with _translated():
            store = S3Store(
                name,
                prefix=prefix or None,
                client_options=_client("AWS_ALLOW_HTTP"),
                retry_config=_RETRY,
            )
        super().__init__(name, prefix, store)


class AzureBucket(_Obstore):
    """A container of Azure's blob storage; ``AZURE_STORAGE_ACCOUNT_NAME`` says in whose account."""

    scheme = "az"

    def __init__(self, name: str, prefix: str) -> None:
        with _translated():
            store = AzureStore(
                name,
                prefix=prefix or None,
                client_options=_client("AZURE_ALLOW_HTTP"),
                retry_config=_RETRY,
            )
        super().__init__(name, prefix, store)


def _client(allow_http: str) -> Any:
    # Options that are given replace those that obstore would have taken from the environment.
    return {
        "timeout": timedelta(seconds=20),
        "connect_timeout": timedelta(seconds=10),
        "allow_http": os.environ.get(allow_http, "").lower() == "true",
    }


@contextmanager
def _translated(*, unsure: bool = False) -> Generator[None]:
    try:
        yield
    except (PermissionError, failed.PermissionDeniedError, failed.UnauthenticatedError) as error:
        what = f"the store doesn't allow it ({_line(error)})"
        todo = "Allow this identity to read, write and list below the prefix."
        raise Unanswered(what, todo) from error
    except failed.BaseError as error:
        what = f"the store gave no usable answer ({_line(error)})"
        todo = "See that it can be reached from here, and run again."
        raise Unanswered(what, todo, unsure=unsure) from error


def _no_bucket(error: Exception) -> Unanswered:
    return Unanswered(f"the bucket isn't there ({_line(error)})", "Make it, or correct state:.")


def _line(error: Exception) -> str:
    """The first line, which is the store's answer; a second tells of obstore's insides."""
    said = str(error).partition("\n")[0].strip()
    return said[:300] or type(error).__name__
