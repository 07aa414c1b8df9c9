//! `Fn::ForEach`: a loop over a known list becomes one entry per item; spans stay on the loop's text.
//!
//! A list is known if it is written out, or is a list parameter's default. What loops over anything else is unseen.

use crate::syntax::{Node, NodeId, Tag};

use super::{Expr, Parameter};

/// A loop variable and the value it has in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The identifier.
    pub name: Box<str>,
    /// The item.
    pub value: Box<str>,
}

/// Loops deeper or longer than this are left unseen: CloudFormation itself allows 500 resources.
const MOST_ENTRIES: usize = 2000;

/// Calls `each` with key, expanded name, value and bindings of every entry of a section.
pub(super) fn expand<'d>(
    section: Node<'d>,
    parameters: &[Parameter],
    unseen: &mut Vec<NodeId>,
    each: &mut dyn FnMut(Node<'d>, Box<str>, Node<'d>, Vec<Binding>),
) {
    let mut count = 0;
    walk(section, parameters, unseen, &[], 0, &mut count, each);
}

fn walk<'d>(
    section: Node<'d>,
    parameters: &[Parameter],
    unseen: &mut Vec<NodeId>,
    bindings: &[Binding],
    depth: usize,
    count: &mut usize,
    each: &mut dyn FnMut(Node<'d>, Box<str>, Node<'d>, Vec<Binding>),
) {
    for (key, value) in section.entries() {
        let Some(name) = key.scalar() else { continue };
        if name == "Fn::Transform" {
            unseen.push(value.id());
            continue;
        }
        if !name.starts_with("Fn::ForEach::") {
            *count += 1;
            each(key, substitute(name, bindings).into(), value, bindings.to_vec());
            continue;
        }
        let arguments: Vec<_> = value.items().collect();
        let known = match arguments[..] {
            [identifier, list, body] if depth < 5 && body.is_mapping() => {
                identifier.scalar().zip(collection(list, section.document(), parameters)).map(|known| (known, body))
            }
            _ => None,
        };
        let Some(((identifier, items), body)) = known.filter(|_| *count < MOST_ENTRIES) else {
            unseen.push(value.id());
            continue;
        };
        for item in items {
            let mut inner = bindings.to_vec();
            inner.push(Binding { name: identifier.into(), value: item });
            walk(body, parameters, unseen, &inner, depth + 1, count, each);
            if *count >= MOST_ENTRIES {
                break;
            }
        }
    }
}

/// The items of a loop's collection, if they are known.
fn collection(list: Node<'_>, document: &crate::syntax::Document, parameters: &[Parameter]) -> Option<Vec<Box<str>>> {
    match Expr::of(list) {
        Expr::List(list) => {
            list.items().map(|item| item.scalar().filter(|_| item.tag() == Tag::None).map(Into::into)).collect()
        }
        Expr::Call(call) if call.function == Tag::Ref => {
            let name = call.text()?;
            let parameter = parameters.iter().find(|parameter| &*parameter.name == name)?;
            let default = document.node(parameter.default?).scalar()?;
            Some(default.split(',').map(|item| item.trim().into()).collect())
        }
        _ => None,
    }
}

/// Replaces `${Name}` and `&{Name}` (which keeps letters and digits only) by the loop's values.
pub(crate) fn substitute(text: &str, bindings: &[Binding]) -> String {
    let mut text = text.to_owned();
    for binding in bindings {
        text = text.replace(&format!("${{{}}}", binding.name), &binding.value);
        let plain: String = binding.value.chars().filter(char::is_ascii_alphanumeric).collect();
        text = text.replace(&format!("&{{{}}}", binding.name), &plain);
    }
    text
}
