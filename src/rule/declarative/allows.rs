//! Whether a resource policy lets a service or a principal do something (`rule-language.md` §4.5), on the resource's side:
//! what an identity policy adds is not looked at.
//!
//! An Allow has to cover the caller, each action and the resource; a Deny that certainly applies takes it back. A condition
//! of an Allow counts as fulfilled if the caller's request can carry its key, else it is not known; a condition of a Deny is
//! not relied upon.

use crate::catalog::{self, Rows};
use crate::finding::ReasonKind;
use crate::graph::covers_action;
use crate::value::{Found, Map, Part, Truth, Unknown, Value, equal_text, same};

use super::condition::{Allows, Caller, Term};
use super::evaluate::{Env, Evaluator, Outcome, origin};

/// The condition keys that a request which a service makes can carry.
const KEYS: &str = "service-request-condition-keys";

/// Who wants to do what to which of these.
struct Question<'q, 'p> {
    is_service: bool,
    callers: &'q [Found<'p>],
    action: &'q str,
    on: &'q [Found<'p>],
}

impl<'p> Evaluator<'_, 'p> {
    /// Whether the policy allows all of the actions.
    pub(super) fn allows(&self, allows: &'p Allows, env: &Env<'_, 'p>) -> Outcome<'p> {
        let carriers = self.values(&allows.policy, env);
        let statements: Vec<Found<'p>> =
            carriers.iter().flat_map(|carrier| self.carried(carrier, false).to_vec()).collect();
        let (is_service, term) = match &allows.caller {
            Caller::Service(term) => (true, term),
            Caller::Principal(term) => (false, term),
        };
        let callers = match term {
            Term::Path(path) => self.values(path, env),
            Term::Literal(text) => vec![Found { value: Value::text(&**text), ..origin(env) }],
        };
        let on = allows.on.as_ref().map(|on| self.values(on, env)).unwrap_or_default();
        allows.actions.iter().fold(Outcome::TRUE, |known, action| {
            let question = Question { is_service, callers: &callers, action, on: &on };
            known.and(|| self.answer(&statements, &question))
        })
    }

    fn answer(&self, statements: &[Found<'p>], question: &Question<'_, 'p>) -> Outcome<'p> {
        let any = |of: &dyn Fn(&Found<'p>) -> Outcome<'p>| {
            statements.iter().fold(Outcome::FALSE, |known, statement| known.or(|| of(statement)))
        };
        any(&|statement| {
            self.covers(statement, "Allow", question).and(|| self.can_be_fulfilled(member(statement, "conditions")))
        })
        .and(|| {
            !any(&|statement| {
                self.covers(statement, "Deny", question).and(|| self.is_unconditional(member(statement, "conditions")))
            })
        })
    }

    fn covers(&self, statement: &Found<'p>, effect: &str, question: &Question<'_, 'p>) -> Outcome<'p> {
        if let Value::Unknown(why) = &statement.value {
            return Outcome::unknown((**why).clone());
        }
        self.has_effect(statement, effect)
            .and(|| {
                let (truth, why) = covers_action(&self.resolver, statement, question.action);
                Outcome::of(truth, || why)
            })
            .and(|| self.covers_caller(statement, question))
            .and(|| self.covers_resource(statement, question))
    }

    fn covers_caller(&self, statement: &Found<'p>, question: &Question<'_, 'p>) -> Outcome<'p> {
        let names = |principals: &Found<'p>| {
            let list = if question.is_service { "service" } else { "aws" };
            let everyone = || Outcome::from(text(member(principals, "everyone")) == Some("true"));
            self.listed(principals, list)
                .iter()
                .fold(everyone(), |known, listed| known.or(|| self.is_caller(listed, question)))
        };
        match (member(statement, "principals"), member(statement, "not_principals")) {
            (Some(Found { value: Value::Unknown(why), .. }), _) => Outcome::unknown((**why).clone()),
            (Some(principals), _) if !principals.value.is_absent() => names(principals),
            (_, Some(Found { value: Value::Unknown(why), .. })) => Outcome::unknown((**why).clone()),
            (_, Some(principals)) if !principals.value.is_absent() => !names(principals),
            _ => Outcome::FALSE,
        }
    }

    fn is_caller(&self, listed: &Found<'p>, question: &Question<'_, 'p>) -> Outcome<'p> {
        question.callers.iter().fold(Outcome::FALSE, |known, caller| {
            known.or(|| match (&listed.value, &caller.value) {
                (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Outcome::unknown((**why).clone()),
                (listed, Value::Entity(_)) => self.refers(listed, caller),
                (listed, caller) => match (self.resolver.parts(listed), self.resolver.parts(caller)) {
                    (Some(listed), Some(caller)) => {
                        let truth = match caller.first() {
                            Some(Part::Text(name)) if question.is_service => is_service(&listed, name),
                            _ => same(&listed, &caller),
                        };
                        Outcome::of(truth, || self.resolver.why(&listed))
                    }
                    _ => Outcome::FALSE,
                },
            })
        })
    }

    fn covers_resource(&self, statement: &Found<'p>, question: &Question<'_, 'p>) -> Outcome<'p> {
        if question.on.is_empty() {
            return Outcome::TRUE;
        }
        let names = |list: &str| {
            self.listed(statement, list)
                .iter()
                .fold(Outcome::FALSE, |known, listed| known.or(|| self.is_resource(listed, question)))
        };
        if self.listed(statement, "not_resources").is_empty() { names("resources") } else { !names("not_resources") }
    }

    fn is_resource(&self, listed: &Found<'p>, question: &Question<'_, 'p>) -> Outcome<'p> {
        if listed.value.as_str() == Some("*") {
            return Outcome::TRUE;
        }
        if let Value::Unknown(why) = &listed.value {
            return Outcome::unknown((**why).clone());
        }
        let parts = self.resolver.parts(&listed.value).unwrap_or_default();
        // A pattern over ARNs may cover what it does not name.
        let is_pattern = parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(['*', '?'])));
        question.on.iter().fold(Outcome::FALSE, |known, on| {
            known.or(|| match self.refers(&listed.value, on) {
                Outcome { truth: Truth::False, .. } if is_pattern => {
                    Outcome::unknown(Unknown::because(ReasonKind::Attribute, crate::value::text_of(&listed.value)))
                }
                outcome => outcome,
            })
        })
    }

    /// Whether the request of a caller can fulfil all conditions.
    fn can_be_fulfilled(&self, conditions: Option<&Found<'p>>) -> Outcome<'p> {
        let Some(Rows::Texts(known)) = catalog::table(KEYS).map(|table| &table.rows) else { return Outcome::TRUE };
        self.conditions(conditions).iter().fold(Outcome::TRUE, |fulfilled, condition| {
            fulfilled.and(|| {
                if let Value::Unknown(why) = &condition.value {
                    return Outcome::unknown((**why).clone());
                }
                let key = text(member(condition, "key")).unwrap_or_default().to_ascii_lowercase();
                let is_carried = known.iter().any(|known| match known.strip_suffix('*') {
                    Some(start) => key.starts_with(start),
                    None => key == *known,
                });
                if is_carried { Outcome::TRUE } else { Outcome::unknown(Unknown::because(ReasonKind::RunTime, key)) }
            })
        })
    }

    /// True if there is no condition; one that is there is not relied upon, whatever it says.
    fn is_unconditional(&self, conditions: Option<&Found<'p>>) -> Outcome<'p> {
        Outcome::from(self.conditions(conditions).is_empty())
    }

    fn conditions(&self, conditions: Option<&Found<'p>>) -> Vec<Found<'p>> {
        match conditions {
            Some(Found { value: Value::List(list), .. }) => self.resolver.items(list),
            Some(found @ Found { value: Value::Unknown(_), .. }) => vec![found.clone()],
            _ => Vec::new(),
        }
    }

    fn listed(&self, map: &Found<'p>, name: &str) -> Vec<Found<'p>> {
        match member(map, name) {
            Some(Found { value: Value::List(list), .. }) => self.resolver.items(list),
            _ => Vec::new(),
        }
    }
}

/// A member of a statement, or of something in it.
fn member<'f, 'p>(found: &'f Found<'p>, name: &str) -> Option<&'f Found<'p>> {
    let Value::Map(Map::View(view)) = &found.value else { return None };
    view.members.iter().find(|(known, _)| *known == name).map(|(_, member)| member)
}

fn text<'f>(found: Option<&'f Found<'_>>) -> Option<&'f str> {
    found.and_then(|found| found.value.as_str())
}

/// Whether a principal is a service: `logs.amazonaws.com` is also written with a Region, or with the suffix of a partition.
fn is_service(listed: &[Part<'_>], service: &str) -> Truth {
    let name = service.strip_suffix(".amazonaws.com").unwrap_or(service);
    match listed {
        [Part::Text(text)] if equal_text(text, service) => Truth::True,
        [Part::Text(text)] => {
            let rest = text.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
            let rest = rest.strip_suffix(".cn").unwrap_or(rest);
            // One label of a Region may stand before the suffix.
            let region = rest.strip_suffix("amazonaws.com").map(|region| region.trim_end_matches('.'));
            Truth::from(region.is_some_and(|region| !region.contains('.')))
        }
        [Part::Text(text), ..] => Truth::from(text.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))),
        [] => Truth::False,
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_several_names() {
        for (listed, expected) in [
            ("logs.amazonaws.com", true),
            ("logs.eu-west-1.amazonaws.com", true),
            ("logs.amazonaws.com.cn", true),
            ("logs.cn-north-1.amazonaws.com.cn", true),
            ("delivery.logs.amazonaws.com", false),
            ("logs.delivery.eu-west-1.amazonaws.com", false),
            ("logsx.amazonaws.com", false),
            ("logs.example.com", false),
        ] {
            let listed = [Part::Text(listed.into())];
            assert_eq!(is_service(&listed, "logs.amazonaws.com"), Truth::from(expected), "{listed:?}");
        }
    }
}
