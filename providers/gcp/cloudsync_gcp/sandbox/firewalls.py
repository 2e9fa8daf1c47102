"""VPC firewall rules: listed, read, and written one at a time."""

from __future__ import annotations

from typing import Any, Final

from cloudsync_gcp.sandbox import fields, schema
from cloudsync_gcp.sandbox.listing import answer, page
from cloudsync_gcp.sandbox.operations import Asked, body_of, change
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused, invalid
from cloudsync_gcp.sandbox.world import World, link, path_of

LAST_PRIORITY: Final = 65_535
SOURCE_TAGS: Final = 30
TARGET_TAGS: Final = 70
FILTERED: Final = frozenset(
    {"creationTimestamp", "description", "direction", "disabled", "id", "name", "network",
     "priority", "selfLink"}
)  # fmt: skip
_GIVEN: Final = frozenset({"creationTimestamp", "id", "kind", "params", "selfLink"})
_ALIKE: Final = ("name", "network", "direction")
_SOURCES: Final = ("sourceRanges", "sourceTags", "sourceServiceAccounts")
_LISTS: Final = (
    "sourceRanges", "sourceTags", "sourceServiceAccounts", "targetTags", "targetServiceAccounts",
    "destinationRanges", "allowed", "denied",
)  # fmt: skip


def collection(project: str) -> str:
    """The path of a project's rules."""
    return f"projects/{project}/global/firewalls"


def listed(asked: Asked) -> Body:
    """A page of rules."""
    path = collection(asked.project.id)
    items, token = page(asked, asked.world.seen(path), fields=FILTERED)
    return answer("compute#firewallList", path, items, token)


def get(asked: Asked) -> Body:
    """One rule."""
    return asked.world.get(collection(asked.project.id), asked.params["firewall"], late=True)


def insert(asked: Asked) -> Body:
    """A new rule; its name is unique in the project."""
    project = asked.project.id
    body = body_of(asked)
    schema.check(body, schema.FIREWALL)
    made = complete(asked.world, project, body)
    _free(asked, made["name"])
    if asked.world.dialect.quota != "inside":
        _room(asked)

    def apply() -> None:
        _free(asked, made["name"])
        _room(asked)
        asked.world.put(collection(project), made["name"], made)

    return change(asked, f"{collection(project)}/{made['name']}", "insert", apply)


def patch(asked: Asked) -> Body:
    """Some fields of a rule: JSON merge patch, so an array is replaced whole."""
    return _rewrite(asked, "patch", keep=True)


def update(asked: Asked) -> Body:
    """A rule written anew: every field that is left out is reset. Source: firewalls.update."""
    return _rewrite(asked, "update", keep=False)


def delete(asked: Asked) -> Body:
    """A rule goes."""
    path, name = collection(asked.project.id), asked.params["firewall"]
    asked.world.get(path, name)

    def apply() -> None:
        asked.world.get(path, name)
        asked.world.drop(path, name)

    return change(asked, f"{path}/{name}", "delete", apply)


def _rewrite(asked: Asked, kind: str, *, keep: bool) -> Body:
    path, name = collection(asked.project.id), asked.params["firewall"]
    body = body_of(asked)
    schema.check(body, schema.FIREWALL)

    def after() -> Body:
        old = asked.world.get(path, name)
        said = {key: value for key, value in body.items() if key not in _GIVEN}
        new = {**schema.merged(old if keep else {}, said)}
        new.setdefault("name", name)
        return complete(asked.world, asked.project.id, new, old=old)

    after()

    def apply() -> None:
        asked.world.put(path, name, after())

    return change(asked, f"{path}/{name}", kind, apply)


def _free(asked: Asked, name: str) -> None:
    path = collection(asked.project.id)
    if name in asked.world.now(path):
        # The name is unique in the project: docs.cloud.google.com/firewall/docs/using-firewalls.
        raise Refused(409, "alreadyExists", f"The resource '{path}/{name}' already exists")


def _room(asked: Asked) -> None:
    project = asked.project
    if len(asked.world.now(collection(project.id))) >= project.firewalls:
        # The text is of gh elastic/elastic-agent#2806; the status is said in two ways.
        status = 413 if asked.world.dialect.quota == "413" else 403
        raise Refused(
            status,
            "quotaExceeded",
            f"Quota 'FIREWALLS' exceeded.  Limit: {float(project.firewalls)} globally.",
            domain="usageLimits",
        )


def complete(world: World, project: str, body: Body, *, old: Body | None = None) -> Body:
    """A rule as it is stored: checked whole, with its defaults and what the server gives it.

    Raises:
        Refused: it can't be so, each for a reason of its own.
    """
    said = {key: value for key, value in body.items() if value is not None and key not in _GIVEN}
    name = fields.name(said.get("name"))
    network = _network(world, project, said.get("network"))
    direction = fields.direction(said.get("direction"))
    _check_action(said)
    _check_sources(said, direction)
    made: Body = {
        "kind": "compute#firewall",
        "id": old["id"] if old else world.next_id(),
        "creationTimestamp": old["creationTimestamp"] if old else world.timestamp(),
        "selfLink": link(f"{collection(project)}/{name}"),
        # Defaults: the descriptions of priority, direction, disabled and logConfig.
        "priority": fields.priority(said.get("priority", 1000), LAST_PRIORITY),
        "disabled": bool(said.get("disabled", False)),
        "logConfig": said.get("logConfig") or {"enable": False},
        "direction": direction,
        "name": name,
        "network": network,
    }
    for key in ("description", *_LISTS):
        if said.get(key):
            made[key] = said[key]
    # Without any source a rule is for 0.0.0.0/0, and IPv4 alone: Google's page on VPC firewall
    # rules; it was seen stored so in gh hashicorp/terraform-provider-google#6789.
    stored = world.dialect.no_source == "stored"
    if direction == "INGRESS" and stored and not any(made.get(key) for key in _SOURCES):
        made["sourceRanges"] = ["0.0.0.0/0"]
    if direction == "EGRESS" and not made.get("destinationRanges"):
        made["destinationRanges"] = ["0.0.0.0/0"]
    if old is not None:
        _same(old, made)
    return made


def _same(old: Body, new: Body) -> None:
    """What a rule can't change: name, network, direction and action.

    Source: docs.cloud.google.com/firewall/docs/using-firewalls, on updating rules.
    """
    for key in _ALIKE:
        if old[key] != new[key]:
            raise invalid(f"resource.{key}", new[key], f"The {key} of a rule can't be changed.")
    if ("allowed" in old) != ("allowed" in new):
        raise fields.conflict("The action of a rule can't be changed.")


def _network(world: World, project: str, given: Any) -> str:
    path = path_of(str(given or "global/networks/default"))
    if path.startswith("global/"):
        path = f"projects/{project}/{path}"
    parts = path.split("/")
    if len(parts) != 5 or parts[0] != "projects" or parts[2:4] != ["global", "networks"]:
        raise invalid("resource.network", given, "The URL is malformed.")
    if world.project(parts[1]).id != project:
        # The text is of gh AppScale/appscale-tools#339.
        raise invalid(
            "resource.network",
            given,
            "Cross-project references for this resource type are not allowed.",
        )
    world.get(f"projects/{project}/global/networks", parts[4])
    return link(f"projects/{project}/global/networks/{parts[4]}")


def _check_action(said: Body) -> None:
    if bool(said.get("allowed")) == bool(said.get("denied")):
        raise fields.conflict("Exactly one of 'allowed' and 'denied' must be given.")
    for key in ("allowed", "denied"):
        fields.protocols(said.get(key) or (), f"resource.{key}", "IPProtocol")


def _check_sources(said: Body, direction: str) -> None:
    families = {
        key: fields.ranges(said.get(key) or (), f"resource.{key}")
        for key in ("sourceRanges", "destinationRanges")
    }
    if direction == "INGRESS" and not any(said.get(key) for key in _SOURCES):
        families["sourceRanges"] = 4  # what it will stand for
    fields.one_family(*families.items())
    fields.tags(said.get("sourceTags") or (), "resource.sourceTags", SOURCE_TAGS)
    fields.tags(said.get("targetTags") or (), "resource.targetTags", TARGET_TAGS)
    for key in ("sourceServiceAccounts", "targetServiceAccounts"):
        fields.accounts(said.get(key) or (), f"resource.{key}")
    by_tag = said.get("sourceTags") or said.get("targetTags")
    by_account = said.get("sourceServiceAccounts") or said.get("targetServiceAccounts")
    if by_tag and by_account:
        # The descriptions of sourceServiceAccounts and targetServiceAccounts.
        raise fields.conflict("Tags and service accounts can't be used in the same rule.")
    if direction == "EGRESS" and (said.get("sourceTags") or said.get("sourceServiceAccounts")):
        # The description of direction.
        raise fields.conflict("Source tags and accounts can't be used in an EGRESS rule.")


def allowed_permissions(asked: Asked) -> Body:
    """Which of the permissions asked for the identity has."""
    body = body_of(asked)
    schema.check(body, {"permissions": ["string"]})
    held = asked.world.permissions
    found = [one for one in body.get("permissions", ()) if held is None or one in held]
    return {"permissions": found} if found else {}
