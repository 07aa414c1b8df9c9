//! Expressions to values under one scenario.
//!
//! A resolver is made for one evaluation: it carries the scenario, counts its steps (so that no alias bomb or cycle of
//! references can hold it up) and records what it read.

mod parameter;
mod walk;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::finding::{Reason, ReasonKind};
use crate::syntax::{Kind, Node, Segment, Tag};
use crate::template::{Expr, TemplateId};

use super::{
    Blocker, Choice, Cursor, EntityId, Hole, List, Part, Scalar, Scenario, Trace, Unknown, Value, World,
    hole::has_dynamic_reference, joined,
};

/// References within references; deeper is a cycle or as good as one.
const DEPTH: u32 = 32;
/// Steps of one evaluation; more is an alias bomb.
const STEPS: u32 = 200_000;

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Found<'p> {
    /// The value.
    pub value: Value<'p>,
    /// Where it is written; of a missing one, the nearest node that is.
    pub cursor: Cursor<'p>,
    /// The steps of the path that lead nowhere.
    pub missing: &'p [Segment],
}

/// Evaluates expressions under one scenario.
pub struct Resolver<'w, 'p> {
    /// The project.
    pub world: &'w dyn World<'p>,
    pub(super) scenario: Scenario<'p>,
    trace: RefCell<Trace<'p>>,
    depth: Cell<u32>,
    steps: Cell<u32>,
    in_condition: Cell<u32>,
    roots: RefCell<Roots<'p>>,
}

/// The entities that were asked last, and what paths from them start at: a rule goes back and forth between a few.
#[derive(Default)]
struct Roots<'p> {
    known: [Option<(EntityId, Found<'p>)>; 4],
    /// Where the next one goes.
    next: usize,
}

impl<'p> Roots<'p> {
    fn get(&self, entity: EntityId) -> Option<&Found<'p>> {
        self.known.iter().flatten().find(|(known, _)| *known == entity).map(|(_, root)| root)
    }

    fn keep(&mut self, entity: EntityId, root: Found<'p>) {
        self.known[self.next] = Some((entity, root));
        self.next = (self.next + 1) % self.known.len();
    }
}

/// True for what is written as it is: no function, and no alias, which may stand for one.
fn is_plain(cursor: Cursor<'_>) -> bool {
    !cursor.untagged && cursor.node.tag() == Tag::None && cursor.node.kind() != Kind::Alias
}

/// What a condition is worth.
pub type Decision<'p> = Result<bool, Rc<Unknown<'p>>>;

impl<'w, 'p> Resolver<'w, 'p> {
    /// A resolver for one evaluation.
    pub fn new(world: &'w dyn World<'p>, scenario: Scenario<'p>) -> Self {
        Self {
            world,
            scenario,
            trace: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            in_condition: Cell::new(0),
            roots: RefCell::default(),
        }
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario<'p> {
        &self.scenario
    }

    /// What was read so far.
    pub fn trace(&self) -> Trace<'p> {
        self.trace.borrow().clone()
    }

    /// What was read.
    pub fn into_trace(self) -> Trace<'p> {
        self.trace.into_inner()
    }

    /// Forgets how many expressions were evaluated.
    pub fn renew(&self) {
        self.steps.set(0);
    }

    /// True if so many expressions were evaluated that everything else is unknown.
    pub fn is_exhausted(&self) -> bool {
        self.steps.get() > STEPS
    }

    /// How many expressions were evaluated so far.
    pub fn steps(&self) -> u32 {
        self.steps.get()
    }

    /// Records that an edge rests on shared parameters.
    pub fn note_shared(&self) {
        self.trace.borrow_mut().shared = true;
    }

    /// Records what was read to have something that is known already.
    pub fn note(&self, read: &Trace<'p>) {
        let mut trace = self.trace.borrow_mut();
        trace.shared |= read.shared;
        for known in &read.conditions {
            if !trace.conditions.contains(known) {
                trace.conditions.push(*known);
            }
        }
        for known in &read.direct {
            if !trace.direct.iter().any(|direct| direct.choice == known.choice) {
                trace.direct.push(known.clone());
            }
        }
        for known in &read.given {
            if !trace.given.contains(known) {
                trace.given.push(*known);
            }
        }
    }

    /// Forgets what was read so far.
    pub fn clear_trace(&self) {
        *self.trace.borrow_mut() = Trace::default();
        self.roots.take();
    }

    /// The value at a cursor with its place, branches of `Fn::If` followed.
    pub fn found(&self, cursor: Cursor<'p>) -> Found<'p> {
        if is_plain(cursor) {
            return Found { value: self.value(cursor), cursor, missing: &[] };
        }
        match self.settle(cursor) {
            Ok(cursor) => Found { value: self.value(cursor), cursor, missing: &[] },
            Err(unknown) => Found { value: Value::Unknown(unknown), cursor, missing: &[] },
        }
    }

    /// Follows `Fn::If` to the branch that holds in this scenario.
    fn settle(&self, mut cursor: Cursor<'p>) -> Result<Cursor<'p>, Rc<Unknown<'p>>> {
        for _ in 0..DEPTH {
            let Some(call) = Self::expr(cursor).call().filter(|call| call.function == Tag::If) else { break };
            let arguments = call.arguments();
            let [name, then, otherwise] = arguments[..] else {
                return Err(Rc::new(Unknown::because(ReasonKind::Malformed, "Fn::If")));
            };
            let holds = match name.scalar() {
                Some(name) => self.condition(cursor, name)?,
                None => return Err(Rc::new(Unknown::because(ReasonKind::Malformed, "Fn::If"))),
            };
            cursor = cursor.to(if holds { then } else { otherwise }).with_fallback(cursor.fallback());
        }
        Ok(cursor)
    }

    /// The node at a cursor, typed.
    pub(super) fn expr(cursor: Cursor<'p>) -> Expr<'p> {
        if cursor.untagged { Expr::untagged(cursor.node) } else { Expr::of(cursor.node) }
    }

    /// The value at a cursor.
    pub fn value(&self, cursor: Cursor<'p>) -> Value<'p> {
        self.steps.set(self.steps.get() + 1);
        if self.depth.get() > DEPTH || self.steps.get() > STEPS {
            return Value::unknown(ReasonKind::Malformed, "a reference that leads back to itself");
        }
        self.depth.set(self.depth.get() + 1);
        let value = self.value_inner(cursor);
        self.depth.set(self.depth.get() - 1);
        value
    }

    fn value_inner(&self, cursor: Cursor<'p>) -> Value<'p> {
        match cursor.node.kind() {
            Kind::Mapping if is_plain(cursor) => return self.dialect_map(cursor),
            Kind::Sequence if is_plain(cursor) => return Value::List(List::Node(cursor)),
            _ => {}
        }
        if cursor.embedded.is_none() && !cursor.untagged && !cursor.frame.template.embedded.is_empty() {
            let host = cursor.node.follow().id();
            if let Some(embedded) = cursor.frame.template.embedded_at(host)
                && std::ptr::eq(cursor.node.document(), &raw const cursor.frame.template.document)
            {
                return self.embedded_root(cursor, embedded);
            }
        }
        match Self::expr(cursor) {
            Expr::Scalar(node) => self.scalar(cursor, node),
            Expr::List(node) => Value::List(List::Node(Cursor { node, ..cursor })),
            Expr::Map(node) => self.dialect_map(Cursor { node, ..cursor }),
            Expr::Hole(node) => self.hole_value(cursor, node.hole().unwrap_or_default()),
            Expr::Call(call) => self.call(cursor, call),
        }
    }

    fn scalar(&self, cursor: Cursor<'p>, node: Node<'p>) -> Value<'p> {
        if node.has_holes() {
            return self.holed_scalar(cursor, node);
        }
        let text = node.text();
        if let Some(value) = self.dialect_text(cursor, text) {
            return value;
        }
        if has_dynamic_reference(text) {
            return joined(vec![Part::Text(Cow::Borrowed(text))]);
        }
        let Some(scalar) = Scalar::of(node) else { return Value::Absent };
        if !cursor.frame.bindings.is_empty() && text.contains("${") {
            return Value::text(super::functions::bound_text(text, cursor));
        }
        Value::Scalar(scalar)
    }

    /// What a named condition is worth, read from the template of a cursor.
    pub fn condition(&self, cursor: Cursor<'p>, name: &str) -> Decision<'p> {
        self.steps.set(self.steps.get() + 1);
        let template = cursor.frame.template;
        let Some(definition) = template.condition(name) else {
            return Err(Rc::new(Unknown::because(ReasonKind::Malformed, name)));
        };
        if let Some(holds) = self.scenario.condition(template.id, name) {
            self.note_condition(template.id, &definition.name, holds);
            return Ok(holds);
        }
        if self.depth.get() > DEPTH {
            return Err(Rc::new(Unknown::because(ReasonKind::Malformed, name)));
        }
        self.depth.set(self.depth.get() + 1);
        self.in_condition.set(self.in_condition.get() + 1);
        let inner = Cursor::new(template, &definition.bindings, template.node(definition.node));
        let decision = self.decide(inner);
        self.in_condition.set(self.in_condition.get() - 1);
        self.depth.set(self.depth.get() - 1);
        match decision {
            Ok(holds) => {
                self.note_condition(template.id, &definition.name, holds);
                Ok(holds)
            }
            Err(unknown) if unknown.blockers.is_empty() => {
                // Nothing finite decides it: both are tried, consistently throughout the scenario.
                let mut unknown = (*unknown).clone();
                unknown.blockers.push(Blocker {
                    choice: Choice::Condition(template.id, &definition.name),
                    domain: Rc::from([Some(Cow::Borrowed("true")), Some(Cow::Borrowed("false"))]),
                    mapping: false,
                });
                unknown.reasons = vec![Reason { kind: ReasonKind::Condition, name: name.to_owned() }];
                Err(Rc::new(unknown))
            }
            Err(unknown) => Err(unknown),
        }
    }

    fn note_condition(&self, template: TemplateId, name: &'p str, holds: bool) {
        let mut trace = self.trace.borrow_mut();
        if !trace.conditions.iter().any(|&(t, n, _)| t == template && n == name) {
            trace.conditions.push((template, name, holds));
        }
    }

    /// Runs something whose reading of choices is not told in messages.
    pub(super) fn within_condition<T>(&self, run: impl FnOnce() -> T) -> T {
        self.in_condition.set(self.in_condition.get() + 1);
        let result = run();
        self.in_condition.set(self.in_condition.get() - 1);
        result
    }

    pub(super) fn is_in_condition(&self) -> bool {
        self.in_condition.get() > 0
    }

    /// Why a text with holes is not known, and which choices would settle it.
    pub fn why(&self, parts: &[Part<'p>]) -> Unknown<'p> {
        let mut unknown = Unknown::default();
        for part in parts {
            if let Part::Hole(hole) = part {
                unknown.merge(&self.why_hole(hole));
            }
        }
        unknown
    }

    fn why_hole(&self, hole: &Hole<'p>) -> Unknown<'p> {
        let mut unknown = Unknown { reasons: vec![hole.reason()], blockers: Vec::new() };
        if self.scenario.hole(hole).is_some() {
            // Known to be none of the values that are named.
            for reason in &mut unknown.reasons {
                reason.kind = ReasonKind::OtherValue;
            }
            return unknown;
        }
        let domain = match hole {
            Hole::Parameter(group, template, name) => self.world.domain(*group, *template, name),
            Hole::Pseudo(..) if self.is_in_condition() => self.world.pseudo_domain(hole),
            Hole::Pipeline(parameter) if !parameter.values.is_empty() => {
                Some(parameter.values.iter().cloned().map(Some).collect())
            }
            _ => None,
        };
        if let Some(domain) = domain {
            unknown.blockers.push(Blocker { choice: Choice::Hole(hole.clone()), domain, mapping: false });
        }
        unknown
    }

    /// The parts of a text: of a known one a single text, of anything else nothing.
    pub fn parts(&self, value: &Value<'p>) -> Option<Vec<Part<'p>>> {
        match value {
            Value::Scalar(scalar) if scalar.text.is_empty() => Some(Vec::new()),
            Value::Scalar(scalar) => Some(vec![Part::Text(scalar.text.clone())]),
            Value::Symbolic(parts) => Some(parts.to_vec()),
            _ => None,
        }
    }

    /// The same parts with every hole that is a resource's name replaced by the name that is written for it.
    pub fn with_names(&self, parts: &[Part<'p>]) -> Vec<Part<'p>> {
        let named = |part: &Part<'p>| matches!(part, Part::Hole(Hole::Resource(_, crate::catalog::Returned::Name, _)));
        if !parts.iter().any(named) {
            return parts.to_vec();
        }
        let mut expanded = Vec::new();
        for part in parts {
            if let Part::Hole(Hole::Resource(entity, crate::catalog::Returned::Name, _)) = part
                && self.depth.get() < DEPTH
                && let Some(cursor) = self.world.physical_name(*entity)
                && let Some(name) = self.parts(&self.found(cursor).value)
                && !name.iter().any(named)
            {
                expanded.extend(name);
            } else {
                expanded.push(part.clone());
            }
        }
        match joined(expanded) {
            Value::Symbolic(parts) => parts.to_vec(),
            Value::Scalar(scalar) if scalar.text.is_empty() => Vec::new(),
            Value::Scalar(scalar) => vec![Part::Text(scalar.text)],
            _ => Vec::new(),
        }
    }
}
