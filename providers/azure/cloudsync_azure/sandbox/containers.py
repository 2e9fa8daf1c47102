"""Resource groups: what the live kit needs, to make one of its own and to take it away again.

Source: the vendor's ResourceGroups_CreateOrUpdate, _Get and _Delete, and recorded traffic.
"""

from __future__ import annotations

from typing import Any

from cloudsync_azure.sandbox.asked import Asked
from cloudsync_azure.sandbox.wire import Refused, Reply, answer, empty
from cloudsync_azure.sandbox.world import Container
from cloudsync_azure.sandbox.writing import read_tags


def _shape(asked: Asked, container: Container) -> dict[str, Any]:
    subscription = asked.world.subscription(asked.subscription).id
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{container.name}",
        "name": container.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": container.location,
        **({"tags": dict(container.tags)} if container.tags else {}),
        "properties": {"provisioningState": "Succeeded"},
    }


def get_group(asked: Asked) -> Reply:
    """One resource group."""
    return answer(
        _shape(asked, asked.world.container(asked.subscription, asked.parts["group"]))
    )  # fmt: skip


def put_group(asked: Asked) -> Reply:
    """Create or replace a resource group; its resources stay."""
    groups = asked.world.subscription(asked.subscription).groups
    name, body = asked.parts["group"], asked.request.document()
    old = groups.get(name.lower())
    location = str(body.get("location") or "").replace(" ", "").lower()
    if not location:
        raise Refused("LocationRequired", "The location property is required for this definition.")
    made = Container(old.name if old else name, location, read_tags(body.get("tags")))
    groups[name.lower()] = made
    return answer(_shape(asked, made), 200 if old else 201)


def delete_group(asked: Asked) -> Reply:
    """Delete a resource group with all that is in it; it takes a while, and says where to look."""
    world = asked.world
    gone = world.container(asked.subscription, asked.parts["group"])
    inside = f"/subscriptions/{asked.subscription}/resourceGroups/{gone.name}/".lower()
    for key in [each for each in world.nsgs if each.startswith(inside)]:
        world.drop(key)
    for key in [each for each in world.asgs if each.startswith(inside)]:
        del world.asgs[key]
    del world.subscription(asked.subscription).groups[gone.name.lower()]
    where = f"{asked.request.base}/subscriptions/{asked.subscription}/operationresults/gone"
    version = f"?api-version={asked.request.query['api-version']}"
    return empty(202, {"Location": where + version})
