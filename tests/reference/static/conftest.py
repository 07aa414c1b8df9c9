"""Where the templates are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TEMPLATES = ROOT / "templates"
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

from localcfn.template import load  # noqa: E402

FILES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob("*/*.yaml"))


@pytest.fixture(scope="session")
def templates() -> dict[str, dict[str, Any]]:
    """All templates by their path."""
    return {name: load((TEMPLATES / name).read_text()) for name in FILES}
