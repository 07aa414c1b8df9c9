//! Messages with gaps: `{self}`, `{value}`, `{v.VariantName}`. Read once, filled for each finding.

use crate::syntax::{Node, Path, path};

use super::compile::{Compiled, RuleError, suggestion};

/// A message, parsed.
#[derive(Debug, Default)]
pub struct Message {
    /// Its pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(Box<str>),
    /// A gap of the engine: `self`, `value`, `failing`, `lacking`, `when`, `as_of`, `did_you_mean`, `detail`.
    Gap(&'static str),
    /// A bound name, or a member of what it is bound to.
    Bound(Box<str>, Path),
}

/// The gaps that the engine fills.
pub const GAPS: [&str; 8] = ["self", "value", "failing", "lacking", "when", "as_of", "did_you_mean", "detail"];

impl Message {
    /// Reads the message of a rule; `bound` are the names that the rule binds.
    pub(crate) fn read(node: Node<'_>, bound: &[&str]) -> Compiled<Self> {
        let text = super::text(node)?;
        let error = |message: String, help: Option<String>| Err(RuleError { message, span: node.span(), help });
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].into()));
            }
            let Some(close) = rest[open..].find('}').map(|close| open + close) else {
                return error("`{` without `}` in the message".to_owned(), None);
            };
            let inside = &rest[open + 1..close];
            rest = &rest[close + 1..];
            if let Some(gap) = GAPS.iter().find(|gap| **gap == inside) {
                pieces.push(Piece::Gap(gap));
                continue;
            }
            // `{options.days}`: known when the message is read, as the option is.
            if let Some(option) = inside.strip_prefix("options.") {
                match super::option_value(node, option) {
                    Some(value) if value.is_sequence() => {
                        let items = value.items().map(Node::text).collect::<Vec<_>>().join(", ");
                        pieces.push(Piece::Text(items.into()));
                    }
                    Some(value) => pieces.push(Piece::Text(value.text().into())),
                    None => return error(format!("the rule has no option `{option}`"), None),
                }
                continue;
            }
            let end = inside.find(['.', '[']).unwrap_or(inside.len());
            let (name, tail) = inside.split_at(end);
            if !bound.contains(&name) {
                let help = suggestion(name, GAPS.into_iter().chain(bound.iter().copied()));
                return error(format!("the message names `{name}`, which nothing binds"), help);
            }
            let paths = path::parse(tail.strip_prefix('.').unwrap_or(tail));
            match paths.as_deref() {
                Ok([path]) => pieces.push(Piece::Bound(name.into(), path.clone())),
                _ => return error(format!("`{inside}` is no path"), None),
            }
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self { pieces })
    }

    /// The text, with the engine's gaps filled in; where nothing is evaluated, a bound name stands for nothing.
    pub(crate) fn fill<'t>(&'t self, gap: impl Fn(&str) -> &'t str) -> String {
        let piece = |piece: &'t Piece| match piece {
            Piece::Text(text) => &**text,
            Piece::Gap(name) => gap(name),
            Piece::Bound(..) => "",
        };
        self.pieces.iter().map(piece).collect()
    }
}
