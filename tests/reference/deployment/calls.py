"""The calls of an environment: what every step, endpoint, monitor, function and state machine asks of AWS.

Places, keys, images and networks are read from what was deployed. What AWS adds to a request comes from the pages on
condition keys: which service calls for whom, through which endpoint of the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from definitions import every, pipeline, steps

from conftest import ACCOUNT, REGION, Environment
from iam import Call, Context, World, listed

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
VIA_S3 = {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "aws:ViaAWSService": "true"}
JOBS = {
    "Processing": ("ProcessingJob", "processing-job"),
    "Tuning": ("HyperParameterTuningJob", "hyper-parameter-tuning-job"),
}
"""The call that Pipelines makes for a step, and the kind of its ARN."""
PEOPLE = {"administrator", "analyst"}
"""Roles of the organisation that may do everything, as far as their own policies go. The first deploys."""


def world(environment: Environment) -> World:
    """The policies of an environment, as CloudFormation gave them to the services."""
    iam = boto3.client("iam")
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    roles = {"administrator": everything, "analyst": everything}
    bounded, boundary = set(), environment.export("PermissionsBoundaryArn")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name = role["RoleName"]
            if name.startswith(f"{environment.prefix}-"):
                roles[name] = attached(name)
                if iam.get_role(RoleName=name)["Role"].get("PermissionsBoundary"):
                    bounded.add(name)
    keys, endpoints = environment.resources("AWS::KMS::Key"), environment.resources("AWS::EC2::VPCEndpoint")
    service = f"com.amazonaws.{REGION}."
    return World(
        roles,
        managed(boundary),
        bounded,
        {
            f"arn:aws:s3:::{policy['Bucket']}": policy["PolicyDocument"]["Statement"]
            for policy in environment.resources("AWS::S3::BucketPolicy").values()
        },
        {environment.export(f"{name}Arn"): key["KeyPolicy"]["Statement"] for name, key in keys.items()},
        {
            endpoint["ServiceName"].removeprefix(service): endpoint["PolicyDocument"]["Statement"]
            for endpoint in endpoints.values()
        },
    )


def attached(role: str) -> list[dict[str, Any]]:
    """All statements of a role, of its own and of attached policies."""
    iam = boto3.client("iam")
    documents = [
        iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    ]
    found = [statement for document in documents for statement in listed(document["Statement"])]
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        found += managed(policy["PolicyArn"])
    return found


def managed(arn: str) -> list[dict[str, Any]]:
    """The statements of a managed policy."""
    iam = boto3.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return listed(document["Statement"])


class Calls:
    """What is called in an environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.prefix = environment.prefix
        self.data, self.model = environment.export("DataBucketArn"), environment.export("ModelBucketArn")
        self.bucket_keys = {
            self.data: environment.export("DataKeyArn"),
            self.model: environment.export("ModelKeyArn"),
        }
        self.volume = environment.export("VolumeKeyArn")

    def call(
        self, role: str, action: str, resource: str, context: Context | None = None, *, inside: str | None = None
    ) -> Call:
        """A call by a role of the environment, from a service or through an endpoint of the network."""
        name = role if role.startswith(self.prefix) or role in PEOPLE else f"{self.prefix}-{role}"
        known: dict[str, Any] = {
            "aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "aws:PrincipalAccount": ACCOUNT,
            "aws:ResourceAccount": ACCOUNT,
            "aws:PrincipalIsAWSService": "false",
            "aws:ViaAWSService": "false",
            "aws:SecureTransport": "true",
        }
        if action.startswith("s3:"):
            known["s3:TlsVersion"] = "1.3"
        if inside == "s3":
            known["aws:SourceVpce"] = self.environment.export("S3EndpointId")
        elif inside == "kms":
            known["aws:SourceVpce"] = self.environment.export("KmsEndpointId")
        elif inside:
            known["aws:SourceVpce"] = f"vpce-{inside}"
        return Call(name, action, resource, {**known, **(context or {})}, inside)

    def reads(self, role: str, arn: str, *, inside: bool = True, context: Context | None = None) -> Iterator[Call]:
        """A download: the object, and its key through S3."""
        yield self.call(role, "s3:GetObject", arn, context, inside="s3" if inside else None)
        yield self.call(role, "kms:Decrypt", self.bucket_keys[arn.partition("/")[0]], VIA_S3)

    def lists(self, role: str, arn: str, *, context: Context | None = None) -> Iterator[Call]:
        """What S3Prefix, the way in which all inputs are given, does before the download."""
        bucket, _, prefix = arn.partition("/")
        yield self.call(role, "s3:ListBucket", bucket, {"s3:prefix": prefix, **(context or {})}, inside="s3")

    def writes(self, role: str, arn: str, *, key: str | None, inside: bool = True) -> Iterator[Call]:
        """An upload, with the key in its headers if the request for the job had one."""
        headers = {
            "s3:x-amz-server-side-encryption": "aws:kms",
            "s3:x-amz-server-side-encryption-aws-kms-key-id": key,
        }
        yield self.call(role, "s3:PutObject", arn, headers if key else {}, inside="s3" if inside else None)
        yield self.call(role, "kms:GenerateDataKey", key or self.bucket_keys[arn.partition("/")[0]], VIA_S3)

    def runs(self, role: str, group: str) -> Iterator[Call]:
        """What SageMaker does with the role of any job or endpoint: network, volume, log, metrics."""
        for kind in "network-interface/eni-1", "subnet/subnet-1", "security-group/sg-1":
            yield self.call(role, "ec2:CreateNetworkInterface", f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}")
        for action in "ec2:DescribeDhcpOptions", "ec2:DescribeSubnets", "ecr:GetAuthorizationToken":
            yield self.call(role, action, "*")
        yield self.call(role, "kms:CreateGrant", self.volume, {"kms:GrantIsForAWSResource": "true"})
        for action in "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt":
            yield self.call(role, action, self.volume)
        for action in "logs:CreateLogStream", "logs:PutLogEvents":
            yield self.call(role, action, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:x")
        yield self.call(role, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": group})

    def pulls(self, role: str, image: str) -> Iterator[Call]:
        """An image of ours, or of AWS."""
        host, _, name = image.partition("/")
        account, _, _, region, *_ = host.split(".")
        arn = f"arn:aws:ecr:{region}:{account}:repository/{name.split('@')[0].split(':')[0]}"
        for action in "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer":
            yield self.call(role, action, arn)

    def step(self, step: dict[str, Any], parameters: dict[str, str]) -> Iterator[Call]:
        """A step of a pipeline: how the pipeline starts it, and what its job does."""
        arguments = step["Arguments"]
        if step["Type"] == "RegisterModel":
            context = {"sagemaker:ModelApprovalStatus": arguments["ModelApprovalStatus"]}
            for kind in f"model-package/{self.prefix}-models/1", f"model-package-group/{self.prefix}-models":
                yield self.call("pipeline", "sagemaker:CreateModelPackage", f"{SAGEMAKER}:{kind}", context)
            for node in every(arguments):
                uri = node.get("S3Uri") or node.get("ModelDataUrl") if isinstance(node, dict) else None
                if uri:
                    yield from self.reads("pipeline", object_arn(place(uri, parameters)), inside=False)
        if step["Type"] not in JOBS:
            return
        processing = step["Type"] == "Processing"
        job = arguments if processing else arguments["TrainingJobDefinition"]
        if processing:
            inputs = [item["S3Input"]["S3Uri"] for item in job["ProcessingInputs"]]
            output = job["ProcessingOutputConfig"]
            outputs = [item["S3Output"]["S3Uri"] for item in output["Outputs"]]
            cluster, image = job["ProcessingResources"]["ClusterConfig"], job["AppSpecification"]["ImageUri"]
            network, group = job["NetworkConfig"], "/aws/sagemaker/ProcessingJobs"
        else:
            inputs = [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in job["InputDataConfig"]]
            output = job["OutputDataConfig"]
            outputs = [output["S3OutputPath"]]
            cluster, image = job["ResourceConfig"], job["AlgorithmSpecification"]["TrainingImage"]
            network, group = job, "/aws/sagemaker/TrainingJobs"
        role = job["RoleArn"].split("/")[-1]
        for uri in inputs:
            yield from self.lists(role, "arn:aws:s3:::" + place(uri, parameters).removeprefix("s3://"))
            yield from self.reads(role, object_arn(place(uri, parameters)))
        for uri in outputs:
            yield from self.writes(role, object_arn(place(uri, parameters)), key=output["KmsKeyId"])
        yield from self.runs(role, group)
        yield from self.pulls(role, image)
        entrypoint = job.get("AppSpecification", {}).get("ContainerEntrypoint", [])
        if "--key-id" in entrypoint:
            key = entrypoint[entrypoint.index("--key-id") + 1]
            yield from (self.call(role, action, key, inside="kms") for action in ("kms:Sign", "kms:GetPublicKey"))
        started = {
            "sagemaker:VpcSubnets": network["VpcConfig"]["Subnets"],
            "sagemaker:VolumeKmsKey": cluster["VolumeKmsKeyId"],
        }
        call, kind = JOBS[step["Type"]]
        arn = f"{SAGEMAKER}:{kind}/pipelines-x"
        yield self.call("pipeline", f"sagemaker:Create{call}", arn, started)
        for action in f"Describe{call}", f"Stop{call}", "AddTags":
            yield self.call("pipeline", f"sagemaker:{action}", arn)
        yield self.call("pipeline", "iam:PassRole", job["RoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"})

    def of_pipelines(self) -> Iterator[Call]:
        """All steps of both pipelines, and the property file that a condition reads."""
        for name in "processing", "training":
            definition = pipeline(self.environment, name)
            parameters = {item["Name"]: str(item.get("DefaultValue")) for item in definition["Parameters"]}
            for step in steps(definition["Steps"]):
                yield from self.step(step, parameters)
        yield from self.reads("pipeline", f"{self.model}/evaluation/job/evaluation.json", inside=False)

    def of_the_endpoint(self) -> Iterator[Call]:
        """SageMaker hosts the model: it downloads it and writes captured requests on its own side."""
        yield from self.runs("inference", "/aws/sagemaker/Endpoints")
        yield from self.pulls("inference", self.environment.image)
        yield from self.reads("inference", f"{self.model}/models/job/model.tar.gz", inside=False)
        yield from self.writes(
            "inference", f"{self.data}/capture/x.jsonl", key=self.bucket_keys[self.data], inside=False
        )
        alarm = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{self.prefix}-endpoint-RollbackOnErrors-1"
        yield self.call("inference", "cloudwatch:DescribeAlarms", alarm)

    def of_monitors(self) -> Iterator[Call]:
        """Both monitors, and the function that turns their reports into metrics."""
        yield from self.runs("monitoring", "/aws/sagemaker/ProcessingJobs")
        for place_ in "capture/x.jsonl", "ground-truth/x.jsonl", "baseline/current/data-quality/constraints.json":
            yield from self.lists("monitoring", f"{self.data}/{place_}")
            yield from self.reads("monitoring", f"{self.data}/{place_}")
        yield from self.lists("monitoring", f"{self.data}/monitoring/code/x.py")
        yield from self.writes("monitoring", f"{self.data}/monitoring/x/report.json", key=self.bucket_keys[self.data])
        for kind in "data-metrics", "model-metrics":
            namespace = {"cloudwatch:namespace": f"aws/sagemaker/Endpoints/{kind}"}
            yield self.call("monitoring", "cloudwatch:PutMetricData", "*", namespace, inside="monitoring")
        drift, code = self.function("drift")
        yield self.call(
            drift, "sagemaker:DescribeProcessingJob", f"{SAGEMAKER}:processing-job/x", code, inside="sagemaker.api"
        )
        yield from self.reads(drift, f"{self.data}/monitoring/x/constraint_violations.json", context=code)
        namespace = {"cloudwatch:namespace": self.prefix.replace("-", "/"), **code}
        yield self.call(drift, "cloudwatch:PutMetricData", "*", namespace, inside="monitoring")
        yield from self.starts(drift)

    def of_the_verifier(self) -> Iterator[Call]:
        """The function that judges a package before it is deployed."""
        role, code = self.function("verify-model")
        package = f"{SAGEMAKER}:model-package/{self.prefix}-models/1"
        yield self.call(role, "sagemaker:DescribeModelPackage", package, code, inside="sagemaker.api")
        for action in "kms:Verify", "kms:GetPublicKey":
            yield self.call(role, action, self.environment.export("SigningKeyArn"), code, inside="kms")
        yield from self.reads(role, f"{self.model}/models/job/model.sig", context=code)
        yield from self.lists(role, f"{self.model}/models/job/model.sig", context=code)
        yield from self.starts(role)

    def starts(self, role: str) -> Iterator[Call]:
        """What Lambda does to put a function into the network, before there is code that could call."""
        for kind in "network-interface/eni-1", "subnet/subnet-1", "security-group/sg-1":
            yield self.call(role, "ec2:CreateNetworkInterface", f"arn:aws:ec2:{REGION}:{ACCOUNT}:{kind}")
        yield self.call(role, "kms:Decrypt", self.environment.export("MessagingKeyArn"))

    def function(self, name: str) -> tuple[str, Context]:
        """The role of a function, and what its calls carry."""
        found = boto3.client("lambda").get_function(FunctionName=f"{self.prefix}-{name}")["Configuration"]
        return found["Role"].split("/")[-1], {"lambda:SourceFunctionArn": found["FunctionArn"]}

    def of_the_deployer(self) -> Iterator[Call]:
        """Step Functions, and CloudFormation with the rights that the state machine gives it."""
        package = f"{SAGEMAKER}:model-package/{self.prefix}-models/1"
        yield self.call(
            "deployer", "sagemaker:UpdateModelPackage", package, {"sagemaker:ModelApprovalStatus": "Rejected"}
        )
        yield self.call("deployer", "cloudformation:UpdateStack", self.environment.stacks()["endpoint"]["StackId"])
        yield self.call("deployer", "sns:Publish", self.environment.export("ApprovalTopicArn"))
        yield self.call("deployer", "kms:GenerateDataKey", self.environment.export("MessagingKeyArn"))
        yield from self.reads("deployer", f"{self.data}/baseline/run/data-quality/constraints.json", inside=False)
        current = f"{self.data}/baseline/current/data-quality/constraints.json"
        yield from self.writes("deployer", current, key=None, inside=False)
        yield from self.deploys({"aws:CalledViaFirst": "cloudformation.amazonaws.com", "aws:ViaAWSService": "true"})

    def deploys(self, via: Context) -> Iterator[Call]:
        """What CloudFormation does when the model changes."""
        made = f"{self.prefix}-endpoint-x"
        subnets = self.environment.export("PrivateSubnetIds").split(",")
        model, config, endpoint = (f"{SAGEMAKER}:{kind}/" for kind in ("model", "endpoint-config", "endpoint"))
        yield self.call("deployer", "sagemaker:CreateModel", model + made, {**via, "sagemaker:VpcSubnets": subnets})
        volume = {**via, "sagemaker:VolumeKmsKey": self.volume}
        yield self.call("deployer", "sagemaker:CreateEndpointConfig", config + made, volume)
        for action in "Create", "Update":
            for arn in config + made, f"{endpoint}{self.prefix}-endpoint":
                yield self.call("deployer", f"sagemaker:{action}Endpoint", arn, via)
        inference = self.environment.export("InferenceRoleArn")
        yield self.call(
            "deployer", "iam:PassRole", inference, {**via, "iam:PassedToService": "sagemaker.amazonaws.com"}
        )
        yield self.call("deployer", "kms:CreateGrant", self.volume, {"kms:GrantIsForAWSResource": "true"})
        target = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/x"
        for action in "RegisterScalableTarget", "PutScalingPolicy":
            yield self.call("deployer", f"application-autoscaling:{action}", target, via)
        service = "sagemaker.application-autoscaling.amazonaws.com"
        role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRoleForApplicationAutoScaling"
        yield self.call("deployer", "iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": service})

    def serve(self, service: str, action: str, resource: str, context: Context) -> Call:
        """A call by a service for itself, of this account or for a resource of it."""
        common = {"aws:PrincipalIsAWSService": "true", "aws:SecureTransport": "true"}
        tls = {"s3:TlsVersion": "1.3"} if action.startswith("s3:") else {}
        return Call(f"{service}.amazonaws.com", action, resource, {**common, **tls, **context})

    def of_services(self) -> Iterator[Call]:
        """Logs, the trail, and who publishes to encrypted topics and queues."""
        logs, audit = self.environment.export("LogsKeyArn"), self.environment.export("AuditKeyArn")
        messaging = self.environment.export("MessagingKeyArn")
        group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vendedlogs/states/{self.prefix}-deploy"
        for action in "kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey":
            yield self.serve(f"logs.{REGION}", action, logs, {"kms:EncryptionContext:aws:logs:arn": group})
        trail = self.environment.export("TrailArn")
        by_trail = {"aws:SourceArn": trail}
        encrypts = {**by_trail, "kms:EncryptionContext:aws:cloudtrail:arn": trail}
        yield self.serve("cloudtrail", "kms:GenerateDataKey", audit, encrypts)
        yield self.serve("cloudtrail", "kms:DescribeKey", audit, by_trail)
        bucket = self.environment.export("AuditBucketArn")
        yield self.serve("cloudtrail", "s3:GetBucketAcl", bucket, by_trail)
        writes = {**by_trail, "s3:x-amz-acl": "bucket-owner-full-control"}
        yield self.serve("cloudtrail", "s3:PutObject", f"{bucket}/cloudtrail/AWSLogs/{ACCOUNT}/CloudTrail/x", writes)
        source = {"aws:SourceArn": self.data, "aws:SourceAccount": ACCOUNT}
        access_logs = f"arn:aws:s3:::{self.prefix}-access-logs-{ACCOUNT}-{REGION}"
        yield self.serve("logging.s3", "s3:PutObject", f"{access_logs}/data/x", source)
        for action in "kms:Decrypt", "kms:GenerateDataKey":
            # EventBridge sends no condition keys to an encrypted topic.
            yield self.serve("events", action, messaging, {})
            for service in "cloudwatch", "sns":
                yield self.serve(service, action, messaging, {"aws:SourceAccount": ACCOUNT})
        machine = {"kms:EncryptionContext:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}
        yield self.serve("delivery.logs", "kms:Decrypt", messaging, machine)

    def of_people(self) -> Iterator[Call]:
        """The deployment: code, repository and functions. And a service that reads for somebody who asks it."""
        yield self.call("administrator", "s3:PutObject", f"{self.model}/code/x.zip")
        grant = {"kms:GrantIsForAWSResource": "true", "aws:ViaAWSService": "true"}
        for key in self.bucket_keys[self.model], self.environment.export("MessagingKeyArn"):
            yield self.call("administrator", "kms:CreateGrant", key, grant)
        for bucket in self.data, self.model:
            yield self.call("analyst", "s3:GetObject", f"{bucket}/x", {"aws:ViaAWSService": "true"})

    def every(self) -> list[Call]:
        """All of them."""
        return [
            *self.of_pipelines(),
            *self.of_the_endpoint(),
            *self.of_monitors(),
            *self.of_the_verifier(),
            *self.of_the_deployer(),
            *self.of_services(),
            *self.of_people(),
        ]


def place(node: Any, parameters: dict[str, str]) -> str:
    """A URI of a pipeline with its defaults."""
    if isinstance(node, dict) and "Std:Join" in node:
        return str(node["Std:Join"]["On"].join(place(part, parameters) for part in node["Std:Join"]["Values"]))
    if isinstance(node, dict):
        return parameters.get(node["Get"].removeprefix("Parameters."), "some-job")
    return str(node)


def object_arn(uri: str) -> str:
    """The ARN of an object at a place or below it."""
    arn = "arn:aws:s3:::" + uri.removeprefix("s3://")
    return f"{arn}file" if arn.endswith("/") else arn
