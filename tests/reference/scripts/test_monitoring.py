"""The two scripts around Model Monitor: the record preprocessor before it and the drift function after it."""

from __future__ import annotations

import ast
import csv
import datetime
import importlib.util
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import drift
import record_preprocessor
from conftest import SCRIPTS
from pipeline import Job

BUCKET = "mlops-dev-data"
FOLDER = "monitoring/data-quality/mlops-dev-endpoint/mlops-dev-data-quality/2026/01/02/03"
LOGGER = logging.getLogger("analyzer")


@pytest.fixture(scope="module")
def bucket(aws: str) -> Any:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return s3


@pytest.fixture
def finished_job(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what SageMaker answers about a monitor's job; botocore checks that it could answer that.

    moto's DescribeProcessingJob knows neither the schedule nor the exit message.
    """
    monkeypatch.setenv("NAMESPACE", "mlops/dev")
    monkeypatch.setenv("SCHEDULE_PREFIX", "mlops-dev-")
    sagemaker = boto3.client("sagemaker")
    stub = Stubber(sagemaker)
    put: list[dict[str, Any]] = []
    cloudwatch = boto3.client("cloudwatch")
    put_metric_data = cloudwatch.put_metric_data

    def keep(**given: Any) -> Any:
        put.append(given)
        return put_metric_data(**given)

    cloudwatch.put_metric_data = keep
    clients = {"sagemaker": sagemaker, "cloudwatch": cloudwatch, "s3": bucket}
    monkeypatch.setattr(boto3, "client", clients.__getitem__)

    def run(schedule: str = "mlops-dev-data-quality", status: str = "Completed", **more: Any) -> Any:
        arn = "arn:aws:sagemaker:eu-west-1:123456789012"
        output = {
            "OutputName": "monitoring_output",
            "S3Output": {
                "S3Uri": f"s3://{BUCKET}/{FOLDER}",
                "LocalPath": "/opt/ml/processing/output",
                "S3UploadMode": "EndOfJob",
            },
        }
        response = {
            "ProcessingJobName": "job-1",
            "ProcessingJobArn": f"{arn}:processing-job/job-1",
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
            },
            "AppSpecification": {"ImageUri": "analyzer"},
            "CreationTime": datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
            "ProcessingJobStatus": status,
            "ProcessingOutputConfig": {"Outputs": [output]},
            **({"MonitoringScheduleArn": f"{arn}:monitoring-schedule/{schedule}"} if schedule else {}),
            **more,
        }
        stub.add_response("describe_processing_job", response, {"ProcessingJobName": "job-1"})
        with stub:
            answer = drift.handler({"detail": {"ProcessingJobName": "job-1", "ProcessingJobStatus": "ignored"}}, None)
        return answer, put

    return run


def report(bucket: Any, count: int) -> None:
    violations = [
        {"feature_name": f"f{index}", "constraint_check_type": "baseline_drift_check", "description": "drifted"}
        for index in range(count)
    ]
    body = json.dumps({"violations": violations}).encode()
    bucket.put_object(Bucket=BUCKET, Key=f"{FOLDER}/constraint_violations.json", Body=body)


def test_violations_are_counted_over_all_features(finished_job: Any, bucket: Any) -> None:
    report(bucket, 3)
    answer, put = finished_job(ExitMessage="CompletedWithViolations: Job completed successfully with 3 violations.")
    assert answer == {"MonitorRuns": 1, "MonitorFailures": 0, "Violations": 3}
    assert put[0]["Namespace"] == "mlops/dev"
    assert put[0]["MetricData"][2] == {
        "MetricName": "Violations",
        "Dimensions": [
            {"Name": "Endpoint", "Value": "mlops-dev-endpoint"},
            {"Name": "MonitoringType", "Value": "DataQuality"},
        ],
        "Value": 3,
        "Unit": "Count",
    }


def test_no_violation_is_a_zero_and_not_silence(finished_job: Any) -> None:
    answer, put = finished_job(ExitMessage="Completed: Job completed successfully with no violations.")
    assert answer == {"MonitorRuns": 1, "MonitorFailures": 0, "Violations": 0}
    assert [metric["Value"] for metric in put[0]["MetricData"]] == [1, 0, 0]


def test_the_two_monitors_are_told_apart(finished_job: Any, bucket: Any) -> None:
    report(bucket, 1)
    _, put = finished_job(schedule="mlops-dev-model-quality")
    assert put[0]["MetricData"][0]["Dimensions"][1]["Value"] == "ModelQuality"


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_run_that_did_not_complete_is_a_failure_without_a_count(status: str, finished_job: Any) -> None:
    answer, _ = finished_job(status=status)
    assert answer == {"MonitorRuns": 1, "MonitorFailures": 1}


@pytest.mark.parametrize("schedule", ["", "mlops-staging-data-quality", "mlops-dev-", "mlops-dev-bias"])
def test_a_job_of_another_schedule_or_of_none_is_left_alone(schedule: str, finished_job: Any) -> None:
    assert finished_job(schedule=schedule) == ({}, [])


@pytest.mark.parametrize("message", [{}, {"ExitMessage": "CompletedWithViolations: 2"}])
def test_a_report_that_cannot_be_read_is_an_error_and_not_a_zero(
    message: dict[str, str], finished_job: Any, bucket: Any
) -> None:
    bucket.delete_object(Bucket=BUCKET, Key=f"{FOLDER}/constraint_violations.json")
    with pytest.raises(bucket.exceptions.NoSuchKey):
        finished_job(**message)


def captured(request: str, response: str, label: str | None = None, kind: str = "JSON") -> SimpleNamespace:
    record = SimpleNamespace(
        endpoint_input=SimpleNamespace(data=request, encoding=kind),
        endpoint_output=SimpleNamespace(data=response, encoding="JSON"),
    )
    if label is not None:
        record.ground_truth = SimpleNamespace(data=label, encoding="CSV")
    return record


ANSWER = '{"predictions": [{"prediction": "1", "probability": 0.75}]}\n'


def test_the_data_quality_monitor_sees_what_the_baseline_was_made_of(job: Job) -> None:
    rows, _ = job.test_rows()
    records = record_preprocessor.preprocess_handler(captured(json.dumps({"instances": rows}), "{}"), LOGGER)
    with (job.output / "baseline" / "data.csv").open(newline="") as stream:
        header = next(csv.reader(stream))
    assert records == rows
    assert {tuple(record) for record in records} == {tuple(header)}


def test_an_array_of_objects_is_a_request_too() -> None:
    assert record_preprocessor.preprocess_handler(captured('[{"a": 1}]', ANSWER), LOGGER) == [{"a": 1}]


def test_the_model_quality_monitor_sees_prediction_probability_and_label() -> None:
    record = captured('{"instances": [{"a": 1}]}', ANSWER, label='"1"\n')
    assert record_preprocessor.preprocess_handler(record, LOGGER) == [
        {"prediction": "1", "probability": 0.75, "groundTruthData_0": "1"}
    ]


@pytest.mark.parametrize(
    "record",
    [
        captured("1,2", ANSWER, kind="CSV"),
        captured("[[1, 2]]", ANSWER),
        captured('[{"a": 1}, [2]]', ANSWER),
        captured("{", ANSWER),
        captured("{}", ANSWER),
        captured("3", ANSWER),
        captured('[{"a": 1}, {"a": 2}]', '{"predictions": [{}, {}]}', label="1"),
        SimpleNamespace(endpoint_input=None, endpoint_output=None),
    ],
)
def test_what_has_no_names_or_no_single_label_is_skipped_and_logged(
    record: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert record_preprocessor.preprocess_handler(record, LOGGER) == []
    assert "skipped an event" in caplog.text


def test_the_preprocessor_runs_on_the_old_python_of_the_analyzer() -> None:
    source = (SCRIPTS / "record_preprocessor.py").read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"json"}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("name", ["verify_model.py", "drift.py"])
def test_a_lambda_function_needs_what_its_runtime_has(name: str) -> None:
    specs = {imported: importlib.util.find_spec(imported) for imported in imports(SCRIPTS / name)}
    installed = {imported for imported, spec in specs.items() if spec and "site-packages" in (spec.origin or "")}
    assert installed == {"boto3"}
    assert None not in specs.values()
