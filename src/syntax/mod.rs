//! Turns the text of one file into an arena [`Document`] whose every key, value and tag has a byte span.
//!
//! Knows YAML and JSON, not CloudFormation. Never fails: what is wrong with the text is a [`SyntaxIssue`], and what could be read is kept.

mod builder;
mod document;
pub mod json;
mod node;
pub mod path;
mod scalar;
mod tag;
mod yaml;

use std::sync::Arc;

use crate::source::{FileId, Span, TextMap};

pub use builder::Builder;
pub use document::{Comment, Document, Kind, NodeId, Style};
pub use node::{Children, Entries, Node};
pub use path::{Path, Segment};
pub use scalar::{ScalarType, canonical_text, json_type, scalar_type};
pub use tag::Tag;

/// How deep collections may be nested; deeper ones are not read, so that no walk over a tree can run out of stack.
const MAX_DEPTH: usize = 255;

/// How many issues of one file are kept.
const MAX_ISSUES: usize = 1000;

/// What reading one text gives.
#[derive(Debug)]
pub struct Parsed {
    /// What could be read; its root is absent if nothing could.
    pub document: Document,
    /// What is wrong with the text, in the order of places.
    pub issues: Vec<SyntaxIssue>,
}

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxIssue {
    /// What kind of thing.
    pub kind: IssueKind,
    /// The exact place.
    pub span: Span,
    /// What is wrong here: lower case, names the thing, no full stop.
    pub message: String,
    /// What to do, if that is known.
    pub help: Option<String>,
    /// Another place that matters, with a short label ("first written here").
    pub related: Option<(Span, String)>,
}

/// Kinds of issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum IssueKind {
    /// The text is neither YAML nor JSON from here on.
    Syntax,
    /// A key stands twice in one mapping.
    DuplicateKey,
    /// `&anchor`/`*alias`, which CloudFormation resolves in part or not at all.
    Alias,
    /// `<<`, which CloudFormation does not support.
    MergeKey,
    /// A second YAML document in one file.
    SecondDocument,
    /// Deeper than the limit: what is below was not read.
    TooDeep,
    /// A key that is not a scalar.
    ComplexKey,
    /// No JSON around a hole that stands outside of strings: what is filled in may bring what is missing.
    AroundHole,
}

/// Reads a whole file: JSON if its first character is `{` and it parses as JSON, YAML otherwise.
pub fn parse(file: FileId, text: &Arc<str>) -> Parsed {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    if !start.starts_with('{') {
        return yaml::parse(file, text);
    }
    let (mut json, error) = json::read(file, text);
    let Some(error) = error else { return json };
    // A YAML flow mapping may look like JSON. If it is no YAML either, the JSON error is the better one, and more was read before it.
    let yaml = yaml::parse(file, text);
    if !yaml.issues.iter().any(|issue| matches!(issue.kind, IssueKind::Syntax | IssueKind::TooDeep)) {
        return yaml;
    }
    report_last(&mut json.issues, error);
    json
}

/// Reads a YAML text that stands in a string of a template, with places through `map`; absent if it is no YAML.
pub(crate) fn parse_yaml_within(file: FileId, text: &Arc<str>, map: TextMap) -> Option<Document> {
    yaml::parse_embedded(file, text, map)
}

/// Reports every key of a map that stood there before; fast for maps of any size, of which most are small.
fn duplicate_keys(map: Node<'_>, issues: &mut Vec<SyntaxIssue>) {
    const FEW: usize = 12;
    let mut keys =
        map.entries().filter_map(|(key, _)| key.scalar().filter(|_| !is_merge_key(key)).map(|text| (text, key.id())));
    let mut few = [("", map.id()); FEW];
    let mut count = 0;
    for key in keys.by_ref().take(FEW) {
        few[count] = key;
        count += 1;
    }
    let Some(next) = keys.next() else {
        for (index, &(text, id)) in few[..count].iter().enumerate() {
            if let Some(&(_, first)) = few[..index].iter().find(|(earlier, _)| *earlier == text) {
                report(issues, duplicate(map.document(), first, id));
            }
        }
        return;
    };
    // Sorted, not hashed: a crafted file cannot make it slow.
    let mut sorted: Vec<_> = few.into_iter().chain([next]).chain(keys).collect();
    sorted.sort_unstable();
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        group[1..].iter().for_each(|&(_, id)| report(issues, duplicate(map.document(), group[0].1, id)));
    }
}

fn duplicate(document: &Document, first: NodeId, key: NodeId) -> SyntaxIssue {
    let (first, key) = (document.node(first), document.node(key));
    SyntaxIssue {
        kind: IssueKind::DuplicateKey,
        span: key.span(),
        message: format!("key `{}` stands twice in this map", shown(key.scalar().unwrap_or_default())),
        help: Some("only one of the two counts, and which one is not documented: rename or remove one".to_owned()),
        related: Some((first.span(), "first written here".to_owned())),
    }
}

/// `<<` in YAML.
fn is_merge_key(key: Node<'_>) -> bool {
    key.text() == "<<" && key.style() == Style::Plain
}

/// Adds an issue. A file that is wrong in a thousand places needs no more of them.
fn report(issues: &mut Vec<SyntaxIssue>, issue: SyntaxIssue) {
    if issues.len() < MAX_ISSUES {
        issues.push(issue);
    }
}

/// Adds the error that ended the reading, whatever else there is.
fn report_last(issues: &mut Vec<SyntaxIssue>, error: SyntaxIssue) {
    issues.truncate(MAX_ISSUES - 1);
    issues.push(error);
    issues.sort_by_key(|issue| issue.span);
}

/// A text as a message shows it: on one line, and not too long.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    shown
}
