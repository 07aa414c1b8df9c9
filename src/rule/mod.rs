//! Rules: what they are, how they are chosen and how they are evaluated.

mod meta;

pub use meta::{Profile, RuleDocs, RuleMeta};
