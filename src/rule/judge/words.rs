//! What a finding says: its message with the gaps filled in, and labels at further places.

use crate::finding::Label;
use crate::rule::declarative::{Env, Evaluator, Failure, Leak, MessagePiece as Piece};
use crate::syntax::Tag;
use crate::template::Expr;
use crate::value::{Found, List, Map, Value, text_of};

use super::Judge;

impl<'p> Judge<'_, 'p> {
    /// The message of a failure.
    pub(super) fn message<'f>(
        &self,
        evaluator: &Evaluator<'_, 'p>,
        env: &Env<'_, 'p>,
        failure: Option<&'f Failure<'p>>,
        failures: &[Failure<'p>],
    ) -> String {
        let mut message = String::new();
        for piece in &self.rule.message.pieces {
            match piece {
                Piece::Text(text) => message.push_str(text),
                // The scenario is known only when all leaves are.
                Piece::Gap("when") => message.push('\u{0}'),
                Piece::Gap("self") => message.push_str(&self.own_name(evaluator, env)),
                Piece::Gap("value" | "detail") if failure.is_some_and(|failure| failure.leak.is_some()) => {
                    let leak = failure.and_then(|failure| failure.leak.as_ref());
                    let text = |leak: &'f Leak| if *piece == Piece::Gap("value") { &*leak.shown } else { leak.what };
                    message.push_str(leak.map_or("", |leak| text(leak)));
                }
                Piece::Gap("value") => {
                    message.push_str(&failure.map(|failure| self.shown(&failure.found.value)).unwrap_or_default());
                }
                Piece::Gap("as_of") => {
                    let date = failures.iter().find_map(|failure| failure.as_of).or(self.rule.as_of);
                    message.push_str(date.unwrap_or_default());
                }
                Piece::Gap("failing") => {
                    let mut labels: Vec<String> = Vec::new();
                    for label in failures.iter().map(Failure::label) {
                        if !labels.contains(&label) {
                            labels.push(label);
                        }
                    }
                    message.push_str(&labels.join(", "));
                }
                Piece::Gap("lacking") => {
                    let mut actions: Vec<String> = Vec::new();
                    for action in failures.iter().filter_map(|failure| failure.lacking) {
                        let action = format!("`{action}`");
                        if !actions.contains(&action) {
                            actions.push(action);
                        }
                    }
                    message.push_str(&actions.join(", "));
                }
                Piece::Gap("did_you_mean") => {
                    if let Some(near) = failures.iter().find_map(|failure| failure.near.as_deref()) {
                        message.push_str("; did you mean `");
                        message.push_str(near);
                        message.push_str("`?");
                    }
                }
                // `detail` is what native checks say themselves, and what a secret is.
                Piece::Gap(_) => {}
                Piece::Bound(name, path) => {
                    let start = bound(name, env, failure, failures);
                    let found = start.and_then(|start| evaluator.resolver.walk(start.clone(), path).into_iter().next());
                    message.push_str(&found.map(|found| self.shown(&found.value)).unwrap_or_default());
                }
            }
        }
        message
    }

    fn own_name(&self, evaluator: &Evaluator<'_, 'p>, env: &Env<'_, 'p>) -> String {
        let node = self.node().or_else(|| self.first_cause(evaluator, env));
        node.map(|node| self.graph.entity(node).name().to_owned()).unwrap_or_default()
    }

    /// A value in a message.
    fn shown(&self, value: &Value<'p>) -> String {
        match value {
            Value::Entity(id) => self.graph.entity(*id).name().to_owned(),
            Value::Absent => "nothing".to_owned(),
            Value::List(List::Items(items)) => {
                items.iter().map(|item| self.shown(&item.value)).collect::<Vec<_>>().join(", ")
            }
            Value::Map(Map::Node(cursor)) | Value::List(List::Node(cursor)) => {
                let text = cursor.node.document().text().get(cursor.node.text_range()).unwrap_or_default();
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Value::Unknown(unknown) => unknown.reasons.first().map(|reason| reason.name.clone()).unwrap_or_default(),
            other => text_of(other),
        }
    }

    /// Further places of a failure, with what stands there.
    pub(super) fn related(
        &self,
        evaluator: &Evaluator<'_, 'p>,
        env: &Env<'_, 'p>,
        failure: Option<&Failure<'p>>,
        failures: &[Failure<'p>],
    ) -> Vec<Label> {
        let mut labels = Vec::new();
        for term in &self.rule.related {
            let name = term.variable.as_deref().unwrap_or("self");
            let Some(start) = bound(name, env, failure, failures) else { continue };
            for found in evaluator.resolver.walk(start.clone(), &term.path) {
                if found.value.is_absent() || matches!(found.value, Value::Unknown(_)) {
                    continue;
                }
                let place = self.place(evaluator, &found);
                let text = match found.value {
                    Value::Entity(id) => format!("{name} `{}`", self.graph.entity(id).name()),
                    _ => name.to_owned(),
                };
                labels.push(Label { span: place.span, text });
            }
        }
        if let Some(failure) = failure {
            labels.extend(self.producer(evaluator, failure));
            let parameter = failure.leak.as_ref().and_then(|leak| leak.parameter.as_ref());
            labels.extend(parameter.map(|(name, span)| Label { span: *span, text: format!("a value of `{name}`") }));
        }
        labels
    }

    /// Where the value of an import is exported.
    fn producer(&self, evaluator: &Evaluator<'_, 'p>, failure: &Failure<'p>) -> Option<Label> {
        let call = Expr::of(failure.found.cursor.node).call()?;
        if call.function != Tag::ImportValue {
            return None;
        }
        let argument = failure.found.cursor;
        let argument = if call.is_short() { argument.untagged() } else { argument.to(call.argument) };
        let name = evaluator.resolver.found(argument).value;
        let producers = self.graph.producers(&evaluator.resolver, &name)?;
        let [export] = producers.certain[..] else { return None };
        let export = &self.graph.exports()[export];
        let template = evaluator.template(export.template);
        Some(Label { span: template.node(export.output.key).span(), text: "exported here".to_owned() })
    }
}

/// What a name is bound to: in the failure that is told, around it, or else in the first of all that binds it.
fn bound<'f, 'p>(
    name: &str,
    env: &Env<'f, 'p>,
    failure: Option<&'f Failure<'p>>,
    failures: &'f [Failure<'p>],
) -> Option<&'f Found<'p>> {
    let told = failure.and_then(|failure| failure.get(name)).or_else(|| env.get(name));
    told.or_else(|| failures.iter().find_map(|failure| failure.get(name)))
}
