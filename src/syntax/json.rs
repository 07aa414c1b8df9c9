//! JSON text into the arena, with byte spans: whole templates, and JSON with holes that stands in a string of a template.
//!
//! Strict as RFC 8259; what it takes besides is a byte order mark, duplicate keys (reported) and lone surrogates (read as U+FFFD, as the RFC leaves them open).
//! Numbers stay text. After an error nothing more is read.

mod error;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use super::document::to_u32;
use super::{Builder, Document, IssueKind, Kind, MAX_DEPTH, NodeId, Parsed, Style, SyntaxIssue, Tag, duplicate_keys};
use crate::source::{FileId, Span, TextMap};
use error::{Error, bad_bare};
use token::{ENDS_RUN, escape, is_bare, is_number};

pub use token::unescape;

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
