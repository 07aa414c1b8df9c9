//! Parameters: which of them mean the same, which are passed by a parent, and which values they may have.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::syntax::{Node, NodeId, Tag};
use crate::template::{Call, Expr, Parameter, Template, TemplateId};
use crate::value::{Cursor, Domain, GroupId, Hole, NestingStack, ParameterValue, Pseudo, Scalar};

use super::link::Nested;

/// The groups of all parameters of a project.
pub(super) struct Groups<'p> {
    /// Per template, per parameter.
    of: Vec<Vec<GroupId>>,
    /// What each parameter of a nested template is passed.
    passed: FxHashMap<(TemplateId, &'p str), Cursor<'p>>,
    /// What each parameter of a template is passed that several stacks nest.
    one_of: FxHashMap<(TemplateId, &'p str), Arc<[NestingStack<'p>]>>,
    /// Literals that conditions compare a group with, in the order of the files.
    literals: FxHashMap<GroupId, Vec<&'p str>>,
    /// Literals that conditions compare a pseudo parameter with.
    pseudo: FxHashMap<Pseudo, Vec<&'p str>>,
}

/// The sets of allowed values that are known for one name and type.
struct Member<'p> {
    group: GroupId,
    allowed: Vec<&'p str>,
}

impl<'p> Groups<'p> {
    /// Groups parameters by name and type where their allowed values, if both have any, intersect.
    pub(super) fn new(templates: &'p [Template]) -> Self {
        let mut known: FxHashMap<(&str, &str), Vec<Member<'p>>> = FxHashMap::default();
        let mut next = 0;
        let mut groups = Vec::with_capacity(templates.len());
        for template in templates {
            let mut own = Vec::with_capacity(template.parameters.len());
            for parameter in &template.parameters {
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
            literals: FxHashMap::default(),
            pseudo: FxHashMap::default(),
        };
        for template in templates {
            found.collect_literals(template);
        }
        found
    }

    /// Ties the parameters of templates to what the stacks pass that nest them.
    pub(super) fn bind_nested(&mut self, templates: &'p [Template], nested: &Nested) {
        for (child, parents) in &nested.parents {
            let child = &templates[child.index()];
            for parameter in &child.parameters {
                let key = (child.id, &*parameter.name);
                let passes = |&(parent, resource): &(TemplateId, usize)| {
                    passed(&templates[parent.index()], resource, &parameter.name)
                };
                if let [parent] = &parents[..] {
                    self.passed.extend(passes(parent).map(|value| (key, value)));
                } else {
                    let stacks = (0..parents.len())
                        .map(|index| (stack_name(templates, parents, index), passes(&parents[index])));
                    self.one_of.insert(key, stacks.collect());
                }
            }
        }
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
        if let Some(&cursor) = self.passed.get(&(template.id, &*parameter.name)) {
            return ParameterValue::Passed(cursor);
        }
        let index = template
            .parameter_index(&parameter.name)
            .filter(|&index| template.parameters[index].key == parameter.key)
            // Of two parameters of one name the first is found by it.
            .or_else(|| template.parameters.iter().position(|known| known.key == parameter.key))
            .unwrap_or_default();
        let group = self.of[template.id.index()][index];
        match self.one_of.get(&(template.id, &*parameter.name)) {
            Some(stacks) => ParameterValue::OneOf(Arc::clone(stacks), group),
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

/// The logical id of one of the stacks that nest a template; the second of an id is `Id (2)`.
pub(super) fn stack_name<'p>(templates: &'p [Template], parents: &[(TemplateId, usize)], index: usize) -> Cow<'p, str> {
    let name = |(parent, resource): (TemplateId, usize)| &*templates[parent.index()].resources[resource].name;
    let own = name(parents[index]);
    match parents[..index].iter().filter(|&&other| name(other) == own).count() {
        0 => Cow::Borrowed(own),
        before => Cow::Owned(format!("{own} ({})", before + 1)),
    }
}
