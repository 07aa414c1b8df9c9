//! One graph over all templates of a project: resources and virtual nodes, exports and imports, nested stacks, shared parameters.
//!
//! Most edges are not stored: an expression says what it refers to when it is evaluated. What is stored is what no
//! expression can find by itself: who exports a name, which template is nested in which, which parameters are one.

mod arn;
mod cycle;
mod definition;
mod dependency;
mod deployment;
mod foreign;
mod image;
mod join;
mod link;
mod name;
mod parameter;
mod route;
mod statement;
mod text_index;
mod virtual_node;

use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalog;
use crate::finding::ReasonKind;
use crate::syntax::Node;
use crate::template::{Output, Resource, Template, TemplateId};
use crate::value::pattern::{Automaton, PatternKind};
use crate::value::{
    Cursor, Decision, Domain, EntityId, Found, Hole, Imported, OneStack, ParameterValue, Part, Resolver, StackName,
    Unknown, Value, World,
};

pub use cycle::{Arrow, Edge, circles, shortest, within_groups};
pub use definition::{Definition, definitions};
pub use dependency::{Dependency, DependencyKind, NamePlaces, dependencies};
pub use deployment::{
    AssignedValue, Assignment, Deployment, ENVIRONMENT_HOLE, Environment, Glob, SharedParameters, Stack, admits,
    is_glob,
};
pub use join::Candidates;
pub use link::{Export, Producers};
pub use name::Reference;
pub use route::Referrers;
pub use statement::{Principal, Reach, covers_action};
pub use virtual_node::VirtualNode;

/// The graph.
pub struct StackGraph<'p> {
    templates: &'p [Template],
    /// The names of their files, for messages.
    files: Vec<String>,
    entities: Vec<Entity<'p>>,
    /// The entity of resource 0 of each template; a template's resources are numbered in a row.
    first: Vec<u32>,
    by_kind: FxHashMap<&'p str, Vec<EntityId>>,
    parameters: parameter::Groups<'p>,
    links: link::Links<'p>,
    joins: join::Joins,
    /// The resources that outputs of their templates hand on with no choice made; worked out when it is asked for.
    handed_on: OnceLock<FxHashSet<(TemplateId, EntityId)>>,
    /// The automata of the `AllowedPattern`s that were asked for.
    allowed: Mutex<FxHashMap<&'p str, Option<Arc<Automaton>>>>,
    /// The automata of the globs in templates that were asked for.
    globs: Mutex<FxHashMap<Box<str>, Option<Arc<Automaton>>>>,
    /// The name of something that may add resources which cannot be seen.
    unseen: Option<&'p str>,
    /// The first template that was read up to a syntax error only.
    unread: Option<TemplateId>,
    /// True if only part of a project was loaded.
    partial: bool,
    /// How the templates are deployed, if that is said.
    deployed: Option<deployment::Deployed<'p>>,
}

/// A node of the graph.
#[derive(Debug)]
pub struct Entity<'p> {
    /// Its template.
    pub template: TemplateId,
    /// The resource that it is, or that it was read from.
    pub resource: &'p Resource,
    /// Its type, or virtual kind.
    pub kind: &'p str,
    /// What it was read from, if it is no resource itself.
    pub virtual_node: Option<Box<VirtualNode<'p>>>,
    /// What runs it, if it is an image: the job or model; else the resource.
    holder: EntityId,
}

impl Entity<'_> {
    /// The name people know it by: the logical id, or the name of the state or step.
    pub fn name(&self) -> &str {
        self.virtual_node.as_ref().and_then(|node| node.name).unwrap_or(&self.resource.name)
    }
}

/// How a graph is put together.
#[derive(Debug, Clone, Copy, Default)]
pub struct GraphOptions<'p> {
    /// True if other templates of the project may exist that were not loaded.
    pub partial: bool,
    /// How they are deployed, if that is said.
    pub deployment: Option<&'p Deployment>,
    /// In which environment.
    pub environment: Option<&'p str>,
}

impl<'p> StackGraph<'p> {
    /// Joins templates; `paths` are their files, in the same order, for local `TemplateURL`s.
    pub fn new(templates: &'p [Template], paths: &[camino::Utf8PathBuf], options: GraphOptions<'p>) -> Self {
        let deployed = options
            .deployment
            .map(|deployment| deployment::Deployed::new(deployment, options.environment, templates, paths));
        let shared = options.deployment.map_or(&SharedParameters::All, |deployment| &deployment.shared);
        let mut graph = Self {
            templates,
            files: paths.iter().map(|path| path.file_name().unwrap_or_default().to_owned()).collect(),
            entities: Vec::with_capacity(templates.iter().map(|template| template.resources.len() + 1).sum()),
            first: Vec::with_capacity(templates.len()),
            by_kind: FxHashMap::default(),
            parameters: parameter::Groups::new(templates, shared),
            links: link::Links::default(),
            joins: join::Joins::default(),
            handed_on: OnceLock::new(),
            allowed: Mutex::default(),
            globs: Mutex::default(),
            unseen: unseen(templates),
            unread: templates.iter().find(|template| template.is_broken()).map(|template| template.id),
            partial: options.partial,
            deployed,
        };
        let virtual_nodes = virtual_nodes(templates);
        for template in templates {
            graph.first.push(to_u32(graph.entities.len()));
            for resource in &template.resources {
                let holder = EntityId(to_u32(graph.entities.len()));
                let kind = &resource.kind;
                graph.push(Entity { template: template.id, resource, kind, virtual_node: None, holder });
            }
        }
        for (template, nodes) in templates.iter().zip(virtual_nodes) {
            let start = graph.entities.len();
            for node in nodes {
                let resource = &template.resources[node.owner];
                let holder = match node.holder {
                    Some(index) => EntityId(to_u32(start + index)),
                    None => graph.resource_entity(template.id, node.owner),
                };
                graph.push(Entity {
                    template: template.id,
                    resource,
                    kind: node.kind,
                    virtual_node: Some(Box::new(node)),
                    holder,
                });
            }
        }
        graph.links.nested = link::nested_stacks(templates, paths);
        graph.parameters.bind(templates, &graph.links.nested, graph.deployed.as_ref());
        graph.links.exports = link::exports(&graph);
        graph
    }

    fn push(&mut self, entity: Entity<'p>) {
        let id = EntityId(to_u32(self.entities.len()));
        self.by_kind.entry(entity.kind).or_default().push(id);
        self.entities.push(entity);
    }

    /// The templates.
    pub fn templates(&self) -> &'p [Template] {
        self.templates
    }

    /// The name of a template's file.
    pub fn file_name(&self, id: TemplateId) -> &str {
        self.files.get(id.index()).map(String::as_str).unwrap_or_default()
    }

    /// The stack resources that create a loaded template: theirs, their number in it, and the one that they create; in
    /// the order of the templates that they create.
    pub fn nestings(&self) -> impl Iterator<Item = (TemplateId, usize, TemplateId)> {
        let parents = &self.links.nested.parents;
        parents.iter().flat_map(|(child, parents)| parents.iter().map(|&(parent, index)| (parent, index, *child)))
    }

    /// The loaded template that a stack resource creates.
    pub fn child(&self, template: TemplateId, resource: usize) -> Option<&'p Template> {
        let child = self.links.nested.children.get(&(template, resource))?;
        Some(&self.templates[child.index()])
    }

    /// All nodes, resources before virtual ones.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, &Entity<'p>)> {
        (0u32..).map(EntityId).zip(&self.entities)
    }

    /// A node.
    pub fn entity(&self, id: EntityId) -> &Entity<'p> {
        &self.entities[id.index()]
    }

    /// The nodes of exactly this type or kind, in order.
    pub fn of_kind(&self, kind: &str) -> &[EntityId] {
        self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// All types and kinds that occur, in order.
    pub fn kinds(&self) -> Vec<&'p str> {
        let mut kinds: Vec<_> = self.by_kind.keys().copied().collect();
        kinds.sort_unstable();
        kinds
    }

    /// The environment that the templates are deployed in, if it has a name.
    pub fn environment(&self) -> Option<&'p str> {
        self.deployed.as_ref().and_then(deployment::Deployed::environment)
    }

    /// True if templates that were not loaded may matter.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Something that may add resources that cannot be seen, by its name.
    pub fn unseen(&self) -> Option<&'p str> {
        self.unseen
    }

    /// Why a template may say more than is known of it, if its text was read up to a syntax error only.
    pub fn unread(&self, template: &Template) -> Option<Unknown<'p>> {
        template.is_broken().then(|| Unknown::because(ReasonKind::SyntaxError, self.file_name(template.id)))
    }

    /// The first template that was read up to a syntax error only, as a reason.
    pub fn any_unread(&self) -> Option<Unknown<'p>> {
        self.unread(&self.templates[self.unread?.index()])
    }

    /// Whether a node exists in a scenario: its resource's condition, and the branches of `Fn::If` that it stands in.
    pub fn exists(&self, resolver: &Resolver<'_, 'p>, id: EntityId) -> Decision<'p> {
        let entity = self.entity(id);
        let template = &self.templates[entity.template.index()];
        let cursor = self.body(id);
        if let Some(condition) = entity.resource.condition
            && let Some(name) = template.node(condition).scalar()
            && !resolver.condition(cursor, name)?
        {
            return Ok(false);
        }
        if let Some(node) = &entity.virtual_node {
            for &(name, expected) in &node.guards {
                if resolver.condition(cursor, name)? != expected {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The automaton of the values that an `AllowedPattern` admits; nothing if it cannot be told.
    pub fn allowed(&self, pattern: &'p str) -> Option<Arc<Automaton>> {
        let mut allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        allowed.entry(pattern).or_insert_with(|| Automaton::allowed_pattern(pattern).map(Arc::new)).clone()
    }

    /// The automaton of a glob that stands in a template; nothing if it is none.
    pub fn glob(&self, pattern: &str) -> Option<Arc<Automaton>> {
        let mut globs = self.globs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = globs.get(pattern) {
            return known.clone();
        }
        let automaton = Automaton::any(PatternKind::Glob, &[pattern]).ok().map(Arc::new);
        globs.entry(pattern.into()).or_insert(automaton).clone()
    }

    /// The template of an export.
    pub fn template_of(&self, export: &Export<'p>) -> &'p Template {
        &self.templates[export.template.index()]
    }

    /// The outputs that export a value, with their templates.
    pub fn exports(&self) -> &[Export<'p>] {
        &self.links.exports.all
    }

    /// True if other templates may know a resource: an output hands it on, or it has a written name.
    pub fn is_known_outside(&self, resolver: &Resolver<'_, 'p>, id: EntityId) -> bool {
        let entity = self.entity(id);
        if self.physical_name(id).is_some() {
            return true;
        }
        let template = &self.templates[entity.template.index()];
        if !resolver.scenario().is_empty() {
            return handed_on(resolver, template).any(|resource| resource == id);
        }
        let all = self.handed_on.get_or_init(|| {
            let of = |template: &'p Template| {
                let unchosen = self.unchosen();
                handed_on(&unchosen, template).map(|resource| (template.id, resource)).collect::<Vec<_>>()
            };
            self.templates.iter().flat_map(of).collect()
        });
        all.contains(&(template.id, id))
    }
}

impl<'p> World<'p> for StackGraph<'p> {
    fn template(&self, id: TemplateId) -> &'p Template {
        &self.templates[id.index()]
    }

    fn parameter(&self, template: &'p Template, parameter: &'p crate::template::Parameter) -> ParameterValue<'p> {
        self.parameters.value(template, parameter)
    }

    fn domain(&self, group: crate::value::GroupId, template: TemplateId, name: &str) -> Option<Domain<'p>> {
        self.parameters.domain(&self.templates[template.index()], group, name)
    }

    fn pseudo_domain(&self, hole: &Hole<'p>) -> Option<Domain<'p>> {
        self.parameters.pseudo_domain(hole)
    }

    fn import(
        &self,
        resolver: &Resolver<'_, 'p>,
        from: TemplateId,
        name: &[Part<'p>],
        general: Option<&[Part<'p>]>,
    ) -> Imported<'p> {
        self.links.exports.import(self, resolver, from, name, general)
    }

    fn resource_entity(&self, template: TemplateId, resource: usize) -> EntityId {
        EntityId(self.first[template.index()] + to_u32(resource))
    }

    fn nested_output(&self, template: TemplateId, resource: usize, output: &str) -> Option<Cursor<'p>> {
        let child = self.child(template, resource)?;
        let output = child.output(output)?;
        Some(Cursor::new(child, &output.bindings, child.node(output.value?)))
    }

    fn unread_stack(&self, template: TemplateId, resource: usize) -> Option<Unknown<'p>> {
        let child = *self.links.nested.children.get(&(template, resource))?;
        self.unread(&self.templates[child.index()])
    }

    fn nesting_stack(&self, template: TemplateId, resource: usize) -> Option<OneStack<'p>> {
        let child = self.child(template, resource)?.id;
        Some((child, self.parameters.nesting_stack(&self.links.nested, (template, resource), child)?))
    }

    fn stack_output(&self, stack: &str, output: &str) -> Option<(Cursor<'p>, Option<OneStack<'p>>)> {
        let deployed = self.deployed.as_ref()?;
        let (stack, template) = deployed.find(stack)?;
        let output = self.templates[template.index()].output(output)?;
        let template = &self.templates[template.index()];
        let cursor = Cursor::new(template, &output.bindings, template.node(output.value?));
        let one = self.parameters.deployed_stack(&self.links.nested, deployed, stack, template.id);
        Some((cursor, one.map(|one| (template.id, one))))
    }

    fn stack_name(&self, template: TemplateId) -> StackName<'p> {
        self.parameters.stack_name(template)
    }

    fn physical_name(&self, id: EntityId) -> Option<Cursor<'p>> {
        let entity = self.entity(id);
        let path = catalog::naming(entity.kind)?.property?;
        let start = match &entity.virtual_node {
            Some(node) => node.cursor,
            None => {
                let properties = entity.resource.properties?;
                self.body(id).to(self.templates[entity.template.index()].node(properties))
            }
        };
        let node = path.split('.').try_fold(start.node, Node::get)?;
        Some(start.to(node))
    }

    fn body(&self, id: EntityId) -> Cursor<'p> {
        let entity = self.entity(id);
        let template = &self.templates[entity.template.index()];
        Cursor::new(template, &entity.resource.bindings, template.node(entity.resource.body))
    }

    fn root(&self, resolver: &Resolver<'_, 'p>, id: EntityId) -> Found<'p> {
        let entity = self.entity(id);
        // What it lacks may stand behind the error.
        if let Some(why) = self.unread(&self.templates[entity.template.index()]) {
            return Found { value: Value::Unknown(Rc::new(why)), cursor: self.body(id), missing: &[] };
        }
        if let Some(node) = &entity.virtual_node {
            if entity.kind == "ML::Image" {
                return image::view(resolver, node.cursor, entity, self.entity(entity.holder).kind);
            }
            return resolver.found(node.cursor);
        }
        let body = self.body(id);
        let template = &self.templates[entity.template.index()];
        let fallback = template.globals(entity.kind);
        match (entity.resource.properties, fallback) {
            (Some(properties), fallback) => resolver.found(body.to(template.node(properties)).with_fallback(fallback)),
            (None, Some(globals)) => resolver.found(body.to(globals)),
            (None, None) => Found { value: Value::Absent, cursor: body, missing: &[] },
        }
    }

    fn allowed_pattern(&self, template: TemplateId, name: &str) -> Option<&'p str> {
        let template = &self.templates[template.index()];
        template.node(template.parameter(name)?.pattern?).scalar()
    }
}

/// The resources that the outputs of a template refer to.
fn handed_on<'p>(resolver: &Resolver<'_, 'p>, template: &'p Template) -> impl Iterator<Item = EntityId> {
    let values = template.outputs.iter().filter_map(move |output: &'p Output| {
        let cursor = Cursor::new(template, &output.bindings, template.node(output.value?));
        match resolver.found(cursor).value {
            Value::Symbolic(parts) => Some(parts),
            _ => None,
        }
    });
    values.flat_map(|parts| {
        let resource = |part: &Part<'p>| match part {
            Part::Hole(Hole::Resource(id, ..)) => Some(*id),
            _ => None,
        };
        parts.iter().filter_map(resource).collect::<Vec<_>>()
    })
}

/// The first macro, include or loop over an unknown list of a project, by its name.
fn unseen(templates: &[Template]) -> Option<&str> {
    templates.iter().find_map(|template| {
        let node = template.node(*template.unseen.first()?);
        Some(node.scalar().or_else(|| node.get("Name").and_then(Node::scalar)).unwrap_or("Fn::ForEach"))
    })
}

fn virtual_nodes(templates: &[Template]) -> Vec<Vec<VirtualNode<'_>>> {
    use rayon::prelude::*;
    if templates.len() > 8 {
        templates.par_iter().map(virtual_node::collect).collect()
    } else {
        templates.iter().map(virtual_node::collect).collect()
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
