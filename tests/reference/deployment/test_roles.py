"""Every call that an environment makes is allowed, by every policy that has a say, and by nothing broader.

The policy of the role, its boundary, the policies of the bucket, of the key and of the endpoint in the network decide
together, with the conditions of each. What separates duties is refused under any condition.
"""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from calls import SAGEMAKER, Calls, world

from conftest import ACCOUNT, REGION, Environment
from iam import Call, Statement, World, covers

policies_of = functools.cache(world)


@functools.cache
def required(environment: Environment) -> tuple[Call, ...]:
    return tuple(Calls(environment).every())


def could(policies: World, role: str, action: str, resource: str) -> bool:
    """Whether a role may do something under some condition."""
    found = [statement for statement in policies.roles[role] if covers(statement, action, resource)]
    denied = any(statement["Effect"] == "Deny" and "Condition" not in statement for statement in found)
    return not denied and any(statement["Effect"] == "Allow" for statement in found)


def test_every_call_is_allowed(environment: Environment) -> None:
    calls = required(environment)
    assert len(calls) > 250
    assert len({call.role for call in calls}) == 9 + 7 + 2
    refusals = {str(call): policies_of(environment).refusals(call) for call in calls}
    assert {call: reasons for call, reasons in refusals.items() if reasons} == {}


def refused(environment: Environment) -> Iterator[Call]:
    """Calls that differ from an allowed one in the one thing that a condition asks for."""
    calls = Calls(environment)
    data, model, volume = calls.data, calls.model, calls.volume
    call, job = calls.call, f"{SAGEMAKER}:processing-job/pipelines-x"
    subnets = {"sagemaker:VpcSubnets": "subnet-1"}
    started = {**subnets, "sagemaker:VolumeKmsKey": volume}
    for role, key in [
        *(
            (role, "data")
            for role in ("processing", "training", "signing", "inference", "monitoring", "pipeline", "deployer")
        ),
        *((role, "model") for role in ("processing", "training", "signing", "inference", "pipeline")),
        (calls.function("verify-model")[0], "model"),
        (calls.function("drift")[0], "data"),
    ]:
        # Decrypting by hand, not through S3.
        yield call(role, "kms:Decrypt", calls.bucket_keys[{"data": data, "model": model}[key]], inside="kms")
    for role in "processing", "training", "signing", "inference", "monitoring", "deployer":
        yield call(role, "kms:CreateGrant", volume, {"kms:GrantIsForAWSResource": "false"})
    for role in "processing", "training", "monitoring":
        yield call(role, "s3:ListBucket", data, {"s3:prefix": "elsewhere/"}, inside="s3")
    for role in "processing", "signing", calls.function("verify-model")[0]:
        yield call(role, "s3:ListBucket", model, {"s3:prefix": "code/"}, inside="s3")
    yield call("signing", "s3:ListBucket", data, {"s3:prefix": "raw/"}, inside="s3")
    for role in "processing", "training", "signing", "inference", "monitoring", calls.function("drift")[0]:
        yield call(role, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/Billing"})
    for role, passed in ("pipeline", "training"), ("deployer", "inference"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{environment.prefix}-{passed}"
        yield call(role, "iam:PassRole", arn, {"iam:PassedToService": "lambda.amazonaws.com"})
    # A job outside the network or on a volume without our key, and a model that approves itself.
    yield call("pipeline", "sagemaker:CreateProcessingJob", job, {"sagemaker:VolumeKmsKey": volume})
    yield call("pipeline", "sagemaker:CreateProcessingJob", job, subnets)
    package = f"{SAGEMAKER}:model-package/{environment.prefix}-models/1"
    for role, action in ("pipeline", "Create"), ("deployer", "Update"):
        approved = {"sagemaker:ModelApprovalStatus": "Approved"}
        yield call(role, f"sagemaker:{action}ModelPackage", package, approved)
    # By the state machine itself, not through CloudFormation.
    yield call("deployer", "sagemaker:CreateModel", f"{SAGEMAKER}:model/{environment.prefix}-endpoint-x", started)
    target = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/x"
    yield call("deployer", "application-autoscaling:RegisterScalableTarget", target)
    other = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/x"
    yield call("deployer", "iam:CreateServiceLinkedRole", other, {"iam:AWSServiceName": "x.amazonaws.com"})
    for name in "verify-model", "drift":
        role, code = calls.function(name)
        yield call(role, "ec2:CreateNetworkInterface", f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/subnet-1", code)
    yield from refused_by_buckets(calls)
    yield from refused_by_the_network(calls)
    yield from refused_to_services(calls)
    yield from refused_to_people(calls)


def refused_by_buckets(calls: Calls) -> Iterator[Call]:
    call = calls.call
    kms, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    for role, arn in ("processing", f"{calls.data}/processed/x"), ("training", f"{calls.model}/training-output/x"):
        own = calls.bucket_keys[arn.partition("/")[0]]
        for context in (
            {"aws:SecureTransport": "false"},
            {"s3:TlsVersion": "1.1"},
            {kms: "aws:kms", key: calls.volume},
            {kms: "AES256"},
            {kms: "aws:kms"},
            {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"},
            {"aws:SourceVpce": "vpce-of-somebody-else", kms: "aws:kms", key: own},
        ):
            yield call(role, "s3:PutObject", arn, context, inside=None if "aws:SourceVpce" in context else "s3")
        yield call(role, "s3:PutObject", arn)


def refused_by_the_network(calls: Calls) -> Iterator[Call]:
    """The same role in another account, and a bucket of the same name there."""
    account = {"aws:PrincipalAccount": "210987654321"}
    read = next(calls.reads("processing", f"{calls.data}/raw/x"))
    for context in account, {"aws:ResourceAccount": "210987654321"}:
        yield Call(read.role, read.action, read.resource, {**read.context, **context}, read.through)
    for allowed in required(calls.environment):
        if allowed.through not in {None, "s3"}:
            yield Call(allowed.role, allowed.action, allowed.resource, {**allowed.context, **account}, allowed.through)


def test_what_misses_its_condition_is_refused(environment: Environment) -> None:
    calls = list(refused(environment))
    assert len(calls) > 60
    assert [str(call) for call in calls if not policies_of(environment).refusals(call)] == []


def refused_to_services(calls: Calls) -> Iterator[Call]:
    """A service that was asked by another account, or for another resource."""
    for allowed in calls.of_services():
        for key, value in allowed.context.items():
            if key.startswith(("aws:Source", "kms:EncryptionContext", "s3:x-amz-acl")):
                changed = (
                    str(value).replace(ACCOUNT, "210987654321").replace("full", "no").replace(calls.prefix, "other")
                )
                yield Call(allowed.role, allowed.action, allowed.resource, {**allowed.context, key: changed})


def refused_to_people(calls: Calls) -> Iterator[Call]:
    """What an administrator cannot do either, without changing a policy that the trail records."""
    for key in policies_of(calls.environment).keys:
        yield calls.call("administrator", "kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "false"})
    for bucket in policies_of(calls.environment).buckets:
        for context in {"aws:SecureTransport": "false"}, {"s3:TlsVersion": "1.1"}:
            yield calls.call("administrator", "s3:GetObject", f"{bucket}/x", context)
    for bucket in calls.bucket_keys:
        yield calls.call("analyst", "s3:GetObject", f"{bucket}/x")


UNUSED_ENDPOINTS = {"ecr.api", "ecr.dkr", "execute-api", "logs", "sagemaker.runtime", "sts"}
"""Nothing here calls through them: SageMaker and Lambda pull images and write logs from their own side."""
NEVER_SENT = {"aws:PrincipalIsAWSService"}
"""An exception for services that call for themselves, as AWS's guides have it. None does that here."""


def test_every_endpoint_is_used_but_those_for_what_is_added(environment: Environment) -> None:
    used = {call.through for call in required(environment)} - {None}
    assert set(policies_of(environment).endpoints) - used - {"execute-api"} == UNUSED_ENDPOINTS - {"execute-api"}


@dataclass
class Place:
    """A statement with a condition, in the policy that holds it."""

    kind: str
    name: str
    statements: list[Statement]
    index: int
    kept: Statement

    def concerns(self, call: Call) -> bool:
        """Whether a call meets the statement."""
        met = {"roles": call.role, "keys": call.resource, "endpoints": call.through}.get(self.kind, self.name)
        return met == self.name and covers(self.kept, call.action, call.resource)

    @contextlib.contextmanager
    def replaced(self, by: Statement | None) -> Iterator[None]:
        """Another statement in its place, or none, for a while."""
        self.statements[self.index : self.index + 1] = [by] if by else []
        yield
        self.statements[self.index : self.index + bool(by)] = [self.kept]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.kept.get('Sid')}"


def conditional(policies: World) -> Iterator[Place]:
    """Every statement with a condition that some call of ours can meet."""
    groups = {kind: getattr(policies, kind) for kind in ("roles", "buckets", "keys", "endpoints")}
    groups["boundary"] = {"": policies.boundary}
    for kind, group in groups.items():
        for name, statements in group.items():
            for index, statement in enumerate(statements):
                if "Condition" in statement and name not in UNUSED_ENDPOINTS:
                    yield Place(kind, name, statements, index, statement)


def changed(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """An allowance that asks for something else, a refusal with one exception less: once for each test."""
    for operator, tests in statement["Condition"].items():
        for key, value in tests.items():
            if key in NEVER_SENT:
                continue
            other = copy.deepcopy(statement)
            if statement["Effect"] == "Deny":
                del other["Condition"][operator][key]
            else:
                opposite = {"true": "false", "false": "true"}
                other["Condition"][operator][key] = opposite.get(str(value).lower(), "something-else")
            yield f"{operator} {key}", other


def test_a_condition_that_is_changed_is_noticed(environment: Environment) -> None:
    policies, survivors, mutants = policies_of(environment), [], 0
    for place in conditional(policies):
        calls = [call for call in required(environment) if place.concerns(call)]
        # A refusal of what nobody does cannot be too wide.
        for what, statement in changed(place.kept) if calls or place.kept["Effect"] == "Allow" else ():
            with place.replaced(statement):
                mutants += 1
                if not any(policies.refusals(call) for call in calls):
                    survivors.append(f"{place} {what}")
    assert mutants > 80
    assert survivors == []


def test_a_condition_that_is_dropped_is_noticed(environment: Environment) -> None:
    """An allowance without its condition, no refusal at all: a policy no longer refuses what it has refused."""
    policies, survivors = policies_of(environment), []
    before = [(call, set(policies.refusals(call))) for call in refused(environment)]
    for place in conditional(policies):
        calls = [(call, layers) for call, layers in before if place.concerns(call)]
        open_ = {key: value for key, value in place.kept.items() if key != "Condition"}
        with place.replaced(open_ if place.kept["Effect"] == "Allow" else None):
            if all(set(policies.refusals(call)) == layers for call, layers in calls):
                survivors.append(str(place))
    assert survivors == []


FORBIDDEN = [
    # A model never sees what it is judged by, nor data that was not checked.
    ("training", "s3:GetObject", "{data}/processed/run/test/part.csv"),
    ("training", "s3:GetObject", "{data}/raw/rows.csv"),
    # Only signed packages are deployed, and only the signing job puts them there.
    *(
        (role, "s3:PutObject", "{model}/models/job/model.tar.gz")
        for role in ("processing", "training", "inference", "monitoring", "pipeline", "deployer")
    ),
    ("inference", "s3:GetObject", "{model}/training-output/job/output/model.tar.gz"),
    ("inference", "s3:GetObject", "{data}/raw/rows.csv"),
    ("inference", "s3:PutObject", "{data}/raw/rows.csv"),
    ("monitoring", "s3:PutObject", "{data}/baseline/current/data-quality/constraints.json"),
    ("processing", "s3:PutObject", "{data}/raw/rows.csv"),
    ("signing", "s3:GetObject", "{data}/processed/run/train/part.csv"),
    # A signature says that the signing job ran.
    *(
        (role, "kms:Sign", "{signing_key}")
        for role in ("processing", "training", "inference", "monitoring", "pipeline", "deployer")
    ),
    # Nobody writes the evidence, and nobody of the platform approves a model.
    *(
        (role, "s3:PutObject", "{audit}/cloudtrail/log")
        for role in ("processing", "training", "signing", "inference", "monitoring", "pipeline", "deployer")
    ),
    (
        "pipeline",
        "sagemaker:UpdateModelPackage",
        "arn:aws:sagemaker:eu-central-1:123456789012:model-package/{prefix}-models/1",
    ),
    ("pipeline", "iam:PassRole", "arn:aws:iam::123456789012:role/{prefix}-inference"),
    ("pipeline", "iam:PassRole", "arn:aws:iam::123456789012:role/{prefix}-deployer"),
]


@pytest.mark.parametrize(("role", "action", "resource"), FORBIDDEN)
def test_what_separates_duties_is_not_allowed(environment: Environment, role: str, action: str, resource: str) -> None:
    arn = resource.format(
        prefix=environment.prefix,
        data=environment.export("DataBucketArn"),
        model=environment.export("ModelBucketArn"),
        audit=environment.export("AuditBucketArn"),
        signing_key=environment.export("SigningKeyArn"),
    )
    assert not could(policies_of(environment), f"{environment.prefix}-{role}", action, arn)


def test_the_verifier_writes_no_model_and_signs_none(environment: Environment) -> None:
    role = boto3.client("lambda").get_function(FunctionName=f"{environment.prefix}-verify-model")["Configuration"][
        "Role"
    ]
    name, model = role.split("/")[-1], environment.export("ModelBucketArn")
    assert not could(policies_of(environment), name, "kms:Sign", environment.export("SigningKeyArn"))
    assert not could(policies_of(environment), name, "s3:PutObject", f"{model}/models/job/model.tar.gz")
