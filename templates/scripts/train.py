"""Training job: fits one pipeline on the train split and saves it whole.

Imputation, scaling and encoding are steps of the pipeline, so that serving repeats them exactly. The
validation split only measures; the test split is never read. Metrics are printed as
`validation:<name>=<value>`, which is what the tuner's regular expressions look for.

Writes `model.skops`, `schema.json` and `training.json` (metrics, hyperparameters, versions, data hashes) to the
model folder, and the reason to `output/failure` if the job fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import schema as sch
from metrics import measure
from preprocessing import sha256

# SageMaker shows the first 1024 characters of output/failure as the reason of the job.
FAILURE_CHARACTERS = 1024


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors end in `output/failure` like all others."""

    def error(self, message: str) -> NoReturn:
        """Raises `InputError` instead of leaving the process."""
        raise sch.InputError(message)


def base() -> Path:
    """The folder that stands for `/opt/ml`."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Hyperparameters from `input/config/hyperparameters.json`, then from the command line.

    SageMaker writes every value as a string. Its own names (`sagemaker_…`, `_tuning…`) are skipped;
    any other unknown name raises `InputError`, because a misspelt hyperparameter must not be a default.
    """
    parser = Parser(allow_abbrev=False)
    parser.add_argument("--n-estimators", type=int, default=150)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-depth", type=int, default=3)
    parser.add_argument("--subsample", type=float, default=1.0)
    parser.add_argument("--target", default="target")
    parser.add_argument("--random-state", type=int, default=42)
    for flag, variable, default in (
        ("--train", "SM_CHANNEL_TRAIN", base() / "input" / "data" / "train"),
        ("--validation", "SM_CHANNEL_VALIDATION", base() / "input" / "data" / "validation"),
        ("--model-dir", "SM_MODEL_DIR", base() / "model"),
    ):
        parser.add_argument(flag, type=Path, default=Path(os.environ.get(variable, default)))
    given = []
    path = base() / "input" / "config" / "hyperparameters.json"
    if path.exists():
        for name, value in json.loads(path.read_text(encoding="utf-8")).items():
            if not name.startswith(("sagemaker_", "_tuning")):
                given.append(f"--{name}={value}")
    return parser.parse_args([*given, *argv])


def build(schema: sch.Schema, args: argparse.Namespace) -> Pipeline:
    """The unfitted pipeline: a frame with the schema's columns in, class names out."""
    number = Pipeline(
        # keep_empty_features: a column without one value in the train split is still a column when serving
        [("impute", SimpleImputer(strategy="median", keep_empty_features=True)), ("scale", StandardScaler())]
    )
    category = Pipeline(
        [
            # The empty text cannot be a value, so "missing" is a category of its own.
            ("impute", SimpleImputer(strategy="constant", fill_value="", keep_empty_features=True)),
            ("encode", OneHotEncoder(handle_unknown="ignore", sparse_output=False)),
        ]
    )
    steps = [("number", number, schema.names_of("number")), ("category", category, schema.names_of("category"))]
    classifier = GradientBoostingClassifier(
        n_estimators=args.n_estimators,
        learning_rate=args.learning_rate,
        max_depth=args.max_depth,
        subsample=args.subsample,
        random_state=args.random_state,
    )
    prepare = ColumnTransformer([step for step in steps if step[2]])
    return Pipeline([("prepare", prepare), ("classify", classifier)])


def read(folder: Path, schema: sch.Schema) -> tuple[list[sch.Row], list[str], dict[str, str]]:
    """The rows, the labels and the hashes by file name of a channel."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise sch.InputError(f"no CSV file in {folder}")
    rows, labels = [], []
    for path in files:
        more, names = schema.read_csv(path)
        rows += more
        labels += names
    return rows, labels, {path.name: sha256(path) for path in files}


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the job."""
    args = arguments(sys.argv[1:] if argv is None else argv)
    schema = sch.load(args.train / "schema.json")
    if schema.target.name != args.target:
        raise sch.InputError(f"the schema's target is {schema.target.name!r}, not {args.target!r}")
    rows, labels, train_hashes = read(args.train, schema)
    held_out, truth, validation_hashes = read(args.validation, schema)

    model = build(schema, args).fit(schema.frame(rows), labels)
    frame, positive = schema.frame(held_out), schema.target.positive
    probabilities = model.predict_proba(frame)[:, list(model.classes_).index(positive)]
    metrics = measure(truth, list(model.predict(frame)), list(probabilities), positive)
    for name, value in metrics.items():
        print(f"validation:{name}={value:.6f}", flush=True)

    args.model_dir.mkdir(parents=True, exist_ok=True)
    skops.io.dump(model, args.model_dir / "model.skops")
    shutil.copyfile(args.train / "schema.json", args.model_dir / "schema.json")
    paths = ("train", "validation", "model_dir")
    report = {
        "metrics": metrics,
        "hyperparameters": {name: value for name, value in sorted(vars(args).items()) if name not in paths},
        "data": {"train": train_hashes, "validation": validation_hashes},
        "versions": {
            "python": sys.version.split()[0],
            **{name: version(name) for name in ("numpy", "pandas", "scikit-learn", "skops")},
        },
    }
    (args.model_dir / "training.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def run() -> None:
    """Runs the job as SageMaker starts it: the reason of a failure is left in `output/failure`."""
    try:
        main()
    except BaseException as error:
        reason = str(error) if isinstance(error, sch.InputError) else traceback.format_exc()[-FAILURE_CHARACTERS:]
        output = base() / "output"
        output.mkdir(parents=True, exist_ok=True)
        (output / "failure").write_text(reason[:FAILURE_CHARACTERS], encoding="utf-8")
        if isinstance(error, sch.InputError):
            sys.exit(f"train: {error}")
        raise


if __name__ == "__main__":
    run()
