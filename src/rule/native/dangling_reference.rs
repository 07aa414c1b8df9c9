//! TPL018: a reference to a parameter, resource, condition, mapping or mapping key that the template does not define.

use crate::finding::{Label, ReasonKind};
use crate::graph::{DependencyKind, NamePlaces};
use crate::rule::declarative::nearest;
use crate::syntax::{Node, Tag, canonical_text};
use crate::template::{Expr, Template};
use crate::value::{Choice, Cursor, Hole, Part, Resolver, Unknown, Value};

use super::defined::is_defined;
use super::report::{hidden, in_metadata, is_fragment};
use super::scenario::{Answer, Answers, is_meant, is_there};
use super::{Context, Sink};

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    names(context, sink);
    for node in context.template.document.nodes() {
        if node.tag() == Tag::FindInMap && !node.is_alias() && !in_metadata(node) {
            keys(context, node, sink);
        }
    }
}

/// Names of one template that are compared to find out what was meant; enough for any template that people write.
const COMPARED: usize = 200_000;

fn names(context: &Context<'_, '_>, sink: &mut Sink) {
    let template = context.template;
    let mut places = NamePlaces::default();
    let mut compared = 0;
    for dependency in context.dependencies.iter().filter(|dependency| !is_defined(template, dependency)) {
        let (detail, besides): (_, &[&str]) = match dependency.kind {
            DependencyKind::Ref => ("parameter or resource", &["Outputs", "Conditions", "Mappings"]),
            DependencyKind::GetAtt | DependencyKind::DependsOn => {
                ("resource", &["Outputs", "Conditions", "Mappings", "Parameters"])
            }
            DependencyKind::Condition => ("condition", &["Outputs", "Resources", "Mappings", "Parameters"]),
            DependencyKind::Mapping => ("mapping", &["Outputs", "Resources", "Conditions", "Parameters"]),
        };
        let span = places.span(dependency);
        let place = context.place(context.cursor(dependency.node), span);
        if let Some(why) = hidden(context.graph, template, besides) {
            sink.undecided.push(context.undecided(place, why));
            continue;
        }
        let written = template.document.text().get(span.range()).unwrap_or_default();
        let name = if dependency.name.is_empty() { written } else { dependency.name };
        let near = if compared < COMPARED {
            nearest(name, known(template, dependency.kind).inspect(|_| compared += 1))
        } else {
            None
        };
        if near.is_none() && is_fragment(template) {
            let why = Unknown::because(ReasonKind::OutsideTheSet, format!("`{name}`"));
            sink.undecided.push(context.undecided(place, why));
            continue;
        }
        let mut finding = context.finding(place, name, detail);
        finding.help = near.map(|near| format!("did you mean `{near}`?"));
        sink.findings.push(finding);
    }
}

/// The names that may have been meant.
fn known(template: &Template, kind: DependencyKind) -> impl Iterator<Item = &str> {
    let any = kind == DependencyKind::Ref;
    let resources = any || matches!(kind, DependencyKind::GetAtt | DependencyKind::DependsOn);
    let mappings = template.document.root().and_then(|root| root.get("Mappings"));
    let parameters = template.parameters.iter().filter(move |_| any).map(|parameter| &*parameter.name);
    let resources = template.resources.iter().filter(move |_| resources).map(|resource| &*resource.name);
    let conditions = template.conditions.iter().filter(move |_| kind == DependencyKind::Condition);
    let mappings = mappings.into_iter().filter(move |_| kind == DependencyKind::Mapping).flat_map(Node::entries);
    parameters
        .chain(resources)
        .chain(conditions.map(|condition| &*condition.name))
        .chain(mappings.filter_map(|(key, _)| key.scalar()))
}

/// A key that a mapping lacks: what of it is known, and which argument says so.
struct Missing {
    shown: String,
    argument: usize,
}

/// The keys of `Fn::FindInMap`, under every choice.
fn keys<'p>(context: &Context<'_, 'p>, node: Node<'p>, sink: &mut Sink) {
    let Some(call) = Expr::of(node).call() else { return };
    let arguments = call.arguments();
    // With a fourth argument a missing key has a default.
    let [name, first, second] = arguments[..] else { return };
    let Some(name) = name.scalar().filter(|_| name.tag() == Tag::None) else { return };
    let Some(mapping) = context.template.mapping(name) else { return };
    let cursor = context.cursor(node);
    let keys = [cursor.to(first), cursor.to(second)];
    let answers = Answers::ask(context, &|resolver| match is_there(resolver, cursor) {
        Ok(true) => look_up(context, resolver, name, mapping, keys),
        Ok(false) => Answer::Aside,
        Err(why) => Answer::Unknown(why),
    });
    let Some(wrong) = answers.wrong(|_| ()) else {
        if let Some(why) = answers.unknown() {
            let place = context.place(keys[0], keys[0].node.span());
            sink.undecided.push(context.undecided(place, why));
        }
        return;
    };
    let key = keys[wrong.what.argument];
    let mut finding = context.finding(context.place(key, key.node.span()), &wrong.what.shown, "mapping key");
    finding.message.push_str(&wrong.when());
    wrong.explain(context, &mut finding);
    if let Some(key) = mapping.key() {
        finding.related.push(Label { span: key.span(), text: "the mapping".to_owned() });
    }
    sink.findings.push(finding);
}

fn look_up<'p>(
    context: &Context<'_, 'p>,
    resolver: &Resolver<'_, 'p>,
    name: &str,
    mapping: Node<'p>,
    keys: [Cursor<'p>; 2],
) -> Answer<'p, Missing> {
    let mut node = mapping;
    let mut shown = name.to_owned();
    for (argument, key) in keys.into_iter().enumerate() {
        // An include may hold any key.
        if node.get("Fn::Transform").is_some() {
            return Answer::Fine;
        }
        match resolver.found(key).value {
            Value::Scalar(scalar) => {
                shown = format!("{shown}.{}", scalar.text);
                match entry(node, &scalar.text) {
                    Some(value) => node = value,
                    None if !is_meant(context, resolver) => return Answer::Fine,
                    None => return Answer::Wrong(Missing { shown, argument }),
                }
            }
            Value::Symbolic(parts) if is_left_open(resolver, &parts) => return Answer::Fine,
            Value::Symbolic(parts) => return Answer::Unknown(resolver.why(&parts)),
            // A name that does not exist is told where it stands.
            Value::Unknown(why) if why.reasons.iter().all(|reason| reason.kind == ReasonKind::Malformed) => {
                return Answer::Fine;
            }
            Value::Unknown(why) => return Answer::Unknown((*why).clone()),
            _ => return Answer::Fine,
        }
    }
    Answer::Fine
}

/// True for a key that only the deployment gives, or any value that nothing names: a mapping for some regions only is
/// no mistake.
fn is_left_open(resolver: &Resolver<'_, '_>, parts: &[Part<'_>]) -> bool {
    parts.iter().all(|part| match part {
        Part::Text(_) | Part::Hole(Hole::Pseudo(..)) => true,
        Part::Hole(hole @ Hole::Parameter(..)) => is_other(resolver, hole),
        Part::Hole(_) => false,
    })
}

/// True for a parameter that is taken to have none of the values that the template knows.
fn is_other(resolver: &Resolver<'_, '_>, hole: &Hole<'_>) -> bool {
    resolver
        .scenario()
        .choices()
        .iter()
        .any(|chosen| chosen.value.is_none() && matches!(&chosen.choice, Choice::Hole(known) if known == hole))
}

/// The value of a key; `yes` and `true` are one key.
fn entry<'d>(map: Node<'d>, name: &str) -> Option<Node<'d>> {
    map.get(name).or_else(|| {
        let same = |key: &Node<'_>| key.scalar_type().is_some_and(|kind| canonical_text(key.text(), kind) == name);
        map.entries().find(|(key, _)| same(key)).map(|(_, value)| value)
    })
}
