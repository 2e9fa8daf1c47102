from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from cloudsync.config.schema import schema
from cloudsync_aws.settings import AwsSettings
from cloudsync_azure.settings import AzureSettings
from cloudsync_gcp.settings import GcpSettings

jsonschema: Any = import_module("jsonschema")
SCHEMA = schema({"aws": AwsSettings, "azure": AzureSettings, "gcp": GcpSettings})
BLOCKS: dict[str, dict[str, Any]] = {
    "aws": {"provider": "aws", "mode": "watch", "select": {"ids": ["sg-0abc1234"]}},
    "azure": {
        "provider": "azure",
        "mode": "watch",
        "subscriptions": ["00000000-0000-0000-0000-000000000001"],
        "select": {"tags": {"cloudsync": "smtp"}},
        "protect": "all",
    },
    "gcp": {
        "provider": "gcp",
        "mode": "watch",
        "projects": ["mail-prod"],
        "select": {"network": "default", "tags": ["smtp"]},
    },
}


def valid(block: dict[str, Any]) -> bool:
    """Whether the schema takes a file with this one block."""
    whole = {
        "name": "mail",
        "list": {"source": "./list.txt", "format": "cidr"},
        "targets": [block],
    }
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return bool(validator.is_valid(whole))


@pytest.mark.parametrize("cloud", BLOCKS)
def test_one_schema_holds_every_cloud(cloud: str) -> None:
    """Each cloud's block is valid; with another's `select`, or without a mode, it isn't."""
    block = BLOCKS[cloud]
    other = BLOCKS["aws" if cloud == "gcp" else "gcp"]["select"]
    assert valid(block)
    assert not valid({**block, "select": other})
    assert not valid({key: value for key, value in block.items() if key != "mode"})


def test_no_two_models_of_a_schema_share_a_name() -> None:
    """Definitions are named as their models are, without the module that tells two apart."""
    assert [name for name in SCHEMA["$defs"] if "__" in name] == []


def test_every_key_says_what_it_means() -> None:
    """Those that every cloud's block has too: an editor shows it beside the key."""
    blocks = {"": SCHEMA, **SCHEMA["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, block in blocks.items()
        for key, said in block.get("properties", {}).items()
        if not said.get("description")
    ]
    assert silent == []
    assert "mode" in blocks["AwsSettings"]["properties"]
