"""The state machines: valid, and right in what they do when anything fails."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from definitions import every, machine
from walker import TaskFailed, Walk

from conftest import HERE, Environment

PACKAGE = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/mlops-dev-models/1"
SELF = "arn:aws:states:eu-central-1:123456789012:execution:mlops-dev-retrain:me"
CONTEXT = {"Execution": {"Id": SELF}, "StateMachine": {"Id": "arn:aws:states:x:1:stateMachine:mlops-dev-retrain"}}
MACHINES = {"DeployerArn": {"ModelPackageArn": PACKAGE}, "RetrainerArn": {"trigger": "drift"}}
FILES = {"constraints": "data/constraints.json", "statistics": "data/statistics.json"}


def answers(state: str, turn: int, _: Any) -> Any:
    """What AWS answers when all goes well; each wait is needed once."""
    in_progress = turn == 0
    return {
        "Verify": {
            "Payload": {"verified": True, "reason": "", "baselines": {"data_quality": FILES, "model_quality": FILES}}
        },
        "UpdateEndpointStack": {"StackId": "x"},
        "DescribeStack": {"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS" if in_progress else "UPDATE_COMPLETE"}]},
        "ListRunning": {"Executions": [{"ExecutionArn": SELF}]},
        "StartProcessing": {"PipelineExecutionArn": "p"},
        "StartTraining": {"PipelineExecutionArn": "t"},
        "DescribeProcessing": {"PipelineExecutionStatus": "Executing" if in_progress else "Succeeded"},
        "DescribeTraining": {"PipelineExecutionStatus": "Executing" if in_progress else "Succeeded"},
    }.get(state, {})


def walk(environment: Environment, export: str, changes: dict[str, Any] | None = None) -> Walk:
    """An execution in which some tasks answer otherwise, or fail."""

    def results(state: str, turn: int, parameters: Any) -> Any:
        answer = (changes or {}).get(state, answers(state, turn, parameters))
        if isinstance(answer, TaskFailed):
            raise answer
        return answer

    return Walk(machine(environment, export), results, CONTEXT).run(MACHINES[export])


def states(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """All states, also those of maps."""
    for part in every(node):
        if isinstance(part, dict) and "StartAt" in part:
            yield from part["States"].items()


@pytest.mark.parametrize("export", MACHINES)
def test_a_validator_finds_nothing(environment: Environment, export: str, tmp_path: Path) -> None:
    if not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    validator = [HERE.parents[1] / "tools" / "node", "asl-validator", "--json-path"]
    file = tmp_path / "machine.json"
    file.write_text(json.dumps(machine(environment, export)))
    ended = subprocess.run([*validator, file], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    file.write_text('{"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}}')
    assert subprocess.run([*validator, file], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("export", MACHINES)
def test_all_goes_well(environment: Environment, export: str) -> None:
    done = walk(environment, export)
    assert done.status == "SUCCEEDED"
    assert done.visited[-1] == "NotifySuccess"


@pytest.mark.parametrize("export", MACHINES)
def test_whatever_fails_the_execution_fails_and_says_so(environment: Environment, export: str) -> None:
    tasks = [name for name, state in states(machine(environment, export)) if state["Type"] == "Task"]
    assert len(tasks) >= 5
    for task in tasks:
        failed = walk(environment, export, {task: TaskFailed()})
        if task in {"Reject", "NotifyFailure"}:
            assert failed.status == "SUCCEEDED"  # not on the way
            continue
        assert failed.status == "FAILED", task
        if task != "NotifySuccess":
            assert "NotifyFailure" in failed.visited, task
            assert failed.visited[-1] == "Failed", task
        mute = walk(environment, export, {task: TaskFailed(), "NotifyFailure": TaskFailed()})
        assert mute.status == "FAILED", task


@pytest.mark.parametrize("export", MACHINES)
def test_every_state_is_reached(environment: Environment, export: str) -> None:
    definition = machine(environment, export)
    names = {name for name, _ in states(definition)}
    unverified = {"Payload": {"verified": False, "reason": "tampered", "baselines": {}}}
    older = {"Executions": [{"ExecutionArn": SELF}, {"ExecutionArn": "older"}]}
    walks = [walk(environment, export), walk(environment, export, {"Verify": unverified, "ListRunning": older})]
    walks += [walk(environment, export, {name: TaskFailed()}) for name in names]
    assert {state for done in walks for state in done.visited} == names


@pytest.mark.parametrize("export", MACHINES)
def test_tasks_retry_or_catch_and_loops_end(environment: Environment, export: str) -> None:
    definition = machine(environment, export)
    assert 0 < definition["TimeoutSeconds"] <= 172800
    for name, state in states(definition):
        if state["Type"] == "Task":
            assert state.get("Retry") or state.get("Catch"), name


def test_what_is_not_verified_is_rejected_and_never_deployed(environment: Environment) -> None:
    payload = {"Payload": {"verified": False, "reason": "tampered", "baselines": {}}}
    for extra in {}, {"Reject": TaskFailed()}:
        done = walk(environment, "DeployerArn", {"Verify": payload, **extra})
        assert done.status == "FAILED"
        assert "Reject" in done.visited
        assert "UpdateEndpointStack" not in done.visited


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_a_rolled_back_update_is_a_failure(environment: Environment, status: str) -> None:
    done = walk(environment, "DeployerArn", {"DescribeStack": {"Stacks": [{"StackStatus": status}]}})
    assert done.status == "FAILED"
    assert "PublishBaselines" not in done.visited


def test_a_model_that_is_deployed_already_is_none(environment: Environment) -> None:
    unchanged = TaskFailed("No updates are to be performed. (Service: CloudFormation)")
    done = walk(environment, "DeployerArn", {"UpdateEndpointStack": unchanged})
    assert done.status == "SUCCEEDED"
    assert "PublishBaselines" in done.visited


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_pipeline_that_did_not_succeed_is_a_failure(environment: Environment, status: str) -> None:
    for state in "DescribeProcessing", "DescribeTraining":
        done = walk(environment, "RetrainerArn", {state: {"PipelineExecutionStatus": status}})
        assert done.status == "FAILED", state


def test_of_two_retrainings_the_older_goes_on(environment: Environment) -> None:
    newer = {"Executions": [{"ExecutionArn": "newer"}, {"ExecutionArn": SELF}]}
    older = {"Executions": [{"ExecutionArn": SELF}, {"ExecutionArn": "older"}]}
    assert walk(environment, "RetrainerArn", {"ListRunning": newer}).visited[-1] == "NotifySuccess"
    assert walk(environment, "RetrainerArn", {"ListRunning": older}).visited[-1] == "AlreadyRunning"
    assert walk(environment, "RetrainerArn", {"ListRunning": {"Executions": []}}).visited[-1] == "NotifySuccess"
