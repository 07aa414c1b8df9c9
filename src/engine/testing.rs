//! Runs the tests of any rule: also of those about suppressions, which are judged by a whole run.

use crate::rule::testing::{Asserted, RuleTest};
use crate::rule::{Registry, Rule};

use super::{CheckOptions, Date, check, link};

/// Runs a test against a rule. A rule about suppressions is seen beside all bundled rules, on the day that the test names.
///
/// # Errors
/// With every assertion that does not hold, a line each.
pub fn run(test: &RuleTest, rule: &Rule) -> Result<Asserted, String> {
    if !rule.is_about_suppressions() {
        return test.run(rule);
    }
    let today = test.as_of.as_deref().map(str::parse::<Date>).transpose().map_err(|error| error.to_string())?;
    let registry = Registry::bundled();
    let project = test.project();
    let graphs = link(&project);
    let options = CheckOptions { today, ..CheckOptions::everything() };
    let report = check(&project, &graphs, &registry, options, |_| "");
    let findings = report.findings.into_iter().filter(|finding| finding.rule == rule.meta.id).collect();
    test.judge(rule, &project, &graphs[0], findings, Vec::new())
}
