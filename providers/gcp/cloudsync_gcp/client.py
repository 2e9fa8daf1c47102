"""The SDK's clients, made late and kept; the only place that loads it, and it sends nothing.

A target whose endpoint is http on loopback gets no credentials: there can only be a sandbox. For
any other endpoint they are those of the environment (google-auth, "application default").
"""

from __future__ import annotations

import importlib.util
import threading
from typing import Any, Final
from urllib.parse import urlsplit

from cloudsync.config.values import on_loopback
from cloudsync.errors import UsageError
from cloudsync.uncollected import loading
from cloudsync_gcp.resource_manager import ResourceManagerClient

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)


def require() -> None:
    """Check that the SDK is there, without loading it.

    Raises:
        UsageError: it isn't installed.
    """
    for module in ("google.cloud.compute_v1", "google.cloud.asset_v1", "pyrate_limiter"):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError(
                "provider gcp", f"{module} isn't installed", todo="Install cloudsync-smtp[gcp]."
            )


def placeholder(endpoint: str | None) -> bool:
    """Whether calls to ``endpoint`` go without credentials: http, on this machine."""
    return endpoint is not None and urlsplit(endpoint).scheme == "http" and on_loopback(endpoint)


class Clients:
    """A client for each service and endpoint that is asked for; they may be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._credentials: tuple[Any, str | None] | None = None

    def get(self, service: str, endpoint: str | None) -> Any:
        """The client of ``service``, such as ``Firewalls``; ``Asset`` is of another API.

        Raises:
            GoogleAuthError: there are no credentials.
        """
        key = (service, endpoint)
        with self._lock, loading("google-cloud"):
            if key not in self._clients:
                self._clients[key] = self._made(service, endpoint)
            return self._clients[key]

    def project(self) -> str | None:
        """The project that the environment or the credentials name.

        Raises:
            GoogleAuthError: there are no credentials.
        """
        with self._lock:
            return self._found()[1]

    def _made(self, service: str, endpoint: str | None) -> Any:
        from google.api_core.client_options import ClientOptions  # noqa: PLC0415
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

        # Neither has types that the checkers could follow in reasonable time.
        module: Any
        if service == "Asset":
            module = importlib.import_module("google.cloud.asset_v1")
        else:
            module = importlib.import_module("google.cloud.compute_v1")
        anonymous: Any = AnonymousCredentials
        credentials = anonymous() if placeholder(endpoint) else self._found()[0]
        if service == "ResourceManager":
            return ResourceManagerClient(credentials, endpoint)
        options = ClientOptions(api_endpoint=endpoint) if endpoint else ClientOptions()
        kind = getattr(module, f"{service}Client" if service != "Asset" else "AssetServiceClient")
        return kind(credentials=credentials, client_options=options, transport="rest")

    def _found(self) -> tuple[Any, str | None]:
        found = self._credentials
        if found is None:
            auth: Any = importlib.import_module("google.auth")
            found = self._credentials = (*auth.default(scopes=SCOPES),)
        return found
