//! Conditions to three-valued outcomes, in one scenario.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use crate::finding::ReasonKind;
use crate::graph::{Reference, StackGraph};
use crate::template::TemplateId;
use crate::value::{EntityId, Found, Resolver, Scenario, Truth, Unknown, Value, World as _};

use super::condition::{Can, Condition, Leaf, Quantifier, Test};
use super::policy::ActedOn;
use super::subject::Element;
use super::{Binding, Memo, TermPath};

/// A truth with the reasons for not knowing.
#[derive(Debug, Clone)]
pub struct Outcome<'p> {
    /// The truth.
    pub truth: Truth,
    /// Why it is not known; present exactly if it is not.
    pub why: Option<Box<Unknown<'p>>>,
}

impl<'p> Outcome<'p> {
    /// Known to be true.
    pub const TRUE: Self = Self { truth: Truth::True, why: None };
    /// Known to be false.
    pub const FALSE: Self = Self { truth: Truth::False, why: None };

    /// Not known.
    pub fn unknown(why: Unknown<'p>) -> Self {
        Self { truth: Truth::Unknown, why: Some(Box::new(why)) }
    }

    /// A truth; the reasons are taken if it is not known.
    pub fn of(truth: Truth, why: impl FnOnce() -> Unknown<'p>) -> Self {
        Self { truth, why: (truth == Truth::Unknown).then(|| Box::new(why())) }
    }

    /// True if it is not known only because other files may exist.
    pub fn hangs_on_other_files(&self) -> bool {
        let outside = |why: &Unknown<'p>| why.reasons.iter().all(|reason| reason.kind == ReasonKind::OutsideTheSet);
        self.why.as_deref().is_some_and(outside)
    }

    /// True only if both are.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self.truth == Truth::False {
            return self;
        }
        let other = other();
        match self.truth.and(other.truth) {
            Truth::Unknown => self.merged(other),
            truth => Self { truth, why: None },
        }
    }

    /// True if either is.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.truth == Truth::True {
            return self;
        }
        let other = other();
        match self.truth.or(other.truth) {
            Truth::Unknown => self.merged(other),
            truth => Self { truth, why: None },
        }
    }

    fn merged(self, other: Self) -> Self {
        let why = match (self.why, other.why) {
            (Some(mut why), Some(more)) => {
                why.merge(&more);
                Some(why)
            }
            (why, more) => why.or(more),
        };
        Self { truth: Truth::Unknown, why }
    }
}

impl std::ops::Not for Outcome<'_> {
    type Output = Self;

    fn not(self) -> Self {
        Self { truth: !self.truth, ..self }
    }
}

impl From<bool> for Outcome<'_> {
    fn from(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }
}

/// Names and what they are bound to, innermost first.
#[derive(Clone, Copy)]
pub struct Env<'e, 'p> {
    around: Option<&'e Self>,
    name: &'p str,
    found: &'e Found<'p>,
}

impl<'e, 'p> Env<'e, 'p> {
    /// A first name.
    pub fn new(name: &'p str, found: &'e Found<'p>) -> Self {
        Self { around: None, name, found }
    }

    /// One more name.
    pub fn with<'i>(&'i self, name: &'p str, found: &'i Found<'p>) -> Env<'i, 'p>
    where
        'e: 'i,
    {
        Env { around: Some(self), name, found }
    }

    /// What a name is bound to.
    pub fn get(&self, name: &str) -> Option<&'e Found<'p>> {
        let mut env = *self;
        loop {
            if env.name == name {
                return Some(env.found);
            }
            env = *env.around?;
        }
    }

    /// What a path starts at.
    pub(super) fn start(&self, term: &TermPath) -> Option<&'e Found<'p>> {
        self.get(term.variable.as_deref().unwrap_or("self"))
    }

    /// All names, innermost first.
    pub fn all(&self) -> Vec<(&'p str, Found<'p>)> {
        let mut all = vec![(self.name, self.found.clone())];
        let mut around = self.around;
        while let Some(env) = around {
            all.push((env.name, env.found.clone()));
            around = env.around;
        }
        all
    }
}

/// The node that the rule is about.
pub(super) fn origin<'p>(env: &Env<'_, 'p>) -> Found<'p> {
    env.get("self").cloned().expect("every evaluation binds self")
}

/// What is not known because finding it out would take too long.
fn too_much<'p>() -> Outcome<'p> {
    Outcome::unknown(Unknown::because(ReasonKind::Malformed, "a list that is too long to be compared with itself"))
}

/// Who, by which question, wants to do what.
type Right<'p> = (EntityId, *const Can, &'p str);

/// Evaluates the conditions of a rule for one node in one scenario.
pub struct Evaluator<'g, 'p> {
    /// The graph.
    pub graph: &'g StackGraph<'p>,
    /// Values in the scenario.
    pub resolver: Resolver<'g, 'p>,
    /// What other rules have asked already.
    pub(super) memo: &'g Memo<'p>,
    /// What was asked in this scenario already.
    pub(super) chosen: Memo<'p>,
    /// What identities may do in this scenario, without regard to what they do it to.
    pub(super) rights: RefCell<FxHashMap<Right<'p>, Outcome<'p>>>,
    /// What was acted on in this scenario.
    pub(super) acted_on: RefCell<FxHashMap<EntityId, ActedOn<'p>>>,
    /// How many elements were tested so far.
    tests: Cell<u32>,
}

/// Elements that are tested in one evaluation. A rule that compares all of a list with all of it would else not come to
/// an end on a list that someone made long; what people write needs a few thousand.
const TESTS: u32 = 300_000;

impl<'g, 'p> Evaluator<'g, 'p> {
    /// An evaluator for a scenario.
    pub fn new(graph: &'g StackGraph<'p>, scenario: Scenario<'p>, memo: &'g Memo<'p>) -> Self {
        let resolver = Resolver::new(graph, scenario);
        Self {
            graph,
            resolver,
            memo,
            chosen: Memo::default(),
            rights: RefCell::default(),
            acted_on: RefCell::default(),
            tests: Cell::new(0),
        }
    }

    /// Forgets how much was done: what follows explains what was found.
    pub fn renew(&self) {
        self.tests.set(0);
        self.resolver.renew();
    }

    /// True if so much was done that everything else is unknown.
    pub fn is_exhausted(&self) -> bool {
        self.tests.get() > TESTS || self.resolver.is_exhausted()
    }

    /// How much was done so far.
    pub fn steps(&self) -> u32 {
        self.resolver.steps().saturating_add(self.tests.get())
    }

    /// A condition's outcome.
    pub fn evaluate(&self, condition: &'p Condition, env: &Env<'_, 'p>) -> Outcome<'p> {
        match condition {
            Condition::All(all) => all.iter().fold(Outcome::TRUE, |known, one| known.and(|| self.evaluate(one, env))),
            Condition::Any(any) => any.iter().fold(Outcome::FALSE, |known, one| known.or(|| self.evaluate(one, env))),
            Condition::None(none) => {
                !none.iter().fold(Outcome::FALSE, |known, one| known.or(|| self.evaluate(one, env)))
            }
            Condition::Not(one) => !self.evaluate(one, env),
            Condition::Allows(allows) => self.allows(allows, env),
            Condition::Can(can) => self.can(can, env),
            Condition::Leaf(leaf) => self.leaf(leaf, env),
        }
    }

    /// The outcome of a leaf.
    pub(super) fn leaf(&self, leaf: &'p Leaf, env: &Env<'_, 'p>) -> Outcome<'p> {
        if leaf.quantifier == Quantifier::Path {
            let found = self.single(leaf, env);
            return self.test(leaf, &found, env);
        }
        if let Test::Operator(super::Operator::Count(bounds)) = &leaf.test {
            return self.count(leaf, bounds, env);
        }
        let every = leaf.quantifier == Quantifier::Every;
        let decided = Truth::from(!every);
        let mut known = Outcome::from(every);
        let open = self.visit(leaf, env, &mut |Element { found, selected }, may_pass| {
            let so_far = std::mem::replace(&mut known, Outcome::TRUE);
            if self.tests.get() > TESTS {
                known = if every { so_far.and(too_much) } else { so_far.or(too_much) };
                return ControlFlow::Break(());
            }
            let one = |known: &Outcome<'p>| {
                if every {
                    (!selected).or(|| self.test(leaf, &found, env))
                } else {
                    selected.and(|| self.passes(leaf, &found, env, known))
                }
            };
            known = match so_far.truth {
                truth if truth == decided => so_far,
                _ => {
                    let one = one(&so_far);
                    if every { so_far.and(|| one) } else { so_far.or(|| one) }
                }
            };
            // What at most may pass cannot decide it, and a choice that would has been found.
            let waits = !every && !may_pass && known.why.as_ref().is_some_and(|why| !why.blockers.is_empty());
            if known.truth == decided || waits { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(open) = open {
            // What cannot be seen may fail an `every` and satisfy a `some`.
            let unseen = || Outcome::unknown(open);
            known = if every { known.and(unseen) } else { known.or(unseen) };
        }
        if leaf.quantifier == Quantifier::No { !known } else { known }
    }

    /// Whether an element passes a `some`. Once that is not known, an element that cannot be certain to pass changes nothing
    /// any more, unless it knows of a choice that would: what else is asked of it is left out.
    fn passes(&self, leaf: &'p Leaf, found: &Found<'p>, env: &Env<'_, 'p>, known: &Outcome<'p>) -> Outcome<'p> {
        let (Test::Satisfies(Condition::All(all)), Some(name), Some(why)) = (&leaf.test, &leaf.bind, &known.why) else {
            return self.test(leaf, found, env);
        };
        self.tests.set(self.tests.get() + 1);
        let env = env.with(name, found);
        let mut passes = Outcome::TRUE;
        for one in all {
            passes = passes.and(|| self.evaluate(one, &env));
            let is_idle = |open: &Unknown<'p>| open.blockers.is_empty() || !why.blockers.is_empty();
            if passes.truth == Truth::False || passes.why.as_deref().is_some_and(is_idle) {
                break;
            }
        }
        passes
    }

    /// The one value of a `path` test; absent if there is none.
    pub(super) fn single(&self, leaf: &'p Leaf, env: &Env<'_, 'p>) -> Found<'p> {
        let mut first = None;
        self.visit(leaf, env, &mut |element, _| {
            first = Some(element.found);
            ControlFlow::Break(())
        });
        first.unwrap_or_else(|| Found { value: Value::Absent, ..origin(env) })
    }

    fn count(&self, leaf: &'p Leaf, bounds: &[(super::Comparison, f64)], env: &Env<'_, 'p>) -> Outcome<'p> {
        let (elements, open) = self.elements(leaf, env);
        let mut least = 0_u32;
        let mut most = 0_u32;
        let mut why = open.clone().unwrap_or_default();
        for element in &elements {
            most += 1;
            if let Some(unknown) = &element.selected.why {
                why.merge(unknown);
            } else if matches!(element.found.value, Value::Unknown(_)) {
                if let Value::Unknown(unknown) = &element.found.value {
                    why.merge(unknown);
                }
            } else if element.selected.truth == Truth::True {
                least += 1;
            } else {
                most -= 1;
            }
        }
        let most = if open.is_some() { f64::INFINITY } else { f64::from(most) };
        bounds.iter().fold(Outcome::TRUE, |known, &(comparison, bound)| {
            known.and(|| {
                let (low, high) = (comparison.holds(f64::from(least), bound), comparison.holds(most, bound));
                if low == high && (comparison != super::Comparison::Equals || f64::from(least).total_cmp(&most).is_eq())
                {
                    Outcome::from(low)
                } else {
                    Outcome::unknown(why.clone())
                }
            })
        })
    }

    /// The outcome of a leaf's test for one element.
    pub(super) fn test(&self, leaf: &'p Leaf, found: &Found<'p>, env: &Env<'_, 'p>) -> Outcome<'p> {
        if let Some(too_much) = self.count_one() {
            return too_much;
        }
        match &leaf.test {
            Test::Operator(operator) => self.operate(operator, found, env),
            Test::Satisfies(condition) => match &leaf.bind {
                Some(name) => self.evaluate(condition, &env.with(name, found)),
                None => self.evaluate(condition, env),
            },
        }
    }

    /// Counts one more thing that is looked at; not known, if there were too many.
    pub(super) fn count_one(&self) -> Option<Outcome<'p>> {
        self.tests.set(self.tests.get() + 1);
        (self.tests.get() > TESTS).then(too_much)
    }

    /// The one thing that a path of names yields.
    pub(super) fn named(&self, term: &'p TermPath, env: &Env<'_, 'p>) -> Option<Found<'p>> {
        self.resolver.walk_names(env.start(term)?, &term.path)
    }

    /// Everything that a path yields.
    pub(super) fn values(&self, term: &'p TermPath, env: &Env<'_, 'p>) -> Vec<Found<'p>> {
        match env.start(term) {
            Some(start) => self.resolver.walk(start.clone(), &term.path),
            None => Vec::new(),
        }
    }

    /// What `let` binds: nodes, absent, or unknown.
    pub fn bind(&self, binding: &'p Binding, env: &Env<'_, 'p>) -> Found<'p> {
        let mut nodes = Vec::new();
        let mut place = None;
        let mut unknown: Option<Unknown<'p>> = None;
        let kinds = self.expand(&binding.to);
        for term in &binding.of {
            for found in self.values(term, env) {
                if found.value.is_absent() {
                    continue;
                }
                let (targets, maybe) = self.graph.targets(&self.resolver, &found.value, &kinds);
                for target in targets {
                    if let Err(why) = self.graph.exists(&self.resolver, target) {
                        unknown.get_or_insert_default().merge(&why);
                    }
                    nodes.push(Found { value: Value::Entity(target), cursor: self.cursor_of(target), missing: &[] });
                }
                if let Some(maybe) = maybe {
                    unknown.get_or_insert_default().merge(&maybe);
                    if binding.many {
                        let value = Value::Unknown(std::rc::Rc::new(maybe));
                        nodes.push(Found { value, ..found.clone() });
                    }
                }
                place.get_or_insert(found);
            }
        }
        let place = place.unwrap_or_else(|| origin(env));
        if binding.many {
            return Found { value: Value::items(nodes), ..place };
        }
        match (nodes.into_iter().next(), unknown) {
            (Some(node), _) => node,
            (None, Some(unknown)) => Found { value: Value::Unknown(std::rc::Rc::new(unknown)), ..place },
            (None, None) => Found { value: Value::Absent, ..place },
        }
    }

    /// Where an entity starts, for labels.
    pub(super) fn cursor_of(&self, id: EntityId) -> crate::value::Cursor<'p> {
        self.resolver.root(id).cursor
    }

    /// Whether a value refers to what another one is: a node, or an equal text.
    pub(super) fn refers(&self, value: &Value<'p>, target: &Found<'p>) -> Outcome<'p> {
        match &target.value {
            Value::Entity(id) => match self.graph.refers_to(&self.resolver, value, *id) {
                Reference::Yes => Outcome::TRUE,
                Reference::No => Outcome::FALSE,
                Reference::Maybe(why) => Outcome::unknown(why),
            },
            Value::List(list) => self
                .resolver
                .items(list)
                .iter()
                .fold(Outcome::FALSE, |known, item| known.or(|| self.refers(value, item))),
            Value::Unknown(why) => Outcome::unknown((**why).clone()),
            _ => Outcome::FALSE,
        }
    }

    /// Whether a claim about all nodes can be made at all; why not, if not.
    pub(super) fn unseen(&self, env: &Env<'_, 'p>) -> Option<Unknown<'p>> {
        let node = match env.get("self").map(|found| &found.value) {
            Some(Value::Entity(id)) => Some(*id),
            _ => None,
        };
        self.graph.unseen_users(&self.resolver, node)
    }

    /// The template of an id.
    pub fn template(&self, id: TemplateId) -> &'p crate::template::Template {
        self.graph.template(id)
    }
}
