"""The SDK's clients, made late and kept; the only place that loads azure, and it sends nothing."""

from __future__ import annotations

import importlib.util
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cloudsync.config.values import on_loopback
from cloudsync.errors import UsageError
from cloudsync.uncollected import loading

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest

PUBLIC: Final = "https://management.azure.com"
POLL_SECONDS: Final = 1.5
"""How often an operation is asked whether it is done; left to itself the SDK asks every 30 s."""

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 30
# Sovereign clouds have their own place to sign in (azure-identity, AzureAuthorityHosts). Any other
# endpoint is a way to the public cloud, and its tokens are the public cloud's.
_AUTHORITIES: Final = {
    "management.azure.com": "login.microsoftonline.com",
    "management.chinacloudapi.cn": "login.chinacloudapi.cn",
    "management.usgovcloudapi.net": "login.microsoftonline.us",
}
PLACEHOLDER: Final = "sandbox"
"""The token for a stand-in on this machine, which nobody else is ever sent."""


def require() -> None:
    """Check that the SDK is there, without loading it.

    Raises:
        UsageError: it isn't installed.
    """
    for module in (
        "azure.identity", "azure.mgmt.network", "azure.mgmt.resourcegraph",
        "azure.mgmt.resource.subscriptions", "pyrate_limiter",
    ):  # fmt: skip
        if not _installed(module):
            raise UsageError(
                "provider azure",
                f"{module} isn't installed",
                todo="Install cloudsync-smtp[azure].",
            )


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it is absent
        return False


def needs_no_credentials(endpoint: str | None) -> bool:
    """Whether ``endpoint`` is http on this machine, where only a stand-in can be."""
    return endpoint is not None and endpoint.startswith("http://") and on_loopback(endpoint)


class Clients:
    """A client for each subscription, endpoint and tenant that is asked for.

    Credentials are made once an endpoint and tenant: each holds its own tokens.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, str | None, str | None], Any] = {}
        self._credentials: dict[tuple[str | None, str | None], Any] = {}

    def network(self, subscription: str, endpoint: str | None, tenant: str | None) -> Any:
        """The client of Microsoft.Network in one subscription."""
        with loading("azure-mgmt-network"):
            from azure.mgmt.network import NetworkManagementClient  # noqa: PLC0415

            return self._get(NetworkManagementClient, subscription, endpoint, tenant)

    def subscriptions(self, endpoint: str | None, tenant: str | None) -> Any:
        """The client that knows which subscriptions the identity sees."""
        from azure.mgmt.resource.subscriptions import SubscriptionClient  # noqa: PLC0415

        return self._get(SubscriptionClient, "", endpoint, tenant)

    def graph(self, endpoint: str | None, tenant: str | None) -> Any:
        """The client of Resource Graph."""
        from azure.mgmt.resourcegraph import ResourceGraphClient  # noqa: PLC0415

        return self._get(ResourceGraphClient, "", endpoint, tenant)

    def _get(self, kind: Any, subscription: str, endpoint: str | None, tenant: str | None) -> Any:
        key = (kind.__name__, subscription, endpoint, tenant)
        with self._lock:
            if key not in self._made:
                first = [subscription] if subscription else []
                self._made[key] = kind(
                    self._credential(endpoint, tenant), *first, **self._options(endpoint)
                )
            return self._made[key]

    def _options(self, endpoint: str | None) -> dict[str, Any]:
        from azure.core.pipeline.policies import RetryPolicy  # noqa: PLC0415

        base = endpoint or PUBLIC
        options: dict[str, Any] = {
            "base_url": base,
            "credential_scopes": [f"{audience(endpoint)}/.default"],
            "connection_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "polling_interval": POLL_SECONDS,
            # Exactly one layer tries again, and it isn't this one: it would wait past deadlines.
            "retry_policy": RetryPolicy(retry_total=0),
        }
        if needs_no_credentials(endpoint):
            options["authentication_policy"] = placeholder()
        return options

    def _credential(self, endpoint: str | None, tenant: str | None) -> Any:
        key = (endpoint, tenant)
        if key not in self._credentials:
            self._credentials[key] = (
                _Nobody() if needs_no_credentials(endpoint) else identity(endpoint, tenant)
            )
        return self._credentials[key]

    def signed_in(self, endpoint: str | None, tenant: str | None) -> None:
        """Ask for a token once, so that absent credentials are told before anything is looked at.

        Raises:
            ClientAuthenticationError: there are none, or they aren't good.
        """
        if not needs_no_credentials(endpoint):
            with self._lock:
                credential = self._credential(endpoint, tenant)
            credential.get_token(f"{audience(endpoint)}/.default")


def audience(endpoint: str | None) -> str:
    """Whom a token is for: the cloud that ``endpoint`` leads to."""
    host = urlsplit(endpoint or PUBLIC).hostname or ""
    return f"https://{host}" if host in _AUTHORITIES else PUBLIC


def identity(endpoint: str | None, tenant: str | None) -> Any:
    """The identity that the environment, the machine or a person's sign-in gives, for a tenant.

    No secret stands in a configuration: azure-identity looks for a workload or managed identity,
    for its own variables, and for the sign-in of Azure's command line.
    """
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    host = urlsplit(audience(endpoint)).hostname or ""
    found = DefaultAzureCredential(
        authority=_AUTHORITIES[host],
        additionally_allowed_tenants=[tenant] if tenant else [],
    )
    return found if tenant is None else OfTenant(found, tenant)


class OfTenant:
    """An identity that signs in to one tenant, whichever its own is."""

    def __init__(self, inner: Any, tenant: str) -> None:
        self._inner = inner
        self._tenant = tenant

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token of the tenant."""
        return self._inner.get_token(*scopes, **{**options, "tenant_id": self._tenant})


class _Nobody:
    """No identity: for a stand-in on this machine."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """None is ever asked for: the placeholder's policy stands in its place."""
        del scopes, options
        raise UsageError("provider azure", "there is no token for a stand-in")


def placeholder() -> Any:
    """The policy that sends the placeholder, to this machine and nowhere else.

    azure-core refuses to send a bearer token over http, whoever is to have it.
    """
    from azure.core.pipeline.policies import SansIOHTTPPolicy  # noqa: PLC0415

    class Placeholder(SansIOHTTPPolicy[Any, Any]):
        """Sets the header, or refuses."""

        def on_request(self, request: PipelineRequest[Any]) -> None:
            """Look where the request goes first: a stand-in may point elsewhere."""
            url = str(request.http_request.url)
            if not needs_no_credentials(url):
                raise UsageError(
                    "provider azure",
                    f"a stand-in on this machine leads to {urlsplit(url).hostname or 'nowhere'}",
                    todo="It was not followed; set endpoint to where the API is.",
                )
            request.http_request.headers["Authorization"] = f"Bearer {PLACEHOLDER}"

    return Placeholder()
