//! What is asked of nodes more than once, worked out once: by several rules before any choice is made, by one rule in one
//! scenario.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::graph::Reach;
use crate::syntax::{Document, NodeId};
use crate::template::Binding;
use crate::value::{EntityId, Found, Map, Trace, Value};

/// Answers about the nodes of one template and what they refer to; to be used for the rules of one template, or for one
/// scenario, and then dropped.
#[derive(Default)]
pub struct Memo<'p> {
    statements: RefCell<FxHashMap<Carrier, Statements<'p>>>,
}

/// What carries statements.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Carrier {
    /// A node, and which statements count.
    Entity(EntityId, Reach),
    /// A policy document as written: its tree, its node, the loop that it stands in.
    Document(*const Document, NodeId, *const Binding),
}

/// Statements, and what was read to have them.
#[derive(Clone)]
pub(super) struct Statements<'p> {
    pub(super) items: Rc<[Found<'p>]>,
    pub(super) trace: Rc<Trace<'p>>,
}

impl<'p> Memo<'p> {
    /// The statements of a carrier; read again for one that cannot be told from others.
    pub(super) fn statements(
        &self,
        carrier: &Found<'p>,
        reach: Reach,
        read: impl FnOnce() -> Statements<'p>,
    ) -> Statements<'p> {
        let key = match &carrier.value {
            Value::Entity(id) => Carrier::Entity(*id, reach),
            Value::Map(Map::Node(cursor)) if cursor.fallback().is_none() && cursor.frame.substitutions().is_none() => {
                Carrier::Document(cursor.node.document(), cursor.node.id(), cursor.frame.bindings.as_ptr())
            }
            _ => return read(),
        };
        if let Some(known) = self.statements.borrow().get(&key) {
            return known.clone();
        }
        let statements = read();
        self.statements.borrow_mut().insert(key, statements.clone());
        statements
    }
}
