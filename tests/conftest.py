"""What holds for every test: Hypothesis' profile, and no road to a real cloud."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

# A deadline on a shared machine fails for the neighbour's sake, and so does "too slow".
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# What CI says of a change must be about that change: there it draws the same worlds every time.
# The search for new ones is random wherever a person tests, and long in `make fire`.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")

# pytest-socket watches this process only. A command that a test starts must not find the
# developer's own account, or a test would change real firewalls.
CLOUD_VARIABLES = ("AWS_", "AZURE_", "ARM_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "CLOUDSYNC_")
KEPT = frozenset({"CLOUDSYNC_TREE", "CLOUDSYNC_AZURITE"})


def pytest_configure(config: pytest.Config) -> None:
    """Take the developer's clouds and proxies out of the environment, before anything is imported.

    What is compiled is kept: the tests start the command some hundred times, and wherever Python is
    told to write no bytecode each start would compile every module anew, most of its time.
    """
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in list(os.environ):
        proxy = name.lower() in {"http_proxy", "https_proxy", "all_proxy"}
        if proxy or (name.startswith(CLOUD_VARIABLES) and name not in KEPT):
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["NO_COLOR"] = "1"
