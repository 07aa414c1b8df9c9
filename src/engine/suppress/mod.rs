//! What users accept: comments, `Metadata` and entries of the configuration, matched with what the rules found.
//!
//! A suppression covers a subtree: a finding whose primary place lies in it, and whose rule it names, is accepted. One
//! without a reason, one that has expired, and one that names no rule accept nothing; they are findings themselves, and
//! so is one that nothing needs.

mod comment;
mod configuration;
mod date;
mod directive;
mod index;
mod metadata;
mod say;

use memchr::memmem;
use rayon::prelude::*;

use crate::config::{Glob, Suppress};
use crate::finding::{Finding, RuleId};
use crate::project::Project;
use crate::rule::{Registered, Registry};
use crate::source::{FileId, Span};
use crate::syntax::{Node, NodeId, path::write_key};
use crate::template::{Template, TemplateId};

use super::{SuppressionOrigin, Verdicts};
use index::{Index, Mark};

pub use date::{Date, NoDate};

/// What every suppression in a file begins with.
const MARKER: &str = "mlops-lint";

/// The suppressions of a configuration.
#[derive(Debug, Clone, Copy)]
pub struct PathSuppressions<'a> {
    /// Its entries.
    pub entries: &'a [Suppress],
    /// Its file in the sources of the project; the spans of entries are read as of this file.
    pub file: FileId,
}

/// What is known of a run when its suppressions are judged.
pub(super) struct Run<'a, 'p, 'f> {
    pub(super) project: &'p Project,
    pub(super) registry: &'p Registry,
    pub(super) enabled: &'a [&'p Registered],
    pub(super) today: Option<Date>,
    pub(super) configured: Option<PathSuppressions<'a>>,
    /// The path of a file within the project.
    pub(super) path: &'a dyn Fn(FileId) -> &'f str,
}

/// One rule that is accepted somewhere.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) origin: SuppressionOrigin,
    /// The suppression as a whole.
    pub(super) place: Span,
    /// The rule's name in it.
    pub(super) word: Span,
    pub(super) reason: String,
    pub(super) until: Option<Date>,
    rule: RuleId,
    cover: Cover,
    /// It accepts a finding.
    is_used: bool,
    /// A verdict that could not be reached lies in it, so nobody can say that it is of no use.
    is_open: bool,
}

/// A suppression as it is written.
#[derive(Debug)]
struct Suppression {
    origin: SuppressionOrigin,
    place: Span,
    cover: Cover,
    words: Vec<Word>,
    /// Empty if there is none.
    reason: String,
    until: Until<Span>,
}

/// What stands where a rule is named.
#[derive(Debug)]
struct Word {
    span: Span,
    text: String,
}

/// Until when something is accepted; with the place where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Until<P> {
    /// Nothing is said.
    Open,
    /// The last day.
    Day(Date, P),
    /// Something that is no day.
    NoDay(P),
}

impl<P> Until<P> {
    fn read(text: &str, place: P) -> Self {
        match text.parse() {
            Ok(day) => Self::Day(day, place),
            Err(NoDate) => Self::NoDay(place),
        }
    }

    fn map<Q>(self, place: impl FnOnce(P) -> Q) -> Until<Q> {
        match self {
            Self::Open => Until::Open,
            Self::Day(day, at) => Until::Day(day, place(at)),
            Self::NoDay(at) => Until::NoDay(place(at)),
        }
    }
}

/// What is meant to be a suppression and is none.
#[derive(Debug)]
struct Problem {
    span: Span,
    /// What it would cover.
    cover: Option<Cover>,
    /// What stands there.
    value: String,
    detail: String,
    help: Option<String>,
}

/// What a suppression covers.
#[derive(Debug, Clone)]
enum Cover {
    /// A part of a template.
    Tree {
        template: TemplateId,
        /// What stands there; of a key its value.
        node: NodeId,
        /// The parts: one, or several that start on one line.
        spans: Vec<Span>,
        /// Of `Properties`: the logical id, where a property that is not written is marked, and the path of the properties.
        missing: Option<(Span, String)>,
    },
    /// Files, by their paths.
    Paths(Vec<Glob>),
}

impl Cover {
    /// A node with its key and all that is under it.
    fn tree(template: &Template, node: Node<'_>, spans: Vec<Span>) -> Self {
        let owner = template.resource_around(node.span()).map(|index| &template.resources[index]);
        let owner = owner.filter(|owner| owner.properties == Some(node.id()) && owner.bindings.is_empty());
        let missing = owner.map(|owner| {
            let mut path = "Resources".to_owned();
            let written = write_key(&mut path, &owner.name);
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            path.push_str(".Properties");
            (template.node(owner.key).span(), path)
        });
        Self::Tree { template: template.id, node: node.id(), spans, missing }
    }

    /// A whole template.
    fn file(template: &Template, root: Node<'_>) -> Self {
        let end = u32::try_from(template.document.text().len()).unwrap_or(u32::MAX);
        let span = Span::new(template.file, 0, end);
        Self::Tree { template: template.id, node: root.id(), spans: vec![span], missing: None }
    }

    /// Whether it accepts a place that lies in no part of it; `subject` is the path of the property that is meant.
    fn holds_beside_trees<'f>(&self, place: Span, subject: &str, path: &dyn Fn(FileId) -> &'f str) -> bool {
        match self {
            Self::Tree { missing, .. } => missing.as_ref().is_some_and(|(logical_id, properties)| {
                let below = subject.strip_prefix(properties.as_str());
                *logical_id == place && below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            }),
            Self::Paths(globs) => globs.iter().any(|glob| glob.matches(path(place.file))),
        }
    }

    /// How much it covers, to find the narrowest.
    fn size(&self) -> u32 {
        match self {
            Self::Tree { spans, .. } => spans.iter().map(|span| span.len()).sum(),
            Self::Paths(_) => u32::MAX,
        }
    }
}

impl Accepted {
    fn set(&mut self, mark: Mark) {
        match mark {
            Mark::Used => self.is_used = true,
            Mark::Open => self.is_open = true,
        }
    }
}

/// What the rules found, with what is accepted of it.
pub(super) struct Sifted {
    /// In the order of places, with what is said of suppressions; each with the number of what accepts it.
    pub(super) findings: Vec<(Finding, Option<usize>)>,
    /// What is accepted.
    pub(super) accepted: Vec<Accepted>,
}

/// Matches what the rules found with what is accepted, and judges the suppressions.
pub(super) fn sift(run: &Run<'_, '_, '_>, verdicts: &mut Verdicts) -> Sifted {
    let findings = std::mem::take(&mut verdicts.findings);
    let (suppressions, problems) = read(run);
    if suppressions.is_empty() && problems.is_empty() {
        return Sifted {
            findings: findings.into_iter().map(|finding| (finding, None)).collect(),
            accepted: Vec::new(),
        };
    }
    let mut said = say::Said::new(run);
    for problem in problems {
        said.problem(problem);
    }
    let mut accepted = Vec::new();
    for suppression in suppressions {
        resolve(run, suppression, &mut said, &mut accepted);
    }
    let mut index = Index::new(&accepted);
    let mut sifted: Vec<(Finding, Option<usize>)> = Vec::with_capacity(findings.len());
    for finding in findings {
        let place = (finding.primary.span, finding.subject.path.as_str());
        let narrowest = index.mark(&finding.rule, place, run.path, Mark::Used, &mut accepted);
        sifted.push((finding, narrowest));
    }
    for undecided in &verdicts.undecided {
        let place = (undecided.span, undecided.subject.path.as_str());
        index.mark(&undecided.rule, place, run.path, Mark::Open, &mut accepted);
    }
    index.finish(&mut accepted);
    for unused in accepted.iter().filter(|one| !one.is_used && !one.is_open) {
        if was_judged(run, unused, verdicts) {
            said.unused(unused, &sifted);
        }
    }
    sifted.extend(said.findings.into_iter().map(|finding| (finding, None)));
    sifted.sort_by(|(a, _), (b, _)| a.order(b));
    Sifted { findings: sifted, accepted }
}

/// Reads all suppressions, in the order of places.
fn read(run: &Run<'_, '_, '_>) -> (Vec<Suppression>, Vec<Problem>) {
    let finder = memmem::Finder::new(MARKER);
    let of = |template: &Template| {
        let (mut suppressions, mut problems) = (Vec::new(), Vec::new());
        if finder.find(template.document.text().as_bytes()).is_some() {
            comment::read(template, run.registry, &mut suppressions, &mut problems);
            metadata::read(template, &mut suppressions, &mut problems);
        }
        (suppressions, problems)
    };
    let templates = &run.project.templates;
    let mut parts: Vec<_> =
        if run.project.is_large { templates.par_iter().map(of).collect() } else { templates.iter().map(of).collect() };
    parts.extend(run.configured.map(|configured| (configuration::read(configured), Vec::new())));
    let (mut suppressions, mut problems) = (Vec::new(), Vec::new());
    for (some, wrong) in parts {
        suppressions.extend(some);
        problems.extend(wrong);
    }
    (suppressions, problems)
}

/// Finds the rules of a suppression; what cannot be accepted is said.
fn resolve(
    run: &Run<'_, '_, '_>,
    suppression: Suppression,
    said: &mut say::Said<'_, '_, '_>,
    accepted: &mut Vec<Accepted>,
) {
    let Suppression { origin, place, cover, words, reason, until } = suppression;
    let mut rules: Vec<(&Registered, Word)> = Vec::new();
    for word in words {
        match run.registry.find(&word.text) {
            Some(rule) if !rule.is_about_suppressions() => rules.push((rule, word)),
            found => said.no_rule(&word, found, &cover),
        }
    }
    let names: Vec<&str> = rules.iter().map(|(rule, _)| rule.meta.id.as_str()).collect();
    let names = names.join(", ");
    let until = match until {
        _ if rules.is_empty() => return,
        _ if reason.is_empty() => return said.without_reason(place, &names, &cover),
        Until::NoDay(span) => return said.no_day(span, &cover),
        Until::Day(day, span) if run.today.is_some_and(|today| day < today) => {
            return said.expired(span, &names, day, &cover);
        }
        Until::Day(day, _) => Some(day),
        Until::Open => None,
    };
    accepted.extend(rules.into_iter().map(|(rule, word)| Accepted {
        origin,
        place,
        word: word.span,
        reason: reason.clone(),
        until,
        rule: rule.meta.id.clone(),
        cover: cover.clone(),
        is_used: false,
        is_open: false,
    }));
}

/// Whether everything that a suppression covers was judged by its rule, so that it can be said to be of no use.
fn was_judged(run: &Run<'_, '_, '_>, one: &Accepted, verdicts: &Verdicts) -> bool {
    // Where only single files were named, other templates may make a finding of what nothing is found in.
    let is_enabled = run.enabled.iter().any(|rule| rule.meta.id == one.rule);
    let has_failed = verdicts.failures.iter().any(|failure| failure.rule == one.rule);
    if !is_enabled || has_failed || run.project.partial {
        return false;
    }
    match &one.cover {
        Cover::Tree { template, spans, .. } => {
            let template = &run.project.templates[template.index()];
            spans.iter().all(|span| is_whole(template, *span))
        }
        Cover::Paths(globs) => {
            let matching = run.project.templates.iter().filter(|template| {
                let path = (run.path)(template.file);
                globs.iter().any(|glob| glob.matches(path))
            });
            let mut matching = matching.peekable();
            matching.peek().is_some() && matching.all(|template| is_whole(template, everything(template)))
        }
    }
}

fn everything(template: &Template) -> Span {
    Span::new(template.file, 0, u32::MAX)
}

/// Whether all of a part of a template could be read: no text after a syntax error, no macro, no document in a string that is none.
fn is_whole(template: &Template, part: Span) -> bool {
    let is_unread = |host: NodeId| {
        let span = template.node(host).span();
        part.start <= span.start && span.end <= part.end
    };
    !template.is_broken()
        && template.unseen.is_empty()
        && !template.embedded.iter().any(|embedded| embedded.document.is_err() && is_unread(embedded.host))
}
