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
    let counts = &report.counts;
    let mut looked = vec![plural(counts.templates, "template"), plural(counts.resources, "resource")];
    if counts.embedded > 0 {
        looked.push(plural(counts.embedded, "embedded document"));
    }
    looked.push(plural(counts.rules, "rule"));
    looked.extend(cx.elapsed.map(duration));
    let looked = looked.join(", ");
    let not_shown = not_shown(report, cx);
    let listed = report.undecided.len() * usize::from(cx.unknown.lists());
    if report.findings.is_empty() && listed == 0 {
        let more = not_shown.map(|text| format!(" ({text})")).unwrap_or_default();
        return paragraph(&format!("{looked}: nothing to report{more}"), "1;32", cx, out);
    }
    paragraph(&looked, "2", cx, out)?;
    let mut found: Vec<String> = Vec::new();
    let by_severity = report.by_severity();
    for severity in Severity::ALL {
        if let Some(count) = by_severity.get(&severity) {
            found.push(format!("{count} {severity}"));
        }
    }
    if listed > 0 {
        found.push(format!("{listed} undecided"));
    }
    let more = not_shown.map(|text| format!(" (and not shown: {text})")).unwrap_or_default();
    paragraph(&format!("{}{more}", found.join(", ")), "1", cx, out)
}

fn not_shown(report: &Report, cx: &RenderContext<'_>) -> Option<String> {
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
        ReasonKind::Attribute
        | ReasonKind::DynamicReference
        | ReasonKind::Macro
        | ReasonKind::PseudoParameter
        | ReasonKind::RunTime
        | ReasonKind::TooManyScenarios
        | ReasonKind::OtherValue
        | ReasonKind::Condition
        | ReasonKind::OpenTable => None,
    }
}
