"""A Terraform provider that knows what resources take, and no cloud; it stands in for the real ones.

Run by Terraform, with ``tf`` (PyPI) for the handshake and the messages of plugin protocol 6, from a
virtual environment of its own. It serves one provider of ``schemas.json``, so that the real
Terraform judges every argument and every type. What is imported it takes from the file that
STAND_IN_WORLD names: ``{"TYPE": {"ID": {…}}}``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import tf.provider
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc
from tf.runner import run_provider
from tf.types import Unknown
from tf.utils import read_dynamic_value, to_dynamic_value

_DATA = "data."
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
_EMPTY: dict[str, Any] = {"number": 0, "bool": False, "string": "known", "set": [], "list": []}


def _type(said: str) -> Any:
    """``set(string)`` as the protocol writes it: ``["set", "string"]``."""
    of = re.fullmatch(r"(\w+)\((.*)\)", said)
    return [of[1], _type(of[2])] if of else said


def _split(said: str) -> tuple[str, str]:
    of = re.fullmatch(r"(.*?)([!?=]+)", said)
    if of is None:
        raise ValueError(f"{said!r} says not whether it must be given")
    return of[1], of[2]


def _block(of: dict[str, Any]) -> Any:
    attributes: list[Any] = []
    blocks: list[Any] = []
    for name, said in of.items():
        if isinstance(said, str):
            type_, mark = _split(said)
            attributes.append(
                pb.Schema.Attribute(
                    name=name,
                    type=json.dumps(_type(type_)).encode(),
                    required="!" in mark,
                    optional="?" in mark,
                    computed="=" in mark,
                )
            )
        else:
            nesting, least, most, inner = said
            blocks.append(
                pb.Schema.NestedBlock(
                    type_name=name,
                    block=_block(inner),
                    nesting=_NESTING[nesting],
                    min_items=least,
                    max_items=most,
                )
            )
    return pb.Schema.Block(attributes=attributes, block_types=blocks)


class StandIn(rpc.ProviderServicer):
    """One provider: it plans what is asked for, and makes it by saying so."""

    def __init__(self, known: dict[str, Any]) -> None:
        self._known = known

    def GetMetadata(self, request: Any, context: Any) -> Any:
        """Which resources there are is in the schema."""
        return pb.GetMetadata.Response(server_capabilities=pb.ServerCapabilities(plan_destroy=True))

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        """What the provider and its resources take."""
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=_block(self._known["provider"])),
            resource_schemas={
                name: pb.Schema(block=_block(of))
                for name, of in self._known["resources"].items()
                if not name.startswith(_DATA)
            },
            data_source_schemas={
                name.removeprefix(_DATA): pb.Schema(block=_block(of))
                for name, of in self._known["resources"].items()
                if name.startswith(_DATA)
            },
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        """Terraform itself has judged it by the schema."""
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        """Terraform itself has judged it by the schema."""
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        """Terraform itself has judged it by the schema."""
        return pb.ValidateDataResourceConfig.Response()

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        """Something for each thing that only the cloud could tell."""
        state = read_dynamic_value(request.config)
        for name, said in self._known["resources"][_DATA + request.type_name].items():
            if isinstance(said, str) and state[name] is None:
                state[name] = _EMPTY.get(_split(said)[0].split("(", maxsplit=1)[0], {})
        return pb.ReadDataSource.Response(state=to_dynamic_value(state))

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        """The state as it is."""
        state = json.loads(request.raw_state.json)
        return pb.UpgradeResourceState.Response(upgraded_state=to_dynamic_value(state))

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        """There is nobody to log in with."""
        return pb.ConfigureProvider.Response()

    def ReadResource(self, request: Any, context: Any) -> Any:
        """The state as it is."""
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        """What is asked for; of something new, what the cloud would say is unknown yet."""
        prior = read_dynamic_value(request.prior_state)
        proposed = read_dynamic_value(request.proposed_new_state)
        if proposed is not None and prior is None:
            for name, said in self._known["resources"][request.type_name].items():
                if isinstance(said, str) and "=" in _split(said)[1] and proposed[name] is None:
                    proposed[name] = Unknown
        return pb.PlanResourceChange.Response(planned_state=to_dynamic_value(proposed))

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        """What was planned, and something for each thing that wasn't known."""
        planned = read_dynamic_value(request.planned_state)
        for name, value in (planned or {}).items():
            if value is Unknown:
                type_ = _split(self._known["resources"][request.type_name][name])[0]
                planned[name] = _EMPTY.get(type_.split("(", maxsplit=1)[0], {})
        return pb.ApplyResourceChange.Response(new_state=to_dynamic_value(planned))

    def ImportResourceState(self, request: Any, context: Any) -> Any:
        """What the world's file says of the id."""
        world = json.loads(Path(os.environ["STAND_IN_WORLD"]).read_text("utf-8"))
        found = world.get(request.type_name, {}).get(request.id)
        if found is None:
            return pb.ImportResourceState.Response(
                diagnostics=[
                    pb.Diagnostic(severity=1, summary=f"no {request.type_name} has id {request.id}")
                ]
            )
        blank = {
            name: None if isinstance(said, str) or said[0] == "single" else []
            for name, said in self._known["resources"][request.type_name].items()
        }
        state = {**blank, "id": request.id, **found}
        return pb.ImportResourceState.Response(
            imported_resources=[
                pb.ImportResourceState.ImportedResource(
                    type_name=request.type_name, state=to_dynamic_value(state)
                )
            ]
        )

    def StopProvider(self, request: Any, context: Any) -> Any:
        """Nothing is under way."""
        return pb.StopProvider.Response()


def main() -> None:
    """Serve the provider that is named behind the program."""
    name = sys.argv[1]
    schemas = json.loads((Path(__file__).parent / "schemas.json").read_text("utf-8"))
    # The library would serve resources written in Python; its handshake is what is wanted of it.
    tf.provider.ProviderServicer = lambda _: StandIn(schemas[name])
    run_provider(None)


main()
