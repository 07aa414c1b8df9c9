//! The bodies of the fuzz targets. `tests/it` includes the same files, so that a stable `cargo test` runs them too.

pub mod lint;
pub mod syntax;
