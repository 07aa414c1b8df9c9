//! What a run found: everything that a renderer needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::{Finding, ReasonKind, RuleId, Secrets, Severity, Undecided};
use crate::rule::{LazyDocs, RuleMeta};
use crate::source::Span;

/// The outcome of a run, sorted, ready to be rendered.
#[derive(Debug, Default)]
pub struct Report {
    /// What is shown: at or above `--min-severity`, in the order of places.
    pub findings: Vec<Finding>,
    /// The fingerprint of each finding, in the same order.
    pub fingerprints: Vec<String>,
    /// What is below `--min-severity`, counted.
    pub hidden: BTreeMap<Severity, usize>,
    /// What the user has accepted, with the reasons, in the order of places.
    pub suppressed: Vec<Suppressed>,
    /// Verdicts that could not be reached, in the order of places.
    pub undecided: Vec<Undecided>,
    /// Every rule of the run's profile, by id, with its texts.
    pub rules: BTreeMap<RuleId, Arc<ReportedRule>>,
    /// Rules that panicked: a defect of this program. Makes the exit code 2.
    pub failures: Vec<RuleFailure>,
    /// What was looked at.
    pub counts: Counts,
    /// Secrets that were found: no format repeats them, not even in lines of the source.
    pub secrets: Secrets,
}

/// A finding that the user has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// What is accepted.
    pub finding: Finding,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Why.
    pub reason: String,
    /// The last day on which it is accepted, as `YYYY-MM-DD`.
    pub until: Option<String>,
    /// Where that is written.
    pub origin: SuppressionOrigin,
    /// The place of that; absent if its file is none of the sources.
    pub place: Option<Span>,
}

/// Where a suppression is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SuppressionOrigin {
    /// In a comment.
    Comment,
    /// In the `Metadata` of a resource or template.
    Metadata,
    /// In the configuration file.
    Configuration,
}

impl SuppressionOrigin {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Metadata => "metadata",
            Self::Configuration => "configuration",
        }
    }
}

/// A rule with its texts, as reports show it.
#[derive(Debug, Clone)]
pub struct ReportedRule {
    /// Id, name, severity.
    pub meta: RuleMeta,
    /// Why, what to do, controls, references.
    pub docs: LazyDocs,
}

/// A rule that panicked on one target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFailure {
    /// The rule.
    pub rule: RuleId,
    /// What it looked at, such as `endpoint.yaml: Config`.
    pub target: String,
    /// What the panic said.
    pub message: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files that were looked at to find templates.
    pub files: usize,
    /// Templates.
    pub templates: usize,
    /// Resources in them.
    pub resources: usize,
    /// Documents inside strings.
    pub embedded: usize,
    /// Rules that ran.
    pub rules: usize,
}

impl Report {
    /// Adds what was found in another project, whose files come after this one's: `files` is how many this one has.
    pub fn join(&mut self, mut other: Self, files: usize) {
        let suppressed = other.suppressed.iter_mut().map(|suppressed| &mut suppressed.finding);
        let spans = other.findings.iter_mut().chain(suppressed).flat_map(Finding::spans_mut);
        let places = other.undecided.iter_mut().map(|undecided| &mut undecided.span);
        spans.chain(places).for_each(|span| span.file = span.file.after(files));
        let written = other.suppressed.iter_mut().filter_map(|suppressed| suppressed.place.as_mut());
        written.for_each(|span| span.file = span.file.after(files));
        self.findings.append(&mut other.findings);
        self.fingerprints.append(&mut other.fingerprints);
        self.suppressed.append(&mut other.suppressed);
        self.undecided.append(&mut other.undecided);
        self.failures.append(&mut other.failures);
        self.rules.append(&mut other.rules);
        self.secrets.join(&other.secrets);
        for (severity, count) in other.hidden {
            *self.hidden.entry(severity).or_default() += count;
        }
        self.counts = Counts {
            files: self.counts.files + other.counts.files,
            templates: self.counts.templates + other.counts.templates,
            resources: self.counts.resources + other.counts.resources,
            embedded: self.counts.embedded + other.counts.embedded,
            rules: self.rules.len(),
        };
    }

    /// Findings shown, by severity.
    pub fn by_severity(&self) -> BTreeMap<Severity, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.severity).or_default() += 1;
        }
        counts
    }

    /// Undecided verdicts by their first reason's kind, most frequent first.
    pub fn undecided_by_reason(&self) -> Vec<(ReasonKind, usize)> {
        let mut counts: BTreeMap<ReasonKind, usize> = BTreeMap::new();
        for undecided in &self.undecided {
            if let Some(reason) = undecided.reasons.first() {
                *counts.entry(reason.kind).or_default() += 1;
            }
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
        counts
    }
}
