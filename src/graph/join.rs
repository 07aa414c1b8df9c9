//! Which nodes may refer to a node, and which nodes a value may mean: indices by what names say, made on first use.
//!
//! Without them, "no association names this web ACL" would look at every association once for every web ACL. An index
//! gives a superset of the nodes that matter; whether one does is decided as without it. It is made with no choices but
//! those that a value hangs on, and each of these is read: what differs from all of them differs under every choice.

use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::catalog;
use crate::syntax::{Path, Segment};
use crate::value::{Choice, EntityId, Found, Hole, Part, Resolver, Scenario, Value, World as _, canonical};

use super::StackGraph;
use super::foreign::is_foreign;
use super::name::{contains_separator, is_arn_of_another_service, segments};
use super::text_index::{Choices, Open, TextIndex};

/// Fewer nodes are looked at one by one.
const FEW: usize = 8;

/// Scenarios in which a value is read for an index; what takes more is taken for anything.
const SPLITS: usize = 16;

/// An index with what it was made for: a kind and a path.
type Made = (Box<str>, Path, Arc<Referring>);

/// The indices that were asked for so far.
#[derive(Default)]
pub(super) struct Joins {
    referring: Mutex<FxHashMap<u64, Vec<Made>>>,
    named: Mutex<FxHashMap<Box<str>, Arc<Named>>>,
    /// The nodes of several kinds, by how a rule writes these.
    of_kinds: Mutex<FxHashMap<Kinds, Arc<[EntityId]>>>,
}

/// Types and virtual kinds, as a rule writes them.
type Kinds = Vec<Box<str>>;

/// What the nodes of a kind say at a path.
#[derive(Debug)]
struct Referring {
    /// By the resource that a reference names.
    by_entity: FxHashMap<EntityId, Vec<EntityId>>,
    /// By each piece of the text that may be a name: the whole text, if nothing separates it.
    by_name: TextIndex<EntityId>,
    /// By the text as a whole.
    by_text: TextIndex<EntityId>,
    /// Those whose text is nothing but holes: it may be a name that nobody wrote down.
    loose: Vec<EntityId>,
    /// Those whose value is not known.
    open: Vec<EntityId>,
}

/// What goes into an index of what nodes say.
#[derive(Default)]
struct Said {
    entities: FxHashMap<EntityId, Vec<EntityId>>,
    names: Vec<(String, EntityId)>,
    texts: Vec<(String, EntityId)>,
    loose: Vec<EntityId>,
    open: Vec<EntityId>,
}

/// The names of the nodes of a kind.
struct Named {
    by_name: TextIndex<EntityId>,
    /// Those with a separator in them.
    by_path: TextIndex<EntityId>,
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

/// Nodes that may pass a test: a superset of those that do.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Those that may pass for certain.
    sure: Vec<EntityId>,
    open: Vec<Open<EntityId>>,
    loose: Vec<Arc<Referring>>,
}

impl Candidates {
    /// Any of these.
    pub fn any(nodes: &[EntityId]) -> Self {
        Self { sure: nodes.to_vec(), ..Self::default() }
    }

    /// Adds other ones, of which one suffices.
    pub fn add(&mut self, mut more: Self) {
        self.sure.append(&mut more.sure);
        self.open.append(&mut more.open);
        self.loose.append(&mut more.loose);
    }

    /// Those that may pass for certain, each once and in order.
    pub fn sure(&self) -> Vec<EntityId> {
        let mut sure = self.sure.clone();
        sure.sort_unstable();
        sure.dedup();
        sure
    }

    /// The other ones, that at most may pass: what they say is not certain to be meant with the choices that are made. Each
    /// once, in an order of their own. There can be many.
    pub fn open(&self) -> impl Iterator<Item = EntityId> {
        let mut seen: FxHashSet<EntityId> = self.sure.iter().copied().collect();
        let loose = self.loose.iter().flat_map(|index| index.loose.iter().copied());
        self.open.iter().flat_map(Open::iter).chain(loose).filter(move |&id| seen.insert(id))
    }
}

impl<'p> StackGraph<'p> {
    /// The nodes of a kind that may refer to a target through a path.
    pub fn candidates(
        &self,
        resolver: &Resolver<'_, 'p>,
        kind: &str,
        path: &[Segment],
        target: EntityId,
    ) -> Candidates {
        let nodes = self.of_kind(kind);
        if nodes.len() < FEW || !are_names(resolver) {
            return Candidates::any(nodes);
        }
        let index = self.referring(kind, path);
        let mut found = Candidates::any(&index.open);
        found.sure.extend(index.by_entity.get(&self.owner(target)).into_iter().flatten());
        match self.physical_name(target).map(|cursor| resolver.found(cursor).value) {
            None => found.loose.push(index),
            Some(name) => match resolver.parts(&name) {
                Some(name) => {
                    let name = resolver.with_names(&name);
                    let (key, choices) = (key(&name), choices(resolver));
                    found.open.push(index.by_name.near(&key, &choices, &mut found.sure));
                    // A name with a separator is also compared with the whole text.
                    if contains_separator(&name) {
                        found.open.push(index.by_text.near(&key, &choices, &mut found.sure));
                    }
                }
                None => return Candidates::any(nodes),
            },
        }
        found
    }

    /// The nodes of a kind whose value at a path may equal a value.
    pub fn equals(&self, resolver: &Resolver<'_, 'p>, kind: &str, path: &[Segment], value: &Value<'p>) -> Candidates {
        let nodes = self.of_kind(kind);
        let parts = match value {
            Value::Absent => return Candidates::default(),
            Value::Unknown(_) | Value::Entity(_) => return Candidates::any(nodes),
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return Candidates::default(),
            },
        };
        if nodes.len() < FEW {
            return Candidates::any(nodes);
        }
        let index = self.referring(kind, path);
        let choices = choices(resolver);
        let mut found = Candidates::any(&index.open);
        for key in [key(&parts), key(&resolver.with_names(&parts))] {
            found.open.push(index.by_text.near(&key, &choices, &mut found.sure));
        }
        found
    }

    /// The nodes of several kinds, each once and in order. `kinds` is how a rule writes them, `expand` gives their names.
    pub fn of_kinds<'k>(&self, kinds: &[Box<str>], expand: impl FnOnce() -> Vec<&'k str>) -> Arc<[EntityId]> {
        let mut known = self.joins.of_kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nodes) = known.get(kinds) {
            return Arc::clone(nodes);
        }
        let mut nodes: Vec<EntityId> = expand().into_iter().flat_map(|kind| self.of_kind(kind)).copied().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let nodes: Arc<[EntityId]> = nodes.into();
        known.insert(kinds.to_vec(), Arc::clone(&nodes));
        nodes
    }

    /// The nodes of a kind that a value may refer to.
    pub fn meant(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, kind: &str) -> Candidates {
        let nodes = self.of_kind(kind);
        if nodes.len() < FEW || !are_names(resolver) {
            return Candidates::any(nodes);
        }
        let mut sought = Sought::default();
        self.seek(resolver, value, 4, &mut sought);
        // Nodes of one kind stand in the order of their resources, unless some of them are resources and some are not.
        let in_order =
            self.entity(nodes[0]).virtual_node.is_some() == self.entity(nodes[nodes.len() - 1]).virtual_node.is_some();
        if sought.anything || sought.loose || !in_order {
            return Candidates::any(nodes);
        }
        let mut found = Candidates::default();
        for entity in sought.entities {
            let first = nodes.partition_point(|&node| self.owner(node) < entity);
            found.sure.extend(nodes[first..].iter().take_while(|&&node| self.owner(node) == entity));
        }
        let naming = catalog::naming(kind);
        let choices = choices(resolver);
        for text in sought.texts.iter().filter(|text| !is_arn_of_another_service(text, naming)) {
            let named = self.named(kind);
            let mut near = |names: &TextIndex<EntityId>, text: &[Part<'p>]| {
                found.open.push(names.near(&key(text), &choices, &mut found.sure));
            };
            let segments = segments(text);
            near(if is_whole(&segments) { &named.by_name } else { &named.by_path }, text);
            for segment in segments {
                near(&named.by_name, &segment);
            }
            found.sure.extend(&named.open);
        }
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
        let (mut names, mut paths, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for &node in self.of_kind(kind) {
            let Some(cursor) = self.physical_name(node) else { continue };
            self.each_value(&mut |resolver| vec![resolver.found(cursor).value], &mut |resolver, name| {
                let Some(name) = resolver.parts(name) else { return open.push(node) };
                let name = resolver.with_names(&name);
                if contains_separator(&name) {
                    paths.push((key(&name), node));
                }
                names.push((key(&name), node));
            });
        }
        let index =
            Arc::new(Named { by_name: names.into_iter().collect(), by_path: paths.into_iter().collect(), open });
        self.joins.named.lock().unwrap_or_else(PoisonError::into_inner).insert(kind.into(), Arc::clone(&index));
        index
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
        let mut said = Said::default();
        for &node in self.of_kind(kind) {
            let mut read = |resolver: &Resolver<'_, 'p>| {
                // From the node and not from its properties: the path may begin with an attribute.
                let start = Found { value: Value::Entity(node), cursor: self.body(node), missing: &[] };
                let found = resolver.walk_short(start, path);
                found.into_iter().flat_map(|found| flat(resolver, found.value)).collect()
            };
            self.each_value(&mut read, &mut |resolver, value| self.enter(resolver, value, node, 4, &mut said));
        }
        let index = Arc::new(Referring {
            by_entity: said.entities,
            by_name: said.names.into_iter().collect(),
            by_text: said.texts.into_iter().collect(),
            loose: said.loose,
            open: said.open,
        });
        let mut known = self.joins.referring.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(hash).or_default().push((kind.into(), path.to_vec(), Arc::clone(&index)));
        index
    }

    /// Hands on each value that may be read: where a condition or a mapping stands before one, all that it lets through.
    fn each_value(
        &self,
        read: &mut dyn FnMut(&Resolver<'_, 'p>) -> Vec<Value<'p>>,
        each: &mut dyn FnMut(&Resolver<'_, 'p>, &Value<'p>),
    ) {
        let mut left = SPLITS;
        let mut scenarios = vec![Scenario::default()];
        while let Some(scenario) = scenarios.pop() {
            let resolver = Resolver::new(self, scenario);
            let values = read(&resolver);
            let blocker = values.iter().find_map(|value| match value {
                Value::Unknown(why) => why.blockers.first().filter(|blocker| blocker.domain.len() <= left),
                _ => None,
            });
            if let Some(blocker) = blocker {
                left -= blocker.domain.len();
                scenarios.extend(blocker.domain.iter().map(|value| resolver.scenario().with(blocker, value.clone())));
            } else {
                for value in &values {
                    each(&resolver, value);
                }
            }
        }
    }

    fn enter(&self, resolver: &Resolver<'_, 'p>, value: &Value<'p>, node: EntityId, depth: u8, said: &mut Said) {
        let parts = match value {
            Value::Absent | Value::Map(_) => return,
            Value::List(list) => {
                for item in resolver.items(list) {
                    self.enter(resolver, &item.value, node, depth, said);
                }
                return;
            }
            other => match resolver.parts(other) {
                Some(parts) => parts,
                None => return said.open.push(node),
            },
        };
        for part in &parts {
            let Part::Hole(Hole::Resource(id, ..)) = part else { continue };
            said.entities.entry(*id).or_default().push(node);
            if let Some(behind) = self.behind(resolver, *id).filter(|_| depth > 0) {
                self.enter(resolver, &behind, node, depth - 1, said);
            }
        }
        let named = resolver.with_names(&parts);
        said.texts.push((key(&parts), node));
        said.texts.push((key(&named), node));
        if is_reference(&parts) {
            return;
        }
        if is_loose(&named) {
            said.loose.push(node);
        }
        let segments = segments(&named);
        if is_whole(&segments) {
            said.names.push((key(&named), node));
        }
        said.names.extend(segments.iter().map(|segment| (key(segment), node)));
    }
}

/// The items of a list, and of lists in it.
fn flat<'p>(resolver: &Resolver<'_, 'p>, value: Value<'p>) -> Vec<Value<'p>> {
    match &value {
        Value::List(list) => resolver.items(list).into_iter().flat_map(|item| flat(resolver, item.value)).collect(),
        _ => vec![value],
    }
}

/// What `Ref` or `Fn::GetAtt` alone gives: it means that resource, or what that one stands for, and no name.
fn is_reference(parts: &[Part<'_>]) -> bool {
    matches!(parts, [Part::Hole(Hole::Resource(..))])
}

/// True if a text with these pieces may be a name as a whole, though no name holds a separator: nothing else is left of it.
fn is_whole(segments: &[Vec<Part<'_>>]) -> bool {
    segments.len() <= 1 || segments.iter().any(|segment| is_foreign(segment))
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
    use crate::value::{Blocker, Truth, Unknown, same};

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

    /// Whether a node is among the candidates, and among those that pass for certain if it does.
    fn holds(candidates: &Candidates, node: EntityId, reference: &Reference<'_>) -> bool {
        match reference {
            Reference::Yes => candidates.sure.contains(&node),
            Reference::Maybe(_) => candidates.sure.contains(&node) || candidates.open().any(|open| open == node),
            Reference::No => true,
        }
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
            // An index has read what stands behind a condition; here it counts once the condition is decided.
            let is_open = |policy: EntityId| matches!(value_of(policy).value, Value::Unknown(_));
            let is_named = |bucket: EntityId| {
                graph.physical_name(bucket).is_none_or(|name| !matches!(resolver.found(name).value, Value::Unknown(_)))
            };
            for &target in buckets {
                let candidates = graph.candidates(&resolver, "AWS::S3::BucketPolicy", &bucket, target);
                looked_at += candidates.sure().len() + candidates.open().count();
                for &policy in policies.iter().filter(|&&policy| !is_open(policy)) {
                    let reference = graph.refers_to(&resolver, &value_of(policy).value, target);
                    assert!(holds(&candidates, policy, &reference), "{policy:?} may refer to {target:?}");
                }
            }
            for &policy in policies {
                let value = value_of(policy).value;
                let meant = graph.meant(&resolver, &value, "AWS::S3::Bucket");
                looked_at += meant.sure().len() + meant.open().count();
                for &target in buckets.iter().filter(|&&bucket| is_named(bucket)) {
                    let reference = graph.refers_to(&resolver, &value, target);
                    assert!(holds(&meant, target, &reference), "{policy:?} may mean {target:?}");
                }
                let equal = graph.equals(&resolver, "AWS::S3::BucketPolicy", &bucket, &value);
                for &other in policies {
                    let (Some(a), Some(b)) = (resolver.parts(&value), resolver.parts(&value_of(other).value)) else {
                        continue;
                    };
                    let written = same(&resolver.with_names(&a), &resolver.with_names(&b));
                    let reference = match (same(&a, &b), written) {
                        (Truth::True, _) | (_, Truth::True) => Reference::Yes,
                        (Truth::False, Truth::False) => Reference::No,
                        _ => Reference::Maybe(Unknown::default()),
                    };
                    assert!(holds(&equal, other, &reference), "{policy:?} may equal {other:?}");
                }
            }
        }
        // Looking at all of them would be 60 times 60, twice, five times.
        assert!(looked_at < 60 * 60 * 2 * 5 * 2 / 3, "{looked_at}");
    }
}
