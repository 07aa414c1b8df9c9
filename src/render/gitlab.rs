//! GitLab's code quality report: a JSON list, one object a finding, which merge requests compare by fingerprint.
//!
//! What is suppressed is left out: GitLab has no word for it. Further places and texts of rules have no key either.

use std::io::{self, Write};

use rustc_hash::FxHashMap;

use crate::engine::Report;
use crate::finding::{Finding, Severity, Undecided, fnv1a};
use crate::source::Span;

use super::RenderContext;
use super::each::Each;
use super::excerpt::PEOPLE;
use super::place::Places;
use super::words::{rule_name, undecided};

/// Writes the list.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(cx, PEOPLE);
    let view = View { report, places: &places };
    let identities = if cx.unknown.lists() { view.identities() } else { Vec::new() };
    let findings = report.findings.iter().enumerate().map(|(index, finding)| view.finding(index, finding));
    let open = report.undecided.iter().zip(&identities).map(|(open, fingerprint)| view.undecided(open, fingerprint));
    let list = Each(findings.chain(open));
    serde_json::to_writer(&mut *out, &list)?;
    writeln!(out)
}

#[derive(serde::Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(serde::Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(serde::Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

struct View<'a> {
    report: &'a Report,
    places: &'a Places<'a>,
}

impl<'a> View<'a> {
    fn finding(&'a self, index: usize, finding: &'a Finding) -> Issue<'a> {
        Issue {
            description: format!("{}: {}", finding.rule.as_str(), finding.message),
            check_name: rule_name(self.report, &finding.rule),
            fingerprint: self.report.fingerprints.get(index).map_or("", String::as_str),
            severity: match finding.severity {
                Severity::Critical => "blocker",
                Severity::High => "critical",
                Severity::Medium => "major",
                Severity::Low => "minor",
                Severity::Info => "info",
            },
            location: self.location(finding.primary.span),
        }
    }

    /// A fingerprint for each undecided verdict: GitLab shows one of several that share theirs.
    fn identities(&self) -> Vec<String> {
        let mut seen: FxHashMap<u64, u32> = FxHashMap::default();
        let identity = |open: &Undecided| {
            let file = self.places.portable(open.span.file);
            let hash = fnv1a(&["undecided", open.rule.as_str(), file, &open.subject.path]);
            let count = seen.entry(hash).or_default();
            *count += 1;
            if *count == 1 { format!("{hash:016x}") } else { format!("{hash:016x}-{count}") }
        };
        self.report.undecided.iter().map(identity).collect()
    }

    fn undecided(&'a self, open: &'a Undecided, fingerprint: &'a str) -> Issue<'a> {
        Issue {
            description: format!("{}: {}", open.rule.as_str(), undecided(open)),
            check_name: rule_name(self.report, &open.rule),
            fingerprint,
            severity: "info",
            location: self.location(open.span),
        }
    }

    fn location(&'a self, span: Span) -> Location<'a> {
        let range = self.places.range(span);
        Location {
            path: self.places.portable(span.file),
            lines: Lines { begin: range.start.line, end: range.last_line() },
        }
    }
}
