//! TPL015: `${Name}` in a definition that nothing replaces, and keys of `DefinitionSubstitutions` that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Confidence, Label, ReasonKind, Severity};
use crate::graph::{Definition, definitions};
use crate::rule::declarative::nearest;
use crate::source::Span;
use crate::syntax::{Node, Tag};
use crate::template::{Expr, HoleExpr, Resource, SubPart, sub_parts, visit};
use crate::value::{Cursor, Dialect, Pseudo, Unknown, Value};

use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let template = context.template;
    let Some(resource) = context.entity.map(|id| context.graph.entity(id).resource) else { return };
    let Some(properties) = resource.properties.map(|id| template.node(id)) else { return };
    let keys = match substitutions(context, resource, properties) {
        Ok(keys) => keys,
        Err(error) => {
            let (cursor, why) = *error;
            let span = cursor.node.key().unwrap_or(cursor.node).span();
            return sink.undecided.push(context.undecided(context.place(cursor, span), why));
        }
    };
    let mut used = BTreeSet::new();
    let definitions = definitions(template, resource);
    for definition in &definitions {
        let mut open: BTreeMap<&str, Vec<Placeholder<'_>>> = BTreeMap::new();
        for placeholder in placeholders(definition) {
            used.insert(placeholder.name);
            let replaced = definition.dialect == Dialect::Asl && keys.iter().any(|key| key.text() == placeholder.name);
            if !replaced && !placeholder.is_escaped {
                open.entry(placeholder.name).or_default().push(placeholder);
            }
        }
        for (name, places) in open {
            tell(context, resource, name, &places, &keys, sink);
        }
    }
    let elsewhere = ["DefinitionS3Location", "DefinitionUri"].iter().any(|name| properties.get(name).is_some());
    if !definitions.is_empty() && !elsewhere && is_all(properties, definitions.len()) {
        for key in keys.into_iter().filter(|key| !used.contains(key.text())) {
            let name = key.text();
            let detail =
                format!("`DefinitionSubstitutions` gives `{name}` a value, but `${{{name}}}` stands nowhere in it");
            let mut finding = context.finding(context.place(context.cursor(key), key.span()), name, &detail);
            finding.severity = Severity::Low;
            sink.findings.push(finding);
        }
    }
}

/// The keys of `DefinitionSubstitutions`, in all branches of `Fn::If`; where they cannot be read, why.
fn substitutions<'p>(
    context: &Context<'_, 'p>,
    resource: &'p Resource,
    properties: Node<'p>,
) -> Result<Vec<Node<'p>>, Box<(Cursor<'p>, Unknown<'p>)>> {
    let mut maps = Vec::new();
    visit(properties, &["DefinitionSubstitutions"], &mut |map| maps.push(map));
    let mut keys = Vec::new();
    for map in maps {
        let cursor = Cursor::new(context.template, &resource.bindings, map);
        let include = map.entries().find(|(key, _)| key.text().starts_with("Fn::"));
        match context.graph.unchosen().found(cursor).value {
            Value::Unknown(why) => return Err(Box::new((cursor, (*why).clone()))),
            Value::Map(_) if include.is_none() => keys.extend(map.entries().map(|(key, _)| key)),
            Value::Map(_) => {
                let name = include.map_or("", |(key, _)| key.text());
                return Err(Box::new((cursor, Unknown::because(ReasonKind::Macro, name))));
            }
            _ => {}
        }
    }
    Ok(keys)
}

/// True if every definition that is written can be read.
fn is_all(properties: Node<'_>, read: usize) -> bool {
    let mut written = 0;
    for name in ["Definition", "DefinitionString"] {
        visit(properties, &[name], &mut |_| written += 1);
    }
    written == read
}

/// `${Name}` in a text.
struct Placeholder<'p> {
    name: &'p str,
    cursor: Cursor<'p>,
    span: Span,
    /// Written as `${!Name}` below `Fn::Sub`: meant to reach the service.
    is_escaped: bool,
    /// The whole text around it.
    text: &'p str,
}

/// What CloudFormation leaves of `${…}` in a definition.
fn placeholders<'p>(definition: &Definition<'p>) -> Vec<Placeholder<'p>> {
    let mut found = Vec::new();
    let Some(embedded) = definition.root.embedded else {
        in_object(definition.root, false, &mut found);
        return found;
    };
    let below_sub = Expr::of(definition.host.node).call().is_some_and(|call| call.function == Tag::Sub);
    let Ok(document) = &embedded.document else { return found };
    for node in document.nodes() {
        let cursor = definition.root.to(node);
        for (number, range) in node.holes().filter(|_| node.has_holes()) {
            if let Some(HoleExpr::Substitution(name)) = embedded.holes.get(number) {
                let text = document.text().get(range.start as usize..range.end as usize).unwrap_or_default();
                let span = document.span_of(range.start, range.end);
                found.push(Placeholder { name, cursor, span, is_escaped: text.starts_with("${!"), text: node.text() });
            }
        }
        if definition.dialect == Dialect::Pipeline && !below_sub && node.scalar().is_some() {
            in_text(cursor, false, &mut found);
        }
    }
    found
}

/// The texts of a definition that is written out; what is below a function is for CloudFormation.
fn in_object<'p>(cursor: Cursor<'p>, below_sub: bool, found: &mut Vec<Placeholder<'p>>) {
    match Expr::of(cursor.node) {
        Expr::Scalar(node) => in_text(cursor.to(node), below_sub, found),
        Expr::List(list) => list.items().for_each(|item| in_object(cursor.to(item), below_sub, found)),
        Expr::Map(map) => map.entries().for_each(|(_, value)| in_object(cursor.to(value), below_sub, found)),
        Expr::Call(call) => {
            let below_sub = below_sub || call.function == Tag::Sub;
            for argument in call.arguments() {
                match Expr::untagged(argument) {
                    Expr::Scalar(node) => in_text(cursor.to(node), below_sub, found),
                    // `!ImportValue { Fn::Sub: … }` is two functions in one node.
                    Expr::Call(inner) if argument == cursor.node.follow() => {
                        let others = inner.arguments().into_iter().filter(|inner| *inner != argument);
                        others.for_each(|inner| in_object(cursor.to(inner), true, found));
                    }
                    _ if argument == cursor.node.follow() => {}
                    _ => in_object(cursor.to(argument), below_sub, found),
                }
            }
        }
        Expr::Hole(_) => {}
    }
}

fn in_text<'p>(cursor: Cursor<'p>, below_sub: bool, found: &mut Vec<Placeholder<'p>>) {
    let text = cursor.node.text();
    if !text.contains("${") {
        return;
    }
    let map = cursor.node.text_map();
    for part in sub_parts(text) {
        let (name, range, is_escaped) = match part {
            SubPart::Name(name, range) if !below_sub => (name, range, false),
            SubPart::Literal(name, range) => (name, range, true),
            _ => continue,
        };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (start, end) = map.range(offset(range.start), offset(range.end));
        let span = Span::new(cursor.node.span().file, start, end);
        found.push(Placeholder { name, cursor, span, is_escaped, text });
    }
}

/// A finding for the first place of a placeholder, if it is one of CloudFormation and not of a shell.
fn tell<'p>(
    context: &Context<'_, 'p>,
    resource: &Resource,
    name: &str,
    places: &[Placeholder<'p>],
    keys: &[Node<'p>],
    sink: &mut Sink,
) {
    let known = what_is(context, name);
    let Some(first) = places.iter().find(|place| known.is_some() || is_template_like(place)) else { return };
    let is_machine = resource.kind.ends_with("::StateMachine");
    let detail = match known {
        Some(what) => format!("`${{{name}}}` is not replaced: `{name}` is {what}, but the text is not below `Fn::Sub`"),
        None if is_machine => format!("`${{{name}}}` is not replaced: `DefinitionSubstitutions` has no key `{name}`"),
        None => format!("`${{{name}}}` is not replaced: the text is not below `Fn::Sub`"),
    };
    let mut finding = context.finding(context.place(first.cursor, first.span), name, &detail);
    if known.is_none() {
        finding.confidence = finding.confidence.min(Confidence::Likely);
        finding.help = nearest(name, keys.iter().map(|key| key.text())).map(|near| format!("did you mean `{near}`?"));
    }
    let others = places.iter().filter(|place| place.span != first.span);
    finding.related.extend(others.map(|place| Label { span: place.span, text: "here too".to_owned() }));
    sink.findings.push(finding);
}

/// What the template knows by a name.
fn what_is(context: &Context<'_, '_>, name: &str) -> Option<&'static str> {
    let template = context.template;
    let first = name.split('.').next().unwrap_or(name);
    if Pseudo::from_name(name).is_some() {
        Some("a pseudo parameter")
    } else if template.parameter(name).is_some() {
        Some("a parameter")
    } else if template.resource(first).is_some() {
        Some("a resource")
    } else {
        None
    }
}

/// True for what looks like a name of a template and stands in a text that looks like no script or sentence. Variables
/// of shells are in capitals.
fn is_template_like(place: &Placeholder<'_>) -> bool {
    let plain = place.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    plain
        && place.name.starts_with(|first: char| first.is_ascii_alphabetic())
        && place.name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !place.text.contains(|c: char| c.is_whitespace() || matches!(c, '`' | ';' | '|' | '"' | '\''))
}
