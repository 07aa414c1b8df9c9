//! Expressions to values under one scenario.
//!
//! A resolver is made for one evaluation: it carries the scenario, counts its steps (so that no alias bomb or cycle of
//! references can hold it up) and records what it read.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::finding::{Reason, ReasonKind};
use crate::syntax::{Kind, Node, Segment, Tag};
use crate::template::{Expr, Parameter, TemplateId};

use super::{
    Blocker, Choice, Cursor, EntityId, Given, Hole, List, Map, OneStack, Part, Passed, Scalar, ScalarKind, Scenario,
    StackChoice, Trace, Unknown, Value, World, hole::has_dynamic_reference, joined,
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
    /// The entity that was asked last, and what paths from it start at: a rule asks for one again and again.
    root: RefCell<Option<(EntityId, Found<'p>)>>,
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
            root: RefCell::default(),
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
        self.root.take();
    }

    /// The value at a cursor with its place, branches of `Fn::If` followed.
    pub fn found(&self, cursor: Cursor<'p>) -> Found<'p> {
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
            let fallback = cursor.fallback;
            cursor = Cursor { fallback, ..cursor.to(if holds { then } else { otherwise }) };
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

    /// The value of a parameter.
    pub(super) fn parameter(&self, at: Cursor<'p>, parameter: &'p Parameter) -> Value<'p> {
        let template = at.frame.template;
        match self.world.parameter(template, parameter) {
            super::ParameterValue::Passed(passed) => self.passed(at, parameter, passed),
            super::ParameterValue::OneOf(choice, stacks, group) => match self.one_of(template.id, choice, &stacks) {
                Ok(Some(passed)) => self.passed(at, parameter, passed),
                Ok(None) => self.free(at, parameter, group),
                Err(unknown) => unknown,
            },
            super::ParameterValue::Free(group) => self.free(at, parameter, group),
        }
    }

    /// What holds for the stack that the scenario chose among those of a template; `Err` is that none is chosen yet.
    pub(super) fn one_of<T: Clone>(
        &self,
        template: TemplateId,
        choice: StackChoice,
        stacks: &[(Cow<'p, str>, Option<T>)],
    ) -> Result<Option<T>, Value<'p>> {
        let hole = Hole::stack_of(template, choice);
        let Some(chosen) = self.chosen(&hole) else {
            let domain = stacks.iter().map(|(name, _)| Some(name.clone())).collect();
            let reasons = vec![hole.reason()];
            let blockers = vec![Blocker { choice: Choice::Hole(hole), domain, mapping: false }];
            return Err(Value::Unknown(Rc::new(Unknown { reasons, blockers })));
        };
        Ok(stacks.iter().find(|(name, _)| chosen.as_ref() == Some(name)).and_then(|(_, value)| value.clone()))
    }

    /// The value of a parameter that a stack gets.
    fn passed(&self, at: Cursor<'p>, parameter: &'p Parameter, passed: Passed<'p>) -> Value<'p> {
        let value = match passed {
            Passed::Expression(cursor) => self.found(cursor).value,
            Passed::Given(given) => return self.given(at, parameter, given),
            Passed::Output { stack, output } => match self.world.stack_output(stack, output) {
                Some((cursor, None)) => self.found(cursor).value,
                Some((cursor, Some(one))) => self.of_stack(cursor, one),
                None => {
                    let reason = Reason { kind: ReasonKind::Attribute, name: format!("{stack}.{output}") };
                    let identity = format!("output {output} of stack {stack}");
                    Value::hole(Hole::Derived(identity.into(), Arc::new(reason)))
                }
            },
        };
        match value.as_str() {
            Some(text) if parameter.is_list() => split_list(text, at),
            _ => value,
        }
    }

    /// The value of a parameter that the configuration or the command line gives.
    fn given(&self, at: Cursor<'p>, parameter: &'p Parameter, given: Given<'p>) -> Value<'p> {
        if !self.is_in_condition() {
            let mut trace = self.trace.borrow_mut();
            if !trace.given.contains(&given) {
                trace.given.push(given);
            }
        }
        if parameter.is_ssm() {
            return ssm(given.text);
        }
        typed(at, parameter, Cow::Borrowed(given.text))
    }

    /// The value of a parameter that whoever deploys chooses.
    fn free(&self, at: Cursor<'p>, parameter: &'p Parameter, group: super::GroupId) -> Value<'p> {
        let template = at.frame.template;
        if parameter.is_ssm() {
            let name = parameter.default.and_then(|node| template.node(node).scalar()).unwrap_or(&parameter.name);
            return ssm(name);
        }
        let hole = Hole::Parameter(group, template.id, &parameter.name);
        let Some(chosen) = self.chosen(&hole) else { return Value::hole(hole) };
        match chosen {
            None => Value::hole(hole),
            Some(text) => typed(at, parameter, text),
        }
    }

    /// The value of an output of a nested stack; where the template has other stacks, as this one gives it.
    pub(super) fn nested_output(&self, template: TemplateId, resource: usize, output: &str) -> Option<Value<'p>> {
        let cursor = self.world.nested_output(template, resource, output)?;
        Some(match self.world.nesting_stack(template, resource) {
            None => self.found(cursor).value,
            Some(one) => self.of_stack(cursor, one),
        })
    }

    /// The value at a cursor in one of the stacks of its template.
    pub fn of_stack(&self, cursor: Cursor<'p>, (template, name): OneStack<'p>) -> Value<'p> {
        let blocker = Blocker {
            choice: Choice::Hole(Hole::stack_of(template, StackChoice::Deployed)),
            domain: Rc::from([Some(name.clone())]),
            mapping: false,
        };
        let inner = Self {
            depth: self.depth.clone(),
            steps: self.steps.clone(),
            ..Self::new(self.world, self.scenario.only(&blocker, Some(name)))
        };
        let value = inner.found(cursor).value;
        self.steps.set(inner.steps.get());
        let (mut trace, read) = (self.trace.borrow_mut(), inner.trace());
        trace.shared |= read.shared;
        trace.direct.extend(read.direct.into_iter().filter(|chosen| chosen.choice != blocker.choice));
        trace.conditions.extend(read.conditions);
        trace.given.extend(read.given);
        value
    }

    /// The value that the scenario gives a hole; read values are recorded.
    pub(super) fn chosen(&self, hole: &Hole<'p>) -> Option<super::ChoiceValue<'p>> {
        let chosen = self.scenario.hole(hole)?;
        if !self.is_in_condition() {
            let mut trace = self.trace.borrow_mut();
            if !trace.direct.iter().any(|known| known.choice == chosen.choice) {
                trace.direct.push(chosen.clone());
            }
        }
        Some(chosen.value.clone())
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

    /// Everything at the end of a path.
    pub fn walk(&self, start: Found<'p>, path: &'p [Segment]) -> Vec<Found<'p>> {
        let mut current = vec![start];
        for (index, segment) in path.iter().enumerate() {
            let mut next = Vec::with_capacity(current.len());
            for found in current {
                self.step(found, segment, &path[index..], &mut next);
            }
            current = next;
        }
        current
    }

    /// Like [`Self::walk`] for a path that lives shorter: what is missing keeps no steps.
    pub fn walk_short(&self, start: Found<'p>, path: &[Segment]) -> Vec<Found<'p>> {
        let mut current = vec![start];
        for segment in path {
            let mut next = Vec::with_capacity(current.len());
            for found in current {
                self.step(found, segment, &[], &mut next);
            }
            current = next;
        }
        current
    }

    fn step(&self, found: Found<'p>, segment: &Segment, rest: &'p [Segment], out: &mut Vec<Found<'p>>) {
        match segment {
            Segment::Key(key) => out.push(self.member(found, key, rest)),
            Segment::Index(index) => {
                let cursor = found.cursor;
                match found.value {
                    Value::List(list) => {
                        let item = self.item(&list, *index);
                        out.push(item.unwrap_or(Found { value: Value::Absent, cursor, missing: rest }));
                    }
                    // One or list: a single value is a list of one.
                    value @ (Value::Scalar(_) | Value::Map(_)) if *index == 0 => out.push(Found { value, ..found }),
                    Value::Symbolic(parts) => out.push(self.piece_of(&parts, cursor, &format!("[{index}]"))),
                    Value::Unknown(unknown) => out.push(Found { value: Value::Unknown(unknown), ..found }),
                    _ => out.push(Found { value: Value::Absent, missing: missing_from(&found, rest), ..found }),
                }
            }
            Segment::Each => match found.value {
                Value::Absent => {}
                Value::List(list) => out.extend(self.items(&list)),
                Value::Symbolic(ref parts) if self.is_list_hole(parts) => {
                    out.push(self.piece_of(parts, found.cursor, "[*]"));
                }
                _ => out.push(found),
            },
            Segment::Deep(key) => self.deep(found, key, 0, out),
            Segment::Attribute(key) => out.push(match found.value {
                Value::Entity(entity) => self.member_of(self.world.body(entity), key, rest),
                _ => Found { value: Value::Absent, missing: missing_from(&found, rest), ..found },
            }),
            Segment::Leaves => self.leaves(found, 0, out),
        }
    }

    /// True if the parts are one hole whose value is a list.
    fn is_list_hole(&self, parts: &[Part<'p>]) -> bool {
        match parts {
            [Part::Hole(Hole::Derived(..) | Hole::RunTime(..))] => true,
            [Part::Hole(Hole::Parameter(_, template, name))] => {
                self.world.template(*template).parameter(name).is_some_and(Parameter::is_list)
            }
            _ => false,
        }
    }

    /// The unknown piece of something that is not known.
    fn piece_of(&self, parts: &Rc<[Part<'p>]>, cursor: Cursor<'p>, piece: &str) -> Found<'p> {
        let why = self.why(parts);
        if why.blockers.is_empty() {
            let reason = why.reasons.into_iter().next();
            if let Some(reason) = reason {
                let identity = format!("{}{piece}", super::canonical(parts));
                let value = Value::hole(Hole::Derived(identity.into(), Arc::new(reason)));
                return Found { value, cursor, missing: &[] };
            }
            return Found { value: Value::Absent, cursor, missing: &[] };
        }
        Found { value: Value::Unknown(Rc::new(why)), cursor, missing: &[] }
    }

    fn deep(&self, found: Found<'p>, key: &str, depth: u32, out: &mut Vec<Found<'p>>) {
        if depth > DEPTH {
            return;
        }
        match &found.value {
            Value::Map(map) => {
                for (name, member) in self.entries(map) {
                    if name == key {
                        out.push(member.clone());
                    }
                    self.deep(member, key, depth + 1, out);
                }
            }
            Value::List(list) => {
                for item in self.items(list) {
                    self.deep(item, key, depth + 1, out);
                }
            }
            Value::Entity(entity) => self.deep(self.root(*entity), key, depth + 1, out),
            Value::Unknown(_) if !is_text(found.cursor.node) => out.push(found),
            _ => {}
        }
    }

    /// What is neither a map nor a list, at any depth.
    fn leaves(&self, found: Found<'p>, depth: u32, out: &mut Vec<Found<'p>>) {
        if depth > DEPTH {
            return;
        }
        match &found.value {
            Value::Absent => {}
            Value::Map(map) => {
                for (_, member) in self.entries(map) {
                    self.leaves(member, depth + 1, out);
                }
            }
            Value::List(list) => {
                for item in self.items(list) {
                    self.leaves(item, depth + 1, out);
                }
            }
            Value::Entity(entity) => self.leaves(self.root(*entity), depth + 1, out),
            _ => out.push(found),
        }
    }

    /// What paths from an entity start at.
    pub fn root(&self, entity: EntityId) -> Found<'p> {
        if let Some((known, root)) = &*self.root.borrow()
            && *known == entity
        {
            return root.clone();
        }
        let root = self.world.root(self, entity);
        self.root.replace(Some((entity, root.clone())));
        root
    }

    /// A member of what was found.
    fn member(&self, found: Found<'p>, key: &str, rest: &'p [Segment]) -> Found<'p> {
        let cursor = found.cursor;
        match &found.value {
            Value::Map(Map::Node(map)) => self.member_of(*map, key, rest),
            Value::Map(Map::View(view)) => match view.members.iter().find(|(name, _)| *name == key) {
                Some((_, member)) => member.clone(),
                None => Found { value: Value::Absent, cursor: view.cursor, missing: rest },
            },
            Value::Entity(entity) => {
                let root = self.root(*entity);
                if root.value.is_absent() {
                    return Found { missing: rest, ..root };
                }
                self.member(root, key, rest)
            }
            Value::Symbolic(parts) => self.piece_of(parts, cursor, &format!(".{key}")),
            Value::Unknown(_) => found,
            Value::Absent => Found { value: Value::Absent, missing: missing_from(&found, rest), ..found },
            Value::Scalar(_) | Value::List(_) => Found { value: Value::Absent, cursor, missing: rest },
        }
    }

    /// A member of a map as written.
    pub fn member_of(&self, map: Cursor<'p>, key: &str, rest: &'p [Segment]) -> Found<'p> {
        let fallback = map.fallback.and_then(|node| node.get(key));
        let own =
            if map.frame.bindings.is_empty() { map.node.get(key) } else { super::functions::bound_member(map, key) };
        if let Some(value) = own {
            return self.found(Cursor { fallback, ..map.to(value) });
        }
        if let Some(value) = fallback {
            return self.found(map.to(value));
        }
        if let Some(found) = super::dialect::dialect_member(map, key) {
            return found;
        }
        // What a macro, an include or a loop may add cannot be known.
        for (name, value) in map.node.entries() {
            let name = name.scalar().unwrap_or_default();
            if map.embedded.is_none() && (name == "Fn::Transform" || name.starts_with("Fn::ForEach::")) {
                return Found { value: Value::unknown(ReasonKind::Macro, name), cursor: map.to(value), missing: &[] };
            }
        }
        Found { value: Value::Absent, cursor: map, missing: rest }
    }

    /// The item of a list at a place.
    fn item(&self, list: &List<'p>, index: usize) -> Option<Found<'p>> {
        match list {
            List::Items(items) => items.get(index).cloned(),
            List::Node(_) => self.items(list).into_iter().nth(index),
        }
    }

    /// The items of a list; what is `AWS::NoValue` is none, and a list in a place of an item stays one item.
    pub fn items(&self, list: &List<'p>) -> Vec<Found<'p>> {
        match list {
            List::Items(items) => items.to_vec(),
            List::Node(cursor) => cursor
                .node
                .items()
                .map(|item| self.found(cursor.to(item)))
                .filter(|found| !found.value.is_absent())
                .collect(),
        }
    }

    /// The members of a map, in the order of the text.
    pub fn entries(&self, map: &Map<'p>) -> Vec<(Cow<'p, str>, Found<'p>)> {
        match map {
            Map::View(view) => view.members.iter().map(|(name, found)| (Cow::Borrowed(*name), found.clone())).collect(),
            Map::Node(cursor) => cursor
                .node
                .entries()
                .filter_map(|(key, value)| {
                    let name = match key.kind() {
                        Kind::Scalar => super::functions::bound_text(key.text(), *cursor),
                        _ => return None,
                    };
                    Some((name, self.found(cursor.to(value))))
                })
                .filter(|(_, found)| !found.value.is_absent())
                .collect(),
        }
    }
}

/// True for an expression that gives a text, a list of texts or nothing, whatever its parts are: it has no members.
fn is_text(node: Node<'_>) -> bool {
    match Expr::of(node) {
        Expr::Scalar(_) => true,
        Expr::Call(call) => matches!(
            call.function,
            Tag::Ref
                | Tag::Sub
                | Tag::Join
                | Tag::FindInMap
                | Tag::ImportValue
                | Tag::Base64
                | Tag::Split
                | Tag::Cidr
                | Tag::GetAZs
                | Tag::Length
                | Tag::ToJsonString
        ),
        Expr::List(_) | Expr::Map(_) | Expr::Hole(_) => false,
    }
}

/// The steps that lead nowhere, counted from the first one that failed.
fn missing_from<'p>(found: &Found<'p>, rest: &'p [Segment]) -> &'p [Segment] {
    if found.missing.is_empty() { rest } else { found.missing }
}

/// What the SSM parameter of a name holds.
fn ssm<'p>(name: &str) -> Value<'p> {
    Value::hole(Hole::Dynamic(format!("{{{{resolve:ssm:{name}}}}}").into()))
}

/// A text as the value of a parameter.
fn typed<'p>(at: Cursor<'p>, parameter: &Parameter, text: Cow<'p, str>) -> Value<'p> {
    if parameter.is_list() {
        return split_list(&text, at);
    }
    let kind = if &*parameter.kind == "Number" { ScalarKind::Number } else { ScalarKind::String };
    Value::Scalar(Scalar { text, kind })
}

/// A list parameter's text as a list; every item stands where the list is asked for.
fn split_list<'p>(text: &str, cursor: Cursor<'p>) -> Value<'p> {
    Value::items(
        text.split(',')
            .map(|item| Found { value: Value::text(item.trim().to_owned()), cursor, missing: &[] })
            .collect(),
    )
}
