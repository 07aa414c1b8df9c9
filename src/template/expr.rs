//! A node, typed: what CloudFormation makes of it.

use std::borrow::Cow;

use crate::syntax::{Kind, Node, Tag};

/// What a node is to CloudFormation.
#[derive(Debug, Clone, Copy)]
pub enum Expr<'d> {
    /// Text, number, boolean or null.
    Scalar(Node<'d>),
    /// A list.
    List(Node<'d>),
    /// A map that is no function.
    Map(Node<'d>),
    /// An intrinsic function.
    Call(Call<'d>),
    /// A hole in value position of an embedded document.
    Hole(Node<'d>),
}

/// An intrinsic function, in the short or the long form.
#[derive(Debug, Clone, Copy)]
pub struct Call<'d> {
    /// Which.
    pub function: Tag,
    /// The whole, with the tag or the key.
    pub node: Node<'d>,
    /// The argument. In the short form it is the node itself, whose tag is to be left aside.
    pub argument: Node<'d>,
}

impl<'d> Expr<'d> {
    /// Types a node.
    pub fn of(node: Node<'d>) -> Self {
        let node = node.follow();
        let function = node.tag();
        if function.is_function() && function != Tag::Condition {
            if !node.is_long_form() {
                return Self::Call(Call { function, node, argument: node });
            }
            if let Some((_, argument)) = node.entries().next() {
                return Self::Call(Call { function, node, argument });
            }
        }
        Self::untagged(node)
    }

    /// Types a node without regard to its tag: the argument of a short form.
    pub fn untagged(node: Node<'d>) -> Self {
        let node = node.follow();
        // `!ImportValue { Fn::Sub: … }`: the short tag hides the function that the map is.
        if node.is_mapping() && node.tag().is_function() && !node.is_long_form() {
            let mut entries = node.entries();
            if let (Some((key, argument)), None) = (entries.next(), entries.next()) {
                let function = key.scalar().map_or(Tag::None, Tag::from_key);
                if function.is_function() && function != Tag::Condition {
                    return Self::Call(Call { function, node, argument });
                }
            }
        }
        match node.kind() {
            Kind::Sequence => Self::List(node),
            Kind::Mapping => Self::Map(node),
            Kind::Hole => Self::Hole(node),
            Kind::Scalar | Kind::Alias => Self::Scalar(node),
        }
    }

    /// The function, if it is one.
    pub fn call(self) -> Option<Call<'d>> {
        match self {
            Self::Call(call) => Some(call),
            _ => None,
        }
    }
}

impl<'d> Call<'d> {
    /// True for `!Ref x`, false for `Ref: x`.
    pub fn is_short(self) -> bool {
        self.node == self.argument
    }

    /// The items of a list argument, or the argument alone.
    pub fn arguments(self) -> Vec<Node<'d>> {
        if self.argument.is_sequence() { self.argument.items().collect() } else { vec![self.argument] }
    }

    /// The first argument.
    pub fn first_argument(self) -> Option<Node<'d>> {
        if self.argument.is_sequence() { self.argument.items().next() } else { Some(self.argument) }
    }

    /// The argument typed.
    pub fn argument_expr(self) -> Expr<'d> {
        if self.is_short() { Expr::untagged(self.argument) } else { Expr::of(self.argument) }
    }

    /// The text of a scalar argument.
    pub fn text(self) -> Option<&'d str> {
        match self.argument_expr() {
            Expr::Scalar(node) => node.scalar(),
            _ => None,
        }
    }
}

/// The literal text of a string expression with `${…}` for what is not literal: enough to see which API an ARN names.
pub fn literal_hint(node: Node<'_>) -> Cow<'_, str> {
    match Expr::of(node) {
        Expr::Scalar(node) if node.has_holes() => {
            Cow::Borrowed(node.document().text().get(node.text_range()).unwrap_or_default().trim_matches('"'))
        }
        Expr::Scalar(node) => Cow::Borrowed(node.text()),
        Expr::Call(call) => match call.function {
            Tag::Sub => {
                let text = if call.argument.is_sequence() { call.argument.items().next() } else { Some(call.argument) };
                Cow::Borrowed(text.and_then(Node::scalar).unwrap_or_default())
            }
            Tag::Join => {
                let arguments = call.arguments();
                let separator = arguments.first().and_then(|node| node.scalar()).unwrap_or_default();
                let items = arguments.get(1).map(|list| list.items().map(literal_hint).collect::<Vec<_>>());
                Cow::Owned(items.unwrap_or_default().join(separator))
            }
            _ => Cow::Borrowed("${}"),
        },
        _ => Cow::Borrowed("${}"),
    }
}
