"""What is there after a deployment, asked of the services and not of the stacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3

from conftest import ACCOUNT, REGION, SUFFIXES, Environment, run


def client(service: str) -> Any:
    return boto3.client(service)


def pages(service: str, operation: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    for page in client(service).get_paginator(operation).paginate(**arguments):
        yield from page[key]


def test_the_twelve_stacks_are_there_in_their_order(environment: Environment) -> None:
    stacks = environment.stacks()
    assert list(stacks) == SUFFIXES
    assert {stack["StackStatus"] for stack in stacks.values()} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def test_the_network_has_no_way_out(environment: Environment) -> None:
    ec2 = client("ec2")
    of_vpc = [{"Name": "vpc-id", "Values": [environment.export("VpcId")]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [environment.export("VpcId")]}]
    assert ec2.describe_internet_gateways(Filters=attached)["InternetGateways"] == []
    assert ec2.describe_nat_gateways(Filter=of_vpc)["NatGateways"] == []
    for table in ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]:
        for route in table["Routes"]:
            assert route.get("GatewayId", "").startswith(("local", "vpce-")), route
    zones = 3 if environment.name == "production" else 2
    subnets = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == len(subnets) == zones
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def test_each_endpoint_has_a_policy_of_its_own_and_all_subnets(environment: Environment) -> None:
    ec2 = client("ec2")
    of_vpc = [{"Name": "vpc-id", "Values": [environment.export("VpcId")]}]
    subnets = set(environment.export("PrivateSubnetIds").split(","))
    endpoints = ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"]
    services = ["s3", "sagemaker.api", "sagemaker.runtime", "logs", "monitoring", "kms", "sts", "ecr.api", "ecr.dkr"]
    if environment.name == "production":
        services.append("execute-api")
    assert {e["ServiceName"].removeprefix(f"com.amazonaws.{REGION}.") for e in endpoints} == set(services)
    assert len(endpoints) == len(services)
    for endpoint in endpoints:
        statements = json.loads(endpoint["PolicyDocument"])["Statement"]
        for statement in statements:
            bounded = ACCOUNT in json.dumps(statement.get("Condition", {})) or statement["Sid"] == "ImageLayers"
            assert bounded, (endpoint["ServiceName"], statement["Sid"])
        if endpoint["VpcEndpointType"] == "Interface":
            assert set(endpoint["SubnetIds"]) == subnets
            assert endpoint["PrivateDnsEnabled"]


def test_the_flow_log_and_the_groups_are_closed(environment: Environment) -> None:
    ec2 = client("ec2")
    vpc = environment.export("VpcId")
    (log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    assert (log["TrafficType"], log["LogDestinationType"]) == ("ALL", "cloud-watch-logs")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert len(groups) == 4
    for group in groups:
        rules = [*group["IpPermissions"], *group["IpPermissionsEgress"]]
        assert not any(block["CidrIp"] == "0.0.0.0/0" for rule in rules for block in rule.get("IpRanges", []))
        if group["GroupName"] == "default":
            assert rules == []
    workloads = next(g for g in groups if g["GroupId"] == environment.export("WorkloadSecurityGroupId"))
    egress = workloads["IpPermissionsEgress"]
    assert {rule["IpProtocol"] for rule in egress} == {"tcp", "udp", "50"}
    assert any(rule.get("PrefixListIds") for rule in egress)


def test_seven_keys_turn_and_the_eighth_purpose_signs(environment: Environment) -> None:
    kms = client("kms")
    purposes = ["Data", "Model", "Volume", "Logs", "Audit", "Messaging", "Signing"]
    keys = {
        purpose: kms.describe_key(KeyId=environment.export(f"{purpose}KeyArn"))["KeyMetadata"] for purpose in purposes
    }
    assert len({key["KeyId"] for key in keys.values()}) == 7
    for purpose, key in keys.items():
        if purpose == "Signing":
            assert (key["KeySpec"], key["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
        else:
            assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"], purpose
    aliases = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    assert {f"alias/{environment.prefix}-{purpose.lower()}" for purpose in purposes} <= aliases


def test_buckets_are_encrypted_versioned_and_closed(environment: Environment) -> None:
    s3 = client("s3")
    policies = {p["Bucket"]: p["PolicyDocument"] for p in environment.resources("AWS::S3::BucketPolicy").values()}
    keys = {"data": "DataKeyArn", "model": "ModelKeyArn", "audit": "AuditKeyArn", "access-logs": None}
    for name, key in keys.items():
        bucket = f"{environment.prefix}-{name}-{ACCOUNT}-{REGION}"
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        if key:
            assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": environment.export(key)}
        else:
            assert default["SSEAlgorithm"] == "AES256"
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
        denied = {s["Sid"] for s in policies[bucket]["Statement"] if s["Effect"] == "Deny"}
        assert {"DenyPlainHttp", "DenyOldTls"} <= denied, bucket
    lock = s3.get_object_lock_configuration(Bucket=f"{environment.prefix}-audit-{ACCOUNT}-{REGION}")
    assert lock["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"


def test_the_trail_is_complete(environment: Environment) -> None:
    cloudtrail = client("cloudtrail")
    trail = cloudtrail.get_trail(Name=environment.export("TrailArn"))["Trail"]
    assert trail["IsMultiRegionTrail"]
    assert trail["LogFileValidationEnabled"]
    assert trail["KmsKeyId"] == environment.export("AuditKeyArn")
    assert trail["CloudWatchLogsLogGroupArn"]
    assert cloudtrail.get_trail_status(Name=environment.export("TrailArn"))["IsLogging"]
    selectors = cloudtrail.get_event_selectors(TrailName=trail["Name"])["AdvancedEventSelectors"]
    assert any("AWS::S3::Object" in json.dumps(selector) for selector in selectors)


def test_every_log_group_has_the_key_of_logs_and_an_end(environment: Environment) -> None:
    groups = list(pages("logs", "describe_log_groups", "logGroups"))
    assert len(groups) >= 12
    for group in groups:
        assert group["retentionInDays"] == 365, group["logGroupName"]
    own = [group for group in groups if group.get("kmsKeyId") == environment.export("LogsKeyArn")]
    assert len(own) >= 9


def test_every_role_has_a_boundary_but_three(environment: Environment) -> None:
    iam = client("iam")
    without, named = set(), set()
    for role in pages("iam", "list_roles", "Roles"):
        detail = iam.get_role(RoleName=role["RoleName"])["Role"]
        if not role["RoleName"].startswith(environment.prefix):
            continue
        boundary = detail.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if boundary:
            assert boundary == environment.export("PermissionsBoundaryArn")
            named.add(role["RoleName"])
        else:
            without.add(role["RoleName"].split("-")[3])
    # They exist before the boundary, or beside it.
    owner = {"ApiLogRole"} if environment.name == "dev" else set()
    assert without == {"FlowLogRole", "TrailRole"} | owner
    purposes = ["processing", "training", "signing", "inference", "monitoring", "pipeline", "deployer"]
    assert {f"{environment.prefix}-{purpose}" for purpose in purposes} <= named


def test_topics_and_queues_are_encrypted_and_refuse_plain_http(environment: Environment) -> None:
    key = environment.export("MessagingKeyArn")
    sns, sqs = client("sns"), client("sqs")
    topics = [t["TopicArn"] for t in sns.list_topics()["Topics"] if f":{environment.prefix}-" in t["TopicArn"]]
    assert len(topics) == 2
    queues = sqs.list_queues(QueueNamePrefix=environment.prefix)["QueueUrls"]
    assert len(queues) == 3
    policies = []
    # The moto of Python 3.9 does not answer with the key of a topic.
    assert [topic["KmsMasterKeyId"] for topic in environment.resources("AWS::SNS::Topic").values()] == [key, key]
    for topic in topics:
        policies.append(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    for queue in queues:
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert attributes["KmsMasterKeyId"] == key
        policies.append(attributes["Policy"])
    for policy in policies:
        assert "DenyPlainHttp" in {statement["Sid"] for statement in json.loads(policy)["Statement"]}


def test_people_who_are_named_are_told(dev: Environment) -> None:
    subscriptions = client("sns").list_subscriptions()["Subscriptions"]
    assert {s["Endpoint"] for s in subscriptions} == {"approver@example.com", "alerts@example.com"}


def test_rules_start_what_they_should_and_drop_nothing(environment: Environment) -> None:
    events = client("events")
    rules = {
        rule["Name"].removeprefix(f"{environment.prefix}-"): rule
        for rule in events.list_rules(NamePrefix=environment.prefix)["Rules"]
    }
    is_on = environment.name == "production"
    for name in "model-pending", "model-approved", "model-rejected":
        assert rules[name]["State"] == "ENABLED"
    states = {name: rule["State"] for name, rule in rules.items() if "retrain" in name}
    assert len(states) == 2
    assert any(state == ("ENABLED" if is_on else "DISABLED") for state in states.values())
    for rule in rules.values():
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
            assert target["DeadLetterConfig"]["Arn"].endswith("-undelivered"), rule["Name"]
    approved = events.list_targets_by_rule(Rule=f"{environment.prefix}-model-approved")["Targets"]
    assert [target["Arn"] for target in approved] == [environment.export("DeployerArn")]
    schedule = client("scheduler").get_schedule(Name=f"{environment.prefix}-retrain")
    assert schedule["State"] == ("ENABLED" if is_on else "DISABLED")
    assert schedule["Target"]["Arn"] == environment.export("RetrainerArn")


def test_the_web_acl_protects_the_stage_and_logs(environment: Environment) -> None:
    waf = client("wafv2")
    api = environment.export("ApiId")
    (stage,) = client("apigateway").get_stages(restApiId=api)["item"]
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api}/stages/{stage['stageName']}"
    acl = waf.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]
    assert acl["ARN"] == environment.export("WebAclArn")
    assert len(acl["Rules"]) >= 4
    assert waf.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]["RedactedFields"]
    (settings,) = environment.resources("AWS::ApiGateway::Stage").values()
    assert settings["AccessLogSetting"]["DestinationArn"]
    (method,) = settings["MethodSettings"]
    assert not method["DataTraceEnabled"]
    assert method["ThrottlingRateLimit"] == (200 if environment.name == "production" else 20)


def test_the_api_asks_for_a_signature_and_checks_bodies(environment: Environment) -> None:
    apigateway = client("apigateway")
    api = environment.export("ApiId")
    (predict,) = [r for r in apigateway.get_resources(restApiId=api)["items"] if r["path"] == "/predict"]
    method = apigateway.get_method(restApiId=api, resourceId=predict["id"], httpMethod="POST")
    assert method["authorizationType"] == "AWS_IAM"
    (properties,) = environment.resources("AWS::ApiGateway::Method").values()
    assert properties["RequestValidatorId"]
    assert set(properties["RequestModels"]) == {"application/json"}
    codes = {
        code: answer.get("selectionPattern")
        for code, answer in method["methodIntegration"]["integrationResponses"].items()
    }
    assert {"200", "400", "502"} <= set(codes)


def test_alarms_reach_someone(environment: Environment) -> None:
    alarms = [a for a in pages("cloudwatch", "describe_alarms", "MetricAlarms") if environment.prefix in a["AlarmName"]]
    silent = [alarm["AlarmName"] for alarm in alarms if not alarm["AlarmActions"]]
    # The two that roll an endpoint back act through it.
    assert len(silent) == 2
    assert all("Rollback" in name for name in silent)
    names = {alarm["AlarmName"].removeprefix(f"{environment.prefix}-") for alarm in alarms}
    wanted = (
        "endpoint-latency endpoint-5xx drift-data-quality drift-model-quality retrain-failed deploy-failed denied-calls"
    )
    assert set(wanted.split()) <= names
    assert ("endpoint-silent" in names) == (environment.name == "production")
    topic = environment.export("AlertTopicArn")
    assert all(alarm["AlarmActions"] == [topic] for alarm in alarms if alarm["AlarmName"] not in silent)


def test_pipelines_and_state_machines_are_there(environment: Environment) -> None:
    pipelines = {p["PipelineName"] for p in client("sagemaker").list_pipelines()["PipelineSummaries"]}
    assert {f"{environment.prefix}-processing", f"{environment.prefix}-training"} <= pipelines
    stepfunctions = client("stepfunctions")
    for arn in environment.export("DeployerArn"), environment.export("RetrainerArn"):
        machine = stepfunctions.describe_state_machine(stateMachineArn=arn)
        assert machine["loggingConfiguration"]["level"] == "ALL"
        assert machine["tracingConfiguration"]["enabled"]
        assert machine["encryptionConfiguration"]["kmsKeyId"] == environment.export("MessagingKeyArn")


def test_functions_run_in_the_network_with_a_key(environment: Environment) -> None:
    found = [
        f for f in pages("lambda", "list_functions", "Functions") if f["FunctionName"].startswith(environment.prefix)
    ]
    assert len(found) == 2
    for function in found:
        assert set(function["VpcConfig"]["SubnetIds"]) == set(environment.export("PrivateSubnetIds").split(","))
        concurrency = client("lambda").get_function_concurrency(FunctionName=function["FunctionName"])
        assert concurrency["ReservedConcurrentExecutions"] == 2
    for properties in environment.resources("AWS::Lambda::Function").values():
        assert properties["DeadLetterConfig"]["TargetArn"].endswith("-undelivered")
        assert properties["KmsKeyArn"] == environment.export("MessagingKeyArn")


def test_a_second_deployment_changes_nothing(dev: Environment) -> None:
    said = dev.deploy()
    assert said.count("No changes to deploy") == len(SUFFIXES)


def test_a_change_set_changes_nothing(dev: Environment) -> None:
    before = dev.stacks()
    said = dev.deploy("--stack", "alarms", "--parameter", "DriftThreshold=0.2", "--no-execute-changeset")
    assert "Modify" in said
    after = dev.stacks()
    assert after["alarms"]["Parameters"] == before["alarms"]["Parameters"]
    assert after["alarms"]["StackStatus"] == before["alarms"]["StackStatus"]


def test_a_plan_says_which_image_replaces_which(dev: Environment) -> None:
    plan = ["--no-execute-changeset", "--stack", "processing", "--stack", "training"]
    before = dev.stacks()

    def said(*options: str) -> str:
        ended = run(dev.name, *plan, *options)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    assert "then: the same" in said("--image-uri", dev.image)
    assert "== image" not in said()
    # Nobody has pushed this content: only its tag is known, and nothing is built.
    new = said("--build-image")
    assert f"now:  {dev.image}" in new
    assert new.count("== image") == 1
    (tag,) = re.findall(r"then: \S+/mlops-dev/model with the tag ([0-9a-f]{16}), which is not there yet", new)
    assert "Modify" not in new
    # Pushed: the change sets have its digest.
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:1"}, "layers": []})
    pushed = client("ecr").put_image(repositoryName="mlops-dev/model", imageManifest=manifest, imageTag=tag)["image"]
    known = said("--build-image")
    assert f"then: {dev.image.partition('@')[0]}@{pushed['imageId']['imageDigest']}" in known
    assert known.count("Modify") == 2
    assert {name: s["Parameters"] for name, s in dev.stacks().items()} == {
        n: s["Parameters"] for n, s in before.items()
    }


def test_a_misspelt_parameter_and_an_image_by_tag_are_refused(aws: str) -> None:
    ended = run("dev", "--parameter", "AproverEmail=a@example.com")
    assert (ended.returncode, ended.stderr) == (1, "deploy.sh: no stack has the parameter AproverEmail\n")
    ended = run("dev", "--image-uri", f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops-dev/model:latest")
    assert ended.returncode == 1
    assert "is not named by digest" in ended.stderr
