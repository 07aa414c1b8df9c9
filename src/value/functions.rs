//! The intrinsic functions, one by one (AWS documentation, "Intrinsic function reference").

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::rc::Rc;

use crate::catalog::{self, Returned};
use crate::finding::{Reason, ReasonKind};
use crate::syntax::{Node, Tag};
use crate::template::{Call, SubPart, TemplateId, sub_arguments, sub_parts};

use super::{
    Blocker, Choice, Cursor, Found, Hole, List, Part, Pseudo, Resolver, Scalar, ScalarKind, StackName, Unknown, Value,
    canonical, joined,
};

impl<'p> Resolver<'_, 'p> {
    /// The value of a function. `Fn::If` has been followed before.
    pub(super) fn call(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let argument = if call.is_short() { cursor.untagged() } else { cursor.to(call.argument) };
        match call.function {
            Tag::Ref => match call.text() {
                Some(name) => self.reference(cursor, name),
                None => malformed("Ref"),
            },
            Tag::GetAtt => self.get_att(cursor, call),
            Tag::Sub => self.sub(cursor, call),
            Tag::Join => self.join(cursor, call),
            Tag::Select => self.select(cursor, call),
            Tag::Split => self.split(cursor, call),
            Tag::FindInMap => self.find_in_map(cursor, call),
            Tag::ImportValue => self.import(cursor, argument),
            Tag::GetStackOutput => self.stack_output(argument),
            // The text itself: rules look at what is encoded, not at the encoding.
            Tag::Base64 | Tag::ToJsonString => self.found(argument).value,
            Tag::Cidr => self.cidr(cursor, call),
            Tag::GetAZs => self.derived_of(
                "Fn::GetAZs",
                &self.found(argument).value,
                Reason { kind: ReasonKind::PseudoParameter, name: "Fn::GetAZs".into() },
            ),
            Tag::Length => self.length(argument),
            Tag::If => self.found(cursor).value,
            Tag::Transform => {
                let name = call.argument.get("Name").and_then(Node::scalar).unwrap_or("Fn::Transform");
                Value::unknown(ReasonKind::Macro, name)
            }
            Tag::Equals | Tag::Not | Tag::And | Tag::Or => match self.decide(cursor) {
                Ok(holds) => Value::Scalar(Scalar {
                    text: Cow::Borrowed(if holds { "true" } else { "false" }),
                    kind: ScalarKind::Bool,
                }),
                Err(unknown) => Value::Unknown(unknown),
            },
            other => Value::unknown(ReasonKind::Macro, format!("{other:?}")),
        }
    }

    /// What `Ref` of a name returns.
    pub(super) fn reference(&self, cursor: Cursor<'p>, name: &'p str) -> Value<'p> {
        if name == "AWS::NoValue" {
            return Value::Absent;
        }
        if let Some(value) = cursor.binding(name) {
            return Value::text(value);
        }
        let template = cursor.frame.template;
        if let Some(pseudo) = Pseudo::from_name(name) {
            if pseudo == Pseudo::StackName
                && let Some(value) = self.stack_name(template.id)
            {
                return value;
            }
            let hole = Hole::Pseudo(pseudo, template.id);
            return match self.chosen(&hole) {
                Some(Some(text)) => Value::Scalar(Scalar { text, kind: ScalarKind::String }),
                _ => Value::hole(hole),
            };
        }
        if let Some(parameter) = template.parameter(name) {
            return self.parameter(cursor, parameter);
        }
        let Some(index) = template.resource_index(&bound_text(name, cursor)) else { return malformed(name) };
        let resource = &template.resources[index];
        let returned = catalog::naming(&resource.kind).map_or(Returned::Other, |naming| naming.reference);
        Value::hole(Hole::Resource(self.world.resource_entity(template.id, index), returned, &resource.name))
    }

    /// The name of the stack that a template is deployed as, if something is known of it.
    fn stack_name(&self, template: TemplateId) -> Option<Value<'p>> {
        match self.world.stack_name(template) {
            StackName::Open => None,
            StackName::Known(name) => Some(Value::text(name)),
            StackName::OneOf(choice, stacks) => match self.one_of(template, choice, &stacks) {
                Ok(name) => name.map(Value::text),
                Err(unknown) => Some(unknown),
            },
        }
    }

    fn get_att(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let arguments = call.arguments();
        match arguments[..] {
            [one] => match one.scalar().and_then(|text| text.split_once('.')) {
                Some((resource, attribute)) => self.attribute(cursor, resource, attribute),
                None => malformed("Fn::GetAtt"),
            },
            [resource, attribute, ref more @ ..] => {
                let (Some(resource), Some(name)) = (resource.scalar(), attribute.scalar()) else {
                    return malformed("Fn::GetAtt");
                };
                // `[Nested, Outputs, Name]` is what `Nested.Outputs.Name` says.
                if let ("Outputs", [output]) = (name, more)
                    && let Some(output) = output.scalar()
                {
                    return self.output(cursor, resource, output);
                }
                self.attribute(cursor, resource, name)
            }
            [] => malformed("Fn::GetAtt"),
        }
    }

    fn attribute(&self, cursor: Cursor<'p>, resource: &'p str, attribute: &'p str) -> Value<'p> {
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            return self.output(cursor, resource, output);
        }
        let template = cursor.frame.template;
        let Some(index) = template.resource_index(&bound_text(resource, cursor)) else { return malformed(resource) };
        let kind = &template.resources[index].kind;
        let returned = catalog::naming(kind)
            .and_then(|naming| naming.attributes.iter().find(|(name, _)| *name == attribute))
            .map_or(Returned::Other, |&(_, returned)| returned);
        Value::hole(Hole::Resource(self.world.resource_entity(template.id, index), returned, attribute))
    }

    fn output(&self, cursor: Cursor<'p>, resource: &str, output: &'p str) -> Value<'p> {
        let template = cursor.frame.template;
        let Some(index) = template.resource_index(&bound_text(resource, cursor)) else { return malformed(output) };
        if let Some(value) = self.nested_output(template.id, index, output) {
            return value;
        }
        match self.world.unread_stack(template.id, index) {
            Some(why) => Value::Unknown(Rc::new(why)),
            None => {
                Value::hole(Hole::Resource(self.world.resource_entity(template.id, index), Returned::Other, output))
            }
        }
    }

    fn sub(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let (text, variables) = sub_arguments(call);
        let Some(text) = text.and_then(Node::scalar) else { return malformed("Fn::Sub") };
        let mut parts = Vec::new();
        for part in sub_parts(text) {
            match part {
                SubPart::Text(text) => parts.push(Part::Text(Cow::Borrowed(text))),
                SubPart::Literal(name, _) => parts.push(Part::Text(Cow::Owned(format!("${{{name}}}")))),
                SubPart::Name(name, _) => {
                    let value = variables.and_then(|variables| variables.get(name)).map(Node::id);
                    match self.variable(cursor, name, value.map(|id| text_node(cursor, id))) {
                        Ok(more) => parts.extend(more),
                        Err(unknown) => return unknown,
                    }
                }
            }
        }
        joined(parts)
    }

    /// The parts that `${name}` of `Fn::Sub` stands for; `Err` holds a value that has no parts.
    pub(super) fn variable(
        &self,
        cursor: Cursor<'p>,
        name: &'p str,
        value: Option<Node<'p>>,
    ) -> Result<Vec<Part<'p>>, Value<'p>> {
        let value = match value {
            Some(node) => self.found(cursor.to(node)).value,
            None => self.name(cursor, name),
        };
        self.parts_or_derived(&value, name)
    }

    /// The value of `${name}` that `Fn::Sub` does not define itself.
    pub(super) fn name(&self, cursor: Cursor<'p>, name: &'p str) -> Value<'p> {
        match name.split_once('.') {
            Some((resource, attribute)) if !name.starts_with("AWS::") => self.attribute(cursor, resource, attribute),
            _ => self.reference(cursor, name),
        }
    }

    /// The parts of a value; a list is a piece of text that is not known.
    fn parts_or_derived(&self, value: &Value<'p>, name: &str) -> Result<Vec<Part<'p>>, Value<'p>> {
        match value {
            Value::Unknown(_) => Err(value.clone()),
            Value::List(List::Items(items)) => {
                // A list parameter in text is joined by commas.
                let texts: Option<Vec<_>> = items.iter().map(|item| item.value.as_str()).collect();
                Ok(vec![Part::Text(texts.unwrap_or_default().join(",").into())])
            }
            other => Ok(self.parts(other).unwrap_or_else(|| {
                let reason = Reason { kind: ReasonKind::Malformed, name: name.to_owned() };
                vec![Part::Hole(Hole::Derived(format!("value of {name}").into(), std::sync::Arc::new(reason)))]
            })),
        }
    }

    fn join(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let [separator, list] = call.arguments()[..] else { return malformed("Fn::Join") };
        let Some(separator) = separator.scalar() else { return malformed("Fn::Join") };
        self.join_values(separator, &self.found(cursor.to(list)).value)
    }

    /// The items of a list as one text.
    pub(super) fn join_values(&self, separator: &'p str, list: &Value<'p>) -> Value<'p> {
        match list {
            Value::List(list) => {
                let mut parts = Vec::new();
                for (index, item) in self.flat_items(list).into_iter().enumerate() {
                    if index > 0 {
                        parts.push(Part::Text(Cow::Borrowed(separator)));
                    }
                    match self.parts_or_derived(&item.value, "Fn::Join") {
                        Ok(more) => parts.extend(more),
                        Err(unknown) => return unknown,
                    }
                }
                joined(parts)
            }
            Value::Unknown(_) => list.clone(),
            Value::Symbolic(parts) => self.unknown_piece(parts, &format!("joined by {separator}")),
            _ => malformed("Fn::Join"),
        }
    }

    /// Items, with lists among them opened (as a list parameter among literal items).
    fn flat_items(&self, list: &List<'p>) -> Vec<Found<'p>> {
        self.items(list)
            .into_iter()
            .flat_map(|item| match &item.value {
                Value::List(inner) => self.items(inner),
                _ => vec![item],
            })
            .collect()
    }

    /// A piece of something that is not known; if a choice would settle it, that is said.
    fn unknown_piece(&self, parts: &[Part<'p>], piece: &str) -> Value<'p> {
        let why = self.why(parts);
        match why.reasons.first() {
            Some(reason) if why.blockers.is_empty() => {
                let identity = format!("{} {piece}", canonical(parts));
                Value::hole(Hole::Derived(identity.into(), std::sync::Arc::new(reason.clone())))
            }
            _ => Value::Unknown(Rc::new(why)),
        }
    }

    fn derived_of(&self, function: &str, argument: &Value<'p>, reason: Reason) -> Value<'p> {
        let identity = match self.parts(argument) {
            Some(parts) => format!("{function}({})", canonical(&parts)),
            None => function.to_owned(),
        };
        Value::hole(Hole::Derived(identity.into(), std::sync::Arc::new(reason)))
    }

    fn select(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let [index, list] = call.arguments()[..] else { return malformed("Fn::Select") };
        let index = self.found(cursor.to(index)).value;
        let list = self.found(cursor.to(list)).value;
        if let Value::Unknown(_) = list {
            return list;
        }
        let Some(index) = index.as_str().and_then(|text| text.parse::<usize>().ok()) else {
            return match &index {
                Value::Symbolic(parts) => self.unknown_piece(parts, "selects"),
                Value::Unknown(_) => index,
                _ => malformed("Fn::Select"),
            };
        };
        match &list {
            Value::List(list) => match self.flat_items(list).into_iter().nth(index) {
                Some(item) => item.value,
                None => malformed("Fn::Select"),
            },
            Value::Symbolic(parts) => self.unknown_piece(parts, &format!("[{index}]")),
            _ => malformed("Fn::Select"),
        }
    }

    fn split(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let [separator, text] = call.arguments()[..] else { return malformed("Fn::Split") };
        let Some(separator) = separator.scalar().filter(|separator| !separator.is_empty()) else {
            return malformed("Fn::Split");
        };
        let value = self.found(cursor.to(text)).value;
        match &value {
            Value::Scalar(scalar) => Value::items(
                scalar
                    .text
                    .split(separator)
                    .map(|piece| Found { value: Value::text(piece.to_owned()), cursor, missing: &[] })
                    .collect(),
            ),
            Value::Symbolic(parts) => match pieces(parts, separator) {
                Some(pieces) => Value::items(
                    pieces.into_iter().map(|piece| Found { value: joined(piece), cursor, missing: &[] }).collect(),
                ),
                // What a hole holds may contain the separator, so not even the number of pieces is known.
                None => self.unknown_piece(parts, &format!("split at {separator}")),
            },
            Value::Unknown(_) => value,
            _ => malformed("Fn::Split"),
        }
    }

    fn find_in_map(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let arguments = call.arguments();
        let (&[name, first, second], more) = arguments.split_at(arguments.len().min(3)) else {
            return malformed("Fn::FindInMap");
        };
        let default = more.first().and_then(|options| options.get("DefaultValue"));
        let name = match self.found(cursor.to(name)).value {
            Value::Scalar(scalar) => scalar.text,
            Value::Unknown(unknown) => return Value::Unknown(unknown),
            Value::Symbolic(parts) => return Value::Unknown(Rc::new(self.why(&parts))),
            _ => return malformed("Fn::FindInMap"),
        };
        let otherwise = || default.map_or_else(|| malformed(&name), |node| self.found(cursor.to(node)).value);
        let Some(mapping) = cursor.frame.template.mapping(&name) else { return otherwise() };
        let mut node = mapping;
        for key in [first, second] {
            match self.found(cursor.to(key)).value {
                Value::Scalar(scalar) => match node.get(&scalar.text) {
                    Some(value) => node = value,
                    None => return otherwise(),
                },
                Value::Symbolic(parts) => return Value::Unknown(Rc::new(self.why_key(&parts, node))),
                Value::Unknown(unknown) => return Value::Unknown(unknown),
                _ => return malformed("Fn::FindInMap"),
            }
        }
        let found = self.found(Cursor::new(cursor.frame.template, &[], node));
        match found.value {
            // Items of a mapping are shown where the mapping is used.
            Value::List(list) => {
                Value::items(self.items(&list).into_iter().map(|item| Found { cursor, ..item }).collect())
            }
            value => value,
        }
    }

    /// Why a key of a mapping is not known: a hole alone may be any of the keys.
    fn why_key(&self, parts: &[Part<'p>], mapping: Node<'p>) -> Unknown<'p> {
        let mut why = self.why(parts);
        if let ([Part::Hole(hole)], true) = (parts, why.blockers.is_empty())
            && self.scenario.hole(hole).is_none()
        {
            let keys = mapping.entries().filter_map(|(key, _)| key.scalar()).map(|key| Some(Cow::Borrowed(key)));
            why.blockers.push(Blocker { choice: Choice::Hole(hole.clone()), domain: keys.collect(), mapping: true });
        }
        why
    }

    fn import(&self, cursor: Cursor<'p>, argument: Cursor<'p>) -> Value<'p> {
        let name = self.found(argument).value;
        let parts = match &name {
            Value::Unknown(_) => return name,
            other => match self.parts(other) {
                Some(parts) => self.with_names(&parts),
                None => return malformed("Fn::ImportValue"),
            },
        };
        // Most names are the same under every choice: they are found by what they say before any is made.
        let general = if self.scenario.is_empty() {
            None
        } else {
            let unchosen = Resolver::new(self.world, super::Scenario::default());
            unchosen.parts(&unchosen.found(argument).value).map(|parts| unchosen.with_names(&parts))
        };
        match self.world.import(self, cursor.frame.template.id, &parts, general.as_deref()) {
            super::Imported::Value(value, one, shared) => {
                if shared {
                    self.note_shared();
                }
                match one {
                    None => self.found(value).value,
                    Some(one) => self.of_stack(value, one),
                }
            }
            super::Imported::Foreign => Value::hole(Hole::Foreign(super::text_of(&joined(parts)).into())),
            super::Imported::Ambiguous | super::Imported::Nothing => {
                Value::hole(Hole::Import(super::text_of(&joined(parts)).into()))
            }
        }
    }

    /// The output of any stack of any account, which CloudFormation asks for when it deploys.
    fn stack_output(&self, argument: Cursor<'p>) -> Value<'p> {
        if let Some(value) = self.output_of_known_stack(argument) {
            return value;
        }
        let mut identity = "Fn::GetStackOutput".to_owned();
        let mut name = Vec::new();
        for key in ["StackName", "OutputName", "Region", "RoleArn"] {
            identity.push('\u{1}');
            let Some(node) = argument.node.get(key) else { continue };
            let value = self.found(argument.to(node)).value;
            match self.parts(&value) {
                Some(parts) => identity.push_str(&canonical(&parts)),
                None if matches!(value, Value::Unknown(_)) => return value,
                None => return malformed("Fn::GetStackOutput"),
            }
            if name.len() < 2 {
                name.push(super::text_of(&value));
            }
        }
        let reason = Reason { kind: ReasonKind::Attribute, name: name.join(".") };
        Value::hole(Hole::Derived(identity.into(), std::sync::Arc::new(reason)))
    }

    /// The same of a stack of the project, in the account and Region of the one who asks.
    fn output_of_known_stack(&self, argument: Cursor<'p>) -> Option<Value<'p>> {
        let node = argument.node;
        if node.get("Region").or_else(|| node.get("RoleArn")).is_some() {
            return None;
        }
        let text = |key: &str| Some(self.found(argument.to(node.get(key)?)).value);
        let (stack, output) = (text("StackName")?, text("OutputName")?);
        let (cursor, one) = self.world.stack_output(stack.as_str()?, output.as_str()?)?;
        Some(match one {
            None => self.found(cursor).value,
            Some(one) => self.of_stack(cursor, one),
        })
    }

    fn length(&self, argument: Cursor<'p>) -> Value<'p> {
        match self.found(argument).value {
            Value::List(list) => {
                let text = Cow::Owned(self.flat_items(&list).len().to_string());
                Value::Scalar(Scalar { text, kind: ScalarKind::Number })
            }
            Value::Symbolic(parts) => self.unknown_piece(&parts, "length"),
            Value::Unknown(unknown) => Value::Unknown(unknown),
            _ => malformed("Fn::Length"),
        }
    }

    /// The blocks that `Fn::Cidr` cuts out of a known IPv4 block; anything else is not known.
    fn cidr(&self, cursor: Cursor<'p>, call: Call<'p>) -> Value<'p> {
        let values: Vec<_> = call.arguments().into_iter().map(|node| self.found(cursor.to(node)).value).collect();
        for value in &values {
            match value {
                Value::Unknown(_) => return value.clone(),
                Value::Symbolic(parts) => return self.unknown_piece(parts, "Fn::Cidr"),
                _ => {}
            }
        }
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let reason = Reason { kind: ReasonKind::Malformed, name: "Fn::Cidr".into() };
        match cidr_blocks(&texts) {
            Some(blocks) => Value::items(
                blocks.into_iter().map(|block| Found { value: Value::text(block), cursor, missing: &[] }).collect(),
            ),
            None => {
                Value::hole(Hole::Derived(format!("Fn::Cidr({})", texts.join(",")).into(), std::sync::Arc::new(reason)))
            }
        }
    }
}

fn malformed<'p>(name: &str) -> Value<'p> {
    Value::unknown(ReasonKind::Malformed, name)
}

/// A node of the cursor's own tree by its number.
fn text_node(cursor: Cursor<'_>, id: crate::syntax::NodeId) -> Node<'_> {
    cursor.node.document().node(id)
}

/// Text with the values of loop variables filled in.
pub(super) fn bound_text<'p>(text: &'p str, cursor: Cursor<'p>) -> Cow<'p, str> {
    if cursor.frame.bindings.is_empty() || !text.contains(['$', '&']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(crate::template::substitute(text, cursor.frame.bindings))
}

/// A member of a map whose keys may hold loop variables.
pub(super) fn bound_member<'p>(map: Cursor<'p>, key: &str) -> Option<Node<'p>> {
    if let Some(value) = map.node.get(key) {
        return Some(value);
    }
    map.node.entries().find(|(name, _)| bound_text(name.text(), map) == key).map(|(_, value)| value)
}

/// `[block, count, bits]` as `Fn::Cidr` cuts it: `count` blocks with `bits` host bits each (8 if not given).
fn cidr_blocks(arguments: &[&str]) -> Option<Vec<String>> {
    let (block, count, bits) = match arguments {
        [block, count] => (block, count, 8),
        [block, count, bits] => (block, count, bits.parse::<u32>().ok()?),
        _ => return None,
    };
    let (address, prefix) = block.split_once('/')?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
    let count: u32 = count.parse().ok().filter(|count| (1..=256).contains(count))?;
    if bits > 32 - prefix || u64::from(count) << bits > 1_u64 << (32 - prefix) {
        return None;
    }
    let first = u64::from(address) >> (32 - prefix) << (32 - prefix);
    (0..count)
        .map(|index| {
            let block = u32::try_from(first + (u64::from(index) << bits)).ok()?;
            Some(format!("{}/{}", Ipv4Addr::from(block), 32 - bits))
        })
        .collect()
}

/// The pieces of a text between separators, if none of its holes can hold one: ids, names and ARNs have no commas or blanks.
fn pieces<'p>(parts: &[Part<'p>], separator: &str) -> Option<Vec<Vec<Part<'p>>>> {
    let never_holds = |part: &Part<'p>| match part {
        Part::Text(_) => true,
        Part::Hole(Hole::Resource(_, returned, _)) => *returned != Returned::Other,
        Part::Hole(Hole::Pseudo(pseudo, _)) => *pseudo != Pseudo::NotificationArns,
        Part::Hole(_) => false,
    };
    if !separator.chars().all(|c| matches!(c, ',' | ';' | '|' | ' ')) || !parts.iter().all(never_holds) {
        return None;
    }
    let mut pieces = vec![Vec::new()];
    for part in parts {
        let Part::Text(text) = part else {
            pieces.last_mut()?.push(part.clone());
            continue;
        };
        for (index, piece) in text.split(separator).enumerate() {
            if index > 0 {
                pieces.push(Vec::new());
            }
            pieces.last_mut()?.push(Part::Text(Cow::Owned(piece.to_owned())));
        }
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cidr_cuts_blocks() {
        assert_eq!(cidr_blocks(&["10.0.0.0/16", "3", "8"]).unwrap(), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        assert_eq!(cidr_blocks(&["10.0.0.0/24", "2", "8"]), None);
        assert_eq!(cidr_blocks(&["10.0.0.0/23", "2"]).unwrap(), ["10.0.0.0/24", "10.0.1.0/24"]);
        assert_eq!(cidr_blocks(&["fd00::/48", "1", "64"]), None);
    }
}
