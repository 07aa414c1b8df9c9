//! Where the command line meets the engine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{Glob, SeverityOverride};
use crate::engine::{self, PathSuppressions, Problem, Report, ReportedRule};
use crate::finding::{Finding, Severity};
use crate::project::Project;
use crate::project::discover::{path_for_people, portable_path};
use crate::project::parameters::{ParametersError, parameters};
use crate::rule::declarative::RuleError;
use crate::rule::{Registered, Registry, RuleFileError, Selector};
use crate::source::{FileId, SourceFile, SourceMap, Span};

use super::args::CheckArgs;
use super::check::Ground;
use super::projects::{Configured, Group};
use super::settings::{Settings, misnamed, mistake};
use super::{Failure, ListedRule};

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

/// Loads the templates of a project and runs the rules.
pub(super) fn lint(
    args: &CheckArgs,
    group: Group,
    settings: &Settings,
    ground: &Ground,
    timings: &mut Timings,
) -> Result<(SourceMap, Report), Failure> {
    let configured = group.configured.as_deref();
    let mut registry = registry(&settings.rules.value)?;
    set_options(configured, &mut registry)?;
    let selection = settings.selection(configured, &registry)?;
    let files = group.templates.into_iter().map(|template| (template.path, template.text)).collect();
    let mut project = Project::load(files, group.partial);
    // What the configuration says is shown like what a template says; its places come after those of the templates.
    let file = configured.and_then(|configured| configured.config.source.as_ref());
    let file = file.map(|file| project.sources.add(SourceFile::new(file.path(), Arc::clone(file.text()))));
    // Paths in fingerprints and globs are those within the project, so that neither depends on where it lies.
    let folder = configured.map_or(&ground.root, |configured| &configured.folder);
    project.deployment = configured.zip(file).and_then(|(configured, file)| {
        let shown = |path: &str| path_for_people(&ground.root, &ground.cwd, &folder.join(path)).into();
        engine::deployment(&configured.config, file, shown)
    });
    given(args, ground, &mut project)?;
    timings.lap("load");
    let graphs = engine::link(&project);
    if let Some(problem) = engine::problems(&project, &graphs).into_iter().next() {
        return Err(contradicted(problem, &project.sources));
    }
    timings.lap("link");
    let paths: Vec<String> =
        project.sources.iter().map(|(_, file)| portable_path(folder, &ground.cwd, file.path())).collect();
    let path = |file: FileId| paths[file.index()].as_str();
    let overrides = overrides(configured, &registry)?;
    let severity = |rule: &Registered, finding: &Finding| {
        let matching = overrides.iter().rev().find(|(glob, selector, _)| {
            glob.is_none_or(|glob| glob.matches(path(finding.primary.span.file)))
                && selector.as_ref().is_none_or(|selector| selector.matches(rule))
        });
        matching.map(|&(.., severity)| severity)
    };
    let reported = group
        .reported
        .map(|reported| move |span: Span| reported.get(span.file.index()).is_none_or(|&reported| reported));
    let options = engine::CheckOptions {
        profile: settings.profile.value,
        selection: Some(&selection),
        min_severity: settings.min_severity.value,
        severity: (!overrides.is_empty()).then_some(&severity),
        reported: reported.as_ref().map(|reported| reported as _),
        suppressions: configured
            .zip(file)
            .map(|(configured, file)| PathSuppressions { entries: &configured.config.suppress, file }),
        today: Some(ground.today),
    };
    let report = engine::check(&project, &graphs, &registry, options, path);
    timings.lap("check");
    drop(graphs);
    Ok((project.sources, report))
}

/// What the command line says of environments and parameters.
fn given(args: &CheckArgs, ground: &Ground, project: &mut Project) -> Result<(), Failure> {
    if let Some(environment) = &args.environment {
        project.deployment.get_or_insert_default().only = Some(environment.clone());
    }
    for written in &args.parameters {
        let path = ground.cwd.join(written);
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => SourceFile::new(written.as_str(), text),
            Err(_) if written.contains('=') => SourceFile::new("--parameters", written.as_str()),
            Err(error) => return Err(Failure::new(format!("cannot read the parameters `{written}`: {error}"))),
        };
        let text = Arc::clone(file.text());
        let id = project.sources.add(file);
        let assignments = parameters(id, &text).map_err(|error| {
            let file = SourceFile::new(project.sources.file(id).path(), Arc::clone(&text));
            let ParametersError { message, span, help } = error;
            rule_error(RuleFileError { file, error: RuleError { message, span, help } })
        })?;
        project.deployment.get_or_insert_default().overrides.extend(assignments);
    }
    Ok(())
}

/// What is said of deployments and cannot be so.
fn contradicted(problem: Problem, sources: &SourceMap) -> Failure {
    let Problem { message, span, help } = problem;
    let Some(span) = span else {
        let failure = Failure::new(message);
        return match help {
            Some(help) => failure.with("help", help),
            None => failure,
        };
    };
    let file = sources.file(span.file);
    let file = SourceFile::new(file.path(), Arc::clone(file.text()));
    rule_error(RuleFileError { file, error: RuleError { message, span, help } })
}

/// Sets the options of rules that the configuration names.
pub(super) fn set_options(configured: Option<&Configured>, registry: &mut Registry) -> Result<(), Failure> {
    let config = configured.map(|configured| &configured.config);
    for options in config.into_iter().flat_map(|config| &config.options) {
        let Some(rule) = registry.find_mut(&options.rule.value) else {
            let error = Selector::parse(&options.rule.value, registry).err();
            let nearest = error.and_then(|error| error.nearest);
            let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
            return Err(mistake(format!("there is no rule `{}`", options.rule.value), help, config, options.rule.span));
        };
        for (name, values) in &options.values {
            let set = rule.set_option(&name.value, &values.value);
            set.map_err(|error| mistake(error.message, error.help, config, name.span))?;
        }
    }
    Ok(())
}

/// Severities that the configuration sets, with the rules that are meant.
type Override<'c> = (Option<&'c Glob>, Option<Selector>, Severity);

fn overrides<'c>(configured: Option<&'c Configured>, registry: &Registry) -> Result<Vec<Override<'c>>, Failure> {
    let config = configured.map(|configured| &configured.config);
    let read = |written: &'c SeverityOverride| {
        let selector = written.rules.as_ref().map(|rules| {
            Selector::parse(&rules.value, registry).map_err(|error| misnamed(error, config, Some(rules.span)))
        });
        Ok((written.path.as_ref(), selector.transpose()?, written.severity))
    };
    config.into_iter().flat_map(|config| &config.severity).map(read).collect()
}

/// The bundled rules and those of directories.
pub(super) fn registry(directories: &[Utf8PathBuf]) -> Result<Registry, Failure> {
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

/// A mistake in a rule file or configuration, with its place.
pub(super) fn rule_error(error: RuleFileError) -> Failure {
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
            options: rule.options(),
        })
        .collect())
}
