//! Byte offset to line and column, in the encoding that the reader of a format counts in.

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, as SARIF and editors count (SARIF 2.1.0 §3.14.17).
    Utf16,
    /// Characters, as people count.
    Utf32,
}

/// A line and a column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in the chosen encoding, from 1.
    pub column: u32,
}

/// Where the lines of a text start. A line ends after `\n`, `\r\n` or a lone `\r`.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Scans the text once.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n') {
                starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            }
        }
        Self { starts }
    }

    /// The position of a byte offset; an offset past the end is taken as the end.
    pub fn position(&self, text: &str, offset: u32, encoding: Encoding) -> Position {
        let mut offset = offset.min(u32::try_from(text.len()).unwrap_or(u32::MAX));
        while !text.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = &text[self.starts[line] as usize..offset as usize];
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.encode_utf16().count(),
            Encoding::Utf32 => before.chars().count(),
        };
        Position { line: to_u32(line) + 1, column: to_u32(column) + 1 }
    }

    /// The byte range of a line (from 1) without its line break.
    pub fn line_range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = self.starts.get(index) else { return text.len()..text.len() };
        let end = self.starts.get(index + 1).map_or(text.len(), |&next| next as usize);
        let line = &text[start as usize..end];
        start as usize..start as usize + line.trim_end_matches(['\r', '\n']).len()
    }

    /// How many lines there are; an empty text has one.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never true: even an empty text has a line.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_in_each_encoding() {
        let text = "a\u{1F600}b\r\nc\rd";
        let index = LineIndex::new(text);
        let at = u32::try_from(text.find('b').unwrap()).unwrap();
        assert_eq!(index.position(text, at, Encoding::Utf8), Position { line: 1, column: 6 });
        assert_eq!(index.position(text, at, Encoding::Utf16), Position { line: 1, column: 4 });
        assert_eq!(index.position(text, at, Encoding::Utf32), Position { line: 1, column: 3 });
        let d = u32::try_from(text.find('d').unwrap()).unwrap();
        assert_eq!(index.position(text, d, Encoding::Utf8), Position { line: 3, column: 1 });
        assert_eq!(index.line_range(text, 1), 0..6);
        assert_eq!(index.line_range(text, 2), 8..9);
    }

    #[test]
    fn an_offset_past_the_end_is_the_end() {
        let index = LineIndex::new("ab");
        assert_eq!(index.position("ab", 99, Encoding::Utf32), Position { line: 1, column: 3 });
    }
}
