"""As whom an account is worked in: a role as a value, and who acts at the moment; it assumes none."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from cloudsync.immutable import immutable

SESSION: Final = "cloudsync"
"""What the account's own logs call us, unless the configuration says otherwise."""


@immutable
class Role:
    """A role of one account. ``external_id`` is what its trust policy may ask for; no secret."""

    account: str
    name: str
    external_id: str | None = None
    session: str = SESSION

    def arn(self, partition: str) -> str:
        """``arn:aws:iam::123456789012:role/cloudsync``."""
        return f"arn:{partition}:iam::{self.account}:role/{self.name}"

    def request(self, partition: str) -> dict[str, str]:
        """The arguments of AssumeRole. The session lasts as long as the role's default, an hour."""
        asked = {"RoleArn": self.arn(partition), "RoleSessionName": self.session}
        return asked if self.external_id is None else {**asked, "ExternalId": self.external_id}


_acting: ContextVar[Role | None] = ContextVar("acting", default=None)


@contextmanager
def acting(role: Role | None) -> Generator[None]:
    """Have the calls inside made as ``role``; None is the caller themself."""
    token = _acting.set(role)
    try:
        yield
    finally:
        _acting.reset(token)


def actor() -> Role | None:
    """As whom the calls here are made."""
    return _acting.get()
