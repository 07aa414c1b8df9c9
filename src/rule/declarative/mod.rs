//! Rules that are data: what a rule file says, compiled and evaluated.

mod allows;
mod can;
mod compile;
mod condition;
mod evaluate;
mod explain;
mod join;
mod matching;
mod memo;
mod message;
mod operator;
mod policy;
mod possible;
mod secrets;
mod subject;

pub use compile::{Compiled, OPERATORS, RuleError, nearest, suggestion};
pub(crate) use compile::{
    bindings, condition as compile_condition, distance_within, kinds, one_path, only, option_value, text,
};
pub use condition::{
    Allows, Caller, Can, Comparison, Condition, Form, Join, Kinds, Leaf, Operator, Patterns, Quantifier, Reference,
    Rights, RightsRow, Set, Subject, Term, TermPath, Test, Via, kind_matches,
};
pub use evaluate::{Env, Evaluator, Outcome};
pub use explain::Failure;
pub use memo::Memo;
pub use message::{GAPS, Message, Piece as MessagePiece};
pub use secrets::Leak;

/// A name bound to the nodes that a value refers to.
#[derive(Debug)]
pub struct Binding {
    /// The name, without `$`.
    pub name: Box<str>,
    /// The values.
    pub of: Vec<TermPath>,
    /// The kinds of nodes.
    pub to: Kinds,
    /// True if it is bound to a list of all of them.
    pub many: bool,
}
