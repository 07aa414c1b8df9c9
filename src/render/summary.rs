//! The last lines of the human format: what was looked at, what was found, and what is not shown and why.

use std::io::{self, Write};
use std::time::Duration;

use crate::engine::Report;
use crate::finding::{ReasonKind, Severity};

use super::RenderContext;
use super::text::{Paint, plural, wrap};

/// So many reasons of undecided verdicts are named.
const REASONS: usize = 3;

/// Writes the summary.
pub(super) fn write(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut looked_at = looked_at(report);
    looked_at.extend(cx.elapsed.map(duration));
    let looked_at = looked_at.join(", ");
    let found = found(report, cx);
    let not_shown = not_shown(report, cx);
    if found.is_empty() {
        let more = not_shown.map(|text| format!(" ({text})")).unwrap_or_default();
        return paragraph(&format!("{looked_at}: nothing to report{more}"), "1;32", cx, out);
    }
    paragraph(&looked_at, "2", cx, out)?;
    let more = not_shown.map(|text| format!(" (and not shown: {text})")).unwrap_or_default();
    paragraph(&format!("{}{more}", found.join(", ")), "1", cx, out)
}

/// "12 templates", "49 resources", …
pub(super) fn looked_at(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let mut parts = vec![plural(counts.templates, "template"), plural(counts.resources, "resource")];
    if counts.embedded > 0 {
        parts.push(plural(counts.embedded, "embedded document"));
    }
    parts.push(plural(counts.rules, "rule"));
    parts
}

/// "1 critical", "3 high", …: what the report lists; empty if that is nothing.
pub(super) fn found(report: &Report, cx: &RenderContext<'_>) -> Vec<String> {
    let by_severity = report.by_severity();
    let count = |severity| Some(format!("{} {severity}", by_severity.get(&severity)?));
    let mut parts: Vec<String> = Severity::ALL.into_iter().filter_map(count).collect();
    let listed = [
        (cx.show_suppressed, report.suppressed.len(), "suppressed"),
        (cx.unknown.lists(), report.undecided.len(), "undecided"),
    ];
    for (is_listed, count, word) in listed {
        if is_listed && count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts
}

/// What the report counts and does not list, with the option that lists it.
pub(super) fn not_shown(report: &Report, cx: &RenderContext<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let hidden: Vec<_> = Severity::ALL
        .into_iter()
        .filter_map(|severity| Some((severity, *report.hidden.get(&severity)?)))
        .filter(|&(_, count)| count > 0)
        .collect();
    if let Some((lowest, _)) = hidden.last() {
        let counts: Vec<_> = hidden.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
        parts.push(format!("{}, --min-severity {lowest}", counts.join(", ")));
    }
    if !cx.show_suppressed && !report.suppressed.is_empty() {
        parts.push(format!("{} suppressed, --show-suppressed", report.suppressed.len()));
    }
    if !cx.unknown.lists() && !report.undecided.is_empty() {
        let reasons: Vec<_> =
            report.undecided_by_reason().into_iter().take(REASONS).map(|(kind, count)| kind.counted(count)).collect();
        parts.push(format!("{} undecided, --unknown show: {}", report.undecided.len(), reasons.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn paragraph(text: &str, style: &'static str, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: cx.color };
    for (index, line) in wrap(text, cx.width, cx.width.saturating_sub(2)).iter().enumerate() {
        writeln!(out, "{}{}", if index == 0 { "" } else { "  " }, paint.style(style, line))?;
    }
    Ok(())
}

fn duration(elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis();
    if milliseconds < 10_000 {
        format!("{} ms", milliseconds.max(1))
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}

/// What a user can do so that a verdict of this kind can be reached.
pub(super) fn settles(kind: ReasonKind) -> Option<&'static str> {
    match kind {
        ReasonKind::ParameterWithoutDefault => Some("a `Default` or `AllowedValues` of the parameter would settle it"),
        ReasonKind::ExternalImport => Some("the template that exports it, checked in the same run, would settle it"),
        ReasonKind::OutsideTheSet => {
            Some("the folder that holds all templates of the project, checked in one run, would settle it")
        }
        ReasonKind::Malformed => Some("it can be decided once the reference is right"),
        ReasonKind::UnreadableDocument => Some("it can be decided once the document can be read"),
        ReasonKind::SyntaxError => Some("it can be decided once the syntax error is gone"),
        ReasonKind::Attribute
        | ReasonKind::External
        | ReasonKind::DynamicReference
        | ReasonKind::Macro
        | ReasonKind::PseudoParameter
        | ReasonKind::RunTime
        | ReasonKind::TooManyScenarios
        | ReasonKind::OtherValue
        | ReasonKind::Condition
        | ReasonKind::OpenTable
        | ReasonKind::AwsManagedPolicy => None,
    }
}
