//! The report as a person reads it on a terminal; the only file that names miette.
//!
//! miette draws the excerpts, one file at a time, because it cannot label two files in one diagnostic. The lines around them are ours.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeStyles,
};

use crate::engine::{Report, ReportedRule, Suppressed, SuppressionOrigin};
use crate::finding::{Finding, Label, Severity, Undecided};

use super::RenderContext;
use super::address::page;
use super::excerpt::{Excerpt, Mark, PEOPLE, excerpts};
use super::place::Places;
use super::summary;
use super::text::{Paint, framework_name, gist, one_line, width_of, wrap};

/// At most so many control ids of one framework; `explain` lists them all.
const CONTROLS_SHOWN: usize = 2;

/// At most so many sentences of a rule's own texts; `explain` prints them all.
const SENTENCES: usize = 2;

/// Writes findings, the undecided where they are wanted, and the summary.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let places = Places::new(cx, PEOPLE).hiding(&report.secrets);
    let page = Page { report, cx, places, paint: Paint { color: cx.color } };
    // What a rule says of all its findings is said at the first of them.
    let mut told = BTreeSet::new();
    for finding in &report.findings {
        page.finding(finding, told.insert(&finding.rule), out)?;
    }
    if cx.show_suppressed {
        for suppressed in &report.suppressed {
            page.suppressed(suppressed, out)?;
        }
    }
    if cx.unknown.lists() {
        for undecided in &report.undecided {
            page.undecided(undecided, out)?;
        }
    }
    if !cx.quiet {
        summary::write(report, cx, out)?;
    }
    Ok(())
}

/// One place, in the colour of what is worst.
pub(super) fn draw(label: &Label, cx: &RenderContext<'_>) -> String {
    let report = Report::default();
    let page = Page { report: &report, cx, places: Places::new(cx, PEOPLE), paint: Paint { color: cx.color } };
    excerpts(label, &[], &page.places, cx.width).iter().map(|block| page.draw(block, 0, Severity::High)).collect()
}

struct Page<'a> {
    report: &'a Report,
    cx: &'a RenderContext<'a>,
    places: Places<'a>,
    paint: Paint,
}

impl Page<'_> {
    fn finding(&self, finding: &Finding, in_full: bool, out: &mut dyn Write) -> io::Result<()> {
        let rule = self.report.rules.get(&finding.rule).map(AsRef::as_ref);
        let word = finding.severity.as_str();
        self.headline(word, Some(finding.severity), rule, finding.rule.as_str(), &finding.message, out)?;
        let blocks = excerpts(&finding.primary, &finding.related, &self.places, self.cx.width);
        let digits = blocks.iter().map(Excerpt::digits).max().unwrap_or(1);
        for block in &blocks {
            let indent = digits - block.digits();
            out.write_all(self.draw(block, indent, finding.severity).as_bytes())?;
        }
        let docs = rule.map(|rule| &rule.docs).filter(|_| in_full);
        if let Some(docs) = docs {
            self.gist("why", &docs.why, out)?;
        }
        match (&finding.help, docs) {
            (Some(help), _) => self.line("help", help, out)?,
            (None, Some(docs)) => self.gist("help", &docs.remedy, out)?,
            (None, None) => {}
        }
        self.line("assumed", finding.assumed.as_deref().unwrap_or_default(), out)?;
        if let Some(rule) = rule {
            self.more(rule, in_full, out)?;
        }
        writeln!(out)
    }

    fn suppressed(&self, suppressed: &Suppressed, out: &mut dyn Write) -> io::Result<()> {
        let finding = &suppressed.finding;
        let rule = self.report.rules.get(&finding.rule).map(AsRef::as_ref);
        self.headline("suppressed", None, rule, finding.rule.as_str(), &finding.message, out)?;
        self.line("at", &self.places.shown_at(finding.primary.span), out)?;
        self.line("reason", &suppressed.reason, out)?;
        let place = suppressed.place.map(|span| format!(" at {}", self.places.shown_at(span))).unwrap_or_default();
        let until = suppressed.until.as_deref().map(|day| format!(", until {day}")).unwrap_or_default();
        self.line("written", &format!("{}{place}{until}", written(suppressed.origin)), out)?;
        writeln!(out)
    }

    fn undecided(&self, undecided: &Undecided, out: &mut dyn Write) -> io::Result<()> {
        let rule = self.report.rules.get(&undecided.rule).map(AsRef::as_ref);
        let subject = &undecided.subject;
        let what = if subject.path.is_empty() { subject.resource.as_deref().unwrap_or("it") } else { &subject.path };
        let message = format!("`{what}` at {}", self.places.shown_at(undecided.span));
        self.headline("undecided", None, rule, undecided.rule.as_str(), &message, out)?;
        for reason in &undecided.reasons {
            self.line("because", &reason.text(), out)?;
        }
        let mut remedies: Vec<_> =
            undecided.reasons.iter().filter_map(|reason| summary::settles(reason.kind)).collect();
        remedies.dedup();
        self.line("help", &remedies.join("; "), out)?;
        writeln!(out)
    }

    /// `high[rule-name] ENC001: message`
    fn headline(
        &self,
        word: &str,
        severity: Option<Severity>,
        rule: Option<&ReportedRule>,
        id: &str,
        message: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let name = rule.map_or(id, |rule| &rule.meta.name);
        let tag = format!("{word}[{name}]");
        let message = one_line(message);
        let used = width_of(&tag) + width_of(id) + 3;
        let lines = wrap(&message, self.cx.width.saturating_sub(used), self.cx.width.saturating_sub(2));
        match severity {
            Some(severity) => write!(out, "{}", self.paint.severity(severity, tag))?,
            None => write!(out, "{}", self.paint.bold(tag))?,
        }
        let page = rule.and_then(page).filter(|_| self.cx.links);
        match page {
            Some(page) => write!(out, " \x1b]8;;{page}\x1b\\{id}\x1b]8;;\x1b\\:")?,
            None => write!(out, " {id}:")?,
        }
        for (index, line) in lines.iter().enumerate() {
            let before = match (index, line.is_empty()) {
                (0, true) => "",
                (0, false) => " ",
                _ => "\n  ",
            };
            write!(out, "{before}{}", self.paint.bold(line))?;
        }
        writeln!(out)
    }

    /// `  why: text`, broken and indented.
    fn line(&self, key: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let room = self.cx.width.saturating_sub(key.len() + 4);
        self.lines(key, &wrap(&one_line(text), room, room), out)
    }

    /// The first sentences of a Markdown text.
    fn gist(&self, key: &str, markdown: &str, out: &mut dyn Write) -> io::Result<()> {
        let room = self.cx.width.saturating_sub(key.len() + 4);
        self.lines(key, &gist(markdown, SENTENCES, room), out)
    }

    fn lines(&self, key: &str, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        let indent = key.len() + 4;
        for (index, line) in lines.iter().enumerate() {
            if index == 0 {
                writeln!(out, "  {} {line}", self.paint.key(format_args!("{key}:")))?;
            } else {
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }

    /// `  controls: … · mlops-lint explain ENC001`, or the command alone; the command stays on one line, so that it can be copied.
    fn more(&self, rule: &ReportedRule, in_full: bool, out: &mut dyn Write) -> io::Result<()> {
        let explain = format!("mlops-lint explain {}", rule.meta.id.as_str());
        let Some(controls) = controls(rule).filter(|_| in_full) else {
            return self.line("more", &explain, out);
        };
        let key = "controls";
        let room = self.cx.width.saturating_sub(key.len() + 4);
        let mut lines = wrap(&controls, room, room);
        match lines.last_mut() {
            Some(last) if width_of(last) + 3 + width_of(&explain) <= room => {
                last.push_str(" · ");
                last.push_str(&explain);
            }
            _ => lines.push(explain),
        }
        self.lines(key, &lines, out)
    }

    /// One block, moved right by `indent` so that the line numbers of a finding's blocks stand below each other.
    fn draw(&self, block: &Excerpt, indent: usize, severity: Severity) -> String {
        let mut drawn = String::new();
        let handler = GraphicalReportHandler::new_themed(self.theme(block, severity))
            .with_width(self.cx.width)
            // Any number above 0: it tells a request for the whole block from one for a label's place.
            .with_context_lines(1)
            .with_urls(false)
            .without_syntax_highlighting();
        if handler.render_report(&mut drawn, &Block(block)).is_err() {
            // Nothing but a place that miette could not read; the header still says where it is.
            let at = block.marks[0].at;
            return format!("  {}:{}:{}\n", block.name, at.line, at.column);
        }
        // The first line is the diagnostic's own message, which is empty here.
        let lines = drawn.split_inclusive('\n').skip(1);
        lines.flat_map(|line| [&"          "[..indent.min(10)], line]).collect()
    }

    fn theme(&self, block: &Excerpt, severity: Severity) -> GraphicalTheme {
        if !self.cx.color {
            return GraphicalTheme::unicode_nocolor();
        }
        let mut theme = GraphicalTheme::unicode();
        let plain = ThemeStyles::none().link;
        theme.styles.link = plain.cyan();
        let primary = match severity {
            Severity::Critical => plain.magenta(),
            Severity::High => plain.red(),
            Severity::Medium => plain.yellow(),
            Severity::Low => plain.cyan(),
            Severity::Info => plain.blue(),
        };
        // miette hands out styles in the order of the labels.
        theme.styles.highlights =
            block.marks.iter().map(|mark| if mark.primary { primary.bold() } else { plain.blue().bold() }).collect();
        theme
    }
}

/// Where a suppression stands, in words.
fn written(origin: SuppressionOrigin) -> &'static str {
    match origin {
        SuppressionOrigin::Comment => "in a comment",
        SuppressionOrigin::Metadata => "in the metadata",
        SuppressionOrigin::Configuration => "in the configuration",
    }
}

/// "NIST 800-53 r5 SC-28(1), HIPAA 164.312(a)(2)(iv)"; a control that fits by analogy has a `~`.
fn controls(rule: &ReportedRule) -> Option<String> {
    let own = rule.docs.controls.iter().map(|(framework, ids)| (framework, ids, ""));
    let analogies = rule.docs.controls_by_analogy.iter().map(|(framework, ids)| (framework, ids, "~"));
    let of_other_frameworks = analogies.filter(|(framework, ..)| !rule.docs.controls.contains_key(*framework));
    let mut parts: Vec<String> = Vec::new();
    for (framework, ids, sign) in own.chain(of_other_frameworks) {
        let mut shown: Vec<String> = ids.iter().take(CONTROLS_SHOWN).map(|id| format!("{sign}{id}")).collect();
        if ids.len() > CONTROLS_SHOWN {
            shown.push(format!("+{}", ids.len() - CONTROLS_SHOWN));
        }
        if !shown.is_empty() {
            parts.push(format!("{} {}", framework_name(framework), shown.join(" ")));
        }
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// An excerpt as a diagnostic without a message.
#[derive(Debug)]
struct Block<'a>(&'a Excerpt);

impl fmt::Display for Block<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Block<'_> {}

impl Diagnostic for Block<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.0.marks.iter().map(|mark| {
            let text = (!mark.text.is_empty()).then(|| mark.text.clone());
            if mark.primary {
                LabeledSpan::new_primary_with_span(text, (mark.start, mark.len))
            } else {
                LabeledSpan::new_with_span(text, (mark.start, mark.len))
            }
        })))
    }
}

impl SourceCode for Block<'_> {
    /// With context lines, the whole excerpt, so that its labels share one block; without, where a label is in the file.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let Excerpt { name, text, first_line, line_count, marks } = self.0;
        let (line, column) = if before > 0 {
            (*first_line, 1)
        } else {
            let here = |mark: &&Mark| mark.start == span.offset() && mark.len == span.len();
            marks.iter().find(here).map_or((*first_line, 1), |mark| (mark.at.line, mark.at.column))
        };
        Ok(Box::new(MietteSpanContents::new_named(
            name.clone(),
            text.as_bytes(),
            (0, text.len()).into(),
            line as usize - 1,
            column as usize - 1,
            *line_count as usize,
        )))
    }
}
