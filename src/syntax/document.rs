//! The arena: every key, value, item and alias of one text as 24 bytes.
//!
//! A node is found by its number; numbers follow the order of the text, a key comes right before its value.
//! The text of a scalar is a slice of the source where that is the same text, and owned where it is not (escapes, folding).

use std::sync::{Arc, OnceLock};

use super::{Node, Tag};
use crate::source::{FileId, Span, TextMap};

/// No node, no owned text.
pub(super) const NONE: u32 = u32::MAX;

/// The number of a node in its [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    /// The outermost node's.
    pub const FIRST: Self = Self(0);

    /// The number, as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A string, number, boolean or null, not yet typed.
    Scalar,
    /// A list.
    Sequence,
    /// A map; its children are key, value, key, value.
    Mapping,
    /// `*name`; reads as the node it stands for.
    Alias,
    /// A hole in value position of an embedded document.
    Hole,
}

/// How a node is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Style {
    /// A scalar without quotes (also JSON's numbers, `true`, `false`, `null`).
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`, in YAML and JSON.
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A block collection, by indentation.
    Block,
    /// A flow collection, in brackets or braces (also JSON's).
    Flow,
}

/// Flag: the tag comes from the only key of the map (long form), the argument is that key's value.
pub(super) const LONG: u8 = 1;
/// Flag: the scalar has holes in its text (embedded documents only).
pub(super) const HOLED: u8 = 2;
/// Flag: the node is the key of a map, not a value.
pub(super) const KEY: u8 = 4;
/// Flag: the map is so large that its keys are looked up in a table.
pub(super) const LARGE: u8 = 8;
/// So many keys are gone through one by one.
pub(super) const LARGE_FROM: u32 = 128;

#[derive(Debug, Clone, Copy)]
pub(super) struct NodeData {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) parent: u32,
    pub(super) next: u32,
    /// Collections: first child. Aliases: target. Scalars: index of the owned text. Holes: index of the hole.
    pub(super) link: u32,
    pub(super) kind: Kind,
    pub(super) style: Style,
    pub(super) tag: Tag,
    pub(super) flags: u8,
}

/// A comment: its bytes with the `#`, and whether it has its line for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// First byte, the `#`.
    pub start: u32,
    /// One past the last byte, without the line break.
    pub end: u32,
    /// True if nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// The tree of one text, in one vector.
#[derive(Debug)]
pub struct Document {
    pub(super) file: FileId,
    pub(super) text: Arc<str>,
    pub(super) nodes: Vec<NodeData>,
    pub(super) owned: Vec<Box<str>>,
    /// Spans of written tags, with the `!`, ordered by node.
    pub(super) tags: Vec<(u32, u32, u32)>,
    pub(super) comments: Vec<Comment>,
    /// For embedded documents: where each byte of `text` stands in the file.
    pub(super) map: Option<TextMap>,
    /// For embedded documents: the ranges of `text` that are holes, in order.
    pub(super) holes: Vec<(u32, u32)>,
    /// True if the text was read as JSON, where `1e3` is a number.
    pub(super) json: bool,
    /// The places of items in their lists, by node; for documents with long lists that are asked.
    pub(super) positions: OnceLock<Box<[u32]>>,
    /// The keys of large maps, ordered by map, text and place; for documents with such maps that are asked.
    pub(super) keys: OnceLock<Box<[(u32, NodeId)]>>,
}

impl Document {
    /// The file that it stands in.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The text that offsets count in: the file's, or the decoded text of an embedded document.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The outermost node, absent if the text holds none.
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then_some(Node { document: self, id: NodeId(0) })
    }

    /// The node of a number that this document gave out.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { document: self, id }
    }

    /// All nodes in the order of the text.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        (0..to_u32(self.nodes.len())).map(|id| Node { document: self, id: NodeId(id) })
    }

    /// The nodes that start at an offset of [`Self::text`] or behind it, in the order of the text.
    pub fn nodes_from(&self, offset: u32) -> impl Iterator<Item = Node<'_>> {
        let first = self.nodes.partition_point(|node| node.start < offset);
        (to_u32(first)..to_u32(self.nodes.len())).map(|id| Node { document: self, id: NodeId(id) })
    }

    /// All comments in the order of the text (none in embedded documents).
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The text of a comment, after the `#`, trimmed.
    pub fn comment_text(&self, comment: Comment) -> &str {
        self.text[comment.start as usize..comment.end as usize].trim_start_matches('#').trim()
    }

    /// True if the text was read as JSON, not YAML.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// True for a document that was read out of a string of another one.
    pub fn is_embedded(&self) -> bool {
        self.map.is_some()
    }

    /// Where bytes of this document's text stand in its file.
    pub fn span_of(&self, start: u32, end: u32) -> Span {
        match &self.map {
            None => Span::new(self.file, start, end),
            Some(map) => {
                let (start, end) = map.range(start, end);
                Span::new(self.file, start, end)
            }
        }
    }

    /// The decoded text of a scalar.
    pub(super) fn decoded(&self, data: &NodeData) -> &str {
        if data.link != NONE {
            return &self.owned[data.link as usize];
        }
        let (start, end) = match data.style {
            Style::SingleQuoted | Style::DoubleQuoted => (data.start + 1, data.end - 1),
            _ => (data.start, data.end),
        };
        &self.text[start as usize..end as usize]
    }

    /// Bytes of heap that the tree takes, without the text.
    pub fn heap_size(&self) -> usize {
        self.nodes.capacity() * size_of::<NodeData>()
            + self.owned.iter().map(|text| text.len() + size_of::<Box<str>>()).sum::<usize>()
            + self.tags.capacity() * 12
            + self.comments.capacity() * size_of::<Comment>()
    }
}

pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}
