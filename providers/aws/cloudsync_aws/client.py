"""The SDK's clients, made late and kept; the only place that loads it, and it sends nothing.

``boto3.client`` hands on to botocore's session, and so does this, without what boto3 has besides
for other services: the clients are the same, but that the user agent in the account's logs begins
with Botocore, and a start is a tenth shorter.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import threading
from collections import OrderedDict
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cloudsync.errors import UsageError
from cloudsync.status.tally import LOST, OK, called
from cloudsync.trace import began
from cloudsync.uncollected import loading
from cloudsync_aws.failures import THROTTLED
from cloudsync_aws.loans import resolver

if TYPE_CHECKING:
    from botocore.session import Session

ATTEMPTS: Final = 3
"""Times that a call is tried in all. The SDK's own retries are the one layer that retries."""

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 30
# More than 16 threads make no more calls a second (measured); a smaller pool would have the
# others open a connection for each call.
_CONNECTIONS: Final = 16
_BEGAN: Final = "cloudsync_began"
# Services and regions, not accounts: every account is served by the same clients.
_CLIENTS: Final = 128


def require() -> None:
    """Check that the SDK is there, without loading it.

    Raises:
        UsageError: it isn't installed.
    """
    for module in ("boto3", "pyrate_limiter"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(
                "provider aws",
                f"{module} isn't installed",
                todo="Install cloudsync-smtp[aws].",
            )


class Clients:
    """One session, and a client for each service, region and endpoint that is asked for.

    A second session makes those that sign with lent credentials, whoever's they are. The SDK makes
    clients from shared state that isn't safe to share between threads; the clients themselves are.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[bool, Session] = {}
        self._clients: OrderedDict[tuple[str, str, str | None, bool], Any] = OrderedDict()

    def get(self, service: str, region: str, endpoint: str | None, *, lent: bool = False) -> Any:
        """The client; ``endpoint`` None leaves it to the SDK and its ``AWS_ENDPOINT_URL``.

        Raises:
            BotoCoreError: the environment's configuration can't be used.
        """
        key = (service, region, endpoint, lent)
        with self._lock, loading("boto3"):
            if key not in self._clients:
                from botocore.config import Config  # noqa: PLC0415

                # The stubs have one overload for each of AWS's services; here it is one of four.
                session: Any = self._session(lent=lent)
                self._clients[key] = session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=endpoint,
                    config=Config(
                        connect_timeout=_CONNECT_SECONDS,
                        read_timeout=_READ_SECONDS,
                        max_pool_connections=_CONNECTIONS,
                        # ``max_attempts`` would count one try more than it says.
                        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                    ),
                )
            self._clients.move_to_end(key)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)
            return self._clients[key]

    @property
    def region(self) -> str | None:
        """The region that the environment or the profile names."""
        with self._lock:
            found: str | None = self._session(lent=False).get_config_variable("region")
            return found

    def _session(self, *, lent: bool) -> Session:
        if lent not in self._made:
            from botocore.session import get_session  # noqa: PLC0415

            core = get_session()
            core.register_component("data_loader", _loader())
            # Emitted for each try, so that what the SDK tries again is counted too.
            core.register("request-created", _asked)
            core.register("response-received", _heard)
            if lent:
                core.register_component("credential_provider", resolver())
            self._made[lent] = core
        return self._made[lent]


def _asked(**said: Any) -> None:
    """Note when a try begins, where the SDK keeps what belongs to the call."""
    said["request"].context[_BEGAN] = began()


def _heard(**said: Any) -> None:
    """Count one answer; ``event_name`` is ``response-received.ec2.DescribeSecurityGroups``."""
    answer = said["parsed_response"]
    code = LOST
    if answer is not None:
        code = str(answer.get("Error", {}).get("Code", "")) or OK
    operation = said["event_name"].rpartition(".")[2]
    called("aws", operation, code, throttled=code in THROTTLED, since=said["context"].get(_BEGAN))


@lru_cache(maxsize=1)
def _loader() -> Any:
    """What reads the SDK's service models: shared, it saves each further session 200 ms."""
    from botocore.session import get_session  # noqa: PLC0415

    loader = get_session().get_component("data_loader")
    loader.file_loader = _Plain(loader.file_loader)
    return loader


class _Plain:
    """Service models as plain dicts, which keep their order too and take half the time to read.

    In the place of botocore's ``JSONFileLoader`` (botocore/loaders.py), whose files it reads.
    """

    def __init__(self, usual: Any) -> None:
        self._usual = usual

    def exists(self, path: str) -> bool:
        """Whether there is such a model."""
        found: bool = self._usual.exists(path)
        return found

    def load_file(self, path: str) -> Any:
        """The model in ``path``, which lacks its suffix; None where there is none."""
        for suffix, opened in ((".json", open), (".json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(f"{path}{suffix}", "rb") as file:
                return json.loads(file.read())
        return None
