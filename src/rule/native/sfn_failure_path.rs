//! EVT013: a state machine that catches every error, tells of it, and then ends as if nothing had happened.
//!
//! Only what surely hides a failure is told: the way from a catch of everything, state by state without a choice, to an
//! end that is no `Fail`, if one of its states is named after failures or, apart from the normal way, sends a message.
//! What recovers joins the normal way, or does something else than tell. Branches and iterations are not looked at: what
//! holds them may go on without one of them. Nor are express workflows, which answer a caller.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::{Cursor, Dialect, Found, Map, Resolver, Unknown, Value};

use super::problem::{Problem, judge_definitions};
use super::{Context, Sink};

/// Integrations that only tell.
const TELLS: [&str; 4] = ["sns:publish", "sqs:sendMessage", "events:putEvents", "ses:sendEmail"];

/// Integrations by which a failure is passed on, or the work is begun again.
const PASSES_ON: [&str; 4] =
    ["sfn:sendTaskFailure", "sfn:stopExecution", "sfn:startExecution", "states:startExecution"];

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    judge_definitions(context, sink, Dialect::Asl, &|resolver, definition| {
        let mut reader = Reader { resolver, unknown: Unknown::default() };
        let problems = if reader.is_express(definition.host) { Vec::new() } else { reader.machine(definition.root) };
        (problems, reader.unknown)
    });
}

/// A state as far as it decides where an execution goes.
#[derive(Default)]
struct State<'p> {
    kind: String,
    resource: String,
    next: Option<String>,
    /// Where else the normal way may go.
    choices: Vec<String>,
    /// Where the execution goes after any error.
    caught: Vec<String>,
    /// Where it is written that the state ends the execution.
    end: Option<Cursor<'p>>,
}

struct Reader<'r, 'w, 'p> {
    resolver: &'r Resolver<'w, 'p>,
    unknown: Unknown<'p>,
}

impl<'p> Reader<'_, '_, 'p> {
    fn is_express(&mut self, host: Cursor<'p>) -> bool {
        let Some(properties) = host.node.parent() else { return false };
        ["StateMachineType", "Type"].iter().any(|property| {
            properties.is_mapping() && self.text(host.to(properties), property).as_deref() == Some("EXPRESS")
        })
    }

    fn machine(&mut self, root: Cursor<'p>) -> Vec<Problem<'p>> {
        let Some(machine) = self.map(self.resolver.found(root)) else { return Vec::new() };
        let Some(map) = self.map(self.resolver.member_of(machine, "States", &[])) else { return Vec::new() };
        let mut states = BTreeMap::new();
        for (key, value) in map.node.entries() {
            if let (Some(name), Some(state)) = (key.scalar(), self.map(self.resolver.found(map.to(value)))) {
                states.insert(name, self.state(map.to(key), state));
            }
        }
        let start = self.text(machine, "StartAt").unwrap_or_default();
        let normal = reach(&states, &start);
        let mut ends = BTreeSet::new();
        let caught: Vec<&String> = states.values().flat_map(|state| &state.caught).collect();
        caught
            .into_iter()
            .filter_map(|first| hidden(&states, first, &normal))
            .filter(|(name, _)| ends.insert(*name))
            .map(|(name, end)| Problem::at(end, format!("`{name}`")))
            .collect()
    }

    fn state(&mut self, key: Cursor<'p>, state: Cursor<'p>) -> State<'p> {
        let mut read = State {
            kind: self.text(state, "Type").unwrap_or_default(),
            resource: self.text(state, "Resource").unwrap_or_default(),
            next: self.text(state, "Next"),
            ..State::default()
        };
        let end = self.resolver.member_of(state, "End", &[]).cursor;
        if read.kind == "Succeed" {
            read.end = Some(key);
        } else if self.text(state, "End").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            read.end = Some(end);
        }
        read.choices.extend(self.text(state, "Default"));
        for choice in self.items(state, "Choices") {
            read.choices.extend(self.text(choice, "Next"));
        }
        for catcher in self.items(state, "Catch") {
            let errors = self.resolver.member_of(catcher, "ErrorEquals", &[]);
            let is_broad = self.listed(&errors).iter().any(|error| {
                error.value.as_str().is_some_and(|error| matches!(error, "States.ALL" | "States.TaskFailed"))
            });
            if is_broad {
                read.caught.extend(self.text(catcher, "Next"));
            }
        }
        read
    }

    /// A map; what is not known is noted.
    fn map(&mut self, found: Found<'p>) -> Option<Cursor<'p>> {
        match found.value {
            Value::Map(Map::Node(cursor)) => return Some(cursor),
            Value::Unknown(why) => self.unknown.merge(&why),
            Value::Symbolic(parts) => self.unknown.merge(&self.resolver.why(&parts)),
            _ => {}
        }
        None
    }

    fn items(&mut self, map: Cursor<'p>, member: &str) -> Vec<Cursor<'p>> {
        let found = self.resolver.member_of(map, member, &[]);
        self.listed(&found).into_iter().filter_map(|item| self.map(item)).collect()
    }

    fn listed(&mut self, found: &Found<'p>) -> Vec<Found<'p>> {
        match &found.value {
            Value::List(list) => self.resolver.items(list),
            Value::Unknown(why) => {
                self.unknown.merge(why);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// A text. Of one with holes the resource matters as far as it is known; any other is noted as not known.
    fn text(&mut self, map: Cursor<'p>, member: &str) -> Option<String> {
        let found = self.resolver.member_of(map, member, &[]);
        match &found.value {
            Value::Scalar(scalar) => return Some(scalar.text.to_string()),
            Value::Symbolic(_) | Value::Unknown(_) if member == "Resource" => {
                return Some(crate::value::text_of(&found.value));
            }
            Value::Symbolic(parts) => self.unknown.merge(&self.resolver.why(parts)),
            Value::Unknown(why) => self.unknown.merge(why),
            _ => {}
        }
        None
    }
}

/// What can be reached without an error.
fn reach<'s>(states: &'s BTreeMap<&str, State<'_>>, start: &'s str) -> BTreeSet<&'s str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        if let Some(state) = states.get(name).filter(|_| reached.insert(name)) {
            open.extend(state.next.iter().chain(&state.choices).map(String::as_str));
        }
    }
    reached
}

/// The state that ends an execution after an error as if it had succeeded, with the place that says so.
fn hidden<'s, 'p>(
    states: &'s BTreeMap<&str, State<'p>>,
    first: &'s str,
    normal: &BTreeSet<&str>,
) -> Option<(&'s str, Cursor<'p>)> {
    let mut seen = BTreeSet::new();
    let mut name = first;
    let mut tells = false;
    loop {
        let state = states.get(name).filter(|_| seen.insert(name))?;
        let calls = |integrations: &[&str]| integrations.iter().any(|call| state.resource.contains(call));
        if matches!(&*state.kind, "Choice" | "Fail") || calls(&PASSES_ON) {
            return None;
        }
        tells |= is_about_failure(name) || calls(&TELLS) && !normal.contains(name);
        match (state.end, &state.next) {
            (Some(end), _) => return tells.then_some((name, end)),
            (None, Some(next)) => name = next,
            (None, None) => return None,
        }
    }
}

fn is_about_failure(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.contains("fail") && !name.contains("failover") && !name.contains("failback")) || name.contains("error")
}
