//! Can a value that hangs on a choice be a secret at all? Read off the text of its expression, without making the choice.
//!
//! Most values that differ by environment or Region are names and numbers. Where no text in sight can be a secret, no
//! scenario has to be tried. What functions make of several texts together is not looked at: then the answer is yes.

use crate::syntax::{Node, Tag};
use crate::template::{Expr, HoleExpr, SubPart, Template, sub_parts};
use crate::value::secret;
use crate::value::{Cursor, Found};

/// How deep expressions are followed.
const DEEPEST: u8 = 16;

/// True if a text from which a value is made may be a secret; `names` are what the value is called.
pub(super) fn may_be_secret(found: &Found<'_>, names: &[&str]) -> bool {
    let cursor = found.cursor;
    let look = Look { template: cursor.frame.template, substitutions: cursor.frame.substitutions(), names };
    match cursor.embedded {
        None => look.expression(cursor.node, 0),
        Some(_) => look.holed(cursor),
    }
}

struct Look<'p, 'n> {
    template: &'p Template,
    substitutions: Option<Node<'p>>,
    names: &'n [&'n str],
}

impl<'p> Look<'p, '_> {
    fn text(&self, text: &str) -> bool {
        secret::find(text, self.names).is_some()
    }

    /// A scalar of a document in a string: its own text, and what is filled into it.
    fn holed(&self, cursor: Cursor<'p>) -> bool {
        let Some(embedded) = cursor.embedded else { return true };
        let node = cursor.node;
        let holes: Vec<usize> = match node.hole() {
            Some(number) => vec![number],
            None => node.holes().map(|(number, _)| number).collect(),
        };
        if holes.is_empty() {
            // A function of the document's own language, which is not followed here.
            return true;
        }
        let written = node.document().text().get(node.text_range()).unwrap_or_default();
        self.text(written.trim_matches('"'))
            || holes.into_iter().any(|number| match embedded.holes.get(number) {
                Some(HoleExpr::Variable(_, Some(value)) | HoleExpr::Node(value)) => {
                    self.expression(self.template.node(*value), 0)
                }
                Some(HoleExpr::Variable(name, None)) => self.name(name),
                Some(HoleExpr::Substitution(name)) => self.substitution(name),
                Some(HoleExpr::Literal(_)) | None => false,
            })
    }

    fn substitution(&self, name: &str) -> bool {
        self.substitutions.and_then(|map| map.get(name)).is_none_or(|value| self.expression(value, 0))
    }

    /// What a name of `Ref` or `Fn::Sub` may stand for: the values that the template gives a parameter.
    fn name(&self, name: &str) -> bool {
        let Some(parameter) = self.template.parameter(name) else { return false };
        let names: Vec<&str> = self.names.iter().copied().chain([name]).collect();
        let values = parameter.default.iter().chain(&parameter.allowed);
        values.into_iter().any(|&value| secret::find(self.template.node(value).text(), &names).is_some())
    }

    fn expression(&self, node: Node<'p>, depth: u8) -> bool {
        if depth > DEEPEST {
            return true;
        }
        let call = match Expr::of(node) {
            Expr::Scalar(node) => return self.text(node.text()),
            Expr::Call(call) => call,
            Expr::List(_) | Expr::Map(_) | Expr::Hole(_) => return true,
        };
        let arguments = call.arguments();
        match (call.function, &arguments[..]) {
            (Tag::Ref, _) => call.text().is_none_or(|name| self.name(name)),
            // What AWS or another stack gives is written nowhere in this one.
            (Tag::GetAtt | Tag::ImportValue | Tag::GetStackOutput, _) => false,
            (Tag::If, [_, then, otherwise]) => {
                self.expression(*then, depth + 1) || self.expression(*otherwise, depth + 1)
            }
            (Tag::FindInMap, [map, ..]) => {
                let map = map.scalar().and_then(|name| self.template.mapping(name));
                map.is_none_or(|map| self.anywhere(map, depth + 1))
            }
            (Tag::Sub, [text, given @ ..]) => {
                let given = given.first().copied();
                text.scalar().is_none_or(|text| self.text(text) || self.parts(text, given, depth))
            }
            _ => true,
        }
    }

    fn parts(&self, text: &str, given: Option<Node<'p>>, depth: u8) -> bool {
        sub_parts(text).any(|part| match part {
            SubPart::Text(_) | SubPart::Literal(..) => false,
            SubPart::Name(name, _) => match given.and_then(|map| map.get(name)) {
                Some(value) => self.expression(value, depth + 1),
                None => self.name(name),
            },
        })
    }

    /// Any text of a mapping.
    fn anywhere(&self, node: Node<'p>, depth: u8) -> bool {
        if depth > DEEPEST {
            return true;
        }
        if node.is_mapping() {
            return node.entries().any(|(_, value)| self.anywhere(value, depth + 1));
        }
        if node.is_sequence() {
            return node.items().any(|value| self.anywhere(value, depth + 1));
        }
        self.text(node.text())
    }
}
