//! Projects to measure with: as many templates as asked for, giant ones, and texts made to hurt.
//!
//! The same arguments give the same bytes, on every machine: nothing here reads a clock or iterates over a hash map.
#![allow(dead_code, unused_imports, reason = "each bench uses a part of it")]

mod emit;
mod giant;
pub(crate) mod hostile;
mod piece;
mod random;
mod stack;
mod value;

use std::fs;
use std::io;
use std::path::Path;

pub(crate) use giant::giant;

/// How templates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Block style, short forms of functions, comments.
    Yaml,
    /// Indented by one, long forms of functions.
    Json,
}

impl Format {
    /// The extension of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
        }
    }
}

/// The text of template `number` of the project of a seed.
pub(crate) fn template(number: usize, seed: u64, format: Format) -> String {
    let (template, mut random) = stack::build(number, seed);
    match format {
        Format::Yaml => emit::yaml(&template, &mut random),
        Format::Json => emit::json(&template),
    }
}

/// Writes a project of `count` templates below a directory, a hundred in each folder. Gives the number of bytes.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn write_project(directory: &Path, count: usize, seed: u64, format: Format) -> io::Result<u64> {
    let mut bytes = 0;
    for number in 0..count {
        let folder = directory.join(format!("g{:03}", number / 100));
        if number % 100 == 0 {
            fs::create_dir_all(&folder)?;
        }
        let text = template(number, seed, format);
        bytes += text.len() as u64;
        write(&folder.join(format!("stack-{number:06}.{}", format.extension())), &text)?;
    }
    Ok(bytes)
}

/// Writes a file that nobody else reads yet.
///
/// # Errors
/// If it cannot be written.
#[allow(
    clippy::disallowed_methods,
    reason = "files of a bench: half a file after a crash is written again by the next run"
)]
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}
