//! The `Parameters` section.

use crate::syntax::{Node, NodeId};

/// A parameter of a template.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Box<str>,
    /// Its type as written; `String` if it has none.
    pub kind: Box<str>,
    /// The key.
    pub key: NodeId,
    /// Its default.
    pub default: Option<NodeId>,
    /// Its allowed values, in order.
    pub allowed: Vec<NodeId>,
    /// The pattern that every value matches.
    pub pattern: Option<NodeId>,
    /// True if CloudFormation shows its value nowhere.
    pub no_echo: bool,
}

impl Parameter {
    /// True for types whose value is a list, written as comma-separated text.
    pub fn is_list(&self) -> bool {
        self.kind.contains("List")
    }

    /// True for types whose value is the name of an SSM parameter, resolved at deployment.
    pub fn is_ssm(&self) -> bool {
        self.kind.starts_with("AWS::SSM::Parameter::Value")
    }
}

/// Reads the section; what is malformed is left out (its references then dangle, which is a finding).
pub(super) fn read(section: Node<'_>) -> Vec<Parameter> {
    section
        .entries()
        .filter_map(|(key, body)| {
            let name = key.scalar()?;
            Some(Parameter {
                name: name.into(),
                kind: body.get("Type").and_then(Node::scalar).unwrap_or("String").into(),
                key: key.id(),
                default: body.get("Default").filter(|node| node.scalar().is_some()).map(Node::id),
                allowed: body
                    .get("AllowedValues")
                    .map(|list| list.items().filter(|node| node.scalar().is_some()).map(Node::id).collect())
                    .unwrap_or_default(),
                pattern: body.get("AllowedPattern").filter(|node| node.scalar().is_some()).map(Node::id),
                no_echo: body
                    .get("NoEcho")
                    .and_then(Node::scalar)
                    .is_some_and(|text| text.eq_ignore_ascii_case("true")),
            })
        })
        .collect()
}
