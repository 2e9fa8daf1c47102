"""A release as one file in an object store, which Terraform reads as a module's source; it decides nothing.

A name once given is never given again to another content: ``modules-1.2.3.zip`` is created, and
never written over.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any, Final

from cloudsync.errors import UsageError
from cloudsync.terraform.contents import Version, written
from cloudsync.terraform.release import NOTHING_PUBLISHED

# The oldest moment that the format knows: equal files give equal archives.
_WHEN: Final = (1980, 1, 1, 0, 0, 0)


def packed(files: Mapping[str, str]) -> bytes:
    """The files as a zip: equal files give equal bytes."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        for path, text in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _WHEN)
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, text)
    return body.getvalue()


def unpacked(body: bytes) -> dict[str, str]:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def name_of(version: Version) -> str:
    """``modules-1.2.3.zip``."""
    return f"modules-{written(version)}.zip"


class Archives:
    """The archives below one URL: ``s3://BUCKET/PREFIX``, ``gs://…``, ``az://…``, ``file:///…``.

    Raises:
        UsageError: the store can't be opened.
    """

    def __init__(self, url: str) -> None:
        from obstore.store import from_url  # noqa: PLC0415

        self.url = url
        sdk: Any = from_url
        try:
            self._store: Any = sdk(url)
        except Exception as error:
            # A folder that isn't there, or an account that the environment doesn't name.
            raise self._failed("opened", error) from error

    def newest(self) -> dict[str, str]:
        """The files of the archive with the highest version; nothing where there is none.

        Raises:
            UsageError: the store can't be read.
        """
        try:
            names = [str(one["path"]) for page in self._store.list() for one in page]
            versions = sorted(version for name in names if (version := _version(name)))
            if not versions:
                return {}
            return unpacked(bytes(self._store.get(name_of(versions[-1])).bytes()))
        except Exception as error:
            raise self._failed("read", error) from error

    def put(self, version: Version, files: Mapping[str, str]) -> bool:
        """Keep a release, unless it is there; whether it was new.

        Raises:
            UsageError: another release has that name, or the store can't be written.
        """
        name, body = name_of(version), packed(files)
        try:
            self._store.put(name, body, mode="create", use_multipart=False)
        except Exception as error:
            there = self._there(name)
            if there == body:
                return False
            if there is not None:
                raise UsageError(
                    f"{self.url}/{name}", "another release has that name", done=NOTHING_PUBLISHED,
                    todo="Publish to the git repository and the store from one installation alone.",
                ) from error  # fmt: skip
            raise self._failed("written", error) from error
        return True

    def checksum(self, version: Version) -> str:
        """The sha256 of a release as it lies there, in hexadecimal.

        Raises:
            UsageError: the store can't be read.
        """
        try:
            body = bytes(self._store.get(name_of(version)).bytes())
        except Exception as error:
            raise self._failed("read", error) from error
        return hashlib.sha256(body).hexdigest()

    def _there(self, name: str) -> bytes | None:
        try:
            return bytes(self._store.get(name).bytes())
        except Exception:  # noqa: BLE001 - the write's own error says more
            return None

    def _failed(self, what: str, error: Exception) -> UsageError:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        return UsageError(
            self.url, f"can't be {what}: {said}", done=NOTHING_PUBLISHED,
            todo="Look at the bucket's name, and what the identity may do there.",
        )  # fmt: skip


def source(url: str, name: str, environment: Mapping[str, str]) -> str:
    """The module source by which Terraform reads a file of the store, as its documents write it.

    Source: "Module Sources" in Terraform's documentation, S3 Bucket, GCS Bucket and HTTP URLs: for
    Azure's blobs it has no other form, and by that one it signs in to nothing. ``environment`` tells
    the bucket's region and the blobs' account, as it tells them to the store's own client.
    """
    scheme, _, where = url.rstrip("/").partition("://")
    if scheme == "s3":
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION", "")
        host = "s3" if region in {"", "us-east-1"} else f"s3-{region}"
        return f"s3::https://{host}.amazonaws.com/{where}/{name}"
    if scheme == "gs":
        return f"gcs::https://www.googleapis.com/storage/v1/{where}/{name}"
    if scheme == "az":
        account = environment.get("AZURE_STORAGE_ACCOUNT_NAME", "")
        known = (environment.get(one) for one in ("AZURE_ENDPOINT", "AZURE_STORAGE_ENDPOINT"))
        blobs = next(filter(None, known), f"https://{account}.blob.core.windows.net")
        return f"{blobs.rstrip('/')}/{where}/{name}"
    return f"{url.rstrip('/')}/{name}"


def _version(name: str) -> Version | None:
    parts = name.removeprefix("modules-").removesuffix(".zip").split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    found = tuple(int(part) for part in parts)
    version = (found[0], found[1], found[2])
    return version if name == name_of(version) else None
