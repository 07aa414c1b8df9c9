"""Lambda function: turns the report of a finished monitor into metrics. Standard library and boto3 only.

EventBridge calls it when a monitor's processing job ends. It puts, with the dimensions Endpoint and MonitoringType:

- `MonitorRuns`: 1 for every run, so that an alarm can see silence
- `MonitorFailures`: 1 if the run failed or was stopped, else 0
- `Violations`: how many constraints the captured data broke, for a completed run; 0 is put too

CloudWatch alarms can watch one metric of a known name only, while Model Monitor publishes one a feature. `Violations`
counts all of them. SageMaker may send an event twice, which the alarms' thresholds bear.

Environment: `NAMESPACE` of the metrics (`mlops/dev`), `SCHEDULE_PREFIX` of schedules and endpoint (`mlops-dev-`).
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import boto3

REPORT = "constraint_violations.json"
MONITORING_TYPES = {"data-quality": "DataQuality", "model-quality": "ModelQuality"}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The function's entry point; returns the metrics that were put, or `{}` for a job that is not ours.

    The event only says which job ended. What counts is asked of SageMaker, whose answer has one documented form.
    """
    job = boto3.client("sagemaker").describe_processing_job(ProcessingJobName=event["detail"]["ProcessingJobName"])
    prefix = os.environ["SCHEDULE_PREFIX"]
    schedule = job.get("MonitoringScheduleArn", "").rpartition("/")[2]
    if not schedule.startswith(prefix) or schedule.removeprefix(prefix) not in MONITORING_TYPES:
        return {}
    completed = job["ProcessingJobStatus"] == "Completed"
    metrics = {"MonitorRuns": 1, "MonitorFailures": 0 if completed else 1}
    if completed:
        metrics["Violations"] = count_violations(job)
    dimensions = [
        {"Name": "Endpoint", "Value": f"{prefix}endpoint"},
        {"Name": "MonitoringType", "Value": MONITORING_TYPES[schedule.removeprefix(prefix)]},
    ]
    boto3.client("cloudwatch").put_metric_data(
        Namespace=os.environ["NAMESPACE"],
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": "Count"}
            for name, value in metrics.items()
        ],
    )
    print(json.dumps({"schedule": schedule, "job": job["ProcessingJobName"], **metrics}))
    return metrics


def count_violations(job: dict[str, Any]) -> int:
    """The number of violations of a completed run.

    A run without violations writes no report. Its exit message says so ("Completed: …"); for any other message the
    report has to be there, and an error is raised if it cannot be read: to take it for 0 would hide drift.
    """
    if job.get("ExitMessage", "").startswith("Completed:"):
        return 0
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    uri = output["S3Output"]["S3Uri"]
    place = re.fullmatch(r"s3://([^/]+)/(.+?)/*", uri)
    if not place:
        raise ValueError(f"the output {uri} of {job['ProcessingJobName']} is not a place in S3")
    body = boto3.client("s3").get_object(Bucket=place[1], Key=f"{place[2]}/{REPORT}")["Body"]
    return len(json.load(body)["violations"])
