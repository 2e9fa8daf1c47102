"""The configuration: a YAML file read into frozen values, or refused line by line; it writes none.

``load`` reads a file, ``demands`` says what `enforce` still lacks, ``active`` whether an exception
still counts; ``schema.schema`` describes it all. A provider's own keys are a ``TargetSettings`` subclass.
"""

from __future__ import annotations

from cloudsync.config.exports import ExportSettings
from cloudsync.config.listing import ListSettings, PageLayout
from cloudsync.config.models import Config, PreflightSettings, Removals
from cloudsync.config.problems import ConfigError
from cloudsync.config.reading import Providers, load, read
from cloudsync.config.refusal import refused, shown
from cloudsync.config.settings import Settings
from cloudsync.config.target import (
    MODES,
    AcceptRisk,
    AlsoAllow,
    Mode,
    Priority,
    TargetSettings,
    active,
    demands,
)
from cloudsync.config.values import Words, distinct

__all__ = [
    "MODES",
    "AcceptRisk",
    "AlsoAllow",
    "Config",
    "ConfigError",
    "ExportSettings",
    "ListSettings",
    "Mode",
    "PageLayout",
    "PreflightSettings",
    "Priority",
    "Providers",
    "Removals",
    "Settings",
    "TargetSettings",
    "Words",
    "active",
    "demands",
    "distinct",
    "load",
    "read",
    "refused",
    "shown",
]
