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
    let mut path = path_of(template, found.cursor, false);
    let mut stable_path = path_of(template, found.cursor, true);
    let body = entity.map(|entity| template.node(entity.resource.body).id());
    if missing && Some(node.id()) == body && found.cursor.embedded.is_none() {
        path.push_str(".Properties");
        stable_path.push_str(".Properties");
    }
    for segment in found.missing {
        if *segment != Segment::Each {
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
    let path = path_of(template, cursor, false);
    Place { span, label: String::new(), subject: subject(entity, path.clone(), path) }
}

/// A part of a node that is no property's value: a key, a name in a text, an object in a document.
pub(crate) fn of_part(template: &Template, owner: Option<&Resource>, cursor: Cursor<'_>, span: Span) -> Place {
    let text = template.document.text().get(span.range()).unwrap_or_default();
    let subject = Subject {
        resource: owner.map(|resource| resource.name.to_string()),
        resource_type: owner.map(|resource| resource.kind.to_string()),
        path: path_of(template, cursor, false),
        stable_path: path_of(template, cursor, true),
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
        Segment::Key(key) | Segment::Deep(key) => Some(&**key),
        Segment::Index(_) | Segment::Each => None,
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

/// The path of a node from the top of its template; functions on the way are left out.
pub(crate) fn path_of(template: &Template, cursor: Cursor<'_>, stable: bool) -> String {
    let mut path = String::new();
    if let Some(embedded) = cursor.embedded {
        write_path(&mut path, template.node(embedded.host), stable);
        write_path(&mut path, cursor.node, stable);
    } else {
        write_path(&mut path, cursor.node, stable);
    }
    path.trim_start_matches('.').to_owned()
}

fn write_path(path: &mut String, node: Node<'_>, stable: bool) {
    let mut steps = Vec::new();
    let mut node = node;
    while let Some(parent) = node.parent() {
        steps.push((parent, node));
        node = parent;
    }
    for (parent, node) in steps.into_iter().rev() {
        // `Fn::If: [c, a, b]` and `!If [c, a, b]` are no steps: the property is the same in each branch.
        if parent.tag().is_function() && parent.tag() != Tag::Condition {
            continue;
        }
        if parent.is_sequence()
            && parent.parent().is_some_and(|around| around.tag().is_function() && around.is_long_form())
        {
            continue;
        }
        let written = if parent.is_sequence() {
            let index = node.position().unwrap_or_default();
            match name_of(node).filter(|_| stable) {
                Some(name) => write!(path, "[{name}]"),
                None if stable => write!(path, "[{}]", normal(source_of(node))),
                None => write!(path, "[{index}]"),
            }
        } else {
            match node.key() {
                Some(key) => write_key(path, key.text()),
                None => Ok(()),
            }
        };
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
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
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
        if folded.len() > 200 {
            break;
        }
    }
    folded
}
