"""Route tables, endpoints, security groups and their rules."""

from __future__ import annotations

from typing import Any

from localcfn.adapters.base import Made, Properties, adapt, text, without
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt(
        "AWS::EC2::RouteTable",
        _route_table,
        lambda where, resource: where.client("ec2").delete_route_table(RouteTableId=resource.physical_resource_id),
    )
    adapt(
        "AWS::EC2::SubnetRouteTableAssociation",
        _route_table_association,
        lambda where, resource: where.client("ec2").disassociate_route_table(
            AssociationId=resource.physical_resource_id
        ),
    )
    adapt(
        "AWS::EC2::VPCEndpoint",
        _endpoint,
        lambda where, resource: where.client("ec2").delete_vpc_endpoints(
            VpcEndpointIds=[resource.physical_resource_id]
        ),
    )
    adapt(
        "AWS::EC2::SecurityGroup",
        _group,
        lambda where, resource: where.client("ec2").delete_security_group(GroupId=resource.physical_resource_id),
    )
    for direction in "ingress", "egress":
        adapt(f"AWS::EC2::SecurityGroup{direction.title()}", _Rules(direction).make, _Rules(direction).remove)


def _route_table(where: Where, name: str, properties: Properties) -> Made:
    table = where.client("ec2").create_route_table(VpcId=properties["VpcId"])["RouteTable"]["RouteTableId"]
    return table, {"RouteTableId": table}


def _route_table_association(where: Where, name: str, properties: Properties) -> Made:
    association = where.client("ec2").associate_route_table(**properties)["AssociationId"]
    return association, {"Id": association}


def _endpoint(where: Where, name: str, properties: Properties) -> Made:
    arguments = without(properties, "PolicyDocument", "Tags")
    arguments["PolicyDocument"] = text(properties["PolicyDocument"])
    endpoint = where.client("ec2").create_vpc_endpoint(**arguments)["VpcEndpoint"]
    return endpoint["VpcEndpointId"], {"Id": endpoint["VpcEndpointId"]}


def _group(where: Where, name: str, properties: Properties) -> Made:
    ec2 = where.client("ec2")
    group = ec2.create_security_group(
        GroupName=properties.get("GroupName", name),
        Description=properties["GroupDescription"],
        VpcId=properties["VpcId"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": properties.get("Tags", [])}],
    )["GroupId"]
    if "SecurityGroupEgress" in properties:
        # A group begins with a rule that lets everything out, and a rule of the template takes its place.
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
        rules = [_permission(rule) for rule in properties["SecurityGroupEgress"]]
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)
    if "SecurityGroupIngress" in properties:
        rules = [_permission(rule) for rule in properties["SecurityGroupIngress"]]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
    return group, {"GroupId": group, "VpcId": properties["VpcId"]}


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
