"""The reference architecture, deployed: `templates/deploy.sh` through the AWS CLI against the local CloudFormation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE.parents[2] / "templates"
sys.path[:0] = [str(HERE), str(HERE.parent)]

# Nothing is left beside the templates: the folder is embedded in the program as it is.
sys.dont_write_bytecode = True

# No setting of the person who runs the tests may reach AWS.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
REGION = "eu-central-1"
os.environ.update(
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION=REGION,
    AWS_REGION=REGION,
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
)

from moto.cloudformation.models import cloudformation_backends  # noqa: E402

import localcfn  # noqa: E402

ACCOUNT = "123456789012"
ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:role/administrator"
SUFFIXES = [
    "kms",
    "network",
    "storage",
    "security",
    "roles",
    "registry",
    "processing",
    "training",
    "endpoint",
    "alarms",
    "retraining",
    "monitor",
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs deploy.sh."""
    command = [str(TEMPLATES / "deploy.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Environment:
    """A deployed environment."""

    name: str

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"mlops-{self.name}"

    @property
    def image(self) -> str:
        """An image by digest; nothing pulls it."""
        return f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{self.prefix}/model@sha256:{'a' * 64}"

    def deploy(self, *options: str) -> str:
        """Runs deploy.sh, which may not fail; gives what it said."""
        ended = run(self.name, "--image-uri", self.image, *options)
        assert ended.returncode == 0, ended.stdout + ended.stderr + failures()
        return ended.stdout + ended.stderr

    def export(self, name: str) -> str:
        """The value of an export."""
        pages = boto3.client("cloudformation").get_paginator("list_exports").paginate()
        values = {item["Name"]: item["Value"] for page in pages for item in page["Exports"]}
        return str(values[f"{self.prefix}-{name}"])

    def resources(self, type_: str) -> dict[str, dict[str, Any]]:
        """Resources of a type by logical id, with the properties that CloudFormation gave to the service.

        For what moto's answers leave out.
        """
        backend = cloudformation_backends[ACCOUNT][REGION]
        stacks = [stack.local for stack in backend.stacks.values() if stack.name.startswith(f"{self.prefix}-")]
        found = [resource for stack in stacks for resource in stack.resources.values()]
        return {item.logical_resource_id: item.properties for item in found if item.type == type_}

    def properties(self) -> dict[str, Any]:
        """The properties of all resources by stack and logical id, with logical ids in place of what AWS made up."""
        backend = cloudformation_backends[ACCOUNT][REGION]
        stacks = [stack.local for stack in backend.stacks.values() if stack.name.startswith(f"{self.prefix}-")]
        made_up = {
            str(resource.physical_resource_id): name for stack in stacks for name, resource in stack.resources.items()
        }
        found = {}
        for stack in stacks:
            for name, resource in stack.resources.items():
                text = json.dumps(resource.properties, sort_keys=True)
                for identity in sorted(made_up, key=len, reverse=True):
                    if not identity.startswith("mlops-") and len(identity) > 8:
                        text = text.replace(identity, made_up[identity])
                place = f"{stack.name.removeprefix(self.prefix + '-')} {name}"
                found[place] = json.loads(text.replace(self.name, "ENVIRONMENT"))
        return found

    def stacks(self) -> dict[str, dict[str, Any]]:
        """The stacks of the environment, by suffix."""
        stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
        start = f"{self.prefix}-"
        return {s["StackName"].removeprefix(start): s for s in stacks if s["StackName"].startswith(start)}


def failures() -> str:
    """The reasons of all failures, from the events of the stacks."""
    cloudformation = boto3.client("cloudformation")
    reasons = []
    for stack in cloudformation.describe_stacks()["Stacks"]:
        for event in cloudformation.describe_stack_events(StackName=stack["StackName"])["StackEvents"]:
            if event.get("ResourceStatusReason", "User Initiated") != "User Initiated":
                reasons.append(f"{stack['StackName']}: {event['ResourceStatus']}: {event['ResourceStatusReason']}")
    return "\n".join(reasons)


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of the local AWS."""
    with localcfn.start() as address:
        yield address


@pytest.fixture(scope="session")
def dev(aws: str) -> Environment:
    """An environment as the quick start makes it, with people who are told."""
    environment = Environment("dev")
    environment.deploy(
        "--parameter",
        "ApproverEmail=approver@example.com",
        "--parameter",
        "AlertEmail=alerts@example.com",
        "--parameter",
        "DriftFeature1=age",
        "--parameter",
        f"AdministratorArnPattern={ADMINISTRATOR}",
    )
    return environment


@pytest.fixture(scope="session")
def production(dev: Environment) -> Environment:
    """A second environment of the same account, with a private API."""
    return another("production")


@pytest.fixture(scope="session")
def staging(production: Environment) -> Environment:
    """A third one, as a team has it between the two."""
    return another("staging")


def another(name: str) -> Environment:
    """An environment beside the one that owns the settings of the account."""
    environment = Environment(name)
    own = ["OwnsAccountSettings=false", "PrivateApi=true", f"AdministratorArnPattern={ADMINISTRATOR}"]
    environment.deploy(*(option for parameter in own for option in ("--parameter", parameter)))
    return environment


@pytest.fixture(params=["dev", "production"])
def environment(request: pytest.FixtureRequest) -> Environment:
    """Each environment."""
    deployed: Environment = request.getfixturevalue(request.param)
    return deployed
