"""Deletion, last of all: in the reverse order, and what is kept is named."""

from __future__ import annotations

from collections import Counter

import boto3
import pytest
from moto.cloudformation.models import cloudformation_backends

from conftest import ACCOUNT, REGION, SUFFIXES, Environment, failures

KEPT = {
    "AWS::KMS::Key": 7,
    "AWS::S3::Bucket": 4,
    "AWS::S3::BucketPolicy": 4,
    "AWS::ECR::Repository": 1,
    "AWS::SageMaker::ModelPackageGroup": 1,
    "AWS::SQS::Queue": 3,
}
"""Types of which everything is kept. Log groups are kept too; their number depends on the environment."""


def test_an_export_in_use_holds_its_stack(production: Environment) -> None:
    cloudformation = boto3.client("cloudformation")
    cloudformation.delete_stack(StackName=f"{production.prefix}-kms")
    (stack,) = cloudformation.describe_stacks(StackName=f"{production.prefix}-kms")["Stacks"]
    assert stack["StackStatus"] == "DELETE_FAILED"
    events = cloudformation.describe_stack_events(StackName=f"{production.prefix}-kms")["StackEvents"]
    assert "as it is in use by" in events[0]["ResourceStatusReason"]


@pytest.mark.parametrize("name", ["dev", "staging", "production"])
def test_everything_goes_in_the_reverse_order_but_what_is_kept(name: str, request: pytest.FixtureRequest) -> None:
    environment: Environment = request.getfixturevalue(name)
    cloudformation = boto3.client("cloudformation")
    local = cloudformation_backends[ACCOUNT][REGION]
    kept: Counter[str] = Counter()
    for suffix in reversed(SUFFIXES):
        stack_name = f"{environment.prefix}-{suffix}"
        stack_id = environment.stacks()[suffix]["StackId"]
        cloudformation.delete_stack(StackName=stack_name)
        stack = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
        assert stack["StackStatus"] == "DELETE_COMPLETE", failures()
        kept += Counter(resource.type for resource in local.deleted_stacks[stack_id].local.retained)
    assert environment.stacks() == {}
    assert kept.pop("AWS::Logs::LogGroup") >= 9
    assert kept == KEPT
