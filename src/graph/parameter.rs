//! Parameters: which of them mean the same, which are passed by a parent, and which values they may have.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::syntax::{Node, NodeId, Tag};
use crate::template::{Call, Expr, Parameter, Template, TemplateId};
use crate::value::{
    Cursor, Domain, GroupId, Hole, NamedStack, ParameterValue, Passed, Pseudo, Scalar, StackChoice, StackName,
    StackValue,
};

use super::deployment::{Deployed, SharedParameters};
use super::link::Nested;

/// The groups of all parameters of a project.
pub(super) struct Groups<'p> {
    /// Per template, per parameter.
    of: Vec<Vec<GroupId>>,
    /// What each parameter is passed by every stack of its template.
    passed: FxHashMap<(TemplateId, &'p str), Passed<'p>>,
    /// What each parameter is passed by one or another stack of its template.
    one_of: FxHashMap<(TemplateId, &'p str), Arc<[StackValue<'p>]>>,
    /// The stacks of the templates that have several.
    stacks: FxHashMap<TemplateId, Stacks<'p>>,
    /// The names of the stacks that are the only ones of their templates, where they are known.
    names: FxHashMap<TemplateId, Cow<'p, str>>,
    /// Literals that conditions compare a group with, in the order of the files.
    literals: FxHashMap<GroupId, Vec<&'p str>>,
    /// Literals that conditions compare a pseudo parameter with.
    pseudo: FxHashMap<Pseudo, Vec<&'p str>>,
}

/// The stacks of a template.
struct Stacks<'p> {
    choice: StackChoice,
    /// What they are called, each once.
    called: Vec<Cow<'p, str>>,
    /// The names of those that are deployed by themselves, where they are known.
    names: Arc<[NamedStack<'p>]>,
}

/// A stack of a template.
#[derive(Clone, Copy)]
enum Instance {
    /// A resource of another template.
    Nested(TemplateId, usize),
    /// One that is deployed by itself.
    Deployed(usize),
}

/// The sets of allowed values that are known for one name and type.
struct Member<'p> {
    group: GroupId,
    allowed: Vec<&'p str>,
}

impl<'p> Groups<'p> {
    /// Groups parameters by name and type where their allowed values, if both have any, intersect.
    pub(super) fn new(templates: &'p [Template], shared: &SharedParameters) -> Self {
        let mut known: FxHashMap<(&str, &str), Vec<Member<'p>>> = FxHashMap::default();
        let mut next = 0;
        let mut groups = Vec::with_capacity(templates.len());
        for template in templates {
            let mut own = Vec::with_capacity(template.parameters.len());
            for parameter in &template.parameters {
                if !shared.has(&parameter.name) {
                    own.push(GroupId(next));
                    next += 1;
                    continue;
                }
                let allowed: Vec<&str> = parameter.allowed.iter().map(|&node| template.node(node).text()).collect();
                let members = known.entry((&parameter.name, &parameter.kind)).or_default();
                let member = members.iter_mut().find(|member| {
                    member.allowed.is_empty()
                        || allowed.is_empty()
                        || allowed.iter().any(|value| member.allowed.contains(value))
                });
                own.push(match member {
                    Some(member) => {
                        if member.allowed.is_empty() {
                            member.allowed = allowed;
                        }
                        member.group
                    }
                    None => {
                        let group = GroupId(next);
                        next += 1;
                        members.push(Member { group, allowed });
                        group
                    }
                });
            }
            groups.push(own);
        }
        let mut found = Self {
            of: groups,
            passed: FxHashMap::default(),
            one_of: FxHashMap::default(),
            stacks: FxHashMap::default(),
            names: FxHashMap::default(),
            literals: FxHashMap::default(),
            pseudo: FxHashMap::default(),
        };
        for template in templates {
            found.collect_literals(template);
        }
        found
    }

    /// Ties the parameters of templates to what their stacks pass: those that nest them, and those that are deployed.
    pub(super) fn bind(&mut self, templates: &'p [Template], nested: &Nested, deployed: Option<&Deployed<'p>>) {
        let Some(deployed) = deployed else {
            for (child, parents) in &nested.parents {
                let instances: Vec<_> =
                    parents.iter().map(|&(parent, index)| Instance::Nested(parent, index)).collect();
                self.bind_template(templates, &templates[child.index()], &instances, None);
            }
            return;
        };
        let parents: FxHashMap<TemplateId, &Vec<(TemplateId, usize)>> =
            nested.parents.iter().map(|(child, parents)| (*child, parents)).collect();
        for template in templates {
            let nested = parents.get(&template.id).into_iter().copied().flatten();
            let nested = nested.map(|&(parent, index)| Instance::Nested(parent, index));
            let own = deployed.of(template.id).iter().map(|&stack| Instance::Deployed(stack));
            let instances: Vec<_> = nested.chain(own).collect();
            self.bind_template(templates, template, &instances, Some(deployed));
        }
    }

    fn bind_template(
        &mut self,
        templates: &'p [Template],
        template: &'p Template,
        instances: &[Instance],
        deployed: Option<&Deployed<'p>>,
    ) {
        let passes = |instance: Instance, parameter: &Parameter| match instance {
            Instance::Nested(parent, resource) => {
                passed(&templates[parent.index()], resource, &parameter.name).map(Passed::Expression)
            }
            Instance::Deployed(stack) => deployed.and_then(|deployed| deployed.given(stack, template, parameter)),
        };
        let called = called(templates, instances, deployed);
        if let ([Instance::Deployed(stack)], Some(deployed)) = (instances, deployed) {
            self.names.extend(deployed.name(*stack).map(|name| (template.id, name)));
        }
        for parameter in &template.parameters {
            let key = (template.id, &*parameter.name);
            match instances {
                [] => {
                    let given = deployed.and_then(|deployed| deployed.anywhere(template, parameter));
                    self.passed.extend(given.map(|value| (key, value)));
                }
                [one] => self.passed.extend(passes(*one, parameter).map(|value| (key, value))),
                several => {
                    let values: Vec<_> = several.iter().map(|&instance| passes(instance, parameter)).collect();
                    match same_for_all(&values) {
                        Some(value) => self.passed.extend([(key, value)]),
                        None => {
                            let values = called.iter().cloned().zip(values);
                            self.one_of.insert(key, values.collect());
                        }
                    }
                }
            }
        }
        if instances.len() > 1 {
            let name = |instance: &Instance| match instance {
                Instance::Nested(..) => None,
                Instance::Deployed(stack) => deployed.and_then(|deployed| deployed.name(*stack)),
            };
            let is_deployed = |instance: &Instance| matches!(instance, Instance::Deployed(_));
            let choice = if instances.iter().any(is_deployed) { StackChoice::Deployed } else { StackChoice::Nesting };
            let names = called.iter().cloned().zip(instances.iter().map(name)).collect();
            self.stacks.insert(template.id, Stacks { choice, called, names });
        }
    }

    /// What the stacks of a template are called, if there are several.
    pub(super) fn stacks(&self, template: TemplateId) -> &[Cow<'p, str>] {
        self.stacks.get(&template).map(|stacks| &stacks.called[..]).unwrap_or_default()
    }

    /// What `AWS::StackName` is in a template.
    pub(super) fn stack_name(&self, template: TemplateId) -> StackName<'p> {
        if let Some(name) = self.names.get(&template) {
            return StackName::Known(name.clone());
        }
        match self.stacks.get(&template) {
            Some(stacks) if stacks.choice == StackChoice::Deployed => {
                StackName::OneOf(stacks.choice, Arc::clone(&stacks.names))
            }
            _ => StackName::Open,
        }
    }

    /// What the stack of a resource is called, if its template has several.
    pub(super) fn nesting_stack(
        &self,
        nested: &Nested,
        parent: (TemplateId, usize),
        child: TemplateId,
    ) -> Option<Cow<'p, str>> {
        let (_, parents) = nested.parents.iter().find(|(known, _)| *known == child)?;
        let index = parents.iter().position(|known| *known == parent)?;
        // Those that nest a template come before those that are deployed by themselves.
        self.stacks(child).get(index).cloned()
    }

    /// What a deployed stack is called, if its template has several.
    pub(super) fn deployed_stack(
        &self,
        nested: &Nested,
        deployed: &Deployed<'p>,
        stack: usize,
        template: TemplateId,
    ) -> Option<Cow<'p, str>> {
        let before =
            nested.parents.iter().find(|(known, _)| *known == template).map_or(0, |(_, parents)| parents.len());
        let index = deployed.of(template).iter().position(|known| *known == stack)?;
        self.stacks(template).get(before + index).cloned()
    }

    fn collect_literals(&mut self, template: &'p Template) {
        for condition in &template.conditions {
            self.collect_from(template, template.node(condition.node), 0);
        }
    }

    fn collect_from(&mut self, template: &'p Template, node: Node<'p>, depth: u8) {
        let Some(call) = Expr::of(node).call().filter(|_| depth < 16) else { return };
        let arguments = call.arguments();
        if call.function == Tag::Equals
            && let [left, right] = arguments[..]
        {
            for (name, literal) in [(left, right), (right, left)] {
                let Some(name) = Expr::of(name).call().filter(|call| call.function == Tag::Ref).and_then(Call::text)
                else {
                    continue;
                };
                if let Expr::Scalar(literal) = Expr::of(literal) {
                    self.compare(template, name, literal.text());
                }
            }
        }
        for argument in arguments {
            self.collect_from(template, argument, depth + 1);
        }
    }

    fn compare(&mut self, template: &'p Template, name: &str, literal: &'p str) {
        let literals = if let Some(pseudo) = Pseudo::from_name(name) {
            self.pseudo.entry(pseudo).or_default()
        } else {
            let Some(index) = template.parameter_index(name) else { return };
            self.literals.entry(self.of[template.id.index()][index]).or_default()
        };
        if !literals.contains(&literal) {
            literals.push(literal);
        }
    }

    /// What a parameter stands for.
    pub(super) fn value(&self, template: &'p Template, parameter: &'p Parameter) -> ParameterValue<'p> {
        if let Some(&passed) = self.passed.get(&(template.id, &*parameter.name)) {
            return ParameterValue::Passed(passed);
        }
        let index = template
            .parameter_index(&parameter.name)
            .filter(|&index| template.parameters[index].key == parameter.key)
            // Of two parameters of one name the first is found by it.
            .or_else(|| template.parameters.iter().position(|known| known.key == parameter.key))
            .unwrap_or_default();
        let group = self.of[template.id.index()][index];
        match self.one_of.get(&(template.id, &*parameter.name)) {
            Some(values) => {
                let choice = self.stacks.get(&template.id).map_or(StackChoice::Nesting, |stacks| stacks.choice);
                ParameterValue::OneOf(choice, Arc::clone(values), group)
            }
            None => ParameterValue::Free(group),
        }
    }

    /// The values of a free parameter, its default first.
    pub(super) fn domain(&self, template: &'p Template, group: GroupId, name: &str) -> Option<Domain<'p>> {
        let parameter = template.parameter(name)?;
        let text = |node: NodeId| Scalar::of(template.node(node)).map_or(Cow::Borrowed(""), |scalar| scalar.text);
        let default = parameter.default.map(text);
        let mut values: Vec<Option<Cow<'p, str>>> = default.into_iter().map(Some).collect();
        let add = |values: &mut Vec<Option<Cow<'p, str>>>, value: Cow<'p, str>| {
            if !values.contains(&Some(value.clone())) {
                values.push(Some(value));
            }
        };
        if parameter.allowed.is_empty() {
            let literals = self.literals.get(&group).map(Vec::as_slice).unwrap_or_default();
            for literal in literals {
                add(&mut values, Cow::Borrowed(literal));
            }
            if !literals.is_empty() {
                values.push(None);
            }
        } else {
            for &node in &parameter.allowed {
                add(&mut values, text(node));
            }
        }
        (!values.is_empty()).then(|| Rc::from(values))
    }

    /// The values that conditions compare a pseudo parameter with, and any other.
    pub(super) fn pseudo_domain(&self, hole: &Hole<'p>) -> Option<Domain<'p>> {
        let Hole::Pseudo(pseudo, _) = hole else { return None };
        let literals = self.pseudo.get(pseudo)?;
        Some(literals.iter().map(|literal| Some(Cow::Borrowed(*literal))).chain([None]).collect())
    }
}

/// What a stack passes for a parameter.
fn passed<'p>(parent: &'p Template, resource: usize, name: &str) -> Option<Cursor<'p>> {
    let resource = &parent.resources[resource];
    let value = parent.node(resource.properties?).get("Parameters")?.get(name)?;
    Some(Cursor::new(parent, &resource.bindings, value))
}

/// What the stacks of a template are called: by the logical id, or by the name; the second of a name is `Name (2)`.
fn called<'p>(templates: &'p [Template], instances: &[Instance], deployed: Option<&Deployed<'p>>) -> Vec<Cow<'p, str>> {
    let name = |instance: &Instance| match *instance {
        Instance::Nested(parent, resource) => Cow::Borrowed(&*templates[parent.index()].resources[resource].name),
        Instance::Deployed(stack) => Cow::Borrowed(deployed.map_or("", |deployed| deployed.written(stack))),
    };
    let names: Vec<Cow<'p, str>> = instances.iter().map(name).collect();
    let unique =
        |(index, name): (usize, &Cow<'p, str>)| match names[..index].iter().filter(|other| *other == name).count() {
            0 => name.clone(),
            before => Cow::Owned(format!("{name} ({})", before + 1)),
        };
    names.iter().enumerate().map(unique).collect()
}

/// The value that all stacks get, if it is a text or an output, the same one for all.
fn same_for_all<'p>(values: &[Option<Passed<'p>>]) -> Option<Passed<'p>> {
    let first = values.first().copied().flatten()?;
    let same = |value: &Option<Passed<'p>>| match (value, &first) {
        (Some(Passed::Given(a)), Passed::Given(b)) => a.text == b.text,
        (Some(Passed::Output { stack, output }), Passed::Output { stack: other_stack, output: other_output }) => {
            stack == other_stack && output == other_output
        }
        _ => false,
    };
    values.iter().all(same).then_some(first)
}
