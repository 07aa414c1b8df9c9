//! What a name of a template may stand for: what is written, what AWS SAM generates from it, what modules hold.

use crate::catalog::{self, Rows};
use crate::graph::{Dependency, DependencyKind};
use crate::syntax::{Node, Tag};
use crate::template::{Resource, Template};
use crate::value::Pseudo;

/// True if a template defines a name, for the use that is made of it.
pub(super) fn is_defined(template: &Template, dependency: &Dependency<'_>) -> bool {
    let name = dependency.name;
    match dependency.kind {
        DependencyKind::Ref => {
            name == "AWS::NoValue"
                || Pseudo::from_name(name).is_some()
                || template.parameter(name).is_some()
                || is_resource(template, name)
        }
        DependencyKind::GetAtt | DependencyKind::DependsOn => is_resource(template, name),
        DependencyKind::Condition => template.condition(name).is_some() || is_standalone(template, name),
        DependencyKind::Mapping => template.mapping(name).is_some(),
    }
}

fn is_resource(template: &Template, name: &str) -> bool {
    if template.resource(name).is_some() || is_standalone(template, name) {
        return true;
    }
    template.resources.iter().any(|resource| match name.strip_prefix(&*resource.name) {
        // `Api.Stage` is what AWS SAM generates, `Module.Bucket` is a resource of a module.
        Some(rest) if rest.starts_with('.') => is_sam(resource) || is_module(template, resource),
        Some(rest) => (is_sam(resource) && is_generated(template, resource, rest)) || is_module(template, resource),
        None => false,
    }) || is_named_by_event(template, name)
}

fn is_sam(resource: &Resource) -> bool {
    resource.kind.starts_with("AWS::Serverless::")
}

/// A module of the registry, or one that Rain puts in its place.
fn is_module(template: &Template, resource: &Resource) -> bool {
    let kind = template.node(resource.body).get("Type");
    resource.kind.ends_with("::MODULE") || kind.and_then(Node::tag_text).is_some_and(|tag| tag.starts_with("!Rain::"))
}

/// True for the ids that AWS SAM generates once for a template.
fn is_standalone(template: &Template, name: &str) -> bool {
    template.resources.iter().any(is_sam) && rows("Any").iter().any(|pattern| matches(pattern, name))
}

/// True if AWS SAM generates, for a resource, an id that ends in `rest`.
fn is_generated(template: &Template, resource: &Resource, rest: &str) -> bool {
    if rows(&resource.kind).iter().any(|pattern| matches(pattern, rest)) {
        return true;
    }
    let body = template.node(resource.body);
    let named = [body.get_path(&["Properties", "Events"]), body.get("Connectors")];
    let loops = |name: &str| name.starts_with("Fn::");
    named
        .into_iter()
        .flatten()
        .flat_map(Node::entries)
        .filter_map(|(key, _)| key.scalar())
        .any(|event| loops(event) || rest.starts_with(event))
}

/// True for the id that an event gives the queue or policy that is generated for it.
fn is_named_by_event(template: &Template, name: &str) -> bool {
    template.resources.iter().filter(|resource| is_sam(resource)).any(|resource| {
        let body = template.node(resource.body).span();
        template.document.nodes().any(|node| {
            let span = node.span();
            node.tag() == Tag::None
                && body.start <= span.start
                && span.end <= body.end
                && node.scalar() == Some(name)
                && node.key().is_some_and(|key| key.text().ends_with("LogicalId"))
        })
    })
}

fn rows(kind: &str) -> &'static [&'static str] {
    let Some(Rows::Keyed(rows)) = catalog::table("sam-generated").map(|table| &table.rows) else { return &[] };
    rows.iter().find(|(key, _)| *key == kind).map_or(&[], |(_, patterns)| patterns)
}

/// True if a text is what a pattern says; `*` is any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut open = false;
    for piece in pieces {
        open = true;
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    // A pattern that does not end in `*` ends with the text.
    rest.is_empty()
        || (open && (pattern.ends_with('*') || text.ends_with(pattern.rsplit('*').next().unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_generated_ids() {
        for (pattern, text, expected) in [
            ("Role", "Role", true),
            ("Role", "Roll", false),
            ("Role", "RoleX", false),
            ("Alias*", "Aliaslive", true),
            ("*Stage*", "ProdStage", true),
            ("*Stage*", "Stage9f8e", true),
            ("*Stage*", "Prod", false),
            ("*ApiMapping", "v1ApiMapping", true),
            ("*ApiMapping", "v1ApiMappingApiMapping", true),
            ("*ApiMapping", "v1ApiMappings", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
