"""Rules of security groups."""

from __future__ import annotations

from typing import Any

from localcfn.adapters.base import Made, Properties, adapt
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    for direction in "ingress", "egress":
        adapt(f"AWS::EC2::SecurityGroup{direction.title()}", _Rules(direction).make, _Rules(direction).remove)


class _Rules:
    """Rules in one direction."""

    def __init__(self, direction: str) -> None:
        self.direction = direction

    def make(self, where: Where, name: str, properties: Properties) -> Made:
        method = getattr(where.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = method(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])
        identity = (answer.get("SecurityGroupRules") or [{}])[0].get("SecurityGroupRuleId", name)
        return identity, {"Id": identity}

    def remove(self, where: Where, resource: Resource) -> None:
        method = getattr(where.client("ec2"), f"revoke_security_group_{self.direction}")
        method(GroupId=resource.properties["GroupId"], IpPermissions=[_permission(resource.properties)])


def _permission(properties: Properties) -> dict[str, Any]:
    description = {"Description": properties["Description"]} if "Description" in properties else {}
    permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    # Protocols without ports, such as ESP, have neither.
    permission["FromPort"] = int(properties.get("FromPort", -1))
    permission["ToPort"] = int(properties.get("ToPort", -1))
    if "CidrIp" in properties:
        permission["IpRanges"] = [{"CidrIp": properties["CidrIp"], **description}]
    for group in "SourceSecurityGroupId", "DestinationSecurityGroupId":
        if group in properties:
            permission["UserIdGroupPairs"] = [{"GroupId": properties[group], **description}]
    if "DestinationPrefixListId" in properties:
        permission["PrefixListIds"] = [{"PrefixListId": properties["DestinationPrefixListId"], **description}]
    return permission
