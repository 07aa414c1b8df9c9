//! Runs the rules over a project and gathers what they say.
//!
//! Rules are chosen by profile and looked up by the types that occur; every verdict is independent of every other, so
//! they run in parallel and are sorted afterwards. A rule that panics is reported, the others run on. What users have
//! accepted is sifted out of what the rules say, before anything is counted.

mod cover;
mod deployment;
mod environments;
mod problem;
mod report;
mod suppress;
pub mod testing;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::finding::{Finding, RuleId, Severity, Subject, Undecided, fingerprints, hide_secrets};
use crate::graph::{Dependency, Deployment, GraphOptions, StackGraph, dependencies};
use crate::project::Project;
use crate::rule::native::{Context, Sink};
use crate::rule::{Memo, Profile, Registered, Registry, Selection, Target, judge_with};
use crate::source::{FileId, Span};
use crate::template::{Template, TemplateId};
use crate::value::EntityId;

pub use deployment::deployment;
pub use problem::{Problem, problems};
pub use report::{Counts, Report, ReportedRule, RuleFailure, Suppressed, SuppressionOrigin};
pub use suppress::{Date, NoDate, PathSuppressions};

/// The severity that a finding of a rule has instead of the rule's.
pub type Overrides<'a> = dyn Fn(&Registered, &Finding) -> Option<Severity> + 'a;

/// What a run is to say of a project.
#[derive(Clone, Copy, Default)]
pub struct CheckOptions<'a> {
    /// Which rules run, where `selection` says nothing of them.
    pub profile: Profile,
    /// Which rules run beside the profile's, or do not.
    pub selection: Option<&'a Selection>,
    /// Findings below are counted, not shown.
    pub min_severity: Severity,
    /// Another severity for a finding than its rule's.
    pub severity: Option<&'a Overrides<'a>>,
    /// Whether what is found at a place is said; the graph holds the whole project in any case.
    pub reported: Option<&'a dyn Fn(Span) -> bool>,
    /// What the configuration accepts.
    pub suppressions: Option<PathSuppressions<'a>>,
    /// The day of the run, on which suppressions expire; none does if it is absent.
    pub today: Option<Date>,
}

impl CheckOptions<'_> {
    /// Every rule, every severity.
    pub fn everything() -> Self {
        Self { profile: Profile::Strict, min_severity: Severity::Info, ..Self::default() }
    }

    fn runs(&self, rule: &Registered) -> bool {
        match self.selection {
            Some(selection) => selection.runs(rule, self.profile),
            None => rule.meta.profile <= self.profile,
        }
    }
}

/// Joins the templates of a project: once for each environment that it is judged in, at least once.
pub fn link(project: &Project) -> Vec<StackGraph<'_>> {
    let paths = project.paths();
    let deployment = project.deployment.as_ref();
    let environments = deployment.map_or_else(|| vec![None], Deployment::judged);
    let graph = |environment| {
        let options = GraphOptions { partial: project.partial, deployment, environment };
        StackGraph::new(&project.templates, &paths, options)
    };
    environments.into_iter().map(graph).collect()
}

/// What the rules say of one graph.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// In the order of places, each once.
    pub findings: Vec<Finding>,
    /// In the order of places, each once.
    pub undecided: Vec<Undecided>,
    /// Rules that panicked.
    pub failures: Vec<RuleFailure>,
}

/// Runs the rules over the graphs of [`link`]; `path` gives the path of a file relative to the project, for fingerprints and globs.
pub fn check<'p, 'f>(
    project: &'p Project,
    graphs: &[StackGraph<'p>],
    registry: &'p Registry,
    options: CheckOptions<'_>,
    path: impl Fn(FileId) -> &'f str,
) -> Report {
    let enabled: Vec<&'p Registered> = registry.rules().iter().filter(|rule| options.runs(rule)).collect();
    let mut verdicts = judge_all(project, graphs, &enabled);
    let secrets = hide_secrets(&mut verdicts.findings, &mut verdicts.undecided);
    let sifted = suppress::sift(
        &suppress::Run {
            project,
            registry,
            enabled: &enabled,
            today: options.today,
            configured: options.suppressions,
            path: &path,
        },
        &mut verdicts,
    );
    let (mut findings, mut accepted): (Vec<_>, Vec<_>) = sifted.findings.into_iter().unzip();
    if let Some(reported) = options.reported {
        let is_reported: Vec<bool> = findings.iter().map(|finding: &Finding| reported(finding.primary.span)).collect();
        keep(&mut findings, &is_reported);
        keep(&mut accepted, &is_reported);
        verdicts.undecided.retain(|undecided| reported(undecided.span));
    }
    if let Some(severity) = options.severity {
        let by_id: FxHashMap<&RuleId, &Registered> = enabled.iter().map(|&rule| (&rule.meta.id, rule)).collect();
        for finding in &mut findings {
            let other = by_id.get(&finding.rule).and_then(|rule| severity(rule, finding));
            finding.severity = other.unwrap_or(finding.severity);
        }
    }
    let stays = cover::stays(&findings, &enabled);
    keep(&mut findings, &stays);
    keep(&mut accepted, &stays);
    let mut report = Report {
        undecided: verdicts.undecided,
        failures: verdicts.failures,
        rules: reported(&enabled),
        counts: Counts {
            files: project.templates.len(),
            templates: project.templates.len(),
            resources: project.templates.iter().map(|template| template.resources.len()).sum(),
            embedded: project.templates.iter().map(|template| template.embedded.len()).sum(),
            rules: enabled.len(),
        },
        secrets,
        ..Report::default()
    };
    // Of all findings, so that what is accepted or hidden does not change the number of what looks the same.
    let fingerprints = fingerprints(&findings, |finding| path(finding.primary.span.file));
    for ((finding, fingerprint), accepted) in findings.into_iter().zip(fingerprints).zip(accepted) {
        if let Some(accepted) = accepted.map(|number: usize| &sifted.accepted[number]) {
            report.suppressed.push(Suppressed {
                finding,
                fingerprint,
                reason: accepted.reason.clone(),
                until: accepted.until.map(|day| day.to_string()),
                origin: accepted.origin,
                place: Some(accepted.place),
            });
        } else if finding.severity >= options.min_severity {
            report.findings.push(finding);
            report.fingerprints.push(fingerprint);
        } else {
            *report.hidden.entry(finding.severity).or_default() += 1;
        }
    }
    report
}

/// Keeps the items that are marked.
fn keep<T>(items: &mut Vec<T>, marked: &[bool]) {
    let mut marks = marked.iter();
    items.retain(|_| marks.next().is_some_and(|mark| *mark));
}

/// Runs rules over the graphs of all environments.
fn judge_all<'p>(project: &'p Project, graphs: &[StackGraph<'p>], rules: &[&'p Registered]) -> Verdicts {
    match graphs {
        [graph] => judge(project, graph, rules),
        graphs => {
            let names: Vec<&str> = graphs.iter().map(|graph| graph.environment().unwrap_or_default()).collect();
            environments::merge(&names, graphs.iter().map(|graph| judge(project, graph, rules)).collect())
        }
    }
}

/// Runs rules over a graph.
fn judge<'p>(project: &'p Project, graph: &StackGraph<'p>, rules: &[&'p Registered]) -> Verdicts {
    let runner = Runner::new(project, graph, rules);
    let mut all: Vec<Verdicts> = if project.is_large {
        runner.targets.par_iter().map(|(template, entities)| runner.template(*template, entities)).collect()
    } else {
        runner.targets.iter().map(|(template, entities)| runner.template(*template, entities)).collect()
    };
    all.push(runner.project());
    let mut verdicts = Verdicts::default();
    for part in all {
        verdicts.findings.extend(part.findings);
        verdicts.undecided.extend(part.undecided);
        verdicts.failures.extend(part.failures);
    }
    verdicts.findings.sort_by(Finding::order);
    verdicts.findings.dedup_by(|a, b| a.rule == b.rule && a.primary.span == b.primary.span && a.message == b.message);
    verdicts.undecided.sort();
    verdicts.undecided.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
    verdicts.failures.sort();
    verdicts
}

/// The rules of a run with their texts.
fn reported(enabled: &[&Registered]) -> BTreeMap<RuleId, Arc<ReportedRule>> {
    enabled
        .iter()
        .map(|rule| (rule.meta.id.clone(), Arc::new(ReportedRule { meta: rule.meta.clone(), docs: rule.docs() })))
        .collect()
}

struct Runner<'g, 'p> {
    project: &'p Project,
    graph: &'g StackGraph<'p>,
    by_kind: FxHashMap<&'p str, Vec<&'p Registered>>,
    about_templates: Vec<&'p Registered>,
    about_project: Vec<&'p Registered>,
    /// The nodes of each template that some rule matches.
    targets: Vec<(TemplateId, Vec<EntityId>)>,
}

impl<'g, 'p> Runner<'g, 'p> {
    fn new(project: &'p Project, graph: &'g StackGraph<'p>, enabled: &[&'p Registered]) -> Self {
        let mut by_kind: FxHashMap<&'p str, Vec<&'p Registered>> = FxHashMap::default();
        for kind in graph.kinds() {
            let rules: Vec<_> = enabled.iter().copied().filter(|rule| rule.kinds.contains(kind)).collect();
            if !rules.is_empty() {
                by_kind.insert(kind, rules);
            }
        }
        let about =
            |kind: &str| enabled.iter().copied().filter(|rule| rule.kinds.0.iter().any(|k| &**k == kind)).collect();
        let mut targets: Vec<(TemplateId, Vec<EntityId>)> =
            project.templates.iter().map(|template| (template.id, Vec::new())).collect();
        for (id, entity) in graph.entities() {
            if by_kind.contains_key(entity.kind) {
                targets[entity.template.index()].1.push(id);
            }
        }
        Self { project, graph, by_kind, about_templates: about("Template"), about_project: about("Project"), targets }
    }

    fn template(&self, template: TemplateId, entities: &[EntityId]) -> Verdicts {
        let mut found = Verdicts::default();
        let template = &self.project.templates[template.index()];
        let names = if self.about_templates.is_empty() { Vec::new() } else { dependencies(template) };
        for registered in &self.about_templates {
            self.one(registered, Target::Template(template.id), template, &names, &Memo::default(), &mut found);
        }
        let memo = Memo::default();
        for &id in entities {
            for registered in self.by_kind.get(self.graph.entity(id).kind).into_iter().flatten() {
                self.one(registered, Target::Node(id), template, &[], &memo, &mut found);
            }
        }
        found
    }

    fn project(&self) -> Verdicts {
        let mut found = Verdicts::default();
        if let Some(first) = self.project.templates.iter().find(|template| template.document.root().is_some()) {
            for registered in &self.about_project {
                self.one(registered, Target::Project, first, &[], &Memo::default(), &mut found);
            }
        }
        found
    }

    /// That a rule says nothing of a template that was read up to a syntax error only: once, where the error stands.
    fn unread(&self, registered: &Registered, template: &Template) -> Option<Undecided> {
        let reasons = self.graph.unread(template)?.reasons;
        let span = template.syntax_error()?.span;
        Some(Undecided { span, rule: registered.meta.id.clone(), subject: Subject::default(), reasons })
    }

    /// One rule on one target.
    fn one(
        &self,
        registered: &'p Registered,
        target: Target,
        template: &'p Template,
        names: &[Dependency<'p>],
        memo: &Memo<'p>,
        found: &mut Verdicts,
    ) {
        let shown = || {
            let path = self.project.sources.file(template.file).path();
            match target {
                Target::Node(id) => format!("{path}: {}", self.graph.entity(id).name()),
                Target::Template(_) => path.to_string(),
                Target::Project => "the project".to_owned(),
            }
        };
        guarded(&registered.meta.id, shown, found, |found| {
            let rule = registered.rule();
            let is_about_syntax = rule.native.is_some_and(|native| native.is_about_syntax);
            if target != Target::Project && !is_about_syntax && template.is_broken() {
                found.undecided.extend(self.unread(registered, template));
            } else if let Some(native) = rule.native {
                let entity = match target {
                    Target::Node(id) => Some(id),
                    Target::Template(_) | Target::Project => None,
                };
                let mut sink = Sink::default();
                let context = Context { rule, graph: self.graph, template, dependencies: names, entity };
                (native.check)(&context, &mut sink);
                found.findings.extend(sink.findings);
                found.undecided.extend(sink.undecided);
            } else if template.document.root().is_some() {
                let verdict = judge_with(rule, self.graph, target, memo);
                found.findings.extend(verdict.findings);
                found.undecided.extend(verdict.undecided);
            }
        });
    }
}

/// Runs a check; a panic in it is a failure of the rule, not of the run.
fn guarded(rule: &RuleId, target: impl Fn() -> String, found: &mut Verdicts, check: impl FnOnce(&mut Verdicts)) {
    // What a panicking check leaves behind is what it had already said, which is whole.
    let outcome = catch_unwind(AssertUnwindSafe(|| check(found)));
    if let Err(panic) = outcome {
        let message = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        found.failures.push(RuleFailure { rule: rule.clone(), target: target(), message });
    }
}
