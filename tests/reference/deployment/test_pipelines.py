"""Every step of the pipelines is a request that SageMaker takes, and asks for what the promises say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from definitions import every, pipeline, steps

from conftest import Environment

MODEL = botocore.session.get_session().get_service_model("sagemaker")
CALLS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "Tuning": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "Transform": ("CreateTransformJob", "TransformJobName"),
    "Model": ("CreateModel", "ModelName"),
    "RegisterModel": ("CreateModelPackage", None),
}
"""The call that Pipelines makes for a step, and the name that it fills in."""
VALUES = {"integer": 1, "long": 1, "float": 1.0, "double": 1.0, "boolean": True}


def is_function(node: Any) -> bool:
    return isinstance(node, dict) and len(node) == 1 and next(iter(node)) in {"Get", "Std:Join", "Std:JsonGet"}


def filled(node: Any, shape: Any) -> Any:
    """A request with each function replaced by a value of the type that the API wants."""
    if is_function(node):
        return VALUES.get(shape.type_name, "x" * max(1, shape.metadata.get("min", 1)))
    if isinstance(node, dict) and shape.type_name == "structure":
        return {key: filled(part, shape.members[key]) if key in shape.members else part for key, part in node.items()}
    if isinstance(node, dict) and shape.type_name == "map":
        return {key: filled(part, shape.value) for key, part in node.items()}
    if isinstance(node, list) and shape.type_name == "list":
        return [filled(part, shape.member) for part in node]
    return node


def unknown(node: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Members that the API does not have."""
    if is_function(node):
        return
    if isinstance(node, dict) and shape.type_name == "structure":
        for key, part in node.items():
            if key in shape.members:
                yield from unknown(part, shape.members[key], f"{path}/{key}")
            else:
                yield f"{path}/{key}"
    elif isinstance(node, list) and shape.type_name == "list":
        for index, part in enumerate(node):
            yield from unknown(part, shape.member, f"{path}/{index}")


def faults(step: dict[str, Any]) -> list[str]:
    """What SageMaker would not take of a step."""
    operation, name = CALLS[step["Type"]]
    shape = MODEL.operation_model(operation).input_shape
    request = filled(step["Arguments"], shape)
    if name:
        request[name] = "x"
    report = ParamValidator().validate(request, shape)
    return [*([report.generate_report()] if report.has_errors() else []), *unknown(step["Arguments"], shape)]


@pytest.fixture(params=["processing", "training"])
def definition(environment: Environment, request: pytest.FixtureRequest) -> dict[str, Any]:
    return pipeline(environment, request.param)


def test_each_step_is_a_request_that_sagemaker_takes(definition: dict[str, Any]) -> None:
    found = list(steps(definition["Steps"]))
    assert {step["Type"] for step in found} <= {*CALLS, "Condition", "Fail"}
    assert {step["Name"]: faults(step) for step in found if step["Type"] in CALLS and faults(step)} == {}


def test_names_are_unique_and_every_get_finds_something(definition: dict[str, Any]) -> None:
    names = [step["Name"] for step in steps(definition["Steps"])]
    parameters = {parameter["Name"] for parameter in definition["Parameters"]}
    assert len(names) == len(set(names))
    for node in every(definition):
        if is_function(node) and "Get" in node:
            kind, rest = node["Get"].split(".", 1)
            if kind == "Parameters":
                assert rest in parameters, node
            elif kind == "Steps":
                assert rest.split(".")[0] in names, node
            else:
                assert kind == "Execution", node
        if isinstance(node, dict):
            assert not [key for key in node if key.startswith("Fn::") or key == "Ref"], node


def test_every_job_runs_encrypted_in_the_network(environment: Environment, definition: dict[str, Any]) -> None:
    volume, group = environment.export("VolumeKeyArn"), environment.export("WorkloadSecurityGroupId")
    subnets = set(environment.export("PrivateSubnetIds").split(","))
    output_keys = {environment.export("DataKeyArn"), environment.export("ModelKeyArn")}
    jobs = [step for step in steps(definition["Steps"]) if step["Type"] in {"Processing", "Tuning"}]
    assert jobs
    for step in jobs:
        arguments = step["Arguments"]
        if step["Type"] == "Processing":
            network, cluster = arguments["NetworkConfig"], arguments["ProcessingResources"]["ClusterConfig"]
            output = arguments["ProcessingOutputConfig"]
        else:
            network = arguments["TrainingJobDefinition"]
            cluster, output = network["ResourceConfig"], network["OutputDataConfig"]
        assert cluster["VolumeKmsKeyId"] == volume
        assert output["KmsKeyId"] in output_keys
        assert network["VpcConfig"]["SecurityGroupIds"] == [group]
        assert set(network["VpcConfig"]["Subnets"]) <= subnets
        assert network["EnableInterContainerTrafficEncryption"]
        # It calls KMS, through the endpoint in the VPC.
        assert network["EnableNetworkIsolation"] == (step["Name"] != "SignModel")


def test_a_person_approves(environment: Environment) -> None:
    (register,) = [s for s in steps(pipeline(environment, "training")["Steps"]) if s["Type"] == "RegisterModel"]
    assert register["Arguments"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert "SignModel" in register["DependsOn"]


def test_a_request_that_sagemaker_does_not_take_is_noticed(dev: Environment) -> None:
    (preprocess, _) = pipeline(dev, "processing")["Steps"]
    preprocess["Arguments"]["RoleArn"] = {"Fn::ImportValue": "role"}
    preprocess["Arguments"]["NetworkConfig"]["Subnet"] = "x"
    said = "\n".join(faults(preprocess))
    assert "RoleArn" in said
    assert "/NetworkConfig/Subnet" in said
