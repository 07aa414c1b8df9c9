//! SARIF 2.1.0, as GitHub's code scanning and other sites read it.
//!
//! One run with every rule of the profile, sorted by id, and one result a finding. Written piece by piece without a tree of values;
//! no time, no random id, no absolute path, so that equal reports are equal bytes.

mod line_hash;
mod model;
mod result;
mod rule;
mod taxonomy;

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use crate::engine::{Report, RuleFailure};
use crate::finding::{RuleId, Severity};
use crate::source::{Encoding, FileId, Span};

use super::RenderContext;
use super::address::{program, uri};
use super::each::Each;
use super::order::worst_first;
use super::place::Places;
use super::text::plural;
use model::{AutomationDetails, Driver, Invocation, Log, Notification, RuleReference, Run, Text, Tool};
use result::View;
use taxonomy::Taxonomies;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// GitHub rejects a file with more results in a run.
const RESULTS: usize = 25_000;

/// Writes one SARIF file.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    // SARIF declares what a column counts (§3.14.17); GitHub and editors take UTF-16 units.
    let places = Places::new(cx, Encoding::Utf16).hiding(&report.secrets);
    let indices: FxHashMap<&RuleId, usize> = report.rules.keys().enumerate().map(|(index, id)| (id, index)).collect();
    let taxonomies = Taxonomies::new(report);
    let uris = (0u32..).take(cx.sources.len()).map(|id| uri(places.portable(FileId::new(id)))).collect();
    let chosen = Chosen::new(report, cx, RESULTS);
    let view = View::new(report, &places, uris, &indices, chosen.starts(report));
    let findings = chosen.findings.iter().map(|&index| view.finding(index));
    let open = report.undecided[..chosen.open].iter().map(|undecided| view.undecided(undecided));
    let accepted = report.suppressed[..chosen.suppressed].iter().map(|suppressed| view.suppressed(suppressed));
    let failures = report.failures.iter().map(|failure| failed(failure, &indices));
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "mlops-lint",
                semantic_version: cx.version,
                information_uri: program(cx.version),
                supported_taxonomies: taxonomies.references(),
                rules: Each(report.rules.values().map(|rule| rule::lower(rule, &taxonomies))),
            },
        },
        automation_details: AutomationDetails { id: automation_id(cx.scope) },
        column_kind: "utf16CodeUnits",
        invocations: [Invocation {
            execution_successful: report.failures.is_empty(),
            tool_execution_notifications: failures.chain(chosen.notification()).collect(),
        }],
        taxonomies: taxonomies.lower(),
        results: Each(findings.chain(open).chain(accepted)),
    };
    serde_json::to_writer(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    writeln!(out)
}

/// How many results do not fit into one file.
pub(super) fn left_out(report: &Report, cx: &RenderContext<'_>) -> usize {
    Chosen::new(report, cx, RESULTS).left_out
}

/// Category and, after the last slash, no id: what is uploaded next for this folder replaces this (§3.17.3).
fn automation_id(scope: &str) -> String {
    match scope.trim_matches('/') {
        "" => "mlops-lint/".to_owned(),
        scope => format!("mlops-lint/{scope}/"),
    }
}

/// What goes into the file: the worst findings, then what is undecided, then what is suppressed.
struct Chosen {
    /// In the order of the report.
    findings: Vec<usize>,
    open: usize,
    suppressed: usize,
    left_out: usize,
}

impl Chosen {
    fn new(report: &Report, cx: &RenderContext<'_>, most: usize) -> Self {
        let findings = if report.findings.len() <= most {
            (0..report.findings.len()).collect()
        } else {
            let mut worst = worst_first(&report.findings);
            worst.truncate(most);
            worst.sort_unstable();
            worst
        };
        // Code scanning makes an alert of everything in the file, also of what is open or suppressed: only if it is asked for.
        let open = if cx.unknown.lists() { report.undecided.len() } else { 0 };
        let suppressed = if cx.show_suppressed { report.suppressed.len() } else { 0 };
        let wanted = report.findings.len() + open + suppressed;
        let open = open.min(most - findings.len());
        let suppressed = suppressed.min(most - findings.len() - open);
        let left_out = wanted - findings.len() - open - suppressed;
        Self { findings, open, suppressed, left_out }
    }

    /// Where the results start.
    fn starts(&self, report: &Report) -> impl Iterator<Item = Span> {
        let findings = self.findings.iter().map(|&index| report.findings[index].primary.span);
        let open = report.undecided[..self.open].iter().map(|undecided| undecided.span);
        let suppressed = report.suppressed[..self.suppressed].iter().map(|suppressed| suppressed.finding.primary.span);
        findings.chain(open).chain(suppressed)
    }

    fn notification(&self) -> Option<Notification<'static>> {
        (self.left_out > 0).then(|| {
            let results = plural(self.left_out, "result");
            Notification {
                level: "warning",
                message: Text {
                    text: format!("{results} left out, the least severe: a run has room for {RESULTS}.").into(),
                },
                associated_rule: None,
            }
        })
    }
}

fn failed<'a>(failure: &'a RuleFailure, indices: &FxHashMap<&RuleId, usize>) -> Notification<'a> {
    let rule = failure.rule.as_str();
    let text = format!("rule {rule} failed on {}: {}", failure.target, failure.message);
    Notification {
        level: "error",
        message: Text { text: text.into() },
        associated_rule: indices.get(&failure.rule).map(|&index| RuleReference { id: rule, index }),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_automation_id_is_the_folder_between_slashes() {
        assert_eq!(automation_id(""), "mlops-lint/");
        assert_eq!(automation_id("ml/prod"), "mlops-lint/ml/prod/");
        assert_eq!(automation_id("ml/"), "mlops-lint/ml/");
    }
}
