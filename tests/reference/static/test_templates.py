"""What is true of the templates as files: schema, order of stacks, lengths of names, dialect of YAML."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from awscli.customizations.cloudformation.yamlhelper import yaml_parse

from conftest import FILES, TEMPLATES
from localcfn.template import Scope, references

Templates = dict[str, dict[str, Any]]
LONGEST = {"ProjectName": "abcdefghijkl", "Environment": "production"}
REGION = "ap-southeast-1"
LIMITS = {
    ("AWS::S3::Bucket", "BucketName"): 63,
    ("AWS::Events::Rule", "Name"): 64,
    ("AWS::Scheduler::Schedule", "Name"): 64,
    ("AWS::StepFunctions::StateMachine", "StateMachineName"): 80,
    ("AWS::IAM::Role", "RoleName"): 64,
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::SageMaker::Pipeline", "PipelineName"): 256,
    ("AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupName"): 63,
    ("AWS::SageMaker::Endpoint", "EndpointName"): 63,
    ("AWS::SageMaker::MonitoringSchedule", "MonitoringScheduleName"): 63,
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudTrail::Trail", "TrailName"): 128,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::KMS::Alias", "AliasName"): 256,
    ("AWS::WAFv2::WebACL", "Name"): 128,
}
"""Quotas of the services, from their API references."""


def deployment_order() -> list[str]:
    """The templates in the order of deploy.sh."""
    (stacks,) = re.findall(r"^stacks='([^']*)'", (TEMPLATES / "deploy.sh").read_text(), re.MULTILINE)
    return [line.split()[1] for line in stacks.splitlines()]


def test_deploy_sh_names_every_template_once() -> None:
    assert sorted(deployment_order()) == FILES


def test_cfn_lint_finds_nothing_at_any_level() -> None:
    command = [Path(sys.executable).parent / "cfn-lint", "-c", "I", "--", *FILES]
    ended = subprocess.run(command, cwd=TEMPLATES, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout + ended.stderr


def imports(node: Any) -> list[str]:
    """The texts of all imports of a part of a template."""
    if isinstance(node, dict):
        found = [node["Fn::ImportValue"]["Fn::Sub"]] if "Fn::ImportValue" in node else []
        return found + [text for part in node.values() for text in imports(part)]
    return [text for part in node for text in imports(part)] if isinstance(node, list) else []


def test_each_import_has_one_export_of_an_earlier_stack(templates: Templates) -> None:
    exported: dict[str, str] = {}
    for name in deployment_order():
        for text in imports(templates[name]):
            assert text in exported, f"{name} imports {text}, which no earlier stack exports"
        for output in templates[name]["Outputs"].values():
            if "Export" in output:
                text = output["Export"]["Name"]["Fn::Sub"]
                assert text not in exported, f"{text} is exported by {exported[text]} and {name}"
                exported[text] = name
    assert len(exported) > 40


def test_the_stacks_that_a_template_says_it_imports_from_are_those(templates: Templates) -> None:
    order = deployment_order()
    suffixes = dict(
        zip(
            order,
            re.findall(r"^(?:stacks=')?(\w+) \w+/", (TEMPLATES / "deploy.sh").read_text(), re.MULTILINE),
        )
    )
    exporter = {
        output["Export"]["Name"]["Fn::Sub"]: name
        for name in order
        for output in templates[name]["Outputs"].values()
        if "Export" in output
    }
    for name in order:
        said = re.search(r"Imports from: ([^.]*)\.", (TEMPLATES / name).read_text().replace("\n# ", " "))
        wanted = {suffixes[exporter[text]] for text in imports(templates[name])}
        words = set(re.findall(r"\w+", said[1])) if said else set()
        assert words & set(suffixes.values()) == wanted, name


@pytest.mark.parametrize("name", FILES)
def test_the_aws_cli_reads_the_same_tree(name: str, templates: Templates) -> None:
    # PyYAML, through the AWS CLI. It rejects what other parsers let pass, such as an unquoted `? ` in a flow mapping.
    read = yaml_parse((TEMPLATES / name).read_text())
    assert read == templates[name]
    plain = yaml.compose((TEMPLATES / name).read_text())
    assert not [event for event in yaml.parse((TEMPLATES / name).read_text()) if isinstance(event, yaml.AliasEvent)]
    assert plain is not None


def names(templates: Templates) -> list[tuple[str, str, str, str]]:
    """Every name that a template gives, as long as it can become."""
    found = []
    for file, template in templates.items():

        def unknown(*_: str) -> str:
            return "unknown"

        parameters = {key: item.get("Default", "") for key, item in template["Parameters"].items()} | LONGEST
        pseudo = {
            "AWS::AccountId": "123456789012",
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "stack",
            "AWS::StackId": "stack",
        }
        scope = Scope(template, parameters, pseudo, unknown, unknown, unknown)
        for logical_id, resource in template["Resources"].items():
            for (type_, key), _ in LIMITS.items():
                if resource["Type"] == type_ and key in resource.get("Properties", {}):
                    found.append((f"{file} {logical_id}", type_, key, scope.resolve(resource["Properties"][key])))
    return found


def test_the_longest_names_fit(templates: Templates) -> None:
    found = names(templates)
    assert len(found) > 60
    for place, type_, key, value in found:
        assert len(value) <= LIMITS[type_, key], f"{place}: {value} has {len(value)} characters"
    # The stacks themselves, and what CloudFormation makes of them for roles: 64 less its own suffix.
    assert all(len(f"abcdefghijkl-production-{suffix}") <= 128 for suffix in ("registry", "retraining"))


def test_every_parameter_and_condition_is_used(templates: Templates) -> None:
    for name, template in templates.items():
        body = {key: value for key, value in template.items() if key not in {"Parameters", "Mappings"}}
        used = set(references(body))
        assert set(template["Parameters"]) <= used, f"{name}: {set(template['Parameters']) - used}"
        text = (TEMPLATES / name).read_text()
        for condition in template.get("Conditions", {}):
            assert len(re.findall(rf"\b{condition}\b", text)) > 1, f"{name}: {condition}"


def test_every_template_asks_for_project_and_environment_in_the_same_way(templates: Templates) -> None:
    for key in "ProjectName", "Environment":
        variants = {str(template["Parameters"][key]) for template in templates.values()}
        assert len(variants) == 1, variants


def test_the_table_of_monitor_images_is_the_same_wherever_it_stands(templates: Templates) -> None:
    tables = [
        template["Mappings"]["MonitorImage"]
        for template in templates.values()
        if "MonitorImage" in template.get("Mappings", {})
    ]
    assert len(tables) == 3
    assert all(table == tables[0] for table in tables)


def test_no_definition_holds_an_intrinsic_function(templates: Templates) -> None:
    for name, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            body = resource.get("Properties", {}).get("PipelineDefinition", {}).get("PipelineDefinitionBody")
            if body:
                text, variables = body["Fn::Sub"]
                assert "Fn::" not in text, f"{name} {logical_id}"
                assert '"Ref"' not in text, f"{name} {logical_id}"
                used = set(re.findall(r"\$\{([^}!]+)\}", text))
                known = {*variables, *template["Parameters"]}
                assert {item for item in used if not item.startswith("AWS::")} <= known, f"{name} {logical_id}"
                assert set(variables) <= used, f"{name} {logical_id}"


DEPLOYMENTS = {"ApiDeploymentR1": "76ddb315c6ada3c9"}
"""What API Gateway serves under each deployment: the hash of the resources that a deployment takes a picture of."""


def test_a_changed_api_is_deployed_again(templates: Templates) -> None:
    resources = templates["pipeline/endpoint.yaml"]["Resources"]
    (deployment,) = [name for name, item in resources.items() if item["Type"] == "AWS::ApiGateway::Deployment"]
    parts = {
        name: item
        for name, item in resources.items()
        if item["Type"]
        in {f"AWS::ApiGateway::{kind}" for kind in ("RestApi", "Resource", "Method", "Model", "RequestValidator")}
    }
    assert len(parts) == 5
    found = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
    # CloudFormation does not deploy an API again when a method changes. Rename the deployment to the next number, here
    # and in the template, and put the new hash here.
    assert {deployment: found} == DEPLOYMENTS
