"""Keys, the trail, the web ACL."""

from __future__ import annotations

import re

from localcfn.adapters.base import Made, Properties, adapt, demand, only, text
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt("AWS::KMS::Key", _key, _schedule_deletion)
    adapt(
        "AWS::CloudTrail::Trail",
        _trail,
        lambda where, resource: where.client("cloudtrail").delete_trail(Name=resource.physical_resource_id),
    )
    adapt("AWS::WAFv2::WebACL", _web_acl, _delete_web_acl)
    adapt(
        "AWS::WAFv2::WebACLAssociation",
        _association,
        lambda where, resource: where.client("wafv2").disassociate_web_acl(
            ResourceArn=resource.properties["ResourceArn"]
        ),
    )
    adapt(
        "AWS::WAFv2::LoggingConfiguration",
        _web_acl_logging,
        lambda where, resource: where.client("wafv2").delete_logging_configuration(
            ResourceArn=resource.physical_resource_id
        ),
    )


def _key(where: Where, name: str, properties: Properties) -> Made:
    kms = where.client("kms")
    arguments = only(properties, "Description", "KeyUsage", "KeySpec", "MultiRegion")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
    key = kms.create_key(**arguments, Policy=text(properties["KeyPolicy"]), Tags=tags)["KeyMetadata"]
    is_symmetric = properties.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if properties.get("EnableKeyRotation"):
        demand(is_symmetric, "You cannot enable automatic rotation for an asymmetric key")
        kms.enable_key_rotation(KeyId=key["KeyId"], **only(properties, "RotationPeriodInDays"))
    return key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]}


def _schedule_deletion(where: Where, resource: Resource) -> None:
    days = resource.properties.get("PendingWindowInDays", 30)
    where.client("kms").schedule_key_deletion(KeyId=resource.physical_resource_id, PendingWindowInDays=days)


def _trail(where: Where, name: str, properties: Properties) -> Made:
    cloudtrail, trail = where.client("cloudtrail"), properties.get("TrailName", name)
    arguments = only(
        properties,
        "S3BucketName",
        "S3KeyPrefix",
        "IsMultiRegionTrail",
        "EnableLogFileValidation",
        "IncludeGlobalServiceEvents",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
    )
    if "KMSKeyId" in properties:
        arguments["KmsKeyId"] = properties["KMSKeyId"]
    arn = cloudtrail.create_trail(Name=trail, **arguments)["TrailARN"]
    if "AdvancedEventSelectors" in properties:
        cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=properties["AdvancedEventSelectors"])
    if properties["IsLogging"]:
        cloudtrail.start_logging(Name=trail)
    return trail, {"Arn": arn, "SnsTopicArn": ""}


def _web_acl(where: Where, name: str, properties: Properties) -> Made:
    arguments = {"Name": name, **properties}
    acl = where.client("wafv2").create_web_acl(**arguments)["Summary"]
    return f"{acl['Name']}|{acl['Id']}|{properties['Scope']}", {"Arn": acl["ARN"], "Id": acl["Id"]}


def _delete_web_acl(where: Where, resource: Resource) -> None:
    name, identity, scope = resource.physical_resource_id.split("|")
    waf = where.client("wafv2")
    token = waf.get_web_acl(Name=name, Id=identity, Scope=scope)["LockToken"]
    waf.delete_web_acl(Name=name, Id=identity, Scope=scope, LockToken=token)


def _association(where: Where, name: str, properties: Properties) -> Made:
    arn = properties["ResourceArn"]
    is_stage = re.fullmatch(r"arn:aws[\w-]*:apigateway:[\w-]+::/restapis/\w+/stages/[\w-]+", arn)
    demand(is_stage, f"a web ACL protects a stage of an API, not {arn}")
    where.client("wafv2").associate_web_acl(**properties)
    return f"{properties['WebACLArn']}|{arn}", {}


def _web_acl_logging(where: Where, name: str, properties: Properties) -> Made:
    for destination in properties["LogDestinationConfigs"]:
        demand(":aws-waf-logs-" in destination, f"{destination}: its name must begin with aws-waf-logs-")
    where.client("wafv2").put_logging_configuration(LoggingConfiguration=properties)
    return properties["ResourceArn"], {}
