//! The `Rules` section: assertions about parameters. A scenario that breaks one cannot be deployed and is left out.

use std::rc::Rc;

use crate::finding::ReasonKind;
use crate::syntax::Node;
use crate::template::Template;

use super::resolver::Decision;
use super::{Cursor, Resolver, Truth, Unknown, Value, same};

impl<'p> Resolver<'_, 'p> {
    /// Whether a template's assertions admit the choices made: false only if one is certainly broken.
    pub fn is_admitted(&self, template: &'p Template) -> bool {
        let Some(rules) = template.document.root().and_then(|root| root.get("Rules")) else { return true };
        self.within_condition(|| {
            rules.entries().all(|(_, rule)| {
                let applies = match rule.get("RuleCondition") {
                    Some(condition) => self.decide(Cursor::new(template, &[], condition)),
                    None => Ok(true),
                };
                let asserted = || rule.get("Assertions").into_iter().flat_map(Node::items).filter_map(|item| item.get("Assert"));
                // What cannot be decided may hold.
                !matches!(applies, Ok(true))
                    || asserted().all(|assertion| !matches!(self.decide(Cursor::new(template, &[], assertion)), Ok(false)))
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
