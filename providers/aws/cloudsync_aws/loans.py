"""The credentials that roles lend for a while, and calls that are signed with them.

All accounts share the SDK's clients, one a service and region: whose credentials sign a call is
said call by call. A client for each account would cost 20 ms and its memory, thousands of times.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from cloudsync_aws.roles import Role

_REMEMBERED: Final = 4_096
_signing: ContextVar[Any] = ContextVar("signing", default=None)


@contextmanager
def signing(credentials: Any) -> Generator[None]:
    """Have the calls inside signed with ``credentials``, by clients of ``resolver``'s session."""
    token = _signing.set(credentials)
    try:
        yield
    finally:
        _signing.reset(token)


@lru_cache(maxsize=1)
def resolver() -> Any:
    """The SDK's look-up of credentials for a session whose calls are signed call by call.

    A signer asks its credentials for frozen ones at each attempt (botocore,
    ``RequestSigner.get_auth_instance``), since any may have been renewed meanwhile.
    """
    from botocore.credentials import (  # noqa: PLC0415
        CredentialProvider,
        CredentialResolver,
        Credentials,
    )

    class Whose(Credentials):
        def get_frozen_credentials(self) -> Any:
            return _signing.get().get_frozen_credentials()

    class Lent(CredentialProvider):
        METHOD = "lent"

        def load(self) -> Any:
            return Whose("lent", "lent", method=self.METHOD)

    return CredentialResolver([Lent()])


class Loans:
    """Lent credentials by role and endpoint, each renewed before it ends; the oldest are let go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[Role, str | None], Any] = OrderedDict()

    def of(self, role: Role, endpoint: str | None, assume: Callable[[], Mapping[str, Any]]) -> Any:
        """Credentials that call ``assume`` when they are first needed, and a quarter of an hour
        before they end. It gives AssumeRole's answer; what it raises passes through.
        """
        from botocore.credentials import DeferredRefreshableCredentials  # noqa: PLC0415

        def renewed() -> dict[str, Any]:
            lent = assume()["Credentials"]
            return {
                "access_key": lent["AccessKeyId"],
                "secret_key": lent["SecretAccessKey"],
                "token": lent["SessionToken"],
                "expiry_time": lent["Expiration"].isoformat(),
            }

        key = (role, endpoint)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = DeferredRefreshableCredentials(renewed, "assume-role")
            self._held.move_to_end(key)
            while len(self._held) > _REMEMBERED:
                self._held.popitem(last=False)
        return held
