//! A rule's verdict on one node: scenarios split where the verdict hangs on them, findings put together from what failed.

mod words;

use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

use crate::finding::{Confidence, Finding, Label, Reason, ReasonKind, Secrets, Undecided};
use crate::graph::StackGraph;
use crate::source::Span;
use crate::syntax::NodeId;
use crate::template::TemplateId;
use crate::value::{Blocker, Cursor, EntityId, Found, Scenario, Trace, Truth, Unknown, Value, World as _};

use super::declarative::{Condition, Env, Evaluator, Failure, Memo, Outcome};
use super::note::{scenario_labels, scenario_note};
use super::place::{self, Place};
use super::{Rule, WhenUnknown};

/// Leaves of one verdict; more is not decided.
const LEAVES: usize = 64;
/// Steps of one verdict after which no more scenarios are told apart.
const STEPS: u32 = 200_000;

/// What a rule says of one node.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// That it cannot be said.
    pub undecided: Option<Undecided>,
}

/// One scenario with what it gave.
struct Leaf<'p> {
    scenario: Scenario<'p>,
    trace: Trace<'p>,
    result: Judged<'p>,
}

enum Judged<'p> {
    /// The node does not exist here, or the rule does not apply.
    Aside,
    Pass,
    Fail(Vec<Raw>),
    Unknown(Unknown<'p>),
}

impl Leaf<'_> {
    /// Where it fails, and how that is told.
    fn said(&self) -> BTreeSet<(Span, &str)> {
        match &self.result {
            Judged::Fail(raws) => raws.iter().map(|raw| (raw.place.span, &*raw.message)).collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// A finding before scenarios are compared.
struct Raw {
    place: Place,
    message: String,
    severity: crate::finding::Severity,
    related: Vec<Label>,
    /// What nobody is to repeat.
    secrets: Vec<String>,
}

/// What a rule is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A resource, or a node that was read out of one.
    Node(EntityId),
    /// A template: paths start at its top.
    Template(TemplateId),
    /// The project as a whole.
    Project,
}

/// The rule's verdict on a target.
pub fn judge<'p>(rule: &'p Rule, graph: &StackGraph<'p>, target: Target) -> Verdict {
    judge_with(rule, graph, target, &Memo::default())
}

/// The rule's verdict on a target, of which other rules may have been asked before.
pub fn judge_with<'p>(rule: &'p Rule, graph: &StackGraph<'p>, target: Target, memo: &Memo<'p>) -> Verdict {
    let judge = Judge { rule, graph, target, memo, steps: Cell::new(0) };
    let mut leaves = Vec::new();
    judge.split(Scenario::default(), &mut leaves);
    // What most rules say of most nodes.
    if let [Leaf { result: Judged::Pass | Judged::Aside, .. }] = &leaves[..] {
        return Verdict::default();
    }
    judge.conclude(&leaves)
}

struct Judge<'g, 'p> {
    rule: &'p Rule,
    graph: &'g StackGraph<'p>,
    target: Target,
    memo: &'g Memo<'p>,
    /// What the scenarios took so far.
    steps: Cell<u32>,
}

impl<'p> Judge<'_, 'p> {
    fn split(&self, scenario: Scenario<'p>, leaves: &mut Vec<Leaf<'p>>) {
        let evaluator = Evaluator::new(self.graph, scenario.clone(), self.memo);
        let result = self.evaluate(&evaluator);
        if let Judged::Unknown(unknown) = &result
            && let Some(blocker) = unknown.blockers.first()
        {
            self.steps.set(self.steps.get().saturating_add(evaluator.steps()));
            if leaves.len() + blocker.domain.len() > LEAVES || self.steps.get() > STEPS {
                let why = Unknown::because(ReasonKind::TooManyScenarios, self.rule.meta.name.clone());
                leaves.push(Leaf { scenario, trace: Trace::default(), result: Judged::Unknown(why) });
                return;
            }
            let values = if self.rule.defaults_only { &blocker.domain[..1] } else { &blocker.domain[..] };
            let blocker: &Blocker<'p> = blocker;
            for value in values {
                self.split(scenario.with(blocker, value.clone()), leaves);
            }
            return;
        }
        leaves.push(Leaf { scenario, trace: evaluator.resolver.into_trace(), result });
    }

    fn evaluate(&self, evaluator: &Evaluator<'_, 'p>) -> Judged<'p> {
        if let Some(node) = self.node() {
            let template = self.graph.template(self.graph.entity(node).template);
            if !evaluator.resolver.scenario().is_empty() && !evaluator.resolver.is_admitted(template) {
                return Judged::Aside;
            }
            match self.graph.exists(&evaluator.resolver, node) {
                Ok(true) => {}
                Ok(false) => return Judged::Aside,
                Err(why) => return Judged::Unknown((*why).clone()),
            }
        }
        let own = self.own(evaluator);
        let env = Env::new("self", &own);
        self.with_bindings(evaluator, &env, 0)
    }

    /// The node that the rule is asked about, if it is one.
    fn node(&self) -> Option<EntityId> {
        match self.target {
            Target::Node(node) => Some(node),
            Target::Template(_) | Target::Project => None,
        }
    }

    /// What `self` is: the node, the top of the template, or nothing for rules about the project.
    fn own(&self, evaluator: &Evaluator<'_, 'p>) -> Found<'p> {
        let top = |id: TemplateId| {
            let template = evaluator.template(id);
            Cursor::new(template, &[], template.node(NodeId::FIRST))
        };
        let first = || self.graph.templates().iter().find(|template| template.document.root().is_some());
        match self.target {
            Target::Node(node) => {
                let root = evaluator.resolver.root(node);
                Found { value: Value::Entity(node), cursor: root.cursor, missing: &[] }
            }
            Target::Template(template) => evaluator.resolver.found(top(template)),
            Target::Project => {
                let cursor = top(first().map_or(TemplateId(0), |template| template.id));
                Found { value: Value::Absent, cursor, missing: &[] }
            }
        }
    }

    /// Binds the names of `let`, one inside the other, then evaluates.
    fn with_bindings(&self, evaluator: &Evaluator<'_, 'p>, env: &Env<'_, 'p>, index: usize) -> Judged<'p> {
        if let Some(binding) = self.rule.bindings.get(index) {
            let found = evaluator.bind(binding, env);
            return self.with_bindings(evaluator, &env.with(&binding.name, &found), index + 1);
        }
        let when = self.rule.when.as_ref().map_or(Outcome::TRUE, |when| evaluator.evaluate(when, env));
        if when.truth == Truth::False {
            return Judged::Aside;
        }
        let require = evaluator.evaluate(&self.rule.require, env);
        match (!when.clone()).or(|| require.clone()).truth {
            Truth::True => Judged::Pass,
            Truth::False => Judged::Fail(self.explain(evaluator, env)),
            Truth::Unknown => {
                let mut unknown = Unknown::default();
                let elsewhere = self.target == Target::Project && when.hangs_on_other_files();
                for why in [when.why, require.why].into_iter().flatten() {
                    unknown.merge(&why);
                }
                if unknown.blockers.is_empty() {
                    // What cannot be resolved counts as set; whether the rule applies may still be unknown.
                    if self.rule.unknown == WhenUnknown::Pass && require.truth == Truth::Unknown {
                        return Judged::Pass;
                    }
                    // What hangs on nothing but names that are provided elsewhere is settled: they are there.
                    if unknown.is_external() {
                        return Judged::Pass;
                    }
                    // A rule about the project makes no claim about files that were not loaded.
                    if elsewhere {
                        return Judged::Aside;
                    }
                }
                Judged::Unknown(unknown)
            }
        }
    }

    fn explain(&self, evaluator: &Evaluator<'_, 'p>, env: &Env<'_, 'p>) -> Vec<Raw> {
        evaluator.renew();
        let failures = evaluator.explain(&self.rule.require, env, true);
        let severity = OnceCell::new();
        let whole = |failure: Option<&Failure<'p>>, place: Place| {
            let message = self.message(evaluator, env, failure, &failures);
            let related = self.related(evaluator, env, failure, &failures);
            let bound = failure.map_or(&[][..], |failure| &failure.bound);
            let secrets = failure.and_then(|failure| failure.leak.as_ref()).map(|leak| leak.hidden.clone());
            let secrets = secrets.unwrap_or_default();
            // A list may be long, and each of its items a finding: what does not hang on the item is asked once.
            let severity = if self.rule.cases_see_failures {
                self.severity(evaluator, env, bound)
            } else {
                *severity.get_or_init(|| self.severity(evaluator, env, &[]))
            };
            Raw { place, message, severity, related, secrets }
        };
        if let (Some(at), Some(name)) = (&self.rule.at, self.rule.at.as_ref().and_then(|at| at.variable.as_deref())) {
            let bound: Vec<&Failure<'p>> = failures.iter().filter(|failure| failure.get(name).is_some()).collect();
            // A name that an `every` binds: each failing element is a finding at its own place.
            if env.get(name).is_none() && !bound.is_empty() {
                let mut raws: Vec<Raw> = Vec::new();
                let mut places = BTreeSet::new();
                let mut nodes = BTreeSet::new();
                for failure in bound {
                    let Some(start) = failure.get(name) else { continue };
                    let found = evaluator.resolver.walk(start.clone(), &at.path).into_iter().next();
                    let found = found.unwrap_or_else(|| start.clone());
                    // Many failures may be told at one place, which is then worked out once.
                    let node = found.cursor.node;
                    if !nodes.insert((std::ptr::from_ref(node.document()), node.id(), found.missing.len())) {
                        continue;
                    }
                    let mut place = self.place(evaluator, &found);
                    if let Some(span) = failure.leak.as_ref().and_then(|leak| within_lines(&found, &leak.hidden)) {
                        place.span = span;
                    }
                    if places.insert(place.span) {
                        raws.push(whole(Some(failure), place));
                    }
                }
                return raws;
            }
        }
        let first = deepest(&failures);
        let place = match &self.rule.at {
            Some(at) => {
                let start = at.variable.as_deref().map_or_else(|| env.get("self"), |name| env.get(name)).cloned();
                let found = start.and_then(|start| evaluator.resolver.walk(start, &at.path).into_iter().next());
                found.map(|found| self.place(evaluator, &found))
            }
            None => None,
        };
        let place = place.unwrap_or_else(|| match first {
            Some(failure) if failure.own && self.is_own(failure) => self.place(evaluator, &failure.found),
            _ => self.own_place(evaluator, env),
        });
        vec![whole(first, place)]
    }

    /// True if a failure stands in the resource that the rule is about.
    fn is_own(&self, failure: &Failure<'p>) -> bool {
        let inner = failure.found.cursor.node.span();
        match self.target {
            Target::Node(node) => {
                let entity = self.graph.entity(node);
                let outer = self.graph.template(entity.template).node(entity.resource.body).span();
                inner.file == outer.file && outer.start <= inner.start && inner.end <= outer.end
            }
            Target::Template(template) => inner.file == self.graph.template(template).file,
            Target::Project => false,
        }
    }

    fn place(&self, evaluator: &Evaluator<'_, 'p>, found: &Found<'p>) -> Place {
        if let Value::Entity(id) = found.value {
            let entity = self.graph.entity(id);
            return place::of_entity(evaluator.template(entity.template), entity);
        }
        match self.owner_of(found) {
            Some(node) => {
                let entity = self.graph.entity(node);
                place::of(evaluator.template(entity.template), Some(entity), found)
            }
            None if matches!(self.target, Target::Template(_)) => place::of(found.cursor.frame.template, None, found),
            None => self.own_place(evaluator, &Env::new("self", found)),
        }
    }

    /// The node that a place belongs to: this one, or the resource around the place.
    fn owner_of(&self, found: &Found<'p>) -> Option<EntityId> {
        let template = found.cursor.frame.template;
        if let Some(node) = self.node()
            && self.graph.entity(node).template == template.id
        {
            let span = found.cursor.node.span();
            let body = template.node(self.graph.entity(node).resource.body).span();
            if body.start <= span.start && span.end <= body.end {
                return Some(node);
            }
        }
        let span = found.cursor.node.span();
        let index = template.resource_around(span)?;
        Some(self.graph.resource_entity(template.id, index))
    }

    /// The place of the node itself; of a rule about the project the first resource that makes it apply.
    fn own_place(&self, evaluator: &Evaluator<'_, 'p>, env: &Env<'_, 'p>) -> Place {
        match self.target {
            Target::Template(template) => place::of_template(evaluator.template(template)),
            Target::Node(_) | Target::Project => match self.node().or_else(|| self.first_cause(evaluator, env)) {
                Some(node) => {
                    let entity = self.graph.entity(node);
                    place::of_entity(evaluator.template(entity.template), entity)
                }
                None => place::of_template(evaluator.template(TemplateId(0))),
            },
        }
    }

    /// The first resource, by file and place, that makes `when` true.
    fn first_cause(&self, evaluator: &Evaluator<'_, 'p>, env: &Env<'_, 'p>) -> Option<EntityId> {
        let when = self.rule.when.as_ref()?;
        let own = Found { value: Value::Absent, ..env.get("self")?.clone() };
        let env = Env::new("self", &own);
        if evaluator.evaluate(when, &env).truth != Truth::True {
            return None;
        }
        let failures = evaluator.explain(when, &env, false);
        failures
            .iter()
            .flat_map(|failure| failure.bound.iter().map(|(_, found)| found).chain([&failure.found]))
            .filter_map(|found| match found.value {
                Value::Entity(id) => Some(id),
                _ => None,
            })
            .min_by_key(|&id| {
                let entity = self.graph.entity(id);
                evaluator.template(entity.template).node(entity.resource.key).span()
            })
    }

    /// The severity of one failure; cases see the names that it binds.
    fn severity(
        &self,
        evaluator: &Evaluator<'_, 'p>,
        env: &Env<'_, 'p>,
        bound: &[(&'p str, Found<'p>)],
    ) -> crate::finding::Severity {
        if let Some(((name, found), inner)) = bound.split_last() {
            return self.severity(evaluator, &env.with(name, found), inner);
        }
        let holds = |condition: &'p Condition| evaluator.evaluate(condition, env).truth == Truth::True;
        self.rule
            .severity_cases
            .iter()
            .find(|case| holds(&case.when))
            .map_or(self.rule.meta.severity, |case| case.severity)
    }

    fn conclude(&self, leaves: &[Leaf<'p>]) -> Verdict {
        let mut verdict = Verdict::default();
        let about: Vec<&Leaf<'p>> = leaves.iter().filter(|leaf| !matches!(leaf.result, Judged::Aside)).collect();
        let mut seen = BTreeSet::new();
        // What each scenario says, if there are several to compare.
        let said: Vec<BTreeSet<(Span, &str)>> = match about[..] {
            [_] => Vec::new(),
            _ => about.iter().map(|leaf| leaf.said()).collect(),
        };
        for leaf in &about {
            let Judged::Fail(raws) = &leaf.result else { continue };
            for raw in raws {
                // One finding a place: the first scenario that fails there speaks, with the values that hold in it.
                if !seen.insert(raw.place.span) {
                    continue;
                }
                let everywhere = said.iter().all(|said| said.contains(&(raw.place.span, &*raw.message)));
                verdict.findings.push(self.finding(leaf, raw, &about, everywhere));
            }
        }
        if verdict.findings.is_empty() {
            let mut unknown = Unknown::default();
            for leaf in &about {
                if let Judged::Unknown(why) = &leaf.result {
                    unknown.merge(why);
                }
            }
            if !unknown.reasons.is_empty() {
                self.decide_unknown(unknown.reasons, &mut verdict);
            }
        }
        verdict
    }

    /// What the rule makes of not knowing.
    fn decide_unknown(&self, mut reasons: Vec<Reason>, verdict: &mut Verdict) {
        let evaluator = Evaluator::new(self.graph, Scenario::default(), self.memo);
        let own = self.own(&evaluator);
        let env = Env::new("self", &own);
        let place = self.own_place(&evaluator, &env);
        match self.rule.unknown {
            WhenUnknown::Pass | WhenUnknown::Skip => {
                reasons.sort();
                reasons.dedup();
                verdict.undecided = Some(Undecided {
                    span: place.span,
                    rule: self.rule.meta.id.clone(),
                    subject: place.subject,
                    reasons,
                });
            }
            WhenUnknown::Fail => {
                let message = self.message(&evaluator, &env, None, &[]).replace('\u{0}', "");
                verdict.findings.push(Finding {
                    rule: self.rule.meta.id.clone(),
                    severity: self.rule.meta.severity,
                    confidence: Confidence::Possible,
                    message,
                    primary: Label { span: place.span, text: place.label },
                    related: Vec::new(),
                    help: None,
                    assumed: None,
                    scenario: None,
                    subject: place.subject,
                    secrets: Vec::new(),
                });
            }
        }
    }

    fn finding(&self, leaf: &Leaf<'p>, raw: &Raw, about: &[&Leaf<'p>], everywhere: bool) -> Finding {
        let traces: Vec<&Trace<'p>> = about.iter().map(|leaf| &leaf.trace).collect();
        let scenario = if everywhere { None } else { scenario_note(&leaf.scenario, &leaf.trace, &traces) };
        let when = scenario.as_ref().map(|note| format!(" {}", note.text)).unwrap_or_default();
        let mut related = raw.related.clone();
        let (labels, limit) = scenario_labels(self.graph, &leaf.scenario, &leaf.trace, scenario.as_ref());
        // What is missing in every scenario has no value that a parameter could have given.
        if scenario.is_some() || !raw.place.subject.value.is_empty() {
            related.extend(labels);
        }
        let mut confidence = self.rule.meta.confidence.min(limit);
        let mut assumed = None;
        if leaf.trace.shared {
            confidence = confidence.min(Confidence::Likely);
            assumed = Some("parameters of one name mean the same in all these stacks".to_owned());
        }
        let mut labels: Vec<Label> = Vec::new();
        for label in related {
            if label.span != raw.place.span && labels.iter().all(|known| known.span != label.span) {
                labels.push(label);
            }
        }
        let mut finding = Finding {
            rule: self.rule.meta.id.clone(),
            severity: raw.severity,
            confidence,
            message: raw.message.replace('\u{0}', &when),
            primary: Label { span: raw.place.span, text: raw.place.label.clone() },
            related: labels,
            help: None,
            assumed,
            scenario,
            subject: raw.place.subject.clone(),
            secrets: raw.secrets.clone(),
        };
        finding.hide(&Secrets::new(raw.secrets.iter().map(String::as_str)));
        finding
    }
}

/// Where in a text of several lines a secret stands.
fn within_lines(found: &Found<'_>, hidden: &[String]) -> Option<Span> {
    let node = found.cursor.node;
    let text = node.scalar().filter(|text| text.contains('\n'))?;
    let start = text.find(hidden.first()?.as_str())?;
    let line = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let end = line.min(start + hidden.first()?.len());
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let (start, end) = node.text_map().range(offset(start), offset(end));
    Some(Span::new(node.span().file, start, end))
}

/// The failure to point at: of those in the node's own text the one with the deepest place, of equals the first. What kind
/// of node it is says less than what it holds.
fn deepest<'f, 'p>(failures: &'f [Failure<'p>]) -> Option<&'f Failure<'p>> {
    let depth = |failure: &Failure<'p>| {
        let node = failure.found.cursor.node;
        let written = std::iter::successors(Some(node), |node| node.parent()).count();
        let is_property = !matches!(failure.found.value, Value::Entity(_));
        (is_property, written, failure.found.missing.is_empty(), failure.found.missing.len())
    };
    let own = failures.iter().filter(|failure| failure.own).rev().max_by_key(|failure| depth(failure));
    own.or(failures.first())
}
