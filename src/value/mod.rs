//! What an expression is worth under one scenario: known, absent, symbolic with holes, or unknown with its reasons.
//!
//! Values are evaluated on demand, one step of a path at a time; nothing is evaluated that no rule asks for.

mod condition;
mod cover;
mod cursor;
mod dialect;
mod functions;
mod hole;
pub mod pattern;
mod resolver;
mod same;
mod scenario;
pub mod secret;
mod truth;
mod world;

use std::borrow::Cow;
use std::rc::Rc;

use crate::finding::{Reason, ReasonKind};
use crate::syntax::{ScalarType, canonical_text};

pub use cover::covers;
pub use cursor::{Cursor, Dialect, Frame, Own};
pub use hole::{Hole, Part, PipelineParameter, Pseudo, canonical, joined, text_of};
pub use resolver::{Decision, Found, Resolver};
pub use same::{equal_text, same, unify};
pub use scenario::{Blocker, Choice, ChoiceValue, Chosen, Scenario, Trace};
pub use truth::Truth;
pub use world::{
    Domain, EntityId, Given, GroupId, Imported, NamedStack, OneStack, ParameterValue, Passed, StackChoice, StackName,
    StackValue, World,
};

/// The value of an expression.
#[derive(Debug, Clone)]
pub enum Value<'p> {
    /// Not written, `null`, or `AWS::NoValue`.
    Absent,
    /// A string, number or boolean, wholly known.
    Scalar(Scalar<'p>),
    /// Text with holes; never empty, and with at least one hole.
    Symbolic(Rc<[Part<'p>]>),
    /// A list.
    List(List<'p>),
    /// A map that is no function, or that nothing evaluates.
    Map(Map<'p>),
    /// A node of the graph, bound to a name.
    Entity(EntityId),
    /// Not known.
    Unknown(Rc<Unknown<'p>>),
}

/// A known string, number or boolean.
#[derive(Debug, Clone)]
pub struct Scalar<'p> {
    /// The text as CloudFormation passes it on.
    pub text: Cow<'p, str>,
    /// Its type.
    pub kind: ScalarKind,
}

/// The type of a known scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarKind {
    /// Text.
    String,
    /// An integer or a fraction.
    Number,
    /// `true` or `false`.
    Bool,
}

/// A list, evaluated item by item.
#[derive(Debug, Clone)]
pub enum List<'p> {
    /// A list as written.
    Node(Cursor<'p>),
    /// A list that was computed.
    Items(Rc<[Found<'p>]>),
}

/// A map, evaluated member by member.
#[derive(Debug, Clone)]
pub enum Map<'p> {
    /// A map as written.
    Node(Cursor<'p>),
    /// A view that was computed (a statement, an image), with the place it was read from.
    View(Rc<View<'p>>),
}

/// A computed map.
#[derive(Debug, Clone)]
pub struct View<'p> {
    /// Members by name.
    pub members: Vec<(&'static str, Found<'p>)>,
    /// What it was read from.
    pub cursor: Cursor<'p>,
}

/// Why something is not known.
#[derive(Debug, Clone, Default)]
pub struct Unknown<'p> {
    /// Reasons, for people.
    pub reasons: Vec<Reason>,
    /// Choices that would settle it.
    pub blockers: Vec<Blocker<'p>>,
}

/// So many reasons of one verdict are kept; nobody reads more, and the first one is where scenarios split.
const TOLD: usize = 64;

impl Unknown<'_> {
    /// Unknown for one reason.
    pub fn because(kind: ReasonKind, name: impl Into<String>) -> Self {
        Self { reasons: vec![Reason { kind, name: name.into() }], blockers: Vec::new() }
    }

    /// True if nothing but names that are provided outside of the project stands in the way.
    pub fn is_external(&self) -> bool {
        self.blockers.is_empty() && self.reasons.iter().all(|reason| reason.kind == ReasonKind::External)
    }

    /// Adds what another one says.
    pub fn merge(&mut self, other: &Self) {
        for reason in &other.reasons {
            if self.reasons.len() < TOLD && !self.reasons.contains(reason) {
                self.reasons.push(reason.clone());
            }
        }
        for blocker in &other.blockers {
            if self.blockers.len() < TOLD && !self.blockers.iter().any(|known| known.choice == blocker.choice) {
                self.blockers.push(blocker.clone());
            }
        }
    }
}

impl<'p> Value<'p> {
    /// A known text.
    pub fn text(text: impl Into<Cow<'p, str>>) -> Self {
        Self::Scalar(Scalar { text: text.into(), kind: ScalarKind::String })
    }

    /// Not known, for one reason.
    pub fn unknown(kind: ReasonKind, name: impl Into<String>) -> Self {
        Self::Unknown(Rc::new(Unknown::because(kind, name)))
    }

    /// A hole alone.
    pub fn hole(hole: Hole<'p>) -> Self {
        Self::Symbolic(Rc::from([Part::Hole(hole)]))
    }

    /// A list of computed items.
    pub fn items(items: Vec<Found<'p>>) -> Self {
        Self::List(List::Items(items.into()))
    }

    /// The known text of a scalar.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// True if nothing is there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'p> Scalar<'p> {
    /// The scalar at a node, typed and spelled as CloudFormation passes it on; absent for `null`.
    pub fn of(node: crate::syntax::Node<'p>) -> Option<Self> {
        Self::typed(node.text(), node.scalar_type()?)
    }

    /// A text of a known type; absent for `null`.
    pub fn typed(text: &'p str, kind: ScalarType) -> Option<Self> {
        let text = canonical_text(text, kind);
        let kind = match kind {
            ScalarType::Null => return None,
            ScalarType::Bool(_) => ScalarKind::Bool,
            ScalarType::Int(_) | ScalarType::Float(_) => ScalarKind::Number,
            ScalarType::String => ScalarKind::String,
        };
        Some(Self { text, kind })
    }
}
