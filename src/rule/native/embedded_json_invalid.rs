//! TPL016: a property that holds JSON, with a text that is none: as it is written, or with what is filled in.

use crate::catalog;
use crate::finding::ReasonKind;
use crate::syntax::{IssueKind, Kind, Node, ScalarType, Style, Tag};
use crate::template::{Call, Embedded, Expr, literal_hint, visit};
use crate::value::{Cursor, Hole, Part, Pseudo, Resolver, Unknown, Value, text_of};

use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let template = context.template;
    let Some(entity) = context.entity.map(|id| context.graph.entity(id)) else { return };
    let Some(properties) = entity.resource.properties.map(|id| template.node(id)) else { return };
    for property in catalog::embedded(entity.kind) {
        let name = property.path.iter().rev().find(|segment| **segment != "[*]").copied().unwrap_or_default();
        let mut hosts = Vec::new();
        visit(properties, property.path, &mut |host| hosts.push(host));
        for host in hosts {
            let cursor = Cursor::new(template, &entity.resource.bindings, host);
            match template.embedded_at(host.id()) {
                Some(embedded) => document(context, embedded, cursor, name, sink),
                None => text(context, cursor, name, sink),
            }
        }
    }
}

/// A text that looks like JSON.
fn document<'p>(context: &Context<'_, 'p>, embedded: &'p Embedded, host: Cursor<'p>, name: &str, sink: &mut Sink) {
    match &embedded.document {
        Ok(document) => {
            for node in document.nodes().filter(|node| is_bare(*node)) {
                filled(context, Cursor { embedded: Some(embedded), ..host.to(node) }, host, name, sink);
            }
        }
        Err(issue) => {
            let place = context.place(host, issue.span);
            if matches!(issue.kind, IssueKind::AroundHole | IssueKind::TooDeep) {
                let why = Unknown::because(ReasonKind::UnreadableDocument, name);
                sink.undecided.push(context.undecided(place, why));
                return;
            }
            let mut finding = context.finding(place, name, &issue.message);
            finding.help.clone_from(&issue.help);
            sink.findings.push(finding);
        }
    }
}

/// True for a value outside of strings that has holes.
fn is_bare(node: Node<'_>) -> bool {
    let bare = node.kind() == Kind::Hole || (node.has_holes() && node.style() == Style::Plain);
    bare && !node.parent().is_some_and(|parent| parent.entries().any(|(key, _)| key == node))
}

/// What is filled in outside of strings.
fn filled<'p>(context: &Context<'_, 'p>, cursor: Cursor<'p>, host: Cursor<'p>, name: &str, sink: &mut Sink) {
    let answers = Answers::ask(context, &|resolver| {
        match is_there(resolver, host) {
            Ok(true) => {}
            Ok(false) => return Answer::Aside,
            Err(why) => return Answer::Unknown(why),
        }
        bare_value(resolver, cursor)
    });
    let Some(wrong) = answers.wrong(|_| ()) else { return };
    let span = cursor.node.span();
    let written = context.template.document.text().get(span.range()).unwrap_or_default();
    let shown = if wrong.what.is_empty() { "nothing".to_owned() } else { format!("`{}`", wrong.what) };
    let detail = format!("{shown} is filled in without quotes{}", wrong.when());
    let mut finding = context.finding(context.place(cursor, span), name, &detail);
    finding.help = written.starts_with("${").then(|| format!("write `\"{written}\"`"));
    wrong.explain(context, &mut finding);
    sink.findings.push(finding);
}

/// Wrong if a value is certainly no JSON outside of quotes.
fn bare_value<'p>(resolver: &Resolver<'_, 'p>, cursor: Cursor<'p>) -> Answer<'p, String> {
    let value = resolver.found(cursor).value;
    let is_word = |text: &str| {
        text.is_empty()
            || (text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '/' | '.' | '_'))
                && !matches!(text, "true" | "false" | "null"))
    };
    let wrong = match &value {
        Value::Scalar(scalar) => is_word(&scalar.text),
        Value::Symbolic(parts) => match parts.first() {
            Some(Part::Text(text)) => is_word(text),
            Some(Part::Hole(Hole::Resource(_, returned, _))) => *returned != catalog::Returned::Other,
            Some(Part::Hole(Hole::Pseudo(pseudo, _))) => *pseudo != Pseudo::AccountId,
            _ => {
                let why = resolver.why(parts);
                // A text that nobody knows may be a number.
                return if why.blockers.is_empty() { Answer::Fine } else { Answer::Unknown(why) };
            }
        },
        _ => false,
    };
    if wrong { Answer::Wrong(text_of(&value)) } else { Answer::Fine }
}

/// A value that does not look like JSON as it is written: another text, or one that comes from elsewhere.
fn text<'p>(context: &Context<'_, 'p>, host: Cursor<'p>, name: &str, sink: &mut Sink) {
    let hint = literal_hint(host.node);
    let known = match Expr::of(host.node) {
        Expr::Scalar(node) => node.scalar_type() != Some(ScalarType::Null),
        Expr::Call(Call { function: Tag::Sub | Tag::Join, .. }) => !hint.trim_start().starts_with("${"),
        Expr::Call(Call { function: Tag::ToJsonString | Tag::Transform, .. }) => return,
        Expr::Call(_) => false,
        _ => return,
    };
    if known {
        let detail = first_of(&hint);
        sink.findings.push(context.finding(context.place(host, host.node.span_with_tag()), name, &detail));
        return;
    }
    let resolver = context.graph.unchosen();
    let why = match resolver.found(host).value {
        Value::Absent => return,
        Value::Unknown(why) => (*why).clone(),
        Value::Symbolic(parts) => resolver.why(&parts),
        _ => Unknown::because(ReasonKind::UnreadableDocument, name),
    };
    let key = host.node.key().unwrap_or(host.node);
    sink.undecided.push(context.undecided(context.place(host, key.span()), why));
}

/// That a text starts with something else than JSON.
fn first_of(text: &str) -> String {
    match text.trim_start().chars().next() {
        Some(first) => format!("it starts with `{}`, not with `{{`", first.escape_debug()),
        None => "it is empty".to_owned(),
    }
}
