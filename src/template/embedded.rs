//! Documents inside strings: finds them (which properties hold them is data of the catalogue) and reads them with holes.
//!
//! `Fn::Sub` and `Fn::Join` are put together to one decoded text whose every byte maps to its place in the file; what
//! CloudFormation fills in is a hole. The holes' expressions stay in the host's tree, so they resolve like any other.

use std::sync::Arc;

use crate::catalog::{self, EmbeddedProperty, Format};
use crate::source::TextMap;
use crate::syntax::{Document, Node, NodeId, SyntaxIssue, Tag, json, parse_yaml_within};

use super::{Call, Expr, Resource, SubPart, Template, literal_hint, sub_parts};

/// A document that was found in a string.
#[derive(Debug)]
pub struct Embedded {
    /// The node that holds it: a string, `Fn::Sub` or `Fn::Join`.
    pub host: NodeId,
    /// The number of the resource that it belongs to.
    pub resource: usize,
    /// The name of the property that holds it.
    pub property: &'static str,
    /// Its language.
    pub format: Format,
    /// The tree, or why there is none.
    pub document: Result<Document, SyntaxIssue>,
    /// What stands in its holes, by number.
    pub holes: Vec<HoleExpr>,
    /// The property with the values of its `${name}` placeholders, which the service fills in.
    pub substitutions: Option<&'static str>,
}

/// What stands in a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoleExpr {
    /// `${name}` of `Fn::Sub`, with its value if `Fn::Sub` gives one itself.
    Variable(Box<str>, Option<NodeId>),
    /// An item of `Fn::Join`.
    Node(NodeId),
    /// `${name}` that the service fills in (`DefinitionSubstitutions`).
    Substitution(Box<str>),
    /// `${!name}`: the text `${name}` itself.
    Literal(Box<str>),
}

/// Appends the documents of a resource.
pub(super) fn read(template: &Template, index: usize, resource: &Resource, found: &mut Vec<Embedded>) {
    let properties = catalog::embedded(&resource.kind);
    let Some(node) = resource.properties.filter(|_| !properties.is_empty()) else { return };
    let node = template.node(node);
    for property in properties {
        visit(node, property.path, &mut |host| {
            if let Some(embedded) = read_one(host, index, property) {
                found.push(embedded);
            }
        });
    }
}

/// Calls `each` with what stands at a path, in every branch of every `Fn::If` on the way.
pub(crate) fn visit<'d>(node: Node<'d>, path: &[&str], each: &mut dyn FnMut(Node<'d>)) {
    if let Expr::Call(call) = Expr::of(node)
        && call.function == Tag::If
    {
        for branch in call.arguments().into_iter().skip(1) {
            visit(branch, path, each);
        }
        return;
    }
    match path {
        [] => each(node.follow()),
        ["[*]", rest @ ..] if node.is_sequence() => node.items().for_each(|item| visit(item, rest, each)),
        ["[*]", rest @ ..] => visit(node, rest, each),
        ["*", rest @ ..] => node.entries().for_each(|(_, value)| visit(value, rest, each)),
        [key, rest @ ..] => {
            if let Some(value) = node.get(key) {
                visit(value, rest, each);
            }
        }
    }
}

fn read_one(host: Node<'_>, resource: usize, property: &'static EmbeddedProperty) -> Option<Embedded> {
    if !matches!(Expr::of(host), Expr::Scalar(_) | Expr::Call(Call { function: Tag::Sub | Tag::Join, .. })) {
        return None;
    }
    if !literal_hint(host).trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut assembly = Assembly { substitutes: property.substitutions.is_some(), ..Assembly::default() };
    assembly.push(host, 0);
    let Assembly { text, map, holes, expressions, .. } = assembly;
    Some(Embedded {
        host: host.id(),
        resource,
        property: name_of(property),
        format: property.format,
        document: json::parse_embedded(host.document().file(), Arc::from(text), map, holes),
        holes: expressions,
        substitutions: property.substitutions,
    })
}

/// The document of a string that holds YAML, as the content of an SSM document may; what stands in it is data.
///
/// Nothing evaluates it: it is read for what its text says.
pub(crate) fn read_yaml(host: Node<'_>, resource: usize, property: &'static EmbeddedProperty) -> Option<Embedded> {
    let mut assembly = Assembly::default();
    assembly.push(host, 0);
    let Assembly { mut text, map, holes, .. } = assembly;
    for (start, end) in holes {
        // `{` would open a map in YAML, and what is filled in is no part of the text.
        let range = start as usize..end as usize;
        text.replace_range(range.clone(), &"x".repeat(range.len()));
    }
    let document = parse_yaml_within(host.document().file(), &Arc::from(text), map)?;
    Some(Embedded {
        host: host.id(),
        resource,
        property: name_of(property),
        format: property.format,
        document: Ok(document),
        holes: Vec::new(),
        substitutions: None,
    })
}

/// The key of a property that holds documents.
fn name_of(property: &EmbeddedProperty) -> &'static str {
    property.path.iter().rev().find(|segment| **segment != "[*]").copied().unwrap_or_default()
}

/// A decoded text in the making.
#[derive(Default)]
struct Assembly {
    text: String,
    map: TextMap,
    holes: Vec<(u32, u32)>,
    expressions: Vec<HoleExpr>,
    /// True if the service fills in `${name}` in what CloudFormation leaves.
    substitutes: bool,
}

impl Assembly {
    fn push(&mut self, node: Node<'_>, depth: u8) {
        match Expr::of(node) {
            Expr::Scalar(scalar) => self.push_scalar(scalar, None),
            Expr::Call(call) if call.function == Tag::Sub => {
                let (text, variables) = sub_arguments(call);
                match text.filter(|text| text.scalar().is_some()) {
                    Some(text) => self.push_scalar(text, Some(variables)),
                    None => self.push_hole(node),
                }
            }
            Expr::Call(call) if call.function == Tag::Join && depth < 8 => {
                let arguments = call.arguments();
                match arguments[..] {
                    [separator, list] if separator.scalar().is_some() && Expr::of(list).call().is_none() => {
                        for (index, item) in list.items().enumerate() {
                            if index > 0 && !separator.text().is_empty() {
                                self.push_scalar_text(separator);
                            }
                            self.push(item, depth + 1);
                        }
                    }
                    _ => self.push_hole(node),
                }
            }
            _ => self.push_hole(node),
        }
    }

    /// Appends a scalar; `variables` are those of `Fn::Sub`, if it is the text of one.
    #[expect(clippy::option_option, reason = "no `Fn::Sub`, one without variables of its own, one with some")]
    fn push_scalar(&mut self, node: Node<'_>, variables: Option<Option<Node<'_>>>) {
        let base = self.offset();
        self.push_scalar_text(node);
        if variables.is_none() && !self.substitutes {
            return;
        }
        for part in sub_parts(node.text()) {
            let (range, expression) = match (part, variables) {
                (SubPart::Name(name, range), Some(variables)) => {
                    let value = variables.and_then(|variables| variables.get(name)).map(Node::id);
                    (range, HoleExpr::Variable(name.into(), value))
                }
                (SubPart::Name(name, range), None) => (range, HoleExpr::Substitution(name.into())),
                (SubPart::Literal(name, range), Some(_)) if self.substitutes => {
                    (range, HoleExpr::Substitution(name.into()))
                }
                (SubPart::Literal(name, range), Some(_)) => (range, HoleExpr::Literal(format!("${{{name}}}").into())),
                _ => continue,
            };
            self.holes.push((base + to_u32(range.start), base + to_u32(range.end)));
            self.expressions.push(expression);
        }
    }

    /// Appends the text of a scalar with its places.
    fn push_scalar_text(&mut self, node: Node<'_>) {
        let map = node.text_map();
        self.map.append(&map);
        self.text.push_str(node.text());
    }

    /// Appends a hole for an expression that is no text.
    fn push_hole(&mut self, node: Node<'_>) {
        const MARK: &str = "${}";
        let span = node.span_with_tag();
        let base = self.offset();
        self.map.append(&TextMap::whole(to_u32(MARK.len()), span.start, span.end));
        self.text.push_str(MARK);
        self.holes.push((base, base + to_u32(MARK.len())));
        self.expressions.push(HoleExpr::Node(node.id()));
    }

    fn offset(&self) -> u32 {
        to_u32(self.text.len())
    }
}

/// The text and the variable map of `Fn::Sub`, in both its forms.
pub(crate) fn sub_arguments(call: Call<'_>) -> (Option<Node<'_>>, Option<Node<'_>>) {
    if call.argument.is_sequence() {
        let mut items = call.argument.items();
        (items.next(), items.next().filter(|node| node.is_mapping()))
    } else {
        (Some(call.argument.follow()), None)
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
