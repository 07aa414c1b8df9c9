"""Tries the image on data that scikit-learn ships: prepares, trains, evaluates and serves as SageMaker would.

Nothing of AWS and no network is needed, so a pull request can be tried before anybody has looked at it:

    docker run --rm --network none --volume "$PWD/templates/scripts/tests:/tests:ro" IMAGE python3 /tests/smoke.py
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from sklearn import datasets

MINIMUM_AUC = 0.95
PORT = os.environ.get("PORT", "8080")


def prepare(base: Path) -> None:
    """The rows and their schema, where a processing job finds them."""
    bunch = datasets.load_breast_cancer()
    names = [name.replace(" ", "_") for name in bunch.feature_names]
    for folder in "input", "schema":
        (base / "processing" / folder).mkdir(parents=True)
    with (base / "processing" / "input" / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*names, "target"])
        writer.writerows([*map(float, row), label] for row, label in zip(bunch.data, bunch.target))
    columns = [{"name": name, "type": "number"} for name in names]
    schema = {"columns": columns, "target": {"name": "target", "classes": ["0", "1"], "positive": "1"}}
    (base / "processing" / "schema" / "schema.json").write_text(json.dumps(schema), encoding="utf-8")


def run(*command: str, environment: dict[str, str]) -> None:
    """Runs a job; it may not fail."""
    subprocess.run(command, env=environment, check=True)


def served(rows: list[dict[str, float]], environment: dict[str, str]) -> list[list[str]]:
    """What a server of its own answers to the rows, as predictions.csv has it."""
    address = f"http://127.0.0.1:{PORT}"
    server = subprocess.Popen(["serve"], env=environment)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        body = json.dumps({"instances": rows}).encode()
        request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            predictions: list[dict[str, Any]] = json.load(answer)["predictions"]
        return [[str(row["probability"]), row["prediction"]] for row in predictions]
    finally:
        server.terminate()
        server.wait(timeout=30)


def main() -> None:
    """Ends with an error if a job fails, the model is poor, or it serves something else than was evaluated."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        processing, model = base / "processing", base / "model"
        environment = {**os.environ, "SM_PROCESSING_DIR": str(processing), "SAGEMAKER_BASE_DIR": folder}
        prepare(base)
        run(sys.executable, "-m", "preprocessing", "--target", "target", environment=environment)
        config = base / "input" / "config"
        config.mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps({"n-estimators": "20"}), encoding="utf-8")
        (processing / "output").rename(base / "input" / "data")
        run("train", environment=environment)
        (processing / "model").mkdir()
        with tarfile.open(processing / "model" / "model.tar.gz", "w:gz") as tar:
            for path in sorted(model.iterdir()):
                tar.add(path, path.name)
        (base / "input" / "data" / "test").rename(processing / "test")
        run(sys.executable, "-m", "evaluate", environment=environment)
        evaluation = json.loads((processing / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
        auc = evaluation["binary_classification_metrics"]["auc"]["value"]
        if auc < MINIMUM_AUC:
            sys.exit(f"smoke: the area under the curve is {auc}, below {MINIMUM_AUC}")
        with (processing / "test" / "data.csv").open(encoding="utf-8", newline="") as stream:
            rows = [{k: float(v) for k, v in row.items() if k != "target"} for row in csv.DictReader(stream)]
        with (processing / "evaluation" / "predictions" / "predictions.csv").open(
            encoding="utf-8", newline=""
        ) as stream:
            evaluated = [row[:2] for row in list(csv.reader(stream))[1:]]
        if served(rows, {**environment, "SM_MODEL_DIR": str(model), "PORT": PORT}) != evaluated:
            sys.exit("smoke: the server predicts something else than the evaluation")
        print(f"smoke: {len(rows)} rows, area under the curve {auc}: evaluated and served alike")


if __name__ == "__main__":
    main()
