//! What a test looks at: values at paths, nodes, statements, referrers, targets.

use std::rc::Rc;

use crate::graph::covers_action;
use crate::value::{EntityId, Found, Map, Truth, Unknown, Value, View, equal_text};

use super::condition::{Join, Kinds, Leaf, Subject, Via};
use super::evaluate::{Env, Evaluator, Outcome};
use super::{TermPath, kind_matches};

/// One thing that a subject yields, and whether it certainly belongs to it.
pub(super) struct Element<'p> {
    pub(super) found: Found<'p>,
    pub(super) selected: Outcome<'p>,
}

impl<'p> Element<'p> {
    fn certain(found: Found<'p>) -> Self {
        Self { found, selected: Outcome::TRUE }
    }
}

impl<'p> Evaluator<'_, 'p> {
    /// The elements of a leaf's subject, and why there may be more.
    pub(super) fn elements(&self, leaf: &'p Leaf, env: &Env<'_, 'p>) -> (Vec<Element<'p>>, Option<Unknown<'p>>) {
        match &leaf.subject {
            Subject::Path(terms) => {
                let found = terms.iter().flat_map(|term| self.values(term, env));
                (found.map(Element::certain).collect(), None)
            }
            Subject::Nodes(kinds) => {
                let nodes = self.joined_nodes(kinds, &leaf.joins, env);
                let elements = nodes.into_iter().filter_map(|id| self.node(id)).collect();
                (elements, self.unseen(env).or_else(|| self.elsewhere(&leaf.joins, env)))
            }
            Subject::Statements { of, effect, action, effective } => {
                (self.statements(of, effect.as_deref(), action.as_deref(), *effective, env), None)
            }
            Subject::Referrers { of, via, written } => {
                let targets = self.values(of, env);
                if targets.iter().all(|target| target.value.is_absent()) {
                    return (Vec::new(), None);
                }
                let elements = targets.iter().flat_map(|target| self.referrers(target, via, *written)).collect();
                (elements, self.unseen(env))
            }
            Subject::Targets { of, to } => self.target_nodes(of, to, env),
        }
    }

    /// The types and kinds of the project that match.
    pub(super) fn expand(&self, kinds: &'p Kinds) -> Vec<&'p str> {
        let mut expanded = Vec::new();
        for kind in &kinds.0 {
            if kind.contains('*') {
                expanded.extend(self.graph.kinds().into_iter().filter(|known| kind_matches(kind, known)));
            } else {
                expanded.push(kind);
            }
        }
        expanded
    }

    fn nodes(&self, kinds: &'p Kinds) -> Vec<EntityId> {
        let mut nodes: Vec<EntityId> =
            self.expand(kinds).into_iter().flat_map(|kind| self.graph.of_kind(kind).iter().copied()).collect();
        if kinds.0.len() > 1 || kinds.0.iter().any(|kind| kind.contains('*')) {
            nodes.sort_unstable();
            nodes.dedup();
        }
        nodes
    }

    /// The nodes that may pass by one of the joins; all of them, if that cannot be looked up.
    fn joined_nodes(&self, kinds: &'p Kinds, joins: &'p [Join], env: &Env<'_, 'p>) -> Vec<EntityId> {
        let expanded = self.expand(kinds);
        if joins.is_empty() || expanded.iter().all(|kind| self.graph.of_kind(kind).is_empty()) {
            return self.nodes(kinds);
        }
        let mut nodes = Vec::new();
        for join in joins {
            match join {
                Join::Refers { path, variable } => {
                    let Some(Value::Entity(target)) = env.get(variable).map(|found| &found.value) else {
                        return self.nodes(kinds);
                    };
                    let of_kind = |kind: &&str| self.graph.candidates(&self.resolver, kind, path, *target);
                    nodes.extend(expanded.iter().flat_map(of_kind));
                }
                Join::Referred(term) => {
                    for found in self.values(term, env) {
                        nodes.extend(
                            expanded.iter().flat_map(|kind| self.graph.meant(&self.resolver, &found.value, kind)),
                        );
                    }
                }
                Join::Equals { path, term } => {
                    for found in self.values(term, env) {
                        let of_kind = |kind: &&str| self.graph.equals(&self.resolver, kind, path, &found.value);
                        nodes.extend(expanded.iter().flat_map(of_kind));
                    }
                }
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// What a value means that is known to exist outside of the project; it may be one of the nodes that are looked for.
    fn elsewhere(&self, joins: &'p [Join], env: &Env<'_, 'p>) -> Option<Unknown<'p>> {
        if !self.graph.knows_external() {
            return None;
        }
        let terms = joins.iter().filter_map(|join| match join {
            Join::Referred(term) => Some(term),
            Join::Refers { .. } | Join::Equals { .. } => None,
        });
        terms
            .flat_map(|term| self.values(term, env))
            .find_map(|found| self.graph.external(&self.resolver, &found.value))
    }

    /// A node as an element: not there if it does not exist in this scenario.
    fn node(&self, id: EntityId) -> Option<Element<'p>> {
        let selected = match self.graph.exists(&self.resolver, id) {
            Ok(true) => Outcome::TRUE,
            Ok(false) => return None,
            Err(why) => Outcome::unknown((*why).clone()),
        };
        Some(Element { selected, ..self.written(id) })
    }

    /// A node as an element, whether it exists in this scenario or not.
    fn written(&self, id: EntityId) -> Element<'p> {
        Element::certain(Found { value: Value::Entity(id), cursor: self.cursor_of(id), missing: &[] })
    }

    fn statements(
        &self,
        of: &'p TermPath,
        effect: Option<&str>,
        action: Option<&str>,
        effective: bool,
        env: &Env<'_, 'p>,
    ) -> Vec<Element<'p>> {
        let mut elements = Vec::new();
        for carrier in self.values(of, env) {
            for statement in self.carried(&carrier, effective).iter().cloned() {
                let mut selected = Outcome::TRUE;
                if let Some(effect) = effect {
                    selected = selected.and(|| self.has_effect(&statement, effect));
                }
                if let Some(action) = action {
                    selected = selected.and(|| {
                        let (truth, why) = covers_action(&self.resolver, &statement, action);
                        Outcome::of(truth, || why)
                    });
                }
                if selected.truth != Truth::False {
                    elements.push(Element { found: statement, selected });
                }
            }
        }
        elements
    }

    /// The statements of a carrier; where no choice is made they are the same for every rule.
    pub(super) fn carried(&self, carrier: &Found<'p>, effective: bool) -> Rc<[Found<'p>]> {
        if self.resolver.scenario().is_empty()
            && let Some(known) = self.memo.statements(self.graph, carrier, effective)
        {
            self.resolver.note(&known.trace);
            return known.items;
        }
        self.graph.statements(&self.resolver, carrier, effective).into()
    }

    pub(super) fn has_effect(&self, statement: &Found<'p>, effect: &str) -> Outcome<'p> {
        let Value::Map(Map::View(view)) = &statement.value else {
            return match &statement.value {
                Value::Unknown(why) => Outcome::unknown((**why).clone()),
                _ => Outcome::FALSE,
            };
        };
        let found = view.members.iter().find(|(name, _)| *name == "effect").map(|(_, found)| &found.value);
        match found {
            Some(Value::Scalar(scalar)) => Outcome::from(equal_text(&scalar.text, effect)),
            Some(Value::Symbolic(parts)) => Outcome::unknown(self.resolver.why(parts)),
            Some(Value::Unknown(why)) => Outcome::unknown((**why).clone()),
            _ => Outcome::FALSE,
        }
    }

    fn referrers(&self, target: &Found<'p>, via: &'p [Via], written: bool) -> Vec<Element<'p>> {
        let mut elements = Vec::new();
        if let Value::Unknown(why) = &target.value {
            elements.push(Element::certain(Found { value: Value::Unknown(why.clone()), ..target.clone() }));
            return elements;
        }
        for row in via {
            for path in &row.paths {
                let nodes = match &target.value {
                    Value::Entity(id) => self.graph.candidates(&self.resolver, &row.kind, path, *id),
                    _ => self.graph.of_kind(&row.kind).to_vec(),
                };
                for id in nodes {
                    let node = if written { Some(self.written(id)) } else { self.node(id) };
                    let Some(node) = node else { continue };
                    let mut refers = Outcome::FALSE;
                    for value in self.resolver.walk(node.found.clone(), path) {
                        refers = refers.or(|| self.refers(&value.value, target));
                    }
                    let selected = node.selected.clone().and(|| refers);
                    if selected.truth == Truth::False {
                        continue;
                    }
                    let cursor = node.found.cursor;
                    let mut members = vec![("node", node.found)];
                    for (name, value) in &row.columns {
                        members.push((name, Found { value: Value::text(*value), cursor, missing: &[] }));
                    }
                    let value = Value::Map(Map::View(Rc::new(View { members, cursor })));
                    elements.push(Element { found: Found { value, cursor, missing: &[] }, selected });
                }
            }
        }
        elements
    }

    fn target_nodes(
        &self,
        of: &'p TermPath,
        to: &'p Kinds,
        env: &Env<'_, 'p>,
    ) -> (Vec<Element<'p>>, Option<Unknown<'p>>) {
        let kinds = self.expand(to);
        let mut elements = Vec::new();
        let mut open: Option<Unknown<'p>> = None;
        for found in self.values(of, env) {
            let (targets, maybe) = self.graph.targets(&self.resolver, &found.value, &kinds);
            elements.extend(targets.into_iter().filter_map(|id| self.node(id)));
            if let Some(maybe) = maybe {
                open.get_or_insert_default().merge(&maybe);
            }
        }
        (elements, open)
    }
}
