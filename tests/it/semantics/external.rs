//! What exists outside of the project: known to be foreign, so that nothing is missed about it and nothing is mixed up with it.

use mlops_lint::graph::Deployment;

use super::environments::{dev, external, said_in};
use super::{TO_BUCKET, said, says};

const CONSUMER: &str = "Parameters: { Name: { Type: String } }
Resources:
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: ours } }
  Import: { Type: Test::Thing, Properties: { V: !ImportValue central-bucket } }
  Uri: { Type: Test::Thing, Properties: { V: !Sub ['s3://${B}/x', { B: !ImportValue central-bucket }] } }
  Name: { Type: Test::Thing, Properties: { V: central-logs } }
  Arn: { Type: Test::Thing, Properties: { V: 'arn:aws:s3:::central-logs/x' } }
  Open: { Type: Test::Thing, Properties: { V: !Sub 'central-${Name}' } }
  Other: { Type: Test::Thing, Properties: { V: elsewhere } }
  OtherImport: { Type: Test::Thing, Properties: { V: !ImportValue other } }
  Ours: { Type: Test::Thing, Properties: { V: ours } }
";

#[test]
fn what_is_provided_elsewhere_is_neither_missing_nor_unknown() {
    let deployment = external(&["central-*"]);
    assert_eq!(
        said_in(&deployment, TO_BUCKET, &[("a.yaml", CONSUMER)]).by_resource(),
        said(&[("Other", "no bucket"), ("OtherImport", "? nothing here exports `other`")])
    );
}

#[test]
fn without_a_configuration_it_is_missing_or_unknown() {
    let said = said_in(&Deployment::default(), TO_BUCKET, &[("a.yaml", CONSUMER)]).by_resource();
    assert_eq!((&*said["Name"], &*said["Import"]), ("no bucket", "? nothing here exports `central-bucket`"));
}

#[test]
fn what_refers_to_something_foreign_refers_to_nothing_here() {
    let body = "match: AWS::WAFv2::WebACL
require: { some: { referrers: $self, via: [AWS::WAFv2::WebACLAssociation.WebACLArn] }, present: true }
message: alone
";
    let template = "Parameters: { Stage: { Type: String } }
Resources:
  Acl: { Type: AWS::WAFv2::WebACL, Properties: { Name: !Sub 'acl-${Stage}' } }
  Unnamed: { Type: AWS::WAFv2::WebACL }
  Association: { Type: AWS::WAFv2::WebACLAssociation, Properties: { WebACLArn: !ImportValue central-acl } }
";
    let ask = |deployment: &Deployment| said_in(deployment, body, &[("a.yaml", template)]).by_resource();
    assert_eq!(ask(&external(&["central-*"])), said(&[("Acl", "alone"), ("Unnamed", "alone")]));
    let unknown = ask(&Deployment::default());
    assert!(unknown.values().all(|text| text.starts_with("? ")), "{unknown:?}");
}

#[test]
fn a_name_of_the_project_stays_its_own_whatever_the_globs_say() {
    let said = said_in(&external(&["*"]), TO_BUCKET, &[("a.yaml", CONSUMER)]).by_resource();
    assert_eq!(said, self::said(&[]));
    let body = "match: Test::Thing
when: { path: V, refers_to: { types: [AWS::S3::Bucket] } }
require: { path: X, present: true }
message: ours
";
    let said = said_in(&external(&["*"]), body, &[("a.yaml", CONSUMER)]).by_resource();
    assert_eq!(said, self::said(&[("Ours", "ours")]), "what is foreign does not count as one of ours");
}

#[test]
fn an_export_of_the_project_comes_before_the_globs() {
    let producer = "Resources: { T: { Type: AWS::SNS::Topic } }
Outputs: { X: { Value: ours, Export: { Name: central-bucket } } }
";
    let said = said_in(&external(&["central-*"]), super::SHOW, &[("a.yaml", CONSUMER), ("b.yaml", producer)]);
    assert_eq!(said.by_resource()["Import"], "ours");
}

#[test]
fn a_name_that_only_may_match_stays_as_it_was() {
    let template = "Parameters: { Prefix: { Type: String } }
Resources:
  T: { Type: Test::Thing, Properties: { V: !Sub '${Prefix}-logs' } }
";
    let said = said_in(&external(&["central-*"]), TO_BUCKET, &[("a.yaml", template)]).by_resource();
    assert_eq!(said, self::said(&[("T", "no bucket")]));
    let given = Deployment { external: external(&["central-*"]).external, ..dev(&[("Prefix", "central")]) };
    assert_eq!(said_in(&given, TO_BUCKET, &[("a.yaml", template)]).by_resource(), self::said(&[]));
}

#[test]
fn fields_of_an_arn_before_the_resource_are_no_names() {
    let template = "Resources:
  T: { Type: Test::Thing, Properties: { V: 'arn:aws:sqs:eu-west-1:123456789012:queue' } }
  W: { Type: Test::Thing, Properties: { V: 'arn:aws:sqs:eu-west-1:999999999999:queue' } }
";
    let body = "match: Test::Thing\nrequire: { path: V, refers_to: { types: [AWS::SQS::Queue] } }\nmessage: none\n";
    let ask = |glob: &str| said_in(&external(&[glob]), body, &[("a.yaml", template)]).by_resource();
    assert_eq!(ask("eu-*"), said(&[("T", "none"), ("W", "none")]));
    assert_eq!(ask("queue"), said(&[]));
    assert_eq!(ask("arn:*:999999999999:*"), said(&[("T", "none")]), "a glob may be about the whole ARN");
}

#[test]
fn looking_for_a_node_of_a_foreign_name_finds_nothing_and_misses_nothing() {
    let body = "match: Test::Thing
require:
  some: { nodes: AWS::S3::Bucket }
  as: b
  satisfies:
    any:
      - { path: $self.V, refers_to: $b }
      - { path: $b.BucketName, same_as: $self.V }
message: missing
";
    let without = CONSUMER.replace("  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: ours } }\n", "");
    for (template, missing) in [(CONSUMER, vec!["Other"]), (&*without, vec!["Other", "OtherImport", "Ours"])] {
        let said = said_in(&external(&["central-*"]), body, &[("a.yaml", template)]).by_resource();
        let found: Vec<&str> =
            said.iter().filter(|(_, text)| *text == "missing").map(|(resource, _)| &**resource).collect();
        assert_eq!(found, missing, "{said:?}");
        assert!(!said.contains_key("Name") && !said.contains_key("Import") && !said.contains_key("Arn"), "{said:?}");
    }
}

#[test]
fn what_a_policy_of_aws_allows_is_up_to_aws() {
    let template = "Resources:
  Reader:
    Type: AWS::IAM::Role
    Properties: { ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess'] }
  Own:
    Type: AWS::IAM::Role
    Properties: { ManagedPolicyArns: ['arn:aws:iam::111122223333:policy/own'] }
";
    let rule =
        "match: AWS::IAM::Role\nrequire: { can: { who: $self, do: ['s3:GetObject'] } }\nmessage: \"{self} cannot\"\n";
    assert_eq!(
        says(rule, template),
        said(&[
            (
                "Reader",
                "? what `arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess` allows is up to AWS, which manages it"
            ),
            ("Own", "? templates that were not loaded may say more about `arn:aws:iam::111122223333:policy/own`"),
        ])
    );
}
