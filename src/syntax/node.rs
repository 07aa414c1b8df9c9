//! [`Node`], a cursor into the arena: what a node is, its text, and its places.

mod walk;

use super::Tag;
use super::document::{Document, HOLED, Kind, LONG, NONE, NodeData, NodeId, Style, to_u32};
use super::scalar::{ScalarType, json_type, scalar_type};
use crate::source::{Quoting, Span, TextMap};

pub use walk::{Children, Entries};

/// A cursor: one node of one document. Two words, copied freely.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    pub(super) document: &'d Document,
    pub(super) id: NodeId,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:?} {}..{})", self.data().kind, self.data().start, self.data().end)
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.document, other.document)
    }
}

impl Eq for Node<'_> {}

impl<'d> Node<'d> {
    fn data(self) -> &'d NodeData {
        &self.document.nodes[self.id.index()]
    }

    fn at(self, id: u32) -> Option<Self> {
        (id != NONE).then_some(Self { document: self.document, id: NodeId(id) })
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The document that it belongs to.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// What it is; an alias is what it stands for.
    pub fn kind(self) -> Kind {
        self.meant().kind
    }

    /// True for a list.
    pub fn is_sequence(self) -> bool {
        self.kind() == Kind::Sequence
    }

    /// True for a map.
    pub fn is_mapping(self) -> bool {
        self.kind() == Kind::Mapping
    }

    /// How it is written.
    pub fn style(self) -> Style {
        self.data().style
    }

    /// The function that it is written as.
    pub fn tag(self) -> Tag {
        self.meant().tag
    }

    /// True if the function is the only key of this map; the argument is then that key's value, else the node itself.
    pub fn is_long_form(self) -> bool {
        self.meant().flags & LONG != 0
    }

    /// True if its text has holes.
    pub fn has_holes(self) -> bool {
        self.data().flags & HOLED != 0 || self.data().kind == Kind::Hole
    }

    /// The node that an alias stands for; any other node is itself. An alias chain ends after a few steps.
    #[must_use]
    #[inline]
    pub fn follow(self) -> Self {
        if self.data().kind == Kind::Alias { self.behind_alias() } else { self }
    }

    /// What it is, or what it stands for; looked at so often that it is looked up once.
    #[inline]
    fn meant(self) -> &'d NodeData {
        let data = self.data();
        if data.kind == Kind::Alias { self.behind_alias().data() } else { data }
    }

    fn behind_alias(self) -> Self {
        let mut node = self;
        for _ in 0..8 {
            if node.data().kind != Kind::Alias {
                break;
            }
            let Some(target) = self.at(node.data().link) else { break };
            node = target;
        }
        node
    }

    /// True if it is written as `*name`.
    pub fn is_alias(self) -> bool {
        self.data().kind == Kind::Alias
    }

    /// The place in the file. Of a map: from its first key to its last value (block style), or from `{` to `}`.
    pub fn span(self) -> Span {
        self.document.span_of(self.data().start, self.data().end)
    }

    /// The range in [`Document::text`].
    pub fn text_range(self) -> std::ops::Range<usize> {
        self.data().start as usize..self.data().end as usize
    }

    /// The place of the written tag, with the `!`.
    pub fn tag_span(self) -> Option<Span> {
        let index = self.document.tags.binary_search_by_key(&self.id.0, |&(id, ..)| id).ok()?;
        let (_, start, end) = self.document.tags[index];
        Some(self.document.span_of(start, end))
    }

    /// The place of the value with its tag.
    pub fn span_with_tag(self) -> Span {
        let span = self.span();
        self.tag_span().map_or(span, |tag| Span::new(span.file, tag.start.min(span.start), span.end.max(tag.end)))
    }

    /// The written tag, with the `!`.
    pub fn tag_text(self) -> Option<&'d str> {
        let index = self.document.tags.binary_search_by_key(&self.id.0, |&(id, ..)| id).ok()?;
        let (_, start, end) = self.document.tags[index];
        self.document.text.get(start as usize..end as usize)
    }

    /// The decoded text of a scalar.
    pub fn scalar(self) -> Option<&'d str> {
        let data = self.meant();
        (data.kind == Kind::Scalar).then(|| self.document.decoded(data))
    }

    /// The decoded text of a scalar; empty for anything else.
    pub fn text(self) -> &'d str {
        let data = self.data();
        if data.kind == Kind::Scalar { self.document.decoded(data) } else { "" }
    }

    /// True for a scalar with this text; most keys differ in length, which is seen first.
    fn is_text(self, text: &str) -> bool {
        let data = self.meant();
        if data.kind != Kind::Scalar {
            return false;
        }
        if data.link != NONE {
            return *self.document.owned[data.link as usize] == *text;
        }
        let quotes = u32::from(matches!(data.style, Style::SingleQuoted | Style::DoubleQuoted));
        let (start, end) = ((data.start + quotes) as usize, (data.end - quotes) as usize);
        end - start == text.len() && self.document.text.as_bytes()[start..end] == *text.as_bytes()
    }

    /// The type that CloudFormation gives this scalar; a tag of YAML (`!!str`) overrides the notation. `None` for anything that is no scalar.
    pub fn scalar_type(self) -> Option<ScalarType> {
        let node = self.follow();
        if node.data().kind != Kind::Scalar {
            return None;
        }
        if node.data().tag == Tag::Yaml {
            return Some(match node.tag_text() {
                Some("!!int" | "!!float" | "!!bool" | "!!null") => scalar_type(node.text(), Style::Plain),
                _ => ScalarType::String,
            });
        }
        Some(if self.document.json {
            json_type(node.text(), node.data().style)
        } else {
            scalar_type(node.text(), node.data().style)
        })
    }

    /// Where each byte of [`Self::text`] stands in the file; also through the strings that an embedded document stands in.
    /// Where that cannot be told exactly, every byte stands for the whole scalar.
    pub fn text_map(self) -> TextMap {
        let node = self.follow();
        let data = node.data();
        let quoting = match data.style {
            Style::SingleQuoted => Quoting::Single,
            Style::DoubleQuoted => Quoting::Double,
            Style::Literal => Quoting::Literal,
            Style::Folded => Quoting::Folded,
            Style::Plain | Style::Block | Style::Flow => Quoting::Plain,
        };
        let text = node.text();
        let map = if data.kind == Kind::Scalar && data.link == NONE {
            let quotes = u32::from(matches!(data.style, Style::SingleQuoted | Style::DoubleQuoted));
            TextMap::identity(to_u32(text.len()), data.start + quotes)
        } else {
            TextMap::align(text, &self.document.text[node.text_range()], data.start, quoting)
                .unwrap_or_else(|| TextMap::whole(to_u32(text.len()), data.start, data.end))
        };
        match &self.document.map {
            Some(outer) => TextMap::compose(&map, outer),
            None => map,
        }
    }

    /// The number of the hole, for a node of kind [`Kind::Hole`].
    pub fn hole(self) -> Option<usize> {
        (self.data().kind == Kind::Hole).then_some(self.data().link as usize)
    }

    /// The holes inside this scalar: number and range in [`Document::text`].
    pub fn holes(self) -> impl Iterator<Item = (usize, std::ops::Range<u32>)> + 'd {
        let data = self.data();
        let first = self.document.holes.partition_point(|&(start, _)| start < data.start);
        let end = data.end;
        self.document.holes[first..]
            .iter()
            .take_while(move |&&(start, _)| start < end)
            .enumerate()
            .map(move |(index, &(start, end))| (first + index, start..end))
    }
}
