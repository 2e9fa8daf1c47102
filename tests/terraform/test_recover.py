"""What is recovered of a published binding is what its provider said of the resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.terraform.recover import RECORD, asked, bindings, trimmed, written

BINDING = """
function thingRuleToHclTerraform(struct) {
    const attrs = {
        ports: {
            value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(struct.ports),
            isBlock: false,
            type: "list",
            storageClassType: "stringList",
        },
    };
}
class ThingRuleOutputReference extends cdktf.ComplexObject {
}
class Thing extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        // effective_labels - computed: true, optional: false, required: false
        this._effectiveLabels = new cdktf.StringMap(this, "effective_labels");
    }
    resetSourceId() {
    }
    // made_at - computed: true, optional: false, required: false
    get madeAt() {
        return this.getNumberAttribute('made_at');
    }
    synthesizeHclAttributes() {
        const attrs = {
            name: {
                value: cdktf.stringToHclTerraform(this._name),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            source_id: {
                value: cdktf.stringToHclTerraform(this._sourceId),
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            rule: {
                value: cdktf.listMapperHcl(thingRuleToHclTerraform, true)(this._rule.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ThingRuleList",
            },
        };
    }
}
"""
THING = {
    "effective_labels": "map(string)=",
    "made_at": "number=",
    "name": "string!",
    "source_id": "string?",
    "rule": ["set", 1, 0, {"ports": "list(string)!"}],
}


def test_a_binding_tells_what_the_provider_takes() -> None:
    """What may be left out has a reset, what is only told has a getter and no input."""
    assert bindings(BINDING, "thing") == THING
    with pytest.raises(ValueError, match="not enough values"):
        bindings("class Other {\n}\n", "other")


def test_a_providers_own_word_is_written_the_same_way() -> None:
    """Types, what must be given, and how many blocks."""
    rule: dict[str, Any] = {"attributes": {"ports": {"type": ["list", "string"], "required": True}}}
    said: dict[str, Any] = {
        "attributes": {
            "effective_labels": {"type": ["map", "string"], "computed": True},
            "made_at": {"type": "number", "computed": True},
            "name": {"type": "string", "required": True},
            "source_id": {"type": "string", "optional": True},
            "of_objects": {"type": ["list", ["object", {}]], "computed": True},
        },
        "block_types": {
            "rule": {"nesting_mode": "set", "min_items": 1, "block": rule},
            "timeouts": {"nesting_mode": "single", "block": {}},
        },
    }
    assert asked(said) == THING


def test_the_record_leaves_out_what_nobody_writes() -> None:
    """An optional block that no file names isn't recorded; one that must be given always is."""
    more = {**THING, "vast": ["list", 0, 1, {"name": "string!"}]}
    assert trimmed(more, frozenset({"rule"})) == trimmed(more, frozenset()) == THING
    assert trimmed(more, frozenset({"vast"})) == more


def test_the_record_is_as_it_would_be_written() -> None:
    """So that a new resource is all that differs."""
    said = RECORD.read_text("utf-8")
    assert said == f"{written(json.loads(said))}\n"
