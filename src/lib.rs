//! `mlops-lint`: a policy and compliance linter for MLOps CloudFormation templates.

pub mod catalog;
pub mod cli;
pub mod engine;
pub mod finding;
pub mod project;
pub mod render;
pub mod graph;
pub mod rule;
pub mod source;
pub mod syntax;
pub mod template;
pub mod value;
