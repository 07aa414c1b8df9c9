"""The signed package: who accepts it, and what each kind of tampering is refused for."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import artifact
import schema as sch
import sign_model
import verify_model
from pipeline import IMAGE, Job

BUCKET = "mlops-dev-model"
DATA = "s3://mlops-dev-data"


@pytest.fixture(scope="module")
def verifier(aws: str, signing_key: str, package: Path) -> Verifier:
    return Verifier(signing_key, package)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, signing_key: str) -> None:
    monkeypatch.setenv("MODEL_BUCKET", BUCKET)
    monkeypatch.setenv("SIGNING_KEY", signing_key)


class Verifier:
    """The function's handler, asked about packages that are laid out and registered as the pipeline does."""

    def __init__(self, key: str, package: Path) -> None:
        self.key = key
        self.files = {path.name: path.read_bytes() for path in package.iterdir()}
        self.count = 0
        for client, call in (("s3", "create_bucket"), ("sagemaker", "create_model_package_group")):
            arguments: dict[str, Any] = (
                {"Bucket": BUCKET, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
                if client == "s3"
                else {"ModelPackageGroupName": "mlops-dev-models"}
            )
            getattr(verify_model.client(client), call)(**arguments)

    def ask(self, files: dict[str, bytes], **changes: Any) -> dict[str, Any]:
        self.count += 1
        folder = f"models/job-{self.count}"
        for name, content in files.items():
            verify_model.client("s3").put_object(Bucket=BUCKET, Key=f"{folder}/{name}", Body=content)
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{folder}/model.tar.gz"}
        arguments = {
            "ModelApprovalStatus": "Approved",
            "ModelMetrics": metrics(),
            "Containers": [container],
            **changes,
        }
        for member in ("Image", "ModelDataUrl"):
            if member in arguments:
                container[member] = arguments.pop(member)
        created = verify_model.client("sagemaker").create_model_package(
            ModelPackageGroupName="mlops-dev-models",
            InferenceSpecification={
                "Containers": arguments.pop("Containers"),
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            **arguments,
        )
        return verify_model.handler({"ModelPackageArn": created["ModelPackageArn"]}, None)

    def refusal(self, files: dict[str, bytes] | None = None, **changes: Any) -> str:
        answer = self.ask(self.files if files is None else files, **changes)
        assert answer["verified"] is False
        assert answer["baselines"] == {}
        return str(answer["reason"])


def metrics() -> dict[str, Any]:
    def member(uri: str) -> dict[str, str]:
        return {"ContentType": "application/json", "S3Uri": uri}

    return {
        "ModelDataQuality": {
            "Constraints": member(f"{DATA}/baseline/run-1/data-quality/constraints.json"),
            "Statistics": member(f"{DATA}/baseline/run-1/data-quality/statistics.json"),
        },
        "ModelQuality": {
            "Constraints": member(f"{DATA}/baseline/run-1/model-quality/constraints.json"),
            "Statistics": member(f"{DATA}/baseline/run-1/model-quality/statistics.json"),
        },
    }


def test_an_approved_signed_package_is_verified_and_names_its_baselines(verifier: Verifier) -> None:
    assert verifier.ask(verifier.files) == {
        "verified": True,
        "reason": "",
        "baselines": {
            "data_quality": {
                "constraints": "mlops-dev-data/baseline/run-1/data-quality/constraints.json",
                "statistics": "mlops-dev-data/baseline/run-1/data-quality/statistics.json",
            },
            "model_quality": {
                "constraints": "mlops-dev-data/baseline/run-1/model-quality/constraints.json",
                "statistics": "mlops-dev-data/baseline/run-1/model-quality/statistics.json",
            },
        },
    }


def test_the_answer_is_json_as_a_state_machine_needs_it(verifier: Verifier) -> None:
    answer = verifier.ask(verifier.files)
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("name", verify_model.SIGNED_FILES)
def test_one_changed_byte_of_a_signed_file_is_found(name: str, verifier: Verifier) -> None:
    changed = bytearray(verifier.files[name])
    changed[len(changed) // 2] ^= 1
    assert verifier.refusal({**verifier.files, name: bytes(changed)}) == f"{name} was changed after signing"


@pytest.mark.parametrize("name", [*verify_model.SIGNED_FILES, "model.sig"])
def test_a_file_that_is_missing_is_named(name: str, verifier: Verifier) -> None:
    files = {key: content for key, content in verifier.files.items() if key != name}
    assert verifier.refusal(files).endswith(f"/{name} does not exist")


@pytest.mark.parametrize("name", ["model.sig", "sbom.cdx.json"])
def test_a_document_that_would_fill_the_memory_is_not_read(
    name: str, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    larger = {**verifier.files, name: verifier.files[name] + b" " * 1000}
    monkeypatch.setattr(verify_model, "MAX_DOCUMENT", len(larger[name]) - 1)
    monkeypatch.setattr(verify_model, "CHUNK", 512)
    others = {other: b"{}" for other in ("model.sig", "sbom.cdx.json") if other != name}
    reason = f"{name} is larger than {len(larger[name]) - 1} bytes"
    assert verifier.refusal({**larger, **others}).endswith(reason)


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_package_that_nobody_approved_is_refused(status: str, verifier: Verifier) -> None:
    assert verifier.refusal(ModelApprovalStatus=status) == f"the package is {status}, not Approved"


@pytest.mark.parametrize(
    "image",
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/m:latest", "m@sha256:abc", "m", f"m@sha256:{'A' * 64}", f"{IMAGE}0"],
)
def test_an_image_that_is_not_named_by_digest_is_refused(image: str, verifier: Verifier) -> None:
    assert verifier.refusal(Image=image) == f"the image {image} is not named by digest"


def test_another_image_than_the_one_in_the_bill_of_materials_is_refused(verifier: Verifier) -> None:
    assert verifier.refusal(Image=IMAGE[:-1] + "b") == "sbom.cdx.json names another image"


@pytest.mark.parametrize(
    "url",
    [
        f"s3://{BUCKET}/training-output/job-1/model.tar.gz",
        f"s3://{BUCKET}/models/model.tar.gz",
        f"s3://{BUCKET}/models/a/b/model.tar.gz",
        f"s3://{BUCKET}/models/job-1/other.tar.gz",
        "s3://someone-else/models/job-1/model.tar.gz",
    ],
)
def test_an_artifact_outside_the_signed_area_is_refused(url: str, verifier: Verifier) -> None:
    assert verifier.refusal(ModelDataUrl=url) == f"the artifact {url} is not in the signed area of the model bucket"


def test_a_second_container_is_refused(verifier: Verifier) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/models/job-1/model.tar.gz"}
    assert verifier.refusal(Containers=[container, container]) == "the package has 2 containers, not one"


def test_a_signature_by_another_key_is_refused(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    other = verify_model.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["Arn"]
    monkeypatch.setenv("SIGNING_KEY", other)
    assert verifier.refusal() == "the signature is not by the signing key"


def test_the_signature_of_another_package_is_refused(verifier: Verifier, job: Job, tmp_path: Path) -> None:
    """Both are by the right key: what is signed has to be what lies beside it."""
    evaluation = tmp_path / "evaluation.json"
    document = json.loads((job.processing / "evaluation" / "evaluation.json").read_text())
    document["binary_classification_metrics"]["auc"]["value"] = 1.0
    evaluation.write_text(json.dumps(document))
    given = [*job.signing(), "--evaluation", str(evaluation), "--package", str(tmp_path / "package")]
    sign_model.main([*given, "--key-id", verifier.key, "--image", IMAGE])
    signature = (tmp_path / "package" / "model.sig").read_bytes()
    files = {**verifier.files, "model.sig": signature}
    assert verifier.refusal(files) == "evaluation.json was changed after signing"


@pytest.mark.parametrize("member", ["ModelDataQuality", "ModelQuality"])
@pytest.mark.parametrize("kind", ["Constraints", "Statistics"])
@pytest.mark.parametrize(
    "uri",
    [
        f"{DATA}/raw/constraints.json",
        f"{DATA}/baseline/run-1/data-quality/other.json",
        f"{DATA}/baseline/run-1/other/constraints.json",
        f"s3://{BUCKET}/evaluation/job-1/evaluation.json",
    ],
)
def test_a_baseline_that_is_elsewhere_is_refused(member: str, kind: str, uri: str, verifier: Verifier) -> None:
    changed = metrics()
    changed[member][kind]["S3Uri"] = uri
    assert verifier.refusal(ModelMetrics=changed) == f"{member}.{kind} of the package is not a baseline: {uri}"


@pytest.mark.parametrize("place", ["mlops-dev-data/baseline/run-2", "mlops-staging-data/baseline/run-1"])
def test_baselines_of_different_runs_are_refused(place: str, verifier: Verifier) -> None:
    changed = metrics()
    changed["ModelQuality"]["Constraints"]["S3Uri"] = f"s3://{place}/model-quality/constraints.json"
    reason = verifier.refusal(ModelMetrics=changed)
    assert reason.startswith("the baselines of the package come from different runs: ")


def test_a_package_without_baselines_is_refused(verifier: Verifier) -> None:
    reason = "ModelDataQuality.Constraints of the package is not a baseline: absent"
    assert verifier.refusal(ModelMetrics={"ModelQuality": metrics()["ModelQuality"]}) == reason


def test_the_reason_fits_into_the_description_of_a_package(verifier: Verifier) -> None:
    files = signed(verifier, statement_of(verifier.files, *[f"{'x' * 200}{index}" for index in range(20)]))
    reason = verifier.refusal(files)
    assert reason.startswith("the signed files are ['xxx")
    assert len(reason) <= 900


Change = Callable[[dict[str, Any]], Any]


def changed_bundle(files: dict[str, bytes], change: Change) -> dict[str, bytes]:
    bundle = json.loads(files["model.sig"])
    result = change(bundle)
    return {**files, "model.sig": json.dumps(bundle if result is None else result).encode()}


MALFORMED: dict[str, Change] = {
    "no envelope": lambda bundle: bundle.pop("dsseEnvelope") and None,
    "no document": lambda _: [],
    "no signature": lambda bundle: bundle["dsseEnvelope"]["signatures"].clear(),
    "two signatures": lambda bundle: bundle["dsseEnvelope"]["signatures"].append({"sig": ""}),
    "no base64": lambda bundle: bundle["dsseEnvelope"].update(payload="&"),
    "no text": lambda bundle: bundle["dsseEnvelope"].update(payload=None),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_bundle_is_refused_and_not_an_error(name: str, verifier: Verifier) -> None:
    assert verifier.refusal(changed_bundle(verifier.files, MALFORMED[name])) == "model.sig is not a signature bundle"


def test_text_that_is_no_json_is_no_bundle(verifier: Verifier) -> None:
    assert verifier.refusal({**verifier.files, "model.sig": b"\xff{"}) == "model.sig is not a signature bundle"


def test_an_envelope_of_another_type_is_refused(verifier: Verifier) -> None:
    files = changed_bundle(verifier.files, lambda bundle: bundle["dsseEnvelope"].update(payloadType="text/plain"))
    assert verifier.refusal(files) == "model.sig is not a signed in-toto statement"


def test_an_empty_signature_is_refused(verifier: Verifier) -> None:
    files = changed_bundle(verifier.files, lambda bundle: bundle["dsseEnvelope"]["signatures"][0].update(sig=""))
    assert verifier.refusal(files) == "model.sig is not a signed in-toto statement"


def test_a_statement_changed_after_signing_is_refused(verifier: Verifier) -> None:
    def change(bundle: dict[str, Any]) -> None:
        envelope = bundle["dsseEnvelope"]
        statement = json.loads(base64.b64decode(envelope["payload"]))
        statement["predicate"]["resources"][1]["digest"] = "0" * 64
        envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()

    files = changed_bundle(verifier.files, change)
    assert verifier.refusal(files) == "the signature is not by the signing key"


def signed(verifier: Verifier, statement: Any, files: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """A package whose statement is signed by the right key, but says something else."""
    payload = json.dumps(statement).encode()
    answer = verify_model.client("kms").sign(
        KeyId=verifier.key,
        MessageType="DIGEST",
        Message=hashlib.sha256(sign_model.pre_authentication_encoding(payload)).digest(),
        SigningAlgorithm="ECDSA_SHA_256",
    )
    bundle = sign_model.bundle(payload, answer["Signature"], "")
    return {**(files or verifier.files), "model.sig": json.dumps(bundle).encode()}


def statement_of(files: dict[str, bytes], *names: str) -> dict[str, Any]:
    return sign_model.statement("package", {name: hashlib.sha256(files.get(name, b"")).hexdigest() for name in names})


@pytest.mark.parametrize(
    "names",
    [
        ("model.tar.gz", "sbom.cdx.json"),
        (*verify_model.SIGNED_FILES, "z.py"),
        ("evaluation.json", "model.tar.gz", "s.json"),
    ],
)
def test_a_signature_over_other_files_is_refused(names: tuple[str, ...], verifier: Verifier) -> None:
    files = signed(verifier, statement_of(verifier.files, *names))
    assert verifier.refusal(files).startswith(f"the signed files are {sorted(names)}, not ")


def test_a_root_digest_that_is_not_that_of_the_files_is_refused(verifier: Verifier) -> None:
    statement = statement_of(verifier.files, *verify_model.SIGNED_FILES)
    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    reason = "the root digest of the statement differs from its files"
    assert verifier.refusal(signed(verifier, statement)) == reason


@pytest.mark.parametrize("member", ["_type", "predicateType"])
def test_a_statement_about_something_else_is_refused(member: str, verifier: Verifier) -> None:
    statement = {**statement_of(verifier.files, *verify_model.SIGNED_FILES), member: "https://slsa.dev/provenance/v1"}
    assert verifier.refusal(signed(verifier, statement)) == "the signed statement is not about a model"


@pytest.mark.parametrize("statement", [[], {}, {"_type": 1}, "text"])
def test_a_malformed_statement_is_refused_and_not_an_error(statement: Any, verifier: Verifier) -> None:
    assert verifier.refusal(signed(verifier, statement)) == "the signed statement is malformed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda bom: bom.update(bomFormat="SPDX"), "sbom.cdx.json is not a bill of materials of a model"),
        (
            lambda bom: bom["metadata"]["component"].update(type="application"),
            "sbom.cdx.json is not a bill of materials of a model",
        ),
        (
            lambda bom: bom["metadata"]["component"]["hashes"][0].update(content="0" * 64),
            "sbom.cdx.json describes another artifact",
        ),
        (lambda bom: bom["metadata"]["component"].update(properties=[]), "sbom.cdx.json names another image"),
        (lambda bom: bom.pop("metadata"), "sbom.cdx.json is not a bill of materials"),
    ],
)
def test_a_signed_bill_of_materials_of_something_else_is_refused(
    change: Change, reason: str, verifier: Verifier
) -> None:
    """Even a signature by the right key does not help a bill of materials that describes another model."""
    bom = json.loads(verifier.files["sbom.cdx.json"])
    change(bom)
    files = {**verifier.files, "sbom.cdx.json": json.dumps(bom).encode()}
    statement = statement_of(files, *verify_model.SIGNED_FILES)
    assert verifier.refusal(signed(verifier, statement, files)) == reason


def test_an_error_of_aws_is_raised_and_not_taken_for_a_verdict(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNING_KEY", verifier.key[:-4] + "0000")
    with pytest.raises(Exception, match="NotFoundException"):
        verifier.ask(verifier.files)


@pytest.fixture(scope="module")
def public_key(signing_key: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "public-key.pem"
    path.write_text(sign_model.pem(verify_model.client("kms").get_public_key(KeyId=signing_key)["PublicKey"]))
    return path


def model_signing(package: Path, public_key: Path) -> subprocess.CompletedProcess[str]:
    signature = package / "model.sig"
    command: list[str | Path] = [Path(sys.executable).parent / "model_signing", "verify", "key", package]
    command += ["--signature", signature, "--ignore-paths", signature, "--public_key", public_key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_of_openssf_accepts_the_package(package: Path, public_key: Path) -> None:
    answer = model_signing(package, public_key)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("name", "reason"), [("evaluation.json", "Hash mismatch for 'evaluation.json'"), ("extra.py", "extra.py")]
)
def test_the_command_line_of_openssf_refuses_a_change(
    name: str, reason: str, package: Path, public_key: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "package"
    shutil.copytree(package, copy)
    with (copy / name).open("a") as stream:
        stream.write(" ")
    answer = model_signing(copy, public_key)
    assert answer.returncode != 0
    # The model-signing of Python 3.9 does not name the file.
    says = reason if sys.version_info >= (3, 10) else "Signature mismatch"
    assert says in answer.stdout + answer.stderr


@pytest.mark.parametrize("image", ["", "model:latest"])
def test_nothing_is_signed_for_an_image_without_a_digest(
    image: str, job: Job, signing_key: str, tmp_path: Path
) -> None:
    given = [*job.signing(), "--package", str(tmp_path), "--key-id", signing_key, "--image", image]
    with pytest.raises(sch.InputError, match="name the image by digest"):
        sign_model.main(given)
    assert not list(tmp_path.iterdir())


def test_nothing_is_signed_that_was_trained_on_other_data(job: Job, signing_key: str, tmp_path: Path) -> None:
    metadata = tmp_path / "metadata.json"
    text = (job.output / "metadata" / "metadata.json").read_text()
    digest = json.loads(text)["splits"]["train"]["sha256"]
    metadata.write_text(text.replace(digest, "0" * 64))
    given = [*job.signing(), "--metadata", str(metadata), "--package", str(tmp_path / "package")]
    with pytest.raises(sch.InputError, match="was not trained on the splits"):
        sign_model.main([*given, "--key-id", signing_key, "--image", IMAGE])
    assert not (tmp_path / "package" / "model.sig").exists()


def test_an_archive_as_sagemaker_packs_it_is_read(tmp_path: Path) -> None:
    """Members may be called ./training.json, and links are no documents."""
    (tmp_path / "training.json").write_text("{}")
    (tmp_path / "schema.json").symlink_to("training.json")
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("training.json", "schema.json"):
            tar.add(tmp_path / name, f"./{name}")
    assert artifact.read(archive, "training.json") == b"{}"
    with pytest.raises(sch.InputError, match=r"model\.tar\.gz holds no schema\.json"):
        artifact.read(archive, "schema.json")
