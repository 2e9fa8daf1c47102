"""Cloud Asset's search for projects under a folder or an organization; it finds nothing else.

Source: Cloud Asset API v1, searchAllResources. Only what has a documented meaning is answered: the
asset type of projects, and queries of the form `state:ACTIVE` or `labels.KEY:VALUE`.
"""

from __future__ import annotations

import re
from typing import Final

from cloudsync_gcp.sandbox.operations import Asked
from cloudsync_gcp.sandbox.values import Body
from cloudsync_gcp.sandbox.wire import Refused
from cloudsync_gcp.sandbox.world import Project

TYPE: Final = "cloudresourcemanager.googleapis.com/Project"
MOST: Final = 500
_QUERY = re.compile(r"\s*(state|labels\.[a-z0-9_-]+)\s*[:=]\s*\"?([\w-]+)\"?\s*")


def search(asked: Asked) -> Body:
    """A page of projects that may be seen under `organizations/N`, `folders/N` or `projects/P`."""
    scope = asked.params["scope"]
    types = asked.request.query.get("assetTypes", ())
    if any(not re.fullmatch(one, TYPE) for one in types):
        raise _refused(f"the sandbox knows no asset of the types {', '.join(types)}")
    size = asked.number("pageSize") or 100
    if not 0 < size <= MOST:
        raise _refused(f"page_size must be between 0 and {MOST}")
    query = asked.query.get("query", "")
    found = [
        project
        for project in sorted(asked.world.projects.values(), key=lambda one: one.id)
        if project.visible and _below(project, scope) and _passes(project, query)
    ]
    if not found and scope not in {
        one for project in asked.world.projects.values() for one in project.ancestors
    } | {f"projects/{one}" for one in asked.world.projects}:
        raise Refused(403, "forbidden", "The caller does not have permission")
    after = asked.query.get("pageToken", "")
    rest = [project for project in found if project.id > after]
    body: Body = {"results": [_shown(project) for project in rest[:size]]}
    if len(rest) > size:
        body["nextPageToken"] = rest[size - 1].id
    return body


def _below(project: Project, scope: str) -> bool:
    own = {f"projects/{project.id}", f"projects/{project.number}", *project.ancestors}
    return scope in own


def _passes(project: Project, query: str) -> bool:
    if not query.strip():
        return True
    for term in re.split(r"\s+AND\s+", query):
        match = _QUERY.fullmatch(term)
        if match is None:
            raise _refused(f"the sandbox can't read the query {query}")
        key, value = match.groups()
        if key == "state" and value != "ACTIVE":
            return False
        if key != "state" and (key.removeprefix("labels."), value) not in project.labels:
            return False
    return True


def _shown(project: Project) -> Body:
    body: Body = {
        "name": f"//cloudresourcemanager.googleapis.com/projects/{project.id}",
        "assetType": TYPE,
        "project": f"projects/{project.number}",
        "displayName": project.id,
        "state": "ACTIVE",
        "additionalAttributes": {"projectId": project.id},
        "location": "global",
    }
    if project.folders:
        # From the nearest one up, as the description of the field has it.
        body["folders"] = list(reversed(project.folders))
    if project.organization:
        body["organization"] = project.organization
    if project.labels:
        body["labels"] = dict(project.labels)
    return body


def _refused(why: str) -> Refused:
    return Refused(400, "badRequest", f"Request contains an invalid argument: {why}")
