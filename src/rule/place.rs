//! From what was found to where a finding points: the exact key or item, the property's path, its stable form.

use std::fmt::Write as _;

use crate::finding::Subject;
use crate::graph::Entity;
use crate::source::Span;
use crate::syntax::{Kind, Node, Segment, Style, Tag, path::write_key};
use crate::template::{Expr, Resource, Template};
use crate::value::{Cursor, Found, text_of};

/// A place in a file.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) span: Span,
    pub(crate) label: String,
    pub(crate) subject: Subject,
}

/// Where a finding about a value of a node points.
///
/// A missing property is marked at the key of its nearest written parent below `Properties` (a list item: its first
/// key), else at the logical id; so is a collection, which is never marked as a block.
pub(crate) fn of(template: &Template, entity: Option<&Entity<'_>>, found: &Found<'_>) -> Place {
    let node = found.cursor.node;
    let missing = !found.missing.is_empty();
    let span =
        if missing || is_block(node, found) { key_place(template, entity, found.cursor) } else { node.span_with_tag() };
    let label = match (missing, last_key(found.missing)) {
        (true, Some(key)) => format!("no `{key}` here"),
        (true, None) => "nothing here".to_owned(),
        (false, _) if found.value.is_absent() => "absent here".to_owned(),
        _ => shown_value(found),
    };
    let (mut path, mut stable_path) = paths_of(template, found.cursor);
    let body = entity.map(|entity| template.node(entity.resource.body).id());
    let attribute = matches!(found.missing, [Segment::Attribute(_), ..]);
    if missing && !attribute && Some(node.id()) == body && found.cursor.embedded.is_none() {
        path.push_str(".Properties");
        stable_path.push_str(".Properties");
    }
    for segment in found.missing {
        if !matches!(segment, Segment::Each | Segment::Leaves) {
            let text = segment.to_string();
            path.push_str(&text);
            stable_path.push_str(&text);
        }
    }
    let value = if missing { String::new() } else { normal(source_of(node)) };
    let subject = match entity {
        Some(entity) => subject(entity, path, stable_path),
        None => Subject { path: trimmed(path), stable_path: trimmed(stable_path), ..Subject::default() },
    };
    Place { span, label, subject: Subject { value, ..subject } }
}

/// The first key of a template.
pub(crate) fn of_template(template: &Template) -> Place {
    let start = Span::new(template.file, 0, 0);
    let span = template.document.root().map_or(start, |root| first_key(root).span());
    Place { span, label: String::new(), subject: Subject::default() }
}

/// A path without the dot in front, which it has where nothing is written before it.
fn trimmed(path: String) -> String {
    path.strip_prefix('.').map(ToOwned::to_owned).unwrap_or(path)
}

/// The logical id of a node's resource; of a state or step its name.
pub(crate) fn of_entity(template: &Template, entity: &Entity<'_>) -> Place {
    let key = template.node(entity.resource.key);
    let (span, cursor) = match &entity.virtual_node {
        Some(node) => (node.anchor.map_or(key.span(), Node::span), node.cursor),
        None => (key.span(), Cursor::new(template, &entity.resource.bindings, template.node(entity.resource.body))),
    };
    let (path, _) = paths_of(template, cursor);
    Place { span, label: String::new(), subject: subject(entity, path.clone(), path) }
}

/// A part of a node that is no property's value: a key, a name in a text, an object in a document.
pub(crate) fn of_part(template: &Template, owner: Option<&Resource>, cursor: Cursor<'_>, span: Span) -> Place {
    let text = template.document.text().get(span.range()).unwrap_or_default();
    let (path, stable_path) = paths_of(template, cursor);
    let subject = Subject {
        resource: owner.map(|resource| resource.name.to_string()),
        resource_type: owner.map(|resource| resource.kind.to_string()),
        path,
        stable_path,
        value: normal(text),
    };
    Place { span, label: String::new(), subject }
}

fn subject(entity: &Entity<'_>, path: String, stable_path: String) -> Subject {
    Subject {
        resource: Some(entity.resource.name.to_string()),
        resource_type: Some(entity.resource.kind.to_string()),
        path,
        stable_path,
        value: String::new(),
    }
}

/// What a value is, where the text does not say it: the value of a reference.
fn shown_value(found: &Found<'_>) -> String {
    let text = text_of(&found.value);
    if matches!(Expr::of(found.cursor.node), Expr::Call(_) | Expr::Hole(_)) && !text.is_empty() && !text.contains("${")
    {
        return format!("is `{text}`");
    }
    String::new()
}

fn last_key(segments: &[Segment]) -> Option<&str> {
    segments.iter().find_map(|segment| match segment {
        Segment::Key(key) | Segment::Deep(key) | Segment::Attribute(key) => Some(&**key),
        Segment::Index(_) | Segment::Each | Segment::Leaves => None,
    })
}

/// True for lists and maps that are written over several lines, unless they stand for a value (`Ref: X`).
fn is_block(node: Node<'_>, found: &Found<'_>) -> bool {
    let call = !found.cursor.untagged && matches!(Expr::of(node), Expr::Call(_));
    let several_lines = node.style() == Style::Block || source_of(node).contains('\n');
    matches!(node.kind(), Kind::Sequence | Kind::Mapping) && several_lines && !call
}

/// The key of a collection; of a list item its first key; of what has neither the logical id.
fn key_place(template: &Template, entity: Option<&Entity<'_>>, cursor: Cursor<'_>) -> Span {
    let node = cursor.node;
    if let Some(entity) = entity.filter(|_| cursor.embedded.is_none()) {
        let id = node.id();
        if id == template.node(entity.resource.body).id() || Some(id) == entity.resource.properties {
            let anchor = entity.virtual_node.as_ref().and_then(|virtual_node| virtual_node.anchor);
            return anchor.unwrap_or(template.node(entity.resource.key)).span();
        }
    }
    if let Some(key) = node.key() {
        return key.span();
    }
    if let Some(host) = cursor.embedded.filter(|_| node.parent().is_none()) {
        // The outermost map of a document: the property that holds it.
        let host = template.node(host.host);
        return host.key().unwrap_or(host).span();
    }
    first_key(node).span_with_tag()
}

/// The first key of a map, the first item of a list, else the node itself.
fn first_key(node: Node<'_>) -> Node<'_> {
    match Expr::of(node) {
        Expr::Map(map) => map.entries().next().map_or(node, |(key, _)| key),
        Expr::List(list) => list.items().next().unwrap_or(node),
        _ => node,
    }
}

/// The path of a node from the top of its template, as it is shown and in its stable form; functions on the way are left
/// out. Both have the same keys, so they are written in one go.
pub(crate) fn paths_of(template: &Template, cursor: Cursor<'_>) -> (String, String) {
    let mut paths = Paths::default();
    if let Some(embedded) = cursor.embedded {
        paths.write(template.node(embedded.host));
    }
    paths.write(cursor.node);
    for path in [&mut paths.shown, &mut paths.stable] {
        let dots = path.len() - path.trim_start_matches('.').len();
        path.drain(..dots);
    }
    (paths.shown, paths.stable)
}

#[derive(Default)]
struct Paths {
    shown: String,
    stable: String,
}

impl Paths {
    /// Adds the steps that lead to a node, from the top.
    fn write(&mut self, node: Node<'_>) {
        let Some(parent) = node.parent() else { return };
        self.write(parent);
        // `Fn::If: [c, a, b]` and `!If [c, a, b]` are no steps: the property is the same in each branch.
        if parent.tag().is_function() && parent.tag() != Tag::Condition {
            return;
        }
        if parent.is_sequence()
            && parent.parent().is_some_and(|around| around.tag().is_function() && around.is_long_form())
        {
            return;
        }
        if parent.is_sequence() {
            let index = node.position().unwrap_or_default();
            let written = write!(self.shown, "[{index}]");
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            self.stable.push('[');
            match name_of(node) {
                Some(name) => self.stable.push_str(name),
                None => push_normal(&mut self.stable, source_of(node)),
            }
            self.stable.push(']');
        } else if let Some(key) = node.key() {
            let start = self.shown.len();
            let written = write_key(&mut self.shown, key.text());
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            self.stable.push_str(&self.shown[start..]);
        }
    }
}

/// What names an item of a list.
fn name_of(item: Node<'_>) -> Option<&str> {
    ["Sid", "Id", "Name", "Key", "VariantName"].iter().find_map(|key| item.get(key)?.scalar())
}

/// The text of a node in the file.
fn source_of(node: Node<'_>) -> &str {
    node.document().text().get(node.text_range()).unwrap_or_default()
}

/// A text with its white space folded, cut to a length that identifies it.
fn normal(text: &str) -> String {
    let mut folded = String::new();
    push_normal(&mut folded, text);
    folded
}

/// So many bytes identify a text, up to the end of the word that they end in.
const ENOUGH: usize = 200;

fn push_normal(out: &mut String, text: &str) {
    // Few texts have more than the start of a block read, but every finding has several of them: bytes where that is enough.
    let start = out.len();
    let mut rest = text;
    while out.len() - start <= ENOUGH {
        let Some(word) = rest.bytes().position(|byte| !is_space(byte)) else { return };
        rest = &rest[word..];
        let end = rest.bytes().position(|byte| is_space(byte) || !byte.is_ascii()).unwrap_or(rest.len());
        if !rest.as_bytes().get(end).is_none_or(u8::is_ascii) {
            // White space of Unicode may follow.
            out.truncate(start);
            return push_words(out, text.split_whitespace());
        }
        if out.len() > start {
            out.push(' ');
        }
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
}

/// White space of ASCII, as `char::is_whitespace` has it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn push_words<'t>(out: &mut String, words: impl Iterator<Item = &'t str>) {
    let start = out.len();
    for word in words {
        if out.len() > start {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() - start > ENOUGH {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_folded() {
        let long = "word ".repeat(100);
        for text in ["", " ", "a", "  a\tb \r\n\u{b}c ", "a\u{a0}b c", "\u{2003}a", "a \u{e4}\u{e4}  b", &long] {
            let mut words = String::new();
            push_words(&mut words, text.split_whitespace());
            assert_eq!(normal(text), words, "{text:?}");
        }
        assert_eq!(normal("a  b\nc"), "a b c");
        assert_eq!(normal(&long).len(), 204);
    }
}
