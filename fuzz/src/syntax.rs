//! What holds for every text that the reader is given, whatever it is.

use std::fmt::Write as _;
use std::sync::Arc;

use mlops_lint::source::{FileId, Quoting, Span, TextMap};
use mlops_lint::syntax::{self, Document, Kind, Node, Style, SyntaxIssue};

/// Reads a text as a file and checks what comes out; the number of scalars that do not align with their source.
pub fn parse(text: &str) -> usize {
    let text: Arc<str> = text.into();
    let parsed = syntax::parse(FileId::new(7), &text);
    check(&parsed.document, &text);
    check_issues(&parsed.issues, &text);
    assert!(parsed.issues.is_sorted_by_key(|issue| issue.span), "issues are in order");
    parsed.document.nodes().filter(|node| !check_map(*node, &text)).count()
}

/// Reads a text as JSON that stands in a double-quoted string of a template, with every `${…}` as a hole.
pub fn embedded_json(text: &str) {
    let host = format!("Resources: {}", quoted(text));
    let base = u32::try_from("Resources: ".len()).unwrap();
    let map = TextMap::align(text, &host[base as usize..], base, Quoting::Double).expect("an escaped text aligns");
    match syntax::json::parse_embedded(FileId::new(7), text.into(), map, holes(text)) {
        Ok(document) => {
            check(&document, &host);
            for node in document.nodes().filter(|node| node.has_holes()) {
                assert!(node.hole().is_some() || node.holes().next().is_some());
            }
        }
        Err(issue) => check_issues(&[issue], &host),
    }
}

/// The ranges of `${…}`.
pub fn holes(text: &str) -> Vec<(u32, u32)> {
    let mut holes = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("${").map(|start| at + start) {
        let Some(len) = text[start..].find('}') else { break };
        at = start + len + 1;
        holes.push((u32::try_from(start).unwrap(), u32::try_from(at).unwrap()));
    }
    holes
}

/// A double-quoted scalar, some characters escaped that need not be.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' if index % 7 != 3 => quoted.push(character),
            _ => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn check_span(span: Span, text: &str) {
    assert_eq!(span.file, FileId::new(7));
    assert!(span.start <= span.end, "{span:?}");
    assert!(text.get(span.range()).is_some(), "{span:?} cuts a character or the text of {} bytes", text.len());
}

fn check_issues(issues: &[SyntaxIssue], text: &str) {
    for issue in issues {
        check_span(issue.span, text);
        assert!(!issue.message.is_empty() && !issue.message.ends_with('.'), "{}", issue.message);
        assert!(!issue.message.contains(['\n', '\t']), "{:?}", issue.message);
        if let Some((span, _)) = &issue.related {
            check_span(*span, text);
        }
    }
}

/// Spans, order, nesting, tags and comments; `text` is the file's.
fn check(document: &Document, text: &str) {
    let mut last = 0;
    let mut depth = Vec::new();
    for node in document.nodes() {
        check_span(node.span(), text);
        check_span(node.span_with_tag(), text);
        let range = node.text_range();
        assert!(document.text().get(range.clone()).is_some(), "{node:?}");
        assert!(range.start >= last, "{node:?} stands before its predecessor");
        last = range.start;
        assert_eq!(node.parent().is_none(), node.id().index() == 0, "there is one root");
        if let Some(parent) = node.parent() {
            assert!(parent.id() < node.id());
            let around = parent.text_range();
            assert!(around.start <= range.start && range.end <= around.end, "{node:?} is not inside {parent:?}");
            assert!(parent.children().any(|child| child == node) || parent.children().count() > 50);
        }
        depth.push(node.parent().map_or(0, |parent| depth[parent.id().index()] + 1));
        if let Some(tag) = node.tag_span() {
            check_span(tag, text);
            assert!(text[tag.range()].starts_with('!') && tag.end <= node.span().start, "{node:?}");
        }
        if node.is_alias() {
            assert!(node.follow().id() <= node.id());
        }
    }
    assert!(depth.iter().all(|&depth| depth <= 2 * 256));
    if let Some(root) = document.root() {
        let mut visited = 0;
        walk(root, &mut visited);
    }
    assert!(document.comments().is_sorted_by_key(|comment| comment.start));
    for comment in document.comments() {
        assert!(text[comment.start as usize..comment.end as usize].starts_with('#'));
    }
}

/// Follows aliases too, up to a budget: the tree has no circle, but it may be wide.
fn walk(node: Node<'_>, visited: &mut u32) {
    *visited += 1;
    if *visited < 10_000 {
        let _ = (node.scalar(), node.scalar_type(), node.tag(), node.entry("a"), node.get("Fn::Sub"));
        node.children().for_each(|child| walk(child, visited));
    }
}

/// How a scalar is written, for the aligner.
pub fn quoting(style: Style) -> Quoting {
    match style {
        Style::SingleQuoted => Quoting::Single,
        Style::DoubleQuoted => Quoting::Double,
        Style::Literal => Quoting::Literal,
        Style::Folded => Quoting::Folded,
        Style::Plain | Style::Block | Style::Flow => Quoting::Plain,
    }
}

/// If a scalar aligns with its source, every letter and digit of it is the same letter or digit there, or an escape. False if it does not align.
pub fn check_map(node: Node<'_>, text: &str) -> bool {
    if node.is_alias() || node.kind() != Kind::Scalar {
        return true;
    }
    let span = node.span();
    let raw = &text[span.range()];
    let decoded = node.text();
    let Some(map) = TextMap::align(decoded, raw, span.start, quoting(node.style())) else {
        return false;
    };
    assert_eq!(map.len() as usize, decoded.len());
    let mut last = span.start;
    for (at, character) in decoded.char_indices() {
        let (start, end) = map.range(u32::try_from(at).unwrap(), u32::try_from(at + character.len_utf8()).unwrap());
        assert!(last <= start && start <= end && end <= span.end, "{decoded:?} at {at}");
        last = end;
        let source = &text[start as usize..end as usize];
        if character.is_ascii_alphanumeric() {
            assert!(
                source.starts_with(character) && source.len() == 1 || source.starts_with('\\'),
                "{decoded:?} at {at}: {source:?}"
            );
        }
    }
    true
}
