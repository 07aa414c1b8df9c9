//! The `Rules` section of a template: scenarios that it forbids are no scenarios.

use crate::rule_file::{self, FAIL, UNKNOWN};

const CLOSED: &str = r#"
match: AWS::SageMaker::NotebookInstance
require: { path: DirectInternetAccess, equals: Disabled }
message: "`{self}` is open{when}"
"#;

/// A notebook with a parameter for its access, in a template with this `Rules` section; `marker` is the notebook's.
fn run(rules: &str, marker: &str) -> Result<(), String> {
    let template = format!(
        "
Parameters:
  Stage: {{ Type: String, AllowedValues: [dev, prod] }}
  Access: {{ Type: String, AllowedValues: [Disabled, Enabled] }}
{rules}
Resources:
  Notebook:{marker}
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      DirectInternetAccess: !Ref Access
"
    );
    rule_file::run(CLOSED, &template)
}

#[test]
fn a_scenario_that_an_assertion_forbids_is_left_out() {
    run("", FAIL).unwrap();
    let closed = "Rules: { Closed: { Assertions: [{ Assert: { \"Fn::Contains\": [[Disabled], !Ref Access] } }] } }";
    run(closed, "").unwrap();
}

#[test]
fn an_assertion_counts_only_where_its_condition_holds() {
    // In dev the notebook may still be open.
    let in_prod = "Rules: { Closed: { RuleCondition: !Equals [!Ref Stage, prod], Assertions: [{ Assert: !Equals [!Ref Access, Disabled] }] } }";
    run(in_prod, FAIL).unwrap();
}

#[test]
fn a_rule_about_templates_starts_at_the_top() {
    rule_file::run_file(
        r#"
id: TST002
name: described
summary: a test
severity: low
match: Template
require: { path: Description, present: true }
message: "the template says nothing about itself{when}"
tests:
  - name: none
    template: |
      Resources:                              # <- fail
        Topic:
          Type: AWS::SNS::Topic
    expect:
      - { path: Description, at: Resources, message: the template says nothing about itself }
  - name: one
    template: |
      Description: A topic
      Resources:
        Topic:
          Type: AWS::SNS::Topic
"#,
    )
    .unwrap();
}

#[test]
fn a_near_member_of_a_set_is_suggested() {
    rule_file::run_file(
        r#"
id: TST003
name: mode
summary: a test
severity: low
match: AWS::SageMaker::Domain
require: { path: AuthMode, in: [IAM, SSO] }
message: "`{self}` has mode `{value}`{did_you_mean}{when}"
tests:
  - name: near
    template: |
      Resources:
        Domain:
          Type: AWS::SageMaker::Domain
          Properties:
            AuthMode: SS0                     # <- fail
    expect:
      - { resource: Domain, message: "`Domain` has mode `SS0`; did you mean `SSO`?" }
"#,
    )
    .unwrap();
}

#[test]
fn a_rule_that_takes_the_unresolved_as_set_is_silent_only_about_its_requirement() {
    let rule = r#"
match: AWS::SageMaker::EndpointConfig
when: { path: Kind, not_equals: serverless }
require: { path: KmsKeyId, present: true }
unknown: pass
message: "`{self}` has no key{when}"
"#;
    for (marker, properties) in [
        ("", "{ KmsKeyId: !ImportValue key }"),
        (UNKNOWN, "{ Kind: !Ref Kind }"),
        ("", "{ Kind: !Ref Kind, KmsKeyId: !ImportValue key }"),
        (FAIL, "{ Kind: volume }"),
    ] {
        let template = format!(
            "
Parameters: {{ Kind: {{ Type: String }} }}
Resources:
  Config:{marker}
    Type: AWS::SageMaker::EndpointConfig
    Properties: {properties}
"
        );
        rule_file::run(rule, &template).unwrap();
    }
}
