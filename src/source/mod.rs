//! Owns the text of every file and says where things are in it.
//!
//! Turns paths and bytes into [`SourceFile`]s with stable [`FileId`]s, byte [`Span`]s and, on demand, lines and columns.
//! It does not parse and does not read the file system.

mod align;
mod line_index;
mod span;
mod text_map;

use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

pub use align::Quoting;
pub use line_index::{Encoding, LineIndex, Position};
pub use span::{FileId, Span};
pub use text_map::TextMap;

/// One file: its path as it is shown and its whole text.
#[derive(Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: Arc<str>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// Takes over a file that has been read.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// The path by which the file was reached, absolute or relative to the current directory.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The table of lines, built on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }
}

/// All files of a run, in the order of their paths.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Adds a file and gives it the next id.
    ///
    /// # Panics
    /// With more than `u32::MAX` files.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        let id = FileId::new(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(file);
        id
    }

    /// Adds all files of another map behind those of this one.
    pub fn join(&mut self, other: Self) {
        self.files.extend(other.files);
    }

    /// The file of an id that this map gave out.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.index()]
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> &str {
        self.file(span.file).text().get(span.range()).unwrap_or_default()
    }

    /// All files with their ids, in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        (0u32..).map(FileId::new).zip(&self.files)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True if there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}
