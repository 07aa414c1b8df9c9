//! Holes: what is not known in a text, with an identity, so that two unknown texts can be known to be equal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::catalog::Returned;
use crate::finding::{Reason, ReasonKind};
use crate::template::TemplateId;

use super::{EntityId, GroupId, Scalar, ScalarKind, StackChoice, Value};

/// A piece of a symbolic text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'p> {
    /// Literal text; never empty, never next to another text.
    Text(Cow<'p, str>),
    /// A hole.
    Hole(Hole<'p>),
}

/// How the choice among deployed stacks is called.
const STACK: &str = "stack";

/// Pseudo parameters (AWS documentation, "Pseudo parameters reference").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the pseudo parameter of its name")]
pub enum Pseudo {
    AccountId,
    Region,
    Partition,
    UrlSuffix,
    StackName,
    StackId,
    NotificationArns,
}

impl Pseudo {
    /// The pseudo parameter of a name such as `AWS::Region`; `AWS::NoValue` is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "AWS::AccountId" => Self::AccountId,
            "AWS::Region" => Self::Region,
            "AWS::Partition" => Self::Partition,
            "AWS::URLSuffix" => Self::UrlSuffix,
            "AWS::StackName" => Self::StackName,
            "AWS::StackId" => Self::StackId,
            "AWS::NotificationARNs" => Self::NotificationArns,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountId => "AWS::AccountId",
            Self::Region => "AWS::Region",
            Self::Partition => "AWS::Partition",
            Self::UrlSuffix => "AWS::URLSuffix",
            Self::StackName => "AWS::StackName",
            Self::StackId => "AWS::StackId",
            Self::NotificationArns => "AWS::NotificationARNs",
        }
    }

    /// True if it is the same in all stacks of a project.
    pub fn is_shared(self) -> bool {
        !matches!(self, Self::StackName | Self::StackId | Self::NotificationArns)
    }
}

/// A parameter of a pipeline definition, with the values it may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineParameter<'p> {
    /// Its name.
    pub name: &'p str,
    /// Where its definition starts in the file; with the file, its identity.
    pub place: crate::source::Span,
    /// `EnumValues`, else `DefaultValue`.
    pub values: Vec<Cow<'p, str>>,
}

/// What is not known in a text.
#[derive(Debug, Clone)]
pub enum Hole<'p> {
    /// A parameter; parameters that are shared are one group. The template is the one that reads it.
    Parameter(GroupId, TemplateId, &'p str),
    /// A pseudo parameter; the template counts only for those that are not shared.
    Pseudo(Pseudo, TemplateId),
    /// What `Ref` or `GetAtt` of a resource returns.
    Resource(EntityId, Returned, &'p str),
    /// An import that nothing here exports: its name.
    Import(Arc<str>),
    /// An import of what is known to exist outside of the project: its name.
    Foreign(Arc<str>),
    /// `{{resolve:…}}`.
    Dynamic(Arc<str>),
    /// `{"Get": "Parameters.X"}` of a pipeline definition.
    Pipeline(Arc<PipelineParameter<'p>>),
    /// Known at run time only; the text is its identity within the document of `place`.
    RunTime(Arc<str>, crate::source::FileId),
    /// Computed from something that is not known: a text that identifies it, and why.
    Derived(Arc<str>, Arc<Reason>),
}

impl PartialEq for Hole<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Parameter(a, ..), Self::Parameter(b, ..)) => a == b,
            (Self::Pseudo(a, s), Self::Pseudo(b, t)) => a == b && (a.is_shared() || s == t),
            (Self::Resource(a, x, p), Self::Resource(b, y, q)) => a == b && x == y && (*x != Returned::Other || p == q),
            (Self::Import(a), Self::Import(b))
            | (Self::Foreign(a), Self::Foreign(b))
            | (Self::Dynamic(a), Self::Dynamic(b))
            | (Self::Derived(a, _), Self::Derived(b, _)) => a == b,
            (Self::Pipeline(a), Self::Pipeline(b)) => a.place == b.place,
            (Self::RunTime(a, s), Self::RunTime(b, t)) => a == b && s == t,
            _ => false,
        }
    }
}

impl Eq for Hole<'_> {}

impl Hole<'_> {
    /// Which of the stacks of a template is meant.
    pub fn stack_of(template: TemplateId, choice: StackChoice) -> Self {
        let name = match choice {
            StackChoice::Nesting => "nesting stack",
            StackChoice::Deployed => STACK,
        };
        let reason = Reason { kind: ReasonKind::ParameterWithoutDefault, name: name.to_owned() };
        Self::Derived(format!("stack of {}", template.0).into(), Arc::new(reason))
    }

    /// True if it is which of the deployed stacks of a template is meant.
    pub fn is_stack(&self) -> bool {
        matches!(self, Self::Derived(_, reason) if reason.name == STACK)
    }

    /// Why it is not known.
    pub fn reason(&self) -> Reason {
        let (kind, name) = match self {
            Self::Parameter(_, _, name) => (ReasonKind::ParameterWithoutDefault, (*name).to_owned()),
            Self::Pseudo(pseudo, _) => (ReasonKind::PseudoParameter, pseudo.name().to_owned()),
            Self::Resource(_, _, name) => (ReasonKind::Attribute, (*name).to_owned()),
            Self::Import(name) => (ReasonKind::ExternalImport, name.to_string()),
            Self::Foreign(name) => (ReasonKind::External, name.to_string()),
            Self::Dynamic(text) => (ReasonKind::DynamicReference, text.to_string()),
            Self::Pipeline(parameter) => (ReasonKind::RunTime, format!("Parameters.{}", parameter.name)),
            Self::RunTime(text, _) => (ReasonKind::RunTime, text.to_string()),
            Self::Derived(_, reason) => return (**reason).clone(),
        };
        Reason { kind, name }
    }

    /// Writes its identity, as part of a key.
    fn write_key(&self, key: &mut String) {
        let written = match self {
            Self::Parameter(group, ..) => write!(key, "\u{1}P{}", group.0),
            Self::Pseudo(pseudo, _) if pseudo.is_shared() => write!(key, "\u{1}A{}", pseudo.name()),
            Self::Pseudo(pseudo, template) => write!(key, "\u{1}A{}@{}", pseudo.name(), template.0),
            Self::Resource(entity, Returned::Other, name) => write!(key, "\u{1}R{}.{name}", entity.0),
            Self::Resource(entity, returned, _) => write!(key, "\u{1}R{}.{returned:?}", entity.0),
            Self::Import(name) => write!(key, "\u{1}I{name}"),
            Self::Foreign(name) => write!(key, "\u{1}F{name}"),
            Self::Dynamic(text) => write!(key, "\u{1}D{text}"),
            Self::Pipeline(parameter) => {
                write!(key, "\u{1}G{}:{}", parameter.place.file.index(), parameter.place.start)
            }
            Self::RunTime(text, file) => write!(key, "\u{1}T{}:{text}", file.index()),
            Self::Derived(identity, _) => write!(key, "\u{1}X{identity}"),
        };
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        key.push('\u{2}');
    }

    /// As people would write it: `${Environment}`.
    fn write_shown(&self, shown: &mut String) {
        let name = match self {
            Self::Parameter(_, _, name) | Self::Resource(_, _, name) => (*name).to_owned(),
            Self::Pseudo(pseudo, _) => pseudo.name().to_owned(),
            Self::Import(name) | Self::Foreign(name) => format!("import {name}"),
            Self::Dynamic(text) => {
                shown.push_str(text);
                return;
            }
            Self::Derived(_, reason) if reason.kind == ReasonKind::DynamicReference => {
                shown.push_str(&reason.name);
                return;
            }
            Self::Pipeline(parameter) => format!("Parameters.{}", parameter.name),
            Self::RunTime(text, _) => text.to_string(),
            Self::Derived(_, reason) => reason.name.clone(),
        };
        shown.push_str("${");
        shown.push_str(&name);
        shown.push('}');
    }
}

/// A text that is equal for two values exactly if their parts are.
pub fn canonical(parts: &[Part<'_>]) -> String {
    let mut key = String::new();
    for part in parts {
        match part {
            Part::Text(text) => key.push_str(text),
            Part::Hole(hole) => hole.write_key(&mut key),
        }
    }
    key
}

/// A value as people would write it; known text as it is.
pub fn text_of(value: &Value<'_>) -> String {
    match value {
        Value::Scalar(scalar) => scalar.text.to_string(),
        Value::Symbolic(parts) => {
            let mut shown = String::new();
            for part in parts.iter() {
                match part {
                    Part::Text(text) => shown.push_str(text),
                    Part::Hole(hole) => hole.write_shown(&mut shown),
                }
            }
            shown
        }
        _ => String::new(),
    }
}

/// Puts parts together to a value: text next to text becomes one, no hole makes it known.
pub fn joined(parts: Vec<Part<'_>>) -> Value<'_> {
    let mut merged = merged(parts);
    if merged.iter().any(|part| matches!(part, Part::Text(text) if has_dynamic_reference(text))) {
        merged = self::merged(with_dynamic_references(merged));
    }
    if merged.iter().any(|part| matches!(part, Part::Hole(_))) {
        return Value::Symbolic(merged.into());
    }
    let text = match merged.into_iter().next() {
        Some(Part::Text(text)) => text,
        _ => Cow::Borrowed(""),
    };
    Value::Scalar(Scalar { text, kind: ScalarKind::String })
}

/// Parts without empty texts and with no text next to a text.
fn merged(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let mut merged: Vec<Part<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        match (merged.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(last)), Part::Text(text)) => last.to_mut().push_str(&text),
            (_, part) => merged.push(part),
        }
    }
    merged
}

/// How a dynamic reference starts; it ends with `}}` (AWS documentation, "Using dynamic references").
const DYNAMIC: &str = "{{resolve:";

/// True if a text holds the start of a dynamic reference.
pub(super) fn has_dynamic_reference(text: &str) -> bool {
    // Most texts hold no brace at all, which is seen much faster.
    memchr::memchr(b'{', text.as_bytes()).is_some_and(|at| text[at..].contains(DYNAMIC))
}

/// Makes one hole of each `{{resolve:…}}`, also where `Fn::Sub` or `Fn::Join` puts it together of several parts.
fn with_dynamic_references(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let mut found = Vec::with_capacity(parts.len() + 2);
    // The parts of a reference that has begun, from its braces on.
    let mut open: Vec<Part<'_>> = Vec::new();
    for part in parts {
        let Part::Text(text) = part else {
            if open.is_empty() { &mut found } else { &mut open }.push(part);
            continue;
        };
        let mut rest: &str = &text;
        loop {
            let (mark, is_open) = if open.is_empty() { (DYNAMIC, false) } else { ("}}", true) };
            let Some(at) = rest.find(mark) else { break };
            let (head, tail) = rest.split_at(if is_open { at + mark.len() } else { at });
            if is_open {
                open.push(Part::Text(Cow::Owned(head.to_owned())));
                found.push(Part::Hole(dynamic(std::mem::take(&mut open))));
                rest = tail;
            } else {
                found.push(Part::Text(Cow::Owned(head.to_owned())));
                open.push(Part::Text(Cow::Borrowed("{{")));
                rest = &tail[2..];
            }
        }
        let rest = Part::Text(Cow::Owned(rest.to_owned()));
        if open.is_empty() { &mut found } else { &mut open }.push(rest);
    }
    // What never ends is text.
    found.extend(open);
    found
}

/// The hole of one dynamic reference.
fn dynamic(parts: Vec<Part<'_>>) -> Hole<'_> {
    let parts = merged(parts);
    let identity = canonical(&parts);
    let shown = text_of(&Value::Symbolic(parts.into()));
    if identity == shown {
        return Hole::Dynamic(shown.into());
    }
    Hole::Derived(identity.into(), Arc::new(Reason { kind: ReasonKind::DynamicReference, name: shown }))
}
