//! Rule files with tests of their own: put together from a rule and a template, read, and run.

use mlops_lint::rule::testing::RuleFile;

/// The marker of a resource that a rule finds wrong.
pub(crate) const FAIL: &str = "   # <- fail";
/// The marker of a resource of which a rule cannot say.
pub(crate) const UNKNOWN: &str = "   # <- unknown";

/// Runs a rule file with one test, whose template this is; `rule` is all of the rule but what names it.
pub(crate) fn run(rule: &str, template: &str) -> Result<(), String> {
    let rule = rule.trim();
    let template = template.trim().replace('\n', "\n      ");
    run_file(&format!(
        "id: TST001
name: tested
summary: a test
severity: high
{rule}
tests:
  - name: one
    template: |
      {template}
"
    ))
}

/// Runs all tests of a rule file.
pub(crate) fn run_file(text: &str) -> Result<(), String> {
    let file = RuleFile::read(text).map_err(|error| error.message)?;
    assert!(!file.tests.is_empty(), "a rule file without tests");
    file.tests.iter().try_for_each(|test| test.run(&file.rule).map(|_| ()))
}
