//! Scenarios: choices made on the way to a verdict, and what a verdict still hangs on.

use std::borrow::Cow;
use std::rc::Rc;

use crate::template::TemplateId;

use super::{Domain, Given, Hole};

/// Something that one who deploys decides, or that is taken as decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'p> {
    /// What a parameter, pseudo parameter or pipeline parameter is.
    Hole(Hole<'p>),
    /// Whether a condition holds that nothing finite decides.
    Condition(TemplateId, &'p str),
}

/// A chosen value; `None` is any value that no condition and no mapping knows. Conditions are `true` or `false`.
pub type ChoiceValue<'p> = Option<Cow<'p, str>>;

/// A choice that stands in the way of a verdict, with the values it may have.
#[derive(Debug, Clone)]
pub struct Blocker<'p> {
    /// What would have to be chosen.
    pub choice: Choice<'p>,
    /// Its values, in the order in which they are tried.
    pub domain: Domain<'p>,
    /// True if the values are the keys of a mapping.
    pub mapping: bool,
}

/// Choices made; one choice has one value throughout.
#[derive(Debug, Clone, Default)]
pub struct Scenario<'p> {
    /// Absent if there are none: most verdicts need none.
    choices: Option<Rc<[Chosen<'p>]>>,
}

/// A choice with its value.
#[derive(Debug, Clone)]
pub struct Chosen<'p> {
    /// What was chosen.
    pub choice: Choice<'p>,
    /// Its value.
    pub value: ChoiceValue<'p>,
    /// True if the values were the keys of a mapping.
    pub mapping: bool,
    /// How many values there were.
    pub of: usize,
}

impl<'p> Scenario<'p> {
    /// This scenario with one more choice made.
    #[must_use]
    pub fn with(&self, blocker: &Blocker<'p>, value: ChoiceValue<'p>) -> Self {
        let mut choices = self.choices().to_vec();
        choices.push(Chosen {
            choice: blocker.choice.clone(),
            value,
            mapping: blocker.mapping,
            of: blocker.domain.len(),
        });
        Self { choices: Some(choices.into()) }
    }

    /// This scenario with a choice made anew.
    #[must_use]
    pub fn only(&self, blocker: &Blocker<'p>, value: ChoiceValue<'p>) -> Self {
        let others = self.choices().iter().filter(|chosen| chosen.choice != blocker.choice).cloned().collect();
        Self { choices: Some(others) }.with(blocker, value)
    }

    /// What was chosen for a hole.
    pub fn hole(&self, hole: &Hole<'p>) -> Option<&Chosen<'p>> {
        self.choices().iter().find(|chosen| matches!(&chosen.choice, Choice::Hole(known) if known == hole))
    }

    /// What was chosen for a condition.
    pub fn condition(&self, template: TemplateId, name: &str) -> Option<bool> {
        self.choices().iter().find_map(|chosen| match &chosen.choice {
            Choice::Condition(t, n) if *t == template && *n == name => Some(chosen.value.as_deref() == Some("true")),
            _ => None,
        })
    }

    /// All choices, in the order in which they were made.
    pub fn choices(&self) -> &[Chosen<'p>] {
        self.choices.as_deref().unwrap_or_default()
    }

    /// True if nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.choices().is_empty()
    }
}

/// What an evaluation read: goes into the message of a finding.
#[derive(Debug, Default, Clone)]
pub struct Trace<'p> {
    /// Named conditions, each once, with their value.
    pub conditions: Vec<(TemplateId, &'p str, bool)>,
    /// Choices that a value read directly, not through a condition.
    pub direct: Vec<Chosen<'p>>,
    /// Values from the configuration or the command line that were read, not through a condition.
    pub given: Vec<Given<'p>>,
    /// True if an edge rests on parameters of one name meaning the same.
    pub shared: bool,
}
