"""Event patterns against events as AWS documents them, and against what must not match."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest

from conftest import ACCOUNT, REGION, Environment

SAGEMAKER = {
    "SageMaker Training Job State Change",
    "SageMaker Hyperparameter Tuning Job State Change",
    "SageMaker Transform Job State Change",
    "SageMaker Processing Job State Change",
    "SageMaker Endpoint State Change",
    "SageMaker Endpoint Config State Change",
    "SageMaker Model State Change",
    "SageMaker Model Package State Change",
    "SageMaker Model Building Pipeline Execution Status Change",
    "SageMaker Model Building Pipeline Execution Step Status Change",
    "SageMaker Image State Change",
    "SageMaker Image Version State Change",
    "SageMaker Model Card State Change",
    "SageMaker Feature Group State Change",
}
"""Detail types of SageMaker: Amazon SageMaker AI Developer Guide, "Amazon EventBridge events"."""


def matches(pattern: Any, value: Any) -> bool:
    """EventBridge's matching, as far as the patterns use it. A matcher that is not known is an error."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches(part, value[key]) for key, part in pattern.items()
        )
    return any(_matches_one(matcher, value) for matcher in pattern)


def _matches_one(matcher: Any, value: Any) -> bool:
    if not isinstance(matcher, dict):
        return bool(matcher == value)
    ((kind, operand),) = matcher.items()
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(operand)
    if kind == "wildcard":
        return isinstance(value, str) and bool(re.fullmatch(re.escape(operand).replace(r"\*", ".*"), value))
    raise AssertionError(f"the matcher {kind} is not known here")


def pattern(environment: Environment, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        boto3.client("events").describe_rule(Name=f"{environment.prefix}-{name}")["EventPattern"]
    )
    return found


def package_event(environment: Environment, status: str, group: str | None = None) -> dict[str, Any]:
    group = group or f"{environment.prefix}-models"
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": {
            "ModelPackageGroupName": group,
            "ModelPackageArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{group}/1",
            "ModelPackageVersion": "1",
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": status,
        },
    }


@pytest.mark.parametrize(
    ("rule", "status"),
    [("model-pending", "PendingManualApproval"), ("model-approved", "Approved"), ("model-rejected", "Rejected")],
)
def test_each_decision_reaches_its_rule_and_no_other(environment: Environment, rule: str, status: str) -> None:
    for other in "PendingManualApproval", "Approved", "Rejected":
        assert matches(pattern(environment, rule), package_event(environment, other)) == (other == status)
    assert not matches(pattern(environment, rule), package_event(environment, status, "another-group"))


def alarm_event(name: str, state: str, previous: str) -> dict[str, Any]:
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": name, "state": {"value": state}, "previousState": {"value": previous}},
    }


def test_drift_starts_retraining_once(environment: Environment) -> None:
    rule = pattern(environment, "retrain-on-drift")
    drift = f"{environment.prefix}-drift-data-quality"
    assert matches(rule, alarm_event(drift, "ALARM", "OK"))
    assert matches(rule, alarm_event(drift, "ALARM", "INSUFFICIENT_DATA"))
    assert not matches(rule, alarm_event(drift, "OK", "ALARM"))
    assert not matches(rule, alarm_event(drift, "ALARM", "ALARM"))
    assert not matches(rule, alarm_event(f"{environment.prefix}-endpoint-5xx", "ALARM", "OK"))
    # The alarm that drives it exists under a name that matches.
    names = [
        a["AlarmName"]
        for p in boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
        for a in p["MetricAlarms"]
    ]
    assert [name for name in names if matches(rule, alarm_event(name, "ALARM", "OK"))]


def test_complete_data_starts_retraining(environment: Environment) -> None:
    rule = pattern(environment, "retrain-on-data")

    def created(bucket: str, key: str) -> dict[str, Any]:
        detail = {"bucket": {"name": bucket}, "object": {"key": key, "size": 0}, "reason": "PutObject"}
        return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}

    bucket = environment.export("DataBucketName")
    assert matches(rule, created(bucket, "raw/_SUCCESS"))
    assert not matches(rule, created(bucket, "raw/rows.csv"))
    assert not matches(rule, created(bucket, "processed/run/_SUCCESS"))
    assert not matches(rule, created("another-bucket", "raw/_SUCCESS"))


def test_a_monitor_that_ended_is_looked_at(environment: Environment) -> None:
    rule = pattern(environment, "monitor-finished")

    def ended(status: str, **more: str) -> dict[str, Any]:
        detail = {"ProcessingJobName": "job", "ProcessingJobStatus": status, **more}
        return {"source": "aws.sagemaker", "detail-type": "SageMaker Processing Job State Change", "detail": detail}

    schedule = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:monitoring-schedule/{environment.prefix}-data-quality"
    for status in "Completed", "Failed", "Stopped":
        assert matches(rule, ended(status, MonitoringScheduleArn=schedule))
    assert not matches(rule, ended("InProgress", MonitoringScheduleArn=schedule))
    assert not matches(rule, ended("Completed"))


def test_every_detail_type_of_sagemaker_exists(environment: Environment) -> None:
    for rule in boto3.client("events").list_rules(NamePrefix=environment.prefix)["Rules"]:
        found = json.loads(rule["EventPattern"])
        if found["source"] == ["aws.sagemaker"]:
            assert set(found["detail-type"]) <= SAGEMAKER, rule["Name"]
    # That of the original, which no service sends.
    assert "SageMaker Model Monitor Quality Alert" not in SAGEMAKER
