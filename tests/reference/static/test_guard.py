"""cfn-guard finds nothing in the templates but what is justified beside the code.

Program and rules are those that AWS ships together for the CDK: the proactive controls of AWS Control Tower, made for
Linux and macOS. guard.lock names the package by its hash.
"""

from __future__ import annotations

import copy
import importlib.metadata
import json
import platform
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conftest import FILES, ROOT, TEMPLATES

Templates = dict[str, dict[str, Any]]
Finding = tuple[str, str, str]
"""A template, a control and a resource."""
PACKAGE = "cdklabs.cdk-validator-cfnguard"
SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Guard:
    """The program, and the rules that came with it."""

    program: Path
    rules: Path

    def judge(self, folder: Path, templates: Templates) -> tuple[set[Finding], int]:
        """What it finds, and how many times a rule was met."""
        for name, template in templates.items():
            (folder / name.replace("/", "+")).with_suffix(".json").write_text(json.dumps(alone(template)))
        options = ["--structured", "--output-format", "json", "--show-summary", "none"]
        command = [self.program, "validate", "--data", folder, "--rules", self.rules, *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        # 19: some rule was not met.
        assert ended.returncode in {0, 19}, ended.stderr
        reports = json.loads(ended.stdout)
        assert len(reports) == len(templates)
        found = set()
        for report in reports:
            file = Path(report["name"]).with_suffix(".yaml").name.replace("+", "/")
            for rule in report["not_compliant"]:
                text = json.dumps(rule)
                (control,) = set(re.findall(r"\[(CT\.[A-Z0-9.]+)\]", text))
                found |= {(file, control, name) for name in re.findall(r'"path": "/Resources/([^/"]+)', text)}
        return found, sum(len(report["compliant"]) for report in reports)


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """Out of the package, of which Python is only the wrapping."""
    system, machine = SYSTEMS.get(platform.system()), MACHINES.get(platform.machine().lower())
    if not system or not machine:
        pytest.skip(f"there is no cfn-guard for {platform.system()} on {platform.machine()} in {PACKAGE}")
    (archive,) = [file.locate() for file in importlib.metadata.files(PACKAGE) or [] if file.name.endswith(".jsii.tgz")]
    folder = tmp_path_factory.mktemp("guard")
    program = f"package/bin/{system}/{machine}/cfn-guard"
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if content and (member.name == program or member.name.endswith(".guard")):
                path = folder / Path(member.name).name
                path.write_bytes(content.read())
                path.chmod(0o700)
    (folder / "rules").mkdir()
    for rule in folder.glob("*.guard"):
        rule.rename(folder / "rules" / rule.name)
    return Guard(folder / "cfn-guard", folder / "rules")


def alone(node: Any) -> Any:
    """A template as cfn-guard can judge it: it sees one file, so an import is the name of the export."""
    if isinstance(node, dict):
        if "Fn::ImportValue" in node:
            return node["Fn::ImportValue"]["Fn::Sub"]
        parts = {key: alone(part) for key, part in node.items()}
        separator, text = parts.get("Fn::Split", (None, None))
        return text.split(separator) if isinstance(text, str) else parts
    return [alone(part) for part in node] if isinstance(node, list) else node


def written(templates: Templates) -> set[Finding]:
    """What the templates say that they deviate from."""
    return {
        (file, control, name)
        for file, template in templates.items()
        for name, resource in template["Resources"].items()
        for control in resource.get("Metadata", {}).get("guard", {}).get("SuppressedRules", [])
        if control.startswith("CT.")
    }


def test_nothing_is_found_but_what_is_justified(guard: Guard, templates: Templates, tmp_path: Path) -> None:
    assert len(list(guard.rules.iterdir())) > 200
    found, met = guard.judge(tmp_path, templates)
    # Equal: a reason for something that is no longer found goes.
    assert found == written(templates)
    assert met > 60


REMOVALS = [
    ("infrastructure/network.yaml", "FlowLogGroup", "KmsKeyId", "CT.CLOUDWATCH.PR.3"),
    ("infrastructure/kms-keys.yaml", "ModelKey", "EnableKeyRotation", "CT.KMS.PR.1"),
    ("infrastructure/security.yaml", "Trail", "EnableLogFileValidation", "CT.CLOUDTRAIL.PR.2"),
    ("pipeline/model-registry.yaml", "Verifier", "VpcConfig", "CT.LAMBDA.PR.3"),
    ("pipeline/retraining.yaml", "Retrainer", "LoggingConfiguration", "CT.STEPFUNCTIONS.PR.1"),
]


def test_what_is_taken_away_is_found(guard: Guard, templates: Templates, tmp_path: Path) -> None:
    poorer, missing = copy.deepcopy(templates), set()
    for file, name, key, control in REMOVALS:
        del poorer[file]["Resources"][name]["Properties"][key]
        missing.add((file, control, name))
    assert guard.judge(tmp_path, poorer)[0] - written(templates) == missing


def test_the_rules_of_the_registry_find_nothing(guard: Guard) -> None:
    rules = ROOT / "target" / "reference" / "guard-rules"
    if not rules.exists():
        pytest.skip("the rules of aws-guard-rules-registry are not in target/reference/guard-rules: no index has them")
    command = [guard.program, "validate", "--data", TEMPLATES, "--rules", rules, "--show-summary", "fail"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_suppression_has_its_reason() -> None:
    count = 0
    for name in FILES:
        lines = (TEMPLATES / name).read_text().splitlines()
        inside, reason = False, False
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text == "SuppressedRules:":
                inside, reason = True, False
            elif inside and text.startswith("#"):
                reason = True
            elif inside and re.fullmatch(r"- [A-Z0-9_.]+", text):
                assert reason, f"{name}:{number} has no reason above it"
                count += 1
            else:
                inside = False
    assert count > 80
