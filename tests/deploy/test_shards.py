"""What starts a run in shards on each platform: held to the vendors' own schemas, and to the command."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import botocore.session
import googleapiclient  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from botocore.validate import ParamValidator
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
)

from cloudsync.shards.shard import run_name, shard
from tests.deploy.manifests import base, documents
from tests.tree import tree

DEPLOY = tree() / "deploy"
# Since 1.29 an index may be tried again by itself without a gate being opened.
OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()


def cron() -> dict[str, Any]:
    """The CronJob of the shards."""
    (found,) = documents(DEPLOY / "kubernetes/shards/shards.yaml")
    return dict(found)


def words(path: str) -> Any:
    """A JSON file of deploy/."""
    return json.loads((DEPLOY / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_takes_the_indexed_job(version: str) -> None:
    """No field is unknown and none is missing; a misspelt one would be seen."""
    kubernetes_validate.validate(cron(), version, strict=True)
    wrong = deepcopy(cron())
    wrong["spec"]["jobTemplate"]["spec"]["completionmode"] = "Indexed"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_every_index_of_the_job_is_a_shard_of_one_run() -> None:
    """As many pods as the command says, each with its number, all with the name of their Job."""
    job = cron()["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    *first, which = container["args"]
    assert first == ["run", "--once", "--shard"]
    (named,) = container["env"]
    assert named["valueFrom"]["fieldRef"]["fieldPath"] == (
        "metadata.labels['batch.kubernetes.io/job-name']"
    )
    assert job["completionMode"] == "Indexed"
    assert job["parallelism"] <= job["completions"]
    shares = {
        shard(which, {"JOB_COMPLETION_INDEX": str(number)}).number
        for number in range(job["completions"])
    }
    assert shares == set(range(1, job["completions"] + 1))
    assert run_name(None, {named["name"]: "shards-29415230"}) == "shards-29415230"


def test_a_pod_of_a_shard_is_as_harmless_as_that_of_the_sweep() -> None:
    """It may do what the base's pods may, mounts no state that one node alone can reach, and no token."""
    mine = cron()["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    sweep = base()["CronJob/sweep"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    same = ("serviceAccountName", "automountServiceAccountToken", "securityContext")
    assert {key: mine[key] for key in same} == {key: sweep[key] for key in same}
    (container,), (theirs,) = mine["containers"], sweep["containers"]
    assert container["securityContext"] == theirs["securityContext"]
    assert [one["name"] for one in mine["volumes"]] == ["configuration", "tmp"]
    (kustomization,) = documents(DEPLOY / "kubernetes/shards/kustomization.yaml")
    assert kustomization["resources"] == ["shards.yaml"]


def test_batch_takes_the_array() -> None:
    """Both requests are what the SDK's model of AWS Batch takes; a misspelt key would be seen."""
    model = botocore.session.get_session().get_service_model("batch")

    def wrong(operation: str, given: Any) -> str:
        shape: Any = model.operation_model(operation).input_shape
        report = ParamValidator().validate(given, shape)
        return str(report.generate_report())

    definition, job = words("aws-batch/job-definition.json"), words("aws-batch/submit-job.json")
    assert wrong("RegisterJobDefinition", definition) == ""
    assert wrong("SubmitJob", job) == ""
    assert "sise" in wrong("SubmitJob", {**job, "arrayProperties": {"sise": 4}})
    assert job["jobDefinition"] == definition["jobDefinitionName"]
    assert definition["containerProperties"]["command"][:4] == ["run", "--once", "--shard", "auto"]


def test_batch_begins_again_what_was_stopped() -> None:
    """Patterns of exit codes are digits and at most a last asterisk; what SIGTERM ended (1) goes on.

    docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html: five conditions at most.
    """
    rules = words("aws-batch/job-definition.json")["retryStrategy"]["evaluateOnExit"]
    assert len(rules) <= 5
    assert all(re.fullmatch(r"[0-9]*\*?", one.get("onExitCode", "0")) for one in rules)

    def action(code: str) -> Any:
        return next(
            one["action"] for one in rules if fnmatch(code, one.get("onExitCode", "*"))
        )  # fmt: skip

    ends = {code: action(code) for code in ("1", "3", "4", "5", "6", "137")}
    assert [code for code, what in ends.items() if what == "RETRY"] == ["1", "3", "137"]


def test_cloud_run_takes_the_job() -> None:
    """Every field is in Google's own description of the API, with its type; a misspelt one would be seen."""
    folder = Path(googleapiclient.__file__).parent / "discovery_cache/documents"
    schemas = json.loads((folder / "run.v1.json").read_text(encoding="utf-8"))["schemas"]
    (job,) = documents(DEPLOY / "cloud-run-job/job.yaml")
    assert unknown(schemas, "Job", job) == []
    task = job["spec"]["template"]["spec"]["template"]["spec"]
    (container,) = task["containers"]
    assert container["args"][:4] == ["run", "--once", "--shard", "auto"]
    task["maxRetry"] = task.pop("maxRetries")
    assert unknown(schemas, "Job", job) == ["TaskSpec.maxRetry"]


_TYPES: dict[str, type[Any]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def unknown(schemas: Any, name: str, given: Any) -> list[str]:
    """The fields of ``given`` that the schema called ``name`` lacks, or has as another type."""
    known = schemas[name]["properties"]
    found: list[str] = []
    for key, value in given.items():
        if key not in known:
            found.append(f"{name}.{key}")
        elif "$ref" in known[key]:
            found += unknown(schemas, known[key]["$ref"], value)
        elif not isinstance(value, _TYPES[known[key]["type"]]):
            found.append(f"{name}.{key}: {value!r}")
        elif "$ref" in known[key].get("items", {}):
            for one in value:
                found += unknown(schemas, known[key]["items"]["$ref"], one)
    return found


def test_step_functions_reads_the_map() -> None:
    """The definition parses by the language's grammar, and what it starts are shards and a gathering."""
    text = (DEPLOY / "aws-step-functions/definition.asl.json").read_text(encoding="utf-8")
    AmazonStateLanguageParser.parse(text)
    wrong = json.loads(text)
    wrong["States"]["Shards"]["ItemProcessor"]["ProcessorConfig"]["Mode"] = "SPREAD"
    with pytest.raises(ASLParserException):
        AmazonStateLanguageParser.parse(json.dumps(wrong))
    states = json.loads(text)["States"]
    each = states["Shards"]
    assert each["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
    assert each["ItemSelector"]["run.$"] == "$$.Execution.Name"
    # A shard that never comes must not keep the last step from saying so.
    assert (each["ToleratedFailurePercentage"], each["Next"]) == (100.0, "Gather")
    assert "'--gather', '--run', $$.Execution.Name" in json.dumps(states["Gather"])
