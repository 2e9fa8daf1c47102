"""The sandbox's answers, held to the vendor's own models: every key of theirs, and of their type."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.network import NetworkManagementClient, models
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest

from cloudsync_azure.sandbox import Dialect, Sandbox
from tests.providers.azure.sandbox.wire import SUBSCRIPTION, properties, rule


class Token:
    """A credential that nobody checks."""

    def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        """Any token."""
        return AccessToken("anybody", int(time.time()) + 3600)


class Bearer(SansIOHTTPPolicy[Any, Any]):
    """Sends the token over plain HTTP, which the SDK's own policy refuses to do."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Set the header."""
        request.http_request.headers["Authorization"] = "Bearer anybody"


def network(sandbox: Sandbox) -> NetworkManagementClient:
    """The SDK's client, which tries once and polls at once."""
    made: Any = NetworkManagementClient
    client: NetworkManagementClient = made(
        Token(),
        SUBSCRIPTION,
        base_url=sandbox.url,
        credential_scopes=["https://management.azure.com/.default"],
        authentication_policy=Bearer(),
        polling_interval=0,
        retry_total=0,
    )
    return client


def unknown(answer: Any) -> Iterator[str]:
    """Every key of an answer that the SDK's model of it doesn't have, wherever it stands."""
    fields: dict[str, Any] = answer._attr_to_rest_field
    for key in answer:
        if key not in {field._rest_name for field in fields.values()}:
            yield f"{answer.__class__.__name__}.{key}"
    for attribute in fields:
        value = getattr(answer, attribute)
        for one in value if isinstance(value, list) else [value]:  # pyright: ignore[reportUnknownVariableType]
            if hasattr(one, "_attr_to_rest_field"):  # pyright: ignore[reportUnknownArgumentType]
                yield from unknown(one)


@pytest.mark.parametrize("lro", ["done", "async"])
def test_the_network_sdk_knows_every_key(lro: Any) -> None:
    """Lists, gets, writes and deletes go through the SDK, and it knows all that is answered."""
    with Sandbox(dialect=Dialect(lro=lro)) as sandbox:
        asg = sandbox.seed_asg("front")
        source = {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"id": asg}]}
        sandbox.seed_nsg(
            "mx", [rule("front", 200, **source)], tags={"a": "b"},
            subnets=["/s"], interfaces=["/n"],
        )  # fmt: skip
        group = sandbox.seed_nsg("own")
        sandbox.seed_interface("nic", "/s", "10.0.0.4", "fd00::4", nsg=group, asgs=[asg])
        client = network(sandbox)
        interfaces = [
            *client.network_interfaces.list_all(),
            *client.network_interfaces.list("mail"),
            client.network_interfaces.get("mail", "nic"),
        ]
        listed = list(client.network_security_groups.list_all())
        made = client.security_rules.begin_create_or_update(
            "mail", "mx", "one", models.SecurityRule({"properties": properties(description="d")})
        ).result()
        whole = client.network_security_groups.get("mail", "mx")
        again = client.network_security_groups.begin_create_or_update("mail", "mx", whole).result()
        tagged = client.network_security_groups.update_tags(
            "mail", "mx", models.TagsObject(tags={"a": "c"})
        )
        client.security_rules.begin_delete("mail", "mx", "front").result()
        left = [one.name for one in client.security_rules.list("mail", "mx")]
        groups = list(client.application_security_groups.list_all())
        answers = [*interfaces, *listed, made, whole, again, tagged, *groups]
        client.close()
    assert [key for answer in answers for key in unknown(answer)] == []
    assert left == ["one"]
    assert [one.name for one in interfaces] == ["nic"] * 3
    assert interfaces[0] == interfaces[2]
    assert (
        interfaces[0].properties or models.NetworkInterfacePropertiesFormat()
    ).network_security_group == {"id": group}
    assert made.properties is not None
    assert (made.properties.priority, made.properties.provisioning_state) == (100, "Succeeded")


def test_the_subscription_sdk_reads_the_list(sandbox: Sandbox) -> None:
    """Subscriptions come with id, tenant, name and state."""
    made: Any = SubscriptionClient
    client = made(
        Token(), base_url=sandbox.url, authentication_policy=Bearer(),
        credential_scopes=["https://management.azure.com/.default"],
    )  # fmt: skip
    found = [
        (one.subscription_id, one.tenant_id, one.display_name, one.state.value)
        for one in client.subscriptions.list()
    ]
    client.close()
    assert found == [(SUBSCRIPTION, sandbox.tenant, "sandbox 0001", "Enabled")]


def test_the_graph_sdk_reads_rows(sandbox: Sandbox) -> None:
    """A query's answer has its counts and its rows."""
    made: Any = ResourceGraphClient
    client = made(
        Token(), base_url=sandbox.url, authentication_policy=Bearer(),
        credential_scopes=["https://management.azure.com/.default"],
    )  # fmt: skip
    asked = QueryRequest(query="Resources | project name", subscriptions=[SUBSCRIPTION])
    found = client.resources(asked)
    client.close()
    assert (found.total_records, found.count, found.result_truncated, found.data) == (
        1, 1, "false", [{"name": "mx"}],
    )  # fmt: skip
