//! What parameters and stacks give: passed on, set by whoever deploys, or left to be chosen.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::finding::{Reason, ReasonKind};
use crate::template::{Parameter, TemplateId};
use crate::value::{
    Blocker, Choice, ChoiceValue, Cursor, Given, GroupId, Hole, OneStack, ParameterValue, Passed, Scalar, ScalarKind,
    StackChoice, Unknown, Value,
};

use super::{Found, Resolver};

impl<'p> Resolver<'_, 'p> {
    /// The value of a parameter.
    pub(in crate::value) fn parameter(&self, at: Cursor<'p>, parameter: &'p Parameter) -> Value<'p> {
        let template = at.frame.template;
        match self.world.parameter(template, parameter) {
            ParameterValue::Passed(passed) => self.passed(at, parameter, passed),
            ParameterValue::OneOf(choice, stacks, group) => match self.one_of(template.id, choice, &stacks) {
                Ok(Some(passed)) => self.passed(at, parameter, passed),
                Ok(None) => self.free(at, parameter, group),
                Err(unknown) => unknown,
            },
            ParameterValue::Free(group) => self.free(at, parameter, group),
        }
    }

    /// What holds for the stack that the scenario chose among those of a template; `Err` is that none is chosen yet.
    pub(in crate::value) fn one_of<T: Clone>(
        &self,
        template: TemplateId,
        choice: StackChoice,
        stacks: &[(Cow<'p, str>, Option<T>)],
    ) -> Result<Option<T>, Value<'p>> {
        let hole = Hole::stack_of(template, choice);
        let Some(chosen) = self.chosen(&hole) else {
            let domain = stacks.iter().map(|(name, _)| Some(name.clone())).collect();
            let reasons = vec![hole.reason()];
            let blockers = vec![Blocker { choice: Choice::Hole(hole), domain, mapping: false }];
            return Err(Value::Unknown(Rc::new(Unknown { reasons, blockers })));
        };
        Ok(stacks.iter().find(|(name, _)| chosen.as_ref() == Some(name)).and_then(|(_, value)| value.clone()))
    }

    /// The value of a parameter that a stack gets.
    fn passed(&self, at: Cursor<'p>, parameter: &'p Parameter, passed: Passed<'p>) -> Value<'p> {
        let value = match passed {
            Passed::Expression(cursor) => self.found(cursor).value,
            Passed::Given(given) => return self.given(at, parameter, given),
            Passed::Output { stack, output } => match self.world.stack_output(stack, output) {
                Some((cursor, None)) => self.found(cursor).value,
                Some((cursor, Some(one))) => self.of_stack(cursor, one),
                None => {
                    let reason = Reason { kind: ReasonKind::Attribute, name: format!("{stack}.{output}") };
                    let identity = format!("output {output} of stack {stack}");
                    Value::hole(Hole::Derived(identity.into(), Arc::new(reason)))
                }
            },
        };
        match value.as_str() {
            Some(text) if parameter.is_list() => split_list(text, at),
            _ => value,
        }
    }

    /// The value of a parameter that the configuration or the command line gives.
    fn given(&self, at: Cursor<'p>, parameter: &'p Parameter, given: Given<'p>) -> Value<'p> {
        if !self.is_in_condition() {
            let mut trace = self.trace.borrow_mut();
            if !trace.given.contains(&given) {
                trace.given.push(given);
            }
        }
        if parameter.is_ssm() {
            return ssm(given.text);
        }
        typed(at, parameter, Cow::Borrowed(given.text))
    }

    /// The value of a parameter that whoever deploys chooses.
    fn free(&self, at: Cursor<'p>, parameter: &'p Parameter, group: GroupId) -> Value<'p> {
        let template = at.frame.template;
        if parameter.is_ssm() {
            let name = parameter.default.and_then(|node| template.node(node).scalar()).unwrap_or(&parameter.name);
            return ssm(name);
        }
        let hole = Hole::Parameter(group, template.id, &parameter.name);
        let Some(chosen) = self.chosen(&hole) else { return Value::hole(hole) };
        match chosen {
            None => Value::hole(hole),
            Some(text) => typed(at, parameter, text),
        }
    }

    /// The value of an output of a nested stack; where the template has other stacks, as this one gives it.
    pub(in crate::value) fn nested_output(
        &self,
        template: TemplateId,
        resource: usize,
        output: &str,
    ) -> Option<Value<'p>> {
        let cursor = self.world.nested_output(template, resource, output)?;
        Some(match self.world.nesting_stack(template, resource) {
            None => self.found(cursor).value,
            Some(one) => self.of_stack(cursor, one),
        })
    }

    /// The value at a cursor in one of the stacks of its template.
    pub fn of_stack(&self, cursor: Cursor<'p>, (template, name): OneStack<'p>) -> Value<'p> {
        let blocker = Blocker {
            choice: Choice::Hole(Hole::stack_of(template, StackChoice::Deployed)),
            domain: Rc::from([Some(name.clone())]),
            mapping: false,
        };
        let inner = Self {
            depth: self.depth.clone(),
            steps: self.steps.clone(),
            ..Self::new(self.world, self.scenario.only(&blocker, Some(name)))
        };
        let value = inner.found(cursor).value;
        self.steps.set(inner.steps.get());
        let (mut trace, read) = (self.trace.borrow_mut(), inner.trace());
        trace.shared |= read.shared;
        trace.direct.extend(read.direct.into_iter().filter(|chosen| chosen.choice != blocker.choice));
        trace.conditions.extend(read.conditions);
        trace.given.extend(read.given);
        value
    }

    /// The value that the scenario gives a hole; read values are recorded.
    pub(in crate::value) fn chosen(&self, hole: &Hole<'p>) -> Option<ChoiceValue<'p>> {
        let chosen = self.scenario.hole(hole)?;
        if !self.is_in_condition() {
            let mut trace = self.trace.borrow_mut();
            if !trace.direct.iter().any(|known| known.choice == chosen.choice) {
                trace.direct.push(chosen.clone());
            }
        }
        Some(chosen.value.clone())
    }
}

/// What the SSM parameter of a name holds.
fn ssm<'p>(name: &str) -> Value<'p> {
    Value::hole(Hole::Dynamic(format!("{{{{resolve:ssm:{name}}}}}").into()))
}

/// A text as the value of a parameter.
fn typed<'p>(at: Cursor<'p>, parameter: &Parameter, text: Cow<'p, str>) -> Value<'p> {
    if parameter.is_list() {
        return split_list(&text, at);
    }
    let kind = if &*parameter.kind == "Number" { ScalarKind::Number } else { ScalarKind::String };
    Value::Scalar(Scalar { text, kind })
}

/// A list parameter's text as a list; every item stands where the list is asked for.
fn split_list<'p>(text: &str, cursor: Cursor<'p>) -> Value<'p> {
    Value::items(
        text.split(',')
            .map(|item| Found { value: Value::text(item.trim().to_owned()), cursor, missing: &[] })
            .collect(),
    )
}
