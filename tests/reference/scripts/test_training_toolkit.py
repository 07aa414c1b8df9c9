"""AWS's training toolkit starts train.py: it passes hyperparameters as flags and channels as environment variables."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import inference
from conftest import SCRIPTS
from pipeline import Job


def test_the_training_toolkit_of_sagemaker_runs_the_same_script(job: Job, tmp_path: Path) -> None:
    config = tmp_path / "input" / "config"
    config.mkdir(parents=True)
    hyperparameters = {
        "n-estimators": "9",
        "learning-rate": "0.2",
        "_tuning_objective_metric": "validation:auc",
        "sagemaker_program": json.dumps("train.py"),
        "sagemaker_submit_directory": json.dumps(str(SCRIPTS)),
    }
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    # A host called algo-1 would be waited for until its name resolves.
    resources = {"current_host": "localhost", "hosts": ["localhost"], "network_interface_name": "lo"}
    (config / "resourceconfig.json").write_text(json.dumps(resources))
    channel = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"}
    (config / "inputdataconfig.json").write_text(json.dumps({"train": channel, "validation": channel}))
    for name in ("train", "validation"):
        shutil.copytree(job.output / name, tmp_path / "input" / "data" / name)
    ended = subprocess.run(
        [Path(sys.executable).parent / "train"],
        env={**os.environ, "SAGEMAKER_BASE_DIR": str(tmp_path), "PYTHONPATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "validation:auc=0.9" in ended.stdout
    report = json.loads((tmp_path / "model" / "training.json").read_text())
    assert report["hyperparameters"]["n_estimators"] == 9
    assert not (tmp_path / "output" / "failure").exists()
    assert inference.model_fn(tmp_path / "model").schema.target.positive == "1"
