//! One line a finding, as compilers write them: for editors, and for `grep`.
//!
//! Nothing else is written, so that the number of lines is the number of findings.

use std::io::{self, Write};

use crate::engine::Report;

use super::RenderContext;
use super::excerpt::PEOPLE;
use super::place::Places;
use super::text::{Paint, one_line};
use super::words::{tag, undecided};

/// Writes findings, then what is suppressed and what is undecided where that is wanted.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(cx, PEOPLE);
    let paint = Paint { color: cx.color };
    for finding in &report.findings {
        let tag = tag(finding.severity.as_str(), report, &finding.rule);
        let tag = paint.severity(finding.severity, tag);
        writeln!(out, "{}: {tag}: {}", places.shown_at(finding.primary.span), one_line(&finding.message))?;
    }
    if cx.show_suppressed {
        for suppressed in &report.suppressed {
            let finding = &suppressed.finding;
            let tag = paint.bold(tag("suppressed", report, &finding.rule));
            let reason = match one_line(&suppressed.reason) {
                reason if reason.is_empty() => "no reason given".into(),
                reason => reason,
            };
            let message = one_line(&finding.message);
            writeln!(out, "{}: {tag}: {message} ({reason})", places.shown_at(finding.primary.span))?;
        }
    }
    if cx.unknown.lists() {
        for open in &report.undecided {
            let tag = paint.bold(tag("undecided", report, &open.rule));
            writeln!(out, "{}: {tag}: {}", places.shown_at(open.span), one_line(&undecided(open)))?;
        }
    }
    Ok(())
}
