from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from cloudsync.exposure import NOTHING
from cloudsync.model import Mode
from cloudsync.plan import Plan, TargetPlan
from cloudsync.report import PLAN_SCHEMA, REPORT_SCHEMA, as_json, document, document_outcome
from tests.unit.report_plans import EVERYTHING, LISTED, RUN, state

# No stubs of it are installed, and what it is asked here needs none.
jsonschema: Any = import_module("jsonschema")

LOST = TargetPlan("aws:1/r/sg-1", Mode.WATCH, LISTED.digest, before=state(NOTHING))


def test_data_keeps_to_its_schema() -> None:
    """Plans and runs of every kind are valid, and the schema is strict enough to refuse others."""
    jsonschema.Draft202012Validator.check_schema(PLAN_SCHEMA)
    jsonschema.Draft202012Validator.check_schema(REPORT_SCHEMA)
    plan = document(Plan(LISTED.digest, (*EVERYTHING.targets, LOST)), LISTED)
    for value, schema in [
        (plan, PLAN_SCHEMA),
        (document(EVERYTHING), PLAN_SCHEMA),
        (document_outcome(RUN, LISTED), REPORT_SCHEMA),
        (document_outcome(RUN), REPORT_SCHEMA),
    ]:
        jsonschema.validate(json.loads(as_json(value)), schema)
    plan["targets"][0]["verdict"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plan, PLAN_SCHEMA)
