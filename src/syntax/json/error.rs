//! What is wrong with a JSON text and what to do about it, out of the way of the reading.

use super::Reader;
use crate::source::Span;
use crate::syntax::document::to_u32;
use crate::syntax::{IssueKind, SyntaxIssue};

/// What is wrong, in offsets of the text.
pub(super) struct Error {
    pub(super) kind: IssueKind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

impl Error {
    pub(super) fn issue(self, span: impl Fn(u32, u32) -> Span) -> SyntaxIssue {
        SyntaxIssue {
            kind: self.kind,
            span: span(to_u32(self.start), to_u32(self.end)),
            message: self.message,
            help: self.help.map(str::to_owned),
            related: None,
        }
    }
}

impl Reader<'_> {
    #[cold]
    pub(super) fn unexpected(&self, expected: &str) -> Error {
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
    pub(super) fn unclosed(&self, start: usize) -> Error {
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
    pub(super) fn control(&self, start: usize, at: usize) -> Error {
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
    pub(super) fn bad_escape(&self) -> Error {
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
pub(super) fn bad_bare(start: usize, text: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    let help = if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        "put it in double quotes if it is text; a number has no leading zero and no `_`"
    } else {
        "put text in double quotes; only numbers, `true`, `false` and `null` stand without"
    };
    let message = format!("`{shown}` is no JSON value");
    Error { kind: IssueKind::Syntax, start, end: start + text.len(), message, help: Some(help) }
}
