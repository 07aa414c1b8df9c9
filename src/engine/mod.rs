//! Runs the rules over a project and gathers what they say.

mod report;

pub use report::{Counts, Report, ReportedRule, RuleFailure};
