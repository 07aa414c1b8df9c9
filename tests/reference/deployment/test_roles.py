"""Every place and every key of every step is allowed by the role of the step, and what separates duties is not.

Actions and resources are compared, conditions are not judged: a statement that only holds under a condition counts as
allowed, which is the safe side for the forbidden pairs.
"""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from definitions import every, pipeline, steps

from conftest import Environment


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(role: str) -> list[dict[str, Any]]:
    """All statements of a role, of its own and of attached policies."""
    iam = boto3.client("iam")
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]
        documents.append(found["Document"])
    loaded = [json.loads(document) if isinstance(document, str) else document for document in documents]
    return [statement for document in loaded for statement in listed(document["Statement"])]


def matches(pattern: str, text: str) -> bool:
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text))


def may(role: str, action: str, resource: str) -> bool:
    """Whether a role may do something to a resource."""

    def covers(statement: dict[str, Any]) -> bool:
        return any(matches(pattern, action) for pattern in listed(statement["Action"])) and any(
            matches(pattern, resource) for pattern in listed(statement["Resource"])
        )

    found = [statement for statement in statements(role) if covers(statement)]
    denied = any(statement["Effect"] == "Deny" and "Condition" not in statement for statement in found)
    return not denied and any(statement["Effect"] == "Allow" for statement in found)


def place(node: Any, parameters: dict[str, str]) -> str:
    """A URI of a pipeline with its defaults, as the ARN of an object."""
    if isinstance(node, dict) and "Std:Join" in node:
        uri = node["Std:Join"]["On"].join(place(part, parameters) for part in node["Std:Join"]["Values"])
    elif isinstance(node, dict):
        uri = parameters.get(node["Get"].removeprefix("Parameters."), "some-job")
    else:
        uri = node
    return uri


def object_arn(uri: str) -> str:
    arn = "arn:aws:s3:::" + uri.removeprefix("s3://")
    return f"{arn}file" if arn.endswith("/") else arn


def needs(step: dict[str, Any], parameters: dict[str, str]) -> list[tuple[str, str, str]]:
    """Role, action and resource of everything that a step does to a bucket or to a key."""
    arguments = step["Arguments"]
    if step["Type"] == "Processing":
        job, role = arguments, arguments["RoleArn"].split("/")[-1]
        reads = [item["S3Input"]["S3Uri"] for item in job["ProcessingInputs"]]
        writes = [item["S3Output"]["S3Uri"] for item in job["ProcessingOutputConfig"]["Outputs"]]
        key = job["ProcessingOutputConfig"]["KmsKeyId"]
        volume = job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]
        image = job["AppSpecification"]["ImageUri"]
    else:
        job = arguments["TrainingJobDefinition"]
        role = job["RoleArn"].split("/")[-1]
        reads = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["InputDataConfig"]]
        writes = [job["OutputDataConfig"]["S3OutputPath"]]
        key, volume = job["OutputDataConfig"]["KmsKeyId"], job["ResourceConfig"]["VolumeKmsKeyId"]
        image = job["AlgorithmSpecification"]["TrainingImage"]
    account, _, _, region, _, _ = image.split("/")[0].split(".")
    repository = f"arn:aws:ecr:{region}:{account}:repository/{image.split('/', 1)[1].split('@')[0]}"
    return [
        *((role, "s3:GetObject", object_arn(place(uri, parameters))) for uri in reads),
        *((role, "s3:PutObject", object_arn(place(uri, parameters))) for uri in writes),
        (role, "kms:GenerateDataKey", key),
        (role, "kms:CreateGrant", volume),
        (role, "ecr:BatchGetImage", repository),
        (role, "ecr:GetAuthorizationToken", "*"),
        (role, "ec2:CreateNetworkInterface", "arn:aws:ec2:eu-central-1:123456789012:network-interface/eni-1"),
        (role, "ec2:DescribeDhcpOptions", "*"),
        *((role, "kms:Sign", argument) for argument in every(arguments) if is_signing_key(step, argument)),
    ]


def is_signing_key(step: dict[str, Any], argument: Any) -> bool:
    entrypoint = step["Arguments"].get("AppSpecification", {}).get("ContainerEntrypoint", [])
    return "--key-id" in entrypoint and argument == entrypoint[entrypoint.index("--key-id") + 1]


@pytest.mark.parametrize("name", ["processing", "training"])
def test_the_role_of_each_step_covers_what_the_step_does(environment: Environment, name: str) -> None:
    definition = pipeline(environment, name)
    parameters = {parameter["Name"]: str(parameter.get("DefaultValue")) for parameter in definition["Parameters"]}
    jobs = [step for step in steps(definition["Steps"]) if step["Type"] in {"Processing", "Tuning"}]
    wanted = {(step["Name"], *need) for step in jobs for need in needs(step, parameters)}
    assert len(wanted) > 10
    assert [need for need in sorted(wanted) if not may(*need[1:])] == []


@pytest.mark.parametrize("name", ["processing", "training"])
def test_the_pipeline_may_start_its_jobs_and_pass_their_roles(environment: Environment, name: str) -> None:
    role = environment.export("PipelineRoleArn").split("/")[-1]
    account = "arn:aws:sagemaker:eu-central-1:123456789012"
    kinds = {"Processing": "processing-job", "Tuning": "hyper-parameter-tuning-job"}
    calls = {"Processing": "ProcessingJob", "Tuning": "HyperParameterTuningJob"}
    for step in steps(pipeline(environment, name)["Steps"]):
        if step["Type"] in kinds:
            arguments = step["Arguments"]
            job_role = arguments.get("RoleArn") or arguments["TrainingJobDefinition"]["RoleArn"]
            assert may(role, "iam:PassRole", job_role), step["Name"]
            for verb in "Create", "Describe", "Stop":
                arn = f"{account}:{kinds[step['Type']]}/pipelines-x"
                assert may(role, f"sagemaker:{verb}{calls[step['Type']]}", arn), (step["Name"], verb)
            assert may(role, "sagemaker:AddTags", f"{account}:{kinds[step['Type']]}/pipelines-x")
        if step["Type"] == "RegisterModel":
            assert may(role, "sagemaker:CreateModelPackage", f"{account}:model-package/{environment.prefix}-models/1")


FORBIDDEN = [
    # A model never sees what it is judged by, nor data that was not checked.
    ("training", "s3:GetObject", "{data}/processed/run/test/part.csv"),
    ("training", "s3:GetObject", "{data}/raw/rows.csv"),
    # Only signed packages are deployed, and only the signing job puts them there.
    *(
        (role, "s3:PutObject", "{model}/models/job/model.tar.gz")
        for role in ("processing", "training", "inference", "monitoring", "pipeline", "deployer")
    ),
    ("inference", "s3:GetObject", "{model}/training-output/job/output/model.tar.gz"),
    ("inference", "s3:GetObject", "{data}/raw/rows.csv"),
    ("inference", "s3:PutObject", "{data}/raw/rows.csv"),
    ("monitoring", "s3:PutObject", "{data}/baseline/current/data-quality/constraints.json"),
    ("processing", "s3:PutObject", "{data}/raw/rows.csv"),
    ("signing", "s3:GetObject", "{data}/processed/run/train/part.csv"),
    # A signature says that the signing job ran.
    *(
        (role, "kms:Sign", "{signing_key}")
        for role in ("processing", "training", "inference", "monitoring", "pipeline", "deployer")
    ),
    # Nobody writes the evidence, and nobody of the platform approves a model.
    *(
        (role, "s3:PutObject", "{audit}/cloudtrail/log")
        for role in ("processing", "training", "signing", "inference", "monitoring", "pipeline", "deployer")
    ),
    (
        "pipeline",
        "sagemaker:UpdateModelPackage",
        "arn:aws:sagemaker:eu-central-1:123456789012:model-package/{prefix}-models/1",
    ),
    ("pipeline", "iam:PassRole", "arn:aws:iam::123456789012:role/{prefix}-inference"),
    ("pipeline", "iam:PassRole", "arn:aws:iam::123456789012:role/{prefix}-deployer"),
]


@pytest.mark.parametrize(("role", "action", "resource"), FORBIDDEN)
def test_what_separates_duties_is_not_allowed(environment: Environment, role: str, action: str, resource: str) -> None:
    arn = resource.format(
        prefix=environment.prefix,
        data=environment.export("DataBucketArn"),
        model=environment.export("ModelBucketArn"),
        audit=environment.export("AuditBucketArn"),
        signing_key=environment.export("SigningKeyArn"),
    )
    assert not may(f"{environment.prefix}-{role}", action, arn)


def test_the_verifier_reads_models_and_writes_none(environment: Environment) -> None:
    (function,) = [
        item
        for item in boto3.client("lambda").list_functions()["Functions"]
        if item["FunctionName"] == f"{environment.prefix}-verify-model"
    ]
    role = function["Role"].split("/")[-1]
    model = environment.export("ModelBucketArn")
    assert may(role, "s3:GetObject", f"{model}/models/job/model.tar.gz")
    assert may(role, "kms:Verify", environment.export("SigningKeyArn"))
    assert not may(role, "kms:Sign", environment.export("SigningKeyArn"))
    assert not may(role, "s3:PutObject", f"{model}/models/job/model.tar.gz")


def called(environment: Environment, resource: str, parameters: dict[str, Any]) -> list[tuple[str, str]]:
    """The actions that a task of a state machine needs, with what they act on."""
    where = "eu-central-1:123456789012"
    package = f"arn:aws:sagemaker:{where}:model-package/{environment.prefix}-models/1"
    stack = f"arn:aws:cloudformation:{where}:stack/{parameters.get('StackName')}/id"
    pipeline_arn = (
        f"arn:aws:sagemaker:{where}:pipeline/{parameters.get('PipelineName', environment.prefix + '-training')}"
    )
    data = environment.export("DataBucketArn")
    return {
        "lambda:invoke": [("lambda:InvokeFunction", parameters.get("FunctionName", ""))],
        "sns:publish": [
            ("sns:Publish", parameters.get("TopicArn", "")),
            ("kms:GenerateDataKey", environment.export("MessagingKeyArn")),
            ("kms:Decrypt", environment.export("MessagingKeyArn")),
        ],
        "aws-sdk:sagemaker:updateModelPackage": [("sagemaker:UpdateModelPackage", package)],
        "aws-sdk:cloudformation:updateStack": [("cloudformation:UpdateStack", stack)],
        "aws-sdk:cloudformation:describeStacks": [("cloudformation:DescribeStacks", stack)],
        "aws-sdk:s3:copyObject": [
            ("s3:GetObject", f"{data}/baseline/run/data-quality/constraints.json"),
            ("s3:PutObject", f"{data}/baseline/current/data-quality/constraints.json"),
            ("kms:GenerateDataKey", environment.export("DataKeyArn")),
        ],
        "aws-sdk:sfn:listExecutions": [("states:ListExecutions", environment.export("RetrainerArn"))],
        "aws-sdk:sagemaker:startPipelineExecution": [("sagemaker:StartPipelineExecution", pipeline_arn)],
        "aws-sdk:sagemaker:describePipelineExecution": [
            ("sagemaker:DescribePipelineExecution", f"{pipeline_arn}/execution/x")
        ],
    }[resource.split(":::")[1]]


@pytest.mark.parametrize("export", ["DeployerArn", "RetrainerArn"])
def test_the_role_of_a_state_machine_covers_its_tasks(environment: Environment, export: str) -> None:
    found = boto3.client("stepfunctions").describe_state_machine(stateMachineArn=environment.export(export))
    role = found["roleArn"].split("/")[-1]
    tasks = [
        node for node in every(json.loads(found["definition"])) if isinstance(node, dict) and node.get("Type") == "Task"
    ]
    wanted = {need for task in tasks for need in called(environment, task["Resource"], task["Parameters"])}
    assert len(wanted) >= 6
    assert [need for need in sorted(wanted) if not may(role, *need)] == []


def test_what_starts_a_state_machine_may_start_that_one_only(environment: Environment) -> None:
    events = boto3.client("events")
    starts = {"model-approved": "DeployerArn", "retrain-on-drift": "RetrainerArn", "retrain-on-data": "RetrainerArn"}
    for rule, export in starts.items():
        (target,) = events.list_targets_by_rule(Rule=f"{environment.prefix}-{rule}")["Targets"]
        role = target["RoleArn"].split("/")[-1]
        other = ({"DeployerArn", "RetrainerArn"} - {export}).pop()
        assert may(role, "states:StartExecution", environment.export(export)), rule
        assert not may(role, "states:StartExecution", environment.export(other)), rule
