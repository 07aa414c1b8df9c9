//! What was read up to a syntax error only: the error is told, and nothing is concluded from what is missing behind it.

use std::sync::Arc;

use camino::Utf8PathBuf;
use mlops_lint::engine::{self, CheckOptions};
use mlops_lint::project::Project;
use mlops_lint::rule::Registry;

/// The rules that say something of files, and those that cannot, with the reasons.
fn checked(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), Arc::from(*text))).collect();
    let project = Project::load(files, false);
    let graphs = engine::link(&project);
    let registry = Registry::bundled();
    let report = engine::check(&project, &graphs, &registry, CheckOptions::everything(), |_| "x");
    let path = |file| project.sources.file(file).path().to_string();
    let findings = report.findings.iter().map(|one| format!("{} {}", path(one.primary.span.file), one.rule.as_str()));
    let reason = |one: &mlops_lint::finding::Undecided| {
        format!("{} {} {}", path(one.span.file), one.rule.as_str(), one.reasons[0].text())
    };
    (findings.collect(), report.undecided.iter().map(reason).collect())
}

/// That a file has nothing but a syntax error, and that what rules would say of it is unknown.
fn is_only_broken(path: &str, text: &str) {
    let (findings, undecided) = checked(&[(path, text)]);
    assert_eq!(findings, [format!("{path} TPL030")], "{text}");
    let expected = format!("{path} NET002 `{path}` was read up to a syntax error only");
    assert_eq!(undecided.iter().filter(|one| **one == expected).count(), 1, "{undecided:?}");
}

const NOTEBOOK: &str = "Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: ml.t3.medium
      RoleArn: arn:aws:iam::111122223333:role/notebook
";

const REST: &str = "      SubnetId: subnet-0123456789abcdef0
      SecurityGroupIds: [sg-0123456789abcdef0]
      DirectInternetAccess: Disabled
      KmsKeyId: alias/notebook
";

#[test]
fn what_stands_behind_a_syntax_error_of_yaml_is_not_missing() {
    let (findings, _) = checked(&[("t.yaml", NOTEBOOK)]);
    assert!(findings.contains(&"t.yaml NET002".to_owned()), "{findings:?}");
    for broken in [
        "\tVolumeSizeInGB: 5\n",
        "     VolumeSizeInGB: 5\n",
        "        VolumeSizeInGB: 5\n",
        "      NotebookInstanceName: \"a\" b\n",
        "      NotebookInstanceName: [a\n",
    ] {
        is_only_broken("t.yaml", &format!("{NOTEBOOK}{broken}{REST}"));
    }
    is_only_broken("t.yaml", &format!("{NOTEBOOK}{REST}      NotebookInstanceName: 'a\n"));
}

#[test]
fn what_stands_behind_a_syntax_error_of_json_is_not_missing() {
    let start = r#"{ "Resources": { "Notebook": { "Type": "AWS::SageMaker::NotebookInstance", "Properties": {
  "InstanceType": "ml.t3.medium",
  "RoleArn": "arn:aws:iam::111122223333:role/notebook""#;
    let (findings, _) = checked(&[("t.json", &format!("{start} }} }} }} }}"))]);
    assert!(findings.contains(&"t.json NET002".to_owned()), "{findings:?}");
    let rest = r#""SubnetId": "subnet-0123456789abcdef0" } } } }"#;
    for broken in [
        format!("{start},"),
        format!("{start} {rest}"),
        format!("{start},, {rest}"),
        format!("{start} }}, {rest}"),
        // A bracket too many closes the resource, and what follows looks like a section.
        format!("{start} }} }} }}, {rest}"),
    ] {
        is_only_broken("t.json", &broken);
    }
}

#[test]
fn what_does_not_end_the_reading_goes_on_being_judged() {
    let (findings, undecided) = checked(&[("t.yaml", &format!("{NOTEBOOK}      RoleArn: other\n"))]);
    assert!(findings.contains(&"t.yaml NET002".to_owned()), "{findings:?}");
    assert!(findings.contains(&"t.yaml TPL030".to_owned()), "{findings:?}");
    assert!(!undecided.iter().any(|one| one.contains("syntax error")), "{undecided:?}");
}

const IMPORT: &str = "Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !ImportValue name } }
  Key: { Type: AWS::KMS::Key }
";
const PRODUCER: &str = "Resources:
  Bucket: { Type: AWS::S3::Bucket }
Outputs:
  Other: { Value: a, Export: { Name: other } }
";

#[test]
fn an_export_may_stand_behind_a_syntax_error() {
    let (findings, _) = checked(&[("a.yaml", IMPORT), ("b.yaml", PRODUCER)]);
    assert!(findings.contains(&"a.yaml TPL002".to_owned()), "{findings:?}");
    let name = "  Name: { Value: a, Export: { Name: name } }\n";
    let (findings, undecided) = checked(&[("a.yaml", IMPORT), ("b.yaml", &format!("{PRODUCER}\tA: b\n{name}"))]);
    assert!(!findings.contains(&"a.yaml TPL002".to_owned()), "{findings:?}");
    let why = "a.yaml TPL002 `b.yaml` was read up to a syntax error only".to_owned();
    assert!(undecided.contains(&why), "{undecided:?}");
}

/// What a rule says of the first of two files.
fn first(body: &str, files: &[(&str, &str)]) -> String {
    super::judged_of_any(body, files).by_resource().remove("Role").unwrap_or_default()
}

#[test]
fn nothing_is_concluded_from_what_another_template_seems_to_lack() {
    let body = "match: AWS::IAM::Role
require: { some: { referrers: $self, via: [AWS::IAM::Policy.Roles] }, present: true }
message: alone
";
    let role = "Resources:\n  Role: { Type: AWS::IAM::Role, Properties: { RoleName: train } }\n";
    let unnamed = "Resources:\n  Role: { Type: AWS::IAM::Role }\n";
    let policy = "Resources:
  Topic: { Type: AWS::SNS::Topic }
\tA: b
  Policy: { Type: AWS::IAM::Policy, Properties: { Roles: [train] } }
";
    let unknown = "? `b.yaml` was read up to a syntax error only";
    assert_eq!(first(body, &[("a.yaml", role), ("b.yaml", policy)]), unknown);
    assert_eq!(first(body, &[("a.yaml", unnamed), ("b.yaml", policy)]), "alone", "no other template can know it");
    let nested = "  Stack: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: b.yaml } }\n";
    assert_eq!(first(body, &[("a.yaml", &format!("{unnamed}{nested}")), ("b.yaml", policy)]), unknown);
}

#[test]
fn an_output_of_a_nested_stack_may_stand_behind_a_syntax_error() {
    let parent = "Resources:
  Role: { Type: Test::Thing, Properties: { V: !GetAtt Stack.Outputs.Bucket } }
  Stack: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: b.yaml } }
";
    let child = "Resources: { Bucket: { Type: AWS::S3::Bucket } }\nOutputs:\n";
    let broken = format!("{child}\tOther: {{ Value: x }}\n  Bucket: {{ Value: !Ref Bucket }}\n");
    let said = first(super::TO_BUCKET, &[("a.yaml", parent), ("b.yaml", &broken)]);
    assert_eq!(said, "? `b.yaml` was read up to a syntax error only");
}

#[test]
fn what_a_broken_template_passes_to_a_nested_stack_is_not_known() {
    let child = "Parameters: { Name: { Type: String, Default: x } }
Resources:
  Role: { Type: Test::Thing, Properties: { V: !Ref Name } }
";
    let parent = "Resources:
  Stack:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: a.yaml
      Parameters:
        Name: y
";
    let other = "Resources:
  Stack:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: a.yaml
      Tags: []
\t    Parameters:
        Name: z
";
    let body = "match: Test::Thing\nrequire: { path: V, equals: y }\nmessage: other{when}\n";
    let nothing = other.split('\t').next().unwrap();
    assert!(first(body, &[("a.yaml", child), ("b.yaml", parent), ("c.yaml", nothing)]).starts_with("other when"));
    assert_eq!(first(body, &[("a.yaml", child), ("b.yaml", parent), ("c.yaml", other)]), "");
}

#[test]
fn nothing_is_known_of_a_resource_that_may_have_been_cut_off() {
    let body = "match: AWS::IAM::Role
require: { some: { nodes: AWS::KMS::Key }, as: key, satisfies: { path: $key.EnableKeyRotation, equals: true } }
message: no key that rotates
";
    let role = "Resources:\n  Role: { Type: AWS::IAM::Role }\n";
    let key = "Resources:\n  Key:\n    Type: AWS::KMS::Key\n    Properties:\n      Enabled: true\n";
    let broken = format!("{key}\tPendingWindowInDays: 7\n      EnableKeyRotation: true\n");
    assert_eq!(first(body, &[("a.yaml", role), ("b.yaml", key)]), "no key that rotates");
    assert!(first(body, &[("a.yaml", role), ("b.yaml", &broken)]).starts_with("? "));
}
