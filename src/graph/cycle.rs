//! Circles of resources that depend on each other.

use std::collections::{BTreeMap, VecDeque};

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use rustc_hash::FxHashMap;

use crate::catalog::{self, Rows};
use crate::syntax::Node;
use crate::template::{Resource, Template};

use super::{Dependency, DependencyKind, NamePlaces};

/// Something that leads from one number to another.
pub trait Arrow {
    /// Where from, and where to.
    fn ends(&self) -> (usize, usize);
}

impl Arrow for (usize, usize) {
    fn ends(&self) -> (usize, usize) {
        *self
    }
}

impl Arrow for Edge<'_, '_> {
    fn ends(&self) -> (usize, usize) {
        (self.from, self.to)
    }
}

/// That one resource is created after another.
#[derive(Debug, Clone, Copy)]
pub struct Edge<'d, 'p> {
    /// The number of the resource that depends.
    pub from: usize,
    /// The number of the resource that it depends on.
    pub to: usize,
    /// Where that is written.
    pub dependency: &'d Dependency<'p>,
}

/// Groups of resources each of which can be reached from every other, by their edges, in the order of the text.
pub fn circles<'d, 'p>(template: &'p Template, dependencies: &'d [Dependency<'p>]) -> Vec<Vec<Edge<'d, 'p>>> {
    let mut edges = Vec::new();
    for dependency in dependencies {
        let kind = dependency.kind;
        if !matches!(kind, DependencyKind::Ref | DependencyKind::GetAtt | DependencyKind::DependsOn) {
            continue;
        }
        if let (Some(from), Some(to)) = (dependency.resource, template.resource_index(dependency.name))
            && !is_moved(template, &template.resources[from], dependency.node)
        {
            edges.push(Edge { from, to, dependency });
        }
    }
    let mut groups = within_groups(template.resources.len(), edges);
    let mut places = NamePlaces::default();
    groups.sort_by_cached_key(|group| group.first().map(|edge| places.span(edge.dependency)));
    groups
}

/// The edges between numbers each of which can be reached from every other, a list for each such group.
pub fn within_groups<E: Arrow>(count: usize, edges: Vec<E>) -> Vec<Vec<E>> {
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..count).map(|index| graph.add_node(index)).collect();
    for (from, to) in edges.iter().map(Arrow::ends) {
        graph.add_edge(nodes[from], nodes[to], ());
    }
    let mut component_of = vec![0; count];
    let components = tarjan_scc(&graph);
    for (component, members) in components.iter().enumerate() {
        for &node in members {
            component_of[graph[node]] = component;
        }
    }
    let mut groups: Vec<Vec<E>> = components.iter().map(|_| Vec::new()).collect();
    for edge in edges {
        let (from, to) = edge.ends();
        if component_of[from] == component_of[to] {
            groups[component_of[from]].push(edge);
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// True for what AWS SAM moves into a resource of its own, which depends in place of this one.
fn is_moved(template: &Template, resource: &Resource, node: Node<'_>) -> bool {
    if !resource.kind.starts_with("AWS::Serverless::") {
        return false;
    }
    let Some(Rows::Texts(moved)) = catalog::table("sam-moved-properties").map(|table| &table.rows) else {
        return false;
    };
    let body = template.node(resource.body);
    let mut path = Vec::new();
    let mut node = node;
    while node != body {
        path.push(node.key().and_then(Node::scalar).unwrap_or_default());
        let Some(parent) = node.parent() else { return false };
        node = parent;
    }
    path.iter().rev().take(2).any(|key| moved.contains(key))
}

/// Edges that the search for the shortest circle follows; after that many it takes the shortest that it has met.
const FOLLOWED: usize = 1_000_000;

/// The shortest circle of the edges that are not dead, as indices from its lowest number on; of equals the first.
pub fn shortest<E: Arrow>(edges: &[E], dead: &[bool]) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, edge) in edges.iter().enumerate().filter(|(index, _)| !dead[*index]) {
        from.entry(edge.ends().0).or_default().push(index);
    }
    let mut best: Option<Vec<usize>> = None;
    let mut left = FOLLOWED;
    for &start in from.keys() {
        let below = best.as_ref().map_or(usize::MAX, Vec::len);
        if let Some(circle) = back_to(start, edges, &from, below, &mut left) {
            best = Some(circle);
        }
        if left == 0 {
            break;
        }
    }
    best
}

/// The shortest way from a resource to itself, if it has fewer edges than `below`.
fn back_to<E: Arrow>(
    start: usize,
    edges: &[E],
    from: &BTreeMap<usize, Vec<usize>>,
    below: usize,
    left: &mut usize,
) -> Option<Vec<usize>> {
    // The edge by which each resource was first reached.
    let mut reached: FxHashMap<usize, usize> = FxHashMap::default();
    let mut queue = VecDeque::from([(start, 1)]);
    while let Some((at, length)) = queue.pop_front() {
        if length >= below {
            return None;
        }
        for &index in from.get(&at).into_iter().flatten() {
            let (_, to) = edges[index].ends();
            *left = left.saturating_sub(1);
            if to == start {
                let mut circle = vec![index];
                let mut node = at;
                while node != start {
                    let &by = reached.get(&node)?;
                    circle.push(by);
                    node = edges[by].ends().0;
                }
                circle.reverse();
                return Some(circle);
            }
            reached.entry(to).or_insert_with(|| {
                queue.push_back((to, length + 1));
                index
            });
        }
        if *left == 0 {
            return None;
        }
    }
    None
}
