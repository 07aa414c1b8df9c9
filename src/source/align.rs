//! Aligns the decoded text of a YAML or JSON scalar with its source bytes.
//!
//! Follows the decoding rules of each notation and compares every byte on the way: escapes, folded lines, indentation, chomping, CRLF.
//! Where the two texts do not meet there is no map, and the caller points at the whole scalar instead of at a wrong byte.

use super::text_map::TextMap;

/// How a scalar is written, as far as decoding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// Without quotes; may be folded over lines.
    Plain,
    /// `'…'`; `''` is a quote.
    Single,
    /// `"…"`; backslash escapes of YAML, which include those of JSON.
    Double,
    /// `|`; from the indicator on.
    Literal,
    /// `>`; from the indicator on.
    Folded,
}

impl TextMap {
    /// The map of a scalar: `raw` is its source with quotes or block indicator and stands at `base` in the file.
    ///
    /// `None` if the texts do not meet byte by byte; then [`TextMap::whole`] is the honest map.
    pub fn align(decoded: &str, raw: &str, base: u32, quoting: Quoting) -> Option<Self> {
        u32::try_from(decoded.len().max(raw.len())).ok()?.checked_add(base)?;
        let inner = match quoting {
            Quoting::Plain => Some((0, raw)),
            Quoting::Single => raw.strip_prefix('\'').and_then(|raw| raw.strip_suffix('\'')).map(|raw| (1, raw)),
            Quoting::Double => raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).map(|raw| (1, raw)),
            Quoting::Literal | Quoting::Folded => None,
        };
        let mut aligner = Aligner { map: Self::default(), decoded: decoded.as_bytes(), at: 0, base };
        match inner {
            Some((skip, inner)) if inner == decoded => return Some(Self::identity(to_u32(inner.len()), base + skip)),
            Some((skip, inner)) => {
                aligner.base += skip;
                aligner.flow(inner.as_bytes(), quoting)?;
            }
            None if matches!(quoting, Quoting::Literal | Quoting::Folded) => {
                aligner.block(raw, quoting == Quoting::Folded)?;
            }
            None => return None,
        }
        if decoded.is_empty() {
            aligner.map.push_same(0, aligner.base);
        }
        (aligner.at == decoded.len()).then_some(aligner.map)
    }
}

/// Walks both texts; what it has met is in the map.
struct Aligner<'t> {
    map: TextMap,
    decoded: &'t [u8],
    at: usize,
    /// File offset of the raw text's first byte.
    base: u32,
}

impl Aligner<'_> {
    /// The next decoded bytes are these raw ones.
    fn same(&mut self, bytes: &[u8], raw_at: usize) -> Option<()> {
        if !self.decoded[self.at..].starts_with(bytes) {
            return None;
        }
        self.map.push_same(to_u32(bytes.len()), self.base + to_u32(raw_at));
        self.at += bytes.len();
        Some(())
    }

    /// The next decoded bytes stand for a range of raw ones.
    fn stands_for(&mut self, bytes: &[u8], raw_start: usize, raw_end: usize) -> Option<()> {
        if !self.decoded[self.at..].starts_with(bytes) {
            return None;
        }
        self.map.push_whole(to_u32(bytes.len()), self.base + to_u32(raw_start), self.base + to_u32(raw_end));
        self.at += bytes.len();
        Some(())
    }

    /// Plain and quoted scalars: white space around line breaks goes, one break becomes a space, more become one less.
    fn flow(&mut self, raw: &[u8], quoting: Quoting) -> Option<()> {
        let mut breaks = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            match raw[at] {
                b'\\' if quoting == Quoting::Double => {
                    if matches!(raw.get(at + 1), Some(b'\n' | b'\r')) {
                        at = white_run(raw, at + 1, &mut breaks);
                        // The escaped break itself gives nothing; blank lines after it do.
                        for &(start, end) in breaks.iter().skip(1) {
                            self.stands_for(b"\n", start, end)?;
                        }
                    } else {
                        let (character, len) = escape(&raw[at..])?;
                        self.stands_for(character.encode_utf8(&mut [0; 4]).as_bytes(), at, at + len)?;
                        at += len;
                    }
                }
                b'\'' if quoting == Quoting::Single => {
                    if raw.get(at + 1) != Some(&b'\'') {
                        return None;
                    }
                    self.stands_for(b"'", at, at + 2)?;
                    at += 2;
                }
                b' ' | b'\t' | b'\n' | b'\r' => {
                    let end = white_run(raw, at, &mut breaks);
                    match breaks[..] {
                        [] => self.same(&raw[at..end], at)?,
                        [(start, end)] => self.stands_for(b" ", start, end)?,
                        _ => {
                            for &(start, end) in &breaks[1..] {
                                self.stands_for(b"\n", start, end)?;
                            }
                        }
                    }
                    at = end;
                }
                _ => {
                    let len = raw[at..]
                        .iter()
                        .position(|byte| matches!(byte, b'\\' | b'\'' | b' ' | b'\t' | b'\n' | b'\r'))
                        .unwrap_or(raw.len() - at)
                        .max(1);
                    self.same(&raw[at..at + len], at)?;
                    at += len;
                }
            }
        }
        Some(())
    }

    /// Literal and folded scalars, line by line.
    fn block(&mut self, raw: &str, folded: bool) -> Option<()> {
        if !raw.starts_with(if folded { '>' } else { '|' }) {
            return None;
        }
        let decoded = std::str::from_utf8(self.decoded).ok()?;
        let mut lines = Lines { raw: raw.as_bytes(), at: 0 };
        let header = lines.next()?;
        let indent = block_indent(decoded, &raw[header.after..])?;
        // Line breaks since the last line with content.
        let mut breaks: Vec<(usize, usize)> = Vec::new();
        let mut first = true;
        for line in lines {
            let bytes = &raw.as_bytes()[line.start..line.end];
            let skip = bytes.iter().take(indent).take_while(|&&byte| byte == b' ').count();
            if skip < bytes.len() {
                self.joint(&breaks, folded && !first)?;
                self.same(&bytes[skip..], line.start + skip)?;
                breaks.clear();
                first = false;
            }
            if line.after > line.end {
                breaks.push((line.end, line.after));
            }
        }
        // What chomping has left of the breaks at the end; the source may be cut before them.
        let left = self.decoded.len() - self.at;
        for index in 0..left {
            let (start, end) = breaks.get(index).copied().unwrap_or((raw.len(), raw.len()));
            self.stands_for(b"\n", start, end)?;
        }
        Some(())
    }

    /// The line breaks before a line with content: a space or line breaks in the decoded text.
    fn joint(&mut self, breaks: &[(usize, usize)], folded: bool) -> Option<()> {
        let count = self.decoded[self.at..].iter().take_while(|&&byte| byte == b'\n').count();
        if folded && count == 0 {
            let &[(start, end)] = breaks else { return None };
            return self.stands_for(b" ", start, end);
        }
        if count != breaks.len() && !(folded && count + 1 == breaks.len()) {
            return None;
        }
        breaks.iter().take(count).try_for_each(|&(start, end)| self.stands_for(b"\n", start, end))
    }
}

/// How far a block scalar is indented: the first line with content shows it in both texts.
fn block_indent(decoded: &str, raw: &str) -> Option<usize> {
    let leading = |text: &str| {
        let line = text.split(['\n', '\r']).find(|line| line.bytes().any(|byte| byte != b' '))?;
        Some(line.bytes().take_while(|&byte| byte == b' ').count())
    };
    match (leading(raw), leading(decoded)) {
        (Some(raw), Some(decoded)) => raw.checked_sub(decoded),
        (None, None) => Some(usize::MAX),
        _ => None,
    }
}

/// One line of the raw text: its bytes, and where the next one starts.
struct Line {
    start: usize,
    end: usize,
    after: usize,
}

struct Lines<'t> {
    raw: &'t [u8],
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.raw.len() {
            return None;
        }
        let start = self.at;
        let end = memchr::memchr2(b'\n', b'\r', &self.raw[start..]).map_or(self.raw.len(), |len| start + len);
        self.at = end + break_len(&self.raw[end..]);
        Some(Line { start, end, after: self.at })
    }
}

/// Length of the line break that the bytes start with.
fn break_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    }
}

/// The end of a run of white space, and the line breaks in it.
fn white_run(raw: &[u8], mut at: usize, breaks: &mut Vec<(usize, usize)>) -> usize {
    breaks.clear();
    loop {
        match raw.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(b'\n' | b'\r') => {
                let end = at + break_len(&raw[at..]);
                breaks.push((at, end));
                at = end;
            }
            _ => return at,
        }
    }
}

/// The character of a backslash escape and its length in the source; a surrogate pair is one escape of 12 bytes.
fn escape(raw: &[u8]) -> Option<(char, usize)> {
    let character = match raw.get(1)? {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0b',
        b'f' => '\x0c',
        b'r' => '\r',
        b'e' => '\x1b',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        byte @ (b' ' | b'"' | b'/' | b'\\' | b'\'') => char::from(*byte),
        b'x' => return Some((char::from_u32(hex(raw, 2, 2)?)?, 4)),
        b'U' => return Some((char::from_u32(hex(raw, 2, 8)?)?, 10)),
        b'u' => {
            let unit = hex(raw, 2, 4)?;
            if (0xD800..0xDC00).contains(&unit) && raw.get(6..8) == Some(b"\\u") {
                let low = hex(raw, 8, 4)?;
                if (0xDC00..0xE000).contains(&low) {
                    return Some((char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?, 12));
                }
            }
            // A lone surrogate is read as the replacement character.
            return Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        _ => return None,
    };
    Some((character, 2))
}

fn hex(raw: &[u8], at: usize, digits: usize) -> Option<u32> {
    raw.get(at..at + digits)?
        .iter()
        .try_fold(0u32, |number, &byte| Some(number.checked_mul(16)? + char::from(byte).to_digit(16)?))
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source text of each decoded byte, as ranges of `raw`.
    fn places(decoded: &str, raw: &str, quoting: Quoting) -> Option<Vec<String>> {
        let map = TextMap::align(decoded, raw, 100, quoting)?;
        assert_eq!(map.len() as usize, decoded.len());
        Some(
            decoded
                .char_indices()
                .map(|(at, character)| {
                    let (start, end) = map.range(to_u32(at), to_u32(at + character.len_utf8()));
                    raw[start as usize - 100..end as usize - 100].to_owned()
                })
                .collect(),
        )
    }

    #[test]
    fn every_notation_aligns() {
        let cases: &[(&str, &str, Quoting, &[&str])] = &[
            ("ab", "ab", Quoting::Plain, &["a", "b"]),
            ("a b", "a  \n   b", Quoting::Plain, &["a", "\n", "b"]),
            ("a\nb", "a\r\n\r\n b", Quoting::Plain, &["a", "\r\n", "b"]),
            ("it's", "'it''s'", Quoting::Single, &["i", "t", "''", "s"]),
            ("a b", "'a\n  b'", Quoting::Single, &["a", "\n", "b"]),
            ("\\n", "'\\n'", Quoting::Single, &["\\", "n"]),
            ("a\nb", r#""a\nb""#, Quoting::Double, &["a", "\\n", "b"]),
            ("é😀/", r#""\u00e9\ud83d\ude00\/""#, Quoting::Double, &["\\u00e9", "\\ud83d\\ude00", "\\/"]),
            ("\u{85}😀", r#""\N\U0001F600""#, Quoting::Double, &["\\N", "\\U0001F600"]),
            ("\u{fffd}x", r#""\ud83dx""#, Quoting::Double, &["\\ud83d", "x"]),
            ("ab", "\"a\\\n   b\"", Quoting::Double, &["a", "b"]),
            ("a b", "\"a \\\n   b\"", Quoting::Double, &["a", " ", "b"]),
            ("a  b", "\"a \\\n  \\ b\"", Quoting::Double, &["a", " ", "\\ ", "b"]),
            ("'", "\"'\"", Quoting::Double, &["'"]),
            ("x\n y\n\nz\n", "|\n  x\n   y\n\n  z\n", Quoting::Literal, &["x", "\n", " ", "y", "\n", "\n", "z", "\n"]),
            ("x\ny\n", "|\r\n  x\r\n  y", Quoting::Literal, &["x", "\r\n", "y", ""]),
            ("x\n\n", "|+\n  x\n\n", Quoting::Literal, &["x", "\n", "\n"]),
            ("\n x", "|2-\n\n   x\n", Quoting::Literal, &["\n", " ", "x"]),
            ("x y\nz\n", ">\n  x\n  y\n\n  z\n", Quoting::Folded, &["x", "\n", "y", "\n", "z", "\n"]),
            ("x\n y\nz", ">-\n x\n  y\n z", Quoting::Folded, &["x", "\n", " ", "y", "\n", "z"]),
        ];
        for &(decoded, raw, quoting, expected) in cases {
            assert_eq!(
                places(decoded, raw, quoting).as_deref(),
                Some(expected.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{raw:?}"
            );
        }
    }

    #[test]
    fn texts_that_do_not_meet_have_no_map() {
        for (decoded, raw, quoting) in [
            ("ab", "ac", Quoting::Plain),
            ("a", "a b", Quoting::Plain),
            ("a b", "a", Quoting::Plain),
            ("a", "'a", Quoting::Single),
            ("a", "\"\\q\"", Quoting::Double),
            ("a\nb\n", "|\n  a\n  c\n", Quoting::Literal),
            ("a", "a", Quoting::Literal),
            ("a  b", ">\n  a\n  b\n", Quoting::Folded),
        ] {
            assert_eq!(TextMap::align(decoded, raw, 0, quoting), None, "{raw:?}");
        }
    }

    #[test]
    fn an_empty_scalar_stands_between_its_quotes() {
        assert_eq!(TextMap::align("", "\"\"", 10, Quoting::Double).unwrap().range(0, 0), (11, 11));
        assert_eq!(TextMap::align("", "|", 10, Quoting::Literal).unwrap().range(0, 0), (10, 10));
    }
}
