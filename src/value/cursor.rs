//! A place that can be evaluated: a node together with what its names mean there.

use crate::syntax::Node;
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
    /// `DefinitionSubstitutions` of a state machine.
    pub substitutions: Option<Node<'p>>,
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
    /// Where a missing member is looked up: AWS SAM's `Globals`.
    pub fallback: Option<Node<'p>>,
}

impl<'p> Cursor<'p> {
    /// A node of a template's own tree.
    pub fn new(template: &'p Template, bindings: &'p [Binding], node: Node<'p>) -> Self {
        Self {
            frame: Frame { template, bindings, substitutions: None },
            node,
            embedded: None,
            dialect: Dialect::Template,
            untagged: false,
            fallback: None,
        }
    }

    /// Another node in the same surroundings.
    #[must_use]
    pub fn to(self, node: Node<'p>) -> Self {
        Self { node, untagged: false, fallback: None, ..self }
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
