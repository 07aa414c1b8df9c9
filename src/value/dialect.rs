//! What text and maps mean inside documents: JSONPath and JSONata in state machines, `Get` and `Std:Join` in pipelines.

use std::borrow::Cow;

use crate::catalog::Format;
use crate::finding::ReasonKind;
use crate::syntax::{Node, Style, json, json_type};
use crate::template::{Embedded, HoleExpr, SubPart, sub_parts};

use super::{Cursor, Dialect, Found, Hole, Map, Part, PipelineParameter, Resolver, Scalar, Value, joined};

impl Dialect {
    /// The dialect of a document's language.
    pub fn of(format: Format) -> Self {
        match format {
            Format::Asl => Self::Asl,
            Format::SageMakerPipeline => Self::Pipeline,
            _ => Self::Plain,
        }
    }
}

impl<'p> Resolver<'_, 'p> {
    /// The value of a document inside a string.
    pub(super) fn embedded_root(&self, cursor: Cursor<'p>, embedded: &'p Embedded) -> Value<'p> {
        match &embedded.document {
            Ok(document) => match document.root() {
                Some(root) => {
                    let dialect = Dialect::of(embedded.format);
                    let template = cursor.frame.template;
                    let properties = template.resources[embedded.resource].properties;
                    let substitutions = embedded
                        .substitutions
                        .zip(properties)
                        .and_then(|(name, properties)| template.node(properties).get(name));
                    let frame = cursor.frame.with_substitutions(substitutions);
                    self.value(Cursor { frame, embedded: Some(embedded), dialect, ..cursor.to(root) })
                }
                None => Value::Absent,
            },
            Err(_) => Value::unknown(ReasonKind::UnreadableDocument, embedded.property),
        }
    }

    /// A text that has a meaning of its own in its dialect.
    pub(super) fn dialect_text(&self, cursor: Cursor<'p>, text: &'p str) -> Option<Value<'p>> {
        if cursor.dialect != Dialect::Asl {
            return None;
        }
        if text.starts_with("{%") && text.ends_with("%}") {
            return Some(Value::hole(Hole::RunTime(text.into(), cursor.node.span().file)));
        }
        let key = || cursor.node.key().map(Node::text).unwrap_or_default();
        if (text.starts_with('$') || text.starts_with("States.")) && key().ends_with(".$") {
            return Some(Value::hole(Hole::RunTime(text.into(), cursor.node.span().file)));
        }
        // In the object form of a definition the service fills in `${name}` after CloudFormation is done.
        if cursor.embedded.is_none() && cursor.frame.substitutions().is_some() && text.contains("${") {
            let mut parts = Vec::new();
            for part in sub_parts(text) {
                match part {
                    SubPart::Text(text) => parts.push(Part::Text(Cow::Borrowed(text))),
                    SubPart::Literal(name, _) => parts.push(Part::Text(Cow::Owned(format!("${{!{name}}}")))),
                    SubPart::Name(name, _) => match self.parts(&self.substitution(cursor, name)) {
                        Some(more) => parts.extend(more),
                        None => return Some(self.substitution(cursor, name)),
                    },
                }
            }
            return Some(joined(parts));
        }
        None
    }

    /// The value that `DefinitionSubstitutions` gives a name.
    fn substitution(&self, cursor: Cursor<'p>, name: &str) -> Value<'p> {
        let Some(node) = cursor.frame.substitutions().and_then(|substitutions| substitutions.get(name)) else {
            return Value::unknown(ReasonKind::Malformed, format!("${{{name}}}"));
        };
        let template = cursor.frame.template;
        self.found(Cursor::new(template, cursor.frame.bindings, node)).value
    }

    /// The value of a hole in a document.
    pub(super) fn hole_value(&self, cursor: Cursor<'p>, number: usize) -> Value<'p> {
        let Some(embedded) = cursor.embedded else { return Value::Absent };
        let template = cursor.frame.template;
        let outer =
            |node: Node<'p>| Cursor { frame: cursor.frame, ..Cursor::new(template, cursor.frame.bindings, node) };
        match embedded.holes.get(number) {
            Some(HoleExpr::Variable(name, value)) => match value {
                Some(value) => self.found(outer(template.node(*value))).value,
                None => self.name(outer(template.node(embedded.host)), name),
            },
            Some(HoleExpr::Node(node)) => self.found(outer(template.node(*node))).value,
            Some(HoleExpr::Substitution(name)) => self.substitution(cursor, name),
            Some(HoleExpr::Literal(text)) => Value::text(&**text),
            None => Value::Absent,
        }
    }

    /// The value of a text with holes in a document.
    pub(super) fn holed_scalar(&self, cursor: Cursor<'p>, node: Node<'p>) -> Value<'p> {
        let text: &'p str = node.document().text();
        let range = node.text_range();
        let quoted = node.style() == Style::DoubleQuoted;
        let (mut at, end) = if quoted { (range.start + 1, range.end - 1) } else { (range.start, range.end) };
        let mut parts = Vec::new();
        for (number, hole) in node.holes() {
            let (start, hole_end) = (hole.start as usize, hole.end as usize);
            if start > at {
                parts.push(Part::Text(json::unescape(&text[at..start])));
            }
            let value = self.hole_value(cursor, number);
            match self.parts(&value) {
                Some(more) => parts.extend(more),
                None if matches!(value, Value::Unknown(_)) => return value,
                None => {
                    let reason =
                        crate::finding::Reason { kind: ReasonKind::Malformed, name: text[start..hole_end].to_owned() };
                    parts.push(Part::Hole(Hole::Derived(
                        format!("{start} of {:?}", node.span()).into(),
                        std::sync::Arc::new(reason),
                    )));
                }
            }
            at = hole_end;
        }
        if end > at {
            parts.push(Part::Text(json::unescape(&text[at..end])));
        }
        match joined(parts) {
            // `${N}` without quotes is a number if what is filled in is one.
            Value::Scalar(scalar) if !quoted => match scalar.text {
                Cow::Borrowed(text) => {
                    Scalar::typed(text, json_type(text, Style::Plain)).map_or(Value::Absent, Value::Scalar)
                }
                text @ Cow::Owned(_) => Value::Scalar(Scalar { text, kind: scalar.kind }),
            },
            value => value,
        }
    }

    /// A map, or what it stands for in its dialect.
    pub(super) fn dialect_map(&self, cursor: Cursor<'p>) -> Value<'p> {
        if cursor.dialect == Dialect::Pipeline {
            let mut entries = cursor.node.entries();
            if let (Some((key, value)), None) = (entries.next(), entries.next()) {
                match key.scalar() {
                    Some("Get") => {
                        if let Some(name) = value.scalar() {
                            return self.pipeline_get(cursor, name);
                        }
                    }
                    Some("Std:Join") => {
                        let separator = value.get("On").and_then(Node::scalar).unwrap_or_default();
                        if let Some(values) = value.get("Values") {
                            return self.join_values(separator, &self.found(cursor.to(values)).value);
                        }
                    }
                    _ => {}
                }
            }
        }
        Value::Map(Map::Node(cursor))
    }

    /// `{"Get": "Parameters.X"}` and other run-time values of a pipeline.
    fn pipeline_get(&self, cursor: Cursor<'p>, name: &'p str) -> Value<'p> {
        let file = cursor.node.span().file;
        let Some(parameter) = name.strip_prefix("Parameters.") else {
            return Value::hole(Hole::RunTime(name.into(), file));
        };
        let definition = cursor
            .node
            .document()
            .root()
            .and_then(|root| root.get("Parameters"))
            .and_then(|list| list.items().find(|item| item.get("Name").and_then(Node::scalar) == Some(parameter)));
        let Some(definition) = definition else { return Value::hole(Hole::RunTime(name.into(), file)) };
        let text = |node: Node<'p>| match self.found(cursor.to(node)).value {
            Value::Scalar(scalar) => Some(scalar.text),
            _ => None,
        };
        let values = match (definition.get("EnumValues"), definition.get("DefaultValue")) {
            (Some(list), _) => list.items().filter_map(text).collect(),
            (None, Some(default)) => text(default).into_iter().collect(),
            (None, None) => Vec::new(),
        };
        let hole = Hole::Pipeline(std::sync::Arc::new(PipelineParameter {
            name: parameter,
            place: definition.span(),
            values,
        }));
        match self.chosen(&hole) {
            Some(Some(text)) => Value::text(text),
            _ => Value::hole(hole),
        }
    }
}

/// A member that is written in another way in a dialect: `X.$` for `X`.
pub(super) fn dialect_member<'p>(map: Cursor<'p>, key: &str) -> Option<Found<'p>> {
    if map.dialect != Dialect::Asl {
        return None;
    }
    let (_, value) =
        map.node.entries().find(|(name, _)| name.scalar().and_then(|name| name.strip_suffix(".$")) == Some(key))?;
    let text = value.scalar().unwrap_or_default();
    let hole = Hole::RunTime(text.into(), value.span().file);
    Some(Found { value: Value::hole(hole), cursor: map.to(value), missing: &[] })
}
