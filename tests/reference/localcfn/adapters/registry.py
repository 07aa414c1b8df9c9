"""SageMaker and Step Functions."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from localcfn.adapters.base import Made, Properties, adapt, demand, only, short, small, text, validate, without
from localcfn.kinds import Resource, Where

_CRON_OF_MODEL_MONITOR = re.compile(r"NOW|cron\(0 (\*|\d{1,2}(/\d{1,2})?) \? \* \* \*\)")
"""Hourly, daily or every N hours: the documentation of ScheduleConfig, botocore's model."""


def register() -> None:
    """Makes the types known."""
    adapt("AWS::SageMaker::Pipeline", _pipeline, _call("delete_pipeline", "PipelineName", ClientRequestToken=True))
    adapt(
        "AWS::SageMaker::ModelPackageGroup",
        _model_package_group,
        _call("delete_model_package_group", "ModelPackageGroupName"),
    )
    adapt("AWS::SageMaker::Model", _model, _call("delete_model", "ModelName"))
    adapt("AWS::SageMaker::EndpointConfig", _endpoint_config, _call("delete_endpoint_config", "EndpointConfigName"))
    adapt("AWS::SageMaker::Endpoint", _endpoint, _call("delete_endpoint", "EndpointName"))
    for kind in "data_quality", "model_quality":
        type_ = f"AWS::SageMaker::{kind.title().replace('_', '')}JobDefinition"
        adapt(type_, _JobDefinition(kind).make, _call(f"delete_{kind}_job_definition", "JobDefinitionName"))
    adapt("AWS::SageMaker::MonitoringSchedule", _monitoring_schedule)  # moto has no API for it
    adapt(
        "AWS::StepFunctions::StateMachine",
        _state_machine,
        lambda where, resource: where.client("stepfunctions").delete_state_machine(
            stateMachineArn=resource.physical_resource_id
        ),
    )


def _call(method: str, name: str, *, ClientRequestToken: bool = False) -> Any:  # noqa: N803 - its name in the API
    """A removal by name, which is an attribute of the resource."""

    def remove(where: Where, resource: Resource) -> None:
        arguments = {name: resource.attributes[name]}
        if ClientRequestToken:
            arguments["ClientRequestToken"] = uuid.uuid4().hex
        getattr(where.client("sagemaker"), method)(**arguments)

    return remove


def _pipeline(where: Where, name: str, properties: Properties) -> Made:
    definition = properties["PipelineDefinition"]
    arguments = without(properties, "PipelineDefinition")
    if "PipelineDefinitionBody" in definition:
        body = definition["PipelineDefinitionBody"]
        json.loads(body)
        left = re.findall(r'"(?:Fn::\w+|Ref)"\s*:|\$\{[A-Za-z:]+\}', body)
        demand(not left, f"the definition of {properties['PipelineName']} has unresolved CloudFormation: {left}")
        arguments["PipelineDefinition"] = body
    else:
        place = definition["PipelineDefinitionS3Location"]
        arguments["PipelineDefinitionS3Location"] = {"Bucket": place["Bucket"], "ObjectKey": place["Key"]}
    where.client("sagemaker").create_pipeline(**arguments, ClientRequestToken=uuid.uuid4().hex)
    return properties["PipelineName"], {"PipelineName": properties["PipelineName"]}


def _model_package_group(where: Where, name: str, properties: Properties) -> Made:
    group = properties["ModelPackageGroupName"]
    arguments = without(properties, "ModelPackageGroupPolicy")
    arn = where.client("sagemaker").create_model_package_group(**arguments)["ModelPackageGroupArn"]
    if "ModelPackageGroupPolicy" in properties:
        policy = text(properties["ModelPackageGroupPolicy"])
        validate("sagemaker", "PutModelPackageGroupPolicy", {"ModelPackageGroupName": group, "ResourcePolicy": policy})
    return arn, {"ModelPackageGroupArn": arn, "ModelPackageGroupName": group, "ModelPackageGroupStatus": "Completed"}


def _model(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"ModelName": _generated(name), **properties}
    sagemaker = where.client("sagemaker")
    for container in [arguments.get("PrimaryContainer", {}), *arguments.get("Containers", [])]:
        if "ModelPackageName" in container:
            package = sagemaker.describe_model_package(ModelPackageName=container["ModelPackageName"])
            demand(package.get("ModelApprovalStatus", "Approved") == "Approved", "the model package is not approved")
    arn = sagemaker.create_model(**arguments)["ModelArn"]
    return arn, {"ModelName": arguments["ModelName"]}


def _endpoint_config(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"EndpointConfigName": _generated(name), **properties}
    sagemaker = where.client("sagemaker")
    for variant in arguments["ProductionVariants"]:
        sagemaker.describe_model(ModelName=variant["ModelName"])
    arn = sagemaker.create_endpoint_config(**arguments)["EndpointConfigArn"]
    return arn, {"EndpointConfigName": arguments["EndpointConfigName"]}


def _endpoint(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"EndpointName": _generated(name), **only(properties, "EndpointName", "EndpointConfigName", "Tags")}
    endpoint = arguments["EndpointName"]
    update = {"EndpointName": endpoint, "EndpointConfigName": properties["EndpointConfigName"]}
    update |= only(properties, "RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "DeploymentConfig")
    validate("sagemaker", "UpdateEndpoint", update)
    alarms = properties.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])
    names = [alarm["AlarmName"] for alarm in alarms]
    known = where.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    demand(len(known) == len(names), f"not all of the alarms {names} exist")
    arn = where.client("sagemaker").create_endpoint(**arguments)["EndpointArn"]
    return arn, {"EndpointName": endpoint}


class _JobDefinition:
    """Job definitions of Model Monitor."""

    def __init__(self, kind: str) -> None:
        self.method = f"create_{kind}_job_definition"

    def make(self, where: Where, name: str, properties: Properties) -> Made:
        arguments = {"JobDefinitionName": _generated(name), **without(properties, "EndpointName")}
        sagemaker = where.client("sagemaker")
        source = next(value for key, value in properties.items() if key.endswith("JobInput"))
        sagemaker.describe_endpoint(EndpointName=source["EndpointInput"]["EndpointName"])
        arn = getattr(sagemaker, self.method)(**arguments)["JobDefinitionArn"]
        return arn, {"JobDefinitionArn": arn, "JobDefinitionName": arguments["JobDefinitionName"]}


def _monitoring_schedule(where: Where, name: str, properties: Properties) -> Made:
    schedule = properties["MonitoringScheduleName"]
    arguments = only(properties, "MonitoringScheduleName", "MonitoringScheduleConfig", "Tags")
    validate("sagemaker", "CreateMonitoringSchedule", arguments)
    config = properties["MonitoringScheduleConfig"]
    expression = config["ScheduleConfig"]["ScheduleExpression"]
    demand(_CRON_OF_MODEL_MONITOR.fullmatch(expression), f"Model Monitor does not take the schedule {expression}")
    describe = {
        "DataQuality": where.client("sagemaker").describe_data_quality_job_definition,
        "ModelQuality": where.client("sagemaker").describe_model_quality_job_definition,
    }[config["MonitoringType"]]
    describe(JobDefinitionName=config["MonitoringJobDefinitionName"])
    arn = where.arn("sagemaker", f"monitoring-schedule/{schedule}")
    return arn, {"MonitoringScheduleArn": arn, "MonitoringScheduleName": schedule}


def _state_machine(where: Where, name: str, properties: Properties) -> Made:
    definition = properties.get("DefinitionString") or json.dumps(properties["Definition"])
    for key, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + key + "}", str(value))
    left = re.findall(r"\$\{[A-Za-z][A-Za-z0-9]*\}", definition)
    demand(not left, f"the definition of {name} has substitutions without a value: {left}")
    json.loads(definition)
    arguments = {
        "name": properties.get("StateMachineName", name),
        "definition": definition,
        "roleArn": properties["RoleArn"],
        "tags": [small(tag) for tag in properties.get("Tags", [])],
    }
    if "StateMachineType" in properties:
        arguments["type"] = properties["StateMachineType"]
    for key in "LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration":
        if key in properties:
            arguments[small({key: 0}).popitem()[0]] = _all_small(properties[key])
    arn = where.client("stepfunctions").create_state_machine(**arguments)["stateMachineArn"]
    return arn, {"Arn": arn, "Name": arguments["name"]}


def _all_small(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _all_small(part) for key, part in small(value).items()}
    return [_all_small(part) for part in value] if isinstance(value, list) else value


def _generated(name: str) -> str:
    return short(f"{name}-{uuid.uuid4().hex[:8]}", 63)
