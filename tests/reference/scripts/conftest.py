"""What the tests of the scripts share: data sets, the folders of SageMaker, a local AWS.

Everything runs in temporary folders and on the loopback interface. `/opt/ml` is never touched.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parents[2] / "templates" / "scripts"
sys.path[:0] = [str(SCRIPTS), str(HERE), str(HERE.parent)]

# Nothing is left beside the scripts: the folder is embedded in the program as it is.
sys.dont_write_bytecode = True

import moto_fixes  # noqa: E402
from pipeline import IMAGE, Job, finished  # noqa: E402

# No setting of the person who runs the tests may reach AWS or change a script.
for name in [name for name in os.environ if name.startswith(("AWS_", "SM_", "SAGEMAKER_"))]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    PYTHONDONTWRITEBYTECODE="1",
)


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of a local AWS, which every client of this process and its children uses."""
    moto_fixes.apply()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    yield os.environ["AWS_ENDPOINT_URL"]
    del os.environ["AWS_ENDPOINT_URL"]
    server.stop()


@pytest.fixture(scope="session")
def signing_key(aws: str) -> str:
    """The ARN of a key as infrastructure/kms-keys.yaml makes it."""
    key = boto3.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    return str(key["KeyMetadata"]["Arn"])


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The breast cancer data after preprocessing, training, packing and evaluation."""
    return finished(tmp_path_factory.mktemp("job"), "breast_cancer")


@pytest.fixture(scope="session")
def package(job: Job, signing_key: str) -> Path:
    """The signed package of `job`."""
    import sign_model

    sign_model.main([*job.signing(), "--key-id", signing_key, "--image", IMAGE])
    return job.processing / "package"


@pytest.fixture(scope="session")
def bom(package: Path) -> dict[str, Any]:
    """The bill of materials in the package."""
    document: dict[str, Any] = json.loads((package / "sbom.cdx.json").read_text())
    return document
