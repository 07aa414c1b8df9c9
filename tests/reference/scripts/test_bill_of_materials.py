"""The CycloneDX document in the package."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import preprocessing
import schema as sch
import sign_model
from pipeline import IMAGE, LOCK, Job, applying


def test_it_is_valid_cyclonedx_and_nothing_more(package: Path) -> None:
    text = (package / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_validator_finds_a_member_too_many(package: Path, bom: dict[str, Any]) -> None:
    wrong = {**bom, "metadata": {**bom["metadata"], "model": "x"}}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(wrong)) is not None


def test_its_required_libraries_are_those_of_the_lock(bom: dict[str, Any]) -> None:
    listed = {
        component["name"]: component["version"]
        for component in bom["components"]
        if component["type"] == "library" and component["scope"] == "required"
    }
    assert listed == applying(LOCK)
    assert {"scikit-learn", "pandas", "numpy", "skops", "boto3"} <= set(listed)


def test_every_installed_library_is_listed(bom: dict[str, Any]) -> None:
    listed = {component["name"] for component in bom["components"] if component["type"] == "library"}
    assert listed == {sign_model.normal(found.metadata["Name"]) for found in importlib.metadata.distributions()}


@pytest.mark.parametrize("line", ["numpy==1.0.0", "not-installed==1.0"])
def test_an_environment_that_differs_from_its_lock_is_not_signed(line: str, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"{line} \\\n    --hash=sha256:{'0' * 64}\n")
    with pytest.raises(sch.InputError, match=r"the environment differs from requirements\.lock"):
        sign_model.libraries(lock)


def test_its_hashes_are_those_of_the_files(bom: dict[str, Any], package: Path, job: Job) -> None:
    model = bom["metadata"]["component"]
    assert model["hashes"] == [{"alg": "SHA-256", "content": preprocessing.sha256(package / "model.tar.gz")}]
    assert model["properties"] == [{"name": "mlops:image", "value": IMAGE}]
    data = {part["bom-ref"]: part["hashes"][0]["content"] for part in bom["components"] if part["type"] == "data"}
    assert data == {
        f"data:{name}": preprocessing.sha256(job.output / name / "data.csv") for name in ("test", "train", "validation")
    }


def test_the_model_card_says_what_was_measured_and_how_it_was_trained(bom: dict[str, Any], job: Job) -> None:
    card = bom["metadata"]["component"]["modelCard"]
    evaluation = json.loads((job.processing / "evaluation" / "evaluation.json").read_text())
    measured = evaluation["binary_classification_metrics"]
    assert {
        metric["type"]: float(metric["value"]) for metric in card["quantitativeAnalysis"]["performanceMetrics"]
    } == {name: metric["value"] for name, metric in measured.items()}
    assert {"name": "hyperparameter:n_estimators", "value": "60"} in card["properties"]
    assert card["modelParameters"]["task"] == "binary-classification"


def test_the_same_inputs_give_the_same_bytes(
    job: Job, signing_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        sign_model.main([*job.signing(), "--package", str(folder), "--key-id", signing_key, "--image", IMAGE])
        texts.append((folder / "sbom.cdx.json").read_text())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["metadata"]["timestamp"] == "2026-01-01T00:00:00Z"
