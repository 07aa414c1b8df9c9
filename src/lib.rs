//! `mlops-lint`: a policy and compliance linter for MLOps CloudFormation templates.
//!
//! [`project`] finds files and reads each into [`syntax`] and [`template`]; [`graph`] joins all templates to one graph;
//! [`engine`] judges every [`rule`] on the nodes that it matches, through [`value`]s that are known, absent, symbolic or
//! unknown; [`render`] turns the report into text. [`cli`] ties these together.
//!
//! Modules stand on floors: a module uses floors below it, never above (`docs/architecture.md`; a test checks it).

pub mod catalog;
pub mod cli;
pub mod config;
pub mod engine;
pub mod finding;
pub mod graph;
pub mod project;
pub mod render;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod template;
pub mod value;
