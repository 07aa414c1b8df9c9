//! Puts a document together, from the events of a reader to the arena.

use std::sync::{Arc, OnceLock};

use crate::source::{FileId, TextMap};

use super::document::{HOLED, KEY, LARGE, LARGE_FROM, LONG, NONE, NodeData, to_u32};
use super::{Comment, Document, Kind, Node, NodeId, Style, Tag};

/// Puts a [`Document`] together from the outside in, in the order of the text.
#[derive(Debug)]
pub struct Builder {
    document: Document,
    /// Open collections: their node, the last child, how many children.
    stack: Vec<(u32, u32, u32)>,
    functions: bool,
}

impl Builder {
    /// Starts the tree of a file.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        // One node per 18.6 bytes was measured over generated and real templates; a little less leaves no slack to copy.
        let nodes = Vec::with_capacity(text.len() / 20 + 4);
        let document = Document {
            file,
            text,
            nodes,
            owned: Vec::new(),
            tags: Vec::new(),
            comments: Vec::new(),
            map: None,
            holes: Vec::new(),
            json: false,
            positions: OnceLock::new(),
            keys: OnceLock::new(),
        };
        Self { document, stack: Vec::with_capacity(32), functions: true }
    }

    /// Starts the tree of an embedded document: maps with one key stay data, places go through `map`.
    pub fn embedded(file: FileId, text: Arc<str>, map: TextMap, holes: Vec<(u32, u32)>) -> Self {
        let mut builder = Self::new(file, text);
        builder.document.map = Some(map);
        builder.document.holes = holes;
        builder.functions = false;
        builder
    }

    /// Says that the text is read as JSON.
    pub fn mark_json(&mut self) {
        self.document.json = true;
    }

    /// True if it builds an embedded document.
    pub fn is_embedded(&self) -> bool {
        self.document.is_embedded()
    }

    /// How many collections are open.
    pub fn depth(&self) -> usize {
        self.stack.len()
    }

    /// True if the next node of the innermost map is a key.
    pub fn expects_key(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|&(node, _, count)| self.document.nodes[node as usize].kind == Kind::Mapping && count % 2 == 0)
    }

    fn push(&mut self, start: u32, end: u32, kind: Kind, style: Style, tag: Tag, link: u32) -> NodeId {
        let id = to_u32(self.document.nodes.len());
        let mut parent = NONE;
        let mut flags = 0;
        if let Some((open, last, count)) = self.stack.last_mut() {
            parent = *open;
            if self.document.nodes[*open as usize].kind == Kind::Mapping && *count % 2 == 0 {
                flags = KEY;
            }
            if *last == NONE {
                self.document.nodes[*open as usize].link = id;
            } else {
                self.document.nodes[*last as usize].next = id;
            }
            *last = id;
            *count += 1;
        }
        self.document.nodes.push(NodeData { start, end, parent, next: NONE, link, kind, style, tag, flags });
        NodeId(id)
    }

    /// Adds a scalar; `decoded` is its text where that is no slice of the source.
    pub fn scalar(&mut self, start: u32, end: u32, style: Style, tag: Tag, decoded: Option<Box<str>>) -> NodeId {
        let link = decoded.map_or(NONE, |text| {
            self.document.owned.push(text);
            to_u32(self.document.owned.len() - 1)
        });
        self.push(start, end, Kind::Scalar, style, tag, link)
    }

    /// Adds an alias of an earlier node, or of nothing.
    pub fn alias(&mut self, start: u32, end: u32, target: Option<NodeId>) -> NodeId {
        self.push(start, end, Kind::Alias, Style::Plain, Tag::None, target.map_or(NONE, |target| target.0))
    }

    /// Adds a hole in value position.
    pub fn hole(&mut self, start: u32, end: u32, number: usize) -> NodeId {
        self.push(start, end, Kind::Hole, Style::Plain, Tag::None, to_u32(number))
    }

    /// Opens a list or map.
    pub fn open(&mut self, start: u32, kind: Kind, style: Style, tag: Tag) -> NodeId {
        let id = self.push(start, start, kind, style, tag, NONE);
        self.stack.push((id.0, NONE, 0));
        id
    }

    /// Closes the innermost collection at `end`; block collections end with their last child.
    pub fn close(&mut self, end: u32) {
        let Some((id, last, count)) = self.stack.pop() else { return };
        let first = self.document.nodes[id as usize].link;
        let block = self.document.nodes[id as usize].style == Style::Block;
        if block && last != NONE {
            self.document.nodes[id as usize].start = self.document.nodes[first as usize].start;
            self.document.nodes[id as usize].end = self.document.nodes[last as usize].end;
        } else {
            self.document.nodes[id as usize].end = end.max(self.document.nodes[id as usize].start);
        }
        if count > LARGE_FROM * 2 && self.document.nodes[id as usize].kind == Kind::Mapping {
            self.document.nodes[id as usize].flags |= LARGE;
        }
        if self.functions && count == 2 && self.document.nodes[id as usize].kind == Kind::Mapping {
            // A tag on the key (`!ImportValue Fn::Sub: x`) takes the key out of its role: what is meant cannot be told.
            let key = self.document.node(NodeId(first));
            let tag = match key.scalar() {
                Some(_) if key.tag() == Tag::Other => Tag::UnknownFunction,
                Some(name) => Tag::from_key(name),
                None => Tag::None,
            };
            let node = &mut self.document.nodes[id as usize];
            if tag != Tag::None && node.tag == Tag::None {
                node.tag = tag;
                node.flags |= LONG;
            }
        }
    }

    /// Marks a scalar as one whose text has holes.
    pub fn mark_holes(&mut self, id: NodeId) {
        self.document.nodes[id.index()].flags |= HOLED;
    }

    /// Records the place of the tag of the node that was added last.
    pub fn tag_place(&mut self, id: NodeId, start: u32, end: u32) {
        self.document.tags.push((id.0, start, end));
    }

    /// Records a comment.
    pub fn comment(&mut self, comment: Comment) {
        self.document.comments.push(comment);
    }

    /// A node that was already added.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.document.node(id)
    }

    /// True if a node outside of brackets starts at a place.
    pub fn is_in_block(&self, start: u32) -> bool {
        let nodes = &self.document.nodes;
        let from = nodes.partition_point(|node| node.start < start);
        nodes[from..]
            .iter()
            .take_while(|node| node.start == start)
            .any(|node| node.parent != NONE && nodes[node.parent as usize].style == Style::Block)
    }

    /// The tree; what is still open is closed at its last child.
    pub fn finish(mut self) -> Document {
        while let Some(&(id, last, _)) = self.stack.last() {
            let end = if last == NONE {
                self.document.nodes[id as usize].start
            } else {
                self.document.nodes[last as usize].end
            };
            self.close(end);
        }
        self.document.nodes.shrink_to_fit();
        self.document.owned.shrink_to_fit();
        self.document.tags.shrink_to_fit();
        self.document
    }
}
