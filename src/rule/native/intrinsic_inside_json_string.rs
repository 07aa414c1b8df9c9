//! TPL001: an intrinsic function that stands as data in the text of a string, where CloudFormation evaluates nothing.

use crate::catalog;
use crate::source::Span;
use crate::syntax::Node;
use crate::template::{Embedded, read_yaml, visit};
use crate::value::Cursor;

use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let template = context.template;
    let Some(entity) = context.entity.map(|id| context.graph.entity(id)) else { return };
    let Some(index) = template.resource_index(&entity.resource.name) else { return };
    for property in catalog::embedded(entity.kind) {
        let Some(node) = entity.resource.properties.map(|id| template.node(id)) else { return };
        visit(node, property.path, &mut |host| {
            if let Some(embedded) = template.embedded_at(host.id()) {
                in_document(context, embedded, sink);
            } else if (host.scalar().is_some() || host.tag().is_function())
                && let Some(embedded) = read_yaml(host, index, property)
            {
                in_document(context, &embedded, sink);
            }
        });
    }
}

fn in_document(context: &Context<'_, '_>, embedded: &Embedded, sink: &mut Sink) {
    let Ok(document) = &embedded.document else { return };
    let mut read_to = None;
    for node in document.nodes() {
        // What stands inside a function moves out with it.
        if read_to.is_some_and(|end| node.text_range().start < end) {
            continue;
        }
        let Some((name, span)) = intrinsic(node) else { continue };
        read_to = Some(node.text_range().end);
        let cursor = Cursor { embedded: Some(embedded), ..Cursor::new(context.template, &[], node) };
        let place = context.place(cursor, span);
        sink.findings.push(context.finding(place, name, embedded.property));
    }
}

/// The function that a node is written as: a tag of YAML, or a map with nothing but its key.
fn intrinsic(node: Node<'_>) -> Option<(&str, Span)> {
    if node.tag().is_function() && !node.is_alias() {
        return Some((node.tag_text()?, node.span_with_tag()));
    }
    if !node.is_mapping() || node.is_alias() {
        return None;
    }
    let mut entries = node.entries();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else { return None };
    let name = key.scalar()?;
    let is_function = name.starts_with("Fn::") || (matches!(name, "Ref" | "Condition") && value.scalar().is_some());
    is_function.then(|| (name, node.span()))
}
