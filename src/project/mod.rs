//! Which files make a project, and what they are.

pub mod discover;
mod load;

pub use load::Project;
