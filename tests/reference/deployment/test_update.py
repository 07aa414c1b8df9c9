"""A model is approved, its baseline arrives, a second model follows: what updates do, and what they leave alone."""

from __future__ import annotations

import boto3
import pytest

from conftest import Environment, failures


def approved_package(environment: Environment, run: str) -> str:
    """Registers a model as the pipeline does, and approves it as a person does."""
    sagemaker = boto3.client("sagemaker")
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=f"{environment.prefix}-models",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": environment.image,
                    "ModelDataUrl": f"s3://{environment.export('ModelBucketName')}/models/{run}/model.tar.gz",
                }
            ],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    return str(arn)


def deploy_as_the_deployer_does(environment: Environment, package: str) -> None:
    """The call of the state Deployer.UpdateEndpointStack."""
    import json

    machine = boto3.client("stepfunctions").describe_state_machine(stateMachineArn=environment.export("DeployerArn"))
    call = json.loads(machine["definition"])["States"]["UpdateEndpointStack"]["Parameters"]
    for parameter in call["Parameters"]:
        if parameter.pop("ParameterValue.$", None) == "$.ModelPackageArn":
            parameter["ParameterValue"] = package
    boto3.client("cloudformation").update_stack(**call)


@pytest.fixture(scope="module", params=["dev", "staging", "production"])
def served(request: pytest.FixtureRequest) -> Environment:
    """An environment whose deployer has deployed a first model, and whose monitors have their baseline."""
    environment: Environment = request.getfixturevalue(request.param)
    deploy_as_the_deployer_does(environment, approved_package(environment, "first"))
    assert environment.stacks()["endpoint"]["StackStatus"] == "UPDATE_COMPLETE", failures()
    environment.deploy("--stack", "monitor", "--parameter", "BaselineReady=true")
    return environment


def test_the_endpoint_is_in_service_encrypted_and_captures(served: Environment) -> None:
    sagemaker = boto3.client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=f"{served.prefix}-endpoint")
    assert endpoint["EndpointStatus"] == "InService"
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    assert config["KmsKeyId"] == served.export("VolumeKeyArn")
    capture = config["DataCaptureConfig"]
    assert capture["EnableCapture"]
    assert capture["KmsKeyId"] == served.export("DataKeyArn")
    assert capture["DestinationS3Uri"] == f"s3://{served.export('DataBucketName')}/capture"
    (variant,) = config["ProductionVariants"]
    assert variant["InitialInstanceCount"] >= 2
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    assert set(model["VpcConfig"]["Subnets"]) == set(served.export("PrivateSubnetIds").split(","))
    (properties,) = served.resources("AWS::SageMaker::Model").values()
    assert properties["EnableNetworkIsolation"]
    assert model["ExecutionRoleArn"] == served.export("InferenceRoleArn")


def test_traffic_moves_in_a_canary_and_goes_back_on_alarms(served: Environment) -> None:
    (properties,) = served.resources("AWS::SageMaker::Endpoint").values()
    config = properties["DeploymentConfig"]
    assert config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == "CANARY"
    assert len(config["AutoRollbackConfiguration"]["Alarms"]) == 2


def test_the_endpoint_scales(served: Environment) -> None:
    (target,) = boto3.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{served.prefix}-endpoint/variant/live"]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 10 if served.name == "production" else 4)


def test_both_monitors_run_with_keys_in_the_network(served: Environment) -> None:
    sagemaker = boto3.client("sagemaker")
    describe = {
        "data-quality": sagemaker.describe_data_quality_job_definition,
        "model-quality": sagemaker.describe_model_quality_job_definition,
    }
    schedules = {
        p["MonitoringScheduleName"]: p for p in served.resources("AWS::SageMaker::MonitoringSchedule").values()
    }
    for kind, call in describe.items():
        schedule = schedules[f"{served.prefix}-{kind}"]["MonitoringScheduleConfig"]
        assert schedule["MonitoringType"] == kind.title().replace("-", "")
        definition = call(JobDefinitionName=schedule["MonitoringJobDefinitionName"])
        assert definition["JobResources"]["ClusterConfig"]["VolumeKmsKeyId"] == served.export("VolumeKeyArn")
        assert definition["NetworkConfig"]["VpcConfig"]["Subnets"]
        baseline = next(value for key, value in definition.items() if key.endswith("BaselineConfig"))
        uri = baseline["ConstraintsResource"]["S3Uri"]
        assert uri == f"s3://{served.export('DataBucketName')}/baseline/current/{kind}/constraints.json"


def test_a_second_model_replaces_the_first_under_the_same_endpoint(served: Environment) -> None:
    sagemaker = boto3.client("sagemaker")
    name = f"{served.prefix}-endpoint"
    before = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    deploy_as_the_deployer_does(served, approved_package(served, "second"))
    assert served.stacks()["endpoint"]["StackStatus"] == "UPDATE_COMPLETE", failures()
    after = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    assert before != after
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    assert [c["EndpointConfigName"] for c in configs if c["EndpointConfigName"].startswith(served.prefix)] == [after]


def test_the_same_model_again_is_no_update(served: Environment) -> None:
    parameters = served.stacks()["endpoint"]["Parameters"]
    package = next(p["ParameterValue"] for p in parameters if p["ParameterKey"] == "ModelPackageArn")
    with pytest.raises(boto3.client("cloudformation").exceptions.ClientError, match="No updates are to be performed"):
        deploy_as_the_deployer_does(served, package)


def test_a_package_that_waits_for_approval_is_not_deployed(dev: Environment) -> None:
    sagemaker = boto3.client("sagemaker")
    package = approved_package(dev, "third")
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="PendingManualApproval")
    deploy_as_the_deployer_does(dev, package)
    assert dev.stacks()["endpoint"]["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert "the model package is not approved" in failures()
    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    deploy_as_the_deployer_does(dev, package)
    assert dev.stacks()["endpoint"]["StackStatus"] == "UPDATE_COMPLETE"
