"""Methods of an API, its stage, validation and account."""

from __future__ import annotations

from typing import Any

from localcfn.adapters.base import Made, Properties, adapt, only, small, text, validate, without
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt("AWS::ApiGateway::Method", _method, _delete_method)
    adapt("AWS::ApiGateway::Stage", _stage, _delete_stage)
    adapt("AWS::ApiGateway::RequestValidator", _request_validator)
    adapt("AWS::ApiGateway::Model", _model)
    adapt("AWS::ApiGateway::Account", _account)


def _place(properties: Properties) -> dict[str, str]:
    return small(only(properties, "RestApiId", "ResourceId", "HttpMethod"))


def _method(where: Where, name: str, properties: Properties) -> Made:
    api, place = where.client("apigateway"), _place(properties)
    names = "AuthorizationType", "ApiKeyRequired", "RequestValidatorId", "RequestModels", "RequestParameters"
    api.put_method(**place, **small(only(properties, *names)))
    for response in properties.get("MethodResponses", []):
        api.put_method_response(**place, **small(response))
    integration = properties["Integration"]
    arguments = small(without(integration, "IntegrationResponses", "IntegrationHttpMethod"))
    api.put_integration(**place, **arguments, **_integration_method(integration))
    for response in integration.get("IntegrationResponses", []):
        api.put_integration_response(**place, **small(response))
    return f"{name}-{place['httpMethod']}", {}


def _integration_method(integration: Properties) -> dict[str, str]:
    method = integration.get("IntegrationHttpMethod")
    return {"integrationHttpMethod": method} if method else {}


def _delete_method(where: Where, resource: Resource) -> None:
    where.client("apigateway").delete_method(**_place(resource.properties))


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
    return properties["StageName"], {}


def _delete_stage(where: Where, resource: Resource) -> None:
    properties = resource.properties
    where.client("apigateway").delete_stage(restApiId=properties["RestApiId"], stageName=properties["StageName"])


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
