//! Whether a resource policy lets a service or a principal do something (`rule-language.md` §4.5), on the resource's side:
//! what an identity policy adds is not looked at.
//!
//! An Allow has to cover the caller, each action and the resource; a Deny that certainly applies takes it back. A condition
//! of an Allow counts as fulfilled if the caller's request can carry its key, else it is not known; a condition of a Deny is
//! not relied upon.

use std::rc::Rc;

use crate::catalog::{self, Rows};
use crate::finding::ReasonKind;
use crate::graph::Reach;
use crate::value::{Found, Part, Truth, Unknown, Value, equal_text, same};

use super::condition::{Allows, Caller, Term};
use super::evaluate::{Env, Evaluator, Outcome, origin};
use super::policy::{ActedOn, Question, all, any, member, text};

/// The condition keys that a request which a service makes can carry.
const KEYS: &str = "service-request-condition-keys";

/// Who wants to do what to which of these.
struct Asked<'q, 'g, 'p> {
    evaluator: &'q Evaluator<'g, 'p>,
    is_service: bool,
    callers: &'q [Found<'p>],
    action: &'q str,
    on: &'q [(Found<'p>, ActedOn<'p>)],
}

impl<'p> Evaluator<'_, 'p> {
    /// Whether the policy allows all of the actions.
    pub(super) fn allows(&self, allows: &'p Allows, env: &Env<'_, 'p>) -> Outcome<'p> {
        let carriers = self.values(&allows.policy, env);
        let statements: Rc<[Found<'p>]> = match &carriers[..] {
            [carrier] => self.carried(carrier, Reach::Own),
            _ => carriers.iter().flat_map(|carrier| self.carried(carrier, Reach::Own).to_vec()).collect(),
        };
        let (is_service, term) = match &allows.caller {
            Caller::Service(term) => (true, term),
            Caller::Principal(term) => (false, term),
        };
        let callers = match term {
            Term::Path(path) => self.values(path, env),
            Term::Literal(text) => vec![Found { value: Value::text(&**text), ..origin(env) }],
        };
        let on = allows.on.as_ref().map(|on| self.values(on, env)).unwrap_or_default();
        let on: Vec<_> = on
            .into_iter()
            .map(|found| {
                let resource = self.resource(&found);
                (found, resource)
            })
            .collect();
        all(&allows.actions, |action| {
            self.decide(&statements, &Asked { evaluator: self, is_service, callers: &callers, action, on: &on })
        })
    }
}

impl<'p> Question<'p> for Asked<'_, '_, 'p> {
    fn covers(&self, statement: &Found<'p>, effect: &str) -> Outcome<'p> {
        self.evaluator
            .covers_action(statement, effect, self.action)
            .and(|| self.covers_caller(statement))
            .and(|| self.covers_resource(statement))
    }

    /// Whether the request of a caller can fulfil all conditions.
    fn is_fulfilled(&self, conditions: &[Found<'p>]) -> Outcome<'p> {
        let Some(Rows::Texts(known)) = catalog::table(KEYS).map(|table| &table.rows) else { return Outcome::TRUE };
        all(conditions, |condition| {
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
    }

    /// A condition that is there is not relied upon, whatever it says.
    fn is_denied(&self, conditions: &[Found<'p>]) -> Outcome<'p> {
        Outcome::from(conditions.is_empty())
    }
}

impl<'p> Asked<'_, '_, 'p> {
    fn covers_caller(&self, statement: &Found<'p>) -> Outcome<'p> {
        let names = |principals: &Found<'p>| {
            let list = if self.is_service { "service" } else { "aws" };
            let everyone = Outcome::from(text(member(principals, "everyone")) == Some("true"));
            everyone.or(|| any(self.evaluator.listed(principals, list).iter(), |listed| self.is_caller(listed)))
        };
        match (member(statement, "principals"), member(statement, "not_principals")) {
            (Some(Found { value: Value::Unknown(why), .. }), _) => Outcome::unknown((**why).clone()),
            (Some(principals), _) if !principals.value.is_absent() => names(principals),
            (_, Some(Found { value: Value::Unknown(why), .. })) => Outcome::unknown((**why).clone()),
            (_, Some(principals)) if !principals.value.is_absent() => !names(principals),
            _ => Outcome::FALSE,
        }
    }

    fn is_caller(&self, listed: &Found<'p>) -> Outcome<'p> {
        let resolver = &self.evaluator.resolver;
        any(self.callers, |caller| match (&listed.value, &caller.value) {
            (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Outcome::unknown((**why).clone()),
            (listed, Value::Entity(_)) => self.evaluator.refers(listed, caller),
            (listed, caller) => match (resolver.parts(listed), resolver.parts(caller)) {
                (Some(listed), Some(caller)) => {
                    let truth = match caller.first() {
                        Some(Part::Text(name)) if self.is_service => is_service(&listed, name),
                        _ => same(&listed, &caller),
                    };
                    Outcome::of(truth, || resolver.why(&listed))
                }
                _ => Outcome::FALSE,
            },
        })
    }

    fn covers_resource(&self, statement: &Found<'p>) -> Outcome<'p> {
        if self.on.is_empty() {
            return Outcome::TRUE;
        }
        self.evaluator.covers_resource(statement, |listed| self.is_resource(listed))
    }

    /// A resource policy names its own resource, which no other account or Region can mean; a pattern has to cover its ARN.
    fn is_resource(&self, listed: &Found<'p>) -> Outcome<'p> {
        if listed.value.as_str() == Some("*") {
            return Outcome::TRUE;
        }
        let parts = self.evaluator.resolver.parts(&listed.value).unwrap_or_default();
        let is_pattern = parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(['*', '?'])));
        any(self.on, |(found, resource)| match (self.evaluator.refers(&listed.value, found), &**resource) {
            (Outcome { truth: Truth::False, .. }, Ok(resource)) if is_pattern => {
                self.evaluator.is_covered(listed, resource)
            }
            (Outcome { truth: Truth::False, .. }, Err(why)) if is_pattern => Outcome::unknown(why.clone()),
            (outcome, _) => outcome,
        })
    }
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
