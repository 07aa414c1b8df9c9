//! A rule file's conditions, from the tree of the file to [`Condition`]s. Errors point into the file and suggest.
//!
//! Bundled rules come as JSON that `build.rs` made, users' rules as YAML; both are read by the same reader into the same tree.

mod operator;
mod read;
mod rights;
mod subject;
mod word;

use crate::source::Span;
use crate::syntax::{Kind, Node};

use super::condition::{Condition, Leaf, Quantifier, Subject, Test};

pub use operator::OPERATORS;
use operator::operator;
pub(crate) use operator::option_value;
use read::term_paths;
pub(crate) use read::{one_path, only, text};
use rights::{allows, can};
pub(crate) use subject::kinds;
use subject::subject;
pub(crate) use word::distance_within;
pub use word::{nearest, suggestion};

/// A mistake in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do.
    pub help: Option<String>,
}

/// The result of compiling a part of a rule.
pub type Compiled<T> = Result<T, RuleError>;

/// Graph subjects within graph subjects; more is refused (`rule-language.md` §3).
const DEEPEST: usize = 4;

fn error<T>(node: Node<'_>, message: impl Into<String>, help: Option<String>) -> Compiled<T> {
    Err(RuleError { message: message.into(), span: node.span(), help })
}

/// The condition of a node.
pub(crate) fn condition(node: Node<'_>) -> Compiled<Condition> {
    condition_at(node, 0)
}

fn condition_at(node: Node<'_>, depth: usize) -> Compiled<Condition> {
    if depth > DEEPEST {
        return error(node, format!("graph subjects are nested deeper than {DEEPEST}"), None);
    }
    match node.kind() {
        Kind::Sequence => Ok(Condition::All(list(node, depth)?)),
        Kind::Mapping => {
            let mut entries = node.entries();
            let Some((key, value)) = entries.next() else { return error(node, "an empty condition", None) };
            let alone = entries.next().is_none();
            match key.text() {
                "all" if alone => Ok(Condition::All(list(value, depth)?)),
                "any" if alone => Ok(Condition::Any(list(value, depth)?)),
                "none" if alone => Ok(Condition::None(list(value, depth)?)),
                "not" if alone => Ok(Condition::Not(Box::new(condition_at(value, depth)?))),
                "allows" if alone => Ok(Condition::Allows(Box::new(allows(value)?))),
                "can" if alone => Ok(Condition::Can(Box::new(can(value)?))),
                _ => Ok(Condition::Leaf(Box::new(leaf(node, depth)?))),
            }
        }
        _ => error(node, "a condition is a map or a list of conditions", None),
    }
}

fn list(node: Node<'_>, depth: usize) -> Compiled<Vec<Condition>> {
    if !node.is_sequence() {
        return Ok(vec![condition_at(node, depth)?]);
    }
    node.items().map(|item| condition_at(item, depth)).collect()
}

fn leaf(node: Node<'_>, depth: usize) -> Compiled<Leaf> {
    let mut quantifier = None;
    let mut bind = None;
    let mut operator = None;
    for (key, value) in node.entries() {
        let found = match key.text() {
            "path" => Quantifier::Path,
            "every" => Quantifier::Every,
            "some" => Quantifier::Some,
            "no" => Quantifier::No,
            "as" => {
                bind = Some(text(value)?.into());
                continue;
            }
            name => {
                if let Some((first, _)) = operator {
                    let first: Node<'_> = first;
                    return error(
                        key,
                        format!("two operators in one test: `{}` and `{name}`", first.text()),
                        Some("write a list of two tests".into()),
                    );
                }
                operator = Some((key, value));
                continue;
            }
        };
        if quantifier.replace((found, value)).is_some() {
            return error(key, "two subjects in one test", Some("write a list of two tests".into()));
        }
    }
    let Some((quantifier, subject_node)) = quantifier else {
        let first = node.entries().next().map_or(node, |(key, _)| key);
        let help = suggestion(first.text(), ["path", "every", "some", "no", "all", "any", "none", "not"].into_iter());
        return error(first, "a test needs a subject: `path`, `every`, `some` or `no`", help);
    };
    let subject = subject(subject_node)?;
    if quantifier == Quantifier::Path && subject_node.is_sequence() {
        return error(subject_node, "`path` takes one path; `every`, `some` and `no` take several", None);
    }
    let graph = !matches!(subject, Subject::Path(_));
    if quantifier == Quantifier::Path && graph {
        return error(
            subject_node,
            "`path` takes a path; `every`, `some` and `no` take nodes, statements and referrers",
            None,
        );
    }
    let Some((key, argument)) = operator else {
        let names = OPERATORS.iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
        return error(node, "a test needs an operator", Some(format!("one of {names}")));
    };
    let test = if key.text() == "satisfies" {
        Test::Satisfies(condition_at(argument, depth + usize::from(graph))?)
    } else {
        Test::Operator(self::operator(key, argument)?)
    };
    let joins = match (&subject, bind.as_deref(), &test) {
        (Subject::Nodes(_), Some(bind), Test::Satisfies(condition)) if quantifier != Quantifier::Every => {
            super::join::joins(condition, bind)
        }
        _ => Vec::new(),
    };
    Ok(Leaf { quantifier, subject, bind, test, joins })
}

/// `let: {name: {resolve, to, many}}`.
pub(crate) fn bindings(node: Node<'_>) -> Compiled<Vec<super::Binding>> {
    node.entries()
        .map(|(key, value)| {
            only(value, &["resolve", "to", "many"])?;
            let (Some(resolve), Some(to)) = (value.get("resolve"), value.get("to")) else {
                return error(key, format!("`{}` needs `resolve` and `to`", key.text()), None);
            };
            Ok(super::Binding {
                name: key.text().into(),
                of: term_paths(resolve)?,
                to: kinds(to)?,
                many: value.get("many").and_then(Node::scalar) == Some("true"),
            })
        })
        .collect()
}
