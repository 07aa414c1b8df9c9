//! Which nodes may refer to a node through a property: an index per kind and path, made on first use.
//!
//! Without it, "no association names this web ACL" would look at every association once for every web ACL.

use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

use crate::catalog::{self, Returned};
use crate::syntax::Path;
use crate::value::{EntityId, Found, Hole, Part, Resolver, Value, World as _, canonical};

use super::StackGraph;

/// The indices that were asked for so far.
#[derive(Default)]
pub(super) struct Joins {
    made: Mutex<FxHashMap<(String, String), Arc<Index>>>,
}

/// Who refers to what through one property.
#[derive(Default)]
struct Index {
    /// By the resource that a reference names.
    by_entity: FxHashMap<EntityId, Vec<EntityId>>,
    /// By each piece of text that may be a name.
    by_text: FxHashMap<String, Vec<EntityId>>,
    /// Whose value is not known well enough.
    open: Vec<EntityId>,
}

impl<'p> StackGraph<'p> {
    /// The nodes of a kind that may refer to a target through a path: a superset of those that do, in order.
    pub fn candidates(&self, kind: &str, path: &Path, target: EntityId) -> Vec<EntityId> {
        let nodes = self.of_kind(kind);
        if nodes.len() < 8 {
            return nodes.to_vec();
        }
        let key = (kind.to_owned(), format!("{path:?}"));
        let known = self.joins.made.lock().ok().and_then(|made| made.get(&key).cloned());
        let index = known.unwrap_or_else(|| {
            let index = Arc::new(self.index(nodes, path));
            if let Ok(mut made) = self.joins.made.lock() {
                made.insert(key, Arc::clone(&index));
            }
            index
        });
        let resolver = self.unchosen();
        let mut found = index.open.clone();
        found.extend(index.by_entity.get(&self.owner(target)).into_iter().flatten());
        match self.physical_name(target).map(|cursor| resolver.found(cursor).value) {
            None => {}
            Some(name) => match resolver.parts(&name).map(|name| resolver.with_names(&name)) {
                Some(name) => {
                    found.extend(index.by_text.get(&canonical(&name)).into_iter().flatten());
                    if name.iter().any(|part| matches!(part, Part::Hole(_))) {
                        // Another text may be the same once the holes are filled.
                        return nodes.to_vec();
                    }
                }
                None => return nodes.to_vec(),
            },
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The resource that a node is, or was read from.
    fn owner(&self, id: EntityId) -> EntityId {
        let entity = self.entity(id);
        let template = &self.templates[entity.template.index()];
        let index = template.resource_index(&entity.resource.name).unwrap_or_default();
        self.resource_entity(entity.template, index)
    }

    fn index(&self, nodes: &[EntityId], path: &Path) -> Index {
        let mut index = Index::default();
        for &node in nodes {
            let resolver = self.unchosen();
            let root = self.root(&resolver, node);
            for found in walk(&resolver, root, path) {
                self.enter(&resolver, &found.value, node, &mut index);
            }
        }
        index
    }

    fn enter(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, node: EntityId, index: &mut Index) {
        let parts = match value {
            Value::Absent | Value::Map(_) => return,
            Value::List(list) => {
                for item in resolver.items(list) {
                    self.enter(resolver, &item.value, node, index);
                }
                return;
            }
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => {
                    index.open.push(node);
                    return;
                }
            },
        };
        let mut alias = false;
        for part in &parts {
            if let Part::Hole(Hole::Resource(id, ..)) = part {
                index.by_entity.entry(*id).or_default().push(node);
                alias |= catalog::naming(self.entity(*id).kind).is_some_and(|naming| naming.target.is_some());
            }
        }
        let named = resolver.with_names(&parts);
        let loose = named.iter().any(|part| match part {
            Part::Text(_) | Part::Hole(Hole::Pseudo(..)) => false,
            Part::Hole(Hole::Resource(_, returned, _)) => *returned == Returned::Other,
            Part::Hole(_) => true,
        });
        if loose || alias {
            index.open.push(node);
        }
        index.by_text.entry(canonical(&named)).or_default().push(node);
        for segment in super::name::segments(&named) {
            index.by_text.entry(canonical(&segment)).or_default().push(node);
        }
    }
}

/// Everything at the end of a path that does not live as long as the templates.
fn walk<'p>(resolver: &Resolver<'_, 'p>, root: Found<'p>, path: &Path) -> Vec<Found<'p>> {
    resolver.walk_short(root, path)
}
