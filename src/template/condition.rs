//! The `Conditions` section.

use crate::syntax::{Node, NodeId};

use super::{Binding, Parameter, foreach};

/// A named condition; its expression is read when it is evaluated.
#[derive(Debug)]
pub struct ConditionDefinition {
    /// Its name.
    pub name: Box<str>,
    /// The key.
    pub key: NodeId,
    /// The expression.
    pub node: NodeId,
    /// Values of loop variables.
    pub bindings: Vec<Binding>,
}

/// Reads the section, loops expanded.
pub(super) fn read(section: Node<'_>, parameters: &[Parameter], unseen: &mut Vec<NodeId>) -> Vec<ConditionDefinition> {
    let mut conditions = Vec::new();
    foreach::expand(section, parameters, unseen, &mut |key, name, value, bindings| {
        conditions.push(ConditionDefinition { name, key: key.id(), node: value.id(), bindings });
    });
    conditions
}
