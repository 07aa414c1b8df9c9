"""Buckets and their policies."""

from __future__ import annotations

import json
import re
from typing import Any

from localcfn.adapters.base import Made, Properties, adapt, demand, text
from localcfn.kinds import Resource, Where


def register() -> None:
    """Makes the types known."""
    adapt("AWS::S3::Bucket", _bucket, _delete_bucket)
    adapt("AWS::S3::BucketPolicy", _bucket_policy, _delete_policy)


def _bucket(where: Where, name: str, properties: Properties) -> Made:
    s3, bucket = where.client("s3"), properties.get("BucketName", name.lower())
    demand(re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket), f"{bucket} is no name for a bucket")
    # The oldest region has no name of its own here.
    place = {} if where.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": where.region}}
    s3.create_bucket(
        Bucket=bucket,
        **place,
        ObjectLockEnabledForBucket=properties.get("ObjectLockEnabled", False),
    )
    if "VersioningConfiguration" in properties:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=properties["VersioningConfiguration"])
    if "BucketEncryption" in properties:
        rules = [_encryption(rule) for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    if "PublicAccessBlockConfiguration" in properties:
        block = properties["PublicAccessBlockConfiguration"]
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=properties["OwnershipControls"])
    if "ObjectLockConfiguration" in properties:
        lock = properties["ObjectLockConfiguration"]
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    for rule in properties.get("LifecycleConfiguration", {}).get("Rules", []):
        demand(rule["Status"] in {"Enabled", "Disabled"}, f"the lifecycle rule {rule.get('Id')} is neither on nor off")
    arn = f"arn:aws:s3:::{bucket}"
    return bucket, {"Arn": arn, "RegionalDomainName": f"{bucket}.s3.{where.region}.amazonaws.com"}


def _encryption(rule: Properties) -> dict[str, Any]:
    default = rule["ServerSideEncryptionByDefault"]
    return {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
    }


def _delete_bucket(where: Where, resource: Resource) -> None:
    where.client("s3").delete_bucket(Bucket=resource.physical_resource_id)


def _bucket_policy(where: Where, name: str, properties: Properties) -> Made:
    bucket, document = properties["Bucket"], json.loads(text(properties["PolicyDocument"]))
    for statement in document["Statement"]:
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            own = re.fullmatch(rf"arn:aws:s3:::{re.escape(bucket)}(/.*)?", resource)
            demand(own, f"Policy has invalid resource {resource} for bucket {bucket}")
    # moto judges requests by a bucket policy and ignores conditions: a conditional Deny would deny everything.
    allowed = {**document, "Statement": [item for item in document["Statement"] if item["Effect"] == "Allow"]}
    if allowed["Statement"]:
        where.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(allowed))
    return bucket, {}


def _delete_policy(where: Where, resource: Resource) -> None:
    where.client("s3").delete_bucket_policy(Bucket=resource.physical_resource_id)
