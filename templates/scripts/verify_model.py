"""Lambda function: may this model package be deployed? Standard library and boto3 only.

The deployer's state machine calls it with `{"ModelPackageArn": "…"}` before every deployment. It answers::

    {"verified": true, "reason": "", "baselines": {
        "data_quality": {"constraints": "<bucket>/<key>", "statistics": "<bucket>/<key>"},
        "model_quality": {"constraints": "<bucket>/<key>", "statistics": "<bucket>/<key>"}}}

or `{"verified": false, "reason": "…", "baselines": {}}`. The baselines are values for `CopySource` of S3's CopyObject:
the state PublishBaseline copies them to baseline/current/, so that the monitors compare with the baseline of the
deployed model. The function writes nothing. An error of AWS (throttling, a missing permission) is raised, not
judged: the package keeps its status and the execution fails.

Environment: `SIGNING_KEY` (ARN), `MODEL_BUCKET` (name).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import boto3

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
SIGNED_FILES = ("evaluation.json", "model.tar.gz", "sbom.cdx.json")

# Bytes. Beyond these a bundle or a bill of materials is not read into memory.
MAX_DOCUMENT = 16 * 1024 * 1024
CHUNK = 1024 * 1024

MAX_REASON = 900  # characters

BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
ARTIFACT = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<folder>models/[^/]+/)model\.tar\.gz")

# What the pipelines name as metrics of a package: the monitor, the member of ModelMetrics.
BASELINES = (("data_quality", "ModelDataQuality"), ("model_quality", "ModelQuality"))
BASELINE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>baseline/(?P<run>[^/]+)/(?P<folder>[^/]+)/(?P<file>[^/]+))")

Verify = Callable[[bytes, bytes], bool]


class Refused(Exception):
    """Why a package may not be deployed; the message is shown to the approver."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The function's entry point."""
    try:
        return {"verified": True, "reason": "", "baselines": judge(event["ModelPackageArn"])}
    except Refused as refusal:
        # The reason becomes the package's ApprovalDescription: one line of at most 1024 characters.
        return {"verified": False, "reason": " ".join(str(refusal).split())[:MAX_REASON], "baselines": {}}


@functools.cache
def client(service: str) -> Any:
    """A client, kept while the function's environment lives: making one takes longer than most calls."""
    return boto3.client(service)


def judge(package_arn: str) -> dict[str, dict[str, str]]:
    """Returns the sources of the package's baselines, or raises `Refused` at the first check that fails."""
    package = client("sagemaker").describe_model_package(ModelPackageName=package_arn)
    if package.get("ModelApprovalStatus") != "Approved":
        raise Refused(f"the package is {package.get('ModelApprovalStatus')}, not Approved")
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if len(containers) != 1:
        raise Refused(f"the package has {len(containers)} containers, not one")
    image = containers[0]["Image"]
    if not BY_DIGEST.fullmatch(image):
        raise Refused(f"the image {image} is not named by digest")
    url = containers[0].get("ModelDataUrl", "")
    place = ARTIFACT.fullmatch(url)
    if not place or place["bucket"] != os.environ["MODEL_BUCKET"]:
        raise Refused(f"the artifact {url} is not in the signed area of the model bucket")

    digests, documents = fetch(place["bucket"], place["folder"])
    check_signature(documents["model.sig"], digests, signed_by(os.environ["SIGNING_KEY"]))
    check_bill_of_materials(documents["sbom.cdx.json"], digests["model.tar.gz"], image)
    return baselines(package.get("ModelMetrics", {}))


def fetch(bucket: str, folder: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """The SHA-256 of each signed file, and the bytes of the two that are read."""
    s3 = client("s3")
    digests, documents = {}, {}
    for name in (*SIGNED_FILES, "model.sig"):
        try:
            body = s3.get_object(Bucket=bucket, Key=folder + name)["Body"]
        except s3.exceptions.NoSuchKey:
            raise Refused(f"{folder}{name} does not exist") from None
        digest, kept = hashlib.sha256(), bytearray()
        for chunk in body.iter_chunks(CHUNK):
            digest.update(chunk)
            if name in ("model.sig", "sbom.cdx.json"):
                kept += chunk
                if len(kept) > MAX_DOCUMENT:
                    raise Refused(f"{folder}{name} is larger than {MAX_DOCUMENT} bytes")
        digests[name], documents[name] = digest.hexdigest(), bytes(kept)
    return digests, documents


def signed_by(key: str) -> Verify:
    """Whether a signature over a SHA-256 digest is one by this KMS key."""
    kms = client("kms")

    def verify(digest: bytes, signature: bytes) -> bool:
        try:
            answer = kms.verify(
                KeyId=key,
                MessageType="DIGEST",
                Message=digest,
                Signature=signature,
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except kms.exceptions.KMSInvalidSignatureException:
            return False
        return bool(answer["SignatureValid"])

    return verify


def check_signature(document: bytes, digests: dict[str, str], verify: Verify) -> None:
    """Raises `Refused` unless the bundle is a statement about exactly these bytes, signed by the key.

    The signature is checked before the statement is believed in anything.
    """
    try:
        envelope = json.loads(document)["dsseEnvelope"]
        (signature,) = envelope["signatures"]
        payload_type = envelope["payloadType"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signed = base64.b64decode(signature["sig"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise Refused("model.sig is not a signature bundle") from None
    if payload_type != PAYLOAD_TYPE or not signed:
        raise Refused("model.sig is not a signed in-toto statement")
    encoded = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)
    if not verify(hashlib.sha256(encoded).digest(), signed):
        raise Refused("the signature is not by the signing key")
    try:
        statement = json.loads(payload)
        kinds = (statement["_type"], statement["predicateType"])
        resources = [(item["name"], item["algorithm"], item["digest"]) for item in statement["predicate"]["resources"]]
        (subject,) = statement["subject"]
        root = subject["digest"]["sha256"]
        combined = hashlib.sha256(b"".join(bytes.fromhex(digest) for _, _, digest in resources)).hexdigest()
    except (KeyError, TypeError, ValueError):
        raise Refused("the signed statement is malformed") from None
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise Refused("the signed statement is not about a model")
    if tuple((name, algorithm) for name, algorithm, _ in resources) != tuple((name, "sha256") for name in SIGNED_FILES):
        raise Refused(f"the signed files are {[name for name, _, _ in resources]}, not {list(SIGNED_FILES)}")
    if root != combined:
        raise Refused("the root digest of the statement differs from its files")
    for name, _, digest in resources:
        if digests[name] != digest:
            raise Refused(f"{name} was changed after signing")


def check_bill_of_materials(document: bytes, artifact: str, image: str) -> None:
    """Raises `Refused` unless the SBOM is an ML-BOM of this artifact in this image."""
    try:
        bom = json.loads(document)
        model = bom["metadata"]["component"]
        kinds = (bom["bomFormat"], model["type"])
        hashes, properties = model["hashes"], model["properties"]
    except (KeyError, TypeError, ValueError):
        raise Refused("sbom.cdx.json is not a bill of materials") from None
    if kinds != ("CycloneDX", "machine-learning-model"):
        raise Refused("sbom.cdx.json is not a bill of materials of a model")
    if hashes != [{"alg": "SHA-256", "content": artifact}]:
        raise Refused("sbom.cdx.json describes another artifact")
    if [item["value"] for item in properties if item["name"] == "mlops:image"] != [image]:
        raise Refused("sbom.cdx.json names another image")


def baselines(metrics: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The copy sources by monitor and kind; raises `Refused` unless all are there and come from one run.

    A package without a baseline would be monitored against that of the model before it.
    """
    sources: dict[str, dict[str, str]] = {}
    runs = set()
    for monitor, member in BASELINES:
        for kind in ("constraints", "statistics"):
            uri = metrics.get(member, {}).get(kind.capitalize(), {}).get("S3Uri", "")
            found = BASELINE.fullmatch(uri)
            if not found or (found["folder"], found["file"]) != (monitor.replace("_", "-"), f"{kind}.json"):
                raise Refused(f"{member}.{kind.capitalize()} of the package is not a baseline: {uri or 'absent'}")
            runs.add((found["bucket"], found["run"]))
            sources.setdefault(monitor, {})[kind] = f"{found['bucket']}/{urllib.parse.quote(found['key'])}"
    if len(runs) != 1:
        raise Refused(f"the baselines of the package come from different runs: {sorted(runs)}")
    return sources
