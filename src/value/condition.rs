//! Conditions, and the assertions of the `Rules` section: a scenario that breaks one cannot be deployed and is left out.

use std::rc::Rc;

use crate::finding::ReasonKind;
use crate::syntax::{Node, Tag};
use crate::template::{Expr, Template};

use super::resolver::Decision;
use super::{Cursor, Part, Resolver, Truth, Unknown, Value, same};

impl<'p> Resolver<'_, 'p> {
    /// What a condition expression is worth.
    pub(super) fn decide(&self, cursor: Cursor<'p>) -> Decision<'p> {
        let node = cursor.node.follow();
        let malformed = || Err(Rc::new(Unknown::because(ReasonKind::Malformed, "condition")));
        if node.tag() == Tag::Condition {
            let name = if node.is_long_form() { node.entries().next().map(|(_, value)| value) } else { Some(node) };
            return match name.and_then(Node::scalar) {
                Some(name) => self.condition(cursor, name),
                None => malformed(),
            };
        }
        let Some(call) = Expr::of(node).call() else { return malformed() };
        let arguments = call.arguments();
        match call.function {
            Tag::Equals => {
                let [left, right] = arguments[..] else { return malformed() };
                self.decide_equal(cursor.to(left), cursor.to(right))
            }
            Tag::Not => match arguments[..] {
                [one] => self.decide(cursor.to(one)).map(|holds| !holds),
                _ => malformed(),
            },
            Tag::Contains => match arguments[..] {
                [list, value] => self.decide_contains(cursor.to(list), cursor.to(value)),
                _ => malformed(),
            },
            Tag::And | Tag::Or => {
                let stop = call.function == Tag::Or;
                let mut unknown: Option<Unknown<'p>> = None;
                for argument in arguments {
                    match self.decide(cursor.to(argument)) {
                        Ok(holds) if holds == stop => return Ok(stop),
                        Ok(_) => {}
                        Err(why) => unknown.get_or_insert_default().merge(&why),
                    }
                }
                unknown.map_or(Ok(!stop), |why| Err(Rc::new(why)))
            }
            _ => malformed(),
        }
    }

    fn decide_equal(&self, left: Cursor<'p>, right: Cursor<'p>) -> Decision<'p> {
        let (left, right) = (self.found(left).value, self.found(right).value);
        let mut why = Unknown::default();
        for value in [&left, &right] {
            if let Value::Unknown(unknown) = value {
                why.merge(unknown);
            }
        }
        if let (Some(a), Some(b)) = (left.as_str(), right.as_str()) {
            return Ok(a == b);
        }
        if let (Some(a), Some(b)) = (self.parts(&left), self.parts(&right)) {
            match same(&a, &b) {
                Truth::True => return Ok(true),
                Truth::False => return Ok(false),
                Truth::Unknown => {
                    // A choice of "any other value" differs from every literal that anything is compared with.
                    if let ([Part::Hole(hole)], [Part::Text(_)]) | ([Part::Text(_)], [Part::Hole(hole)]) =
                        (&a[..], &b[..])
                        && self.scenario.hole(hole).is_some_and(|chosen| chosen.value.is_none())
                    {
                        return Ok(false);
                    }
                    why.merge(&self.why(&a));
                    why.merge(&self.why(&b));
                }
            }
        }
        if why.reasons.is_empty() {
            why = Unknown::because(ReasonKind::Malformed, "Fn::Equals");
        }
        Err(Rc::new(why))
    }

    /// Whether a template's assertions admit the choices made: false only if one is certainly broken.
    pub fn is_admitted(&self, template: &'p Template) -> bool {
        let Some(rules) = template.document.root().and_then(|root| root.get("Rules")) else { return true };
        self.within_condition(|| {
            rules.entries().all(|(_, rule)| {
                let applies = match rule.get("RuleCondition") {
                    Some(condition) => self.decide(Cursor::new(template, &[], condition)),
                    None => Ok(true),
                };
                let asserted =
                    || rule.get("Assertions").into_iter().flat_map(Node::items).filter_map(|item| item.get("Assert"));
                // What cannot be decided may hold.
                !matches!(applies, Ok(true))
                    || asserted()
                        .all(|assertion| !matches!(self.decide(Cursor::new(template, &[], assertion)), Ok(false)))
            })
        })
    }

    /// `Fn::Contains: [list, value]`.
    pub(super) fn decide_contains(&self, list: Cursor<'p>, value: Cursor<'p>) -> Decision<'p> {
        let malformed = || Err(Rc::new(Unknown::because(ReasonKind::Malformed, "Fn::Contains")));
        let (list, value) = (self.found(list).value, self.found(value).value);
        let (Value::List(list), Some(wanted)) = (&list, self.parts(&value)) else {
            return match (&list, &value) {
                (Value::Unknown(why), _) | (_, Value::Unknown(why)) => Err(Rc::clone(why)),
                (Value::Symbolic(parts), _) => Err(Rc::new(self.why(parts))),
                _ => malformed(),
            };
        };
        let mut why = Unknown::default();
        for item in self.items(list) {
            let Some(parts) = self.parts(&item.value) else { return malformed() };
            match same(&parts, &wanted) {
                Truth::True => return Ok(true),
                Truth::False => {}
                Truth::Unknown => {
                    why.merge(&self.why(&parts));
                    why.merge(&self.why(&wanted));
                }
            }
        }
        if why.reasons.is_empty() { Ok(false) } else { Err(Rc::new(why)) }
    }
}
