"""Log groups, metric filters, alarms, scaling."""

from __future__ import annotations

from localcfn.adapters.base import Made, Properties, adapt, only, small, without
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt(
        "AWS::Logs::LogGroup",
        _log_group,
        lambda where, resource: where.client("logs").delete_log_group(logGroupName=resource.physical_resource_id),
    )
    adapt(
        "AWS::CloudWatch::Alarm",
        _alarm,
        lambda where, resource: where.client("cloudwatch").delete_alarms(AlarmNames=[resource.physical_resource_id]),
    )
    adapt(
        "AWS::Logs::MetricFilter",
        _metric_filter,
        lambda where, resource: where.client("logs").delete_metric_filter(
            logGroupName=resource.properties["LogGroupName"], filterName=resource.physical_resource_id
        ),
    )
    adapt("AWS::ApplicationAutoScaling::ScalableTarget", _scalable_target, _deregister)
    adapt("AWS::ApplicationAutoScaling::ScalingPolicy", _scaling_policy, _delete_scaling_policy)


def _log_group(where: Where, name: str, properties: Properties) -> Made:
    logs, group = where.client("logs"), properties.get("LogGroupName", name)
    key = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
    logs.create_log_group(
        logGroupName=group, **key, tags={tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    )
    if "RetentionInDays" in properties:
        logs.put_retention_policy(logGroupName=group, retentionInDays=properties["RetentionInDays"])
    return group, {"Arn": where.arn("logs", f"log-group:{group}:*")}


def _alarm(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"AlarmName": name, **properties}
    for key in "Period", "EvaluationPeriods", "DatapointsToAlarm":
        if key in arguments:
            arguments[key] = int(arguments[key])
    if "Threshold" in arguments:
        arguments["Threshold"] = float(arguments["Threshold"])
    where.client("cloudwatch").put_metric_alarm(**arguments)
    return arguments["AlarmName"], {"Arn": where.arn("cloudwatch", f"alarm:{arguments['AlarmName']}")}


def _metric_filter(where: Where, name: str, properties: Properties) -> Made:
    filter_name = properties.get("FilterName", name)
    where.client("logs").put_metric_filter(
        logGroupName=properties["LogGroupName"],
        filterName=filter_name,
        filterPattern=properties["FilterPattern"],
        metricTransformations=[small(item) for item in properties["MetricTransformations"]],
    )
    return filter_name, {}


def _scalable_target(where: Where, name: str, properties: Properties) -> Made:
    arguments = without(properties, "RoleARN", "Tags")
    arguments.update(MinCapacity=int(arguments["MinCapacity"]), MaxCapacity=int(arguments["MaxCapacity"]))
    where.client("application-autoscaling").register_scalable_target(**arguments)
    identity = "|".join(properties[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
    return identity, {"Id": identity}


def _place(identity: str) -> dict[str, str]:
    resource, dimension, namespace = identity.split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


def _deregister(where: Where, resource: Resource) -> None:
    scaling = where.client("application-autoscaling")
    scaling.deregister_scalable_target(**_place(resource.physical_resource_id))


def _place_of_policy(properties: Properties) -> dict[str, str]:
    if "ScalingTargetId" in properties:
        return _place(properties["ScalingTargetId"])
    return only(properties, "ResourceId", "ScalableDimension", "ServiceNamespace")


def _scaling_policy(where: Where, name: str, properties: Properties) -> Made:
    arguments = only(properties, "PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration")
    scaling = where.client("application-autoscaling")
    arn = scaling.put_scaling_policy(**arguments, **_place_of_policy(properties))["PolicyARN"]
    return arn, {"Arn": arn}


def _delete_scaling_policy(where: Where, resource: Resource) -> None:
    where.client("application-autoscaling").delete_scaling_policy(
        PolicyName=resource.properties["PolicyName"], **_place_of_policy(resource.properties)
    )
