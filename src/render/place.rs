//! Where things are: paths as machines and people read them, lines and columns in the encoding of a format.

use std::cell::{Cell, OnceCell};

use crate::project::discover::{path_for_people, portable_path};
use crate::source::{Encoding, FileId, Position, SourceMap, Span};

use super::RenderContext;

/// Answers for one rendering; keeps what it has worked out.
pub(super) struct Places<'a> {
    cx: &'a RenderContext<'a>,
    encoding: Encoding,
    portable: Vec<OnceCell<String>>,
    cursor: Cell<Option<Cursor>>,
}

/// The position found last. Findings come in the order of places, so the next one on a long line is counted on from here:
/// a template in one line of a megabyte would else be counted from its start for every finding.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    file: FileId,
    offset: usize,
    position: Position,
}

/// Both ends of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// Where it starts.
    pub(super) start: Position,
    /// One past its end.
    pub(super) end: Position,
}

impl<'a> Places<'a> {
    /// Places with columns that count in this encoding.
    pub(super) fn new(cx: &'a RenderContext<'a>, encoding: Encoding) -> Self {
        let portable = (0..cx.sources.len()).map(|_| OnceCell::new()).collect();
        Self { cx, encoding, portable, cursor: Cell::new(None) }
    }

    /// The texts.
    pub(super) fn sources(&self) -> &'a SourceMap {
        self.cx.sources
    }

    /// Path with forward slashes, relative to the repository where the file is in it.
    pub(super) fn portable(&self, file: FileId) -> &str {
        self.portable[file.index()]
            .get_or_init(|| portable_path(self.cx.root, self.cx.cwd, self.cx.sources.file(file).path()))
    }

    /// Path relative to the current directory.
    pub(super) fn shown(&self, file: FileId) -> String {
        path_for_people(self.cx.root, self.cx.cwd, self.cx.sources.file(file).path())
    }

    /// Line and column of an offset.
    pub(super) fn position(&self, file: FileId, offset: u32) -> Position {
        let source = self.cx.sources.file(file);
        let text = source.text();
        let lines = source.lines();
        let bytes = lines.position(text, offset, Encoding::Utf8);
        let start = lines.line_range(text, bytes.line).start;
        // The index moves an offset into the text and onto a character.
        let offset = start + bytes.column as usize - 1;
        let (from, column) = match self.cursor.get() {
            Some(at) if at.file == file && at.position.line == bytes.line && at.offset <= offset => {
                (at.offset, at.position.column)
            }
            _ => (start, 1),
        };
        let column = column + units(&text.as_bytes()[from..offset], self.encoding);
        let position = Position { line: bytes.line, column };
        self.cursor.set(Some(Cursor { file, offset, position }));
        position
    }

    /// Both ends of a span.
    pub(super) fn range(&self, span: Span) -> Range {
        let start = self.position(span.file, span.start);
        Range { start, end: self.position(span.file, span.end.max(span.start)) }
    }
}

/// How many units whole characters of UTF-8 take; plain loops over bytes, which the compiler turns into vector code.
fn units(bytes: &[u8], encoding: Encoding) -> u32 {
    let characters = || bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    let count = match encoding {
        Encoding::Utf8 => bytes.len(),
        Encoding::Utf32 => characters(),
        // Only what takes four bytes in UTF-8 takes two units in UTF-16.
        Encoding::Utf16 => characters() + bytes.iter().filter(|&&byte| byte >= 0xf0).count(),
    };
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_agree_with_the_standard_library() {
        for text in ["", "plain", "é日本\u{1F600}x", "\u{10FFFF}\u{FFFF}\u{800}\u{7FF}"] {
            assert_eq!(units(text.as_bytes(), Encoding::Utf16) as usize, text.encode_utf16().count());
            assert_eq!(units(text.as_bytes(), Encoding::Utf32) as usize, text.chars().count());
        }
    }
}
