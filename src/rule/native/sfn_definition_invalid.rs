//! EVT009: a state machine whose states do not hang together: targets that do not exist, states that nothing reaches,
//! a machine that never ends.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::ReasonKind;
use crate::rule::declarative::nearest;
use crate::syntax::Node;
use crate::value::{Cursor, Dialect, Found, Map, Resolver, Unknown, Value};

use super::problem::{Problem, judge_definitions};
use super::{Context, Sink};

/// States deeper in each other than this are not looked at.
const DEEPEST: u8 = 32;

pub(super) fn check(context: &Context<'_, '_>, sink: &mut Sink) {
    judge_definitions(context, sink, Dialect::Asl, &|resolver, definition| {
        let mut reader = Reader { resolver, problems: Vec::new(), unknown: Unknown::default() };
        reader.machine(definition.root, definition.host, 0);
        (reader.problems, reader.unknown)
    });
}

/// A state of a machine.
struct State<'p> {
    name: &'p str,
    key: Cursor<'p>,
    /// Where it may go, with the places that say so.
    targets: Vec<(String, Cursor<'p>)>,
    ends: bool,
}

struct Reader<'r, 'w, 'p> {
    resolver: &'r Resolver<'w, 'p>,
    problems: Vec<Problem<'p>>,
    unknown: Unknown<'p>,
}

impl<'p> Reader<'_, '_, 'p> {
    /// A machine, or a branch or iteration inside one; `around` is what holds it.
    fn machine(&mut self, root: Cursor<'p>, around: Cursor<'p>, depth: u8) {
        let Some(machine) = self.map(self.resolver.found(root)) else { return };
        let place = key_of(around);
        let member = self.resolver.member_of(machine, "States", &[]);
        if member.value.is_absent() {
            self.problem(place, "it has no `States`".to_owned(), None);
            return;
        }
        let Some(map) = self.map(member) else { return };
        // A transition or a state that is not known may make up for anything.
        let known_before = self.unknown.reasons.len();
        let mut states = Vec::new();
        for (key, value) in map.node.entries() {
            let Some(name) = key.scalar() else { continue };
            if map.embedded.is_none() && (name == "Fn::Transform" || name.starts_with("Fn::ForEach::")) {
                self.unknown.merge(&Unknown::because(ReasonKind::Macro, name));
                continue;
            }
            let found = self.resolver.found(map.to(value));
            if found.value.is_absent() {
                continue;
            }
            if let Some(state) = self.map(found) {
                states.push(self.state(name, map.to(key), state, depth));
            }
        }
        let start = self.start(machine, place);
        if self.unknown.reasons.len() > known_before {
            return;
        }
        self.transitions(&states, start, machine);
    }

    /// `StartAt` with its place.
    fn start(&mut self, machine: Cursor<'p>, place: Cursor<'p>) -> Option<(String, Cursor<'p>)> {
        let found = self.resolver.member_of(machine, "StartAt", &[]);
        if found.value.is_absent() {
            self.problem(place, "it has no `StartAt`".to_owned(), None);
        }
        self.text(&found)
    }

    fn state(&mut self, name: &'p str, key: Cursor<'p>, state: Cursor<'p>, depth: u8) -> State<'p> {
        let mut read = State { name, key, targets: Vec::new(), ends: false };
        let found = self.resolver.member_of(state, "Type", &[]);
        let kind = self.text(&found).map(|(kind, _)| kind);
        let next = self.target(state, "Next", &mut read);
        match kind.as_deref() {
            Some("Succeed" | "Fail") => {
                read.ends = true;
                read.targets.clear();
            }
            Some("Choice") => {
                read.targets.clear();
                self.choice(name, key, state, &mut read);
            }
            Some("Task" | "Pass" | "Wait" | "Parallel" | "Map") => {
                let end = self.resolver.member_of(state, "End", &[]);
                read.ends = self.text(&end).is_some_and(|(text, _)| text.eq_ignore_ascii_case("true"));
                match (next, read.ends) {
                    (true, true) => {
                        self.problem(end.cursor, format!("`{name}` has both `Next` and `End`"), None);
                    }
                    (false, false) if !matches!(end.value, Value::Unknown(_) | Value::Symbolic(_)) => {
                        self.problem(key, format!("`{name}` has neither `Next` nor `End`"), None);
                        // Nothing is said twice.
                        read.ends = true;
                    }
                    _ => {}
                }
                for catcher in self.items(state, "Catch") {
                    self.target(catcher, "Next", &mut read);
                }
            }
            Some(other) => {
                let known = ["Task", "Pass", "Wait", "Parallel", "Map", "Choice", "Succeed", "Fail"];
                let help = nearest(other, known.into_iter()).map(|near| format!("did you mean `{near}`?"));
                self.problem(found.cursor, format!("`{name}` has the type `{other}`, which does not exist"), help);
                read.ends = true;
            }
            None => {
                if found.value.is_absent() {
                    self.problem(key, format!("`{name}` has no `Type`"), None);
                }
                read.ends = true;
            }
        }
        if depth < DEEPEST {
            for branch in self.items(state, "Branches") {
                self.machine(branch, branch, depth + 1);
            }
            for member in ["Iterator", "ItemProcessor"] {
                if let Some(inner) = state.node.get(member) {
                    self.machine(state.to(inner), state.to(inner), depth + 1);
                }
            }
        }
        read
    }

    fn choice(&mut self, name: &str, key: Cursor<'p>, state: Cursor<'p>, read: &mut State<'p>) {
        let rules = self.items(state, "Choices");
        if rules.is_empty() && self.unknown.reasons.is_empty() {
            self.problem(key, format!("`{name}` has no `Choices`"), None);
        }
        for rule in rules {
            if !self.target(rule, "Next", read) {
                self.problem(first_key(rule), format!("a choice of `{name}` has no `Next`"), None);
            }
        }
        self.target(state, "Default", read);
    }

    /// Adds a transition; false if it is not written.
    fn target(&mut self, map: Cursor<'p>, member: &str, read: &mut State<'p>) -> bool {
        let found = self.resolver.member_of(map, member, &[]);
        if let Some(target) = self.text(&found) {
            read.targets.push(target);
        }
        !found.value.is_absent()
    }

    /// Targets that do not exist, states that are not reached, no end.
    fn transitions(&mut self, states: &[State<'p>], start: Option<(String, Cursor<'p>)>, machine: Cursor<'p>) {
        let Some((start, place)) = start else { return };
        let by_name: BTreeMap<&str, &State<'p>> = states.iter().map(|state| (state.name, state)).collect();
        let before = self.problems.len();
        let targets = states.iter().flat_map(|state| state.targets.iter().map(|target| (Some(state.name), target)));
        let written = (start.clone(), place);
        for (from, (to, place)) in std::iter::once((None, &written)).chain(targets) {
            if by_name.contains_key(&**to) {
                continue;
            }
            let help = nearest(to, by_name.keys().copied()).map(|near| format!("did you mean `{near}`?"));
            let detail = match from {
                None => format!("it starts at `{to}`, which is no state"),
                Some(from) => format!("`{from}` goes to `{to}`, which is no state beside it"),
            };
            self.problem(*place, detail, help);
        }
        let mut reached = BTreeSet::new();
        let mut open = vec![&*start];
        while let Some(name) = open.pop() {
            if let Some(state) = by_name.get(name).filter(|_| reached.insert(name.to_owned())) {
                open.extend(state.targets.iter().map(|(to, _)| &**to));
            }
        }
        // Where a target is missing, what it would have reached is no mistake of its own.
        if self.problems.len() > before {
            return;
        }
        for state in states.iter().filter(|state| !reached.contains(state.name)) {
            self.problem(state.key, format!("nothing leads to `{}`", state.name), None);
        }
        if !states.iter().any(|state| state.ends && reached.contains(state.name)) {
            let at = machine.node.entry("StartAt").map_or(place, |(key, _)| machine.to(key));
            self.problem(at, format!("no state that can be reached from `{start}` ends it"), None);
        }
    }

    fn problem(&mut self, cursor: Cursor<'p>, detail: String, help: Option<String>) {
        self.problems.push(Problem { help, ..Problem::at(cursor, detail) });
    }

    /// A map; what is not known is noted, what is none is not judged.
    fn map(&mut self, found: Found<'p>) -> Option<Cursor<'p>> {
        match found.value {
            Value::Map(Map::Node(cursor)) => Some(cursor),
            Value::Unknown(why) => {
                self.unknown.merge(&why);
                None
            }
            Value::Symbolic(parts) => {
                self.unknown.merge(&self.resolver.why(&parts));
                None
            }
            _ => None,
        }
    }

    /// The maps of a list.
    fn items(&mut self, map: Cursor<'p>, member: &str) -> Vec<Cursor<'p>> {
        let found = self.resolver.member_of(map, member, &[]);
        match &found.value {
            Value::List(list) => self.resolver.items(list).into_iter().filter_map(|item| self.map(item)).collect(),
            _ => self.map(found).into_iter().collect(),
        }
    }

    /// A known text with its place.
    fn text(&mut self, found: &Found<'p>) -> Option<(String, Cursor<'p>)> {
        match &found.value {
            Value::Scalar(scalar) => return Some((scalar.text.to_string(), found.cursor)),
            Value::Symbolic(parts) => self.unknown.merge(&self.resolver.why(parts)),
            Value::Unknown(why) => self.unknown.merge(why),
            _ => {}
        }
        None
    }
}

/// The key of what a machine is the value of; of a branch its first key.
fn key_of(around: Cursor<'_>) -> Cursor<'_> {
    match around.node.key() {
        Some(key) => around.to(key),
        None => first_key(around),
    }
}

fn first_key(map: Cursor<'_>) -> Cursor<'_> {
    let first: Option<Node<'_>> = map.node.entries().next().map(|(key, _)| key);
    map.to(first.unwrap_or(map.node))
}
