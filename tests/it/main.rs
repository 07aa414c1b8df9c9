//! The integration tests, in one binary.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod allows;
mod architecture;
mod assertions;
mod can;
mod cli;
mod cover;
mod docs;
mod projects;
mod removals;
mod render;
mod robust;
mod rule_file;
mod semantics;
mod suppress;
mod syntax;
