"""What stands embedded in the templates, read back from the services after all substitution."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3

from conftest import Environment

Json = Any


def pipeline(environment: Environment, name: str) -> dict[str, Json]:
    """The definition of a pipeline."""
    found = boto3.client("sagemaker").describe_pipeline(PipelineName=f"{environment.prefix}-{name}")
    definition: dict[str, Json] = json.loads(found["PipelineDefinition"])
    return definition


def machine(environment: Environment, export: str) -> dict[str, Json]:
    """The definition of a state machine."""
    found = boto3.client("stepfunctions").describe_state_machine(stateMachineArn=environment.export(export))
    definition: dict[str, Json] = json.loads(found["definition"])
    return definition


def steps(of: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    """All steps, also those below conditions."""
    for step in of:
        yield step
        if step["Type"] == "Condition":
            yield from steps(step["Arguments"].get("IfSteps", []) + step["Arguments"].get("ElseSteps", []))


def every(node: Json) -> Iterator[Json]:
    """A tree and all of its parts."""
    yield node
    if isinstance(node, dict):
        for part in node.values():
            yield from every(part)
    elif isinstance(node, list):
        for part in node:
            yield from every(part)
