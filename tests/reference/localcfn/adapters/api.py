"""What an API has beside its resources and methods: stage, validation, account."""

from __future__ import annotations

from typing import Any

from localcfn.adapters.base import Made, Properties, adapt, only, small, text, validate
from localcfn.kinds import Resource, Where

STAGES: dict[str, Properties] = {}
"""Stages by API and name, for what moto's API does not keep."""


def register() -> None:
    """Makes the types known."""
    adapt("AWS::ApiGateway::Stage", _stage, _delete_stage)
    adapt("AWS::ApiGateway::RequestValidator", _request_validator)
    adapt("AWS::ApiGateway::Model", _model)
    adapt("AWS::ApiGateway::Account", _account)


def _stage(where: Where, name: str, properties: Properties) -> Made:
    arguments = small(only(properties, "RestApiId", "StageName", "DeploymentId", "TracingEnabled", "Variables"))
    arguments["restApiId"] = properties["RestApiId"]
    api = where.client("apigateway")
    api.create_stage(**arguments)
    operations: list[dict[str, Any]] = [
        {"op": "replace", "path": f"/accessLogSettings/{key}", "value": value}
        for key, value in small(properties.get("AccessLogSetting", {})).items()
    ]
    validate(
        "apigateway",
        "UpdateStage",
        {"restApiId": properties["RestApiId"], "stageName": properties["StageName"], "patchOperations": operations},
    )
    STAGES[f"{properties['RestApiId']}/{properties['StageName']}"] = properties
    return properties["StageName"], {}


def _delete_stage(where: Where, resource: Resource) -> None:
    properties = resource.properties
    where.client("apigateway").delete_stage(restApiId=properties["RestApiId"], stageName=properties["StageName"])
    del STAGES[f"{properties['RestApiId']}/{properties['StageName']}"]


def _request_validator(where: Where, name: str, properties: Properties) -> Made:
    arguments = small({"Name": name, **properties})
    identity = where.client("apigateway").create_request_validator(**arguments)["id"]
    return identity, {"RequestValidatorId": identity}


def _model(where: Where, name: str, properties: Properties) -> Made:
    arguments = small({"Name": name.replace("-", ""), **properties, "Schema": text(properties["Schema"])})
    where.client("apigateway").create_model(**arguments)
    return arguments["name"], {}


def _account(where: Where, name: str, properties: Properties) -> Made:
    # moto keeps no settings of the account.
    role = properties.get("CloudWatchRoleArn", "")
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    validate("apigateway", "UpdateAccount", {"patchOperations": [operation]})
    return name, {"Id": name}
