//! What the resolver has to be told about other templates: the graph answers.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::source::Span;
use crate::template::{Parameter, Template, TemplateId};

use super::{Cursor, Found, Hole, Part, Resolver, Unknown};

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
    /// The value that every stack of the template gets.
    Passed(Passed<'p>),
    /// What one of its stacks gets; absent where it gets nothing.
    OneOf(StackChoice, Arc<[StackValue<'p>]>, GroupId),
    /// A choice of the one who deploys.
    Free(GroupId),
}

/// One of several stacks of a template: its name, and what it is passed.
pub type StackValue<'p> = (Cow<'p, str>, Option<Passed<'p>>);

/// What a stack is passed for a parameter.
#[derive(Debug, Clone, Copy)]
pub enum Passed<'p> {
    /// An expression of the stack that nests its template.
    Expression(Cursor<'p>),
    /// A text that was given outside of the templates.
    Given(Given<'p>),
    /// The output of another stack.
    Output {
        /// The stack.
        stack: &'p str,
        /// Its output.
        output: &'p str,
    },
}

/// A parameter's value from the configuration or the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given<'p> {
    /// The parameter.
    pub name: &'p str,
    /// Its value.
    pub text: &'p str,
    /// Where it is written.
    pub span: Option<Span>,
}

/// The choice among the stacks of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackChoice {
    /// All of them are resources of other templates.
    Nesting,
    /// Some of them are deployed by themselves.
    Deployed,
}

/// One stack among several of a template.
pub type OneStack<'p> = (TemplateId, Cow<'p, str>);

/// What `AWS::StackName` is in a template.
pub enum StackName<'p> {
    /// Not known.
    Open,
    /// One stack deploys the template.
    Known(Cow<'p, str>),
    /// One of several does.
    OneOf(StackChoice, Arc<[NamedStack<'p>]>),
}

/// One of several stacks of a template: what it is called, and its name, where that is known.
pub type NamedStack<'p> = (Cow<'p, str>, Option<Cow<'p, str>>);

/// What an import finds.
pub enum Imported<'p> {
    /// The export's value, the stack that exports it if the name is that of one among several, and whether finding it took
    /// shared parameters.
    Value(Cursor<'p>, Option<OneStack<'p>>, bool),
    /// Nothing here exports it, and it is known to come from elsewhere.
    Foreign,
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
    /// Why the template of a nested stack may have more outputs than are known: it was read up to a syntax error only.
    fn unread_stack(&self, template: TemplateId, resource: usize) -> Option<Unknown<'p>>;
    /// The stack that a resource creates, if its template has several.
    fn nesting_stack(&self, template: TemplateId, resource: usize) -> Option<OneStack<'p>>;
    /// The output of a stack that is deployed by itself, and which stack it is if its template has several.
    fn stack_output(&self, stack: &str, output: &str) -> Option<(Cursor<'p>, Option<OneStack<'p>>)>;
    /// What `AWS::StackName` is.
    fn stack_name(&self, template: TemplateId) -> StackName<'p>;
    /// The naming property of an entity, where it is written.
    fn physical_name(&self, entity: EntityId) -> Option<Cursor<'p>>;
    /// The body of an entity's resource: its attributes, `Properties` among them.
    fn body(&self, entity: EntityId) -> Cursor<'p>;
    /// What paths from an entity start at: its properties, or the view that stands for it.
    fn root(&self, resolver: &Resolver<'_, 'p>, entity: EntityId) -> Found<'p>;
    /// The pattern that a free parameter's values match.
    fn allowed_pattern(&self, template: TemplateId, name: &str) -> Option<&'p str>;
}
