//! Why a condition is false: the values that made it so, with what was bound around them.
//!
//! Runs only for what failed; the first evaluation keeps no witnesses and costs less.

use crate::syntax::{Node, Segment};
use crate::value::{Found, Truth, Value, text_of};

use super::condition::{Condition, Leaf, Operator, Quantifier, Set, Subject, Test};
use super::evaluate::{Env, Evaluator, origin};
use super::secrets::Leak;

/// One value that made a condition false.
#[derive(Debug, Clone)]
pub struct Failure<'p> {
    /// The value and its place.
    pub found: Found<'p>,
    /// What was bound, innermost first.
    pub bound: Vec<(&'p str, Found<'p>)>,
    /// True if it stands in what the rule's own node holds, not in another node.
    pub own: bool,
    /// The date of the table that was asked.
    pub as_of: Option<&'static str>,
    /// The member of the set that was asked which is nearest to the value.
    pub near: Option<String>,
    /// The secret that the value is.
    pub leak: Option<Box<Leak>>,
    /// The action that an identity may not do.
    pub lacking: Option<&'p str>,
}

impl<'p> Failure<'p> {
    /// What is bound to a name.
    pub fn get(&self, name: &str) -> Option<&Found<'p>> {
        self.bound.iter().find(|(known, _)| *known == name).map(|(_, found)| found)
    }

    /// A short name for `{failing}`: the last key of its path, or its text.
    pub fn label(&self) -> String {
        if let Some(key) = self.found.missing.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) | Segment::Deep(key) | Segment::Attribute(key) => Some(key),
            Segment::Index(_) | Segment::Each | Segment::Leaves => None,
        }) {
            return format!("`{key}`");
        }
        match property(self.found.cursor.node) {
            Some(key) => format!("`{}`", key.text()),
            None => format!("`{}`", text_of(&self.found.value)),
        }
    }
}

/// The key of the property that a node is the value of, also in a branch of `Fn::If`; an item of a list has none.
pub(super) fn property(mut node: Node<'_>) -> Option<Node<'_>> {
    loop {
        let parent = node.parent()?;
        let in_function = parent.tag().is_function() || (parent.is_sequence() && parent.parent()?.is_long_form());
        if !in_function {
            return node.key();
        }
        node = parent;
    }
}

impl<'p> Evaluator<'_, 'p> {
    /// The values that make a condition other than `wanted`; none if it is not known to be.
    pub fn explain(&self, condition: &'p Condition, env: &Env<'_, 'p>, wanted: bool) -> Vec<Failure<'p>> {
        self.blame(condition, env, wanted).unwrap_or_default()
    }

    /// As [`Self::explain`]; `None` if the condition is not known to be other than `wanted`.
    ///
    /// Each part is looked at once: to evaluate it before it is explained would do the work again on every level.
    fn blame(&self, condition: &'p Condition, env: &Env<'_, 'p>, wanted: bool) -> Option<Vec<Failure<'p>>> {
        // One part is enough to fail a list of which all are asked; all parts are needed to fail one of which any is.
        let one_of = |parts: &'p [Condition], wanted: bool| {
            let blamed: Vec<_> = parts.iter().filter_map(|part| self.blame(part, env, wanted)).collect();
            (!blamed.is_empty()).then(|| blamed.concat())
        };
        let all_of = |parts: &'p [Condition], wanted: bool| {
            let blamed: Option<Vec<_>> = parts.iter().map(|part| self.blame(part, env, wanted)).collect();
            blamed.map(|blamed| blamed.concat())
        };
        match condition {
            Condition::All(all) if wanted => one_of(all, true),
            Condition::All(all) => all_of(all, false),
            Condition::Any(any) if wanted => all_of(any, true),
            Condition::Any(any) => one_of(any, false),
            Condition::None(none) if wanted => one_of(none, false),
            Condition::None(none) => all_of(none, true),
            Condition::Not(one) => self.blame(one, env, !wanted),
            Condition::Leaf(leaf) => self.blame_leaf(leaf, env, wanted),
            Condition::Allows(_) | Condition::Can(_) if self.evaluate(condition, env).truth != Truth::from(!wanted) => {
                None
            }
            Condition::Can(can) if wanted => {
                let lacking = self.lacking(can, env);
                let failure = failure(&origin(env), env, false);
                Some(lacking.into_iter().map(|action| Failure { lacking: Some(action), ..failure.clone() }).collect())
            }
            // What a policy lacks is not written, and nothing is at fault where it has too much.
            Condition::Allows(_) | Condition::Can(_) => Some(Vec::new()),
        }
    }

    fn blame_leaf(&self, leaf: &'p Leaf, env: &Env<'_, 'p>, wanted: bool) -> Option<Vec<Failure<'p>>> {
        // What an element must be to be to blame: `no` turns the sense around.
        let (wanted_of_each, needs_one) = match leaf.quantifier {
            Quantifier::Path => return self.blame_element(leaf, &self.single(leaf, env), env, wanted),
            Quantifier::Every => (wanted, wanted),
            Quantifier::Some => (wanted, !wanted),
            Quantifier::No => (!wanted, wanted),
        };
        let is_count = matches!(leaf.test, Test::Operator(Operator::Count(_)));
        if is_count && self.leaf(leaf, env).truth != Truth::from(!wanted) {
            return None;
        }
        let (elements, open) = self.elements(leaf, env);
        let mut failures = Vec::new();
        let mut is_any_to_blame = false;
        for element in elements.iter().filter(|element| element.selected.truth != Truth::False) {
            match self.blame_element(leaf, &element.found, env, wanted_of_each) {
                Some(of_element) if element.selected.truth == Truth::True => {
                    is_any_to_blame = true;
                    failures.extend(of_element);
                }
                // All are needed, and one is not to blame.
                None if !needs_one && !is_count => return None,
                Some(_) | None => {}
            }
        }
        let is_known = is_count || if needs_one { is_any_to_blame } else { open.is_none() };
        if is_known && failures.is_empty() {
            failures.extend(self.missing_subject(leaf, env));
        }
        is_known.then_some(failures)
    }

    /// Why an element makes the test of a leaf other than `wanted`; `None` if it is not known to.
    fn blame_element(
        &self,
        leaf: &'p Leaf,
        found: &Found<'p>,
        env: &Env<'_, 'p>,
        wanted: bool,
    ) -> Option<Vec<Failure<'p>>> {
        let own = matches!(leaf.subject, Subject::Path(_) | Subject::Statements { .. });
        let inner;
        let env = match &leaf.bind {
            Some(name) => {
                inner = env.with(name, found);
                &inner
            }
            None => env,
        };
        match &leaf.test {
            Test::Satisfies(condition) => {
                if self.count_one().is_some() {
                    return None;
                }
                let mut failures = self.blame(condition, env, wanted)?;
                if leaf.bind.is_some() {
                    if failures.is_empty() {
                        failures.push(failure(found, env, own));
                    }
                    for failure in failures.iter_mut().filter(|_| !own) {
                        failure.own = false;
                    }
                }
                Some(failures)
            }
            Test::Operator(operator) => {
                let is_other = self.test(leaf, found, env).truth == Truth::from(!wanted);
                is_other.then(|| vec![self.told(operator, failure(found, env, own))])
            }
        }
    }

    /// A failure with what its operator knows of the value.
    fn told(&self, operator: &'p Operator, failure: Failure<'p>) -> Failure<'p> {
        let leak = self.leak_of(operator, &failure.found).map(Box::new);
        Failure { as_of: as_of(operator), near: near(operator, &failure.found), leak, ..failure }
    }

    /// The place where a subject without elements would have some: the last step of its path that is written.
    fn missing_subject(&self, leaf: &'p Leaf, env: &Env<'_, 'p>) -> Option<Failure<'p>> {
        let Subject::Path(terms) = &leaf.subject else {
            return Some(failure(&origin(env), env, false));
        };
        let term = terms.first()?;
        let mut found = env.start(term)?.clone();
        for (index, segment) in term.path.iter().enumerate() {
            if matches!(segment, Segment::Each | Segment::Leaves) {
                if found.value.is_absent() {
                    break;
                }
                match self.resolver.walk(found.clone(), &term.path[index..=index]).into_iter().next() {
                    Some(item) => found = item,
                    None => break,
                }
                continue;
            }
            match self.resolver.walk(found.clone(), &term.path[index..=index]).into_iter().next() {
                // The rest of the path is missing too.
                Some(next) if next.value.is_absent() && !next.missing.is_empty() => {
                    found = Found { missing: &term.path[index..], ..next };
                    break;
                }
                Some(next) => found = next,
                None => break,
            }
        }
        let found = Found { value: Value::Absent, ..found };
        let env = *env;
        Some(failure(&found, &env, true))
    }
}

fn failure<'p>(found: &Found<'p>, env: &Env<'_, 'p>, own: bool) -> Failure<'p> {
    Failure { found: found.clone(), bound: env.all(), own, as_of: None, near: None, leak: None, lacking: None }
}

/// The date of the table that an operator asks.
fn as_of(operator: &Operator) -> Option<&'static str> {
    match operator {
        Operator::In(Set::Table(table, _)) => Some(table.as_of),
        Operator::Matches(patterns) => patterns.table.map(|table| table.as_of),
        Operator::Not(inner) => as_of(inner),
        _ => None,
    }
}

/// The member of the set that an operator asks which is nearest to a text, for "did you mean".
fn near(operator: &Operator, found: &Found<'_>) -> Option<String> {
    let text = found.value.as_str()?;
    match operator {
        Operator::In(Set::Table(_, texts)) => super::nearest(text, texts.iter().copied()).map(ToOwned::to_owned),
        Operator::In(Set::Literals(texts)) => {
            super::nearest(text, texts.iter().map(|text| &**text)).map(ToOwned::to_owned)
        }
        Operator::Not(inner) => near(inner, found),
        _ => None,
    }
}
