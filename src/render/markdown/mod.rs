//! A page in GitHub's Markdown, for the summary of a job: counts, a table with the worst first, and per rule why and what to do.
//!
//! A summary holds 1 MiB; what does not fit is left out from the end, and the page says so.

mod escape;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::engine::{Report, ReportedRule, Suppressed};
use crate::finding::{Finding, Label, RuleId, Undecided};
use crate::source::Span;

use super::RenderContext;
use super::address::{page, uri};
use super::excerpt::PEOPLE;
use super::order::worst_first;
use super::place::Places;
use super::summary;
use super::text::plural;
use super::words::{controls, rule_name, undecided};
use escape::{cell, html, inline};

/// GitHub refuses a larger summary of a step.
const LIMIT: usize = 1 << 20;
/// For the sentences about what is left out.
const RESERVE: usize = 2048;
/// So many findings of a rule are listed with their further places.
const LISTED: usize = 50;

/// Writes the page.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Page { report, cx, places: Places::new(cx, PEOPLE), text: String::new(), limit: LIMIT - RESERVE };
    writer.head();
    writer.findings();
    writer.failures();
    writer.undecided();
    writer.suppressed();
    writer.rules();
    out.write_all(writer.text.as_bytes())
}

struct Page<'a> {
    report: &'a Report,
    cx: &'a RenderContext<'a>,
    places: Places<'a>,
    text: String,
    limit: usize,
}

impl Page<'_> {
    /// Appends a piece if there is room for it.
    fn add(&mut self, piece: &str) -> bool {
        let fits = self.text.len() + piece.len() <= self.limit;
        if fits {
            self.text.push_str(piece);
        }
        fits
    }

    fn head(&mut self) {
        let found = summary::found(self.report, self.cx);
        let found = if found.is_empty() { "nothing to report".to_owned() } else { found.join(", ") };
        let looked_at = summary::looked_at(self.report).join(", ");
        let hidden = summary::not_shown(self.report, self.cx).map(|text| format!(" Not shown: {}.", inline(&text)));
        self.text = format!("## mlops-lint: {found}\n\n{looked_at}.{}\n", hidden.unwrap_or_default());
    }

    /// A table of at least one row. Rows are added until one does not fit.
    fn table(&mut self, title: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>, what: &str) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let title = if title.is_empty() { String::new() } else { format!("### {title}\n\n") };
        let head = format!("\n{title}| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
        let mut is_full = !self.add(&head);
        let mut left_out = 0;
        for row in rows {
            is_full = is_full || !self.add(&format!("| {} |\n", row.join(" | ")));
            left_out += usize::from(is_full);
        }
        if left_out > 0 {
            self.say(&format!("{} left out: a job summary holds 1 MiB.", plural(left_out, what)));
        }
    }

    /// A sentence about what is left out, for which there is always room.
    fn say(&mut self, sentence: &str) {
        let _ = writeln!(self.text, "\n**{sentence}**");
    }

    fn findings(&mut self) {
        let report = self.report;
        let rows: Vec<Vec<String>> = worst_first(&report.findings)
            .into_iter()
            .map(|index| {
                let finding = &report.findings[index];
                let severity = finding.severity.to_string();
                vec![severity, self.rule(&finding.rule), self.at(finding.primary.span), cell(&finding.message)]
            })
            .collect();
        self.table("", &["Severity", "Rule", "Where", "What is wrong"], rows.into_iter(), "finding");
    }

    fn undecided(&mut self) {
        let listed = if self.cx.unknown.lists() { self.report.undecided.as_slice() } else { &[] };
        let row = |open: &Undecided| vec![self.rule(&open.rule), self.at(open.span), cell(&undecided(open))];
        let rows: Vec<_> = listed.iter().map(row).collect();
        self.table("Undecided", &["Rule", "Where", "Why"], rows.into_iter(), "undecided check");
    }

    fn suppressed(&mut self) {
        let listed = if self.cx.show_suppressed { self.report.suppressed.as_slice() } else { &[] };
        let row = |suppressed: &Suppressed| {
            let finding = &suppressed.finding;
            let written = suppressed.place.map(|span| format!(": {}", self.at(span))).unwrap_or_default();
            let until = suppressed.until.as_deref().map(|day| format!(", until {}", cell(day))).unwrap_or_default();
            vec![
                self.rule(&finding.rule),
                self.at(finding.primary.span),
                cell(&finding.message),
                cell(&suppressed.reason),
                format!("{}{written}{until}", suppressed.origin.as_str()),
            ]
        };
        let rows: Vec<_> = listed.iter().map(row).collect();
        let columns = ["Rule", "Where", "What is wrong", "Reason", "Written"];
        self.table("Suppressed", &columns, rows.into_iter(), "suppressed finding");
    }

    fn failures(&mut self) {
        let rows = self
            .report
            .failures
            .iter()
            .map(|failure| vec![cell(failure.rule.as_str()), cell(&failure.target), cell(&failure.message)]);
        let rows: Vec<_> = rows.collect();
        self.table("Rules that failed", &["Rule", "On", "Message"], rows.into_iter(), "failure");
    }

    /// Why and what to do, for each rule with findings, and their further places; folded, the worst first.
    fn rules(&mut self) {
        let report = self.report;
        let mut order: Vec<&RuleId> = Vec::new();
        let mut findings: BTreeMap<&RuleId, Vec<&Finding>> = BTreeMap::new();
        for index in worst_first(&report.findings) {
            let finding = &report.findings[index];
            let of_rule = findings.entry(&finding.rule).or_default();
            if of_rule.is_empty() {
                order.push(&finding.rule);
            }
            of_rule.push(finding);
        }
        let mut left_out = 0;
        if !order.is_empty() {
            self.add("\n### Why, and what to do\n");
        }
        for id in order {
            let rule = report.rules.get(id).map(AsRef::as_ref);
            let block = self.block(id, rule, &findings[id]);
            left_out += usize::from(!self.add(&block));
        }
        if left_out > 0 {
            self.say(&format!("Details of {} left out: a job summary holds 1 MiB.", plural(left_out, "rule")));
        }
    }

    fn block(&self, id: &RuleId, rule: Option<&ReportedRule>, findings: &[&Finding]) -> String {
        let name = html(rule_name(self.report, id));
        let id = html(id.as_str());
        // A blank line ends the HTML: what follows is Markdown again.
        let mut text = format!("\n<details>\n<summary><b>{id}</b> {name} ({})</summary>\n\n", findings.len());
        let mut paragraph = |title: &str, body: &str| {
            let body = body.trim();
            if !body.is_empty() {
                let _ = writeln!(text, "**{title}**\n\n{body}\n");
            }
        };
        if let Some(rule) = rule {
            paragraph("Why it matters", &rule.docs.why);
            paragraph("What to do", &rule.docs.remedy);
            paragraph("Controls", &controls(rule));
        }
        paragraph("Places", &self.places_of(findings));
        text.push_str("</details>\n");
        text
    }

    fn places_of(&self, findings: &[&Finding]) -> String {
        let label = |label: &Label| {
            let words = if label.text.is_empty() { String::new() } else { format!(" {}", inline(&label.text)) };
            format!("  - {}{words}", self.at(label.span))
        };
        let mut lines = Vec::new();
        for finding in findings.iter().take(LISTED) {
            lines.push(format!("- {} {}", self.at(finding.primary.span), inline(&finding.message)));
            lines.extend(finding.related.iter().take(LISTED).map(label));
            lines.extend(finding.help.as_ref().map(|help| format!("  - help: {}", inline(help))));
            lines.extend(finding.assumed.as_ref().map(|assumed| format!("  - assumed: {}", inline(assumed))));
        }
        if findings.len() > LISTED {
            lines.push(format!("- and {} more", findings.len() - LISTED));
        }
        lines.join("\n")
    }

    /// The id, linked to its page.
    fn rule(&self, id: &RuleId) -> String {
        let words = cell(id.as_str());
        match self.report.rules.get(id).and_then(|rule| page(rule)) {
            Some(address) => format!("[{words}](<{address}>)"),
            None => words,
        }
    }

    /// A place, linked to its line if the file is in the repository.
    fn at(&self, span: Span) -> String {
        let path = self.places.portable(span.file);
        let line = self.places.position(span.file, span.start).line;
        let words = format!("{}:{line}", cell(path));
        let address = uri(path);
        if address.starts_with("file:") || path.starts_with('<') {
            return words;
        }
        format!("[{words}]({address}#L{line})")
    }
}
