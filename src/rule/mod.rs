//! Rules: what they are, how they are read and how they are judged.
//!
//! Turns rule files into [`Rule`]s, and a rule, a graph and a node into findings or an undecided verdict. It does not
//! choose which rules run and does not sort what they say.

pub mod declarative;
mod judge;
mod meta;
pub mod native;
mod note;
mod options;
pub(crate) mod place;
mod registry;
mod schema;
mod selector;
pub mod testing;

use std::str::FromStr;

use crate::finding::Severity;

pub use declarative::Memo;
pub use judge::{Target, Verdict, judge, judge_with};
pub use meta::{LazyDocs, Profile, RuleDocs, RuleMeta, SeverityCase};
pub use options::{OptionError, OptionKind, RuleOption};
pub use registry::{KEYS, Registered, Registry, Rule, RuleFileError};
pub use schema::schema;
pub use selector::{Selection, Selector, UnknownSelector};

/// What a rule makes of a verdict that cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenUnknown {
    /// It is said to be unknown.
    Skip,
    /// It passes.
    Pass,
    /// That it is not known is the violation.
    Fail,
}

impl FromStr for WhenUnknown {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "skip" => Ok(Self::Skip),
            "pass" => Ok(Self::Pass),
            "fail" => Ok(Self::Fail),
            other => Err(format!("`{other}` is none of `skip`, `pass`, `fail`")),
        }
    }
}

/// A severity that holds in a case only.
#[derive(Debug)]
pub struct Case {
    pub(crate) when: declarative::Condition,
    pub(crate) severity: Severity,
}
