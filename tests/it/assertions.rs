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
    let closed = "      Rules: { Closed: { Assertions: [{ Assert: { \"Fn::Contains\": [[Disabled], !Ref Access] } }] } }";
    run(closed, "").unwrap();
}

#[test]
fn an_assertion_counts_only_where_its_condition_holds() {
    // In dev the notebook may still be open.
    let in_prod = "      Rules: { Closed: { RuleCondition: !Equals [!Ref Stage, prod], Assertions: [{ Assert: !Equals [!Ref Access, Disabled] }] } }";
    run(in_prod, "   # <- fail").unwrap();
}
