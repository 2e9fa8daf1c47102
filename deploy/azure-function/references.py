"""Settings that refer to a Key Vault: the platform puts the secret in their place before the app starts.

Where it may not, or there is no such secret, it leaves the reference as it stands
(learn.microsoft.com/azure/app-service/app-service-key-vault-references, "Understand source app
settings from Key Vault"), and a password would be a text that anybody can read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from cloudsync.errors import UsageError

_REFERENCE: Final = "@Microsoft.KeyVault("


def resolved(environment: Mapping[str, str] = os.environ) -> None:
    """See that no setting is a reference still.

    Raises:
        UsageError: one is, and its name.
    """
    names = sorted(name for name, value in environment.items() if value.startswith(_REFERENCE))
    if names:
        raise UsageError(
            ", ".join(names), "the platform put no secret of the Key Vault in its place",
            todo="See that the secret is there, and that the app's identity may read it.",
        )  # fmt: skip
