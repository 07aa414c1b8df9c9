//! The names that a template uses, and where they are written.

use crate::source::{Span, TextMap};
use crate::syntax::{Node, Tag};
use crate::template::{Call, Expr, SubPart, Template, sub_arguments, sub_parts};

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
    /// Which bytes of the node's text say it; absent if all do.
    part: Option<(u32, u32)>,
    /// The node that it is written in.
    pub node: Node<'p>,
    /// The number of the resource that it is written in.
    pub resource: Option<usize>,
}

/// Says where names are written. Many names may stand in one text, of which it keeps the map.
#[derive(Debug, Default)]
pub struct NamePlaces<'p> {
    last: Option<(Node<'p>, TextMap)>,
}

impl<'p> NamePlaces<'p> {
    /// Where the name is written; the whole text where that cannot be told.
    pub fn span(&mut self, dependency: &Dependency<'p>) -> Span {
        let node = dependency.node;
        let span = node.span();
        let Some((start, end)) = dependency.part else { return span };
        let map = match &mut self.last {
            Some((known, map)) if *known == node => map,
            last => &mut last.insert((node, node.text_map())).1,
        };
        let (start, end) = map.range(start, end);
        Span::new(span.file, start, end)
    }
}

/// All names that a template uses, in the order of the text; names of loop variables and of `Fn::Sub`'s own variables are left out.
pub fn dependencies(template: &Template) -> Vec<Dependency<'_>> {
    let Some(root) = template.document.root() else { return Vec::new() };
    // About one node in eight says a name.
    let mut found = Vec::with_capacity(template.document.nodes().len() / 8);
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
    let skip: Vec<Span> = ["Metadata", "Rules", "Parameters", "Mappings"]
        .iter()
        .filter_map(|name| root.get(name))
        .map(Node::span)
        .collect();
    // The resource around the last name, and its metadata: most names stand in the same one as the name before.
    let mut around: (Option<usize>, Option<Span>) = (None, None);
    for node in template.document.nodes() {
        let tag = node.tag();
        if node.is_alias() || (tag == Tag::None && !is_named(node)) {
            continue;
        }
        let span = node.span();
        let within = |outer: &Span| outer.start <= span.start && span.end <= outer.end;
        if skip.iter().any(within) {
            continue;
        }
        // Bodies do not overlap, except those of one loop, which are all the same.
        let position = owners.partition_point(|&(start, ..)| start <= span.start);
        let resource = owners[..position].last().filter(|&&(_, end, _)| span.end <= end).map(|&(.., index)| index);
        if resource != around.0 {
            let body = resource.map(|index| template.node(template.resources[index].body));
            around = (resource, body.and_then(|body| body.get("Metadata")).map(Node::span));
        }
        if around.1.as_ref().is_some_and(within) {
            continue;
        }
        names_in(node, &mut |kind, name, part, node| {
            if !(loops.contains(&name) || (!loops.is_empty() && (name.contains("${") || name.contains("&{")))) {
                found.push(Dependency { kind, name, part, node, resource });
            }
        });
    }
    found
}

/// Attributes of resources that hold names without a function.
fn is_named(node: Node<'_>) -> bool {
    node.is_mapping() && is_entity(node) && (node.get("DependsOn").is_some() || node.get("Condition").is_some())
}

/// True for the body of a resource or output.
fn is_entity(node: Node<'_>) -> bool {
    let Some(section) = node.parent() else { return false };
    section.parent().is_some_and(|root| root.parent().is_none())
        && section.key().is_some_and(|key| matches!(key.text(), "Resources" | "Outputs"))
}

fn loop_variables(template: &Template) -> Vec<&str> {
    if !template.may_expand {
        return Vec::new();
    }
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

fn names_in<'p>(node: Node<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Option<(u32, u32)>, Node<'p>)) {
    if is_named(node) {
        if let Some(depends) = node.get("DependsOn") {
            let items: Vec<_> = if depends.is_sequence() { depends.items().collect() } else { vec![depends] };
            for item in items {
                if let Some(name) = item.scalar() {
                    each(DependencyKind::DependsOn, name, None, item);
                }
            }
        }
        if let Some(condition) = node.get("Condition")
            && let Some(name) = condition.scalar()
        {
            each(DependencyKind::Condition, name, None, condition);
        }
    }
    let Some(call) = Expr::of(node).call() else {
        if node.tag() == Tag::Condition && in_conditions(node) {
            let name = if node.is_long_form() { node.entries().next().map(|(_, value)| value) } else { Some(node) };
            if let Some((name, text)) = name.and_then(|name| Some((name, name.scalar()?))) {
                each(DependencyKind::Condition, text, None, name);
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

fn names_in_call<'p>(call: Call<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Option<(u32, u32)>, Node<'p>)) {
    match call.function {
        Tag::Ref => {
            if let Some(name) = call.text() {
                each(DependencyKind::Ref, name, None, call.argument);
            }
        }
        Tag::GetAtt => {
            if let Some((node, text)) = call.first_argument().and_then(|node| Some((node, node.scalar()?))) {
                let name = if call.argument.is_sequence() { text } else { text.split('.').next().unwrap_or(text) };
                each(DependencyKind::GetAtt, name, Some((0, to_u32(name.len()))), node);
            }
        }
        Tag::Sub => names_in_sub(call, each),
        Tag::If => {
            if let Some((node, name)) = call.first_argument().and_then(|node| Some((node, node.scalar()?))) {
                each(DependencyKind::Condition, name, None, node);
            }
        }
        Tag::FindInMap => {
            if let Some((node, name)) = call.first_argument().and_then(|node| Some((node, node.scalar()?)))
                && node.tag() == Tag::None
            {
                each(DependencyKind::Mapping, name, None, node);
            }
        }
        _ => {}
    }
}

fn names_in_sub<'p>(call: Call<'p>, each: &mut impl FnMut(DependencyKind, &'p str, Option<(u32, u32)>, Node<'p>)) {
    let (text, variables) = sub_arguments(call);
    let Some((node, text)) = text.and_then(|node| Some((node, node.scalar()?))) else { return };
    for part in sub_parts(text) {
        let SubPart::Name(name, range) = part else { continue };
        if variables.is_some_and(|variables| variables.get(name).is_some()) {
            continue;
        }
        let part = Some((to_u32(range.start), to_u32(range.end)));
        match name.split_once('.') {
            Some((resource, _)) if !name.starts_with("AWS::") => each(DependencyKind::GetAtt, resource, part, node),
            _ => each(DependencyKind::Ref, name, part, node),
        }
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
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
