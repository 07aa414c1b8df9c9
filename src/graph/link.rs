//! Edges between templates: exports and imports by symbolic name, nested stacks by local path or by the end of an uploaded one.

use std::borrow::Cow;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use crate::syntax::Node;
use crate::template::{Output, Template, TemplateId, literal_hint};
use crate::value::{
    Cursor, Hole, Imported, OneStack, Part, Resolver, Scenario, Truth, Value, canonical, joined, same, text_of,
};

use super::StackGraph;
use super::join::key;
use super::text_index::{Choices, TextIndex};

/// Everything that joins templates.
#[derive(Default)]
pub(super) struct Links<'p> {
    pub(super) nested: Nested,
    pub(super) exports: Exports<'p>,
}

/// Which template is nested in which.
#[derive(Default)]
pub(super) struct Nested {
    /// Stack resource to the template that it creates.
    pub(super) children: FxHashMap<(TemplateId, usize), TemplateId>,
    /// Template to the stack resources that create it, in order.
    pub(super) parents: Vec<(TemplateId, Vec<(TemplateId, usize)>)>,
}

/// An output that exports its value.
pub struct Export<'p> {
    /// Its template.
    pub template: TemplateId,
    /// The output.
    pub output: &'p Output,
    /// The stack that exports it, where the name is another one in each stack of the template.
    pub stack: Option<Cow<'p, str>>,
    /// Its name as people would write it.
    pub shown: String,
    name: Option<Vec<Part<'p>>>,
}

/// The exports of a project.
#[derive(Default)]
pub(super) struct Exports<'p> {
    pub(super) all: Vec<Export<'p>>,
    by_name: FxHashMap<String, Vec<u32>>,
    /// The exports by what their names may equal, and those whose name is not known; made when one is missing.
    near: OnceLock<(TextIndex<usize>, Vec<usize>)>,
    /// The exports ordered by their names as people write them; made when one is missing.
    shown: OnceLock<Vec<u32>>,
}

/// So many names before and behind a missing one are looked at to find out what was meant.
const NEIGHBOURS: usize = 64;

/// Who may export a name.
#[derive(Debug, Default)]
pub struct Producers {
    /// Exports of that very name.
    pub certain: Vec<usize>,
    /// Exports whose name may be the same.
    pub possible: Vec<usize>,
}

/// Resolves `TemplateURL`s that lead to templates which were loaded.
pub(super) fn nested_stacks(templates: &[Template], paths: &[Utf8PathBuf]) -> Nested {
    let mut nested = Nested::default();
    let mut files: Option<Files> = None;
    let mut parents: FxHashMap<TemplateId, Vec<(TemplateId, usize)>> = FxHashMap::default();
    for template in templates {
        for (index, resource) in template.resources.iter().enumerate() {
            let property = match &*resource.kind {
                "AWS::CloudFormation::Stack" => "TemplateURL",
                "AWS::Serverless::Application" => "Location",
                _ => continue,
            };
            let Some(properties) = resource.properties.map(|node| template.node(node)) else { continue };
            let (Some(url), Some(own)) = (properties.get(property), paths.get(template.id.index())) else { continue };
            let files = files.get_or_insert_with(|| Files::new(templates, paths));
            let child = match url.scalar().filter(|url| !url.contains("://")) {
                Some(path) => files.at(&normal(&own.parent().unwrap_or(Utf8Path::new("")).join(path))),
                None => uploaded(&literal_hint(url))
                    .and_then(|path| files.ending_in(path))
                    .filter(|child| takes(&templates[child.index()], properties.get("Parameters"))),
            };
            if let Some(child) = child.filter(|child| *child != template.id) {
                nested.children.insert((template.id, index), child);
                // What it passes may stand behind a syntax error.
                if !template.is_broken() {
                    parents.entry(child).or_default().push((template.id, index));
                }
            }
        }
    }
    nested.parents = parents.into_iter().collect();
    nested.parents.sort_unstable();
    nested
}

/// The end of the path of a template in a bucket of the project's own, which is one that a parameter names.
fn uploaded(url: &str) -> Option<&str> {
    let (_, end) = url.rsplit_once('}').filter(|_| url.contains("://"))?;
    let path = end.split('?').next().unwrap_or_default();
    // The name of the file is known as a whole.
    path.contains('/').then_some(path)
}

/// True if a template has all parameters that a stack passes.
fn takes(template: &Template, passed: Option<Node<'_>>) -> bool {
    let mut names = passed.into_iter().flat_map(Node::entries).filter_map(|(key, _)| key.scalar());
    names.all(|name| template.parameter(name).is_some())
}

/// The files of templates, by their paths and by their names.
struct Files {
    by_path: FxHashMap<Utf8PathBuf, TemplateId>,
    by_name: FxHashMap<String, Vec<(Utf8PathBuf, TemplateId)>>,
}

impl Files {
    fn new(templates: &[Template], paths: &[Utf8PathBuf]) -> Self {
        let mut files = Self { by_path: FxHashMap::default(), by_name: FxHashMap::default() };
        for (template, path) in templates.iter().zip(paths) {
            let path = normal(path);
            if let Some(name) = path.file_name() {
                files.by_name.entry(name.to_owned()).or_default().push((path.clone(), template.id));
            }
            files.by_path.insert(path, template.id);
        }
        files
    }

    fn at(&self, path: &Utf8Path) -> Option<TemplateId> {
        self.by_path.get(path).copied()
    }

    /// The file whose path has the most in common with the end of another one, if there is one such file.
    fn ending_in(&self, path: &str) -> Option<TemplateId> {
        let candidates = self.by_name.get(path.rsplit('/').next()?)?;
        let common = |own: &Utf8Path| {
            let own = own.as_str().rsplit('/');
            own.zip(path.rsplit('/')).take_while(|(own, other)| own == other).count()
        };
        let most = candidates.iter().map(|(own, _)| common(own)).max()?;
        let mut best = candidates.iter().filter(|(own, _)| common(own) == most);
        match (best.next(), best.next()) {
            (Some((_, one)), None) => Some(*one),
            _ => None,
        }
    }
}

/// A path without `.` and `..`.
pub(super) fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            camino::Utf8Component::CurDir => {}
            camino::Utf8Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Reads the names of all exports.
pub(super) fn exports<'p>(graph: &StackGraph<'p>) -> Exports<'p> {
    let mut exports = Exports::default();
    for template in graph.templates {
        for output in &template.outputs {
            let Some(node) = output.export else { continue };
            let resolver = Resolver::new(graph, Scenario::default());
            let cursor = Cursor::new(template, &output.bindings, template.node(node));
            let value = resolver.found(cursor).value;
            let stacks = graph.parameters.stacks(template.id);
            if !matches!(value, Value::Unknown(_)) || stacks.is_empty() {
                exports.add(&resolver, template.id, output, None, &value);
                continue;
            }
            for stack in stacks {
                let value = resolver.of_stack(cursor, (template.id, stack.clone()));
                exports.add(&resolver, template.id, output, Some(stack.clone()), &value);
            }
        }
    }
    exports
}

impl<'p> Exports<'p> {
    fn add(
        &mut self,
        resolver: &Resolver<'_, 'p>,
        template: TemplateId,
        output: &'p Output,
        stack: Option<Cow<'p, str>>,
        value: &Value<'p>,
    ) {
        let name = resolver.parts(value).map(|parts| resolver.with_names(&parts));
        let shown = name.as_ref().map_or_else(|| text_of(value), |parts| text_of(&joined(parts.clone())));
        if let Some(name) = &name {
            let index = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            self.by_name.entry(canonical(name)).or_default().push(index);
        }
        self.all.push(Export { template, output, stack, shown, name });
    }

    pub(super) fn import(
        &self,
        graph: &StackGraph<'p>,
        resolver: &Resolver<'_, 'p>,
        from: TemplateId,
        name: &[Part<'p>],
        general: Option<&[Part<'p>]>,
    ) -> Imported<'p> {
        let found = self.find(graph, resolver, general.unwrap_or(name), name);
        match found.certain[..] {
            [index] => {
                let export = &self.all[index];
                let template = &graph.templates[export.template.index()];
                let Some(value) = export.output.value else { return Imported::Nothing };
                let cursor = Cursor::new(template, &export.output.bindings, template.node(value));
                let shared = from != export.template && rests_on_parameters(general.unwrap_or(name));
                Imported::Value(cursor, export.one(), shared)
            }
            _ if graph.is_external(name) == Truth::True => Imported::Foreign,
            [] if found.possible.is_empty() => Imported::Nothing,
            _ => Imported::Ambiguous,
        }
    }

    /// The exports of a name: by the name before any choice (`general`), then by the name under the resolver's choices.
    fn find(
        &self,
        graph: &StackGraph<'p>,
        resolver: &Resolver<'_, 'p>,
        general: &[Part<'p>],
        name: &[Part<'p>],
    ) -> Producers {
        let mut producers = Producers::default();
        if let Some(indices) = self.by_name.get(&canonical(general)) {
            producers.certain = indices.iter().map(|&index| index as usize).collect();
            return producers;
        }
        for index in self.near(general, name) {
            let export = &self.all[index];
            // Most names can be told apart as they stand; only then is the name evaluated under the choices.
            if export
                .name
                .as_ref()
                .is_some_and(|known| same(general, known) == Truth::False && same(name, known) == Truth::False)
            {
                continue;
            }
            let template = &graph.templates[export.template.index()];
            let Some(node) = export.output.export else { continue };
            let cursor = Cursor::new(template, &export.output.bindings, template.node(node));
            let value = match export.one() {
                None => resolver.found(cursor).value,
                Some(one) => resolver.of_stack(cursor, one),
            };
            match resolver.parts(&value).map(|parts| same(&resolver.with_names(&parts), name)) {
                Some(Truth::True) => producers.certain.push(index),
                Some(Truth::False) => {}
                Some(Truth::Unknown) | None => producers.possible.push(index),
            }
        }
        producers
    }

    /// The exports whose name is not certain to differ from two names, in order.
    fn near(&self, general: &[Part<'p>], name: &[Part<'p>]) -> Vec<usize> {
        let (index, nameless) = self.near.get_or_init(|| {
            let names = self.all.iter().enumerate().map(|(number, export)| (export.name.as_ref(), number));
            let nameless = names.clone().filter(|(name, _)| name.is_none()).map(|(_, number)| number).collect();
            (names.filter_map(|(name, number)| Some((key(name?), number))).collect(), nameless)
        });
        let mut found = nameless.clone();
        for name in [Some(general), (general != name).then_some(name)].into_iter().flatten() {
            let open = index.near(&key(name), &Choices::default(), &mut found);
            found.extend(open.iter());
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl<'p> Export<'p> {
    /// The stack that exports it, where it matters which one.
    fn one(&self) -> Option<OneStack<'p>> {
        self.stack.clone().map(|stack| (self.template, stack))
    }
}

impl<'p> StackGraph<'p> {
    /// The exports that have one name for certain, in order: lists of two or more, each with the parts of the name.
    pub fn same_exports(&self) -> Vec<(&[Part<'p>], Vec<usize>)> {
        let exports = &self.links.exports;
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, export) in exports.all.iter().enumerate() {
            let Some(same) = export.name.as_ref().and_then(|name| exports.by_name.get(&canonical(name))) else {
                continue;
            };
            if same.len() > 1 && same[0] as usize == index {
                groups.push(same.iter().map(|&index| index as usize).collect());
            }
        }
        let name = |group: &[usize]| exports.all[group[0]].name.as_deref().unwrap_or_default();
        groups.into_iter().map(|group| (name(&group), group)).collect()
    }

    /// The exports whose names, in their order, are around a name.
    pub fn exports_around(&self, name: &str) -> impl Iterator<Item = &Export<'p>> {
        let exports = &self.links.exports;
        let order = exports.shown.get_or_init(|| {
            let mut order: Vec<u32> = (0..u32::try_from(exports.all.len()).unwrap_or(u32::MAX)).collect();
            order.sort_by_key(|&index| &exports.all[index as usize].shown);
            order
        });
        let at = order.partition_point(|&index| *exports.all[index as usize].shown < *name);
        let around = at.saturating_sub(NEIGHBOURS)..(at + NEIGHBOURS).min(order.len());
        order[around].iter().map(|&index| &exports.all[index as usize])
    }

    /// Who may export the name of an import, under a resolver's choices; absent if the name itself is not known.
    pub fn producers(&self, resolver: &Resolver<'_, 'p>, name: &Value<'p>) -> Option<Producers> {
        let parts = resolver.with_names(&resolver.parts(name)?);
        Some(self.links.exports.find(self, resolver, &parts, &parts))
    }
}

/// True if a name is the same only as far as parameters of one name mean the same.
fn rests_on_parameters(name: &[Part<'_>]) -> bool {
    name.iter().any(|part| matches!(part, Part::Hole(Hole::Parameter(..))))
}
