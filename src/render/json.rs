//! Our own JSON, version 1: everything a report holds, described by `docs/schema/report.schema.json`.
//!
//! Written straight from the report, finding by finding: no tree of values is built. Keys are never removed within a version.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use crate::engine::{Report, RuleFailure, Suppressed};
use crate::finding::{ChoiceNote, Finding, Label, Reason, ScenarioNote, Severity, Undecided};
use crate::source::{Encoding, Span};

use super::RenderContext;
use super::place::Places;
use super::words::rule_name;

/// Writes one JSON document and a line break.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let view = View { report, places: &Places::new(cx, Encoding::Utf32) };
    let accepted = if cx.show_suppressed { report.suppressed.as_slice() } else { &[] };
    let document = Document {
        version: 1,
        findings: Each(|| report.findings.iter().enumerate().map(|(index, finding)| view.finding(index, finding))),
        suppressed: Each(|| accepted.iter().map(|suppressed| view.suppressed(suppressed))),
        unknown: Each(|| report.undecided.iter().map(|undecided| view.undecided(undecided))),
        errors: Each(|| report.failures.iter().map(ErrorOut::from)),
        summary: summary(report),
    };
    serde_json::to_writer(&mut *out, &document)?;
    writeln!(out)
}

/// A list that is made while it is written.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for item in (self.0)() {
            list.serialize_element(&item)?;
        }
        list.end()
    }
}

#[derive(serde::Serialize)]
struct Document<F, S, U, E> {
    version: u32,
    findings: F,
    suppressed: S,
    unknown: U,
    errors: E,
    summary: Summary,
}

#[derive(serde::Serialize)]
struct FindingOut<'a> {
    rule: &'a str,
    name: &'a str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    file: &'a str,
    resource: Option<&'a str>,
    resource_type: Option<&'a str>,
    path: &'a str,
    range: RangeOut,
    scenario: Option<ScenarioOut<'a>>,
    related: Vec<RelatedOut<'a>>,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<SuppressionOut<'a>>,
}

#[derive(serde::Serialize)]
struct SuppressionOut<'a> {
    reason: &'a str,
    until: Option<&'a str>,
    origin: &'static str,
    place: Option<PlaceOut<'a>>,
}

#[derive(serde::Serialize)]
struct PlaceOut<'a> {
    file: &'a str,
    range: RangeOut,
}

#[derive(serde::Serialize)]
struct UndecidedOut<'a> {
    rule: &'a str,
    name: &'a str,
    file: &'a str,
    resource: Option<&'a str>,
    resource_type: Option<&'a str>,
    path: &'a str,
    range: RangeOut,
    reasons: Vec<ReasonOut<'a>>,
}

#[derive(serde::Serialize)]
struct RangeOut {
    start: PositionOut,
    end: PositionOut,
}

#[derive(serde::Serialize)]
struct PositionOut {
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(serde::Serialize)]
struct ScenarioOut<'a> {
    text: &'a str,
    choices: Vec<ChoiceOut<'a>>,
}

#[derive(serde::Serialize)]
struct ChoiceOut<'a> {
    kind: &'static str,
    name: &'a str,
    value: &'a str,
}

#[derive(serde::Serialize)]
struct RelatedOut<'a> {
    file: &'a str,
    range: RangeOut,
    text: &'a str,
}

#[derive(serde::Serialize)]
struct ReasonOut<'a> {
    kind: &'static str,
    name: &'a str,
    text: String,
}

#[derive(serde::Serialize)]
struct ErrorOut<'a> {
    rule: &'a str,
    target: &'a str,
    message: &'a str,
}

#[derive(serde::Serialize)]
struct Summary {
    files: usize,
    templates: usize,
    resources: usize,
    embedded_documents: usize,
    rules: usize,
    findings: BySeverity,
    hidden: usize,
    suppressed: usize,
    unknown: usize,
}

#[derive(serde::Serialize)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
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
    fn finding(self, index: usize, finding: &'a Finding) -> FindingOut<'a> {
        self.described(finding, self.report.fingerprints.get(index).map_or("", String::as_str))
    }

    fn suppressed(self, suppressed: &'a Suppressed) -> FindingOut<'a> {
        let place = |span: Span| PlaceOut { file: self.places.portable(span.file), range: self.range(span) };
        FindingOut {
            suppression: Some(SuppressionOut {
                reason: &suppressed.reason,
                until: suppressed.until.as_deref(),
                origin: suppressed.origin.as_str(),
                place: suppressed.place.map(place),
            }),
            ..self.described(&suppressed.finding, &suppressed.fingerprint)
        }
    }

    fn described(self, finding: &'a Finding, fingerprint: &'a str) -> FindingOut<'a> {
        FindingOut {
            rule: finding.rule.as_str(),
            name: rule_name(self.report, &finding.rule),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            message: &finding.message,
            file: self.places.portable(finding.primary.span.file),
            resource: finding.subject.resource.as_deref(),
            resource_type: finding.subject.resource_type.as_deref(),
            path: &finding.subject.path,
            range: self.range(finding.primary.span),
            scenario: finding.scenario.as_ref().map(ScenarioOut::from),
            related: finding.related.iter().map(|label| self.related(label)).collect(),
            fingerprint,
            suppression: None,
        }
    }

    fn undecided(self, undecided: &'a Undecided) -> UndecidedOut<'a> {
        UndecidedOut {
            rule: undecided.rule.as_str(),
            name: rule_name(self.report, &undecided.rule),
            file: self.places.portable(undecided.span.file),
            resource: undecided.subject.resource.as_deref(),
            resource_type: undecided.subject.resource_type.as_deref(),
            path: &undecided.subject.path,
            range: self.range(undecided.span),
            reasons: undecided.reasons.iter().map(ReasonOut::from).collect(),
        }
    }

    fn related(self, label: &'a Label) -> RelatedOut<'a> {
        RelatedOut { file: self.places.portable(label.span.file), range: self.range(label.span), text: &label.text }
    }

    fn range(self, span: Span) -> RangeOut {
        let range = self.places.range(span);
        RangeOut {
            start: PositionOut { line: range.start.line, column: range.start.column, offset: span.start },
            end: PositionOut { line: range.end.line, column: range.end.column, offset: span.end },
        }
    }
}

impl<'a> From<&'a ScenarioNote> for ScenarioOut<'a> {
    fn from(note: &'a ScenarioNote) -> Self {
        Self { text: &note.text, choices: note.choices.iter().map(ChoiceOut::from).collect() }
    }
}

impl<'a> From<&'a ChoiceNote> for ChoiceOut<'a> {
    fn from(choice: &'a ChoiceNote) -> Self {
        Self { kind: choice.kind, name: &choice.name, value: &choice.value }
    }
}

impl<'a> From<&'a Reason> for ReasonOut<'a> {
    fn from(reason: &'a Reason) -> Self {
        Self { kind: reason.kind.as_str(), name: &reason.name, text: reason.text() }
    }
}

impl<'a> From<&'a RuleFailure> for ErrorOut<'a> {
    fn from(failure: &'a RuleFailure) -> Self {
        Self { rule: failure.rule.as_str(), target: &failure.target, message: &failure.message }
    }
}
