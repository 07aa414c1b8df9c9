//! Which files make a project, what they are, and which values their parameters are given.

pub mod discover;
mod load;
pub mod parameters;

pub use load::Project;
