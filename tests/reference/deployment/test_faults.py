"""The local CloudFormation refuses what AWS refuses: each template here has one fault of the architecture of old.

Without this, a green deployment would say little. moto alone creates most of these stacks.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import boto3
import pytest

ROLE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: sagemaker.amazonaws.com }, Action: sts:AssumeRole }]
"""

FAULTS = {
    "a role without the capability": (ROLE, "Requires capabilities : [CAPABILITY_IAM, CAPABILITY_NAMED_IAM]"),
    "a named role with the smaller capability": (
        ROLE.replace("Properties:", "Properties:\n      RoleName: mine"),
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
    ),
    "an endpoint of a model that nothing creates": (
        """
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - { VariantName: live, ModelName: mlops-dev-model, InstanceType: ml.m5.large, InitialInstanceCount: 1 }
""",
        "Could not find model",
    ),
    "a group that refers to itself": (
        """
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: x
      SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 443, ToPort: 443, SourceSecurityGroupId: !Ref Group }]
""",
        "Circular dependency between resources",
    ),
    "an intrinsic function inside the text of a pipeline": (
        """
Resources:
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineName: p
      RoleArn: arn:aws:iam::123456789012:role/x-long-enough
      PipelineDefinition:
        PipelineDefinitionBody: !Sub '{"Steps": [{"Arguments": {"RoleArn": {"Fn::ImportValue": "mlops-dev-role"}}}]}'
""",
        "has unresolved CloudFormation",
    ),
    "an import that no stack exports": (
        """
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: !ImportValue mlops-dev-sagemaker-sg }
""",
        "No export named mlops-dev-sagemaker-sg found",
    ),
    "a type that does not exist": (
        "Resources:\n  Signer: { Type: AWS::SageMaker::ModelSigner }\n",
        "Unrecognized resource types: [AWS::SageMaker::ModelSigner]",
    ),
    "a value that is not allowed": (
        """
Parameters:
  Environment: { Type: String, Default: prod, AllowedValues: [dev, staging, production] }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Ref Environment } }
""",
        "Parameter 'Environment' must be one of AllowedValues",
    ),
    "a key that is called None": (
        """
Parameters:
  KeyArn: { Type: String, Default: None, AllowedPattern: '^arn:aws:kms:.*$' }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { KmsMasterKeyId: !Ref KeyArn } }
""",
        "failed to satisfy constraint",
    ),
    "a schedule that Model Monitor does not take": (
        """
Resources:
  Schedule:
    Type: AWS::SageMaker::MonitoringSchedule
    Properties:
      MonitoringScheduleName: s
      MonitoringScheduleConfig:
        MonitoringJobDefinitionName: d
        MonitoringType: DataQuality
        ScheduleConfig: { ScheduleExpression: 'cron(0 */6 * * ? *)' }
""",
        "Model Monitor does not take the schedule",
    ),
    "a web ACL on something that is no stage": (
        """
Resources:
  Association:
    Type: AWS::WAFv2::WebACLAssociation
    Properties:
      ResourceArn: arn:aws:apigateway:eu-central-1::/restapis/abc123
      WebACLArn: arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/12345678-1234-1234-1234-123456789012
""",
        "a web ACL protects a stage of an API",
    ),
    "a bucket policy about another bucket": (
        """
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: a-bucket-of-ours } }
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Statement: [{ Effect: Deny, Principal: '*', Action: s3:*, Resource: arn:aws:s3:::another-bucket/* }]
""",
        "Policy has invalid resource arn:aws:s3:::another-bucket/*",
    ),
    "a property that the API does not know": (
        """
Resources:
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: { ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Treshold: 1 }
""",
        "Unknown parameter in input",
    ),
    "a key that is there twice": (
        "Resources:\n  Topic: { Type: AWS::SNS::Topic }\n  Topic: { Type: AWS::SNS::Topic }\n",
        "the key Topic is there twice",
    ),
    "a substitution of a state machine without a value": (
        """
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::123456789012:role/x
      DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${FunctionArn}", "End": true}}}'
""",
        "has substitutions without a value",
    ),
}


def deploy(folder: Path, name: str, template: str, *options: str) -> str:
    """Deploys a template; gives what was said, with the reasons in the events of the stack. Nothing is left."""
    file = folder / "template.yaml"
    file.write_text(f"AWSTemplateFormatVersion: '2010-09-09'\n{template}")
    command = ["aws", "cloudformation", "deploy", "--stack-name", name, "--template-file", str(file), *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    said = ended.stdout + ended.stderr
    cloudformation = boto3.client("cloudformation")
    try:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    except cloudformation.exceptions.ClientError:
        events = []
    said += "\n".join(event.get("ResourceStatusReason", "") for event in events)
    return f"exit code {ended.returncode}\n{said}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_deployment_and_is_named(aws: str, tmp_path: Path, fault: str) -> None:
    template, reason = FAULTS[fault]
    options = ["--capabilities", "CAPABILITY_IAM"] if "smaller capability" in fault else []
    name = "fault-" + "".join(word[0] for word in fault.split())
    said = deploy(tmp_path, name, template, *options)
    boto3.client("cloudformation").delete_stack(StackName=name)
    assert not said.startswith("exit code 0\n"), said
    assert reason in said


def test_a_stack_without_a_fault_is_created(aws: str, tmp_path: Path) -> None:
    said = deploy(tmp_path, "sound", ROLE, "--capabilities", "CAPABILITY_IAM")
    assert said.startswith("exit code 0\n"), said
    boto3.client("cloudformation").delete_stack(StackName="sound")


def test_an_export_has_one_stack(aws: str, tmp_path: Path) -> None:
    template = """
Resources:
  Topic: { Type: AWS::SNS::Topic }
Outputs:
  Arn: { Value: !Ref Topic, Export: { Name: shared-topic } }
"""
    assert deploy(tmp_path, "first", template).startswith("exit code 0\n")
    assert "is already exported by another stack" in deploy(tmp_path, "second", template)
    for name in "second", "first":
        boto3.client("cloudformation").delete_stack(StackName=name)


def test_a_named_resource_is_not_replaced(aws: str, tmp_path: Path) -> None:
    template = """
Resources:
  Group:
    Type: AWS::SageMaker::ModelPackageGroup
    Properties: { ModelPackageGroupName: models, ModelPackageGroupDescription: DESCRIPTION }
"""
    assert deploy(tmp_path, "named", template).startswith("exit code 0\n")
    said = deploy(tmp_path, "named", template.replace("DESCRIPTION", "changed"))
    assert "a custom-named resource requires replacing (ModelPackageGroupDescription changed)" in said
    boto3.client("cloudformation").delete_stack(StackName="named")


def test_a_failed_creation_leaves_nothing(aws: str, tmp_path: Path) -> None:
    template = """
Resources:
  Topic: { Type: AWS::SNS::Topic, DeletionPolicy: RetainExceptOnCreate, Properties: { TopicName: left-over } }
  Alarm:
    Type: AWS::CloudWatch::Alarm
    DependsOn: Topic
    Properties: { ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Nonsense: 1 }
"""
    assert not deploy(tmp_path, "failed", template).startswith("exit code 0\n")
    topics = [topic["TopicArn"] for topic in boto3.client("sns").list_topics()["Topics"]]
    assert not [topic for topic in topics if topic.endswith(":left-over")]
    boto3.client("cloudformation").delete_stack(StackName="failed")


def test_what_is_replaced_stays_if_its_policy_says_so(aws: str, tmp_path: Path) -> None:
    template = """
Resources:
  Kept:
    Type: AWS::SageMaker::Model
    UpdateReplacePolicy: Retain
    Properties: &model
      ExecutionRoleArn: arn:aws:iam::123456789012:role/x
      PrimaryContainer: { Image: IMAGE }
  Gone:
    Type: AWS::SageMaker::Model
    Properties: *model
"""
    sagemaker = boto3.client("sagemaker")
    names = []
    for image in "first", "second":
        assert deploy(tmp_path, "replaced", template.replace("IMAGE", image)).startswith("exit code 0\n")
        names.append(sorted(m["ModelName"] for m in sagemaker.list_models(NameContains="replaced")["Models"]))
    before, after = names
    assert len(before) == 2
    assert len(after) == 3
    assert next(name for name in before if "Kept" in name) in after
    assert next(name for name in before if "Gone" in name) not in after
    boto3.client("cloudformation").delete_stack(StackName="replaced")
