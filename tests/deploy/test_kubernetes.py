"""The Kubernetes base: held to the published schemas, and to what keeps a pod harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from tests.deploy.manifests import base, documents
from tests.documents.commands import commands
from tests.tree import tree

OLDEST, NEWEST = "1.27", kubernetes_validate.latest_version()
OBJECTS = base()
BUILT_IN = [key for key in OBJECTS if not key.startswith("PodMonitor/")]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The pods that the base makes."""
    for key, one in OBJECTS.items():
        if one["kind"] == "CronJob":
            yield key, one["spec"]["jobTemplate"]["spec"]["template"]
        elif one["kind"] == "Deployment":
            yield key, one["spec"]["template"]


each_pod = pytest.mark.parametrize(
    "pod", [pod for _, pod in pods()], ids=[key for key, _ in pods()]
)


@pytest.mark.parametrize("key", BUILT_IN)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_the_published_schema_takes_it(key: str, version: str) -> None:
    """No field is unknown and none is missing, in the oldest release meant and in the newest."""
    kubernetes_validate.validate(OBJECTS[key], version, strict=True)


def test_a_misspelt_field_would_be_seen() -> None:
    """The check above can fail."""
    wrong = deepcopy(OBJECTS["CronJob/sweep"])
    wrong["spec"]["concurencyPolicy"] = wrong["spec"].pop("concurrencyPolicy")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_the_base_holds_every_file_of_its_folder() -> None:
    """Nothing lies beside it that is never applied."""
    folder = tree() / "deploy/kubernetes/base"
    (kustomization,) = documents(folder / "kustomization.yaml")
    named = {*kustomization["resources"], "kustomization.yaml"}
    made = kustomization["configMapGenerator"]
    named |= {file for one in made for file in one.get("files", ())}
    assert {path.name for path in folder.iterdir()} == named


@each_pod
def test_a_pod_is_as_harmless_as_it_can_be(pod: dict[str, Any]) -> None:
    """Not root, no capability, nothing writable but its volumes, no token of the cluster."""
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 65532
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@each_pod
def test_what_a_pod_mounts_is_there(pod: dict[str, Any]) -> None:
    """Each mount has its volume, each volume its object, and the state is where the file says."""
    spec = pod["spec"]
    (container,) = spec["containers"]
    volumes = {one["name"]: one for one in spec["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == set(volumes)
    assert volumes["configuration"]["configMap"]["name"] == "cloudsync"
    claim = volumes["state"]["persistentVolumeClaim"]["claimName"]
    assert f"PersistentVolumeClaim/{claim}" in OBJECTS
    assert f"ServiceAccount/{spec['serviceAccountName']}" in OBJECTS
    (said,) = documents(tree() / "deploy/kubernetes/base/cloudsync.yaml")
    (state,) = [one["mountPath"] for one in container["volumeMounts"] if one["name"] == "state"]
    assert said["state"].startswith(f"sqlite:///{state}/")


def test_two_passes_never_run_at_once_and_none_is_tried_again_by_itself() -> None:
    """The next pass goes on where one stopped."""
    spec = OBJECTS["CronJob/sweep"]["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
    job = spec["jobTemplate"]["spec"]
    assert job["backoffLimit"] == 0
    (container,) = job["template"]["spec"]["containers"]
    words = f"cloudsync {container['args'][0]}"
    assert words in commands()
    assert container["args"] == ["run", "--once"]


def test_who_asks_the_page_is_who_may() -> None:
    """The network policy, the service and the monitor mean the same pods and the same port."""
    serve = OBJECTS["Deployment/serve"]["spec"]["template"]
    labels = serve["metadata"]["labels"]
    (port,) = serve["spec"]["containers"][0]["ports"]
    assert OBJECTS["Service/serve"]["spec"]["selector"].items() <= labels.items()
    monitor = OBJECTS["PodMonitor/cloudsync"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    (asked,) = monitor["podMetricsEndpoints"]
    assert (asked["port"], asked["path"]) == (port["name"], "/metrics")
    policy = OBJECTS["NetworkPolicy/cloudsync"]["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    (way_in,) = policy["ingress"]
    assert way_in["from"]
    assert [one["port"] for one in way_in["ports"]] == [port["name"]]
    assert {one["port"] for way in policy["egress"] for one in way["ports"]} == {53, 443}


def test_the_network_policy_is_of_every_pod() -> None:
    """By labels that stand in the pods themselves: what kustomize adds stands above them alone."""
    asked = OBJECTS["NetworkPolicy/cloudsync"]["spec"]["podSelector"]["matchLabels"]
    (shards,) = documents(tree() / "deploy/kubernetes/shards/shards.yaml")
    every = [*(pod for _, pod in pods()), shards["spec"]["jobTemplate"]["spec"]["template"]]
    labels = [pod["metadata"]["labels"] for pod in every]
    assert [asked.items() <= one.items() for one in labels] == [True, True, True]


def test_what_else_a_pod_may_reach_is_a_policy_of_the_same_pods() -> None:
    """The example to copy is one that the published schema takes."""
    readme = (tree() / "deploy/kubernetes/README.md").read_text("utf-8")
    (text,) = re.findall(r"```yaml\n(# more.yaml.*?)```", readme, re.DOTALL)
    read: Any = YAML(typ="safe", pure=True)
    more = read.load(text)
    kubernetes_validate.validate(more, NEWEST, strict=True)
    base = OBJECTS["NetworkPolicy/cloudsync"]["spec"]
    assert more["spec"]["podSelector"] == base["podSelector"]


def test_without_a_volume_no_pod_waits_for_one() -> None:
    """The component takes out the claim, and from each pod that has it the volume and its mount."""
    (said,) = documents(tree() / "deploy/kubernetes/no-volume/kustomization.yaml")
    read: Any = YAML(typ="safe", pure=True)
    patches = [read.load(one["patch"]) for one in said["patches"]]
    left_out = {f"{one['kind']}/{one['metadata']['name']}": one for one in patches}
    assert left_out.pop("PersistentVolumeClaim/cloudsync")["$patch"] == "delete"
    with_claim = {
        key: pod["spec"]
        for key, pod in pods()
        if any("persistentVolumeClaim" in one for one in pod["spec"]["volumes"])
    }
    assert set(left_out) == set(with_claim)
    for key, patch in left_out.items():
        spec = patch["spec"]
        spec = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
        (claim,) = [one for one in with_claim[key]["volumes"] if "persistentVolumeClaim" in one]
        assert spec["volumes"] == [{"name": claim["name"], "$patch": "delete"}]
        (container,) = with_claim[key]["containers"]
        (mount,) = [one for one in container["volumeMounts"] if one["name"] == claim["name"]]
        assert spec["containers"] == [
            {
                "name": container["name"],
                "volumeMounts": [{"mountPath": mount["mountPath"], "$patch": "delete"}],
            }
        ]


def test_a_pass_ends_by_itself_before_kubernetes_ends_it() -> None:
    """What is ended from outside while it looks has put nothing right."""
    (said,) = documents(tree() / "deploy/kubernetes/base/cloudsync.yaml")
    ended = OBJECTS["CronJob/sweep"]["spec"]["jobTemplate"]["spec"]["activeDeadlineSeconds"]
    assert int(said["deadline"].removesuffix("m")) * 60 + 90 < ended


def test_the_page_answers_to_the_name_that_the_one_setting_gives() -> None:
    """The setting is made by the base, read by the pod, and replaced by what README.md says to copy."""
    (container,) = OBJECTS["Deployment/serve"]["spec"]["template"]["spec"]["containers"]
    args = container["args"]
    assert args[args.index("--host") + 1] == "$(HOST)"
    assert f"cloudsync {args[0]}" in commands()
    (variable,) = container["env"]
    assert variable["name"] == "HOST"
    asked = variable["valueFrom"]["configMapKeyRef"]
    (kustomization,) = documents(tree() / "deploy/kubernetes/base/kustomization.yaml")
    (text,) = re.findall(
        r"```yaml\n(# overlays/mine.*?)```",
        (tree() / "deploy/kubernetes/README.md").read_text("utf-8"), re.DOTALL,
    )  # fmt: skip
    read: Any = YAML(typ="safe", pure=True)
    overlay = read.load(text)
    for one, name in ((kustomization, "serve.cloudsync.svc"), (overlay, "mail.example.com")):
        (made,) = [made for made in one["configMapGenerator"] if made["name"] == asked["name"]]
        assert made["literals"] == [f"{asked['key']}={name}"]
    assert OBJECTS["Service/serve"]["metadata"]["name"] == "serve"
    assert kustomization["namespace"] == "cloudsync"


def test_a_pod_reaches_no_machines_metadata() -> None:
    """Where a pod is who its service account is, the node's own identity isn't lent to it."""
    policy = OBJECTS["NetworkPolicy/cloudsync"]["spec"]
    blocks = [to["ipBlock"] for way in policy["egress"] for to in way["to"] if "ipBlock" in to]
    assert [one for one in blocks if one["cidr"] == "0.0.0.0/0"] == [
        {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}
    ]
