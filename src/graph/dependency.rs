//! The names that a template uses, and where they are written.

use crate::syntax::{Node, Tag};
use crate::template::{Call, Expr, SubPart, Template, sub_arguments, sub_parts};
use crate::source::Span;

/// How a name is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyKind {
    /// `Ref`, or `${Name}`.
    Ref,
    /// `Fn::GetAtt`, or `${Name.Attribute}`.
    GetAtt,
    /// `DependsOn`.
    DependsOn,
    /// The name of a condition.
    Condition,
    /// The name of a mapping.
    Mapping,
}

/// A name that a template uses.
#[derive(Debug, Clone)]
pub struct Dependency<'p> {
    /// How.
    pub kind: DependencyKind,
    /// The name.
    pub name: &'p str,
    /// Where the name is written.
    pub span: Span,
    /// The node that it is written in.
    pub node: Node<'p>,
    /// The number of the resource that it is written in.
    pub resource: Option<usize>,
}

/// All names that a template uses, in the order of the text; names of loop variables and of `Fn::Sub`'s own variables are left out.
pub fn dependencies(template: &Template) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let Some(root) = template.document.root() else { return found };
    let mut owners: Vec<(u32, u32, usize)> = template
        .resources
        .iter()
        .enumerate()
        .map(|(index, resource)| {
            let span = template.node(resource.body).span();
            (span.start, span.end, index)
        })
        .collect();
    owners.sort_unstable();
    let loops = loop_variables(template);
    let skip: Vec<Span> = ["Metadata", "Rules", "Parameters", "Mappings"].iter().filter_map(|name| root.get(name)).map(Node::span).collect();
    for node in template.document.nodes() {
        let tag = node.tag();
        if node.is_alias() || (tag == Tag::None && !is_named(node)) {
            continue;
        }
        let span = node.span();
        if skip.iter().any(|section| section.start <= span.start && span.end <= section.end) {
            continue;
        }
        let position = owners.partition_point(|&(start, ..)| start <= span.start);
        let resource = owners[..position].iter().rev().find(|&&(_, end, _)| span.end <= end).map(|&(.., index)| index);
        if resource.is_some_and(|index| in_metadata(node, template.node(template.resources[index].body))) {
            continue;
        }
        let from = found.len();
        names_in(node, &mut |kind, name, span, node| found.push(Dependency { kind, name, span, node, resource }));
        if !loops.is_empty() {
            let mut index = from;
            while index < found.len() {
                let name = found[index].name;
                if loops.contains(&name) || name.contains("${") || name.contains("&{") {
                    found.remove(index);
                } else {
                    index += 1;
                }
            }
        }
    }
    found
}

/// Attributes of resources that hold names without a function.
fn is_named(node: Node<'_>) -> bool {
    node.is_mapping() && (node.get("DependsOn").is_some() || node.get("Condition").is_some()) && is_entity(node)
}

/// True for the body of a resource or output.
fn is_entity(node: Node<'_>) -> bool {
    let Some(section) = node.parent() else { return false };
    section.parent().is_some_and(|root| root.parent().is_none())
        && section.key().is_some_and(|key| matches!(key.text(), "Resources" | "Outputs"))
}

fn in_metadata(node: Node<'_>, body: Node<'_>) -> bool {
    let Some(metadata) = body.get("Metadata") else { return false };
    let (inner, outer) = (node.span(), metadata.span());
    outer.start <= inner.start && inner.end <= outer.end
}

fn loop_variables(template: &Template) -> Vec<&str> {
    template
        .document
        .nodes()
        .filter(|node| node.scalar().is_some_and(|text| text.starts_with("Fn::ForEach::")))
        .filter_map(|key| {
            let parent = key.parent()?;
            let (_, value) = parent.entries().find(|(known, _)| *known == key)?;
            value.items().next()?.scalar()
        })
        .collect()
}

fn names_in<'p>(node: Node<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Span, Node<'p>)) {
    if is_named(node) {
        if let Some(depends) = node.get("DependsOn") {
            let items: Vec<_> = if depends.is_sequence() { depends.items().collect() } else { vec![depends] };
            for item in items {
                if let Some(name) = item.scalar() {
                    each(DependencyKind::DependsOn, name, item.span(), item);
                }
            }
        }
        if let Some(condition) = node.get("Condition")
            && let Some(name) = condition.scalar()
        {
            each(DependencyKind::Condition, name, condition.span(), condition);
        }
    }
    let Some(call) = Expr::of(node).call() else {
        if node.tag() == Tag::Condition && in_conditions(node) {
            let name = if node.is_long_form() { node.entries().next().map(|(_, value)| value) } else { Some(node) };
            if let Some((name, text)) = name.and_then(|name| Some((name, name.scalar()?))) {
                each(DependencyKind::Condition, text, name.span(), name);
            }
        }
        return;
    };
    names_in_call(call, each);
    // `!ImportValue { Fn::Sub: … }` is two functions in one node.
    if let (true, Expr::Call(inner)) = (call.is_short(), call.argument_expr()) {
        names_in_call(inner, each);
    }
}

fn names_in_call<'p>(call: Call<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Span, Node<'p>)) {
    match call.function {
        Tag::Ref => {
            if let Some(name) = call.text() {
                each(DependencyKind::Ref, name, call.argument.span(), call.argument);
            }
        }
        Tag::GetAtt => {
            let first = call.arguments().into_iter().next();
            if let Some((node, text)) = first.and_then(|node| Some((node, node.scalar()?))) {
                let name = if call.argument.is_sequence() { text } else { text.split('.').next().unwrap_or(text) };
                each(DependencyKind::GetAtt, name, part_of(node, 0, name.len()), node);
            }
        }
        Tag::Sub => names_in_sub(call, each),
        Tag::If => {
            if let Some((node, name)) = call.arguments().first().and_then(|node| Some((*node, node.scalar()?))) {
                each(DependencyKind::Condition, name, node.span(), node);
            }
        }
        Tag::FindInMap => {
            if let Some((node, name)) = call.arguments().first().and_then(|node| Some((*node, node.scalar()?)))
                && node.tag() == Tag::None
            {
                each(DependencyKind::Mapping, name, node.span(), node);
            }
        }
        _ => {}
    }
}

fn names_in_sub<'p>(call: Call<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Span, Node<'p>)) {
    let (text, variables) = sub_arguments(call);
    let Some((node, text)) = text.and_then(|node| Some((node, node.scalar()?))) else { return };
    for part in sub_parts(text) {
        let SubPart::Name(name, range) = part else { continue };
        if variables.is_some_and(|variables| variables.get(name).is_some()) {
            continue;
        }
        let span = part_of(node, range.start, range.end);
        match name.split_once('.') {
            Some((resource, _)) if !name.starts_with("AWS::") => each(DependencyKind::GetAtt, resource, span, node),
            _ => each(DependencyKind::Ref, name, span, node),
        }
    }
}

/// Where bytes of a scalar's decoded text stand; the whole scalar where that cannot be told.
fn part_of(node: Node<'_>, start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let map = node.text_map();
    let (start, end) = map.range(offset(start), offset(end));
    Span::new(node.span().file, start, end)
}

/// True if a node stands in the section of conditions, where `Condition: Name` refers to one.
fn in_conditions(node: Node<'_>) -> bool {
    let mut node = node;
    while let Some(parent) = node.parent() {
        if parent.parent().is_none() {
            return node.key().is_some_and(|key| key.text() == "Conditions");
        }
        node = parent;
    }
    false
}
