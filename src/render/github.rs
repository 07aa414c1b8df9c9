//! Workflow commands, which GitHub Actions turns into annotations of files: the worst first, since a step shows ten of a kind.
//!
//! What is suppressed is left out: every command is an annotation. Text that is no command goes to the log.

use std::io::{self, Write};

use crate::engine::Report;
use crate::finding::{Finding, Severity};
use crate::source::Span;

use super::RenderContext;
use super::excerpt::PEOPLE;
use super::order::worst_first;
use super::place::Places;
use super::text::{one_line, plural};
use super::words::{details, tag, undecided};

/// So many errors, warnings and notices of a step are shown, each.
const SHOWN: usize = 10;
/// So many further places are named.
const RELATED: usize = 10;

/// Writes one command a finding.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { places: Places::new(cx, PEOPLE) };
    let mut written = [0; 3];
    for index in worst_first(&report.findings) {
        let finding = &report.findings[index];
        let level = Level::of(finding.severity);
        written[level as usize] += 1;
        let title = tag(finding.severity.as_str(), report, &finding.rule);
        page.command(level, Some(finding.primary.span), &title, &page.text(finding), out)?;
    }
    if cx.unknown.lists() {
        for open in &report.undecided {
            written[Level::Notice as usize] += 1;
            let text = one_line(&undecided(open)).into_owned();
            page.command(Level::Notice, Some(open.span), &tag("undecided", report, &open.rule), &text, out)?;
        }
    }
    for failure in &report.failures {
        written[Level::Error as usize] += 1;
        let text = format!("rule failed on {}: {}", failure.target, failure.message);
        page.command(Level::Error, None, &tag("error", report, &failure.rule), &text, out)?;
    }
    if written.iter().any(|&count| count > SHOWN) && !cx.quiet {
        let [errors, warnings, notices] = written;
        let counts = [plural(errors, "error"), plural(warnings, "warning"), plural(notices, "notice")].join(", ");
        writeln!(out, "{counts}; GitHub shows the first {SHOWN} of each as annotations")?;
    }
    Ok(())
}

/// The kinds of annotations, worst first.
#[derive(Clone, Copy)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Notice,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

struct Page<'a> {
    places: Places<'a>,
}

impl Page<'_> {
    /// The message, the further places, and what to do about this instance.
    fn text(&self, finding: &Finding) -> String {
        let message = one_line(&finding.message).into_owned();
        std::iter::once(message).chain(details(finding, &self.places, RELATED)).collect::<Vec<_>>().join("\n")
    }

    /// `::error file=a.yaml,line=1,endLine=1,col=3,title=…::a.yaml:1:3: …`
    fn command(
        &self,
        level: Level,
        span: Option<Span>,
        title: &str,
        text: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        write!(out, "::{} ", level.as_str())?;
        let mut log = String::new();
        if let Some(span) = span {
            let range = self.places.range(span);
            let (start, end_line) = (range.start, range.last_line());
            write!(out, "file={},line={},endLine={end_line},", property(self.places.portable(span.file)), start.line)?;
            // Columns are refused for a place of several lines.
            if end_line == start.line {
                write!(out, "col={},", start.column)?;
            }
            // In the log, where the properties are not shown, the place is part of the text.
            log = format!("{}: ", self.places.portable_at(span));
        }
        writeln!(out, "title={}::{}", property(title), data(&format!("{log}{text}")))
    }
}

/// Text after the command, escaped as the runner undoes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_property_or_a_command_is_escaped() {
        assert_eq!(property("a:b,c%0A\nd"), "a%3Ab%2Cc%250A%0Ad");
        assert_eq!(data("a::b, 100%\r\n"), "a::b, 100%25%0D%0A");
    }
}
