//! Whether an identity may do something (`rule-language.md` §4.5): by its own policies, by those that are attached to it from
//! either side, and within its permissions boundary.
//!
//! An Allow has to cover each action and each resource; a Deny that certainly applies takes it back. What stands in policies
//! that are not seen may allow it, and is not expected to deny it. A condition of an Allow counts as one that some request
//! fulfils, a condition of a Deny as one that some request does not, unless the rule says what the request carries. So
//! *false* means that no request is allowed, and with `certainly` *true* means that every request is.

use crate::finding::ReasonKind;
use crate::graph::Reach;
use crate::value::{EntityId, Found, Part, Truth, Unknown, Value, covers, equal_text, same, text_of};

use super::condition::{Can, Rights};
use super::evaluate::{Env, Evaluator, Outcome};
use super::policy::{ActedOn, Question, all, any, member, text};

/// What a value that names an identity may mean.
const IDENTITIES: [&str; 3] = ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"];

/// What is to be done to what.
struct Asked<'q, 'g, 'p> {
    evaluator: &'q Evaluator<'g, 'p>,
    can: &'p Can,
    action: &'q str,
    on: Option<&'q ActedOn<'p>>,
}

impl<'p> Evaluator<'_, 'p> {
    /// Whether the identity may do all of the actions to all of the resources.
    pub(super) fn can(&self, can: &'p Can, env: &Env<'_, 'p>) -> Outcome<'p> {
        self.actions(can, env, &mut |_, _| {})
    }

    /// The actions that the identity certainly may not do.
    pub(super) fn lacking(&self, can: &'p Can, env: &Env<'_, 'p>) -> Vec<&'p str> {
        let mut lacking = Vec::new();
        self.actions(can, env, &mut |action, outcome| {
            if outcome.truth == Truth::False && !lacking.contains(&action) {
                lacking.push(action);
            }
        });
        lacking
    }

    /// Asks for each action and tells of each answer.
    fn actions(&self, can: &'p Can, env: &Env<'_, 'p>, tell: &mut dyn FnMut(&'p str, &Outcome<'p>)) -> Outcome<'p> {
        let identities: Vec<_> = self.values(&can.who, env).iter().flat_map(|who| self.identities(who)).collect();
        let on = can.on.as_ref().map(|on| self.values(on, env)).unwrap_or_default();
        let on: Vec<_> = on.iter().filter(|on| !on.value.is_absent()).map(|on| self.resource(on)).collect();
        let mut one = |action: &'p str| {
            let outcome = if identities.is_empty() {
                Outcome::FALSE
            } else {
                all(&identities, |identity| match identity {
                    Ok(id) if on.is_empty() => self.may_at_all(*id, can, action),
                    Ok(id) => all(&on, |on| self.may(*id, can, action, Some(on))),
                    Err(why) => Outcome::unknown(why.clone()),
                })
            };
            tell(action, &outcome);
            outcome
        };
        let mut known = Outcome::TRUE;
        match &can.rights {
            Rights::Actions(actions) => {
                for action in actions {
                    let outcome = one(action);
                    known = known.and(|| outcome);
                }
            }
            Rights::Rows { rows, of, .. } => {
                for found in self.values(of, env) {
                    if let Value::Unknown(why) = &found.value {
                        return known.and(|| Outcome::unknown((**why).clone()));
                    }
                    for row in rows {
                        let is_meant = self.matches_any(&found.value, &row.texts.automata, None);
                        if is_meant.truth == Truth::False {
                            continue;
                        }
                        for action in row.actions {
                            let outcome = one(action);
                            known = known.and(|| (!is_meant.clone()).or(|| outcome));
                        }
                    }
                }
            }
        }
        known
    }

    /// The identities that a value stands for; nothing for nobody.
    fn identities(&self, who: &Found<'p>) -> Vec<Result<EntityId, Unknown<'p>>> {
        match &who.value {
            Value::Absent => Vec::new(),
            Value::Unknown(why) => vec![Err((**why).clone())],
            Value::Entity(id) => vec![Ok(*id)],
            Value::List(list) => self.resolver.items(list).iter().flat_map(|who| self.identities(who)).collect(),
            value => {
                let (found, maybe) = self.graph.targets(&self.resolver, value, &IDENTITIES);
                if found.is_empty() {
                    let outside = || Unknown::because(ReasonKind::OutsideTheSet, format!("`{}`", text_of(value)));
                    return vec![Err(maybe.unwrap_or_else(outside))];
                }
                found.into_iter().map(Ok).collect()
            }
        }
    }

    /// Whether an identity may do something to something. Asked for each of its jobs, so the answer is kept.
    fn may_at_all(&self, id: EntityId, can: &'p Can, action: &'p str) -> Outcome<'p> {
        let key = (id, std::ptr::from_ref(can), action);
        if let Some(known) = self.rights.borrow().get(&key) {
            return known.clone();
        }
        let outcome = self.may(id, can, action, None);
        self.rights.borrow_mut().insert(key, outcome.clone());
        outcome
    }

    fn may(&self, id: EntityId, can: &'p Can, action: &str, on: Option<&ActedOn<'p>>) -> Outcome<'p> {
        let identity = Found { value: Value::Entity(id), cursor: self.cursor_of(id), missing: &[] };
        let question = Asked { evaluator: self, can, action, on };
        let policies = self.carried(&identity, Reach::Effective);
        let unseen = || match self.graph.unseen_users(&self.resolver, Some(id)) {
            Some(why) => Outcome::unknown(why),
            None => Outcome::FALSE,
        };
        self.decide(&policies, &question).or(unseen).and(|| {
            if self.graph.has_boundary(&self.resolver, id) {
                self.decide(&self.carried(&identity, Reach::Boundary), &question)
            } else {
                Outcome::TRUE
            }
        })
    }
}

impl<'p> Question<'p> for Asked<'_, '_, 'p> {
    fn covers(&self, statement: &Found<'p>, effect: &str) -> Outcome<'p> {
        self.evaluator.covers_action(statement, effect, self.action).and(|| match self.on {
            None => Outcome::TRUE,
            Some(on) => self.evaluator.covers_resource(statement, |listed| match (listed.value.as_str(), &**on) {
                (Some("*"), _) => Outcome::TRUE,
                (_, Ok(resource)) => self.evaluator.is_covered(listed, resource),
                (_, Err(why)) => Outcome::unknown(why.clone()),
            }),
        })
    }

    fn is_fulfilled(&self, conditions: &[Found<'p>]) -> Outcome<'p> {
        all(conditions, |condition| self.holds(condition, Outcome::TRUE))
    }

    fn is_denied(&self, conditions: &[Found<'p>]) -> Outcome<'p> {
        all(conditions, |condition| self.holds(condition, Outcome::FALSE))
    }

    fn unknown_denies(&self, why: &Unknown<'p>) -> Outcome<'p> {
        let is_settled_by_choice = !why.blockers.is_empty();
        if self.can.certainly || is_settled_by_choice { Outcome::unknown(why.clone()) } else { Outcome::FALSE }
    }
}

impl<'p> Asked<'_, '_, 'p> {
    /// Whether a condition is fulfilled, where the rule does not say: some request may be what is wished for.
    fn holds(&self, condition: &Found<'p>, wished: Outcome<'p>) -> Outcome<'p> {
        let key = text(member(condition, "key")).unwrap_or_default();
        let given = self.can.given.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        match (given, &condition.value) {
            (Some((_, value)), _) => self.compare(condition, value),
            (None, Value::Unknown(why)) if self.can.certainly => Outcome::unknown((**why).clone()),
            (None, _) if self.can.certainly => Outcome::unknown(Unknown::because(ReasonKind::RunTime, key)),
            (None, _) => wished,
        }
    }

    /// A condition about a key whose value is known.
    fn compare(&self, condition: &Found<'p>, given: &str) -> Outcome<'p> {
        let operator = text(member(condition, "op")).unwrap_or_default().to_ascii_lowercase();
        let (operator, negated) = match operator.strip_prefix("stringnot").or(operator.strip_prefix("arnnot")) {
            Some(rest) => (rest, true),
            None => (operator.trim_start_matches("string").trim_start_matches("arn"), false),
        };
        let resolver = &self.evaluator.resolver;
        let value = [Part::Text(given.into())];
        let outcome = any(self.evaluator.listed(condition, "values").iter(), |listed| {
            if let Value::Unknown(why) = &listed.value {
                return Outcome::unknown((**why).clone());
            }
            let Some(parts) = resolver.parts(&listed.value) else { return Outcome::FALSE };
            let truth = match (operator, &parts[..]) {
                ("equals", parts) => same(parts, &value),
                ("like", parts) => covers(parts, &value),
                ("equalsignorecase", [Part::Text(text)]) => Truth::from(text.eq_ignore_ascii_case(given)),
                ("bool", [Part::Text(text)]) => Truth::from(equal_text(text, given)),
                // The request carries the key.
                ("null", [Part::Text(text)]) => Truth::from(equal_text(text, "false")),
                _ => Truth::Unknown,
            };
            Outcome::of(truth, || {
                let mut why = resolver.why(&parts);
                why.merge(&Unknown::because(ReasonKind::RunTime, given));
                why
            })
        });
        if negated { !outcome } else { outcome }
    }
}
