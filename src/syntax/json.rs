//! JSON text into the arena, with byte spans: whole templates, and JSON with holes that stands in a string of a template.
//!
//! Strict as RFC 8259; what it takes besides is a byte order mark, duplicate keys (reported) and lone surrogates (read as U+FFFD, as the RFC leaves them open).
//! Numbers stay text. After an error nothing more is read.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Builder, Document, IssueKind, Kind, MAX_DEPTH, NodeId, Parsed, Style, SyntaxIssue, Tag, duplicate_keys};
use crate::source::{FileId, Span, TextMap};

/// Reads a whole JSON file.
pub fn parse(file: FileId, text: &Arc<str>) -> Result<Parsed, SyntaxIssue> {
    match read(file, text) {
        (parsed, None) => Ok(parsed),
        (_, Some(error)) => Err(error),
    }
}

/// Reads a JSON file up to its first error.
pub(super) fn read(file: FileId, text: &Arc<str>) -> (Parsed, Option<SyntaxIssue>) {
    let mut reader = Reader::new(text, Builder::new(file, text.clone()), &[]);
    let error = reader.document().err().map(|error| error.issue(|start, end| Span::new(file, start, end)));
    let mut issues = reader.issues;
    issues.sort_by_key(|issue| issue.span);
    (Parsed { document: reader.builder.finish(), issues }, error)
}

/// Reads JSON out of a string of a template.
///
/// `map` says where the bytes of `text` stand in the file. `holes` are the ranges of `text`, in order and apart, that are not known (`${Name}`):
/// inside a string literal or beside other bare text a hole marks the scalar, alone in value position it is a node of kind [`Kind::Hole`].
/// Duplicate keys are kept and not reported.
#[expect(clippy::needless_pass_by_value, reason = "the tree owns the text and the holes while they are read")]
pub fn parse_embedded(
    file: FileId,
    text: Arc<str>,
    map: TextMap,
    holes: Vec<(u32, u32)>,
) -> Result<Document, SyntaxIssue> {
    let mut reader = Reader::new(&text, Builder::embedded(file, text.clone(), map, holes.clone()), &holes);
    let result = reader.document();
    let document = reader.builder.finish();
    match result {
        Ok(()) => Ok(document),
        Err(error) => Err(error.issue(|start, end| document.span_of(start, end))),
    }
}

/// The text that a piece of a JSON string literal stands for, without its quotes. What is no escape of JSON stays as it is.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while !rest.is_empty() {
        let (character, len) = escape(rest.as_bytes()).unwrap_or(('\\', 1));
        text.push(character);
        rest = &rest[len..];
        let plain = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// The character of the escape that the bytes start with, and its length.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = hex4(bytes.get(2..6)?)?;
            if (0xD800..0xDC00).contains(&unit)
                && bytes.get(6..8) == Some(b"\\u")
                && let Some(low @ 0xDC00..0xE000) = bytes.get(8..12).and_then(hex4)
            {
                return Some((char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?, 12));
            }
            return Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        _ => return None,
    };
    Some((character, 2))
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, &byte| Some(number * 16 + char::from(byte).to_digit(16)?))
}

/// Bytes that end a run of plain bytes in a string: quote, backslash and control characters.
const ENDS_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < b' ' {
        ends[byte as usize] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// What is wrong, in offsets of the text.
struct Error {
    kind: IssueKind,
    start: usize,
    end: usize,
    message: String,
    help: Option<&'static str>,
}

impl Error {
    fn issue(self, span: impl Fn(u32, u32) -> Span) -> SyntaxIssue {
        SyntaxIssue {
            kind: self.kind,
            span: span(to_u32(self.start), to_u32(self.end)),
            message: self.message,
            help: self.help.map(str::to_owned),
            related: None,
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    builder: Builder,
    /// Open collections: their node, and whether it is an object.
    open: Vec<(NodeId, bool)>,
    holes: &'t [(u32, u32)],
    /// The first hole that does not lie before `at`.
    hole: usize,
    embedded: bool,
    issues: Vec<SyntaxIssue>,
}

/// What follows a value.
enum Next {
    Value,
    Key,
    End,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, builder: Builder, holes: &'t [(u32, u32)]) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let embedded = builder.is_embedded();
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            builder,
            open: Vec::with_capacity(32),
            holes,
            hole: 0,
            embedded,
            issues: Vec::new(),
        }
    }

    fn document(&mut self) -> Result<(), Error> {
        self.builder.mark_json();
        self.white();
        loop {
            if self.value()? {
                continue;
            }
            match self.after_value()? {
                Next::Value => {}
                Next::Key => self.key()?,
                Next::End => return Ok(()),
            }
        }
    }

    fn white(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// Reads a scalar or opens a collection; true if another value has to follow at once.
    fn value(&mut self) -> Result<bool, Error> {
        if self.hole_here().is_some() {
            self.bare()?;
            return Ok(false);
        }
        match self.bytes.get(self.at) {
            Some(b'"') => self.string()?,
            Some(b'{') => {
                self.enter(Kind::Mapping)?;
                if self.bytes.get(self.at) != Some(&b'}') {
                    self.key()?;
                    return Ok(true);
                }
            }
            Some(b'[') => {
                self.enter(Kind::Sequence)?;
                if self.bytes.get(self.at) != Some(&b']') {
                    return Ok(true);
                }
            }
            Some(b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => self.bare()?,
            _ => return Err(self.unexpected("a value")),
        }
        Ok(false)
    }

    fn enter(&mut self, kind: Kind) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("lists and maps are nested more than {MAX_DEPTH} deep here");
            return Err(Error { kind: IssueKind::TooDeep, start: self.at, end: self.at + 1, message, help: None });
        }
        let id = self.builder.open(to_u32(self.at), kind, Style::Flow, Tag::None);
        self.open.push((id, kind == Kind::Mapping));
        self.at += 1;
        self.white();
        Ok(())
    }

    /// Closes what ends here and steps over a comma.
    fn after_value(&mut self) -> Result<Next, Error> {
        loop {
            self.white();
            match (self.open.last(), self.bytes.get(self.at)) {
                (None, None) => return Ok(Next::End),
                (None, Some(_)) => return Err(self.unexpected("the end of the JSON text")),
                (Some(&(id, object)), Some(&byte)) if byte == if object { b'}' } else { b']' } => {
                    self.at += 1;
                    self.builder.close(to_u32(self.at));
                    self.open.pop();
                    if object && !self.embedded {
                        duplicate_keys(self.builder.node(id), &mut self.issues);
                    }
                }
                (Some(&(_, object)), Some(b',')) => {
                    let comma = self.at;
                    self.at += 1;
                    self.white();
                    if let Some(close @ (b'}' | b']')) = self.bytes.get(self.at) {
                        let message = format!("JSON allows no comma before `{}`", char::from(*close));
                        return Err(Error {
                            kind: IssueKind::Syntax,
                            start: comma,
                            end: comma + 1,
                            message,
                            help: Some("remove the comma"),
                        });
                    }
                    return Ok(if object { Next::Key } else { Next::Value });
                }
                (Some(&(_, object)), _) => {
                    return Err(self.unexpected(if object { "`,` or `}`" } else { "`,` or `]`" }));
                }
            }
        }
    }

    /// A key and its colon.
    fn key(&mut self) -> Result<(), Error> {
        if self.hole_here().is_some() {
            self.bare_scalar()?;
        } else if self.bytes.get(self.at) == Some(&b'"') {
            self.string()?;
        } else {
            return Err(self.unexpected("a key in double quotes"));
        }
        self.white();
        if self.bytes.get(self.at) != Some(&b':') || self.hole_here().is_some() {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        self.white();
        Ok(())
    }

    /// The hole that starts where the reader is.
    fn hole_here(&mut self) -> Option<usize> {
        while self.holes.get(self.hole).is_some_and(|&(start, _)| (start as usize) < self.at) {
            self.hole += 1;
        }
        self.holes.get(self.hole).filter(|&&(start, _)| start as usize == self.at).map(|_| self.hole)
    }

    /// A string literal; holes in it may hold any text.
    fn string(&mut self) -> Result<(), Error> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        let mut holed = false;
        loop {
            // Only up to the next hole, so that a long string with many holes is not searched again for each.
            let hole = if self.holes.is_empty() { None } else { self.next_hole() };
            let limit = hole.map_or(self.bytes.len(), |(from, _)| from);
            let found = self.bytes[self.at..limit].iter().position(|&byte| ENDS_RUN[usize::from(byte)]);
            let to = found.map_or(limit, |len| self.at + len);
            self.at = to;
            if found.is_none() {
                let Some((_, end)) = hole else { return Err(self.unclosed(start)) };
                self.at = end;
                holed = true;
            } else if self.bytes[to] == b'"' {
                break;
            } else if self.bytes[to] < b' ' {
                return Err(self.control(start, to));
            } else {
                let Some((_, len)) = escape(&self.bytes[to..]) else { return Err(self.bad_escape()) };
                self.at += len;
                escaped = true;
            }
        }
        self.at += 1;
        let decoded = escaped.then(|| self.decode(start + 1, self.at - 1, holed));
        let id = self.builder.scalar(to_u32(start), to_u32(self.at), Style::DoubleQuoted, Tag::None, decoded);
        if holed {
            self.builder.mark_holes(id);
        }
        Ok(())
    }

    /// The next hole from here on.
    fn next_hole(&mut self) -> Option<(usize, usize)> {
        while self.holes.get(self.hole).is_some_and(|&(from, to)| (from as usize) < self.at || from == to) {
            self.hole += 1;
        }
        self.holes.get(self.hole).map(|&(from, to)| (from as usize, to as usize))
    }

    /// Decodes a string literal; the text of holes stays as it is.
    fn decode(&self, start: usize, end: usize, holed: bool) -> Box<str> {
        if !holed {
            return unescape(&self.text[start..end]).into();
        }
        let mut decoded = String::with_capacity(end - start);
        let mut at = start;
        let first = self.holes.partition_point(|&(from, _)| (from as usize) < start);
        for &(from, to) in self.holes[first..].iter().take_while(|&&(from, _)| (from as usize) < end) {
            decoded.push_str(&unescape(&self.text[at..from as usize]));
            decoded.push_str(&self.text[from as usize..to as usize]);
            at = to as usize;
        }
        decoded.push_str(&unescape(&self.text[at..end]));
        decoded.into()
    }

    /// Text without quotes: a number, `true`, `false`, `null`, or something with holes.
    fn bare(&mut self) -> Result<(), Error> {
        if let Some(hole) = self.hole_here() {
            let (start, end) = self.holes[hole];
            let next = self.holes.get(hole + 1).map(|&(start, _)| start);
            if next != Some(end) && !self.bytes.get(end as usize).copied().is_some_and(is_bare) {
                self.at = end as usize;
                self.builder.hole(start, end, hole);
                return Ok(());
            }
        }
        self.bare_scalar()
    }

    fn bare_scalar(&mut self) -> Result<(), Error> {
        let start = self.at;
        let mut holed = false;
        loop {
            if !self.holes.is_empty()
                && let Some(hole) = self.hole_here()
            {
                let end = self.holes[hole].1 as usize;
                if end > self.at {
                    self.at = end;
                    holed = true;
                    continue;
                }
            }
            match self.bytes.get(self.at) {
                Some(&byte) if is_bare(byte) => self.at += 1,
                _ => break,
            }
        }
        let text = &self.text[start..self.at];
        if !holed && !matches!(text, "true" | "false" | "null") && !is_number(text.as_bytes()) {
            return Err(bad_bare(start, text));
        }
        let id = self.builder.scalar(to_u32(start), to_u32(self.at), Style::Plain, Tag::None, None);
        if holed {
            self.builder.mark_holes(id);
        }
        Ok(())
    }
}

fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

/// RFC 8259: no leading zeros, digits on both sides of the point.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &text[count..])
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(mut rest) = (if text.first() == Some(&b'0') { Some(&text[1..]) } else { digits(text) }) else {
        return false;
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(after) = digits(fraction) else { return false };
        rest = after;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = if let [b'+' | b'-', digits @ ..] = exponent { digits } else { exponent };
        let Some(after) = digits(exponent) else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// Errors, out of the way of the reading.
impl Reader<'_> {
    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        let (end, found) = match self.text[self.at..].chars().next() {
            None => (self.at, "the text ends".to_owned()),
            Some('\'') => (self.at + 1, "`'` stands".to_owned()),
            Some(character) => (self.at + character.len_utf8(), format!("`{}` stands", character.escape_debug())),
        };
        let help = match self.bytes[self.at..] {
            [b'/', b'/' | b'*', ..] | [b'#', ..] => {
                Some("JSON has no comments: remove it, or write the template in YAML")
            }
            [b'\'', ..] => Some("JSON writes strings and keys in double quotes"),
            [b'"', ..] if expected.starts_with("`,`") => Some("put a comma before it"),
            _ => None,
        };
        let message = format!("{found} where JSON needs {expected}");
        let kind = if self.is_beside_hole() { IssueKind::AroundHole } else { IssueKind::Syntax };
        Error { kind, start: self.at, end, message, help }
    }

    /// True if a hole outside of strings starts here, or ends before the white space here.
    fn is_beside_hole(&self) -> bool {
        let before = self.text[..self.at].trim_end().len();
        self.holes.iter().any(|&(start, end)| start as usize == self.at || end as usize == before)
    }

    #[cold]
    fn unclosed(&self, start: usize) -> Error {
        let line = memchr::memchr2(b'\n', b'\r', &self.bytes[start..]).map_or(self.bytes.len(), |len| start + len);
        Error {
            kind: IssueKind::Syntax,
            start,
            end: line,
            message: "this string is not closed".to_owned(),
            help: Some("end it with `\"`"),
        }
    }

    #[cold]
    fn control(&self, start: usize, at: usize) -> Error {
        let byte = self.bytes[at];
        if matches!(byte, b'\n' | b'\r') {
            let message = "this string runs over the end of its line".to_owned();
            let help = Some("close it with `\"`, or write the line break as `\\n`");
            return Error { kind: IssueKind::Syntax, start, end: at, message, help };
        }
        let message = if byte == b'\t' {
            "JSON allows no tab inside a string".to_owned()
        } else {
            format!("JSON allows no control character U+{byte:04X} inside a string")
        };
        let help = Some(if byte == b'\t' { "write it as `\\t`" } else { "write it as an escape, `\\u00…`" });
        Error { kind: IssueKind::Syntax, start: at, end: at + 1, message, help }
    }

    #[cold]
    fn bad_escape(&self) -> Error {
        let rest = &self.text[self.at..];
        let end = self.at + rest.char_indices().nth(2).map_or(rest.len(), |(len, _)| len);
        let message = format!(
            "`{}` is no escape of JSON",
            self.text[self.at..end].escape_debug().to_string().replace("\\\\", "\\")
        );
        let help = Some(
            "write a backslash as `\\\\`; escapes are `\\\"`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\u` with four digits",
        );
        Error { kind: IssueKind::Syntax, start: self.at, end, message, help }
    }
}

#[cold]
fn bad_bare(start: usize, text: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    let help = if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        "put it in double quotes if it is text; a number has no leading zero and no `_`"
    } else {
        "put text in double quotes; only numbers, `true`, `false` and `null` stand without"
    };
    let message = format!("`{shown}` is no JSON value");
    Error { kind: IssueKind::Syntax, start, end: start + text.len(), message, help: Some(help) }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Node;

    /// Reads a text whose `<…>` are holes, as if it stood at byte 100 of a file.
    fn embedded(text: &str) -> Result<Document, SyntaxIssue> {
        let holes = text.match_indices('<').map(|(at, _)| (to_u32(at), to_u32(at + text[at..].find('>').unwrap() + 1)));
        parse_embedded(FileId::new(1), text.into(), TextMap::identity(to_u32(text.len()), 100), holes.collect())
    }

    fn values(document: &Document) -> Vec<Node<'_>> {
        document.root().unwrap().children().collect()
    }

    #[test]
    fn holes_stand_where_a_value_text_or_key_may_stand() {
        let document =
            embedded("{\"a\": <X>, \"b\": \"s3://<B>/<C>\", \"c\": 1<X>, <K>: true, \"d\": <X><Y>, \"e<F>\": \"g\"}")
                .unwrap();
        let nodes = values(&document);
        let shown: Vec<_> = nodes.iter().map(|node| (node.kind(), node.text(), node.holes().count())).collect();
        assert_eq!(
            shown,
            [
                (Kind::Scalar, "a", 0),
                (Kind::Hole, "", 1),
                (Kind::Scalar, "b", 0),
                (Kind::Scalar, "s3://<B>/<C>", 2),
                (Kind::Scalar, "c", 0),
                (Kind::Scalar, "1<X>", 1),
                (Kind::Scalar, "<K>", 1),
                (Kind::Scalar, "true", 0),
                (Kind::Scalar, "d", 0),
                (Kind::Scalar, "<X><Y>", 2),
                (Kind::Scalar, "e<F>", 1),
                (Kind::Scalar, "g", 0),
            ]
        );
        assert!(nodes.iter().all(|node| node.has_holes() == (node.holes().count() > 0)));
        assert_eq!((nodes[1].hole(), nodes[1].span()), (Some(0), Span::new(FileId::new(1), 106, 109)));
        assert_eq!(nodes[3].holes().map(|(number, _)| number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(embedded("<Body>").unwrap().root().unwrap().kind(), Kind::Hole);
    }

    #[test]
    fn a_hole_may_hold_anything() {
        let document = embedded("{\"a\\n\": \"x\\u0041<\"quoted\" \\ text>\\\"y\"}").unwrap();
        let value = values(&document)[1];
        assert_eq!(value.text(), "xA<\"quoted\" \\ text>\"y");
        assert!(value.has_holes() && !values(&document)[0].has_holes());
        for text in ["{<K> 1}", "[<A> <B>]", "{\"a\"<C> 1}", "[<A>\"x\"]"] {
            assert!(embedded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_stands_in_the_file() {
        let issue = embedded("{\"a\": <X>,}").unwrap_err();
        assert_eq!((issue.span, issue.kind), (Span::new(FileId::new(1), 109, 110), IssueKind::Syntax));
        let whole = parse_embedded(FileId::new(1), "[".into(), TextMap::whole(1, 5, 50), Vec::new()).unwrap_err();
        assert_eq!(whole.span, Span::new(FileId::new(1), 50, 50));
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        for (text, place, message) in [
            ("", "", "the text ends where JSON needs a value"),
            ("{\"a\": 1,}", ",", "JSON allows no comma before `}`"),
            ("[1 2]", "2", "`2` stands where JSON needs `,` or `]`"),
            ("{\"a\" 1}", "1", "`1` stands where JSON needs `:`"),
            ("{a: 1}", "a", "`a` stands where JSON needs a key in double quotes"),
            ("{'a': 1}", "'", "`'` stands where JSON needs a key in double quotes"),
            ("[1] x", "x", "`x` stands where JSON needs the end of the JSON text"),
            ("[1, // c\n2]", "/", "`/` stands where JSON needs a value"),
            ("[012]", "012", "`012` is no JSON value"),
            ("[1.]", "1.", "`1.` is no JSON value"),
            ("[1e]", "1e", "`1e` is no JSON value"),
            ("[-]", "-", "`-` is no JSON value"),
            ("[True]", "True", "`True` is no JSON value"),
            ("[NaN]", "NaN", "`NaN` is no JSON value"),
            ("[.5]", ".", "`.` stands where JSON needs a value"),
            ("[\"a]", "\"a]", "this string is not closed"),
            ("[\"a\nb\"]", "\"a", "this string runs over the end of its line"),
            ("[\"a\tb\"]", "\t", "JSON allows no tab inside a string"),
            ("[\"a\u{1}b\"]", "\u{1}", "JSON allows no control character U+0001 inside a string"),
            ("[\"\\x\"]", "\\x", "`\\x` is no escape of JSON"),
            ("[\"\\u12\"]", "\\u", "`\\u` is no escape of JSON"),
            ("{\"a\": [1, 2", "", "the text ends where JSON needs `,` or `]`"),
        ] {
            let issue = parse(FileId::new(0), &Arc::from(text)).unwrap_err();
            assert_eq!((&text[issue.span.range()], issue.message.as_str()), (place, message), "{text:?}");
        }
    }

    #[test]
    fn what_json_allows_is_read() {
        for (text, expected) in [
            ("\u{feff}{\"a\": 1}", "a"),
            ("[\"\\ud83d\\ude00 \\u00e9 \\/ \\n\"]", "\u{1f600} é / \n"),
            ("[\"\\ud83d\"]", "\u{fffd}"),
            ("[\"\\ude00\\ud83dx\"]", "\u{fffd}\u{fffd}x"),
            ("[\"\u{7f}\u{2028}\"]", "\u{7f}\u{2028}"),
            ("[-0.5e+10]", "-0.5e+10"),
            ("[123456789012345678901234567890]", "123456789012345678901234567890"),
            (" [ true ] \r\n\t", "true"),
        ] {
            let parsed = parse(FileId::new(0), &Arc::from(text)).unwrap();
            assert_eq!(values(&parsed.document)[0].text(), expected);
            assert!(parsed.document.is_json());
        }
    }

    #[test]
    fn pieces_of_a_string_are_unescaped() {
        assert!(matches!(unescape("plain"), Cow::Borrowed("plain")));
        assert_eq!(unescape("a\\nb\\\\n\\u0041\\q\\"), "a\nb\\nA\\q\\");
    }
}
