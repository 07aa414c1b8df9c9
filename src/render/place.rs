//! Where things are: paths as machines and people read them, lines and columns in the encoding of a format.

use std::cell::{OnceCell, RefCell};

use rustc_hash::FxHashMap;

use crate::finding::Secrets;
use crate::project::discover::{path_for_people, portable_path};
use crate::source::{Encoding, FileId, Position, SourceMap, Span};

use super::RenderContext;
use super::text::one_line;

/// Answers for one rendering; keeps what it has worked out.
pub(super) struct Places<'a> {
    cx: &'a RenderContext<'a>,
    encoding: Encoding,
    portable: Vec<OnceCell<String>>,
    long_lines: RefCell<FxHashMap<(FileId, u32), Vec<u32>>>,
    secrets: Option<&'a Secrets>,
}

/// Lines longer than this get marks at these distances, so that no position costs more than counting one stretch:
/// a template in one line of a megabyte would else be counted from its start for every finding.
const STRETCH: usize = 1024;

/// Both ends of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// Where it starts.
    pub(super) start: Position,
    /// One past its end.
    pub(super) end: Position,
}

impl Range {
    /// The last line of which something is in the range: an end before a line's first character belongs to the line before.
    pub(super) fn last_line(self) -> u32 {
        if self.end.column == 1 { self.start.line.max(self.end.line - 1) } else { self.end.line }
    }
}

impl<'a> Places<'a> {
    /// Places with columns that count in this encoding.
    pub(super) fn new(cx: &'a RenderContext<'a>, encoding: Encoding) -> Self {
        let portable = (0..cx.sources.len()).map(|_| OnceCell::new()).collect();
        Self { cx, encoding, portable, long_lines: RefCell::default(), secrets: None }
    }

    /// The same places, where these texts are never shown.
    pub(super) fn hiding(self, secrets: &'a Secrets) -> Self {
        Self { secrets: Some(secrets), ..self }
    }

    /// What of a text of the source is not shown.
    pub(super) fn hidden_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        self.secrets.map(|secrets| secrets.within(text)).unwrap_or_default()
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

    /// `path:line:column` for readers of machine formats.
    pub(super) fn portable_at(&self, span: Span) -> String {
        self.at(self.portable(span.file), span)
    }

    /// `path:line:column` for people.
    pub(super) fn shown_at(&self, span: Span) -> String {
        self.at(&self.shown(span.file), span)
    }

    fn at(&self, path: &str, span: Span) -> String {
        let start = self.position(span.file, span.start);
        format!("{}:{}:{}", one_line(path), start.line, start.column)
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
        let before = &text.as_bytes()[start..offset];
        let column = if before.len() <= STRETCH {
            units(before, self.encoding)
        } else {
            let mut long_lines = self.long_lines.borrow_mut();
            let marks = long_lines.entry((file, bytes.line)).or_insert_with(|| {
                let line = &text.as_bytes()[lines.line_range(text, bytes.line)];
                marks(line, self.encoding)
            });
            let stretch = before.len() / STRETCH;
            marks[stretch] + units(&before[stretch * STRETCH..], self.encoding)
        };
        Position { line: bytes.line, column: column + 1 }
    }

    /// Both ends of a span.
    pub(super) fn range(&self, span: Span) -> Range {
        let start = self.position(span.file, span.start);
        Range { start, end: self.position(span.file, span.end.max(span.start)) }
    }
}

/// The units before each stretch of a line. A character that lies across two is counted in the one where it starts.
fn marks(line: &[u8], encoding: Encoding) -> Vec<u32> {
    let mut total = 0;
    let mut marks = vec![0];
    for stretch in line.chunks_exact(STRETCH) {
        total += units(stretch, encoding);
        marks.push(total);
    }
    marks
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
    fn positions_on_a_long_line_agree_with_the_line_index() {
        let text = "é日😀x ".repeat(1500) + "\nshort 😀";
        let mut sources = SourceMap::default();
        let file = sources.add(crate::source::SourceFile::new("a", text.as_str()));
        let path = camino::Utf8Path::new("/");
        let cx = RenderContext {
            sources: &sources,
            root: path,
            cwd: path,
            color: false,
            width: 80,
            links: false,
            unknown: crate::render::UnknownMode::Hide,
            show_suppressed: false,
            scope: "",
            quiet: false,
            version: "",
            elapsed: None,
        };
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let places = Places::new(&cx, encoding);
            for (offset, _) in text.char_indices().rev().step_by(7) {
                let offset = u32::try_from(offset).unwrap();
                let expected = sources.file(file).lines().position(&text, offset, encoding);
                assert_eq!(places.position(file, offset), expected, "{offset}");
            }
        }
    }

    #[test]
    fn a_range_up_to_a_line_break_ends_on_the_line_before() {
        let at = |line, column| Position { line, column };
        let last_line = |start, end| Range { start, end }.last_line();
        assert_eq!(last_line(at(3, 2), at(3, 9)), 3);
        assert_eq!(last_line(at(3, 2), at(5, 1)), 4);
        assert_eq!(last_line(at(3, 2), at(5, 2)), 5);
        assert_eq!(last_line(at(3, 1), at(3, 1)), 3);
        assert_eq!(last_line(at(1, 1), at(1, 1)), 1);
    }

    #[test]
    fn units_agree_with_the_standard_library() {
        for text in ["", "plain", "é日本\u{1F600}x", "\u{10FFFF}\u{FFFF}\u{800}\u{7FF}"] {
            assert_eq!(units(text.as_bytes(), Encoding::Utf16) as usize, text.encode_utf16().count());
            assert_eq!(units(text.as_bytes(), Encoding::Utf32) as usize, text.chars().count());
        }
    }
}
