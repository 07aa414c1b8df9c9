//! The `Rules` section of a template: scenarios that it forbids are no scenarios.

use mlops_lint::rule::testing::RuleFile;

/// A rule file with one test, whose template has this `Rules` section.
fn rule_file(rules: &str, marker: &str) -> String {
    format!(
        r#"
id: TST001
name: forbidden
summary: a test
severity: high
match: AWS::SageMaker::NotebookInstance
require: {{ path: DirectInternetAccess, equals: Disabled }}
message: "`{{self}}` is open{{when}}"
tests:
  - name: one
    template: |
      Parameters:
        Stage: {{ Type: String, AllowedValues: [dev, prod] }}
        Access: {{ Type: String, AllowedValues: [Disabled, Enabled] }}
{rules}
      Resources:
        Notebook:{marker}
          Type: AWS::SageMaker::NotebookInstance
          Properties:
            DirectInternetAccess: !Ref Access
"#
    )
}

fn run(rules: &str, marker: &str) -> Result<(), String> {
    let file = RuleFile::read(&rule_file(rules, marker)).map_err(|error| error.message)?;
    file.tests[0].run(&file.rule).map(|_| ())
}

#[test]
fn a_scenario_that_an_assertion_forbids_is_left_out() {
    run("", "   # <- fail").unwrap();
    let closed =
        "      Rules: { Closed: { Assertions: [{ Assert: { \"Fn::Contains\": [[Disabled], !Ref Access] } }] } }";
    run(closed, "").unwrap();
}

#[test]
fn an_assertion_counts_only_where_its_condition_holds() {
    // In dev the notebook may still be open.
    let in_prod = "      Rules: { Closed: { RuleCondition: !Equals [!Ref Stage, prod], Assertions: [{ Assert: !Equals [!Ref Access, Disabled] }] } }";
    run(in_prod, "   # <- fail").unwrap();
}

#[test]
fn a_rule_about_templates_starts_at_the_top() {
    let file = RuleFile::read(
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
    for test in &file.tests {
        test.run(&file.rule).unwrap();
    }
}

#[test]
fn a_near_member_of_a_set_is_suggested() {
    let file = RuleFile::read(
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
    file.tests[0].run(&file.rule).unwrap();
}

#[test]
fn a_rule_that_takes_the_unresolved_as_set_is_silent_only_about_its_requirement() {
    let rule = |marker: &str, properties: &str| {
        format!(
            r#"
id: TST004
name: keyed
summary: a test
severity: high
match: AWS::SageMaker::EndpointConfig
when: {{ path: Kind, not_equals: serverless }}
require: {{ path: KmsKeyId, present: true }}
unknown: pass
message: "`{{self}}` has no key{{when}}"
tests:
  - name: one
    template: |
      Parameters: {{ Kind: {{ Type: String }} }}
      Resources:
        Config:{marker}
          Type: AWS::SageMaker::EndpointConfig
          Properties: {properties}
"#
        )
    };
    for (marker, properties) in [
        ("", "{ KmsKeyId: !ImportValue key }"),
        ("   # <- unknown", "{ Kind: !Ref Kind }"),
        ("", "{ Kind: !Ref Kind, KmsKeyId: !ImportValue key }"),
        ("   # <- fail", "{ Kind: volume }"),
    ] {
        let file = RuleFile::read(&rule(marker, properties)).unwrap();
        file.tests[0].run(&file.rule).unwrap();
    }
}
