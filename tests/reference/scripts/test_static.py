"""What is true of the files themselves: format, lint, types, locks, image."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HERE, SCRIPTS
from pipeline import IMAGE_LOCK, applying

TESTS = HERE.parent


def tool(name: str, *arguments: str | Path, cwd: Path) -> None:
    command = [Path(sys.executable).parent / name, *arguments]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("folder", [SCRIPTS, TESTS], ids=["scripts", "tests"])
def test_ruff_finds_nothing_to_format_or_to_say(folder: Path) -> None:
    tool("ruff", "format", "--check", "--no-cache", ".", cwd=folder)
    tool("ruff", "check", "--no-cache", ".", cwd=folder)


def test_types_hold_under_strict_rules(tmp_path: Path) -> None:
    tool("mypy", "--cache-dir", tmp_path, cwd=SCRIPTS)
    tool("mypy", "--cache-dir", tmp_path, "--strict", "--ignore-missing-imports", "localcfn", cwd=TESTS)


@pytest.mark.parametrize("lock", [SCRIPTS / "requirements.lock", TESTS / "requirements.lock"], ids=["image", "tests"])
def test_every_requirement_is_pinned_with_hashes_and_names_no_index(lock: Path) -> None:
    text = re.sub(r"^ +#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 10
    for requirement in requirements:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", requirement)
        assert "--hash=sha256:" in requirement
    assert "://" not in text
    assert "--index" not in text


def test_the_tests_run_on_the_versions_of_the_image() -> None:
    image = applying(IMAGE_LOCK)
    assert len(image) > 10
    for python in "3.11", "3.12", "3.13", "3.14":
        tests = applying(TESTS / "requirements.lock", python)
        assert {name: tests.get(name) for name in image} == image, python
    # The others, which the test environment needs as well: the last versions that were made for them.
    for python in "3.9", "3.10":
        assert {"boto3", "numpy", "pandas", "scikit-learn", "skops"} <= set(
            applying(TESTS / "requirements.lock", python)
        )


def test_the_image_holds_every_script_that_a_job_runs() -> None:
    text = (SCRIPTS / "Dockerfile").read_text()
    outside = {"verify_model.py", "drift.py", "record_preprocessor.py"}
    copied = set(re.findall(r"[\w/]+\.py\b", text))
    assert copied == {path.name for path in SCRIPTS.glob("*.py")} - outside
    assert {"bin/train", "bin/serve"} <= set(text.split())


def test_the_image_is_built_on_a_digest_and_on_hashes() -> None:
    text = (SCRIPTS / "Dockerfile").read_text()
    (base,) = re.findall(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:3\.13-slim@sha256:[0-9a-f]{64}", base)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    assert "--require-hashes" in text
    assert "--only-binary :all:" in text
