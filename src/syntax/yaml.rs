//! YAML text into the arena: the events of `granit-parser`, which no other module names.
//!
//! Only the first document of a text is read. After an error the tree holds what came before it. Aliases are not expanded, types not resolved.
//! Spans: a scalar has its quotes but not its tag; a block scalar goes from its `|` or `>` to the last character of its text, so that a
//! [`TextMap`] can be aligned with it; a value that is not written is empty and stands right behind its `:` or `-`.

mod error;

use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};
use rustc_hash::FxHashMap;

use super::document::to_u32;
use super::{
    Builder, Comment, Document, IssueKind, Kind, MAX_DEPTH, NodeId, Parsed, Style, SyntaxIssue, Tag, duplicate_keys,
    is_merge_key, report, report_last,
};
use crate::source::{FileId, Span, TextMap};

/// Reads the first document of a YAML text.
pub(super) fn parse(file: FileId, text: &Arc<str>) -> Parsed {
    let new = || Builder::new(file, text.clone());
    let (first, error) = read(file, text, text, new(), None);
    let Some(tab) = error.filter(|error| error.is_tab) else { return first };
    // libyaml, and so cfn-lint, takes tabs as indentation inside brackets. Same length, so all offsets stay.
    let mut flows = Vec::new();
    let whole = 0..text.len();
    read(file, text, &expand_tabs(text, std::slice::from_ref(&whole)), new(), Some(&mut flows));
    if !flows.iter().any(|flow| flow.contains(&tab.offset)) {
        return first;
    }
    read(file, text, &expand_tabs(text, &flows), new(), None).0
}

/// Reads the first document of a YAML text that stands in a string of a template; absent if it is no YAML.
///
/// `map` says where the bytes of `text` stand in the file. Holes are text to it: `${Name}` is a plain scalar.
pub(super) fn parse_embedded(file: FileId, text: &Arc<str>, map: TextMap) -> Option<Document> {
    let builder = Builder::embedded(file, text.clone(), map, Vec::new());
    let (parsed, ended) = read(file, text, text, builder, None);
    ended.is_none().then_some(parsed.document)
}

/// Replaces the tabs that lines start with by spaces, on lines that start inside one of the ranges.
fn expand_tabs(text: &str, ranges: &[Range<usize>]) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut ranges = ranges.iter().peekable();
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        while ranges.next_if(|range| range.end <= at).is_some() {}
        let tabs = line.len() - line.trim_start_matches('\t').len();
        if tabs > 0 && ranges.peek().is_some_and(|range| range.start <= at) {
            expanded.extend(std::iter::repeat_n(' ', tabs));
            expanded.push_str(&line[tabs..]);
        } else {
            expanded.push_str(line);
        }
        at += line.len();
    }
    expanded
}

fn options() -> Options {
    granit_parser::options! {
        // As libyaml reads it: no line break where the text has none.
        block_scalar_eof_without_line_feed: true,
        emit_unresolved_aliases: true,
        emit_comments: true,
        // Templates hold licence texts as comments and whole documents as keys of flow maps.
        max_buffered_comment_events: 1_000_000,
        simple_key_max_lookahead: 65_536,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    }
}

/// Where and how reading ended early.
struct Ended {
    offset: usize,
    is_tab: bool,
}

/// Reads `input`, which is `text` but for tabs; `flows` gets the outermost collections in brackets.
fn read(
    file: FileId,
    text: &Arc<str>,
    input: &str,
    builder: Builder,
    flows: Option<&mut Vec<Range<usize>>>,
) -> (Parsed, Option<Ended>) {
    let mut reader = Reader {
        file,
        text,
        builder,
        open: Vec::with_capacity(32),
        flows,
        brackets: 0,
        anchors: FxHashMap::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        folded: None,
        documents: 0,
    };
    let mut ended = None;
    for event in Parser::new_from_str_with_options(input, options()) {
        match event {
            Ok((event, span)) => {
                let Some(range) = reader.range(&span) else { continue };
                let tag = span.tag_span().and_then(|tag| reader.range(&tag));
                if !reader.event(event, range, tag) {
                    break;
                }
            }
            Err(error) => {
                let marker = error.marker();
                let offset = marker
                    .byte_offset()
                    .or_else(|| Some(input.char_indices().nth(marker.index())?.0))
                    .unwrap_or(text.len());
                let issue = reader.place(offset).issue(error.kind());
                report_last(&mut reader.issues, issue);
                ended = Some(Ended { offset, is_tab: error::is_tab(error.kind()) });
                break;
            }
        }
    }
    (reader.finish(ended.as_ref()), ended)
}

/// A collection that is not closed yet.
struct Open {
    node: NodeId,
    map: bool,
    /// Where its bracket stands, if it has one.
    bracket: Option<usize>,
    /// It is the key of a map.
    is_key: bool,
}

struct Reader<'t, 'f> {
    file: FileId,
    text: &'t str,
    builder: Builder,
    open: Vec<Open>,
    flows: Option<&'f mut Vec<Range<usize>>>,
    /// How many of the open collections are in brackets.
    brackets: u32,
    anchors: FxHashMap<usize, NodeId>,
    comments: Vec<Comment>,
    issues: Vec<SyntaxIssue>,
    /// End of what was read last.
    at: usize,
    /// The last scalar, if it is plain and has more than one line.
    folded: Option<Range<usize>>,
    documents: u32,
}

impl Reader<'_, '_> {
    /// The bytes of a span, made sure to be a slice of the text.
    fn range(&self, span: &granit_parser::Span) -> Option<Range<usize>> {
        let range = span.byte_range()?;
        self.text.get(range.clone()).map(|_| range)
    }

    fn span(&self, range: &Range<usize>) -> Span {
        Span::new(self.file, to_u32(range.start), to_u32(range.end))
    }

    /// Takes in one event; false if there is nothing more to read.
    fn event(&mut self, event: Event<'_>, range: Range<usize>, tag: Option<Range<usize>>) -> bool {
        match event {
            Event::DocumentStart(explicit, _) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.second_document(range);
                    return false;
                }
                // Without `---` the range is that of what follows.
                if explicit {
                    self.at = self.at.max(range.end);
                }
            }
            Event::Comment(..) => self.comment(&range),
            Event::Scalar(decoded, style, anchor, source_tag) => {
                let code = match source_tag.as_deref().map_or(Tag::None, tag_code) {
                    // No function stands on a key.
                    code if code.is_function() && self.builder.expects_key() => Tag::Other,
                    code => code,
                };
                let id = self.scalar(&decoded, style, range, code, anchor != 0);
                self.properties(id, anchor, tag);
            }
            Event::Alias(anchor) => self.alias(&range, Some(anchor)),
            Event::UnresolvedAlias(_) => self.alias(&range, None),
            Event::SequenceStart(style, anchor, source_tag) => {
                let code = source_tag.as_deref().map_or(Tag::None, tag_code);
                self.open(Kind::Sequence, style, &range, code, anchor, tag);
            }
            Event::MappingStart(style, anchor, source_tag) => {
                let code = source_tag.as_deref().map_or(Tag::None, tag_code);
                self.open(Kind::Mapping, style, &range, code, anchor, tag);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            _ => {}
        }
        true
    }

    fn scalar(&mut self, decoded: &str, style: ScalarStyle, range: Range<usize>, tag: Tag, anchored: bool) -> NodeId {
        let (range, style, same) = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let style = if style == ScalarStyle::Literal { Style::Literal } else { Style::Folded };
                (self.block_scalar(decoded, range), style, false)
            }
            ScalarStyle::Plain if range.is_empty() => {
                let place = if tag == Tag::None && !anchored { self.after_indicator(range.start) } else { range.start };
                (place..place, Style::Plain, true)
            }
            ScalarStyle::Plain => {
                let same = &self.text[range.clone()] == decoded;
                (range, Style::Plain, same)
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let inner = self.text.get(range.start + 1..range.end.saturating_sub(1));
                let style = if style == ScalarStyle::SingleQuoted { Style::SingleQuoted } else { Style::DoubleQuoted };
                (range, style, inner == Some(decoded))
            }
        };
        self.at = self.at.max(range.end);
        self.folded = (style == Style::Plain && !same).then(|| range.clone());
        let is_key = self.builder.expects_key();
        let id =
            self.builder.scalar(to_u32(range.start), to_u32(range.end), style, tag, (!same).then(|| decoded.into()));
        if is_key && is_merge_key(self.builder.node(id)) {
            let issue = SyntaxIssue {
                kind: IssueKind::MergeKey,
                span: self.span(&range),
                message: "CloudFormation does not merge maps with `<<`".to_owned(),
                help: Some("write the merged keys out".to_owned()),
                related: None,
            };
            report(&mut self.issues, issue);
        }
        id
    }

    /// From the indicator to the last character of the text; the event's range starts at the text and ends behind what follows it.
    fn block_scalar(&self, decoded: &str, range: Range<usize>) -> Range<usize> {
        let start = self.indicator(range.start).unwrap_or(range.start);
        let raw = &self.text[start..range.end.max(start)];
        let mut end = raw.trim_end_matches([' ', '\t', '\n', '\r']).len();
        let last_line = decoded.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        // White space at the end of the last line belongs to the text.
        let tail = last_line.len() - last_line.trim_end_matches([' ', '\t']).len();
        if tail < last_line.len() && raw[end..].starts_with(&last_line[last_line.len() - tail..]) {
            end += tail;
        } else if tail > 0 {
            end = raw.trim_end_matches(['\n', '\r']).len();
        }
        start..start + end
    }

    /// Where the `|` or `>` of a block scalar stands, whose text starts at `limit`: behind indicators, tag, anchor and comments.
    fn indicator(&self, limit: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        while at <= limit {
            match bytes.get(at)? {
                b'|' | b'>' => return Some(at),
                b'#' => at = line_end(bytes, at),
                b'!' | b'&' => at += bytes[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count(),
                _ => at += 1,
            }
        }
        None
    }

    /// Right behind the last `:`, `-` or other indicator before a value that is not written; the event stands at the token after it.
    fn after_indicator(&self, limit: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = self.at.min(limit);
        let mut place = at;
        while at < limit {
            match bytes[at] {
                b'#' => at = line_end(bytes, at),
                b'&' => at += bytes[at..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count(),
                b':' | b'-' | b'?' | b',' | b'[' | b'{' => {
                    at += 1;
                    place = at;
                }
                _ => at += 1,
            }
        }
        place
    }

    fn open(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        range: &Range<usize>,
        code: Tag,
        anchor: usize,
        tag: Option<Range<usize>>,
    ) {
        let bracket = matches!(self.text.as_bytes().get(range.start), Some(b'[' | b'{'));
        // `[a: b]` holds a map without braces: it starts and ends with its children.
        let style = if style == StructureStyle::Flow && bracket { Style::Flow } else { Style::Block };
        let is_key = self.builder.expects_key();
        let start = if style == Style::Flow { range.start } else { range.start.max(self.at) };
        let node = self.builder.open(to_u32(start), kind, style, code);
        self.open.push(Open {
            node,
            map: kind == Kind::Mapping,
            bracket: (style == Style::Flow).then_some(range.start),
            is_key,
        });
        if style == Style::Flow {
            self.brackets += 1;
            self.at = self.at.max(range.end);
        }
        self.properties(node, anchor, tag);
    }

    fn close(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        self.builder.close(to_u32(end));
        let node = self.builder.node(open.node);
        if let Some(start) = open.bracket {
            self.at = self.at.max(end);
            self.brackets -= 1;
            if let Some(flows) = self.flows.as_mut().filter(|_| self.brackets == 0) {
                flows.push(start..end);
            }
        }
        if open.map {
            duplicate_keys(node, &mut self.issues);
        }
        if open.is_key {
            let span = node.span();
            let braces = self.text[span.range()].starts_with('{');
            let help = if braces && self.text[..span.range().start].ends_with('{') {
                "put text that starts with `{{` in quotes, as in \"{{resolve:ssm:name}}\""
            } else {
                "write the key as text"
            };
            let issue = SyntaxIssue {
                kind: IssueKind::ComplexKey,
                span,
                message: format!("a {} cannot be a key", if open.map { "map" } else { "list" }),
                help: Some(help.to_owned()),
                related: None,
            };
            report(&mut self.issues, issue);
        }
    }

    /// Records anchor and tag of a node that was just added.
    fn properties(&mut self, id: NodeId, anchor: usize, tag: Option<Range<usize>>) {
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        if let Some(tag) = tag {
            self.builder.tag_place(id, to_u32(tag.start), to_u32(tag.end));
            self.at = self.at.max(tag.end);
        }
    }

    fn alias(&mut self, range: &Range<usize>, anchor: Option<usize>) {
        let target = anchor.and_then(|anchor| self.anchors.get(&anchor).copied());
        let name = super::shown(&self.text[range.clone()]);
        let around = target.filter(|target| self.open.iter().any(|open| open.node == *target));
        let (message, help) = if around.is_some() {
            (format!("`{name}` stands inside the value that it refers to"), "write the value out")
        } else if target.is_none() {
            (format!("`{name}` refers to an anchor that does not exist"), "put it in quotes if it is text")
        } else {
            (format!("`{name}` is an alias, which CloudFormation does not support"), "write the value out")
        };
        let related = target
            .filter(|_| around.is_none())
            .map(|target| (self.builder.node(target).span(), "stands for this".to_owned()));
        let issue = SyntaxIssue {
            kind: IssueKind::Alias,
            span: self.span(range),
            message,
            help: Some(help.to_owned()),
            related,
        };
        report(&mut self.issues, issue);
        // A node never refers to one around it: walks over the tree end.
        let target = if around.is_some() { None } else { target };
        self.builder.alias(to_u32(range.start), to_u32(range.end), target);
        self.at = self.at.max(range.end);
    }

    fn comment(&mut self, range: &Range<usize>) {
        let before = &self.text[..range.start];
        let line = memchr::memrchr2(b'\n', b'\r', before.as_bytes()).map_or(0, |at| at + 1);
        let own_line = before[line..].trim_start_matches('\u{feff}').bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        self.comments.push(Comment { start: to_u32(range.start), end: to_u32(range.end), own_line });
    }

    fn second_document(&mut self, range: Range<usize>) {
        let issue = SyntaxIssue {
            kind: IssueKind::SecondDocument,
            span: self.span(&range),
            message: "a second YAML document starts here and is not read".to_owned(),
            help: Some("put each template in a file of its own".to_owned()),
            related: None,
        };
        report(&mut self.issues, issue);
    }

    /// What is known about the place of an error.
    fn place(&self, offset: usize) -> error::Place<'_> {
        error::Place {
            file: self.file,
            text: self.text,
            offset,
            read_to: self.at,
            folded: self.folded.clone(),
            bracket: self.open.iter().rev().find_map(|open| open.bracket),
            read: &self.builder,
        }
    }

    fn finish(mut self, ended: Option<&Ended>) -> Parsed {
        if let (Some(flows), Some(ended)) = (self.flows.take(), ended) {
            flows.extend(self.open.iter().find_map(|open| Some(open.bracket?..ended.offset + 1)));
        }
        // Comments are buffered by the parser, which may hand them out late.
        self.comments.sort_unstable_by_key(|comment| comment.start);
        if !self.builder.is_embedded() {
            for comment in self.comments {
                self.builder.comment(comment);
            }
        }
        self.issues.sort_by_key(|issue| issue.span);
        let document: Document = self.builder.finish();
        Parsed { document, issues: self.issues }
    }
}

fn tag_code(tag: &granit_parser::Tag) -> Tag {
    match (tag.handle(), tag.suffix()) {
        // `!` alone says that a scalar is text.
        ("!", "") | ("", "!") => Tag::Yaml,
        ("!", name) => Tag::from_short(name),
        ("", verbatim) if verbatim.starts_with('!') => Tag::from_short(&verbatim[1..]),
        (handle, _) if handle.starts_with("tag:yaml.org,") => Tag::Yaml,
        (_, suffix) if suffix.starts_with("tag:yaml.org,") => Tag::Yaml,
        _ => Tag::Other,
    }
}

/// The end of the line without its break.
fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |len| at + len)
}
