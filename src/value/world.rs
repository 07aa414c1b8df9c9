//! What the resolver has to be told about other templates: the graph answers.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::template::{Parameter, Template, TemplateId};

use super::{Cursor, Found, Hole, Part, Resolver};

/// The number of a node of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u32);

impl EntityId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Parameters that are taken to mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// The values that a choice may have, in the order in which they are tried.
pub type Domain<'p> = Rc<[Option<Cow<'p, str>>]>;

/// What the parameter of a template stands for.
pub enum ParameterValue<'p> {
    /// The value that the parent stack passes.
    Passed(Cursor<'p>),
    /// What one of the stacks passes that nest the template; absent where it passes nothing.
    OneOf(Arc<[NestingStack<'p>]>, GroupId),
    /// A choice of the one who deploys.
    Free(GroupId),
}

/// One of several stacks that nest a template: its name, and what it passes.
pub type NestingStack<'p> = (Cow<'p, str>, Option<Cursor<'p>>);

/// What an import finds.
pub enum Imported<'p> {
    /// The export's value, and whether finding it took shared parameters.
    Value(Cursor<'p>, bool),
    /// Two or more exports may be meant.
    Ambiguous,
    /// Nothing here exports it.
    Nothing,
}

/// The project, as far as values need it.
pub trait World<'p> {
    /// The template of a number.
    fn template(&self, id: TemplateId) -> &'p Template;
    /// What a parameter stands for.
    fn parameter(&self, template: &'p Template, parameter: &'p Parameter) -> ParameterValue<'p>;
    /// The values of a free parameter: allowed values, or default, literals that conditions compare it with and `None` for any other; absent if nothing limits it.
    fn domain(&self, group: GroupId, template: TemplateId, name: &str) -> Option<Domain<'p>>;
    /// The values that conditions compare a pseudo parameter with, and `None` for any other.
    fn pseudo_domain(&self, hole: &Hole<'p>) -> Option<Domain<'p>>;
    /// What exports a name; `general` is the same name with no choice made, which most exports are found by.
    fn import(
        &self,
        resolver: &Resolver<'_, 'p>,
        from: TemplateId,
        name: &[Part<'p>],
        general: Option<&[Part<'p>]>,
    ) -> Imported<'p>;
    /// The entity of a resource of a template.
    fn resource_entity(&self, template: TemplateId, resource: usize) -> EntityId;
    /// The value of the output of a nested stack.
    fn nested_output(&self, template: TemplateId, resource: usize, output: &str) -> Option<Cursor<'p>>;
    /// The name of a stack among those that nest its template, and the template, if there are several.
    fn nesting_stack(&self, template: TemplateId, resource: usize) -> Option<(TemplateId, Cow<'p, str>)>;
    /// The naming property of an entity, where it is written.
    fn physical_name(&self, entity: EntityId) -> Option<Cursor<'p>>;
    /// The body of an entity's resource: its attributes, `Properties` among them.
    fn body(&self, entity: EntityId) -> Cursor<'p>;
    /// What paths from an entity start at: its properties, or the view that stands for it.
    fn root(&self, resolver: &Resolver<'_, 'p>, entity: EntityId) -> Found<'p>;
    /// The pattern that a free parameter's values match.
    fn allowed_pattern(&self, template: TemplateId, name: &str) -> Option<&'p str>;
}
