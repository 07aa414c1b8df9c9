//! A place that can be evaluated: a node together with what its names mean there.

use crate::syntax::{Node, NodeId};
use crate::template::{Binding, Embedded, Template};

/// How text inside a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// CloudFormation evaluates functions here.
    Template,
    /// Amazon States Language: `X.$` keys are JSONPath, `{% … %}` is JSONata, `${x}` is filled in by the service.
    Asl,
    /// A SageMaker pipeline definition: `{"Get": …}`, `{"Std:Join": …}`.
    Pipeline,
    /// Data.
    Plain,
}

/// What names mean around a node: loop variables and the service's substitutions.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'p> {
    /// The template.
    pub template: &'p Template,
    /// Values of loop variables.
    pub bindings: &'p [Binding],
    substitutions: Own,
}

/// A node of the template's own tree, or none, which the top of the tree stands for. Cursors are copied more than
/// anything else; this takes a quarter of the space of a node with its tree.
#[derive(Debug, Clone, Copy)]
pub struct Own(NodeId);

impl Own {
    const NONE: Self = Self(NodeId::FIRST);

    fn new(node: Option<Node<'_>>, template: &Template) -> Self {
        debug_assert!(node.is_none_or(|node| std::ptr::eq(node.document(), &raw const template.document)));
        node.map_or(Self::NONE, |node| Self(node.id()))
    }

    fn get(self, template: &Template) -> Option<Node<'_>> {
        (self.0 != NodeId::FIRST).then(|| template.node(self.0))
    }
}

impl<'p> Frame<'p> {
    /// `DefinitionSubstitutions` of a state machine.
    pub fn substitutions(self) -> Option<Node<'p>> {
        self.substitutions.get(self.template)
    }

    /// The same with these substitutions, which the template itself holds.
    #[must_use]
    pub fn with_substitutions(self, substitutions: Option<Node<'p>>) -> Self {
        Self { substitutions: Own::new(substitutions, self.template), ..self }
    }
}

/// A node with its surroundings; copied freely.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'p> {
    /// What names mean here.
    pub frame: Frame<'p>,
    /// The node.
    pub node: Node<'p>,
    /// The document inside a string that the node belongs to, if any.
    pub embedded: Option<&'p Embedded>,
    /// How text is read.
    pub dialect: Dialect,
    /// True if the node's tag has been dealt with (the argument of a short form).
    pub untagged: bool,
    /// Where a missing member is looked up, for [`Self::fallback`].
    pub fallback: Own,
}

impl<'p> Cursor<'p> {
    /// A node of a template's own tree.
    pub fn new(template: &'p Template, bindings: &'p [Binding], node: Node<'p>) -> Self {
        Self {
            frame: Frame { template, bindings, substitutions: Own::NONE },
            node,
            embedded: None,
            dialect: Dialect::Template,
            untagged: false,
            fallback: Own::NONE,
        }
    }

    /// Another node in the same surroundings.
    #[must_use]
    pub fn to(self, node: Node<'p>) -> Self {
        Self { node, untagged: false, fallback: Own::NONE, ..self }
    }

    /// Where a missing member is looked up: AWS SAM's `Globals`.
    pub fn fallback(self) -> Option<Node<'p>> {
        self.fallback.get(self.frame.template)
    }

    /// The same node with another place to look up missing members, which the template itself holds.
    #[must_use]
    pub fn with_fallback(self, fallback: Option<Node<'p>>) -> Self {
        Self { fallback: Own::new(fallback, self.frame.template), ..self }
    }

    /// The same node, its tag left aside.
    #[must_use]
    pub fn untagged(self) -> Self {
        Self { untagged: true, ..self }
    }

    /// The same node, read in another dialect.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The value of a loop variable.
    pub fn binding(self, name: &str) -> Option<&'p str> {
        self.frame.bindings.iter().rev().find(|binding| &*binding.name == name).map(|binding| &*binding.value)
    }
}
