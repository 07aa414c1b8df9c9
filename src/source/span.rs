//! Byte ranges in files.

use std::ops::Range;

/// The number of a file in a [`super::SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// The id with this number.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The id of this file where `files` others come before the map that it is of.
    ///
    /// # Panics
    /// With more than `u32::MAX` files.
    #[must_use]
    pub fn after(self, files: usize) -> Self {
        Self(self.0 + u32::try_from(files).expect("fewer than 2^32 files"))
    }

    /// The number, as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A half-open range of bytes of one file, on character boundaries. Ordered by file, then start.
///
/// `u32` is enough: files above 4 GiB are never loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of a file.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// The range, as indices.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// True if it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}
