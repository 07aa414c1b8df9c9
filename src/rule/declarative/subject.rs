//! What a test looks at: values at paths, nodes, statements, referrers, targets.

use std::ops::ControlFlow;
use std::rc::Rc;

use crate::graph::{Candidates, Reach, covers_action};
use crate::syntax::Segment;
use crate::value::{EntityId, Found, Map, Resolver, Truth, Unknown, Value, View, equal_text};

use super::condition::{Join, Kinds, Leaf, Subject, Term, Via};
use super::evaluate::{Env, Evaluator, Outcome, origin};
use super::memo::Statements;
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

/// What to do with one element, and whether it may pass for certain; breaking off leaves out the rest.
type Each<'e, 'p> = dyn FnMut(Element<'p>, bool) -> ControlFlow<()> + 'e;

impl<'p> Evaluator<'_, 'p> {
    /// The elements of a leaf's subject, in order, and why there may be more.
    pub(super) fn elements(&self, leaf: &'p Leaf, env: &Env<'_, 'p>) -> (Vec<Element<'p>>, Option<Unknown<'p>>) {
        let mut elements = Vec::new();
        let open = self.visit(leaf, env, &mut |element, _| {
            elements.push(element);
            ControlFlow::Continue(())
        });
        if matches!(leaf.subject, Subject::Nodes(_)) {
            elements.sort_by_key(|element| match element.found.value {
                Value::Entity(id) => Some(id),
                _ => None,
            });
        }
        (elements, open)
    }

    /// Goes through the elements of a leaf's subject, those that may pass for certain before those that at most may; says
    /// why there may be more.
    pub(super) fn visit(&self, leaf: &'p Leaf, env: &Env<'_, 'p>, each: &mut Each<'_, 'p>) -> Option<Unknown<'p>> {
        let (elements, open) = match &leaf.subject {
            Subject::Path(terms) if terms.len() == 1 => {
                let _ = match self.named(&terms[0], env) {
                    Some(found) => each(Element::certain(found), true),
                    None => {
                        let mut found = self.values(&terms[0], env).into_iter();
                        found.try_for_each(|found| each(Element::certain(found), true))
                    }
                };
                return None;
            }
            Subject::Path(terms) => {
                let found = terms.iter().flat_map(|term| self.values(term, env));
                (found.map(Element::certain).collect(), None)
            }
            Subject::Nodes(kinds) => {
                let open = self.unseen(env).or_else(|| self.elsewhere(&leaf.joins, env));
                let mut visit = |id, may_pass| match self.node(id) {
                    Some(element) => each(element, may_pass),
                    None => ControlFlow::Continue(()),
                };
                let _ = match self.joined_nodes(kinds, &leaf.joins, env) {
                    None => self.nodes(kinds, &mut |id| visit(id, true)),
                    Some(nodes) => match nodes.sure().into_iter().try_for_each(|id| visit(id, true)) {
                        ControlFlow::Continue(()) => nodes.open().try_for_each(|id| visit(id, false)),
                        broken @ ControlFlow::Break(()) => broken,
                    },
                };
                return open;
            }
            Subject::Statements { of, effect, action, reach } => {
                (self.statements(of, effect.as_deref(), action.as_deref(), *reach, env), None)
            }
            Subject::Referrers { of, via, written } => {
                let targets = self.values(of, env);
                if targets.iter().all(|target| target.value.is_absent()) {
                    return None;
                }
                let _ = targets.iter().try_for_each(|target| self.referrers(target, via, *written, each));
                return self.unseen(env);
            }
            Subject::Targets { of, to } => self.target_nodes(of, to, env),
        };
        let _ = elements.into_iter().try_for_each(|element| each(element, true));
        open
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

    /// Goes through the nodes of some kinds, in order.
    fn nodes(&self, kinds: &'p Kinds, visit: &mut dyn FnMut(EntityId) -> ControlFlow<()>) -> ControlFlow<()> {
        match &kinds.0[..] {
            [kind] if !kind.contains('*') => self.graph.of_kind(kind).iter().copied().try_for_each(visit),
            kinds_of_rule => {
                let nodes = self.graph.of_kinds(kinds_of_rule, || self.expand(kinds));
                nodes.iter().copied().try_for_each(visit)
            }
        }
    }

    /// The nodes that may pass by one of the joins; nothing if that cannot be looked up, and any may.
    fn joined_nodes(&self, kinds: &'p Kinds, joins: &'p [Join], env: &Env<'_, 'p>) -> Option<Candidates> {
        if joins.is_empty() {
            return None;
        }
        let expanded = self.expand(kinds);
        let mut nodes = Candidates::default();
        if expanded.iter().all(|kind| self.graph.of_kind(kind).is_empty()) {
            return Some(nodes);
        }
        let mut add = |of_kind: &dyn Fn(&'p str) -> Candidates| {
            for kind in &expanded {
                nodes.add(of_kind(kind));
            }
        };
        for join in joins {
            match join {
                Join::Refers { path, variable } => {
                    let Some(Value::Entity(target)) = env.get(variable).map(|found| &found.value) else {
                        return None;
                    };
                    add(&|kind| self.graph.candidates(&self.resolver, kind, path, *target));
                }
                Join::Referred(term) => {
                    for found in self.values(term, env) {
                        add(&|kind| self.graph.meant(&self.resolver, &found.value, kind));
                    }
                }
                Join::Equals { path, term } => {
                    let values = match term {
                        Term::Path(term) => self.values(term, env),
                        Term::Literal(text) => vec![Found { value: Value::text(&**text), ..origin(env) }],
                    };
                    for found in values {
                        add(&|kind| self.graph.equals(&self.resolver, kind, path, &found.value));
                    }
                }
            }
        }
        Some(nodes)
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
        reach: Reach,
        env: &Env<'_, 'p>,
    ) -> Vec<Element<'p>> {
        let mut elements = Vec::new();
        for carrier in self.values(of, env) {
            for statement in self.carried(&carrier, reach).iter().cloned() {
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
    pub(super) fn carried(&self, carrier: &Found<'p>, reach: Reach) -> Rc<[Found<'p>]> {
        let read = |resolver: &Resolver<'_, 'p>| self.graph.statements(resolver, carrier, reach).into();
        if !self.resolver.scenario().is_empty() {
            let read = || Statements { items: read(&self.resolver), trace: Rc::default() };
            return self.chosen.statements(carrier, reach, read).items;
        }
        let known = self.memo.statements(carrier, reach, || {
            let resolver = self.graph.unchosen();
            Statements { items: read(&resolver), trace: Rc::new(resolver.trace()) }
        });
        self.resolver.note(&known.trace);
        known.items
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

    fn referrers(&self, target: &Found<'p>, via: &'p [Via], written: bool, each: &mut Each<'_, 'p>) -> ControlFlow<()> {
        if let Value::Unknown(why) = &target.value {
            let unknown = Found { value: Value::Unknown(why.clone()), ..target.clone() };
            return each(Element::certain(unknown), true);
        }
        let mut later = Vec::new();
        for row in via {
            for path in &row.paths {
                let nodes = match &target.value {
                    Value::Entity(id) => self.graph.candidates(&self.resolver, &row.kind, path, *id),
                    _ => Candidates::any(self.graph.of_kind(&row.kind)),
                };
                for id in nodes.sure() {
                    if let Some(element) = self.referrer(id, path, row, target, written) {
                        each(element, true)?;
                    }
                }
                later.push((row, path, nodes));
            }
        }
        for (row, path, nodes) in later {
            for id in nodes.open() {
                if let Some(element) = self.referrer(id, path, row, target, written) {
                    each(element, false)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// A node whose path may refer to a target, with the row that says so.
    fn referrer(
        &self,
        id: EntityId,
        path: &'p [Segment],
        row: &'p Via,
        target: &Found<'p>,
        written: bool,
    ) -> Option<Element<'p>> {
        let node = if written { self.written(id) } else { self.node(id)? };
        let mut refers = Outcome::FALSE;
        for value in self.resolver.walk(node.found.clone(), path) {
            refers = refers.or(|| self.refers(&value.value, target));
        }
        let selected = node.selected.clone().and(|| refers);
        if selected.truth == Truth::False {
            return None;
        }
        let cursor = node.found.cursor;
        let mut members = vec![("node", node.found)];
        for (name, value) in &row.columns {
            members.push((name, Found { value: Value::text(*value), cursor, missing: &[] }));
        }
        let value = Value::Map(Map::View(Rc::new(View { members, cursor })));
        Some(Element { found: Found { value, cursor, missing: &[] }, selected })
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
