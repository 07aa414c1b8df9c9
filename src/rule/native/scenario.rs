//! A question asked under every choice that its answer hangs on.

use crate::finding::{Finding, ReasonKind, ScenarioNote};
use crate::rule::note::{scenario_labels, scenario_note};
use crate::syntax::{Node, Tag, canonical_text};
use crate::value::{Choice, Cursor, Hole, Resolver, Scenario, Trace, Unknown, World as _};

use super::Context;

/// Leaves of one question; more is not decided.
const LEAVES: usize = 64;

/// An answer under one scenario.
pub(super) enum Answer<'p, T> {
    /// The question does not arise here.
    Aside,
    /// Nothing is wrong.
    Fine,
    /// Something is wrong.
    Wrong(T),
    /// Not known; split further if a choice would settle it.
    Unknown(Unknown<'p>),
}

/// A scenario with its answer.
struct Leaf<'p, T> {
    scenario: Scenario<'p>,
    trace: Trace<'p>,
    answer: Answer<'p, T>,
}

/// The answers under all scenarios.
pub(super) struct Answers<'p, T> {
    leaves: Vec<Leaf<'p, T>>,
}

/// What is wrong, under a scenario.
pub(super) struct Wrong<'a, 'p, T> {
    /// What.
    pub(super) what: &'a T,
    /// The scenario in words; absent if it is wrong under all.
    pub(super) note: Option<ScenarioNote>,
    scenario: &'a Scenario<'p>,
    trace: &'a Trace<'p>,
}

impl<'p, T> Answers<'p, T> {
    /// Asks under the scenarios that the answer hangs on.
    pub(super) fn ask(context: &Context<'_, 'p>, question: &dyn Fn(&Resolver<'_, 'p>) -> Answer<'p, T>) -> Self {
        let mut answers = Self { leaves: Vec::new() };
        answers.split(context, question, Scenario::default());
        answers
    }

    fn split(
        &mut self,
        context: &Context<'_, 'p>,
        question: &dyn Fn(&Resolver<'_, 'p>) -> Answer<'p, T>,
        scenario: Scenario<'p>,
    ) {
        let resolver = Resolver::new(context.graph, scenario.clone());
        let mut answer = question(&resolver);
        if let Answer::Unknown(unknown) = &answer
            && let Some(blocker) = unknown.blockers.first()
        {
            if self.leaves.len() + blocker.domain.len() <= LEAVES {
                for value in blocker.domain.iter() {
                    self.split(context, question, scenario.with(blocker, value.clone()));
                }
                return;
            }
            let name = context.rule.meta.name.clone();
            answer = Answer::Unknown(Unknown::because(ReasonKind::TooManyScenarios, name));
        }
        self.leaves.push(Leaf { scenario, trace: resolver.trace(), answer });
    }

    /// What is wrong, the first by `key`.
    pub(super) fn wrong<K: Ord>(&self, key: impl Fn(&T) -> K) -> Option<Wrong<'_, 'p, T>> {
        let about: Vec<&Leaf<'p, T>> =
            self.leaves.iter().filter(|leaf| !matches!(leaf.answer, Answer::Aside)).collect();
        let traces: Vec<&Trace<'p>> = about.iter().map(|leaf| &leaf.trace).collect();
        let everywhere = self.is_wrong_everywhere();
        let wrong = about.iter().filter_map(|leaf| match &leaf.answer {
            Answer::Wrong(what) => Some((*leaf, what)),
            _ => None,
        });
        let (leaf, what) = wrong.min_by_key(|(_, what)| key(what))?;
        let note = if everywhere { None } else { scenario_note(&leaf.scenario, &leaf.trace, &traces) };
        Some(Wrong { what, note, scenario: &leaf.scenario, trace: &leaf.trace })
    }

    /// True if every scenario in which the question arises has something wrong.
    pub(super) fn is_wrong_everywhere(&self) -> bool {
        self.leaves.iter().all(|leaf| matches!(leaf.answer, Answer::Aside | Answer::Wrong(_)))
    }

    /// Why the answer is not known, if that is all there is to say.
    pub(super) fn unknown(&self) -> Option<Unknown<'p>> {
        let mut unknown = Unknown::default();
        for leaf in &self.leaves {
            if let Answer::Unknown(why) = &leaf.answer {
                unknown.merge(why);
            }
        }
        (!unknown.reasons.is_empty()).then_some(unknown)
    }
}

impl<'p, P: PartialEq> Answers<'p, Vec<P>> {
    /// Everything that is wrong under some scenario, each with the first one in which it is.
    pub(super) fn all_wrong(&self) -> Vec<Wrong<'_, 'p, P>> {
        let about: Vec<&Leaf<'p, Vec<P>>> =
            self.leaves.iter().filter(|leaf| !matches!(leaf.answer, Answer::Aside)).collect();
        let traces: Vec<&Trace<'p>> = about.iter().map(|leaf| &leaf.trace).collect();
        let says = |leaf: &Leaf<'p, Vec<P>>, what: &P| matches!(&leaf.answer, Answer::Wrong(all) if all.contains(what));
        let mut found: Vec<Wrong<'_, 'p, P>> = Vec::new();
        for leaf in &about {
            let Answer::Wrong(all) = &leaf.answer else { continue };
            for what in all {
                if found.iter().any(|known| known.what == what) {
                    continue;
                }
                let everywhere = about.iter().all(|other| says(other, what));
                let note = if everywhere { None } else { scenario_note(&leaf.scenario, &leaf.trace, &traces) };
                found.push(Wrong { what, note, scenario: &leaf.scenario, trace: &leaf.trace });
            }
        }
        found
    }
}

impl<T> Wrong<'_, '_, T> {
    /// " when `IsProd` is true", or nothing.
    pub(super) fn when(&self) -> String {
        self.note.as_ref().map(|note| format!(" {}", note.text)).unwrap_or_default()
    }

    /// Adds the scenario to a finding, with the places of what was chosen; the message is to say it already.
    pub(super) fn explain(&self, context: &Context<'_, '_>, finding: &mut Finding) {
        let (labels, limit) = scenario_labels(context.graph, self.scenario, self.trace, self.note.as_ref());
        for label in labels {
            if label.span != finding.primary.span && finding.related.iter().all(|known| known.span != label.span) {
                finding.related.push(label);
            }
        }
        finding.confidence = finding.confidence.min(limit);
        finding.scenario.clone_from(&self.note);
    }
}

/// The condition names, and their values, under which a node is there: its resource's or output's, and those of the
/// `Fn::If`s that it stands in.
pub(super) fn guards(node: Node<'_>) -> Vec<(&str, bool)> {
    let mut guards = Vec::new();
    let mut node = node;
    let mut depth_from_root = Vec::new();
    while let Some(parent) = node.parent() {
        if parent.is_sequence()
            && (parent.tag() == Tag::If
                || parent.parent().is_some_and(|call| call.tag() == Tag::If && call.is_long_form()))
        {
            let mut items = parent.items();
            let name = items.next().and_then(Node::scalar);
            let branch = items.position(|item| item == node);
            if let (Some(name), Some(branch @ 0..=1)) = (name, branch) {
                guards.push((name, branch == 0));
            }
        }
        depth_from_root.push(node);
        node = parent;
    }
    // From the root: section, body.
    if let [.., body, section] = depth_from_root[..]
        && section.key().is_some_and(|key| matches!(key.text(), "Resources" | "Outputs"))
        && let Some(name) = body.get("Condition").and_then(Node::scalar)
    {
        guards.push((name, true));
    }
    guards
}

/// Whether a node is there; a condition that does not exist holds nowhere.
pub(super) fn is_there<'p>(resolver: &Resolver<'_, 'p>, cursor: Cursor<'p>) -> Result<bool, Unknown<'p>> {
    for (name, expected) in guards(cursor.node) {
        if cursor.frame.template.condition(name).is_none() {
            return Ok(false);
        }
        match resolver.condition(cursor, name) {
            Ok(holds) if holds == expected => {}
            Ok(_) => return Ok(false),
            Err(why) => return Err((*why).clone()),
        }
    }
    Ok(true)
}

/// True if the parameters that were read have values that their templates name: allowed ones, or the default. What a
/// condition, perhaps of another template, compares a parameter with is no value that it has to take.
pub(super) fn is_meant(context: &Context<'_, '_>, resolver: &Resolver<'_, '_>) -> bool {
    resolver.trace().direct.iter().all(|chosen| {
        let Choice::Hole(Hole::Parameter(_, template, name)) = &chosen.choice else { return true };
        let template = context.graph.template(*template);
        let Some(parameter) = template.parameter(name) else { return true };
        let named = if parameter.allowed.is_empty() { parameter.default.as_slice() } else { &parameter.allowed };
        named.iter().any(|&node| {
            let node = template.node(node);
            let text = node.scalar_type().map(|kind| canonical_text(node.text(), kind));
            chosen.value.as_deref().is_some_and(|value| value == node.text() || text.as_deref() == Some(value))
        })
    })
}
