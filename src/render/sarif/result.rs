//! Findings, undecided verdicts and suppressed findings as SARIF results.

use std::borrow::Cow;
use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use crate::engine::{Report, Suppressed, SuppressionOrigin};
use crate::finding::{Finding, Label, RuleId, Subject, Undecided};
use crate::source::Span;

use super::super::place::Places;
use super::level;
use super::line_hash::LineHashes;
use super::model::{
    Acceptance, AcceptanceProperties, ArtifactLocation, CodeFlow, Fingerprints, Location, LogicalLocation, Outcome,
    OutcomeProperties, PhysicalLocation, Region, Step, Text, ThreadFlow,
};

/// GitHub rejects a file with more than 1,000 locations in a result and shows the first 100.
const RELATED: usize = 100;
/// GitHub rejects a file with more than 10,000 steps in a result and keeps 1,000.
const STEPS: usize = 1_000;

/// Makes results while they are written.
pub(super) struct View<'a> {
    report: &'a Report,
    places: &'a Places<'a>,
    uris: Vec<String>,
    indices: &'a FxHashMap<&'a RuleId, usize>,
    hashes: LineHashes,
}

impl<'a> View<'a> {
    /// A view for results that start at these places.
    pub(super) fn new(
        report: &'a Report,
        places: &'a Places<'a>,
        uris: Vec<String>,
        indices: &'a FxHashMap<&'a RuleId, usize>,
        starts: impl Iterator<Item = Span>,
    ) -> Self {
        let hashes = LineHashes::new(places.sources(), starts);
        Self { report, places, uris, indices, hashes }
    }

    pub(super) fn finding(&'a self, index: usize) -> Outcome<'a> {
        let fingerprint = self.report.fingerprints.get(index).map(String::as_str);
        self.outcome(&self.report.findings[index], fingerprint)
    }

    pub(super) fn suppressed(&'a self, suppressed: &'a Suppressed) -> Outcome<'a> {
        let location = suppressed.place.map(|span| Location {
            id: None,
            physical_location: self.physical(span, Snippet::Without),
            logical_locations: None,
            message: None,
        });
        let acceptance = Acceptance {
            kind: match suppressed.origin {
                SuppressionOrigin::Comment | SuppressionOrigin::Metadata => "inSource",
                SuppressionOrigin::Configuration => "external",
            },
            status: "accepted",
            justification: Some(suppressed.reason.as_str()).filter(|reason| !reason.is_empty()),
            location,
            properties: AcceptanceProperties { origin: suppressed.origin.as_str(), until: suppressed.until.as_deref() },
        };
        Outcome { suppressions: Some([acceptance]), ..self.outcome(&suppressed.finding, Some(&suppressed.fingerprint)) }
    }

    /// "Open" is the standard's word for a lack of information; its level has to be "none" (§3.27.9, §3.27.10).
    pub(super) fn undecided(&'a self, undecided: &'a Undecided) -> Outcome<'a> {
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
            code_flows: None,
            partial_fingerprints: Fingerprints {
                own: None,
                primary_location_line_hash: self.line_hash(undecided.span),
            },
            suppressions: None,
            properties: None,
        }
    }

    fn outcome(&'a self, finding: &'a Finding, fingerprint: Option<&'a str>) -> Outcome<'a> {
        let related = &finding.related[..finding.related.len().min(RELATED)];
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
            code_flows: self.steps(finding).map(|locations| [CodeFlow { thread_flows: [ThreadFlow { locations }] }]),
            partial_fingerprints: Fingerprints {
                own: fingerprint,
                primary_location_line_hash: self.line_hash(finding.primary.span),
            },
            suppressions: None,
            properties: Some(OutcomeProperties {
                severity: finding.severity.as_str(),
                confidence: finding.confidence.as_str(),
            }),
        }
    }

    /// The places as they explain the finding; none if there is only one.
    fn steps(&'a self, finding: &'a Finding) -> Option<Vec<Step<'a>>> {
        if finding.related.is_empty() {
            return None;
        }
        let labels = std::iter::once(&finding.primary).chain(&finding.related);
        let step = |label: &'a Label| Step {
            location: Location {
                id: None,
                physical_location: self.physical(label.span, Snippet::Without),
                logical_locations: None,
                message: Some(Text { text: plain(if label.text.is_empty() { &finding.message } else { &label.text }) }),
            },
        };
        Some(labels.take(STEPS).map(step).collect())
    }

    fn location(&'a self, span: Span, subject: &'a Subject) -> Location<'a> {
        let logical = (!subject.path.is_empty()).then(|| {
            let name = subject.resource.as_deref();
            [LogicalLocation { name, fully_qualified_name: &subject.path, kind: name.map(|_| "resource") }]
        });
        Location {
            id: None,
            physical_location: self.physical(span, Snippet::With),
            logical_locations: logical,
            message: None,
        }
    }

    fn related(&'a self, id: usize, label: &'a Label) -> Location<'a> {
        Location {
            id: Some(id),
            physical_location: self.physical(label.span, Snippet::With),
            logical_locations: None,
            message: (!label.text.is_empty()).then(|| Text { text: plain(&label.text) }),
        }
    }

    fn physical(&'a self, span: Span, snippet: Snippet) -> PhysicalLocation<'a> {
        let range = self.places.range(span);
        let text = match snippet {
            Snippet::With => self.places.sources().slice(span),
            Snippet::Without => "",
        };
        // A snippet is the text of its region (§3.30.13): one that may not be shown is left out, not changed.
        let shown = !text.is_empty() && self.places.hidden_in(text).is_empty();
        PhysicalLocation {
            artifact_location: ArtifactLocation { uri: &self.uris[span.file.index()] },
            region: Region {
                start_line: range.start.line,
                start_column: range.start.column,
                end_line: range.end.line,
                end_column: range.end.column,
                snippet: shown.then(|| Text { text: text.into() }),
            },
        }
    }

    fn line_hash(&self, span: Span) -> Option<String> {
        self.hashes.of(span.file, self.places.position(span.file, span.start).line)
    }
}

/// Whether a region repeats what the template has there. One place of a result has it once.
#[derive(Clone, Copy)]
enum Snippet {
    With,
    Without,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_template_cannot_make_a_link() {
        assert_eq!(plain("[x](1)"), "\\[x\\](1)");
        assert_eq!(plain("Tags[0].Key"), "Tags[0].Key");
    }
}
