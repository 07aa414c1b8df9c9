//! SARIF 2.1.0, as GitHub's code scanning and other sites read it.
//!
//! One run with every rule of the profile, sorted by id, and one result a finding. Written piece by piece without a tree of values;
//! no time, no random id, no absolute path, so that equal reports are equal bytes.

mod model;
mod rule;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use rustc_hash::FxHashMap;

use crate::engine::{Report, RuleFailure};
use crate::finding::{Finding, Label, RuleId, Severity, Subject, Undecided};
use crate::source::{Encoding, FileId, Span};

use super::RenderContext;
use super::json::Each;
use super::place::Places;
use model::{
    ArtifactLocation, AutomationDetails, Driver, Invocation, Location, Log, LogicalLocation, Notification, Outcome,
    OutcomeProperties, PhysicalLocation, Region, RuleReference, Run, Text, Tool,
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// GitHub rejects a file with more than 1,000 locations in a result and shows the first 100.
const RELATED_SHOWN: usize = 100;

/// Writes one SARIF file.
pub(super) fn render(report: &Report, cx: &RenderContext<'_>, out: &mut dyn Write) -> io::Result<()> {
    // SARIF declares what a column counts (§3.14.17); GitHub and editors take UTF-16 units.
    let places = Places::new(cx, Encoding::Utf16);
    let view = View {
        report,
        places: &places,
        uris: (0u32..).take(cx.sources.len()).map(|id| uri(places.portable(FileId::new(id)))).collect(),
        indices: report.rules.keys().enumerate().map(|(index, id)| (id, index)).collect(),
    };
    let findings = || report.findings.iter().enumerate().map(|(index, finding)| view.finding(index, finding));
    let open = || {
        let listed = if cx.unknown.lists() { report.undecided.as_slice() } else { &[] };
        listed.iter().map(|undecided| view.undecided(undecided))
    };
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "mlops-lint",
                semantic_version: cx.version,
                rules: Each(|| report.rules.values().map(|rule| rule::lower(rule))),
            },
        },
        automation_details: AutomationDetails { id: "mlops-lint/" },
        column_kind: "utf16CodeUnits",
        invocations: [Invocation {
            execution_successful: report.failures.is_empty(),
            tool_execution_notifications: report.failures.iter().map(|failure| view.failure(failure)).collect(),
        }],
        results: Each(|| findings().chain(open())),
    };
    serde_json::to_writer(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    writeln!(out)
}

struct View<'a> {
    report: &'a Report,
    places: &'a Places<'a>,
    uris: Vec<String>,
    indices: FxHashMap<&'a RuleId, usize>,
}

impl<'a> View<'a> {
    fn finding(&'a self, index: usize, finding: &'a Finding) -> Outcome<'a> {
        let related = &finding.related[..finding.related.len().min(RELATED_SHOWN)];
        Outcome {
            rule_id: finding.rule.as_str(),
            rule_index: self.indices.get(&finding.rule).copied(),
            kind: None,
            level: level(finding.severity),
            message: Text { text: message(finding, related) },
            locations: [self.location(finding.primary.span, &finding.subject)],
            related_locations: related
                .iter()
                .enumerate()
                .map(|(index, label)| self.related(index + 1, label))
                .collect(),
            partial_fingerprints: self
                .report
                .fingerprints
                .get(index)
                .map(|fingerprint| BTreeMap::from([("mlopsLint/v1", fingerprint.as_str())]))
                .unwrap_or_default(),
            properties: Some(OutcomeProperties {
                severity: finding.severity.as_str(),
                confidence: finding.confidence.as_str(),
            }),
        }
    }

    /// "Open" is the standard's word for a lack of information; its level has to be "none" (§3.27.9, §3.27.10).
    fn undecided(&'a self, undecided: &'a Undecided) -> Outcome<'a> {
        let rule = undecided.rule.as_str();
        let summary = self.report.rules.get(&undecided.rule).map_or(rule, |rule| &rule.meta.summary);
        let reasons: Vec<_> = undecided.reasons.iter().map(crate::finding::Reason::text).collect();
        Outcome {
            rule_id: rule,
            rule_index: self.indices.get(&undecided.rule).copied(),
            kind: Some("open"),
            level: "none",
            message: Text {
                text: plain(&format!("Undecided: {summary}: {}.", reasons.join(", "))).into_owned().into(),
            },
            locations: [self.location(undecided.span, &undecided.subject)],
            related_locations: Vec::new(),
            partial_fingerprints: BTreeMap::new(),
            properties: None,
        }
    }

    fn failure(&'a self, failure: &'a RuleFailure) -> Notification<'a> {
        let rule = failure.rule.as_str();
        let text = format!("rule {rule} failed on {}: {}", failure.target, failure.message);
        Notification {
            level: "error",
            message: Text { text: text.into() },
            associated_rule: self.indices.get(&failure.rule).map(|&index| RuleReference { id: rule, index }),
        }
    }

    fn location(&'a self, span: Span, subject: &'a Subject) -> Location<'a> {
        let logical = (!subject.path.is_empty()).then(|| {
            let name = subject.resource.as_deref();
            [LogicalLocation { name, fully_qualified_name: &subject.path, kind: name.map(|_| "resource") }]
        });
        Location { id: None, physical_location: self.physical(span), logical_locations: logical, message: None }
    }

    fn related(&'a self, id: usize, label: &'a Label) -> Location<'a> {
        Location {
            id: Some(id),
            physical_location: self.physical(label.span),
            logical_locations: None,
            message: (!label.text.is_empty()).then(|| Text { text: plain(&label.text) }),
        }
    }

    fn physical(&'a self, span: Span) -> PhysicalLocation<'a> {
        let range = self.places.range(span);
        let snippet = self.places.sources().slice(span);
        PhysicalLocation {
            artifact_location: ArtifactLocation { uri: &self.uris[span.file.index()] },
            region: Region {
                start_line: range.start.line,
                start_column: range.start.column,
                end_line: range.end.line,
                end_column: range.end.column,
                snippet: (!snippet.is_empty()).then(|| Text { text: snippet.into() }),
            },
        }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info | Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// The finding's sentence first: GitHub makes it the title. Then links to the related places (§3.11.6), and what was assumed.
fn message<'a>(finding: &'a Finding, related: &[Label]) -> Cow<'a, str> {
    let sentence = plain(&finding.message);
    if related.is_empty() && finding.assumed.is_none() {
        return sentence;
    }
    let mut text = sentence.into_owned();
    if !related.is_empty() {
        text.push_str(". Also: ");
    }
    for (index, label) in related.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let words = if label.text.is_empty() { "here" } else { &label.text };
        // Within a link's text brackets have to be escaped, and so has the backslash.
        let words = words.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
        let _ = write!(text, "{separator}[{words}]({})", index + 1);
    }
    if finding.related.len() > related.len() {
        let _ = write!(text, " and {} more", finding.related.len() - related.len());
    }
    if let Some(assumed) = &finding.assumed {
        let _ = write!(text, ". Assumed: {}", plain(assumed));
    }
    Cow::Owned(text)
}

/// Text that holds no link: `[0](x)` from a template must not become one. An empty text is invalid, so it says so.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed("(no text)");
    }
    if text.contains("](") { Cow::Owned(text.replace('[', "\\[").replace(']', "\\]")) } else { Cow::Borrowed(text) }
}

/// A path as a URI reference: percent-encoded, relative unless the file lies outside the repository.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    let first_segment = path.find('/').unwrap_or(path.len());
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || b"/-_.~@+,=$!&".contains(&byte) => {
                uri.push(char::from(byte));
            }
            // A colon in the first segment would make it a scheme (RFC 3986 §4.2).
            b':' if at > first_segment => uri.push(':'),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_valid_references() {
        assert_eq!(uri("a b/é#?.yaml"), "a%20b/%C3%A9%23%3F.yaml");
        assert_eq!(uri("c:d/e:f.yaml"), "c%3Ad/e:f.yaml");
        assert_eq!(uri("/out/side.yaml"), "file:///out/side.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }

    #[test]
    fn text_of_a_template_cannot_make_a_link() {
        assert_eq!(plain("[x](1)"), "\\[x\\](1)");
        assert_eq!(plain("Tags[0].Key"), "Tags[0].Key");
    }
}
