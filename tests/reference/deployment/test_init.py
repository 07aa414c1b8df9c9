"""What `mlops-lint init` writes into a repository deploys, under the name that was given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import boto3
import pytest


def test_what_init_writes_deploys(aws: str, tmp_path: Path) -> None:
    program = os.environ.get("MLOPS_LINT")
    if not program:
        pytest.skip("MLOPS_LINT does not name the built program; cargo test does")
    written = subprocess.run(
        [program, "init", "--name", "churn"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert written.returncode == 0, written.stderr
    linted = subprocess.run([program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    command = [tmp_path / "templates" / "deploy.sh", "--stack", "kms", "--stack", "network", "dev"]
    deployed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    cloudformation = boto3.client("cloudformation")
    for name in "churn-dev-network", "churn-dev-kms":
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        cloudformation.delete_stack(StackName=name)
