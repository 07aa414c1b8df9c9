//! From a place in a template to a finding or an undecided verdict of a native check.

use crate::catalog;
use crate::finding::{Finding, Label, ReasonKind, Undecided};
use crate::graph::StackGraph;
use crate::rule::place::{self, Place};
use crate::source::Span;
use crate::syntax::Node;
use crate::template::{Resource, Template, visit};
use crate::value::{Cursor, Dialect, Unknown, Value};

use super::{Context, Sink};

impl<'p> Context<'_, 'p> {
    /// A node of the template, seen from the resource that it stands in.
    pub(super) fn cursor(&self, node: Node<'p>) -> Cursor<'p> {
        let owner = self.owner(node.span()).map(|index| &self.template.resources[index]);
        Cursor::new(self.template, owner.map(|resource| &*resource.bindings).unwrap_or_default(), node)
    }

    /// The resource whose body holds a place.
    pub(super) fn owner(&self, span: Span) -> Option<usize> {
        self.template.resource_around(span)
    }

    /// The place of a node; `span` is the part of it that is shown. What stands in no resource, such as AWS SAM's `Globals`,
    /// counts as the resource's in question.
    pub(super) fn place(&self, cursor: Cursor<'_>, span: Span) -> Place {
        let owner = match cursor.embedded {
            Some(embedded) => Some(embedded.resource),
            None => self.owner(cursor.node.span()),
        };
        let owner = owner.map(|index| &self.template.resources[index]);
        let owner = owner.or_else(|| self.entity.map(|id| self.graph.entity(id).resource));
        place::of_part(self.template, owner, cursor, span)
    }

    /// A finding of this rule; `value` and `detail` fill the gaps of its message.
    pub(super) fn finding(&self, place: Place, value: &str, detail: &str) -> Finding {
        Finding {
            rule: self.rule.meta.id.clone(),
            severity: self.rule.meta.severity,
            confidence: self.rule.meta.confidence,
            message: self.rule.message.fill(|gap| match gap {
                "value" => value,
                "detail" => detail,
                "self" => place.subject.resource.as_deref().unwrap_or_default(),
                _ => "",
            }),
            primary: Label { span: place.span, text: place.label },
            related: Vec::new(),
            help: None,
            assumed: None,
            scenario: None,
            subject: place.subject,
            secrets: Vec::new(),
        }
    }

    /// That this rule cannot decide what stands at a place.
    pub(super) fn undecided(&self, place: Place, why: Unknown<'_>) -> Undecided {
        let mut reasons = why.reasons;
        reasons.sort();
        reasons.dedup();
        Undecided { span: place.span, rule: self.rule.meta.id.clone(), subject: place.subject, reasons }
    }
}

/// Why a template may say more than can be read: a macro, or text after a syntax error.
///
/// What stands in one of the `besides` sections adds nothing that is asked for.
pub(super) fn hidden<'p>(graph: &StackGraph<'p>, template: &Template, besides: &[&str]) -> Option<Unknown<'p>> {
    if let Some(unread) = graph.unread(template) {
        return Some(unread);
    }
    let root = template.document.root()?;
    let aside = |node: Node<'_>| {
        let span = node.span();
        let sections = besides.iter().filter_map(|name| root.get(name)).map(Node::span);
        sections.into_iter().any(|section| section.start <= span.start && span.end <= section.end)
    };
    if let Some(node) = template.unseen.iter().map(|&id| template.node(id)).find(|node| !aside(*node)) {
        let name = node.scalar().or_else(|| node.get("Name").and_then(Node::scalar));
        let name = name.or_else(|| node.key().and_then(Node::scalar)).unwrap_or("Fn::Transform");
        return Some(Unknown::because(ReasonKind::Macro, name));
    }
    None
}

/// True for a file that may be a part of a template: the Serverless Framework, and scripts like it, merge files of
/// resources into one that has the parameters.
pub(super) fn is_fragment(template: &Template) -> bool {
    let whole = ["AWSTemplateFormatVersion", "Transform", "Parameters"];
    template.document.root().is_some_and(|root| whole.iter().all(|section| root.get(section).is_none()))
}

/// Says that a resource's definitions cannot be read, if it has some: the text comes from a parameter, an import or the like.
pub(super) fn undecided_definition<'p>(
    context: &Context<'_, 'p>,
    sink: &mut Sink,
    dialect: Dialect,
    resource: &'p Resource,
) {
    let template = context.template;
    let Some(properties) = resource.properties.map(|node| template.node(node)) else { return };
    let embedded = catalog::embedded(&resource.kind);
    for property in embedded.iter().filter(|property| Dialect::of(property.format) == dialect) {
        let mut hosts = Vec::new();
        visit(properties, property.path, &mut |host| hosts.push(host));
        for host in hosts {
            let resolver = context.graph.unchosen();
            let cursor = Cursor::new(template, &resource.bindings, host);
            let why = match resolver.found(cursor).value {
                Value::Symbolic(parts) => resolver.why(&parts),
                Value::Unknown(why) => (*why).clone(),
                Value::Absent => continue,
                _ => Unknown::because(ReasonKind::UnreadableDocument, property.path.join(".")),
            };
            let key = host.key().unwrap_or(template.node(resource.key));
            sink.undecided.push(context.undecided(context.place(cursor, key.span()), why));
        }
    }
}

/// True for what stands in a `Metadata` section, of the template or of a resource: data for other programs.
pub(super) fn in_metadata(node: Node<'_>) -> bool {
    let mut path = Vec::new();
    let mut node = node;
    while let Some(parent) = node.parent() {
        path.push(node.key().and_then(Node::scalar).unwrap_or_default());
        node = parent;
    }
    path.reverse();
    path.first() == Some(&"Metadata") || (path.first() == Some(&"Resources") && path.get(2) == Some(&"Metadata"))
}
