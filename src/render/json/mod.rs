//! Our own JSON, version 1: everything a report holds, described by `docs/schema/report.schema.json`.
//!
//! Written straight from the report, finding by finding: no tree of values is built.

mod model;

use std::io::{self, Write};

use crate::engine::{Report, RuleFailure, Suppressed};
use crate::finding::{self, ChoiceNote, Finding, Label, Reason, ScenarioNote, Severity, Subject, Undecided};
use crate::source::{Encoding, Span};

use super::RenderContext;
use super::each::Each;
use super::place::Places;
use super::words::rule_name;
use model::{BySeverity, Document, File, Position, Range, RuleId, Summary};

/// Writes one JSON document and a line break.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(cx, Encoding::Utf32);
    serde_json::to_writer(&mut *out, &document(View { report, places: &places }, cx.show_suppressed))?;
    writeln!(out)
}

fn document(
    view: View<'_>,
    show_suppressed: bool,
) -> Document<
    Each<impl Iterator<Item = model::Finding<'_>> + Clone>,
    Each<impl Iterator<Item = model::Suppressed<'_>> + Clone>,
    Each<impl Iterator<Item = model::Undecided<'_>> + Clone>,
    Each<impl Iterator<Item = model::Error<'_>> + Clone>,
> {
    let report = view.report;
    let accepted = if show_suppressed { report.suppressed.as_slice() } else { &[] };
    Document {
        version: model::VERSION,
        findings: Each(report.findings.iter().enumerate().map(move |(index, finding)| view.reported(index, finding))),
        suppressed: Each(accepted.iter().map(move |suppressed| view.suppressed(suppressed))),
        unknown: Each(report.undecided.iter().map(move |undecided| view.undecided(undecided))),
        errors: Each(report.failures.iter().map(model::Error::from)),
        summary: summary(report),
    }
}

/// The schema of what is written.
#[cfg(feature = "schema")]
pub(super) fn schema() -> serde_json::Value {
    /// The type that a function returns has no name, as its lists are iterators.
    fn of_returned<'a, T: schemars::JsonSchema>(_: impl FnOnce(View<'a>, bool) -> T) -> serde_json::Value {
        super::schema::of::<T>(&format!("Report of mlops-lint, version {}", model::VERSION))
    }
    of_returned(document)
}

fn summary(report: &Report) -> Summary {
    let shown = report.by_severity();
    let count = |severity| shown.get(&severity).copied().unwrap_or_default();
    Summary {
        files: report.counts.files,
        templates: report.counts.templates,
        resources: report.counts.resources,
        embedded_documents: report.counts.embedded,
        rules: report.counts.rules,
        findings: BySeverity {
            critical: count(Severity::Critical),
            high: count(Severity::High),
            medium: count(Severity::Medium),
            low: count(Severity::Low),
            info: count(Severity::Info),
        },
        hidden: report.hidden.values().sum(),
        suppressed: report.suppressed.len(),
        unknown: report.undecided.len(),
    }
}

#[derive(Clone, Copy)]
struct View<'a> {
    report: &'a Report,
    places: &'a Places<'a>,
}

impl<'a> View<'a> {
    fn reported(self, index: usize, finding: &'a Finding) -> model::Finding<'a> {
        self.finding(finding, self.report.fingerprints.get(index).map_or("", String::as_str))
    }

    fn suppressed(self, suppressed: &'a Suppressed) -> model::Suppressed<'a> {
        model::Suppressed {
            finding: self.finding(&suppressed.finding, &suppressed.fingerprint),
            suppression: model::Suppression {
                reason: &suppressed.reason,
                until: suppressed.until.as_deref(),
                origin: suppressed.origin,
                place: suppressed.place.map(|span| model::Place { file: self.file(span), range: self.range(span) }),
            },
        }
    }

    fn finding(self, finding: &'a Finding, fingerprint: &'a str) -> model::Finding<'a> {
        model::Finding {
            rule: self.rule(&finding.rule),
            severity: finding.severity,
            confidence: finding.confidence,
            message: &finding.message,
            subject: self.subject(&finding.subject, finding.primary.span),
            scenario: finding.scenario.as_ref().map(model::Scenario::from),
            related: finding.related.iter().map(|label| self.related(label)).collect(),
            fingerprint,
        }
    }

    fn undecided(self, undecided: &'a Undecided) -> model::Undecided<'a> {
        model::Undecided {
            rule: self.rule(&undecided.rule),
            subject: self.subject(&undecided.subject, undecided.span),
            reasons: undecided.reasons.iter().map(model::Reason::from).collect(),
        }
    }

    fn rule(self, id: &'a finding::RuleId) -> model::Rule<'a> {
        model::Rule { id: RuleId(id.as_str()), name: rule_name(self.report, id) }
    }

    fn subject(self, subject: &'a Subject, span: Span) -> model::Subject<'a> {
        model::Subject {
            file: self.file(span),
            resource: subject.resource.as_deref(),
            resource_type: subject.resource_type.as_deref(),
            path: &subject.path,
            range: self.range(span),
        }
    }

    fn file(self, span: Span) -> File<'a> {
        File(self.places.portable(span.file))
    }

    fn related(self, label: &'a Label) -> model::Related<'a> {
        model::Related { file: self.file(label.span), range: self.range(label.span), text: &label.text }
    }

    fn range(self, span: Span) -> Range {
        let range = self.places.range(span);
        Range {
            start: Position { line: range.start.line, column: range.start.column, offset: span.start },
            end: Position { line: range.end.line, column: range.end.column, offset: span.end },
        }
    }
}

impl<'a> From<&'a ScenarioNote> for model::Scenario<'a> {
    fn from(note: &'a ScenarioNote) -> Self {
        Self { text: &note.text, choices: note.choices.iter().map(model::Choice::from).collect() }
    }
}

impl<'a> From<&'a ChoiceNote> for model::Choice<'a> {
    fn from(choice: &'a ChoiceNote) -> Self {
        Self { kind: choice.kind, name: &choice.name, value: &choice.value }
    }
}

impl<'a> From<&'a Reason> for model::Reason<'a> {
    fn from(reason: &'a Reason) -> Self {
        Self { kind: reason.kind, name: &reason.name, text: reason.text() }
    }
}

impl<'a> From<&'a RuleFailure> for model::Error<'a> {
    fn from(failure: &'a RuleFailure) -> Self {
        Self { rule: RuleId(failure.rule.as_str()), target: &failure.target, message: &failure.message }
    }
}
