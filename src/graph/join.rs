//! Which nodes may refer to a node, and which nodes a value may mean: indices by what names say, made on first use.
//!
//! Without them, "no association names this web ACL" would look at every association once for every web ACL. An index
//! gives a superset of the nodes that matter; whether one does is decided as without it. It is made with no choice taken:
//! what differs then differs under every choice.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::catalog;
use crate::syntax::{Path, Segment};
use crate::value::{Choice, EntityId, Hole, Part, Resolver, Value, World as _, canonical};

use super::StackGraph;
use super::name::{is_arn_of_another_service, segments};
use super::text_index::{Choices, TextIndex};

/// Fewer nodes are looked at one by one.
const FEW: usize = 8;

/// An index with what it was made for: a kind and a path.
type Made = (Box<str>, Path, Arc<Referring>);

/// The indices that were asked for so far.
#[derive(Default)]
pub(super) struct Joins {
    referring: Mutex<FxHashMap<u64, Vec<Made>>>,
    named: Mutex<FxHashMap<Box<str>, Arc<Named>>>,
}

/// What the nodes of a kind say at a path.
#[derive(Default)]
struct Referring {
    /// By the resource that a reference names.
    by_entity: FxHashMap<EntityId, Vec<EntityId>>,
    /// By the text, and by each piece of it that may be a name.
    by_name: TextIndex<EntityId>,
    /// By the text as a whole.
    by_text: TextIndex<EntityId>,
    /// Those whose text is nothing but holes: it may be a name that nobody wrote down.
    loose: Vec<EntityId>,
    /// Those whose value is not known.
    open: Vec<EntityId>,
}

/// The names of the nodes of a kind.
#[derive(Default)]
struct Named {
    by_name: TextIndex<EntityId>,
    /// Those whose name is not known.
    open: Vec<EntityId>,
}

/// What a value may mean.
#[derive(Default)]
struct Sought<'p> {
    /// Resources that it refers to.
    entities: Vec<EntityId>,
    /// Texts that may be, or may hold, a name.
    texts: Vec<Vec<Part<'p>>>,
    /// It may be a name that nobody wrote down.
    loose: bool,
    /// It may be anything.
    anything: bool,
}

impl<'p> StackGraph<'p> {
    /// The nodes of a kind that may refer to a target through a path: a superset of those that do, in order.
    pub fn candidates(
        &self,
        resolver: &Resolver<'_, 'p>,
        kind: &str,
        path: &[Segment],
        target: EntityId,
    ) -> Vec<EntityId> {
        let nodes = self.of_kind(kind);
        if nodes.len() < FEW || !are_names(resolver) {
            return nodes.to_vec();
        }
        let index = self.referring(kind, path);
        let unchosen = self.unchosen();
        let mut found = index.open.clone();
        found.extend(index.by_entity.get(&self.owner(target)).into_iter().flatten());
        match self.physical_name(target).map(|cursor| unchosen.found(cursor).value) {
            None => found.extend(&index.loose),
            Some(name) => match unchosen.parts(&name) {
                Some(name) => index.by_name.near(&key(&unchosen.with_names(&name)), &Choices::default(), &mut found),
                None => return nodes.to_vec(),
            },
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The nodes of a kind whose value at a path may equal a value: a superset of those, in order.
    pub fn equals(
        &self,
        resolver: &Resolver<'_, 'p>,
        kind: &str,
        path: &[Segment],
        value: &Value<'p>,
    ) -> Vec<EntityId> {
        let nodes = self.of_kind(kind);
        let parts = match value {
            Value::Absent => return Vec::new(),
            Value::Unknown(_) | Value::Entity(_) => return nodes.to_vec(),
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return Vec::new(),
            },
        };
        if nodes.len() < FEW {
            return nodes.to_vec();
        }
        let index = self.referring(kind, path);
        let choices = choices(resolver);
        let mut found = index.open.clone();
        index.by_text.near(&key(&parts), &choices, &mut found);
        index.by_text.near(&key(&resolver.with_names(&parts)), &choices, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The nodes of a kind that a value may refer to: a superset of those that it does, in order.
    pub fn meant(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, kind: &str) -> Vec<EntityId> {
        let nodes = self.of_kind(kind);
        if nodes.len() < FEW || !are_names(resolver) {
            return nodes.to_vec();
        }
        let mut sought = Sought::default();
        self.seek(resolver, value, 4, &mut sought);
        // Nodes of one kind stand in the order of their resources, unless some of them are resources and some are not.
        let in_order =
            self.entity(nodes[0]).virtual_node.is_some() == self.entity(nodes[nodes.len() - 1]).virtual_node.is_some();
        if sought.anything || sought.loose || !in_order {
            return nodes.to_vec();
        }
        let mut found = Vec::new();
        for entity in sought.entities {
            let first = nodes.partition_point(|&node| self.owner(node) < entity);
            found.extend(nodes[first..].iter().take_while(|&&node| self.owner(node) == entity));
        }
        let naming = catalog::naming(kind);
        for text in sought.texts.iter().filter(|text| !is_arn_of_another_service(text, naming)) {
            let named = self.named(kind);
            let choices = choices(resolver);
            named.by_name.near(&key(text), &choices, &mut found);
            for segment in segments(text) {
                named.by_name.near(&key(&segment), &choices, &mut found);
            }
            found.extend(&named.open);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Gathers what a value may mean.
    fn seek(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, depth: u8, sought: &mut Sought<'p>) {
        let parts = match value {
            Value::Entity(id) => return sought.entities.push(self.owner(*id)),
            Value::Unknown(_) => {
                sought.anything = true;
                return;
            }
            Value::List(list) => {
                for item in resolver.items(list) {
                    self.seek(resolver, &item.value, depth, sought);
                }
                return;
            }
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return,
            },
        };
        for part in &parts {
            let Part::Hole(Hole::Resource(id, ..)) = part else { continue };
            sought.entities.push(*id);
            if let Some(behind) = self.behind(resolver, *id).filter(|_| depth > 0)
                && !matches!(behind, Value::Unknown(_))
            {
                self.seek(resolver, &behind, depth - 1, sought);
            }
        }
        if is_reference(&parts) {
            return;
        }
        let parts = resolver.with_names(&parts);
        sought.loose |= is_loose(&parts);
        sought.texts.push(parts);
    }

    /// The resource that a node is, or was read from.
    fn owner(&self, id: EntityId) -> EntityId {
        let entity = self.entity(id);
        match &entity.virtual_node {
            Some(node) => self.resource_entity(entity.template, node.owner),
            None => id,
        }
    }

    fn named(&self, kind: &str) -> Arc<Named> {
        if let Some(known) = self.joins.named.lock().unwrap_or_else(PoisonError::into_inner).get(kind) {
            return Arc::clone(known);
        }
        let mut named = Named::default();
        for &node in self.of_kind(kind) {
            let Some(cursor) = self.physical_name(node) else { continue };
            let resolver = self.unchosen();
            match resolver.parts(&resolver.found(cursor).value) {
                Some(name) => named.by_name.add(key(&resolver.with_names(&name)), node),
                None => named.open.push(node),
            }
        }
        named.by_name.seal();
        let named = Arc::new(named);
        self.joins.named.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.into(), Arc::clone(&named));
        named
    }

    fn referring(&self, kind: &str, path: &[Segment]) -> Arc<Referring> {
        let hash = FxBuildHasher.hash_one((kind, path));
        {
            let known = self.joins.referring.lock().unwrap_or_else(PoisonError::into_inner);
            let found = known.get(&hash).into_iter().flatten().find(|(k, p, _)| (&**k, &p[..]) == (kind, path));
            if let Some((.., index)) = found {
                return Arc::clone(index);
            }
        }
        let mut index = Referring::default();
        for &node in self.of_kind(kind) {
            let resolver = self.unchosen();
            let root = self.root(&resolver, node);
            for found in resolver.walk_short(root, path) {
                self.enter(&resolver, &found.value, node, 4, &mut index);
            }
        }
        index.by_name.seal();
        index.by_text.seal();
        let index = Arc::new(index);
        let mut known = self.joins.referring.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(hash).or_default().push((kind.into(), path.to_vec(), Arc::clone(&index)));
        index
    }

    fn enter(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, node: EntityId, depth: u8, index: &mut Referring) {
        let parts = match value {
            Value::Absent | Value::Map(_) => return,
            Value::List(list) => {
                for item in resolver.items(list) {
                    self.enter(resolver, &item.value, node, depth, index);
                }
                return;
            }
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return index.open.push(node),
            },
        };
        for part in &parts {
            let Part::Hole(Hole::Resource(id, ..)) = part else { continue };
            index.by_entity.entry(*id).or_default().push(node);
            if let Some(behind) = self.behind(resolver, *id).filter(|_| depth > 0) {
                self.enter(resolver, &behind, node, depth - 1, index);
            }
        }
        let named = resolver.with_names(&parts);
        index.by_text.add(key(&parts), node);
        index.by_text.add(key(&named), node);
        if is_reference(&parts) {
            return;
        }
        if is_loose(&named) {
            index.loose.push(node);
        }
        for segment in segments(&named) {
            index.by_name.add(key(&segment), node);
        }
        index.by_name.add(key(&named), node);
    }
}

/// What `Ref` or `Fn::GetAtt` alone gives: it means that resource, or what that one stands for, and no name.
fn is_reference(parts: &[Part<'_>]) -> bool {
    matches!(parts, [Part::Hole(Hole::Resource(..))])
}

/// True for a text that is nothing but holes, of which one may be anything.
fn is_loose(parts: &[Part<'_>]) -> bool {
    parts.iter().all(|part| matches!(part, Part::Hole(_)))
        && parts
            .iter()
            .any(|part| !matches!(part, Part::Hole(Hole::Resource(..) | Hole::Pseudo(..) | Hole::Foreign(_))))
}

/// A text as indices hold it.
pub(super) fn key(parts: &[Part<'_>]) -> String {
    let mut key = canonical(parts);
    // Equality of values takes these for the same (`equal_text`).
    if key.eq_ignore_ascii_case("true") || key.eq_ignore_ascii_case("false") {
        key.make_ascii_lowercase();
    }
    key
}

/// True if no choice brings a separator into a text: the pieces of it are then those that the index knows.
fn are_names(resolver: &Resolver<'_, '_>) -> bool {
    resolver.scenario().choices().iter().all(|chosen| {
        matches!(chosen.choice, Choice::Condition(..))
            || chosen.value.as_ref().is_none_or(|text| !text.contains(['/', ':']))
    })
}

/// The holes that a scenario fills, as keys spell them.
fn choices(resolver: &Resolver<'_, '_>) -> Choices {
    let choices = resolver.scenario().choices().iter().filter_map(|chosen| match (&chosen.choice, &chosen.value) {
        (Choice::Hole(hole), Some(text)) => Some((canonical(&[Part::Hole(hole.clone())]), text.to_string())),
        _ => None,
    });
    Choices(choices.collect())
}

impl<'p> StackGraph<'p> {
    /// What a resource stands for, as an alias does for its key; nothing for most.
    pub(super) fn behind(&self, resolver: &Resolver<'_, 'p>, id: EntityId) -> Option<Value<'p>> {
        let entity = self.entity(id);
        let property = catalog::naming(entity.kind).and_then(|naming| naming.target)?;
        let properties = self.templates[entity.template.index()].node(entity.resource.properties?);
        Some(resolver.found(self.body(id).to(properties.get(property)?)).value)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::rc::Rc;

    use super::*;
    use crate::graph::{GraphOptions, Reference};
    use crate::source::FileId;
    use crate::syntax::{parse, path};
    use crate::template::{Template, TemplateId};
    use crate::value::{Blocker, Found, Scenario, same};

    const HEAD: &str = "
Parameters:
  P: {Type: String, AllowedValues: [a, b]}
  Q: {Type: String}
Conditions:
  IsA: !Equals [!Ref P, a]
Resources:
";

    /// A text with holes, from a number.
    fn text(number: usize) -> String {
        let pieces = ["x-", "a-", "${P}", "${Q}", "-a", "b", "${AWS::Region}", "-"];
        let piece = |at: usize| pieces[number / pieces.len().pow(u32::try_from(at).unwrap()) % pieces.len()];
        format!("!Sub '{}{}{}'", piece(0), piece(1), piece(2))
    }

    /// Buckets with names of all sorts, and policies that name buckets in all ways.
    fn template() -> Template {
        let mut template = HEAD.to_owned();
        for number in 0..60 {
            let name = match number % 6 {
                0 => String::new(),
                1 => format!("BucketName: !If [IsA, {}, {}]", text(number * 7), text(number * 11)),
                _ => format!("BucketName: {}", text(number * 29)),
            };
            writeln!(template, "  B{number}:\n    Type: AWS::S3::Bucket\n    Properties: {{{name}}}").unwrap();
            let value = match number % 7 {
                0 => format!("!Ref B{}", number * 3 % 60),
                1 => format!("!If [IsA, !Ref B{}, {}]", number * 5 % 60, text(number * 13)),
                2 => format!("!Sub 'arn:aws:s3:::${{B{}}}/key'", number * 11 % 60),
                3 => format!("!Join ['/', ['s3:', '', {}, key]]", text(number * 17)),
                4 => "!Ref Q".to_owned(),
                _ => text(number * 31),
            };
            writeln!(template, "  P{number}:\n    Type: AWS::S3::BucketPolicy\n    Properties: {{Bucket: {value}}}")
                .unwrap();
        }
        Template::new(TemplateId(0), parse(FileId::new(0), &template.into()))
    }

    fn scenarios<'p>(graph: &StackGraph<'p>) -> Vec<Scenario<'p>> {
        let template = &graph.templates()[0];
        let hole = |name: &str| match graph.parameters.value(template, template.parameter(name).unwrap()) {
            crate::value::ParameterValue::Free(group) => {
                Hole::Parameter(group, template.id, &template.parameter(name).unwrap().name)
            }
            _ => unreachable!("nothing passes it"),
        };
        let choose = |scenario: &Scenario<'p>, name: &str, value: &'p str| {
            let blocker = Blocker { choice: Choice::Hole(hole(name)), domain: Rc::from([]), mapping: false };
            scenario.with(&blocker, Some(value.into()))
        };
        let none = Scenario::default();
        let a = choose(&none, "P", "a");
        let both = choose(&a, "Q", "-a");
        let separator = choose(&a, "Q", "x/-a");
        vec![none.clone(), choose(&none, "P", "b"), a, both, separator]
    }

    #[test]
    fn nothing_that_is_meant_is_missed() {
        let templates = [template()];
        let graph = StackGraph::new(&templates, &["t.yaml".into()], GraphOptions::default());
        let bucket = path::parse("Bucket").unwrap().remove(0);
        let (buckets, policies) = (graph.of_kind("AWS::S3::Bucket"), graph.of_kind("AWS::S3::BucketPolicy"));
        let mut looked_at = 0;
        for scenario in scenarios(&graph) {
            let resolver = Resolver::new(&graph, scenario);
            let value_of =
                |policy: EntityId| -> Found<'_> { resolver.walk_short(resolver.root(policy), &bucket).remove(0) };
            for &target in buckets {
                let candidates = graph.candidates(&resolver, "AWS::S3::BucketPolicy", &bucket, target);
                looked_at += candidates.len();
                for &policy in policies {
                    let refers = !matches!(graph.refers_to(&resolver, &value_of(policy).value, target), Reference::No);
                    assert!(!refers || candidates.contains(&policy), "{policy:?} may refer to {target:?}");
                }
            }
            for &policy in policies {
                let value = value_of(policy).value;
                let meant = graph.meant(&resolver, &value, "AWS::S3::Bucket");
                looked_at += meant.len();
                for &target in buckets {
                    let refers = !matches!(graph.refers_to(&resolver, &value, target), Reference::No);
                    assert!(!refers || meant.contains(&target), "{policy:?} may mean {target:?}");
                }
                let equal = graph.equals(&resolver, "AWS::S3::BucketPolicy", &bucket, &value);
                for &other in policies {
                    let (Some(a), Some(b)) = (resolver.parts(&value), resolver.parts(&value_of(other).value)) else {
                        continue;
                    };
                    let written = same(&resolver.with_names(&a), &resolver.with_names(&b));
                    let may = same(&a, &b) != crate::value::Truth::False || written != crate::value::Truth::False;
                    assert!(!may || equal.contains(&other), "{policy:?} may equal {other:?}");
                }
            }
        }
        // Looking at all of them would be 60 times 60, twice, five times.
        assert!(looked_at < 60 * 60 * 2 * 5 * 2 / 3, "{looked_at}");
    }
}
