//! What the statements of policies say together: an Allow has to cover what is asked, and no Deny may take it back. Who asks
//! decides what a condition of a statement is worth.

use std::rc::Rc;

use crate::catalog::Returned;
use crate::finding::ReasonKind;
use crate::graph::covers_action;
use crate::value::{EntityId, Found, Hole, Map, Part, Unknown, Value, covers, joined, text_of};

use super::evaluate::{Evaluator, Outcome};

/// What is asked of policies.
pub(super) trait Question<'p> {
    /// Whether a statement of an effect covers what is asked.
    fn covers(&self, statement: &Found<'p>, effect: &str) -> Outcome<'p>;
    /// Whether the conditions of an Allow are fulfilled.
    fn is_fulfilled(&self, conditions: &[Found<'p>]) -> Outcome<'p>;
    /// Whether the conditions of a Deny are fulfilled, so that it applies.
    fn is_denied(&self, conditions: &[Found<'p>]) -> Outcome<'p>;
    /// What a statement that is not known may deny.
    fn unknown_denies(&self, why: &Unknown<'p>) -> Outcome<'p> {
        Outcome::unknown(why.clone())
    }
}

impl<'p> Evaluator<'_, 'p> {
    /// Whether statements allow what is asked.
    pub(super) fn decide(&self, statements: &[Found<'p>], question: &impl Question<'p>) -> Outcome<'p> {
        let any = |of: &dyn Fn(&Found<'p>) -> Outcome<'p>| {
            statements
                .iter()
                .fold(Outcome::FALSE, |known, statement| known.or(|| self.count_one().unwrap_or_else(|| of(statement))))
        };
        any(&|statement| match &statement.value {
            Value::Unknown(why) => Outcome::unknown((**why).clone()),
            _ => question.covers(statement, "Allow").and(|| question.is_fulfilled(&self.conditions(statement))),
        })
        .and(|| {
            !any(&|statement| match &statement.value {
                Value::Unknown(why) => question.unknown_denies(why),
                _ => question.covers(statement, "Deny").and(|| question.is_denied(&self.conditions(statement))),
            })
        })
    }

    /// Whether a statement has an effect and covers an action.
    pub(super) fn covers_action(&self, statement: &Found<'p>, effect: &str, action: &str) -> Outcome<'p> {
        self.has_effect(statement, effect).and(|| {
            let (truth, why) = covers_action(&self.resolver, statement, action);
            Outcome::of(truth, || why)
        })
    }

    /// Whether a statement covers a resource; `is_resource` says it of one that the statement lists.
    pub(super) fn covers_resource(
        &self,
        statement: &Found<'p>,
        is_resource: impl Fn(&Found<'p>) -> Outcome<'p>,
    ) -> Outcome<'p> {
        let names = |list: &str| {
            self.listed(statement, list).iter().fold(Outcome::FALSE, |known, listed| {
                known.or(|| match &listed.value {
                    Value::Unknown(why) => Outcome::unknown((**why).clone()),
                    _ => self.count_one().unwrap_or_else(|| is_resource(listed)),
                })
            })
        };
        if self.listed(statement, "not_resources").is_empty() { names("resources") } else { !names("not_resources") }
    }

    /// What is acted on. Who publishes to a topic asks for the same topic, so the answer is kept.
    pub(super) fn resource(&self, on: &Found<'p>) -> ActedOn<'p> {
        let Value::Entity(id) = on.value else { return Rc::new(self.written_out(on)) };
        if let Some(known) = self.acted_on.borrow().get(&id) {
            return Rc::clone(known);
        }
        let resource = Rc::new(self.written_out(on));
        self.acted_on.borrow_mut().insert(id, Rc::clone(&resource));
        resource
    }

    /// What is acted on, as text with the ARNs of resources written out.
    fn written_out(&self, on: &Found<'p>) -> Result<Resource<'p>, Unknown<'p>> {
        let mut why = Unknown::default();
        let parts = match &on.value {
            Value::Unknown(unknown) => return Err((**unknown).clone()),
            Value::Entity(id) => {
                vec![Part::Hole(Hole::Resource(*id, Returned::Arn, &self.graph.entity(*id).resource.name))]
            }
            value => self.resolver.parts(value).unwrap_or_default(),
        };
        let of = match parts[..] {
            [Part::Hole(Hole::Resource(id, Returned::Arn, _))] => Some(id),
            _ => None,
        };
        let arn = self.graph.with_arns(&self.resolver, &parts, &mut why);
        why.merge(&self.resolver.why(&parts));
        Ok(Resource { arn: parts_of(arn), of, why })
    }

    /// Whether a pattern that a statement lists covers a resource.
    pub(super) fn is_covered(&self, pattern: &Found<'p>, resource: &Resource<'p>) -> Outcome<'p> {
        let parts = self.resolver.parts(&pattern.value).unwrap_or_default();
        if let (Some(Part::Hole(Hole::Resource(listed, Returned::Arn, _))), Some(of)) = (parts.first(), resource.of)
            && *listed != of
            && parts.get(1).is_none_or(|rest| matches!(rest, Part::Text(rest) if rest.starts_with(['/', ':'])))
        {
            // No resource has the ARN of another, whatever their names are.
            return Outcome::FALSE;
        }
        let mut why = resource.why.clone();
        let written = parts_of(self.graph.with_arns(&self.resolver, &parts, &mut why));
        Outcome::of(covers(&written, &resource.arn), || {
            why.merge(&self.resolver.why(&parts));
            if why.reasons.is_empty() {
                why.merge(&Unknown::because(ReasonKind::RunTime, format!("`{}`", text_of(&pattern.value))));
            }
            why
        })
    }

    fn conditions(&self, statement: &Found<'p>) -> Rc<[Found<'p>]> {
        match member(statement, "conditions") {
            Some(found @ Found { value: Value::Unknown(_), .. }) => Rc::from([found.clone()]),
            _ => self.listed(statement, "conditions"),
        }
    }

    /// The items of a list of a statement, or of something in it.
    pub(super) fn listed(&self, map: &Found<'p>, name: &str) -> Rc<[Found<'p>]> {
        match member(map, name) {
            Some(Found { value: Value::List(list), .. }) => self.resolver.shared_items(list),
            _ => Rc::default(),
        }
    }
}

/// What is acted on; of what is not known, why.
pub(super) type ActedOn<'p> = Rc<Result<Resource<'p>, Unknown<'p>>>;

/// Something that is acted on.
pub(super) struct Resource<'p> {
    arn: Vec<Part<'p>>,
    /// Whose ARN it is.
    of: Option<EntityId>,
    /// What is not known of it.
    why: Unknown<'p>,
}

/// Parts with no text next to a text.
fn parts_of(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    match joined(parts) {
        Value::Symbolic(parts) => parts.to_vec(),
        Value::Scalar(scalar) => vec![Part::Text(scalar.text)],
        _ => Vec::new(),
    }
}

/// A member of a statement, or of something in it.
pub(super) fn member<'f, 'p>(found: &'f Found<'p>, name: &str) -> Option<&'f Found<'p>> {
    let Value::Map(Map::View(view)) = &found.value else { return None };
    view.members.iter().find(|(known, _)| *known == name).map(|(_, member)| member)
}

/// The text of a member, if it is known.
pub(super) fn text<'f>(found: Option<&'f Found<'_>>) -> Option<&'f str> {
    found.and_then(|found| found.value.as_str())
}

/// All of some outcomes.
pub(super) fn all<'p, T>(of: impl IntoIterator<Item = T>, one: impl Fn(T) -> Outcome<'p>) -> Outcome<'p> {
    of.into_iter().fold(Outcome::TRUE, |known, item| known.and(|| one(item)))
}

/// Any of some outcomes.
pub(super) fn any<'p, T>(of: impl IntoIterator<Item = T>, one: impl Fn(T) -> Outcome<'p>) -> Outcome<'p> {
    of.into_iter().fold(Outcome::FALSE, |known, item| known.or(|| one(item)))
}
