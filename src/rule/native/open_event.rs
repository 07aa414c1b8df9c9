//! API024: an event of AWS SAM that makes a method or route which asks nobody who they are.

use crate::finding::Severity;
use crate::syntax::Node;
use crate::template::visit;
use crate::value::{Cursor, Found, Hole, Map, Part, Resolver, Value};

use super::scenario::{Answer, Answers, is_there};
use super::{Context, Sink};

/// The type of an event, the type of its API, and the property that names it.
const EVENTS: [(&str, &str, &str); 2] =
    [("Api", "AWS::Serverless::Api", "RestApiId"), ("HttpApi", "AWS::Serverless::HttpApi", "ApiId")];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    let resource = context.entity.map(|id| context.graph.entity(id).resource);
    let Some(properties) = resource.and_then(|resource| resource.properties) else { return };
    visit(context.template.node(properties), &["Events", "*"], &mut |event| judge(context, event, sink));
}

fn judge<'p>(context: &Context<'_, 'p>, event: Node<'p>, sink: &mut Sink) {
    let kind = event.get("Type").and_then(Node::scalar);
    let Some((_, api, property)) = EVENTS.into_iter().find(|(event, ..)| kind == Some(*event)) else { return };
    let Some(key) = event.key() else { return };
    let cursor = context.cursor(event);
    let answers = Answers::ask(context, &|resolver| match is_there(resolver, cursor) {
        Ok(true) => is_open(context, resolver, cursor, api, property),
        Ok(false) => Answer::Aside,
        Err(why) => Answer::Unknown(why),
    });
    let place = context.place(cursor, key.span());
    let Some(wrong) = answers.wrong(|limited| *limited) else {
        if let Some(why) = answers.unknown() {
            sink.undecided.push(context.undecided(place, why));
        }
        return;
    };
    let mut finding = context.finding(place, key.text(), &wrong.when());
    wrong.explain(context, &mut finding);
    if *wrong.what {
        finding.severity = Severity::Low;
    }
    sink.findings.push(finding);
}

/// Wrong if neither the event nor its API has an authorizer; true if something else limits who can call it.
fn is_open<'p>(
    context: &Context<'_, 'p>,
    resolver: &Resolver<'_, 'p>,
    event: Cursor<'p>,
    kind: &str,
    property: &str,
) -> Answer<'p, bool> {
    let properties = resolver.member_of(event, "Properties", &[]);
    let at = |path: &[&str]| value_at(resolver, properties.clone(), path);
    // A browser's preflight carries no credentials.
    if at(&["Method"]).as_str().is_some_and(|method| method.eq_ignore_ascii_case("options")) {
        return Answer::Aside;
    }
    match at(&["Auth", "Authorizer"]) {
        Value::Absent => {}
        Value::Unknown(why) => return Answer::Unknown((*why).clone()),
        // `NONE` as well: it is written for the one event that is meant to be open.
        _ => return Answer::Fine,
    }
    let api = match at(&[property]) {
        // AWS SAM makes one API for all such events; `Globals` says how.
        Value::Absent => {
            context.template.globals(kind).map(|globals| resolver.found(Cursor::new(context.template, &[], globals)))
        }
        Value::Symbolic(parts) => match parts[..] {
            [Part::Hole(Hole::Resource(id, ..))] if context.graph.entity(id).kind == kind => Some(resolver.root(id)),
            [Part::Hole(Hole::Resource(..))] => return Answer::Aside,
            _ => return Answer::Unknown(resolver.why(&parts)),
        },
        Value::Unknown(why) => return Answer::Unknown((*why).clone()),
        _ => return Answer::Aside,
    };
    let of_api = |path: &[&str]| api.clone().map_or(Value::Absent, |api| value_at(resolver, api, path));
    // A definition says itself who may call what.
    if ["DefinitionBody", "DefinitionUri"].iter().any(|property| !of_api(&[property]).is_absent()) {
        return Answer::Aside;
    }
    match of_api(&["Auth", "DefaultAuthorizer"]) {
        Value::Absent => {}
        Value::Unknown(why) => return Answer::Unknown((*why).clone()),
        _ => return Answer::Fine,
    }
    let asks_for_key = |value: Value<'_>| value.as_str() == Some("true");
    let endpoint = of_api(&["EndpointConfiguration", "Type"]);
    Answer::Wrong(
        asks_for_key(at(&["Auth", "ApiKeyRequired"]))
            || asks_for_key(of_api(&["Auth", "ApiKeyRequired"]))
            || !at(&["Auth", "ResourcePolicy"]).is_absent()
            || !of_api(&["Auth", "ResourcePolicy"]).is_absent()
            || endpoint.as_str() == Some("PRIVATE"),
    )
}

/// What stands at the end of a path of keys.
fn value_at<'p>(resolver: &Resolver<'_, 'p>, start: Found<'p>, path: &[&str]) -> Value<'p> {
    let mut found = start;
    for key in path {
        found = match found.value {
            Value::Map(Map::Node(map)) => resolver.member_of(map, key, &[]),
            Value::Unknown(why) => return Value::Unknown(why),
            _ => return Value::Absent,
        };
    }
    found.value
}
