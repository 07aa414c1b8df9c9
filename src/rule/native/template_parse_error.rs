//! TPL030: what CloudFormation cannot read: syntax, keys that stand twice, unknown sections, functions and transforms, and
//! what is no resource.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{self, Rows};
use crate::finding::{Confidence, Label, Severity, Subject};
use crate::rule::declarative::{nearest, suggestion};
use crate::rule::place::{self, Place};
use crate::source::Span;
use crate::syntax::{IssueKind, Node, SyntaxIssue, Tag};
use crate::template::{SECTIONS, Template};
use crate::value::Cursor;

use super::report::{hidden, in_metadata, is_fragment};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    issues(context, sink);
    // A bracket too many makes sections of resources.
    if !context.template.is_broken() {
        sections(context, sink);
    }
    resources(context, sink);
    for node in context.template.document.nodes().filter(|node| !node.is_alias()) {
        match node.tag() {
            Tag::Other => tag(context, node, sink),
            Tag::UnknownFunction if node.is_long_form() => function(context, node, sink),
            _ => {}
        }
        if !context.template.may_expand {
            continue;
        }
        // Beside other keys it is valid as well.
        let include = node.entries().find(|(key, _)| key.scalar() == Some("Fn::Transform"));
        if let Some(name) = include.and_then(|(_, value)| value.get("Name")).filter(|_| !in_metadata(node)) {
            transform(context, name, sink);
        }
    }
    if let Some(section) = context.template.document.root().and_then(|root| root.get("Transform")) {
        let names: Vec<Node<'_>> = if section.is_sequence() { section.items().collect() } else { vec![section] };
        for name in names {
            transform(context, name.get("Name").unwrap_or(name), sink);
        }
    }
}

/// Says something about a node, or the part of it that counts.
fn tell<'p>(
    context: &Context<'_, 'p>,
    node: Node<'p>,
    span: Span,
    detail: &str,
    help: Option<String>,
    sink: &mut Sink,
) {
    let place = context.place(context.cursor(node), span);
    let mut finding = context.finding(place, "", detail);
    finding.help = help;
    sink.findings.push(finding);
}

/// What the readers of YAML and JSON said.
fn issues(context: &Context<'_, '_>, sink: &mut Sink) {
    let all = &context.template.issues;
    if let Some(first) = all.first().filter(|_| is_source_of_another_program(context.template.document.text())) {
        let place = Place { span: first.span, label: String::new(), subject: Subject::default() };
        let mut finding = context.finding(place, "", "another program makes the template from this file");
        finding.severity = Severity::Low;
        finding.confidence = Confidence::Possible;
        let usual = if context.template.is_broken() { "" } else { "; what could be read here is checked as usual" };
        finding.help = Some(format!("check what the program writes{usual}"));
        sink.findings.push(finding);
        return;
    }
    // Only programs that make a template of this file resolve these; who uses one knows, and hears it once.
    let shared = |issue: &&SyntaxIssue| match issue.kind {
        IssueKind::Alias => issue.related.is_some(),
        IssueKind::MergeKey => true,
        _ => false,
    };
    let sugar = all.iter().find(|issue| issue.kind == IssueKind::Alias && shared(issue)).or(all.iter().find(shared));
    let keys = keys_of(context.template, all);
    let map_of = |issue: &SyntaxIssue| keys.get(&issue.span).and_then(|(key, _)| key.parent());
    let mut maps = BTreeSet::new();
    for issue in all.iter().filter(|issue| !shared(issue)).chain(sugar) {
        let entry = keys.get(&issue.span);
        // A forgotten `-` makes every key of an item stand twice: that is one mistake.
        let map = map_of(issue).map(Node::id);
        if map.is_some_and(|map| !maps.insert(map)) {
            continue;
        }
        let detail = if issue.kind == IssueKind::DuplicateKey && entry.is_some() {
            let here = all.iter().filter(|other| map_of(other).map(Node::id) == map);
            let names = here.filter_map(|other| keys.get(&other.span)).filter_map(|(key, _)| key.scalar());
            twice(&names.collect::<Vec<_>>())
        } else {
            issue.message.clone()
        };
        let owner = context.owner(issue.span).map(|index| &context.template.resources[index]);
        let place = match entry.map(|(_, value)| *value).or(context.template.document.root()) {
            Some(node) => place::of_part(context.template, owner, context.cursor(node), issue.span),
            None => Place { span: issue.span, label: String::new(), subject: Subject::default() },
        };
        let mut finding = context.finding(place, "", &detail);
        finding.help.clone_from(&issue.help);
        finding.related.extend(issue.related.iter().map(|(span, text)| Label { span: *span, text: text.clone() }));
        if shared(&issue) {
            finding.severity = Severity::Low;
            finding.confidence = Confidence::Possible;
            finding.help = Some(
                "write it out, or deploy what `aws cloudformation package` or `sam` makes of this file".to_owned(),
            );
        }
        sink.findings.push(finding);
    }
}

/// Lines of Jinja (`{% for ... %}`) or Mustache (`{{#each ...}}`), which no template of CloudFormation has outside of scripts.
fn is_source_of_another_program(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_start);
    lines.any(|line| line.starts_with("{%") || line.starts_with("{{#"))
}

/// "the keys `Effect`, `Action` and `Resource` stand twice"
fn twice(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.dedup();
    match &names[..] {
        [] => "a key stands twice".to_owned(),
        [one] => format!("the key {one} stands twice"),
        [first @ .., last] => format!("the keys {} and {last} stand twice", first.join(", ")),
    }
}

/// The keys that an issue is about, by their place, with their values.
fn keys_of<'p>(template: &'p Template, issues: &[SyntaxIssue]) -> BTreeMap<Span, (Node<'p>, Node<'p>)> {
    let wanted: BTreeSet<Span> =
        issues.iter().filter(|issue| issue.kind == IssueKind::DuplicateKey).map(|issue| issue.span).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let entries = template.document.nodes().flat_map(Node::entries);
    entries.filter(|(key, _)| wanted.contains(&key.span())).map(|entry| (entry.0.span(), entry)).collect()
}

fn sections(context: &Context<'_, '_>, sink: &mut Sink) {
    let Some(root) = context.template.document.root() else { return };
    let transforms = root.get("Transform");
    let names: Vec<&str> = match transforms {
        Some(list) if list.is_sequence() => list.items().filter_map(Node::scalar).collect(),
        Some(one) => one.scalar().into_iter().collect(),
        None => Vec::new(),
    };
    // A macro of the account, an include or Rain may take a section away before CloudFormation sees it.
    let opaque = transforms.is_some_and(|node| node.is_mapping() || node.items().any(Node::is_mapping))
        || names.iter().any(|name| !name.starts_with("AWS::"))
        || ["Fn::Transform", "Modules", "Rain"].iter().any(|name| root.get(name).is_some());
    let is_sam = names.iter().any(|name| name.starts_with("AWS::Serverless"));
    let mut told = BTreeSet::new();
    for (key, value) in root.entries() {
        let Some(name) = key.scalar().filter(|name| !matches!(*name, "Fn::Transform" | "<<")) else { continue };
        let known = opaque || (SECTIONS.contains(&name) && (name != "Globals" || is_sam));
        // A key that stands twice is told as such.
        if known || !told.insert(name) {
            continue;
        }
        let detail = match name {
            "Globals" => "`Globals` is no section of a template without the transform of AWS SAM".to_owned(),
            _ => format!("`{name}` is no section of a template"),
        };
        tell(
            context,
            value,
            key.span(),
            &detail,
            suggestion(name, SECTIONS.into_iter().filter(|known| *known != name)),
            sink,
        );
    }
}

/// What stands in `Resources` and is no resource.
fn resources(context: &Context<'_, '_>, sink: &mut Sink) {
    let template = context.template;
    let Some((key, section)) = template.document.root().and_then(|root| root.entry("Resources")) else { return };
    if hidden(context.graph, template, &[]).is_some() || is_fragment(template) {
        return;
    }
    if section.is_sequence() || section.scalar().is_some_and(|text| !text.is_empty()) {
        tell(context, section, key.span(), "`Resources` is no map of logical ids", None, sink);
        return;
    }
    for (key, body) in section.entries() {
        let Some(name) = key.scalar().filter(|name| !name.starts_with("Fn::") && *name != "<<") else { continue };
        // Another program puts something in the place of a tag, or merges keys.
        if body.tag() == Tag::Other || body.get("<<").is_some() || body.get("Type").is_some() {
            continue;
        }
        let detail = format!("`{name}` in `Resources` is no map with a `Type`");
        tell(context, body, key.span(), &detail, None, sink);
    }
}

/// `!Subst`
fn tag<'p>(context: &Context<'_, 'p>, node: Node<'p>, sink: &mut Sink) {
    let (Some(text), Some(span)) = (node.tag_text(), node.tag_span()) else { return };
    // Rain's own directives are gone when it deploys.
    if in_metadata(node) || text.starts_with("!Rain::") {
        return;
    }
    let name = text.trim_start_matches('!');
    if Tag::NAMES.contains(&name) {
        let detail = format!("the tag `{text}` stands on a key");
        let help = format!(
            "put `{text}` on the line of the property, before the line of this key, or write the long form of the function"
        );
        tell(context, node, span, &detail, Some(help), sink);
        return;
    }
    let near = nearest(name, Tag::NAMES.into_iter());
    let help = near.map(|near| format!("did you mean `!{near}`?"));
    tell(context, node, span, &format!("`{text}` is no function of CloudFormation"), help, sink);
}

/// `Fn::Concat`
fn function<'p>(context: &Context<'_, 'p>, node: Node<'p>, sink: &mut Sink) {
    let Some((key, _)) = node.entries().next().filter(|_| !in_metadata(node)) else { return };
    // Of a key with a tag the tag is told.
    let Some(name) = key.scalar().filter(|_| key.tag() == Tag::None) else { return };
    let short = name.strip_prefix("Fn::").unwrap_or(name);
    let help = nearest(short, Tag::NAMES.into_iter()).map(|near| match near {
        "Ref" | "Condition" => format!("did you mean `{near}`?"),
        _ => format!("did you mean `Fn::{near}`?"),
    });
    tell(context, node, key.span(), &format!("`{name}` is no function of CloudFormation"), help, sink);
}

/// `AWS::Serverless`
fn transform(context: &Context<'_, '_>, node: Node<'_>, sink: &mut Sink) {
    let Some(name) = node.scalar().filter(|name| name.starts_with("AWS::")) else { return };
    let Some(Rows::Texts(known)) = catalog::table("transforms").map(|table| &table.rows) else { return };
    if known.contains(&name) {
        return;
    }
    let near = known.iter().copied().find(|known| known.starts_with(name));
    let help = near.map(|near| format!("did you mean `{near}`?")).or_else(|| suggestion(name, known.iter().copied()));
    let cursor = Cursor::new(context.template, &[], node);
    let place = context.place(cursor, node.span());
    let mut finding = context.finding(place, "", &format!("`{name}` is no transform of AWS"));
    finding.help = help;
    sink.findings.push(finding);
}
