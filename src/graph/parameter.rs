//! Parameters: which of them mean the same, which are passed by a parent, and which values they may have.

use std::borrow::Cow;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::syntax::{Node, NodeId, Tag};
use crate::template::{Call, Expr, Parameter, Template, TemplateId};
use crate::value::{Cursor, Domain, GroupId, Hole, ParameterValue, Pseudo, Scalar};

use super::link::Nested;

/// The groups of all parameters of a project.
pub(super) struct Groups<'p> {
    /// Per template, per parameter.
    of: Vec<Vec<GroupId>>,
    /// What each parameter of a nested template is passed.
    passed: FxHashMap<(TemplateId, &'p str), Cursor<'p>>,
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
                    member.allowed.is_empty() || allowed.is_empty() || allowed.iter().any(|value| member.allowed.contains(value))
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
        let mut found = Self { of: groups, passed: FxHashMap::default(), literals: FxHashMap::default(), pseudo: FxHashMap::default() };
        for template in templates {
            found.collect_literals(template);
        }
        found
    }

    /// Ties the parameters of templates that exactly one stack nests to what it passes.
    pub(super) fn bind_nested(&mut self, templates: &'p [Template], nested: &Nested) {
        for (child, parents) in &nested.parents {
            let [(parent, resource)] = parents[..] else { continue };
            let (child, parent) = (&templates[child.index()], &templates[parent.index()]);
            let resource = &parent.resources[resource];
            let Some(passed) = resource.properties.and_then(|node| parent.node(node).get("Parameters")) else { continue };
            for parameter in &child.parameters {
                if let Some(value) = passed.get(&parameter.name) {
                    self.passed.insert((child.id, &*parameter.name), Cursor::new(parent, &resource.bindings, value));
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
            let Some(index) = template.parameters.iter().position(|parameter| &*parameter.name == name) else { return };
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
        let index = template.parameters.iter().position(|known| known.key == parameter.key).unwrap_or_default();
        ParameterValue::Free(self.of[template.id.index()][index])
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
