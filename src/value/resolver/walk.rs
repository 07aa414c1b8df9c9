//! Paths from a value down: members, items, and what stands at any depth.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::finding::ReasonKind;
use crate::syntax::{Kind, Node, Segment, Tag};
use crate::template::{Expr, Parameter};
use crate::value::{Cursor, EntityId, Hole, List, Map, Part, Value, canonical, dialect, functions};

use super::{DEPTH, Found, Resolver};

impl<'p> Resolver<'_, 'p> {
    /// Everything at the end of a path.
    pub fn walk(&self, start: Found<'p>, path: &'p [Segment]) -> Vec<Found<'p>> {
        self.walked(start, path, |index| &path[index..])
    }

    /// Like [`Self::walk`] for a path that lives shorter: what is missing keeps no steps.
    pub fn walk_short(&self, start: Found<'p>, path: &[Segment]) -> Vec<Found<'p>> {
        self.walked(start, path, |_| &[])
    }

    /// What stands at the end of a path, if it is names only, which lead to one thing; most paths are.
    pub fn walk_names(&self, start: &Found<'p>, path: &'p [Segment]) -> Option<Found<'p>> {
        let is_names = path.iter().all(|segment| matches!(segment, Segment::Key(_)));
        is_names.then(|| self.named(start.clone(), path, &|index| &path[index..]).0)
    }

    /// Follows the names that a path begins with; says how many there are.
    fn named(&self, start: Found<'p>, path: &[Segment], rest: &impl Fn(usize) -> &'p [Segment]) -> (Found<'p>, usize) {
        let mut found = start;
        for (index, segment) in path.iter().enumerate() {
            let Segment::Key(key) = segment else { return (found, index) };
            found = self.member(found, key, rest(index));
        }
        (found, path.len())
    }

    fn walked(&self, start: Found<'p>, path: &[Segment], rest: impl Fn(usize) -> &'p [Segment]) -> Vec<Found<'p>> {
        let (found, done) = self.named(start, path, &rest);
        let mut current = vec![found];
        for (index, segment) in path.iter().enumerate().skip(done) {
            let mut next = Vec::with_capacity(current.len());
            for found in current {
                self.step(found, segment, rest(index), &mut next);
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
                Value::List(List::Items(items)) => out.extend(items.iter().cloned()),
                Value::List(list @ List::Node(_)) => out.extend(self.items(&list)),
                Value::Symbolic(ref parts) if self.is_list_hole(parts) => {
                    out.push(self.piece_of(parts, found.cursor, "[*]"));
                }
                _ => out.push(found),
            },
            Segment::Deep(key) => self.deep(found, key, 0, out),
            Segment::Attribute(key) => out.push(match found.value {
                Value::Entity(entity) => match self.world.body(entity) {
                    body if body.frame.template.is_broken() => self.root(entity),
                    body => self.member_of(body, key, rest),
                },
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
                let identity = format!("{}{piece}", canonical(parts));
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
        if let Some(root) = self.roots.borrow().get(entity) {
            return root.clone();
        }
        let root = self.world.root(self, entity);
        self.roots.borrow_mut().keep(entity, root.clone());
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
        let fallback = map.fallback().and_then(|node| node.get(key));
        let own = if map.frame.bindings.is_empty() { map.node.get(key) } else { functions::bound_member(map, key) };
        if let Some(value) = own {
            return self.found(map.to(value).with_fallback(fallback));
        }
        if let Some(value) = fallback {
            return self.found(map.to(value));
        }
        if let Some(found) = dialect::dialect_member(map, key) {
            return found;
        }
        // What a macro, an include or a loop may add cannot be known.
        if map.embedded.is_none() && map.frame.template.may_expand {
            for (name, value) in map.node.entries() {
                let name = name.scalar().unwrap_or_default();
                if name == "Fn::Transform" || name.starts_with("Fn::ForEach::") {
                    let unseen = Value::unknown(ReasonKind::Macro, name);
                    return Found { value: unseen, cursor: map.to(value), missing: &[] };
                }
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

    /// As [`Self::items`], without copying those that are worked out already.
    pub fn shared_items(&self, list: &List<'p>) -> Rc<[Found<'p>]> {
        match list {
            List::Items(items) => Rc::clone(items),
            List::Node(_) => self.items(list).into(),
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
                        Kind::Scalar => functions::bound_text(key.text(), *cursor),
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
