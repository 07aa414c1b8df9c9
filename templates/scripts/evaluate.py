"""Processing job: scores the test split through the very functions that serve, on the packed model.

Reads `model/model.tar.gz` and `test/data.csv`. Writes `evaluation/evaluation.json`, in the layout in which the
pipeline's quality gate and Model Monitor read metrics, and `evaluation/predictions/predictions.csv` with the columns
probability, prediction and label, from which the model-quality baseline is made.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import artifact
import inference
import schema as sch
from metrics import measure


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; the defaults are the folders of a processing job."""
    base = Path(os.environ.get("SM_PROCESSING_DIR", "/opt/ml/processing"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, default=base / "model" / "model.tar.gz")
    parser.add_argument("--test", type=Path, default=base / "test" / "data.csv")
    parser.add_argument("--output", type=Path, default=base / "evaluation")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the job; raises `InputError` if the test split breaks the model's schema."""
    args = arguments(argv)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("model.skops", "schema.json"):
            (Path(folder) / name).write_bytes(artifact.read(args.model, name))
        loaded = inference.model_fn(folder)
    rows, labels = loaded.schema.read_csv(args.test)
    scored = score(rows, loaded)
    metrics = measure(
        labels,
        [row["prediction"] for row in scored],
        [row["probability"] for row in scored],
        loaded.schema.target.positive,
    )

    folder = args.output / "predictions"
    folder.mkdir(parents=True, exist_ok=True)
    # The standard deviation is a required member; the text "NaN" is how Model Monitor says that there is none.
    layout = {name: {"value": value, "standard_deviation": "NaN"} for name, value in metrics.items()}
    document = json.dumps({"binary_classification_metrics": layout}, indent=2)
    (args.output / "evaluation.json").write_text(document + "\n", encoding="utf-8")
    with (folder / "predictions.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["probability", "prediction", "label"])
        writer.writerows([row["probability"], row["prediction"], label] for row, label in zip(scored, labels))
    print(json.dumps(metrics))


def score(rows: Sequence[sch.Row], loaded: inference.Loaded) -> list[dict[str, Any]]:
    """The predictions that an endpoint would answer to these rows, sent as JSON in requests of the largest size."""
    scored: list[dict[str, Any]] = []
    for start in range(0, len(rows), inference.MAX_ROWS):
        body = json.dumps({"instances": rows[start : start + inference.MAX_ROWS]}).encode()
        answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), loaded))
        scored += json.loads(answer)["predictions"]
    return scored


if __name__ == "__main__":
    try:
        main()
    except sch.InputError as error:
        sys.exit(f"evaluate: {error}")
