//! The words of a rule file: paths, texts, numbers, flags, and the keys that a map takes.

use crate::source::Span;
use crate::syntax::{Node, path};

use super::super::condition::{Term, TermPath};
use super::word::suggestion;
use super::{Compiled, RuleError, error};

pub(super) fn term(node: Node<'_>) -> Compiled<Term> {
    let text = text(node)?;
    if text.starts_with('$') { Ok(Term::Path(term_path(node)?)) } else { Ok(Term::Literal(text.into())) }
}

/// One path with an optional name in front.
pub(super) fn term_path(node: Node<'_>) -> Compiled<TermPath> {
    one_path(node, "write a test for each path")
}

/// One path with an optional name in front; the help is for several, which braces give.
pub(crate) fn one_path(node: Node<'_>, help: &str) -> Compiled<TermPath> {
    let mut paths = term_paths(node)?;
    match paths.len() {
        1 => Ok(paths.remove(0)),
        count => {
            let message = format!("`{}` stands for {count} paths, and one is expected here", node.text());
            error(node, message, Some(help.to_owned()))
        }
    }
}

/// Paths with an optional name in front; braces give several.
pub(crate) fn term_paths(node: Node<'_>) -> Compiled<Vec<TermPath>> {
    let text = text(node)?;
    let (variable, rest) = match text.strip_prefix('$') {
        None => (None, text),
        Some(rest) => {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if name.is_empty() {
                return error(node, "`$` without a name", None);
            }
            (Some(name), rest.strip_prefix('.').unwrap_or(rest))
        }
    };
    // `$self` is the node itself.
    let variable = variable.map(Into::into);
    Ok(paths(node, rest)?.into_iter().map(|path| TermPath { variable: variable.clone(), path }).collect())
}

pub(super) fn paths(node: Node<'_>, text: &str) -> Compiled<Vec<crate::syntax::Path>> {
    path::parse(text).map_err(|problem| {
        // What stands in a table has no place in the rule.
        let span = node.scalar().and_then(|whole| whole.strip_suffix(text)).map_or(node.span(), |before| {
            let offset = |at: usize| u32::try_from(before.len() + at).unwrap_or(u32::MAX);
            let (start, end) = node.text_map().range(offset(problem.at.start), offset(problem.at.end));
            Span::new(node.span().file, start, end)
        });
        RuleError { message: format!("`{text}` is no path: {problem}"), span, help: None }
    })
}

pub(super) fn texts(node: Node<'_>) -> Compiled<Vec<Box<str>>> {
    if node.is_sequence() {
        node.items().map(|item| Ok(text(item)?.into())).collect()
    } else {
        Ok(vec![text(node)?.into()])
    }
}

/// The text of a scalar.
pub(crate) fn text(node: Node<'_>) -> Compiled<&str> {
    match node.scalar() {
        Some(text) => Ok(text),
        None => error(node, "a text is expected here", None),
    }
}

pub(super) fn number(node: Node<'_>) -> Compiled<f64> {
    text(node)?.parse().or_else(|_| error(node, format!("`{}` is no number", node.text()), None))
}

pub(super) fn flag(node: Node<'_>) -> Compiled<bool> {
    match text(node)? {
        "true" => Ok(true),
        "false" => Ok(false),
        other => error(node, format!("`{other}` is neither true nor false"), None),
    }
}

/// Refuses keys that a map does not take.
pub(crate) fn only(node: Node<'_>, known: &[&str]) -> Compiled<()> {
    for (key, _) in node.entries() {
        if !known.contains(&key.text()) {
            let help = suggestion(key.text(), known.iter().copied());
            return error(key, format!("`{}` is not known here", key.text()), help);
        }
    }
    Ok(())
}
