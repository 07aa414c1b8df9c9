"""Preprocessing, training, packing and evaluation on whole data sets."""

from __future__ import annotations

import csv
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import preprocessing
import schema as sch
import train
from conftest import SCRIPTS
from pipeline import SETS, Job, finished, prepare


def metrics(job: Job) -> dict[str, float]:
    report = json.loads((job.processing / "evaluation" / "evaluation.json").read_text())
    return {name: metric["value"] for name, metric in report["binary_classification_metrics"].items()}


def metadata(job: Job) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((job.output / "metadata" / "metadata.json").read_text())
    return document


@pytest.mark.parametrize("name", ["iris", "wine", "wine_with_gaps"])
def test_a_model_is_far_better_than_the_majority(name: str, tmp_path: Path) -> None:
    found = metrics(finished(tmp_path, name))
    assert found["accuracy"] > found["majority"] + 0.2
    assert found["worst_recall"] > 0.6


def test_the_tuned_metrics_say_what_the_model_does(job: Job) -> None:
    found = metrics(job)
    assert found["accuracy"] > found["majority"] + 0.2
    assert found["auc"] > 0.95
    assert found["worst_recall"] > 0.8


def test_a_rare_class_is_counted_and_its_recall_told_apart_from_accuracy(tmp_path: Path) -> None:
    job = finished(tmp_path, "rare_digit")
    splits = metadata(job)["splits"]
    assert {name: split["classes"]["1"] for name, split in splits.items()} == {"train": 8, "validation": 2, "test": 2}
    found = metrics(job)
    assert found["accuracy"] > 0.99
    assert found["worst_recall"] == found["recall"] < 0.6


def test_a_class_too_rare_to_measure_stops_with_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, schema = SETS["rare_digit"]()
    rows = [row for row in rows if row["target"] == "0"] + [row for row in rows if row["target"] == "1"][:4]
    job = prepare(tmp_path, rows, schema)
    with pytest.raises(SystemExit) as ended:
        run_module(monkeypatch, "preprocessing", *job.preprocessing())
    assert ended.value.code == "preprocessing: fewer than 10 rows of a class: {'1': 4}"


def test_two_runs_give_the_same_splits_metrics_and_predictions(job: Job, tmp_path: Path) -> None:
    again = finished(tmp_path, "breast_cancer")
    assert metadata(again) == metadata(job)
    for path in ("evaluation/evaluation.json", "evaluation/predictions/predictions.csv", "output/baseline/data.csv"):
        assert (again.processing / path).read_bytes() == (job.processing / path).read_bytes()


def test_every_delivery_is_read_in_the_order_of_its_name(job: Job) -> None:
    assert list(metadata(job)["inputs"]) == ["2026-01/rows.csv", "2026-02/rows.csv"]


def test_the_order_in_which_a_file_system_lists_does_not_matter(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.rglob
    monkeypatch.setattr(Path, "rglob", lambda self, pattern: sorted(listed(self, pattern), reverse=True))
    preprocessing.main([*job.preprocessing(), "--output", str(tmp_path)])
    assert json.loads((tmp_path / "metadata" / "metadata.json").read_text()) == metadata(job)


def test_a_folder_without_data_is_named(job: Job, tmp_path: Path) -> None:
    with pytest.raises(sch.InputError, match=f"no CSV file below {tmp_path}"):
        preprocessing.main([*job.preprocessing(), "--input", str(tmp_path)])
    with pytest.raises(sch.InputError, match=f"no CSV file in {tmp_path}"):
        train.main([*job.training(), "--validation", str(tmp_path)])


@pytest.mark.parametrize("sizes", [("0", "0.2"), ("0.2", "-0.1"), ("0.5", "0.5")])
def test_sizes_that_leave_nothing_to_one_split_are_refused(sizes: tuple[str, str], job: Job) -> None:
    with pytest.raises(sch.InputError, match="fractions above 0 whose sum is below 1"):
        preprocessing.main([*job.preprocessing(), "--validation-size", sizes[0], "--test-size", sizes[1]])


def test_another_target_than_the_schemas_is_refused(job: Job) -> None:
    for run in (
        lambda: preprocessing.main([*job.preprocessing(), "--target", "mean_radius"]),
        lambda: train.main([*job.training(), "--target", "mean_radius"]),
    ):
        with pytest.raises(sch.InputError, match="the schema's target is 'target', not 'mean_radius'"):
            run()


def test_splits_are_stratified_fractions_of_all_rows_without_overlap(job: Job) -> None:
    splits = metadata(job)["splits"]
    assert {name: split["rows"] for name, split in splits.items()} == {"train": 341, "validation": 114, "test": 114}
    shares = [split["classes"]["1"] / split["rows"] for split in splits.values()]
    assert max(shares) - min(shares) < 0.01
    seen: set[str] = set()
    for name in splits:
        lines = (job.output / name / "data.csv").read_text().splitlines()[1:]
        assert not seen & set(lines)
        seen |= set(lines)
    assert len(seen) == 569


def test_metadata_holds_the_hashes_of_inputs_and_splits(job: Job) -> None:
    found = metadata(job)
    for name, digest in found["inputs"].items():
        assert preprocessing.sha256(job.processing / "input" / name) == digest
    for name, split in found["splits"].items():
        assert preprocessing.sha256(job.output / name / "data.csv") == split["sha256"]


def test_duplicates_are_counted_and_never_in_two_splits(tmp_path: Path) -> None:
    rows, schema = SETS["iris"]()
    job = prepare(tmp_path, [*rows, *rows[:20]], schema)
    preprocessing.main(job.preprocessing())
    found = metadata(job)
    assert found["rows"] == 170
    assert found["duplicates"] == 21  # iris itself holds one
    assert sum(split["rows"] for split in found["splits"].values()) == 149


def test_values_are_neither_scaled_nor_clipped(tmp_path: Path) -> None:
    rows, schema = SETS["iris"]()
    rows[0]["sepal_length_cm"] = 1e6
    job = prepare(tmp_path, rows, schema)
    preprocessing.main(job.preprocessing())
    kept = []
    for name in ("train", "validation", "test"):
        with (job.output / name / "data.csv").open(newline="") as stream:
            kept += [float(row["sepal_length_cm"]) for row in csv.DictReader(stream)]
    assert set(kept) == {row["sepal_length_cm"] for row in rows}


def test_the_baseline_is_the_train_split_without_the_target(job: Job) -> None:
    train_lines = (job.output / "train" / "data.csv").read_text().splitlines()
    baseline = (job.output / "baseline" / "data.csv").read_text().splitlines()
    assert baseline == [line.rpartition(",")[0] for line in train_lines]
    assert "target" not in baseline[0]


def test_training_reads_no_file_of_the_test_split(job: Job, tmp_path: Path) -> None:
    opened: list[str] = []
    watching = True
    # Seen by the interpreter itself, whichever library opens the file. A hook cannot be taken away again.
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if watching and event == "open" else None)
    train.main([*job.training("--n-estimators", "2"), "--model-dir", str(tmp_path / "model")])
    watching = False
    assert any("/output/train/data.csv" in name for name in opened)
    assert not [name for name in opened if "/output/test" in name]


def test_what_a_split_holds_back_changes_nothing_that_is_learnt(job: Job, tmp_path: Path) -> None:
    """A scaler or an encoder fitted on held-out rows would move when they move."""
    elsewhere = tmp_path / "validation"
    elsewhere.mkdir()
    lines = (job.output / "validation" / "data.csv").read_text().splitlines(keepends=True)
    header, label = lines[0], lines[1].rstrip("\n").rpartition(",")[2]
    other = "1" if label == "0" else "0"
    columns = header.count(",")
    (elsewhere / "data.csv").write_text(header + "".join(f"{'999999,' * columns}{name}\n" for name in (label, other)))
    fitted = []
    for index, folder in enumerate((job.output / "validation", elsewhere)):
        model = tmp_path / str(index)
        train.main([*job.training("--n-estimators", "5"), "--validation", str(folder), "--model-dir", str(model)])
        import inference

        loaded = inference.model_fn(model)
        body = json.dumps({"instances": job.test_rows()[0]})
        fitted.append(inference.predict_fn(inference.input_fn(body), loaded))
    assert fitted[0] == fitted[1]


def test_the_regular_expressions_of_the_tuner_find_the_metrics(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    train.main(job.training("--n-estimators", "5", "--model-dir", str(job.base / "tuned")))
    printed = capsys.readouterr().out
    for name in ("auc", "f1"):
        assert len(re.findall(rf"validation:{name}=([0-9.]+)", printed)) == 1


def test_hyperparameters_come_from_the_file_that_sagemaker_writes(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hyperparameters(tmp_path, {"n-estimators": "7", "learning-rate": "0.2", "_tuning_objective_metric": "auc"})
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    train.main([*job.training()[:4]])
    report = json.loads((tmp_path / "model" / "training.json").read_text())
    assert report["hyperparameters"]["n_estimators"] == 7
    assert report["hyperparameters"]["learning_rate"] == 0.2
    assert report["data"]["train"]["data.csv"] == metadata(job)["splits"]["train"]["sha256"]
    assert report["versions"]["scikit-learn"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"epochs": "5"}, "unrecognized arguments: --epochs=5"),
        ({"n-estimator": "5"}, "unrecognized arguments: --n-estimator=5"),
        ({"n-estimators": "many"}, "invalid int value"),
    ],
)
def test_a_misspelt_hyperparameter_is_an_error_and_leaves_its_reason(
    given: dict[str, str], reason: str, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_hyperparameters(tmp_path, given)
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["train", *job.training()])
    with pytest.raises(SystemExit, match=f"^train: .*{reason}"):
        train.run()
    assert reason in (tmp_path / "output" / "failure").read_text()


def test_an_unforeseen_error_leaves_the_end_of_its_trace(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["train", *job.training("--subsample", "7")])
    with pytest.raises(ValueError, match="subsample"):
        train.run()
    reason = (tmp_path / "output" / "failure").read_text()
    assert "subsample" in reason
    assert len(reason) <= 1024


def test_the_default_folders_are_those_of_sagemaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job as the pipelines start it: no path on the command line; training through `bin/train`."""
    job = prepare(tmp_path, *SETS["iris"]())
    monkeypatch.setenv("SM_PROCESSING_DIR", str(job.processing))
    run_module(monkeypatch, "preprocessing", "--target", "target")
    (tmp_path / "input").mkdir()
    (job.processing / "output").rename(tmp_path / "input" / "data")
    write_hyperparameters(tmp_path, {"n-estimators": "5", "target": "target", "random-state": "42"})
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    started = subprocess.run(
        [SCRIPTS / "bin" / "train"],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(SCRIPTS), "SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    job.pack()
    (tmp_path / "input" / "data" / "test").rename(job.processing / "test")
    run_module(monkeypatch, "evaluate")
    assert (job.processing / "evaluation" / "evaluation.json").exists()


def write_hyperparameters(base: Path, given: dict[str, str]) -> None:
    folder = base / "input" / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(given))


def run_module(monkeypatch: pytest.MonkeyPatch, module: str, *arguments: str) -> None:
    """What `python3 -m module` does, in this process."""
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    runpy.run_module(module, run_name="__main__")
