"""Projects, shared VPC, machines and the search for projects."""

from __future__ import annotations

from cloudsync_gcp.sandbox import Sandbox
from tests.providers.gcp.sandbox.raw import Raw, rule

TYPE = "cloudresourcemanager.googleapis.com/Project"


def test_the_quota_is_read_live(raw: Raw) -> None:
    """A project says how many rules it may hold, and how many it holds."""
    raw.sandbox.seed_firewall(rule())
    raw.sandbox.change_project("mail-prod", firewalls=500)
    quotas = raw.ask("GET", "/compute/v1/projects/mail-prod")["quotas"]
    assert quotas[0] == {"metric": "FIREWALLS", "limit": 500.0, "usage": 1.0}


def test_shared_vpc(raw: Raw) -> None:
    """A service project names its host, the host its service projects; a lone one nothing."""
    raw.sandbox.seed_project("shop", host="mail-prod")
    base = "/compute/v1/projects"
    assert raw.ask("GET", f"{base}/shop/getXpnHost")["name"] == "mail-prod"
    assert raw.ask("GET", f"{base}/mail-prod")["xpnProjectStatus"] == "HOST"
    assert raw.ask("GET", f"{base}/mail-prod/getXpnResources")["resources"] == [
        {"id": "shop", "type": "PROJECT"}
    ]
    assert raw.ask("GET", f"{base}/mail-prod/getXpnHost") == {}
    assert raw.ask("GET", f"{base}/shop/getXpnResources") == {
        "kind": "compute#projectsGetXpnResources"
    }


def test_machines(raw: Raw) -> None:
    """Machines carry tags and an account, zone by zone."""
    raw.sandbox.seed_instance("mx1", tags=["mx"], account="mx@p.iam.gserviceaccount.com")
    raw.sandbox.seed_instance("web1", zone="us-east1-b", tags=["web"])
    base = "/compute/v1/projects/mail-prod"
    found = raw.ask("GET", f"{base}/aggregated/instances")["items"]
    assert {
        zone: [(one["name"], one["tags"]["items"]) for one in held["instances"]]
        for zone, held in found.items()
    } == {
        "zones/europe-west1-b": [("mx1", ["mx"])],
        "zones/us-east1-b": [("web1", ["web"])],
    }
    (one,) = raw.ask("GET", f"{base}/zones/europe-west1-b/instances")["items"]
    assert one == raw.ask("GET", f"{base}/zones/europe-west1-b/instances/mx1")
    assert one["serviceAccounts"] == [{"email": "mx@p.iam.gserviceaccount.com", "scopes": []}]


def test_a_page_of_zones(raw: Raw) -> None:
    """A zone with nothing on this page says so by a warning."""
    raw.sandbox.seed_instance("a", zone="z-a")
    raw.sandbox.seed_instance("b", zone="z-b")
    page = raw.ask("GET", "/compute/v1/projects/mail-prod/aggregated/instances", maxResults=1)
    assert page["items"]["zones/z-b"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    rest = raw.ask(
        "GET",
        "/compute/v1/projects/mail-prod/aggregated/instances",
        maxResults=1,
        pageToken=page["nextPageToken"],
    )
    assert [one["name"] for one in rest["items"]["zones/z-b"]["instances"]] == ["b"]


def organization(sandbox: Sandbox) -> None:
    """Three projects in two folders of one organization; one of them may not be seen."""
    sandbox.seed_project("shop", folders=("folders/1",), organization="organizations/9")
    sandbox.seed_project(
        "crm", folders=("folders/1", "folders/2"), organization="organizations/9",
        labels={"mail": "yes"},
    )  # fmt: skip
    sandbox.seed_project("secret", folders=("folders/1",), organization="organizations/9")
    sandbox.change_project("secret", visible=False)


def test_projects_of_an_organization(raw: Raw) -> None:
    """The search finds what may be seen below a folder or an organization, page by page."""
    organization(raw.sandbox)
    path = "/v1/organizations/9:searchAllResources"
    first = raw.ask("GET", path, assetTypes=TYPE, pageSize=1)
    assert first["results"] == [
        {
            "name": "//cloudresourcemanager.googleapis.com/projects/crm",
            "assetType": TYPE,
            "project": "projects/100000000002",
            "displayName": "crm",
            "state": "ACTIVE",
            "additionalAttributes": {"projectId": "crm"},
            "location": "global",
            "folders": ["folders/2", "folders/1"],
            "organization": "organizations/9",
            "labels": {"mail": "yes"},
        }
    ]
    rest = raw.ask("GET", path, assetTypes=TYPE, pageToken=first["nextPageToken"])
    assert [one["displayName"] for one in rest["results"]] == ["shop"]
    below = raw.ask("GET", "/v1/folders/2:searchAllResources", query="state:ACTIVE")
    assert [one["displayName"] for one in below["results"]] == ["crm"]
    labelled = raw.ask("GET", path, query="state=ACTIVE AND labels.mail:yes")
    assert [one["displayName"] for one in labelled["results"]] == ["crm"]


def test_searches_that_are_refused(raw: Raw) -> None:
    """A scope that isn't the caller's, another type, and a query that isn't understood."""
    organization(raw.sandbox)
    assert raw.refusal("GET", "/v1/organizations/8:searchAllResources") == (
        "403 forbidden: The caller does not have permission"
    )
    assert raw.refusal("GET", "/v1/organizations/9:searchAllResources", query="name:*") == (
        "400 badRequest: Request contains an invalid argument: the sandbox can't read the query "
        "name:*"
    )
    assert raw.refusal(
        "GET", "/v1/organizations/9:searchAllResources", assetTypes="compute.googleapis.com/Disk"
    ).endswith("the sandbox knows no asset of the types compute.googleapis.com/Disk")
