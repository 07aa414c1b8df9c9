"""The steps of the two pipelines, run on data sets that scikit-learn ships, in folders laid out as SageMaker's."""

from __future__ import annotations

import csv
import dataclasses
import json
import random
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from sklearn import datasets

import artifact
import evaluate
import preprocessing
import train

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops-dev/model@sha256:" + "a" * 64

Rows = list[dict[str, Any]]

HERE = Path(__file__).resolve().parent
IMAGE_LOCK = HERE.parents[2] / "templates" / "scripts" / "requirements.lock"


def applying(lock: Path, python: str | None = None) -> dict[str, str]:
    """The versions that a lock gives to this Python, or to another, by name."""
    lines = re.findall(r"^([^\s#-][^\\\n]*)", lock.read_text(), re.MULTILINE)
    environment = {"python_version": python, "python_full_version": f"{python}.0"} if python else {}
    return {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement in map(Requirement, lines)
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


def image_lock() -> Path:
    """The lock of the image, or, before Python 3.11, what it would be for this Python."""
    if sys.version_info >= (3, 11):
        return IMAGE_LOCK
    image = applying(IMAGE_LOCK)
    older = {name: version for name, version in applying(HERE.parent / "requirements.lock").items() if name in image}
    path = Path(tempfile.mkdtemp()) / "requirements.lock"
    path.write_text("".join(f"{name}=={version} \\\n" for name, version in older.items()))
    return path


LOCK = image_lock()


@dataclasses.dataclass(frozen=True)
class Job:
    """The folders that stand for /opt/ml and /opt/ml/processing."""

    base: Path

    @property
    def processing(self) -> Path:
        return self.base / "processing"

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def output(self) -> Path:
        return self.processing / "output"

    def preprocessing(self, *more: str) -> list[str]:
        folder = self.processing
        given = ["--input", folder / "input", "--output", folder / "output", "--schema", folder / "schema/schema.json"]
        return [*map(str, given), "--target", "target", *more]

    def training(self, *more: str) -> list[str]:
        given = [
            "--train",
            self.output / "train",
            "--validation",
            self.output / "validation",
            "--model-dir",
            self.model,
        ]
        return [*map(str, given), *more]

    def evaluation(self) -> list[str]:
        folder = self.processing
        given = ["--model", folder / "model/model.tar.gz", "--test", self.output / "test/data.csv"]
        return [*map(str, given), "--output", str(folder / "evaluation")]

    def signing(self) -> list[str]:
        folder = self.processing
        given = ["--model", folder / "model/model.tar.gz", "--evaluation", folder / "evaluation/evaluation.json"]
        given += ["--metadata", self.output / "metadata/metadata.json", "--package", folder / "package"]
        given += ["--requirements", LOCK]
        return [str(part) for part in given]

    def pack(self) -> None:
        """What SageMaker does with the model folder after training."""
        archive = self.processing / "model" / "model.tar.gz"
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive, "w:gz") as tar:
            for path in sorted(self.model.iterdir()):
                tar.add(path, path.name)

    def unpack(self, folder: Path) -> Path:
        """What SageMaker does on a host before serving."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("model.skops", "schema.json", "training.json"):
            (folder / name).write_bytes(artifact.read(self.processing / "model" / "model.tar.gz", name))
        return folder

    def test_rows(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The held-out rows as a caller of the API would send them, and their labels."""
        kinds = {column["name"]: column["type"] for column in self.schema()["columns"]}
        rows, labels = [], []
        with (self.output / "test" / "data.csv").open(newline="") as stream:
            for fields in csv.DictReader(stream):
                labels.append(fields.pop("target"))
                rows.append(
                    {
                        name: None if text == "" else float(text) if kinds[name] == "number" else text
                        for name, text in fields.items()
                    }
                )
        return rows, labels

    def schema(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.processing / "schema" / "schema.json").read_text())
        return document


def data(name: str) -> tuple[Rows, dict[str, Any]]:
    """A data set by name as rows with a target, and its schema."""
    bunch = getattr(datasets, f"load_{name}")()
    names = [feature.replace(" ", "_").replace("(", "").replace(")", "") for feature in bunch.feature_names]
    rows = [{**dict(zip(names, map(float, row))), "target": str(label)} for row, label in zip(bunch.data, bunch.target)]
    columns: list[dict[str, Any]] = [{"name": column, "type": "number", "min": 0} for column in names]
    classes = sorted({row["target"] for row in rows})
    schema = {"columns": columns, "target": {"name": "target", "classes": classes, "positive": "1"}}
    return rows, schema


def wine_with_gaps() -> tuple[Rows, dict[str, Any]]:
    """Wine with a category, a fifth of a number missing and a tenth of the category missing."""
    rows, schema = data("wine")
    choose = random.Random(7)  # noqa: S311 - gaps need no secrecy
    for row in rows:
        row["region"] = choose.choice(["north", "south"]) if row["target"] == "0" else "coast"
        if choose.random() < 0.1:
            row["region"] = ""
        if choose.random() < 0.2:
            row["alcohol"] = ""
    next(column for column in schema["columns"] if column["name"] == "alcohol")["nullable"] = True
    schema["columns"].append({"name": "region", "type": "category", "nullable": True})
    return rows, schema


def rare_digit() -> tuple[Rows, dict[str, Any]]:
    """Digits: eight or not, with 12 eights among 1635 rows, that is 0.7 percent."""
    rows, schema = data("digits")
    kept: Rows = []
    for row in rows:
        row["target"] = "1" if row["target"] == "8" else "0"
        if row["target"] == "0" or sum(other["target"] == "1" for other in kept) < 12:
            kept.append(row)
    schema["target"]["classes"] = ["0", "1"]
    return kept, schema


SETS: dict[str, Callable[[], tuple[Rows, dict[str, Any]]]] = {
    "breast_cancer": lambda: data("breast_cancer"),
    "iris": lambda: data("iris"),
    "wine": lambda: data("wine"),
    "wine_with_gaps": wine_with_gaps,
    "rare_digit": rare_digit,
}


def prepare(base: Path, rows: Rows, schema: dict[str, Any]) -> Job:
    """Lays the raw files out: two deliveries, written in the wrong order, and the schema.

    As in the bucket, the schema lies below the raw data too.
    """
    job = Job(base)
    for folder in ("input/2026-01", "input/2026-02", "input/schema", "schema"):
        (job.processing / folder).mkdir(parents=True, exist_ok=True)
    half = len(rows) // 2
    for name, part in (("2026-02/rows.csv", rows[half:]), ("2026-01/rows.csv", rows[:half])):
        with (job.processing / "input" / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(part)
    for folder in ("input/schema", "schema"):
        (job.processing / folder / "schema.json").write_text(json.dumps(schema))
    return job


def finished(base: Path, name: str, *hyperparameters: str) -> Job:
    """A data set after preprocessing, training, packing and evaluation.

    Afterwards the model folder is gone, so that nothing is served but what was packed.
    """
    job = prepare(base, *SETS[name]())
    preprocessing.main(job.preprocessing())
    train.main(job.training("--n-estimators", "60", *hyperparameters))
    job.pack()
    shutil.rmtree(job.model)
    evaluate.main(job.evaluation())
    return job
