"""The configuration's keys as tables: their models say what each is; nothing is said here again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, cast

from cloudsync.config.schema import schema
from cloudsync.config.settings import keys
from cloudsync.config.target import TargetSettings
from cloudsync_aws.settings import AwsSettings
from cloudsync_azure.settings import AzureSettings
from cloudsync_gcp.settings import GcpSettings

_WHERE: Final = {
    "list": "ListSettings",
    "page": "PageLayout",
    "removals": "Removals",
    "exports": "ExportSettings",
    "terraform": "TerraformSettings",
    "git": "GitSettings",
    "history": "History",
    "approvals": "Approvals",
    "alerts": "Alerts",
    "channel": "ChannelSettings",
    "blind": "Blind",
    "preflight": "PreflightSettings",
    "schedule": "Schedule",
    "ping": "Ping",
    "also-allow": "AlsoAllow",
    "accept-risk": "AcceptRisk",
    "priority": "Priority",
    "account": "Account",
    "organization": "Organization",
    "select": "AwsSelect",
    "azure-select": "AzureSelect",
    "azure-protect": "Protected",
    "gcp-select": "GcpSelect",
}
"""A part's name, and the model that it is made from."""

_CLOUDS: Final[Mapping[str, type[TargetSettings]]] = {
    "aws": AwsSettings,
    "azure": AzureSettings,
    "gcp": GcpSettings,
}
"""The target blocks that have a section of their own, by their provider."""


@cache
def _schema() -> dict[str, Any]:
    return schema({**_CLOUDS})


def makers() -> Mapping[str, Callable[[], str]]:
    """Every table of keys, by the name of its part."""
    shared = set(keys(TargetSettings))
    parts: dict[str, Callable[[], str]] = {
        "keys-top": lambda: _table(_schema(), lambda _: True),
        "keys-target": lambda: _table(_model("AwsSettings"), lambda key: key in shared),
        **{f"keys-{cloud}": _alone(block) for cloud, block in _CLOUDS.items()},
    }
    for part, model in _WHERE.items():
        parts[f"keys-{part}"] = _of(model)
    return parts


def known() -> dict[str, set[str]]:
    """Every key that a configuration may hold, by the part of the documents that says what it is."""
    shared = set(keys(TargetSettings))
    every = {cloud: set(_model(block.__name__)["properties"]) for cloud, block in _CLOUDS.items()}
    return {
        "keys-top": set(_schema()["properties"]),
        "keys-target": every["aws"] & shared,
        **{f"keys-{cloud}": keys - shared for cloud, keys in every.items()},
        **{f"keys-{part}": set(_model(model)["properties"]) for part, model in _WHERE.items()},
    }


def models() -> set[str]:
    """Every block of a configuration, whether a part is made from it or not."""
    return set(_schema()["$defs"])


def described() -> set[str]:
    """The blocks that a part is made from."""
    return {*(block.__name__ for block in _CLOUDS.values()), *_WHERE.values()}


def _model(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _schema()["$defs"][name]
    return found


def _alone(block: type[TargetSettings]) -> Callable[[], str]:
    """The table of the keys that only this cloud's block has."""
    return lambda: _table(_model(block.__name__), lambda key: key not in set(keys(TargetSettings)))


def _of(model: str) -> Callable[[], str]:
    return lambda: _table(_model(model), lambda _: True)


def _table(model: Mapping[str, Any], shown: Callable[[str], bool]) -> str:
    required = set(model.get("required", ()))
    rows = [
        f"| `{key}` | {'required' if key in required else _default(value)} | {_said(value)} |"
        for key, value in model["properties"].items()
        if shown(key)
    ]
    return "\n".join(["| key | left out | is |", "|---|---|---|", *rows])


def _default(value: Mapping[str, Any]) -> str:
    """What holds where the key is left out, as it would be written; `none` where nothing does."""
    default = value.get("default")
    if default is None or default in ([], {}):
        return "none"
    return f"`{_written(default)}`"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return f"{{{', '.join(f'{key}: {_written(one)}' for key, one in pairs)}}}"
    return str(value)


def _said(value: Mapping[str, Any]) -> str:
    return str(value["description"]).replace("``", "`").replace("|", "\\|")
