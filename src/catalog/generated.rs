//! What `build.rs` wrote.
#![allow(clippy::all, clippy::pedantic, reason = "generated")]

use super::{
    BundledFile, BundledRule, EmbeddedProperty, Format, Framework, Naming, Returned, Rows, Table, VirtualRule,
};

include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// Bodies of all rules, then their documentation.
pub(super) static TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));

/// Sparse automata, one after the other.
pub(super) static AUTOMATA: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/automata.bin"));
