//! The arena: every key, value, item and alias of one text as 24 bytes, and [`Node`], a cursor into it.
//!
//! A node is found by its number; numbers follow the order of the text, a key comes right before its value.
//! The text of a scalar is a slice of the source where that is the same text, and owned where it is not (escapes, folding).

use std::sync::{Arc, OnceLock};

use super::Tag;
use super::scalar::{ScalarType, json_type, scalar_type};
use crate::source::{FileId, Quoting, Span, TextMap};

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

/// Items of lists up to here are counted when their place is asked for; beyond, all places are worked out once.
const COUNTED: usize = 64;

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
    fn decoded(&self, data: &NodeData) -> &str {
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

/// A cursor: one node of one document. Two words, copied freely.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: NodeId,
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

    /// The node around it: of a key or value the map, of an item the list.
    pub fn parent(self) -> Option<Self> {
        self.at(self.data().parent)
    }

    /// The children: items, or keys and values in turn.
    pub fn children(self) -> Children<'d> {
        let data = self.meant();
        let collection = matches!(data.kind, Kind::Sequence | Kind::Mapping);
        Children { document: self.document, next: if collection { data.link } else { NONE } }
    }

    /// The children of a collection of one kind.
    fn children_of(self, kind: Kind) -> Children<'d> {
        let data = self.meant();
        Children { document: self.document, next: if data.kind == kind { data.link } else { NONE } }
    }

    /// The items of a list; nothing for anything else.
    pub fn items(self) -> Children<'d> {
        self.children_of(Kind::Sequence)
    }

    /// The keys and values of a map as they are written; nothing for anything else.
    pub fn entries(self) -> Entries<'d> {
        Entries(self.children_of(Kind::Mapping))
    }

    /// The key and value of a name. Of duplicates the last, as YAML readers take it; `<<` merges are followed.
    pub fn entry(self, name: &str) -> Option<(Self, Self)> {
        self.entry_within(name, 8)
    }

    fn entry_within(self, name: &str, depth: u8) -> Option<(Self, Self)> {
        let mut found = None;
        let mut merge = None;
        let map = self.follow();
        if map.data().flags & LARGE != 0 {
            found = map.last_key(name, |_| true);
            if found.is_none() {
                merge = map.last_key("<<", |key| key.style() == Style::Plain).map(|(_, value)| value);
            }
        } else {
            for (key, value) in self.entries() {
                if key.is_text(name) {
                    found = Some((key, value));
                } else if key.is_text("<<") && key.style() == Style::Plain {
                    merge = Some(value);
                }
            }
        }
        if found.is_none() && depth > 0 {
            let merge = merge?;
            return match merge.kind() {
                Kind::Sequence => merge.items().find_map(|item| item.entry_within(name, depth - 1)),
                _ => merge.entry_within(name, depth - 1),
            };
        }
        found
    }

    /// The last entry of a large map with a key of this text.
    fn last_key(self, text: &str, wanted: impl Fn(Self) -> bool) -> Option<(Self, Self)> {
        let spelled = |id: NodeId| self.document.node(id).scalar().unwrap_or_default();
        // Sorted, not hashed: a crafted file cannot make it slow.
        let keys = self.document.keys.get_or_init(|| {
            let maps = self.document.nodes().filter(|node| node.data().flags & LARGE != 0);
            let keys = maps.flat_map(|map| map.entries().map(move |(key, _)| (map.id.0, key)));
            let mut keys: Vec<_> =
                keys.filter(|(_, key)| key.scalar().is_some()).map(|(map, key)| (map, key.id)).collect();
            keys.sort_unstable_by_key(|&(map, id)| (map, spelled(id), id));
            keys.into()
        });
        let end = keys.partition_point(|&(map, id)| (map, spelled(id)) <= (self.id.0, text));
        let same = keys[..end].iter().rev().take_while(|&&(map, id)| (map, spelled(id)) == (self.id.0, text));
        let key = same.map(|&(_, id)| self.document.node(id)).find(|key| wanted(*key))?;
        Some((key, key.at(key.data().next)?))
    }

    /// The value of a key of a map.
    pub fn get(self, name: &str) -> Option<Self> {
        self.entry(name).map(|(_, value)| value)
    }

    /// The value below several keys.
    pub fn get_path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The key of this node, if it is the value of a map.
    pub fn key(self) -> Option<Self> {
        let parent = self.parent()?;
        if parent.data().kind != Kind::Mapping || self.data().flags & KEY != 0 {
            return None;
        }
        // The node before is the key, or the last one inside it.
        let mut key = self.at(self.id.0.checked_sub(1)?)?;
        while key.data().parent != parent.id.0 {
            key = key.parent()?;
        }
        Some(key)
    }

    /// True for the key of a map.
    pub fn is_key(self) -> bool {
        self.data().flags & KEY != 0
    }

    /// The value of this key, if it is one.
    pub fn value(self) -> Option<Self> {
        self.at(self.data().next).filter(|_| self.is_key())
    }

    /// The place of this node among the items of its list, from 0.
    pub fn position(self) -> Option<usize> {
        let list = self.parent().filter(|parent| parent.data().kind == Kind::Sequence)?;
        if let Some(position) = list.items().take(COUNTED).position(|item| item == self) {
            return Some(position);
        }
        let positions = self.document.positions.get_or_init(|| {
            let mut positions = vec![0; self.document.nodes.len()];
            for list in self.document.nodes().filter(|node| node.data().kind == Kind::Sequence) {
                for (position, item) in (0..).zip(list.items()) {
                    positions[item.id.index()] = position;
                }
            }
            positions.into()
        });
        Some(positions[self.id.index()] as usize)
    }

    /// True for a list.
    pub fn is_sequence(self) -> bool {
        self.kind() == Kind::Sequence
    }

    /// True for a map.
    pub fn is_mapping(self) -> bool {
        self.kind() == Kind::Mapping
    }
}

/// The children of a node.
#[derive(Clone)]
pub struct Children<'d> {
    document: &'d Document,
    next: u32,
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        if self.next == NONE {
            return None;
        }
        let node = Node { document: self.document, id: NodeId(self.next) };
        self.next = node.data().next;
        Some(node)
    }
}

/// The keys and values of a map.
#[derive(Clone)]
pub struct Entries<'d>(Children<'d>);

impl<'d> Iterator for Entries<'d> {
    type Item = (Node<'d>, Node<'d>);

    fn next(&mut self) -> Option<(Node<'d>, Node<'d>)> {
        Some((self.0.next()?, self.0.next()?))
    }
}

pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::syntax::parse;

    fn document(text: &str) -> Document {
        parse(FileId::new(0), &Arc::from(text)).document
    }

    #[test]
    fn keys_are_those_of_the_map() {
        let document = document("a: {b: c, d: [e, {f: g}]}\n? [h, i]\n: j\n? {k: l}\n: {m: n}\no:\n");
        for map in document.nodes().filter(|node| node.is_mapping()) {
            for (key, value) in map.entries() {
                assert_eq!(value.key(), Some(key));
                assert_eq!(key.key(), None);
                assert_eq!((key.is_key(), key.value()), (true, Some(value)));
                assert_eq!((value.is_key(), value.value()), (false, None));
            }
        }
        for list in document.nodes().filter(|node| node.is_sequence()) {
            assert!(list.items().all(|item| item.key().is_none()));
        }
        assert_eq!(document.root().and_then(Node::key), None);
    }

    #[test]
    fn items_know_their_place() {
        let mut text = String::from("a: [0, 1]\nb:\n");
        for number in 0..200 {
            writeln!(text, "  - {number}").unwrap();
        }
        let document = document(&text);
        let root = document.root().unwrap();
        for name in ["a", "b"] {
            for (index, item) in root.get(name).unwrap().items().enumerate() {
                assert_eq!(item.position(), Some(index));
            }
        }
        assert_eq!(root.position(), None);
        assert_eq!(root.get("a").unwrap().position(), None);
    }

    #[test]
    fn large_maps_are_looked_up_as_small_ones() {
        for count in [3, 1000] {
            let mut text = String::from("base: &base {merged: yes, k1: merged}\nmap:\n  <<: *base\n");
            for number in 0..count {
                writeln!(text, "  k{number}: v{number}").unwrap();
            }
            text.push_str("  k2: again\n");
            let document = document(&text);
            let map = document.root().unwrap().get("map").unwrap();
            let value = |name: &str| map.get(name).map(Node::text);
            assert_eq!(value("k0"), Some("v0"));
            assert_eq!(value("k1"), Some("v1"));
            assert_eq!(value("k2"), Some("again"), "the last of two counts");
            assert_eq!(value("merged"), Some("yes"));
            assert_eq!(value("k"), None);
            assert_eq!(map.entry("k0").and_then(|(key, _)| key.scalar()), Some("k0"));
        }
    }
}
