"""Buckets of Google Cloud Storage, by its own library; conditions are object generations.

``if_generation_match`` 0 stands for "no live object" (cloud.google.com/storage/docs/
request-preconditions). obstore isn't used here, since no emulator could show that its conditions
hold on this store.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

from google.api_core import exceptions as failed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client  # type: ignore[import-untyped]
from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped]
from requests import RequestException

from cloudsync.state.objects import Blob, Raced, Unanswered

_SECONDS: Final = (10, 20)
_RETRY: Final = DEFAULT_RETRY.with_timeout(30.0)
# A second attempt that meets its own first write is told apart by the store above.


class GcsBucket:
    """A ``Bucket`` of Google Cloud Storage."""

    def __init__(self, name: str, prefix: str) -> None:
        self.where = f"gs://{name}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        with _translated():
            self._client: Any = Client()
        self._bucket: Any = self._client.bucket(name)

    def get(self, path: str) -> Blob | None:
        """See ``Bucket.get``."""
        blob = self._bucket.blob(self._prefix + path)
        with _translated():
            try:
                body = blob.download_as_bytes(timeout=_SECONDS, retry=_RETRY)
            except failed.NotFound as error:
                # The same status stands for an object and for a bucket that isn't there.
                if "bucket does not exist" in str(error).lower():
                    raise _no_bucket(error) from error
                return None
        return Blob(cast("bytes", body), int(blob.generation))

    def put(self, path: str, body: bytes, token: Any) -> None:
        """See ``Bucket.put``."""
        blob = self._bucket.blob(self._prefix + path)
        with _translated(unsure=True):
            try:
                blob.upload_from_string(
                    body, "application/json", if_generation_match=token or 0,
                    timeout=_SECONDS, retry=_RETRY,
                )  # fmt: skip
            except failed.PreconditionFailed as error:
                raise Raced from error
            except failed.NotFound as error:
                raise _no_bucket(error) from error

    def list(self, folder: str) -> list[tuple[str, int]]:
        """See ``Bucket.list``."""
        with _translated():
            try:
                found = self._client.list_blobs(
                    self._bucket, prefix=f"{self._prefix}{folder}/", timeout=_SECONDS, retry=_RETRY
                )
                return [(str(one.name).removeprefix(self._prefix), int(one.size)) for one in found]
            except failed.NotFound as error:
                raise _no_bucket(error) from error

    def delete(self, path: str) -> None:
        """See ``Bucket.delete``."""
        with _translated():
            try:
                self._bucket.blob(self._prefix + path).delete(timeout=_SECONDS, retry=_RETRY)
            except failed.NotFound:
                return

    def close(self) -> None:
        """See ``Bucket.close``."""
        self._client.close()


@contextmanager
def _translated(*, unsure: bool = False) -> Generator[None]:
    try:
        yield
    except (failed.Forbidden, failed.Unauthorized) as error:
        what = f"the store doesn't allow it ({_line(error)})"
        todo = "Allow this identity to read, write and list below the prefix."
        raise Unanswered(what, todo) from error
    except GoogleAuthError as error:
        what = f"nobody is signed in ({_line(error)})"
        raise Unanswered(what, "Sign in, or give this machine an identity.") from error
    except (failed.GoogleAPIError, RequestException) as error:
        what = f"the store gave no usable answer ({_line(error)})"
        todo = "See that it can be reached from here, and run again."
        raise Unanswered(what, todo, unsure=unsure) from error


def _no_bucket(error: Exception) -> Unanswered:
    return Unanswered(f"the bucket isn't there ({_line(error)})", "Make it, or correct state:.")


def _line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said[:300] or type(error).__name__
