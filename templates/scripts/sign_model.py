r"""Processing job: packs the model with its evaluation and its bill of materials, and signs the three as one.

Reads `model/model.tar.gz`, `evaluation/evaluation.json` and `metadata/metadata.json`. Writes to `package/`:

- `model.tar.gz` and `evaluation.json`, byte for byte
- `sbom.cdx.json`: a CycloneDX 1.6 ML-BOM with the model card, the data and every installed library
- `model.sig`: an OpenSSF model-signing bundle (Sigstore v0.3, DSSE, in-toto), signed by a KMS key

Whoever has the public key (`aws kms get-public-key`) can check the package without AWS::

    model_signing verify key PACKAGE --signature PACKAGE/model.sig \
        --ignore-paths PACKAGE/model.sig --public_key public-key.pem
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3

import artifact
import schema as sch
from preprocessing import sha256

PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
SIGNED_FILES = ("evaluation.json", "model.tar.gz", "sbom.cdx.json")

# What the model_signing command line skips by itself; it compares the list with the one in the statement.
IGNORED_PATHS = [".git", ".gitattributes", ".github", ".gitignore"]

IMAGE_BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; the defaults are the folders of a processing job."""
    base = Path(os.environ.get("SM_PROCESSING_DIR", "/opt/ml/processing"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, default=base / "model" / "model.tar.gz")
    parser.add_argument("--evaluation", type=Path, default=base / "evaluation" / "evaluation.json")
    parser.add_argument("--metadata", type=Path, default=base / "metadata" / "metadata.json")
    parser.add_argument("--package", type=Path, default=base / "package")
    parser.add_argument("--requirements", type=Path, default=Path(__file__).with_name("requirements.lock"))
    parser.add_argument("--image", default=os.environ.get("IMAGE_URI", ""), help="default: $IMAGE_URI")
    parser.add_argument("--key-id", required=True, help="ARN of the ECC_NIST_P256 signing key")
    args = parser.parse_args(argv)
    if not IMAGE_BY_DIGEST.fullmatch(args.image):
        raise sch.InputError(f"--image or IMAGE_URI has to name the image by digest, not {args.image!r}")
    return args


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the job; raises `InputError` if an input is missing or the image does not hold what its lock says."""
    args = arguments(argv)
    package: Path = args.package
    package.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(args.model, package / "model.tar.gz")
        shutil.copyfile(args.evaluation, package / "evaluation.json")
        metadata = json.loads(args.metadata.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise sch.InputError(f"no file {error.filename}") from None
    bom = bill_of_materials(
        digest=sha256(package / "model.tar.gz"),
        training=json.loads(artifact.read(package / "model.tar.gz", "training.json")),
        schema=sch.parse(json.loads(artifact.read(package / "model.tar.gz", "schema.json"))),
        evaluation=json.loads((package / "evaluation.json").read_text(encoding="utf-8")),
        metadata=metadata,
        image=args.image,
        libraries=libraries(args.requirements),
    )
    (package / "sbom.cdx.json").write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")

    digests = {name: sha256(package / name) for name in SIGNED_FILES}
    payload = json.dumps(statement(package.name, digests)).encode()
    kms = boto3.client("kms")
    # DIGEST, because KMS takes at most 4096 bytes of a raw message.
    signed = kms.sign(
        KeyId=args.key_id,
        MessageType="DIGEST",
        Message=hashlib.sha256(pre_authentication_encoding(payload)).digest(),
        SigningAlgorithm="ECDSA_SHA_256",
    )
    key = pem(kms.get_public_key(KeyId=args.key_id)["PublicKey"])
    (package / "model.sig").write_text(json.dumps(bundle(payload, signed["Signature"], key)), encoding="utf-8")
    print(json.dumps({"package": str(package), "sha256": digests}))


def libraries(lock: Path) -> list[dict[str, str]]:
    """Every installed distribution as a CycloneDX component, sorted by name.

    Those of the lock are `required`, others (there are none in the image) `optional`. Raises
    `InputError` if a distribution of the lock is absent or has another version: such a list would lie.
    """
    pinned = {normal(name): version for name, version in PINNED.findall(lock.read_text(encoding="utf-8"))}
    installed: dict[str, str] = {}
    for found in importlib.metadata.distributions():
        # Of two that have one name, the first is what an import finds.
        installed.setdefault(normal(found.metadata["Name"]), found.version)
    wrong = {name: installed.get(name) for name, version in sorted(pinned.items()) if installed.get(name) != version}
    if wrong:
        raise sch.InputError(f"the environment differs from {lock.name}: {wrong}")
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "scope": "required" if name in pinned else "optional",
            "purl": f"pkg:pypi/{name}@{version}",
        }
        for name, version in sorted(installed.items())
    ]


def normal(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bill_of_materials(
    *,
    digest: str,
    training: dict[str, Any],
    schema: sch.Schema,
    evaluation: dict[str, Any],
    metadata: dict[str, Any],
    image: str,
    libraries: list[dict[str, str]],
) -> dict[str, Any]:
    """The CycloneDX 1.6 document; `digest` is the SHA-256 of model.tar.gz.

    The serial number follows from what is described, and `SOURCE_DATE_EPOCH` sets the time, so that the same
    inputs can give the same bytes.
    """
    data: list[dict[str, Any]] = [
        {
            "type": "data",
            "bom-ref": f"data:{name}",
            "name": f"{name} split",
            "hashes": [hash_of(split["sha256"])],
            "data": [{"type": "dataset", "name": name}],
        }
        for name, split in sorted(metadata["splits"].items())
    ]
    hashes = {split["sha256"] for split in metadata["splits"].values()}
    trained_on = {found for files in training["data"].values() for found in files.values()}
    if not trained_on <= hashes:
        raise sch.InputError("the model was not trained on the splits that metadata.json describes")
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    moment = (
        datetime.datetime.now(datetime.timezone.utc)
        if seconds is None
        else datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    )
    timestamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    metrics = evaluation["binary_classification_metrics"]
    model = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": "model",
        "version": digest[:12],
        "hashes": [hash_of(digest)],
        "properties": [{"name": "mlops:image", "value": image}],
        "modelCard": {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": "binary-classification" if len(schema.target.classes) == 2 else "multiclass-classification",
                "architectureFamily": "gradient boosting",
                "modelArchitecture": "GradientBoostingClassifier",
                "datasets": [{"ref": part["bom-ref"]} for part in data],
                "inputs": [{"format": "application/json"}, {"format": "text/csv"}],
                "outputs": [{"format": "application/json"}],
            },
            "quantitativeAnalysis": {
                "performanceMetrics": [
                    {"type": name, "value": str(metric["value"])} for name, metric in sorted(metrics.items())
                ]
            },
            "properties": [
                {"name": f"hyperparameter:{name}", "value": str(value)}
                for name, value in sorted(training["hyperparameters"].items())
            ],
        },
    }
    components = [*data, *libraries]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, f"{image} {digest} {timestamp}").urn,
        "version": 1,
        "metadata": {"timestamp": timestamp, "component": model},
        "components": components,
        "dependencies": [{"ref": "model", "dependsOn": [part["bom-ref"] for part in components]}],
    }


def hash_of(digest: str) -> dict[str, str]:
    """A SHA-256 as CycloneDX writes it."""
    return {"alg": "SHA-256", "content": digest}


def statement(name: str, digests: dict[str, str]) -> dict[str, Any]:
    """The in-toto statement of OpenSSF model signing: the digests by file, and one over all of them."""
    resources = [{"name": path, "digest": digest, "algorithm": "sha256"} for path, digest in sorted(digests.items())]
    root = hashlib.sha256(b"".join(bytes.fromhex(resource["digest"]) for resource in resources)).hexdigest()
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": root}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": IGNORED_PATHS,
            },
            "resources": resources,
        },
    }


def pre_authentication_encoding(payload: bytes) -> bytes:
    """What a DSSE signature signs: the payload with its type and both lengths."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def bundle(payload: bytes, signature: bytes, key: str) -> dict[str, Any]:
    """The Sigstore bundle; `key` is the public key as PEM, whose hash is the hint."""
    return {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(key.encode()).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }


def pem(der: bytes) -> str:
    """A public key in DER as PEM."""
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


if __name__ == "__main__":
    try:
        main()
    except sch.InputError as error:
        sys.exit(f"sign_model: {error}")
