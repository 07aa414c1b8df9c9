//! Where the command line meets the engine.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::{self, Report, ReportedRule};
use crate::finding::Severity;
use crate::project::Project;
use crate::project::discover::{Discovered, portable_path};
use crate::rule::{Profile, Registry, RuleFileError};
use crate::source::SourceMap;

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
    let registry = registry(&options.rules)?;
    let files = found.templates.into_iter().map(|template| (template.path, template.text)).collect();
    let project = Project::load(files, found.explicit_files_only);
    timings.lap("load");
    let graph = engine::link(&project);
    timings.lap("link");
    let paths: Vec<String> =
        project.sources.iter().map(|(_, file)| portable_path(options.root, options.cwd, file.path())).collect();
    let rules = engine::CheckOptions { profile: options.profile, min_severity: options.min_severity };
    let mut report =
        engine::check(&project, &graph, &registry, rules, |finding| &paths[finding.primary.span.file.index()]);
    report.counts.files = found.looked_at;
    timings.lap("check");
    drop(graph);
    Ok((project.sources, report))
}

/// The bundled rules and those of directories.
fn registry(directories: &[Utf8PathBuf]) -> Result<Registry, Failure> {
    let mut registry = Registry::bundled();
    for directory in directories {
        for path in rule_files(directory)? {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::new(format!("cannot read rule `{path}`: {error}")))?;
            registry.add(&path, &text).map_err(|error| rule_error(*error))?;
        }
    }
    Ok(registry)
}

/// The rule files below a directory, in order.
fn rule_files(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::new(format!("cannot read rules in `{directory}`: {error}"));
    if !directory.is_dir() {
        return Err(Failure::new(format!("there is no directory `{directory}` with rules")));
    }
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(directory).standard_filters(false).sort_by_file_path(Ord::cmp).build() {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let path = Utf8PathBuf::from_path_buf(entry.into_path()).map_err(|path| unreadable(&path.display()))?;
        if path.is_file() && matches!(path.extension(), Some("yaml" | "yml")) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::new(format!("no rule files in `{directory}`")).with("looked for", "*.yaml, *.yml"));
    }
    Ok(files)
}

/// A mistake in a rule file, with its place.
fn rule_error(error: RuleFileError) -> Failure {
    let RuleFileError { file, error } = error;
    let failure = Failure::new(error.message).at(file, error.span, "");
    match error.help {
        Some(help) => failure.with("help", help),
        None => failure,
    }
}

/// Every rule, sorted by id: the bundled ones and those of the directories.
pub(super) fn listed(directories: &[Utf8PathBuf]) -> Result<Vec<ListedRule>, Failure> {
    let registry = registry(directories)?;
    Ok(registry
        .rules()
        .iter()
        .map(|rule| ListedRule {
            rule: ReportedRule { meta: rule.meta.clone(), docs: rule.docs() },
            types: rule.kinds.0.iter().map(ToString::to_string).collect(),
        })
        .collect())
}
