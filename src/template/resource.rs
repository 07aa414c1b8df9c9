//! The `Resources` and `Outputs` sections.

use crate::syntax::{Node, NodeId};

use super::{Binding, Parameter, foreach};

/// A resource of a template.
#[derive(Debug)]
pub struct Resource {
    /// Its logical id.
    pub name: Box<str>,
    /// Its type; empty if it has none.
    pub kind: Box<str>,
    /// The key.
    pub key: NodeId,
    /// The body: `Type`, `Properties`, attributes.
    pub body: NodeId,
    /// `Properties`, if it has any.
    pub properties: Option<NodeId>,
    /// The node of the name of its condition.
    pub condition: Option<NodeId>,
    /// Values of loop variables.
    pub bindings: Vec<Binding>,
}

/// An output of a template.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: Box<str>,
    /// The key.
    pub key: NodeId,
    /// `Value`.
    pub value: Option<NodeId>,
    /// `Export.Name`.
    pub export: Option<NodeId>,
    /// The node of the name of its condition.
    pub condition: Option<NodeId>,
    /// Values of loop variables.
    pub bindings: Vec<Binding>,
}

/// Reads the resources, loops expanded.
pub(super) fn read_resources(section: Node<'_>, parameters: &[Parameter], unseen: &mut Vec<NodeId>) -> Vec<Resource> {
    let mut resources = Vec::new();
    foreach::expand(section, parameters, unseen, &mut |key, name, body, bindings| {
        resources.push(Resource {
            name,
            kind: body.get("Type").and_then(Node::scalar).unwrap_or_default().into(),
            key: key.id(),
            body: body.id(),
            properties: body.get("Properties").map(Node::id),
            condition: body.get("Condition").filter(|node| node.scalar().is_some()).map(Node::id),
            bindings,
        });
    });
    resources
}

/// Reads the outputs, loops expanded.
pub(super) fn read_outputs(section: Node<'_>, parameters: &[Parameter], unseen: &mut Vec<NodeId>) -> Vec<Output> {
    let mut outputs = Vec::new();
    foreach::expand(section, parameters, unseen, &mut |key, name, body, bindings| {
        outputs.push(Output {
            name,
            key: key.id(),
            value: body.get("Value").map(Node::id),
            export: body.get("Export").and_then(|export| export.get("Name")).map(Node::id),
            condition: body.get("Condition").filter(|node| node.scalar().is_some()).map(Node::id),
            bindings,
        });
    });
    outputs
}
