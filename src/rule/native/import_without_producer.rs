//! TPL002: an import of a name that no template of the project exports.

use crate::finding::{Reason, ReasonKind};
use crate::rule::declarative::nearest;
use crate::source::Span;
use crate::syntax::{Node, Tag};
use crate::template::{Expr, sub_arguments};
use crate::value::{Cursor, Part, Resolver, Truth, Unknown, Value, text_of};

use super::report::{hidden, in_metadata};
use super::scenario::{Answer, Answers, is_meant, is_there};
use super::{Context, Sink};

/// More changed characters are no typing error.
const NEAR: usize = 3;

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    for node in context.template.document.nodes() {
        if node.tag() != Tag::ImportValue || node.is_alias() || in_metadata(node) {
            continue;
        }
        let Some(call) = Expr::of(node).call() else { continue };
        let span = name_span(call.argument, call.is_short());
        for owner in owners(context, node) {
            let cursor = Cursor { node, ..owner };
            let argument = if call.is_short() { cursor.untagged() } else { cursor.to(call.argument) };
            judge(context, cursor, argument, span, sink);
        }
    }
}

/// The surroundings of a node: those of each round of a loop, if it stands in one.
fn owners<'p>(context: &Context<'_, 'p>, node: Node<'p>) -> Vec<Cursor<'p>> {
    let template = context.template;
    let span = node.span();
    let resources = template.resources[template.resources_around(span)].iter().map(|resource| &resource.bindings);
    let outputs = template.outputs_around(span).map(|output| &output.bindings);
    let mut found: Vec<Cursor<'p>> =
        resources.chain(outputs).map(|bindings| Cursor::new(template, bindings, node)).collect();
    if found.is_empty() {
        found.push(Cursor::new(template, &[], node));
    }
    found
}

fn judge<'p>(context: &Context<'_, 'p>, cursor: Cursor<'p>, argument: Cursor<'p>, span: Span, sink: &mut Sink) {
    let answers = Answers::ask(context, &|resolver| {
        match is_there(resolver, cursor) {
            Ok(true) => {}
            Ok(false) => return Answer::Aside,
            Err(why) => return Answer::Unknown(why),
        }
        match exported(context, resolver, argument) {
            Ok(None) => Answer::Fine,
            Ok(Some(_)) if !is_meant(context, resolver) => Answer::Fine,
            Ok(Some(name)) => Answer::Wrong(name),
            Err(why) => Answer::Unknown(why),
        }
    });
    let Some(wrong) = answers.wrong(|_| ()) else {
        if let Some(why) = answers.unknown() {
            let place = context.place(argument, span);
            sink.undecided.push(context.undecided(place, why));
        }
        return;
    };
    // A name that is exported under no choice is told as it is written.
    let unchosen = text_of(&context.graph.unchosen().found(argument).value);
    let name = if wrong.note.is_none() && !unchosen.is_empty() { &unchosen } else { wrong.what };
    let exports = context.graph.exports();
    let neighbours = context.graph.exports_around(name);
    let near = nearest(name, neighbours.map(|export| &*export.shown)).filter(|near| is_near(name, near));
    let found = |near: &str| {
        if near == *name { "; the output that would is not made".to_owned() } else { format!("; there is `{near}`") }
    };
    let detail = near.map(found).unwrap_or_default() + &wrong.when();
    let mut finding = context.finding(context.place(argument, span), name, &detail);
    wrong.explain(context, &mut finding);
    if let Some(export) = near.and_then(|near| exports.iter().find(|export| export.shown == near)) {
        let template = &context.graph.templates()[export.template.index()];
        let text =
            if near == Some(name.as_str()) { "exported here, under a condition" } else { "exported here" }.to_owned();
        finding.related.push(crate::finding::Label { span: template.node(export.output.key).span(), text });
    }
    sink.findings.push(finding);
}

/// The name if nothing exports it.
fn exported<'p>(
    context: &Context<'_, 'p>,
    resolver: &Resolver<'_, 'p>,
    argument: Cursor<'p>,
) -> Result<Option<String>, Unknown<'p>> {
    let value = resolver.found(argument).value;
    if let Value::Unknown(why) = &value {
        return Err((**why).clone());
    }
    let (Some(parts), Some(producers)) = (resolver.parts(&value), context.graph.producers(resolver, &value)) else {
        return Err(Unknown::because(ReasonKind::Malformed, "Fn::ImportValue"));
    };
    if producers.certain.iter().any(|&index| may_be_made(context, resolver, index)) {
        return Ok(None);
    }
    if !producers.certain.is_empty() {
        return Ok(Some(text_of(&value)));
    }
    let named = resolver.with_names(&parts);
    let external = context.graph.is_external(&named);
    if external == Truth::True {
        return Ok(None);
    }
    let is_open = !parts.is_empty() && parts.iter().all(|part| matches!(part, Part::Hole(_)));
    if is_open || external == Truth::Unknown || !producers.possible.is_empty() {
        let mut why = resolver.why(&parts);
        if why.reasons.is_empty() {
            // The name is known; that of an export is not.
            let shown = producers.possible.iter().map(|&index| context.graph.exports()[index].shown.clone());
            why.reasons.extend(shown.map(|name| Reason { kind: ReasonKind::ExternalImport, name }));
        }
        return Err(why);
    }
    if let Some(why) = context.graph.any_unread() {
        return Err(why);
    }
    let name = text_of(&value);
    let quoted = || format!("`{name}`");
    // Where no other template exports anything, the stacks that do are kept elsewhere.
    let templates = context.graph.templates();
    let mut exporters = context.graph.exports().iter().map(|export| &templates[export.template.index()]);
    let is_alone = exporters.all(|exporter| std::ptr::eq(exporter, context.template));
    if context.graph.is_partial() || is_alone {
        return Err(Unknown::because(ReasonKind::OutsideTheSet, quoted()));
    }
    let besides = ["Resources", "Conditions", "Parameters", "Mappings"];
    match context.graph.templates().iter().find_map(|template| hidden(context.graph, template, &besides)) {
        Some(why) => Err(why),
        None => Ok(Some(name)),
    }
}

/// False for an export whose output certainly is not made under the choices of a resolver. What hangs on a choice that nobody
/// has made counts as made: who deploys both stacks decides it for both.
fn may_be_made<'p>(context: &Context<'_, 'p>, resolver: &Resolver<'_, 'p>, index: usize) -> bool {
    let export = &context.graph.exports()[index];
    let template = context.graph.template_of(export);
    let Some(condition) = export.output.condition.map(|node| template.node(node)) else { return true };
    let cursor = Cursor::new(template, &export.output.bindings, condition);
    condition.scalar().is_none_or(|name| resolver.condition(cursor, name).unwrap_or(true))
}

/// Where the text of the name stands: of `Fn::Sub` its text, of anything else what there is.
pub(super) fn name_span(argument: Node<'_>, short: bool) -> Span {
    let node = argument.follow();
    let expression = if short { Expr::untagged(node) } else { Expr::of(node) };
    let call = expression.call().or_else(|| short.then(|| Expr::of(node).call()).flatten());
    match call.filter(|call| call.function == Tag::Sub) {
        Some(call) => sub_arguments(call).0.unwrap_or(node).span(),
        None => node.span(),
    }
}

/// True if two names differ in a few places only.
fn is_near(name: &str, other: &str) -> bool {
    crate::rule::declarative::distance_within(name, other, NEAR).is_some()
}
