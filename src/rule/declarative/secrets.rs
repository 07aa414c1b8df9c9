//! `secret_like` and `no_echo`: what a value is called, which parameters stand in it, what of it may be told.

use crate::finding::MASK;
use crate::source::Span;
use crate::syntax::Node;
use crate::value::secret::{self, Secret};
use crate::value::{Found, Hole, Part, Value, text_of};

use super::condition::Operator;
use super::evaluate::Evaluator;
use super::explain::property;
use super::possible::may_be_secret;

/// A secret behind a value.
#[derive(Debug, Clone)]
pub struct Leak {
    /// What it is, with its article.
    pub what: &'static str,
    /// What of it may be shown.
    pub shown: String,
    /// What nobody is to repeat.
    pub hidden: Vec<String>,
    /// The parameter that brings it, and where its value is written.
    pub parameter: Option<(String, Span)>,
}

impl<'p> Evaluator<'_, 'p> {
    /// The secret that a value is or holds. What is not written in the templates is none.
    pub(super) fn leak(&self, found: &Found<'p>) -> Option<Leak> {
        let names = names_of(found.cursor.node);
        let text = match &found.value {
            Value::Scalar(_) | Value::Symbolic(_) => text_of(&found.value),
            _ => return None,
        };
        if let Some(Secret { what, shown, hidden }) = secret::find(&text, &names) {
            return Some(Leak { what, shown, hidden: all_hidden(text, hidden, &names), parameter: None });
        }
        parameters(found).find_map(|(template, name)| {
            let template = self.resolver.world.template(template);
            let parameter = template.parameter(name)?;
            let names: Vec<&str> = names.iter().copied().chain([name]).collect();
            parameter.default.iter().chain(&parameter.allowed).find_map(|&node| {
                let node = template.node(node);
                let Secret { what, shown, hidden } = secret::find(node.text(), &names)?;
                Some(Leak { what, shown, hidden, parameter: Some((name.to_owned(), node.span())) })
            })
        })
    }

    /// True if a parameter with `NoEcho` stands in a value.
    pub(super) fn holds_no_echo(&self, found: &Found<'p>) -> bool {
        parameters(found).any(|(template, name)| {
            self.resolver.world.template(template).parameter(name).is_some_and(|parameter| parameter.no_echo)
        })
    }

    /// What an operator about secrets found in a value that passed it.
    pub(super) fn leak_of(&self, operator: &Operator, found: &Found<'p>) -> Option<Leak> {
        match operator {
            Operator::SecretLike(_) => self.leak(found),
            Operator::NoEcho(_) if self.holds_no_echo(found) => Some(Leak {
                what: "the value of a parameter with `NoEcho`",
                shown: text_of(&found.value),
                hidden: Vec::new(),
                parameter: None,
            }),
            Operator::Not(inner) => self.leak_of(inner, found),
            _ => None,
        }
    }
}

/// Whether a value that hangs on a choice may be a secret under one of them.
pub(super) fn may_leak(found: &Found<'_>) -> bool {
    may_be_secret(found, &names_of(found.cursor.node))
}

/// The parameters that stand in a value, with the templates that read them.
fn parameters<'f, 'p>(
    found: &'f Found<'p>,
) -> impl Iterator<Item = (crate::template::TemplateId, &'p str)> + use<'f, 'p> {
    let parts = match &found.value {
        Value::Symbolic(parts) => &parts[..],
        _ => &[],
    };
    parts.iter().filter_map(|part| match part {
        Part::Hole(Hole::Parameter(_, template, name)) => Some((*template, *name)),
        _ => None,
    })
}

/// So many secrets of one text are looked for.
const MANY: usize = 32;

/// What is not to be repeated of a text in which a secret was found: there may be others.
fn all_hidden(mut text: String, mut hidden: Vec<String>, names: &[&str]) -> Vec<String> {
    let mut fresh = hidden.clone();
    while !fresh.is_empty() && hidden.len() < MANY {
        for secret in &fresh {
            text = text.replace(secret.as_str(), MASK);
        }
        fresh = secret::find(&text, names).map(|secret| secret.hidden).unwrap_or_default();
        fresh.retain(|secret| !secret.is_empty() && !hidden.contains(secret));
        hidden.extend(fresh.iter().cloned());
    }
    hidden
}

/// What a value is called: its key; where that is only `Value`, the name beside it; of an argument the option before it.
fn names_of(node: Node<'_>) -> Vec<&str> {
    let mut names = Vec::new();
    if let Some(key) = property(node) {
        names.push(key.text());
        if matches!(key.text(), "Value" | "value" | "DefaultValue") {
            let beside =
                key.parent().and_then(|map| ["Name", "name", "Key", "key"].iter().find_map(|name| map.get(name)));
            names.extend(beside.and_then(Node::scalar));
        }
        return names;
    }
    let before = node.position().and_then(|at| at.checked_sub(1)).zip(node.parent());
    let option = before.and_then(|(at, list)| list.items().nth(at)).and_then(Node::scalar);
    names.extend(option.filter(|option| option.starts_with("--")));
    names
}
