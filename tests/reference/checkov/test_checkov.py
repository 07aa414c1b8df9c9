"""checkov finds nothing in the templates but what is skipped beside the code, with a reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What checkov says, without asking any host."""
    program = Path(sys.executable).parent / "checkov"
    options = ["--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]
    command = [sys.executable, program, "-d", TEMPLATES, *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stdout, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_nothing_fails(report: dict[str, Any]) -> None:
    failed = report["results"]["failed_checks"]
    assert [(c["check_id"], c["file_path"], c["resource"]) for c in failed] == []
    assert report["summary"]["passed"] > 200
    assert report["summary"]["parsing_errors"] == 0


def test_what_is_skipped_is_what_stands_beside_the_code_with_a_reason(report: dict[str, Any]) -> None:
    written: Counter[tuple[str, str]] = Counter()
    for path in sorted(TEMPLATES.glob("*/*.yaml")):
        text = path.read_text()
        pairs = re.findall(r"^ +- id: (CKV\w+)\n +comment: (.+)$", text, re.MULTILINE)
        assert len(pairs) == text.count("id: CKV"), path
        assert all(len(reason) > 20 for _, reason in pairs), path
        written += Counter((path.relative_to(TEMPLATES).as_posix(), check) for check, _ in pairs)
    checks = report["results"]["skipped_checks"]
    skipped = Counter((check["file_path"].lstrip("/"), check["check_id"]) for check in checks)
    assert skipped == written
