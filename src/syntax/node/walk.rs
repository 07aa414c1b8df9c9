//! From a node to others: the node around it, its children, the value of a key, the key of a value.

use super::{Document, Kind, NONE, Node, NodeId, Style};
use crate::syntax::document::{KEY, LARGE};

/// Items of lists up to here are counted when their place is asked for; beyond, all places are worked out once.
const COUNTED: usize = 64;

impl<'d> Node<'d> {
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::*;
    use crate::source::FileId;
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
