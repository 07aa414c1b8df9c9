"""Roles and managed policies."""

from __future__ import annotations

from localcfn.adapters.base import Made, Properties, adapt, only, short, text
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt("AWS::IAM::Role", _role, _delete_role)
    adapt(
        "AWS::IAM::ManagedPolicy",
        _managed_policy,
        lambda where, resource: where.client("iam").delete_policy(PolicyArn=resource.physical_resource_id),
    )


def _role(where: Where, name: str, properties: Properties) -> Made:
    iam, role = where.client("iam"), properties.get("RoleName", short(name, 64))
    created = iam.create_role(
        RoleName=role,
        AssumeRolePolicyDocument=text(properties["AssumeRolePolicyDocument"]),
        **only(properties, "Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags"),
    )["Role"]
    for policy in properties.get("Policies", []):
        document = text(policy["PolicyDocument"])
        iam.put_role_policy(RoleName=role, PolicyName=policy["PolicyName"], PolicyDocument=document)
    for arn in properties.get("ManagedPolicyArns", []):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    return role, {"Arn": created["Arn"], "RoleId": created["RoleId"]}


def _delete_role(where: Where, resource: Resource) -> None:
    iam, role = where.client("iam"), resource.physical_resource_id
    for policy in resource.properties.get("Policies", []):
        iam.delete_role_policy(RoleName=role, PolicyName=policy["PolicyName"])
    for arn in resource.properties.get("ManagedPolicyArns", []):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    iam.delete_role(RoleName=role)


def _managed_policy(where: Where, name: str, properties: Properties) -> Made:
    arguments = only(properties, "Path", "Description")
    policy = where.client("iam").create_policy(
        PolicyName=properties.get("ManagedPolicyName", short(name, 128)),
        PolicyDocument=text(properties["PolicyDocument"]),
        **arguments,
    )["Policy"]
    return policy["Arn"], {"PolicyArn": policy["Arn"]}
