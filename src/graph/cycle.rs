//! Circles of resources that depend on each other.

use std::collections::VecDeque;

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use crate::catalog::{self, Rows};
use crate::syntax::Node;
use crate::template::{Resource, Template};

use super::{Dependency, DependencyKind, NamePlaces};

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
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..template.resources.len()).map(|index| graph.add_node(index)).collect();
    let mut edges = Vec::new();
    for dependency in dependencies {
        let kind = dependency.kind;
        if !matches!(kind, DependencyKind::Ref | DependencyKind::GetAtt | DependencyKind::DependsOn) {
            continue;
        }
        if let (Some(from), Some(to)) = (dependency.resource, template.resource_index(dependency.name))
            && !is_moved(template, &template.resources[from], dependency.node)
        {
            graph.add_edge(nodes[from], nodes[to], ());
            edges.push(Edge { from, to, dependency });
        }
    }
    let mut groups: Vec<Vec<Edge<'d, 'p>>> = tarjan_scc(&graph)
        .into_iter()
        .filter_map(|component| {
            let members: Vec<usize> = component.into_iter().map(|node| graph[node]).collect();
            let inner = |edge: &&Edge<'d, 'p>| members.contains(&edge.from) && members.contains(&edge.to);
            let inner: Vec<_> = edges.iter().filter(inner).copied().collect();
            (!inner.is_empty()).then_some(inner)
        })
        .collect();
    let mut places = NamePlaces::default();
    groups.sort_by_cached_key(|group| group.first().map(|edge| places.span(edge.dependency)));
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

/// The shortest circle of the edges that are not dead, as indices from its first resource on; of equals the first.
pub fn shortest(edges: &[Edge<'_, '_>], dead: &[bool]) -> Option<Vec<usize>> {
    let mut starts: Vec<usize> = edges.iter().map(|edge| edge.from).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut best: Option<Vec<usize>> = None;
    for start in starts {
        if let Some(circle) = back_to(start, edges, dead)
            && best.as_ref().is_none_or(|best| circle.len() < best.len())
        {
            best = Some(circle);
        }
    }
    best
}

/// The shortest way from a resource to itself.
fn back_to(start: usize, edges: &[Edge<'_, '_>], dead: &[bool]) -> Option<Vec<usize>> {
    // The edge by which each resource was first reached.
    let mut reached: Vec<(usize, usize)> = Vec::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for (index, edge) in edges.iter().enumerate().filter(|(index, edge)| edge.from == at && !dead[*index]) {
            if edge.to == start {
                let mut circle = vec![index];
                let mut node = at;
                while node != start {
                    let &(_, by) = reached.iter().find(|(known, _)| *known == node)?;
                    circle.push(by);
                    node = edges[by].from;
                }
                circle.reverse();
                return Some(circle);
            }
            if reached.iter().all(|(known, _)| *known != edge.to) {
                reached.push((edge.to, index));
                queue.push_back(edge.to);
            }
        }
    }
    None
}
