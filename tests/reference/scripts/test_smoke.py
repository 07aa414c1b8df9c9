"""What the workflow runs in the image that it has built."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SCRIPTS


def smoke(scripts: Path) -> subprocess.CompletedProcess[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join([str(scripts / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(scripts), "PORT": str(port), "HOST": "127.0.0.1"}
    command = [sys.executable, SCRIPTS / "tests" / "smoke.py"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_the_image_is_tried_without_aws() -> None:
    ended = smoke(SCRIPTS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "evaluated and served alike" in ended.stdout


@pytest.mark.parametrize(
    ("script", "right", "wrong", "said"),
    [
        (
            "inference.py",
            "loaded.model.predict_proba(",
            "1 - loaded.model.predict_proba(",
            "the area under the curve is",
        ),
        (
            "serve.py",
            "import inference\n",
            "import inference\n\ninference.float = lambda _: 0.5\n",
            "something else than",
        ),
        ("train.py", "import skops.io\n", "import skops_io\n", "No module named"),
    ],
)
def test_a_script_that_is_broken_is_noticed(script: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    broken = tmp_path / "scripts"
    broken.mkdir()
    for path in SCRIPTS.glob("*.py"):
        (broken / path.name).write_text(path.read_text())
    (broken / "bin").symlink_to(SCRIPTS / "bin")
    text = (broken / script).read_text()
    assert text.count(right) == 1
    (broken / script).write_text(text.replace(right, wrong))
    ended = smoke(broken)
    assert ended.returncode != 0
    assert said in ended.stderr
